//! The files of one container's log: the one being written and those rotated away (`.1`, `.2.gz`, …).

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

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
    pub file: File,
    pub compressed: bool,
    /// How long it was when it was opened.
    pub length: u64,
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
    /// The newest part can't be opened.
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
    pub fn newest(&self) -> Option<Metadata> {
        self.parts.last()?.file.metadata().ok()
    }

    /// How long the files are together.
    pub fn length(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }
}

fn list(path: &Path) -> io::Result<Vec<Part>> {
    let mut parts = vec![open(path, false)?];
    for number in 1..MOST_PARTS {
        // While a part is being compressed both are there; the plain one is whole.
        let plain = open(&numbered(path, number, ""), false);
        let part = plain.or_else(|_| open(&numbered(path, number, ".gz"), true));
        match part {
            Ok(part) => parts.push(part),
            Err(_none) => break,
        }
    }
    Ok(parts)
}

fn numbered(path: &Path, number: u32, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}{end}"));
    PathBuf::from(name)
}

fn open(path: &Path, compressed: bool) -> io::Result<Part> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    Ok(Part {
        file,
        compressed,
        length: metadata.len(),
    })
}

fn same(parts: &[Part], path: &Path) -> bool {
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let opened = parts.first().and_then(|part| part.file.metadata().ok()).map(id);
    let there = std::fs::metadata(path).ok().map(id);
    // A log that is gone by now was opened as a whole.
    there.is_none() || opened == there
}
