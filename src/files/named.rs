//! Files that the user or a Compose file names: they are read wherever they lie, links followed, as Compose does.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use super::{Kind, Refused, decoded, whole};

/// What is in the regular file at `path`, of at most `largest` bytes.
pub fn bytes(path: &Path, largest: u64) -> Result<Vec<u8>, Refused> {
    whole(open(path)?, largest)
}

/// The same as text.
pub fn text(path: &Path, largest: u64) -> Result<String, Refused> {
    decoded(bytes(path, largest)?)
}

/// The regular file at `path`, to be read.
fn open(path: &Path) -> Result<File, Refused> {
    // Looked at before it is opened: opening alone does something to some devices.
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(Refused::Kind(Kind::of(about.file_type())));
    }
    // What took its place since then makes nobody wait; `whole` looks at it again.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    Ok(file)
}

/// Whether what lies at `path` is below `folder`, links followed in both; false when either isn't there.
pub fn lies_below(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}
