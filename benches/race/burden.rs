//! What makes it harder, and who looks on: busy loops, a client that keeps asking, the size of an archive.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::page;

/// An answer that takes longer counts as none.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// Threads that keep processors busy until dropped.
pub struct Busy {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    pub fn loops(count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let spin = || {
            let stop = stop.clone();
            std::thread::spawn(move || while !stop.load(Ordering::Relaxed) {})
        };
        let threads = (0..count).map(|_| spin()).collect();
        Self { stop, threads }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

/// A client that asks `GET /health` at a port of this machine every two milliseconds.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Watch {
    pub fn of(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut last = Instant::now();
            let mut longest = Duration::ZERO;
            while !until.load(Ordering::Relaxed) {
                if page::status(("127.0.0.1", port), "/health", ANSWER_WITHIN).is_ok() {
                    longest = longest.max(last.elapsed());
                    last = Instant::now();
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            longest.max(last.elapsed())
        });
        Self { stop, thread }
    }

    /// The longest time without an answer so far.
    pub fn longest_silence(self) -> Duration {
        // It may be ready a moment before it is asked again.
        std::thread::sleep(Duration::from_millis(300));
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the client ends")
    }
}

/// The size of an archive of `names` in `folder`.
pub fn tar_size(folder: &Path, names: &[&str]) -> Result<u64> {
    let mut builder = tar::Builder::new(Vec::new());
    for name in names {
        let path = folder.join(name);
        if path.is_dir() {
            builder.append_dir_all(name, &path)?;
        } else {
            builder.append_path_with_name(&path, name)?;
        }
    }
    Ok(builder.into_inner()?.len() as u64)
}
