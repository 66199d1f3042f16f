//! Finds a place in a log without reading what is before it.

use std::io::{self, Read as _};

use flate2::read::MultiGzDecoder;
use memchr::memchr;

use super::parts::Part;
use super::read::Start;
use super::{Driver, History, json_file, local};
use crate::logs::{SECOND, Stamp};

/// The two streams of a container are written by two threads of the engine, so times may be this much (nanoseconds) out
/// of order.
const MARGIN: i64 = 2 * SECOND;
/// Stretches shorter than this are read rather than halved again.
const SHORT: u64 = 128 << 10;
/// An entry is found in this much, or there is none: one of 16 KiB with every byte escaped takes 96 KiB.
const LONGEST_ENTRY: usize = 256 << 10;

impl History {
    /// Where lines of `since` and later may begin: a little before.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn seek(&self, since: Stamp) -> io::Result<Start> {
        if since == Stamp::MIN {
            return Ok(Start::default());
        }
        let target = since.plus(-MARGIN);
        let mut found = 0;
        for (index, part) in self.parts.iter().enumerate().rev() {
            if let Some(first) = self.first_time(part)?
                && first < target
            {
                found = index;
                break;
            }
        }
        let part = &self.parts[found];
        let offset = if part.compressed { 0 } else { self.bisect(part, target)? };
        Ok(Start { part: found, offset })
    }

    /// A place at least `window` bytes before the end, at the beginning of an entry.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn before_the_end(&self, window: u64) -> io::Result<Start> {
        let mut window = window;
        for (index, part) in self.parts.iter().enumerate().rev() {
            if window <= part.weight() {
                let back = part.length.saturating_sub(window);
                let offset = if part.compressed || back == 0 {
                    0
                } else {
                    self.entry_at(part, back)?.map_or(0, |(offset, _)| offset)
                };
                return Ok(Start { part: index, offset });
            }
            window -= part.weight();
        }
        Ok(Start::default())
    }

    fn first_time(&self, part: &Part) -> io::Result<Option<Stamp>> {
        let mut bytes = Vec::new();
        // Mostly the first few bytes tell; a long first line takes more.
        for most in [4 << 10, LONGEST_ENTRY as u64] {
            bytes.clear();
            let file = part.file.read_from(0);
            if part.compressed {
                // A part whose compression was cut short tells as much as it has.
                let _as_much = MultiGzDecoder::new(file).take(most).read_to_end(&mut bytes);
            } else {
                file.take(most).read_to_end(&mut bytes)?;
            }
            if let Some((_, time)) = self.first_entry(&bytes, 0) {
                return Ok(Some(time));
            }
        }
        Ok(None)
    }

    /// The first entry that begins at `offset` or after: where, and its time.
    fn entry_at(&self, part: &Part, offset: u64) -> io::Result<Option<(u64, Stamp)>> {
        // From the byte before, so that an entry that begins right here is seen to.
        let from = offset.saturating_sub(1);
        let skip = usize::from(offset > 0);
        for most in [8 << 10, LONGEST_ENTRY as u64] {
            let mut bytes = Vec::new();
            let file = part.file.read_from(from);
            file.take(most).read_to_end(&mut bytes)?;
            let begin = match self.driver {
                Driver::JsonFile if skip == 1 => memchr(b'\n', &bytes).map(|end| end + 1),
                _ => Some(skip),
            };
            if let Some((at, time)) = begin.and_then(|begin| self.first_entry(&bytes, begin)) {
                return Ok(Some((from + at as u64, time)));
            }
        }
        Ok(None)
    }

    /// The first whole entry of `bytes` at or after `begin`, which is where a line begins.
    fn first_entry(&self, bytes: &[u8], begin: usize) -> Option<(usize, Stamp)> {
        match self.driver {
            Driver::JsonFile => {
                let mut at = begin;
                loop {
                    let end = at + memchr(b'\n', bytes.get(at..)?)?;
                    if let Some(time) = json_file::time(&bytes[at..end]) {
                        return Some((at, time));
                    }
                    at = end + 1;
                }
            }
            Driver::Local => {
                let at = local::first(bytes, begin)?;
                match local::next(&bytes[at..]) {
                    local::Next::Entry(piece, _) => Some((at, piece.time)),
                    _ => None,
                }
            }
        }
    }

    fn bisect(&self, part: &Part, target: Stamp) -> io::Result<u64> {
        // What begins at `low` is before the target; what begins at `high` is not, or nothing does.
        let (mut low, mut high) = (0, part.length);
        while high - low > SHORT {
            let middle = low + (high - low) / 2;
            match self.entry_at(part, middle)? {
                Some((offset, time)) if time < target && offset < high => low = offset,
                _ => high = middle,
            }
        }
        Ok(low)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use super::super::local::tests::written;
    use super::*;
    use proptest::prelude::*;

    /// A log of entries one second apart, written in parts; the oldest ones compressed.
    fn log(driver: Driver, folder: &Path, count: i64, parts: i64, compressed: i64) -> History {
        let path = folder.join("x.log");
        for part in 0..parts {
            let mut bytes = Vec::new();
            for number in part * count / parts..(part + 1) * count / parts {
                let text = format!(
                    "line {number} {}",
                    "x".repeat(usize::try_from(number * 37 % 400).unwrap())
                );
                let time = Stamp(number * SECOND);
                match driver {
                    Driver::JsonFile => writeln!(
                        bytes,
                        r#"{{"log":"{text}\n","stream":"stdout","time":"{}"}}"#,
                        time.utc()
                    )
                    .unwrap(),
                    Driver::Local => bytes.extend(written(time.0, false, text.as_bytes(), None)),
                }
            }
            let age = parts - 1 - part;
            let name = if age == 0 {
                "x.log".to_owned()
            } else {
                format!("x.log.{age}")
            };
            if age > parts - 1 - compressed {
                let file = std::fs::File::create(folder.join(format!("{name}.gz"))).unwrap();
                let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
                encoder.write_all(&bytes).unwrap();
                encoder.finish().unwrap();
            } else {
                std::fs::write(folder.join(name), bytes).unwrap();
            }
        }
        History::open(driver, &path).unwrap()
    }

    fn numbers(history: &History, start: Start, chunk: usize) -> Vec<i64> {
        let mut numbers = Vec::new();
        history
            .read(start, chunk, None, &mut |piece| {
                assert!(
                    piece
                        .bytes
                        .starts_with(format!("line {}", piece.time.seconds()).as_bytes())
                );
                numbers.push(piece.time.seconds());
                true
            })
            .unwrap();
        numbers
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn nothing_wanted_is_skipped_and_little_else_is_read(
            json in any::<bool>(),
            count in 1..6000i64,
            parts in 1..4i64,
            compressed in 0..3i64,
            since in 0..6000i64,
            chunk in 600..9000usize,
            window in 0..500_000u64,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let driver = if json { Driver::JsonFile } else { Driver::Local };
            let compressed = compressed.min(parts - 1);
            let history = log(driver, folder.path(), count, parts, compressed);
            let all: Vec<i64> = (0..count).collect();
            prop_assert_eq!(numbers(&history, Start::default(), chunk), &all[..]);

            let start = history.seek(Stamp(since * SECOND)).unwrap();
            let got = numbers(&history, start, chunk);
            prop_assert_eq!(got.last(), all.last());
            prop_assert!(got[0] <= since.min(count - 1), "{} > {since}", got[0]);
            prop_assert!(got.windows(2).all(|two| two[1] == two[0] + 1));

            let start = history.before_the_end(window).unwrap();
            let got = numbers(&history, start, chunk);
            prop_assert!(got.is_empty() || got.last() == all.last());
            prop_assert!(got.windows(2).all(|two| two[1] == two[0] + 1));
        }
    }

    #[test]
    fn of_a_long_log_only_the_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        for driver in [Driver::JsonFile, Driver::Local] {
            let history = log(driver, folder.path(), 20_000, 1, 0);
            let start = history.seek(Stamp(19_000 * SECOND)).unwrap();
            let got = numbers(&history, start, 4096);
            assert!((17_000..=18_998).contains(&got[0]), "{driver:?}: {}", got[0]);
            let start = history.before_the_end(10_000).unwrap();
            assert!(numbers(&history, start, 4096)[0] > 19_900, "{driver:?}");
        }
    }

    #[test]
    fn garbage_is_shown_and_what_follows_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let entry =
            |text: &str| format!("{{\"log\":\"{text}\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}}");
        let text = format!(
            "{}\nnot of the engine\n\0\0\0{}\n{{\"log\":\"being writ",
            entry("a"),
            entry("b")
        );
        std::fs::write(folder.path().join("x.log"), text).unwrap();
        let mut local = written(1, false, b"a", None);
        local.extend(b"not of the engine\n");
        local.extend(written(2, false, b"b", None));
        local.extend(&written(3, false, b"being written", None)[..9]);
        std::fs::write(folder.path().join("y.log"), local).unwrap();
        for (driver, name) in [(Driver::JsonFile, "x.log"), (Driver::Local, "y.log")] {
            let history = History::open(driver, &folder.path().join(name)).unwrap();
            let mut lines = Vec::new();
            let mut take = |piece: crate::logs::Piece<'_>| {
                lines.push(String::from_utf8_lossy(piece.bytes).into_owned());
                true
            };
            history.read(Start::default(), 64, None, &mut take).unwrap();
            assert_eq!(lines, ["a", "not of the engine", "b"], "{driver:?}");
        }
    }

    /// The texts of a `local` log that holds `bytes`, read this many at a time.
    fn of_local(folder: &Path, bytes: &[u8], chunk: usize) -> Vec<String> {
        std::fs::write(folder.join("y.log"), bytes).unwrap();
        let history = History::open(Driver::Local, &folder.join("y.log")).unwrap();
        let mut texts = Vec::new();
        let mut take = |piece: crate::logs::Piece<'_>| {
            texts.push(String::from_utf8_lossy(piece.bytes).into_owned());
            true
        };
        history.read(Start::default(), chunk, None, &mut take).unwrap();
        texts
    }

    #[test]
    fn a_wrong_length_or_a_cut_entry_hides_nothing_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let behind = [written(2, false, b"b", None), written(3, true, b"c", None)].concat();
        // It claims to go on after the end of the file.
        let mut long = written(1, false, b"a", None);
        long[2] = 9;
        // A cut in its body, and one in its length.
        let cut = written(1, false, b"a text that is cut", None);
        for damaged in [&long[..], &cut[..20], &cut[..2], &cut[..cut.len() - 2]] {
            for chunk in [1, 7, 64, 4096] {
                let texts = of_local(folder.path(), &[damaged, &behind].concat(), chunk);
                assert!(
                    texts.ends_with(&["b".to_owned(), "c".to_owned()]),
                    "{damaged:?}, {chunk}: {texts:?}"
                );
            }
        }
    }

    #[test]
    fn an_entry_whose_beginning_ends_what_was_read_is_none_of_the_garbage_before_it() {
        let folder = tempfile::tempdir().unwrap();
        for garbage in 1..40 {
            let bytes = [vec![b'g'; garbage], written(2, false, b"b", None)].concat();
            let texts = of_local(folder.path(), &bytes, 16);
            assert_eq!(texts.last().map(String::as_str), Some("b"), "{garbage}: {texts:?}");
            assert_eq!(texts[..texts.len() - 1].concat(), "g".repeat(garbage));
        }
    }

    #[test]
    fn what_a_cut_left_at_the_end_of_an_older_part_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let entry = "{\"log\":\"b\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n";
        std::fs::write(folder.path().join("x.log.1"), "half of a li").unwrap();
        std::fs::write(folder.path().join("x.log"), format!("{entry}being writ")).unwrap();
        let history = History::open(Driver::JsonFile, &folder.path().join("x.log")).unwrap();
        let mut texts = Vec::new();
        let mut take = |piece: crate::logs::Piece<'_>| {
            texts.push(String::from_utf8_lossy(piece.bytes).into_owned());
            true
        };
        history.read(Start::default(), 64, None, &mut take).unwrap();
        assert_eq!(texts, ["half of a li", "b"]);
    }

    #[test]
    fn what_was_there_is_read_though_it_is_rotated_cut_or_deleted_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let history = log(Driver::JsonFile, folder.path(), 300, 2, 0);
        let path = folder.path().join("x.log");
        std::fs::rename(&path, folder.path().join("x.log.2")).unwrap();
        std::fs::remove_file(folder.path().join("x.log.1")).unwrap();
        std::fs::write(&path, "").unwrap();
        assert_eq!(numbers(&history, Start::default(), 4096).len(), 300);

        let history = log(Driver::JsonFile, folder.path(), 300, 1, 0);
        std::fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(5000)
            .unwrap();
        let left = numbers(&history, Start::default(), 4096);
        assert!(!left.is_empty() && left.len() < 300);

        let folder = tempfile::tempdir().unwrap();
        let history = log(Driver::JsonFile, folder.path(), 300, 2, 1);
        let compressed = std::fs::File::options()
            .write(true)
            .open(folder.path().join("x.log.1.gz"));
        compressed.unwrap().set_len(500).unwrap();
        let mut given = Vec::new();
        let read = history.read(Start::default(), 4096, None, &mut |piece| {
            given.push(piece.time.seconds());
            true
        });
        assert!(read.is_err());
        let newer: Vec<i64> = (150..300).collect();
        assert!(given.ends_with(&newer), "{given:?}");
        assert!(History::open(Driver::JsonFile, &folder.path().join("none")).is_err());
    }
}
