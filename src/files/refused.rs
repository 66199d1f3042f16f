//! Why a file was not opened, read or written.

use std::fmt;
use std::fs::{FileType, Metadata};
use std::io;
use std::os::unix::fs::FileTypeExt as _;

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A device.
    Device,
}

impl Kind {
    pub(super) fn of(found: FileType) -> Self {
        match () {
            () if found.is_file() => Self::File,
            () if found.is_dir() => Self::Folder,
            () if found.is_symlink() => Self::Link,
            () if found.is_fifo() => Self::Pipe,
            () if found.is_socket() => Self::Socket,
            () => Self::Device,
        }
    }

    /// Of what was found; nothing where nothing lies.
    pub(super) fn of_there(found: Result<Metadata, Refused>) -> Result<Option<Self>, Refused> {
        match found {
            Ok(about) => Ok(Some(Self::of(about.file_type()))),
            Err(Refused::Missing) => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    /// In words: `a folder`.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "a regular file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Pipe => "a named pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
        }
    }
}

/// Why nothing was opened, read or written.
#[derive(Debug)]
pub enum Refused {
    /// Nothing lies there.
    Missing,
    /// A link or `..` leads out of the folder.
    Outside,
    /// Something other than a regular file.
    Kind(Kind),
    /// More bytes than a file of its kind holds.
    Large {
        /// How many it may hold.
        largest: u64,
    },
    /// Bytes that are not UTF-8.
    NotText {
        /// The line where the first of them stands, 1-based.
        line: usize,
    },
    /// It has a second name elsewhere (a hard link), so that a change would be seen there too.
    HardLink,
    /// A folder that belongs to somebody else, or that others may enter.
    NotPrivate,
    /// The kernel makes it up (/proc): reading it may wait, never end, or take away what others wait for.
    Kernel,
    /// The system refused.
    Io(io::Error),
}

impl Refused {
    /// Whether this user has no right to it.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Io(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it does not exist"),
            Self::Outside => f.write_str("a symbolic link or `..` leads out of the project's folder"),
            Self::Kind(Kind::Folder) => f.write_str("it is a folder"),
            Self::Kind(kind) => write!(f, "it is {}, not a regular file", kind.word()),
            Self::Large { largest } if *largest >= 1 << 20 => write!(f, "it is larger than {} MB", largest >> 20),
            Self::Large { largest } => write!(f, "it is larger than {largest} bytes"),
            Self::NotText { line } => write!(f, "line {line} is not UTF-8"),
            Self::HardLink => f.write_str("it has another hard link"),
            Self::NotPrivate => f.write_str("the folder belongs to another user, or other users can access it"),
            Self::Kernel => f.write_str("it is a kernel file (/proc), not a regular file"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::CrossesDevices => Self::Outside,
            _ => Self::Io(error),
        }
    }
}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Io(error) => error,
            Refused::Missing => io::Error::new(io::ErrorKind::NotFound, refused),
            other => io::Error::other(other),
        }
    }
}

impl From<rustix::io::Errno> for Refused {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}
