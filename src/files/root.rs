//! A folder below which files are opened, and never outside of it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::{Kind, Refused, Rights, decoded, walk, whole};

/// An opened folder. Paths are relative to it, or absolute and below it; a link inside is followed as long as it stays inside.
#[derive(Debug)]
pub struct Root {
    pub(super) folder: OwnedFd,
    path: PathBuf,
}

impl Root {
    /// The folder at `path`, which the user chose: links that lead to it are followed.
    pub fn open(path: &Path) -> Result<Self, Refused> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            folder: openat(CWD, path, flags, Mode::empty())?,
            path: path.to_owned(),
        })
    }

    /// An opened folder that lies at `path`.
    pub(super) fn of(folder: OwnedFd, path: &Path) -> Self {
        Self {
            folder,
            path: path.to_owned(),
        }
    }

    /// What is in the regular file at `path`, of at most `largest` bytes.
    pub fn bytes(&self, path: &Path, largest: u64) -> Result<Vec<u8>, Refused> {
        whole(self.file(path)?, largest)
    }

    /// The same as text.
    pub fn text(&self, path: &Path, largest: u64) -> Result<String, Refused> {
        decoded(self.bytes(path, largest)?)
    }

    /// What lies at `path`, a link inside the folder followed; nothing when nothing does.
    pub fn kind(&self, path: &Path) -> Result<Option<Kind>, Refused> {
        Kind::of_there(self.about(path))
    }

    /// What lies at `path`, opened to see whether it may be read: a file or folder.
    pub fn opens(&self, path: &Path) -> Result<Kind, Refused> {
        let kind = self.kind(path)?.ok_or(Refused::Missing)?;
        match kind {
            Kind::File => self.file(path).map(|_| kind),
            Kind::Folder => self
                .open_below(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
                .map(|_| kind),
            other => Err(Refused::Kind(other)),
        }
    }

    /// Whether `path` is a regular file inside.
    pub fn is_file(&self, path: &Path) -> bool {
        matches!(self.kind(path), Ok(Some(Kind::File)))
    }

    /// Owner, mode and size of what lies at `path`, a link inside the folder followed.
    pub(super) fn about(&self, path: &Path) -> Result<std::fs::Metadata, Refused> {
        let found = self.open_below(path, OFlags::PATH, Mode::empty())?;
        Ok(File::from(found).metadata()?)
    }

    /// Whose it is that lies at `path` and who may do what with it, a link inside the folder followed.
    pub fn rights(&self, path: &Path) -> Result<Rights, Refused> {
        Ok(self.about(path)?.into())
    }

    /// What lies at `path` itself: a link is not followed, but for those on the way to it.
    pub fn own_kind(&self, path: &Path) -> Result<Option<Kind>, Refused> {
        Kind::of_there(self.about_link(path))
    }

    /// The symbolic link on the way to `path`, `path` itself included, that leads out or nowhere; else the first one.
    pub fn link_on(&self, path: &Path) -> Option<PathBuf> {
        let mut so_far = PathBuf::new();
        let mut first = None;
        for part in self.inside(path).ok()?.components() {
            so_far.push(part);
            if let Ok(Some(Kind::Link)) = self.own_kind(&so_far) {
                if !matches!(self.kind(&so_far), Ok(Some(_))) {
                    return Some(so_far);
                }
                first.get_or_insert_with(|| so_far.clone());
            }
        }
        first
    }

    /// Why `path` was refused, in words that name the link, if one is the reason.
    pub fn why(&self, path: &Path, refused: &Refused) -> String {
        let link = match refused {
            Refused::Outside | Refused::Missing | Refused::Kind(Kind::Link) => self.link_on(path),
            _ => None,
        };
        match (link, refused) {
            (None, _) => refused.to_string(),
            (Some(link), Refused::Outside) => format!(
                "{} is a symbolic link that leads out of the project's folder",
                link.display()
            ),
            (Some(link), Refused::Missing) => format!("{} is a broken symbolic link", link.display()),
            (Some(link), _) => format!("{} is a symbolic link", link.display()),
        }
    }

    /// The folder, as it was named when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The regular file at `path`, opened for reading, and what is known of it.
    pub(super) fn opened(&self, path: &Path) -> Result<(File, std::fs::Metadata), Refused> {
        let file = self.file(path)?;
        let about = file.metadata()?;
        if about.is_file() {
            Ok((file, about))
        } else {
            Err(Refused::Kind(Kind::of(about.file_type())))
        }
    }

    /// The same of a link itself.
    pub(super) fn about_link(&self, path: &Path) -> Result<std::fs::Metadata, Refused> {
        let link = self.open_below(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(File::from(link).metadata()?)
    }

    /// Where the link at `path` leads, as it is written there.
    pub fn link(&self, path: &Path) -> Result<PathBuf, Refused> {
        let link = self.open_below(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty())?;
        let target = rustix::fs::readlinkat(&link, "", Vec::new())?;
        Ok(std::ffi::OsString::from_vec(target.into_bytes()).into())
    }

    /// The file at `path`, opened for reading; it may turn out not to be a regular one.
    pub(super) fn file(&self, path: &Path) -> Result<File, Refused> {
        // Looked at before it is opened: opening alone does something to some devices.
        match self.kind(path)? {
            None => Err(Refused::Missing),
            Some(Kind::File) => {
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
                Ok(self.open_below(path, flags, Mode::empty())?.into())
            }
            Some(kind) => Err(Refused::Kind(kind)),
        }
    }

    /// `path` from this folder.
    pub(super) fn inside<'p>(&self, path: &'p Path) -> Result<&'p Path, Refused> {
        if path.is_absolute() {
            path.strip_prefix(&self.path).map_err(|_| Refused::Outside)
        } else {
            Ok(path)
        }
    }

    pub(super) fn open_below(&self, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Refused> {
        let path = match self.inside(path)? {
            path if path.as_os_str().is_empty() => Path::new("."),
            path => path,
        };
        let flags = flags | OFlags::CLOEXEC;
        #[cfg(target_os = "linux")]
        if let Some(opened) = by_kernel(&self.folder, path, flags, mode) {
            return opened;
        }
        walk::open(&self.folder, path, flags, mode)
    }
}

/// The kernel holds the path below the folder by itself (Linux 5.6); nothing when it can't, or a sandbox won't let it.
#[cfg(target_os = "linux")]
fn by_kernel(root: &OwnedFd, path: &Path, flags: OFlags, mode: Mode) -> Option<Result<OwnedFd, Refused>> {
    use rustix::fs::{ResolveFlags, openat2};
    use rustix::io::Errno;
    let below = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    // It gives up when something is renamed at the same moment.
    for _ in 0..8 {
        match openat2(root, path, flags, mode, below) {
            Ok(opened) => return Some(Ok(opened)),
            Err(Errno::AGAIN) => {}
            Err(Errno::NOSYS | Errno::PERM) => return None,
            Err(error) => return Some(Err(error.into())),
        }
    }
    None
}
