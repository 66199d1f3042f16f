//! Files that the user or a Compose file names: they are read wherever they lie, links followed, as Compose does.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use super::{Kind, Refused, decoded, whole};

/// How `statfs` tells the file system of /proc (Linux, `PROC_SUPER_MAGIC`).
#[cfg(target_os = "linux")]
const PROC: i64 = 0x9fa0;

/// What is in the regular file at `path`, of at most `largest` bytes.
pub fn bytes(path: &Path, largest: u64) -> Result<Vec<u8>, Refused> {
    let file = open(path)?;
    #[cfg(target_os = "linux")]
    if i64::try_from(rustix::fs::fstatfs(&file)?.f_type).is_ok_and(|kind| kind == PROC) {
        return Err(Refused::Kernel);
    }
    whole(file, largest)
}

/// What the kernel says in a file of /proc that we name ourselves, up to `largest` bytes.
pub fn of_kernel(path: &str, largest: u64) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    open(Path::new(path))?.take(largest).read_to_end(&mut bytes)?;
    decoded(bytes)
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

/// What lies at `path`, links followed; nothing when nothing does.
pub fn kind(path: &Path) -> Result<Option<Kind>, Refused> {
    match std::fs::metadata(path).map_err(Refused::from) {
        Ok(about) => Ok(Some(Kind::of(about.file_type()))),
        Err(Refused::Missing) => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// Whether what lies at `path` is below `folder`, links followed in both; false when either isn't there.
pub fn lies_below(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}
