//! What is in a folder, counted: a folder of a million files is not a folder of keys.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, statat};

use super::{Kind, Refused, Root};

/// One thing in a folder; a link is not followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name alone.
    pub name: OsString,
    /// What it is.
    pub kind: Kind,
}

/// What is in a folder, in the order of its names.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// The entries, not more than were asked for.
    pub all: Vec<Entry>,
    /// There are more.
    pub more: bool,
}

impl Root {
    /// What is in the folder at `path`, up to `most` entries.
    pub fn entries(&self, path: &Path, most: usize) -> Result<Entries, Refused> {
        let folder = self.open_below(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        let mut entries = Entries::default();
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if entries.all.len() == most {
                entries.more = true;
                break;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    let found = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
                    FileType::from_raw_mode(found.st_mode)
                }
                known => known,
            };
            entries.all.push(Entry {
                name: name.to_owned(),
                kind: match kind {
                    FileType::RegularFile => Kind::File,
                    FileType::Directory => Kind::Folder,
                    FileType::Symlink => Kind::Link,
                    FileType::Fifo => Kind::Pipe,
                    FileType::Socket => Kind::Socket,
                    _ => Kind::Device,
                },
            });
        }
        entries.all.sort();
        Ok(entries)
    }
}
