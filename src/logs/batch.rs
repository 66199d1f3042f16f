//! Records on their way to the output: already printed, in one piece of memory, so that a record costs no allocation.

use super::Stamp;

/// A printed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its time.
    pub time: Stamp,
    /// Where its text ends; it begins where the one before ends.
    pub end: usize,
    /// It passed the filters; others are there for context only.
    pub kept: bool,
    /// It may be the rest of a record whose beginning was not read.
    pub doubtful: bool,
}

/// Printed records of one source, in its order.
#[derive(Debug, Default)]
pub struct Batch {
    /// The texts.
    pub bytes: Vec<u8>,
    /// The records.
    pub entries: Vec<Entry>,
}

impl Batch {
    /// Adds what was appended to `bytes`.
    pub fn seal(&mut self, time: Stamp, kept: bool, doubtful: bool) {
        self.entries.push(Entry {
            time,
            end: self.bytes.len(),
            kept,
            doubtful,
        });
    }

    /// Where entry `index` begins.
    pub fn begin(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.entries[before].end)
    }

    /// The text of entry `index`.
    pub fn text(&self, index: usize) -> &[u8] {
        &self.bytes[self.begin(index)..self.entries[index].end]
    }

    /// Drops all but the last `count` entries.
    pub fn keep_last(&mut self, count: usize) {
        let Some(drop) = self.entries.len().checked_sub(count).filter(|drop| *drop > 0) else {
            return;
        };
        let begin = self.begin(drop);
        self.bytes.drain(..begin);
        self.entries.drain(..drop);
        for entry in &mut self.entries {
            entry.end -= begin;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entries_keep_their_texts() {
        let mut batch = Batch::default();
        for (time, text) in [(1, "one"), (2, "two"), (3, ""), (4, "four")] {
            batch.bytes.extend_from_slice(text.as_bytes());
            batch.seal(Stamp(time), true, false);
        }
        batch.keep_last(5);
        assert_eq!(batch.entries.len(), 4);
        batch.keep_last(3);
        let texts: Vec<&[u8]> = (0..3).map(|index| batch.text(index)).collect();
        assert_eq!(texts, [&b"two"[..], b"", b"four"]);
        batch.keep_last(0);
        assert!(batch.bytes.is_empty() && batch.entries.is_empty());
    }
}
