//! One container's log file while it is written, across its rotations. An engine that streams a log it rotates at the same
//! time gives some lines twice and some not at all (20.10 does); the files have each once.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::seam::{Seam, SeamSide, Skipping};
use super::stream::StreamEvent;
use crate::engine::LogPiece;
use crate::files::{FileId, Snapshot, snapshot};
use crate::logs::Piece;
use crate::logs::source::file::{Driver, History, Start};

/// Between two looks at the end of a file: short enough that nobody waits, long enough to cost next to nothing.
const PAUSE: Duration = Duration::from_millis(3);
const CHUNK: usize = 64 << 10;
/// A file that is not there so often, a pause between, is gone.
const TRIES: u32 = 300;

/// A log file to follow.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// How it is written.
    pub driver: Driver,
    /// Where its newest part is.
    pub path: PathBuf,
}

/// Gives what is written after `seam` until the file is gone or nobody listens any more. Blocks: for a thread of its own.
pub fn follow_file(file: &LogFile, source: usize, seam: Option<Seam>, to: &Sender<StreamEvent>) {
    let began = seam;
    let mut seam = seam;
    // A rotation ends a round: the next one finds the seam again in whatever parts there are then.
    while !to.is_closed() {
        let Some(history) = open(file) else {
            break;
        };
        let start = match seam {
            Some(seam) => history.seek(seam.time),
            None => Ok(Start::default()),
        };
        let read = start.and_then(|start| {
            let round = Round {
                skipping: RefCell::new(Skipping::to(seam)),
                early: RefCell::default(),
                seam: Cell::new(seam),
                source,
                to,
            };
            let end = End::of(&file.path, history.newest());
            let read = history.read_on(start, CHUNK, &mut |piece| round.piece(piece), &|| {
                !to.is_closed() && round.seam_is_gone() && end.wait()
            });
            seam = round.seam.get();
            read
        });
        if read.is_err() {
            break;
        }
    }
    let ended = StreamEvent::Ended {
        source,
        seam,
        gave: seam != began,
        error: None,
    };
    let _nobody_listens = to.blocking_send(ended);
}

/// Opens the log; in the middle of a rotation its newest part is not there for a moment.
fn open(file: &LogFile) -> Option<History> {
    (0..TRIES).find_map(|number| {
        if number > 0 {
            std::thread::sleep(PAUSE);
        }
        History::open(file.driver, &file.path).ok()
    })
}

struct Round<'a> {
    skipping: RefCell<Skipping>,
    early: RefCell<Vec<LogPiece>>,
    seam: Cell<Option<Seam>>,
    source: usize,
    to: &'a Sender<StreamEvent>,
}

impl Round<'_> {
    fn piece(&self, piece: Piece<'_>) -> bool {
        let look = self.skipping.borrow_mut().look(piece);
        match look {
            SeamSide::Seen => true,
            SeamSide::Early => {
                self.early.borrow_mut().push(owned(piece));
                true
            }
            SeamSide::New => {
                self.early.borrow_mut().clear();
                self.give(piece)
            }
            SeamSide::Lost => self.seam_is_gone() && self.give(piece),
        }
    }

    /// All that there is was read: a seam that was not among it is in no part any more, and what came early is new.
    fn seam_is_gone(&self) -> bool {
        if !self.skipping.borrow().is_looking() {
            return true;
        }
        self.skipping.borrow_mut().give_up();
        let early = std::mem::take(&mut *self.early.borrow_mut());
        early.iter().all(|piece| self.give(crate::logs::feed::of_engine(piece)))
    }

    /// False when nobody listens any more.
    fn give(&self, piece: Piece<'_>) -> bool {
        self.seam.set(Some(Seam::after(self.seam.get(), piece)));
        let heard = StreamEvent::Piece {
            source: self.source,
            piece: owned(piece),
        };
        self.to.blocking_send(heard).is_ok()
    }
}

fn owned(piece: Piece<'_>) -> LogPiece {
    let mut bytes = Vec::with_capacity(piece.bytes.len() + 1);
    bytes.extend_from_slice(piece.bytes);
    if piece.ends {
        bytes.push(b'\n');
    }
    LogPiece {
        stderr: piece.stderr,
        time: piece.time,
        bytes: bytes.into(),
    }
}

/// The end of a file that may go on, or be rotated away.
struct End<'p> {
    path: &'p Path,
    id: Option<FileId>,
    length: Cell<u64>,
    last_look: Cell<bool>,
}

impl<'p> End<'p> {
    /// Of the file that was opened, which may be another than the path names by now.
    fn of(path: &'p Path, opened: Option<Snapshot>) -> Self {
        Self {
            path,
            id: opened.map(|opened| opened.id),
            length: Cell::new(opened.map_or(0, |opened| opened.length)),
            last_look: Cell::new(false),
        }
    }

    /// Waits a little; false when the file goes on no more, after one last look at it.
    fn wait(&self) -> bool {
        if self.last_look.get() {
            return false;
        }
        std::thread::sleep(PAUSE);
        let there = snapshot(self.path);
        let same = there.map(|there| there.id) == self.id && self.id.is_some();
        let length = there.map_or(0, |there| there.length);
        // Cut to less than it had: what exists now is read from its beginning.
        if !same || length < self.length.get() {
            self.last_look.set(true);
        }
        self.length.set(length);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Instant;

    use super::*;
    use crate::logs::Stamp;

    /// Numbered lines, in files that are rotated after every few of them, with and without the oldest being deleted.
    #[test]
    fn each_line_is_given_once_while_the_file_is_rotated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let name = |age: usize| {
            if age == 0 {
                path.clone()
            } else {
                folder.path().join(format!("x.log.{age}"))
            }
        };
        std::fs::write(&path, "").unwrap();
        let (to, mut heard) = tokio::sync::mpsc::channel(10_000);
        let file = LogFile {
            driver: Driver::JsonFile,
            path: path.clone(),
        };
        let reader = std::thread::spawn(move || follow_file(&file, 7, None, &to));
        let mut next = || {
            let end = Instant::now() + Duration::from_secs(20);
            loop {
                if let Ok(heard) = heard.try_recv() {
                    return heard;
                }
                assert!(Instant::now() < end, "nothing comes");
                std::thread::sleep(PAUSE);
            }
        };
        let mut numbers: Vec<i64> = Vec::new();
        let mut read_to = |last: i64| {
            while numbers.last().is_none_or(|number| *number < last) {
                let StreamEvent::Piece { piece, source: 7 } = next() else {
                    panic!("it ended");
                };
                numbers.push(String::from_utf8_lossy(&piece.bytes).trim().parse().unwrap());
            }
        };
        for number in 1..=900 {
            let time = Stamp(number * 1_000_000).utc();
            let mut newest = std::fs::File::options().append(true).create(true).open(&path).unwrap();
            write!(newest, r#"{{"log":"{number}"#).unwrap();
            writeln!(newest, r#"\n","stream":"stdout","time":"{time}"}}"#).unwrap();
            if number % 40 == 0 {
                for age in (0..4).rev() {
                    if name(age).exists() {
                        std::fs::rename(name(age), name(age + 1)).unwrap();
                    }
                }
                std::fs::write(&path, "").unwrap();
            }
            // Not farther back than the parts that are kept have lines, however slow the machine is.
            if number % 90 == 0 {
                read_to(number - 30);
            }
        }
        read_to(900);
        assert_eq!(numbers, (1..=900).collect::<Vec<_>>());
        // Gone with its container.
        drop(folder);
        assert!(matches!(next(), StreamEvent::Ended { source: 7, .. }));
        reader.join().unwrap();
    }
}
