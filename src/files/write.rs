//! Writing below a folder: whole or not at all, never through a link.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use super::{Kind, Refused, Root};

/// The rights of a new file and of a new folder, before the user's umask.
const FILE_MODE: u32 = 0o666;
const FOLDER_MODE: u32 = 0o777;
/// All that a mode says but for what kind of file it is.
const RIGHTS: u32 = 0o7777;
/// The part of it that a file written in another's place keeps: not that it runs as somebody else.
const KEPT: u32 = 0o777;

impl Root {
    /// Writes the file at `path`, and the folders on the way to it. What was there is replaced as a whole and keeps its
    /// rights, and its owner where this user may give it away; a link is left alone.
    pub fn write(&self, path: &Path, text: &[u8]) -> Result<(), Refused> {
        let (folder, name) = self.make_parent(path)?;
        let there = match openat(
            &folder,
            name,
            OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            Ok(found) => Some(File::from(found).metadata()?),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(there) = &there
            && !there.is_file()
        {
            return Err(Refused::Kind(Kind::of(there.file_type())));
        }
        let beside = Beside::write(&folder, name, text, there.as_ref())?;
        renameat(&folder, &beside.name, &folder, name)?;
        beside.keep();
        Ok(())
    }

    /// Writes a file that is not there yet, and the folders on the way to it; false when something lies there.
    pub fn create(&self, path: &Path, text: &[u8]) -> Result<bool, Refused> {
        let (folder, name) = self.make_parent(path)?;
        let beside = Beside::write(&folder, name, text, None)?;
        match place(&folder, &beside.name, name) {
            Ok(()) => {
                beside.keep();
                Ok(true)
            }
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the folder at `path` and those on the way to it; false when it is there.
    pub fn make_folder(&self, path: &Path) -> Result<bool, Refused> {
        match self.kind(path)? {
            Some(Kind::Folder) => Ok(false),
            Some(kind) => Err(Refused::Kind(kind)),
            None => self.folder(self.inside(path)?).map(|_| true),
        }
    }

    /// Takes `rights` away from the file at `path`; false when it has none of them. A link is left alone, and so is a file
    /// that has a second name: nobody knows where.
    pub fn take_rights(&self, path: &Path, rights: u32) -> Result<bool, Refused> {
        let (file, about) = self.own(path, OFlags::RDONLY)?;
        let mode = about.mode() & RIGHTS;
        if mode & rights == 0 {
            return Ok(false);
        }
        if about.nlink() > 1 {
            return Err(Refused::HardLink);
        }
        file.set_permissions(Permissions::from_mode(mode & !rights))?;
        Ok(true)
    }

    /// Writes `text` at the end of the file at `path`, which may not be there yet. A link is left alone, and so is a file that
    /// has a second name.
    pub fn append(&self, path: &Path, text: &[u8]) -> Result<(), Refused> {
        match self.own(path, OFlags::WRONLY | OFlags::APPEND) {
            Ok((_, about)) if about.nlink() > 1 => Err(Refused::HardLink),
            Ok((mut file, _)) => Ok(file.write_all(text)?),
            // Somebody else made it just now: what they wrote decides what is missing in it.
            Err(Refused::Missing) if !self.create(path, text)? => Err(Refused::Io(Errno::EXIST.into())),
            Err(Refused::Missing) => Ok(()),
            Err(refused) => Err(refused),
        }
    }

    /// The regular file at `path` itself, not one that a link there leads to.
    fn own(&self, path: &Path, flags: OFlags) -> Result<(File, Metadata), Refused> {
        // Looked at before it is opened: opening alone does something to some devices.
        match self.own_kind(path)? {
            None => return Err(Refused::Missing),
            Some(Kind::File) => {}
            Some(kind) => return Err(Refused::Kind(kind)),
        }
        let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let file = match self.open_below(path, flags, Mode::empty()) {
            // What took its place since then.
            Err(Refused::Io(error)) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Err(Refused::Kind(Kind::Link));
            }
            opened => File::from(opened?),
        };
        let about = file.metadata()?;
        if about.is_file() {
            Ok((file, about))
        } else {
            Err(Refused::Kind(Kind::of(about.file_type())))
        }
    }

    /// The folder that holds `path`, made where it is missing, and the name there.
    fn make_parent<'p>(&self, path: &'p Path) -> Result<(OwnedFd, &'p OsStr), Refused> {
        let path = self.inside(path)?;
        let name = path.file_name().ok_or(Refused::Kind(Kind::Folder))?;
        let folder = self.folder(path.parent().unwrap_or(Path::new("")))?;
        Ok((folder, name))
    }

    /// The folder at `path` from here, made where it is missing.
    fn folder(&self, path: &Path) -> Result<OwnedFd, Refused> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let mut so_far = std::path::PathBuf::new();
        let mut folder = self.open_below(Path::new(""), flags, Mode::empty())?;
        for part in path.components() {
            if !matches!(part, Component::Normal(_) | Component::CurDir) {
                return Err(Refused::Outside);
            }
            so_far.push(part);
            match mkdirat(&folder, part.as_os_str(), Mode::from_raw_mode(FOLDER_MODE)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = match self.open_below(&so_far, flags, Mode::empty()) {
                // What lies there is a file, or a link that leads nowhere.
                Err(Refused::Missing) => return Err(Refused::Io(Errno::NOTDIR.into())),
                opened => opened?,
            };
        }
        Ok(folder)
    }
}

/// Gives what is called `from` the name `to`, unless something has it.
fn place(folder: &OwnedFd, from: &OsStr, to: &OsStr) -> rustix::io::Result<()> {
    #[cfg(target_os = "linux")]
    match renameat_with(folder, from, folder, to, rustix::fs::RenameFlags::NOREPLACE) {
        // A file system that can't; there both names are of one file for a moment.
        Err(Errno::INVAL | Errno::NOSYS) => {}
        renamed => return renamed,
    }
    rustix::fs::linkat(folder, from, folder, to, AtFlags::empty())?;
    unlinkat(folder, from, AtFlags::empty())
}

/// A file beside the one that is meant, under a name that nobody can foresee. It goes unless it is kept.
struct Beside<'f> {
    folder: &'f OwnedFd,
    name: OsString,
    kept: bool,
}

impl<'f> Beside<'f> {
    /// Writes it, with the rights and the owner of what it is to replace.
    fn write(folder: &'f OwnedFd, name: &OsStr, text: &[u8], replaced: Option<&Metadata>) -> Result<Self, Refused> {
        let mut random = [0; 8];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}", hex::encode(random)));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, &beside, flags, Mode::from_raw_mode(FILE_MODE))?;
        let beside = Self {
            folder,
            name: beside,
            kept: false,
        };
        let mut file = File::from(file);
        file.write_all(text)?;
        if let Some(replaced) = replaced {
            let made = file.metadata()?;
            if (made.uid(), made.gid()) != (replaced.uid(), replaced.gid()) {
                // Only root may give a file away; any other user keeps what it wrote.
                let _given = fchown(&file, Some(replaced.uid()), Some(replaced.gid()));
            }
            file.set_permissions(Permissions::from_mode(replaced.mode() & KEPT))?;
        }
        Ok(beside)
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What failed is told by whoever wrote; this only tidies up after it.
            let _left = unlinkat(self.folder, &self.name, AtFlags::empty());
        }
    }
}
