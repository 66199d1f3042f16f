//! A file that another program writes while it is read, and may rename or cut meanwhile.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{Kind, Refused};

/// Which file something is, whatever its name: its device and its inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    inode: u64,
}

/// One look at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Which one it is.
    pub id: FileId,
    /// How many bytes it has.
    pub length: u64,
}

impl Snapshot {
    fn of(about: &Metadata) -> Self {
        Self {
            id: FileId {
                device: about.dev(),
                inode: about.ino(),
            },
            length: about.len(),
        }
    }
}

/// An opened one. It stays open, so what was there at the beginning is read to the end, also when it is renamed or deleted.
#[derive(Debug)]
pub struct Growing {
    file: File,
    opened: Snapshot,
}

impl Growing {
    /// The regular file at `path`, when `path` itself is not a link.
    pub fn open(path: &Path) -> Result<Self, Refused> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path);
        let file = match opened {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Err(Refused::Kind(Kind::Link));
            }
            opened => opened?,
        };
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(Refused::Kind(Kind::of(about.file_type())));
        }
        Ok(Self {
            file,
            opened: Snapshot::of(&about),
        })
    }

    /// How it was when it was opened.
    pub fn opened(&self) -> Snapshot {
        self.opened
    }

    /// How it is now.
    pub fn now(&self) -> Option<Snapshot> {
        self.file.metadata().ok().map(|about| Snapshot::of(&about))
    }

    /// Reads it from `offset` on, whoever else reads it elsewhere.
    pub fn read_from(&self, offset: u64) -> impl Read {
        Reader {
            file: &self.file,
            offset,
        }
    }
}

/// What lies at `path` now, links followed; nothing when nothing does.
pub fn snapshot(path: &Path) -> Option<Snapshot> {
    std::fs::metadata(path).ok().map(|about| Snapshot::of(&about))
}

struct Reader<'f> {
    file: &'f File,
    offset: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
