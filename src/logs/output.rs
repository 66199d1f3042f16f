//! The end of the line: records in their order, with what is around them, to whoever reads.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::Arc;

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
    /// The last so many of each service, when services have several containers: which source is whose.
    tail: Option<(usize, Vec<Arc<str>>)>,
    collected: Vec<(usize, Entry, Vec<u8>)>,
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
    pub fn new(to: W, around: Around, tail: Option<(usize, Vec<Arc<str>>)>) -> Self {
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
            tail,
            collected: Vec::new(),
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
        if let Some((count, services)) = self.tail.take() {
            let mut left: HashMap<Arc<str>, usize> = HashMap::new();
            let mut collected = std::mem::take(&mut self.collected);
            for (source, entry, _) in collected.iter_mut().rev().filter(|(_, entry, _)| entry.kept) {
                let left = left.entry(services[*source].clone()).or_insert(count);
                entry.kept = *left > 0;
                *left = left.saturating_sub(1);
            }
            for (_, entry, text) in collected {
                if entry.kept || self.around.is_some() {
                    self.show(entry, &text);
                }
            }
        }
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
    fn entry(&mut self, source: usize, entry: Entry, text: &[u8]) -> bool {
        if self.tail.is_some() {
            self.collected.push((source, entry, text.to_vec()));
            return true;
        }
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
    fn shown(around: Around, tail: Option<(usize, Vec<Arc<str>>)>, records: &[(usize, &str)]) -> String {
        let mut output = Output::new(Vec::new(), around, tail);
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
        assert_eq!(shown(around(1, 1), None, &records), "b C d E f -- i J ");
        assert_eq!(shown(around(0, 2), None, &records), "C d E f g -- J ");
        assert_eq!(shown(around(5, 0), None, &records), "a b C d E f g h i J ");
        assert_eq!(shown(around(4, 0), None, &records), "a b C d E f g h i J ");
        assert_eq!(shown(around(3, 0), None, &records), "a b C d E -- g h i J ");
    }

    #[test]
    fn a_tail_is_counted_by_service_not_by_container() {
        let services: Vec<Arc<str>> = vec!["a".into(), "a".into(), "b".into()];
        let records = [(0, "A1"), (1, "A2"), (2, "B1"), (0, "A3"), (1, "A4")];
        assert_eq!(shown(Around::default(), Some((2, services)), &records), "B1 A3 A4 ");
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
            let mut output = Output::new(Closed(kind), Around::default(), None);
            assert!(output.text(b"a"));
            assert!(!output.flush());
            assert!(!output.text(&vec![b'a'; BUFFER]));
            assert_eq!(output.error.is_some(), is_error);
        }
    }
}
