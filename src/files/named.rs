//! Files that the user or a Compose file names: they are read wherever they lie, links followed, as Compose does.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{Kind, Refused, Rights, decoded, whole};

/// What is in the regular file at `path`, of at most `largest` bytes.
pub fn bytes(path: &Path, largest: u64) -> Result<Vec<u8>, Refused> {
    let file = open(path)?;
    #[cfg(target_os = "linux")]
    if rustix::fs::fstatfs(&file)?.f_type == rustix::fs::PROC_SUPER_MAGIC {
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
    Kind::of_there(std::fs::metadata(path).map_err(Refused::from))
}

/// What lies at `path`, a link itself followed or not, or why that can't be seen, in the system's own words.
pub fn looked_at(path: &Path, follow: bool) -> std::io::Result<Kind> {
    let about = if follow {
        std::fs::metadata(path)
    } else {
        std::fs::symlink_metadata(path)
    };
    Ok(Kind::of(about?.file_type()))
}

/// `path` from `folder`, links followed in both; nothing when it lies elsewhere.
pub fn from(path: &Path, folder: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    Some(path.strip_prefix(folder.canonicalize().ok()?).ok()?.to_owned())
}

/// Whether what lies at `path` is below `folder`, links followed in both; false when either isn't there.
pub fn lies_below(path: &Path, folder: &Path) -> bool {
    from(path, folder).is_some()
}

/// The same, if it is a regular file that may be read.
pub fn opens(path: &Path) -> Result<Kind, Refused> {
    open(path).map(|_| Kind::File)
}

/// Whether `path` leads to a regular file, links followed.
pub fn is_file(path: &Path) -> bool {
    matches!(kind(path), Ok(Some(Kind::File)))
}

/// Whether `path` leads to a folder, links followed.
pub fn is_folder(path: &Path) -> bool {
    matches!(kind(path), Ok(Some(Kind::Folder)))
}

/// Whose it is that lies at `path`, links followed.
pub fn rights(path: &Path) -> Result<Rights, Refused> {
    Ok(std::fs::metadata(path)?.into())
}

/// `path` with no link left in it.
pub fn real(path: &Path) -> Result<PathBuf, Refused> {
    Ok(path.canonicalize()?)
}

/// Makes the folder that the user named, and those on the way to it; one that is there is left as it is.
pub fn make_folder(path: &Path) -> Result<(), Refused> {
    Ok(std::fs::create_dir_all(path)?)
}

/// How many bytes this user may still write on the file system that holds `path`.
pub fn free_bytes(path: &Path) -> Result<u64, Refused> {
    let about = rustix::fs::statvfs(path)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}
