//! The end of the line: records in their order, with what is around them, to whoever reads.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};

use super::follow::Seam;
use super::merge::Sink;
use super::{Entry, Summary};
use crate::failure::Failure;

/// Written at once.
const BUFFER: usize = 64 << 10;
/// Records before one that is kept are held until it comes, as many as this holds.
const MOST_EARLIER: usize = 64 << 20;

/// How many records around one that is kept are shown too, of all services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Around {
    /// Before it.
    pub before: usize,
    /// After it.
    pub after: usize,
    /// A line between groups that don't follow each other.
    pub parted: bool,
}

impl Around {
    /// Whether there is anything to show around.
    pub fn is_some(self) -> bool {
        self.before > 0 || self.after > 0
    }
}

/// Writes records.
pub struct Output<W> {
    to: W,
    buffer: Vec<u8>,
    gone: bool,
    around: Around,
    earlier: VecDeque<Vec<u8>>,
    earlier_bytes: usize,
    still: usize,
    skipped: bool,
    shown: bool,
    /// What the sources counted.
    pub summary: Summary,
    /// Why it could not be written, if not because nobody reads any more.
    pub error: Option<io::Error>,
    /// Which source failed, and why.
    pub failures: Vec<(usize, Failure)>,
    /// Where each source's log can be followed from.
    pub seams: HashMap<usize, Option<Seam>>,
}

impl<W: Write> Output<W> {
    /// To `to`.
    pub fn new(to: W, around: Around) -> Self {
        Self {
            to,
            buffer: Vec::with_capacity(BUFFER + (BUFFER >> 1)),
            gone: false,
            around,
            earlier: VecDeque::new(),
            earlier_bytes: 0,
            still: 0,
            skipped: false,
            shown: false,
            summary: Summary::default(),
            error: None,
            failures: Vec::new(),
            seams: HashMap::new(),
        }
    }

    /// Writes what waits to be written. False when nobody reads any more, or it can't be written.
    pub fn flush(&mut self) -> bool {
        if !self.gone
            && let Err(error) = self.to.write_all(&self.buffer).and_then(|()| self.to.flush())
        {
            self.gone = true;
            self.error = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        }
        self.buffer.clear();
        !self.gone
    }

    /// There are no more records. False when nobody reads any more.
    pub fn finish(&mut self) -> bool {
        self.flush()
    }

    /// Writes `text` as it is.
    pub fn text(&mut self, text: &[u8]) -> bool {
        self.buffer.extend_from_slice(text);
        self.buffer.len() < BUFFER || self.flush()
    }

    fn show(&mut self, entry: Entry, text: &[u8]) -> bool {
        if !self.around.is_some() {
            return self.text(text);
        }
        if entry.kept {
            if self.skipped && self.shown && self.around.parted {
                self.text(b"--\n");
            }
            for earlier in std::mem::take(&mut self.earlier) {
                self.text(&earlier);
            }
            self.earlier_bytes = 0;
            self.skipped = false;
            self.shown = true;
            self.still = self.around.after;
            return self.text(text);
        }
        if self.still > 0 {
            self.still -= 1;
            return self.text(text);
        }
        self.earlier_bytes += text.len();
        self.earlier.push_back(text.to_vec());
        while self.earlier.len() > self.around.before || self.earlier_bytes > MOST_EARLIER {
            let Some(dropped) = self.earlier.pop_front() else {
                break;
            };
            self.earlier_bytes -= dropped.len();
            self.skipped = true;
        }
        !self.gone
    }
}

impl<W: Write> Sink for Output<W> {
    fn entry(&mut self, _source: usize, entry: Entry, text: &[u8]) -> bool {
        self.show(entry, text)
    }

    fn failed(&mut self, source: usize, failure: Failure) {
        self.failures.push((source, failure));
    }

    fn counted(&mut self, summary: Summary) {
        self.summary.merge(summary);
    }

    fn seam(&mut self, source: usize, seam: Option<Seam>) {
        self.seams.insert(source, seam);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Stamp;

    /// Shows records of which those in capitals are kept.
    fn shown(around: Around, records: &[(usize, &str)]) -> String {
        let mut output = Output::new(Vec::new(), around);
        for (source, text) in records {
            let entry = Entry {
                time: Stamp(0),
                end: 0,
                kept: text.starts_with(char::is_uppercase),
                doubtful: false,
            };
            assert!(output.entry(*source, entry, format!("{text}\n").as_bytes()));
        }
        assert!(output.finish());
        String::from_utf8(output.to).unwrap().replace('\n', " ")
    }

    #[test]
    fn what_is_around_is_shown_once_and_gaps_are_parted() {
        let records = ["a", "b", "C", "d", "E", "f", "g", "h", "i", "J"].map(|text| (0, text));
        let around = |before, after| Around {
            before,
            after,
            parted: true,
        };
        assert_eq!(shown(around(1, 1), &records), "b C d E f -- i J ");
        assert_eq!(shown(around(0, 2), &records), "C d E f g -- J ");
        assert_eq!(shown(around(5, 0), &records), "a b C d E f g h i J ");
        assert_eq!(shown(around(4, 0), &records), "a b C d E f g h i J ");
        assert_eq!(shown(around(3, 0), &records), "a b C d E -- g h i J ");
    }

    #[test]
    fn a_reader_that_stops_is_noticed_and_a_full_disk_is_an_error() {
        struct Closed(io::ErrorKind);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for (kind, is_error) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
            let mut output = Output::new(Closed(kind), Around::default());
            assert!(output.text(b"a"));
            assert!(!output.flush());
            assert!(!output.text(&vec![b'a'; BUFFER]));
            assert_eq!(output.error.is_some(), is_error);
        }
    }
}
