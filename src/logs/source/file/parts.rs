//! The files of one container's log: the one being written and those rotated away (`.1`, `.2.gz`, …).

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{FileId, Growing, Snapshot, snapshot};

use super::Driver;

/// More parts than this nobody configures (`max-file`).
const MOST_PARTS: u32 = 10_000;
/// How often the files are listed again because they were rotated meanwhile.
const ROUNDS: u32 = 5;
/// What a compressed part may hold at most for each of its bytes, as an estimate.
const COMPRESSION: u64 = 20;

/// One file.
#[derive(Debug)]
pub(super) struct Part {
    pub file: Growing,
    pub compressed: bool,
    /// How long it was when it was opened.
    pub length: u64,
    /// Which file it is: a part keeps that when it is renamed.
    id: FileId,
}

impl Part {
    /// About how much text it holds.
    pub(super) fn weight(&self) -> u64 {
        if self.compressed {
            self.length.saturating_mul(COMPRESSION)
        } else {
            self.length
        }
    }
}

/// A container's log on disk, oldest part first. The files stay open, so what was there at the beginning is read to the
/// end, also when it is rotated or deleted meanwhile.
#[derive(Debug)]
pub struct History {
    pub(super) driver: Driver,
    pub(super) parts: Vec<Part>,
}

impl History {
    /// Opens the log whose newest part is `path`.
    ///
    /// # Errors
    /// A part can't be opened.
    pub fn open(driver: Driver, path: &Path) -> io::Result<Self> {
        let mut parts = list(path)?;
        for _ in 1..ROUNDS {
            // Rotated while we listed: then a part may have been seen twice or not at all.
            if same(&parts, path) {
                break;
            }
            parts = list(path)?;
        }
        parts.reverse();
        Ok(Self { driver, parts })
    }

    /// The newest part, as it is now.
    pub fn newest(&self) -> Option<Snapshot> {
        self.parts.last()?.file.now()
    }

    /// How long the files are together.
    pub fn length(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }
}

fn list(path: &Path) -> io::Result<Vec<Part>> {
    let mut parts = vec![open(path, false)?];
    let mut known = HashSet::from([parts[0].id]);
    let mut is_gap = false;
    for number in 1..MOST_PARTS {
        // While a part is being compressed both are there; the plain one is whole.
        let part = match there(open(&numbered(path, number, ""), false))? {
            Some(part) => Some(part),
            None => there(open(&numbered(path, number, ".gz"), true))?,
        };
        match part {
            // It may have got its next number since it was opened under this one.
            Some(part) if !known.insert(part.id) => {}
            Some(part) => parts.push(part),
            // A rotation renames one part after the other, the oldest first: one number may be free, two are the end.
            None if is_gap => break,
            None => is_gap = true,
        }
    }
    Ok(parts)
}

/// `None` when there is no such file; one that can't be opened is not passed over.
fn there(opened: io::Result<Part>) -> io::Result<Option<Part>> {
    match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

fn numbered(path: &Path, number: u32, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}{end}"));
    PathBuf::from(name)
}

fn open(path: &Path, compressed: bool) -> io::Result<Part> {
    let file = Growing::open(path)?;
    let Snapshot { id, length } = file.opened();
    Ok(Part {
        file,
        compressed,
        length,
        id,
    })
}

fn same(parts: &[Part], path: &Path) -> bool {
    let opened = parts.first().map(|part| part.id);
    let there = snapshot(path).map(|there| there.id);
    // A log that is gone by now was opened as a whole.
    there.is_none() || opened == there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_middle_of_a_rotation_each_part_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("x.log", "4444");
        // `.1` was renamed already, the newest not yet.
        write("x.log.2", "333");
        write("x.log.3", "22");
        std::fs::hard_link(folder.path().join("x.log.3"), folder.path().join("x.log.4")).unwrap();
        write("x.log.7", "of another time");
        let history = History::open(Driver::JsonFile, &path).unwrap();
        let lengths: Vec<u64> = history.parts.iter().map(|part| part.length).collect();
        assert_eq!(lengths, [2, 3, 4]);
    }

    #[test]
    fn a_part_that_cannot_be_opened_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        std::fs::write(&path, "").unwrap();
        std::fs::create_dir(folder.path().join("x.log.1")).unwrap();
        assert!(History::open(Driver::JsonFile, &path).is_err());
    }
}
