//! A folder that is this user's alone, for what other users may neither read nor plant.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::geteuid;

use super::{Kind, Refused, Root};

/// The owner's rights, and nobody else's.
const OWNER_ONLY: u32 = 0o700;
const OWN_FILE: u32 = 0o600;
/// What others may do.
const OTHERS: u32 = 0o077;

/// The folder at `path`, made when it is missing: a real folder that belongs to this user and that nobody else may enter.
pub fn private(path: &Path) -> Result<Root, Refused> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(parent)?;
    }
    match DirBuilder::new().mode(OWNER_ONLY).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = File::from(openat(CWD, path, flags, Mode::empty())?);
    let about = folder.metadata()?;
    if about.uid() != geteuid().as_raw() || about.mode() & OTHERS != 0 {
        return Err(Refused::NotPrivate);
    }
    Ok(Root::of(folder.into(), path))
}

impl Root {
    /// The file called `name` in this folder, made when it is missing, for this user alone to read and write.
    pub(super) fn own_file(&self, name: &str) -> Result<File, Refused> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.folder, name, flags, Mode::from_raw_mode(OWN_FILE))?);
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(Refused::Kind(Kind::of(about.file_type())));
        }
        if about.nlink() > 1 {
            return Err(Refused::HardLink);
        }
        Ok(file)
    }
}
