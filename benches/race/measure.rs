//! What one run of a program costs, and what several runs have in common.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wait4::Wait4 as _;

/// One run.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Sample {
    /// From start to end.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// Peak resident memory, in bytes.
    pub memory: u64,
}

/// Runs a whole process to its end. A run that fails ends the race: its figures would mean nothing.
pub fn run(mut command: Command) -> Sample {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stderr = child.stderr.take().expect("its stderr");
    // What it says is kept for the case that it fails, and read meanwhile so that it never blocks.
    let said = std::thread::spawn(move || std::io::read_to_string(&mut stderr).unwrap_or_default());
    let used = child.wait4().expect("its end");
    let wall = began.elapsed();
    let said = said.join().expect("its stderr");
    assert!(used.status.success(), "{command:?} failed:\n{said}");
    Sample {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    }
}

/// The runs of one contestant.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Runs(pub Vec<Sample>);

impl Runs {
    /// The median, the smallest and the largest wall time.
    pub fn wall(&self) -> [Duration; 3] {
        let mut all: Vec<Duration> = self.0.iter().map(|sample| sample.wall).collect();
        all.sort();
        let median = match all.len() {
            0 => Duration::ZERO,
            count if count % 2 == 1 => all[count / 2],
            count => (all[count / 2 - 1] + all[count / 2]) / 2,
        };
        [
            median,
            all.first().copied().unwrap_or_default(),
            all.last().copied().unwrap_or_default(),
        ]
    }

    /// The median wall time.
    pub fn median(&self) -> Duration {
        self.wall()[0]
    }

    /// The largest peak of memory, in bytes.
    pub fn memory(&self) -> u64 {
        self.0.iter().map(|sample| sample.memory).max().unwrap_or(0)
    }

    /// The mean processor time.
    pub fn cpu(&self) -> Duration {
        let count = u32::try_from(self.0.len().max(1)).unwrap_or(u32::MAX);
        self.0.iter().map(|sample| sample.cpu).sum::<Duration>() / count
    }
}
