//! What lies in a folder of keys, read within bounds: a pipe or device is not opened, a huge file not read to its end.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use super::MOST_FILES;

/// More than this in one file is no list of keys.
const LARGEST: u64 = 1 << 20;

/// Something in the folder.
pub(super) struct Entry {
    pub path: PathBuf,
    pub kind: Kind,
}

/// What it is.
pub(super) enum Kind {
    /// A file and its text, or the beginning of it.
    File { text: String, large: bool },
    /// A file that can't be read, and why.
    Closed(String),
    /// No file; in words.
    Other(&'static str),
}

/// What is in `folder`, but for what no keys are in: hidden files, documentation, examples. Nothing when it can't be read, which
/// the checklist tells.
pub(super) fn entries(folder: &Path) -> Vec<Entry> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .take(MOST_FILES)
        .map(|entry| entry.path())
        .filter(|path| !is_other(path))
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| Entry {
            kind: kind(&path),
            path,
        })
        .collect()
}

fn is_other(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
        || name.starts_with("README")
        || name.starts_with("__")
        || matches!(extension.as_ref(), "md" | "example" | "sample" | "template")
}

fn kind(path: &Path) -> Kind {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Kind::Closed(error.to_string()),
        Err(_) => return Kind::Other("a link that leads nowhere"),
    };
    let file_type = meta.file_type();
    if !meta.is_file() {
        return Kind::Other(match () {
            () if meta.is_dir() => "a folder",
            () if file_type.is_fifo() => "a pipe",
            () if file_type.is_socket() => "a socket",
            () => "a device",
        });
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    match read {
        Ok(_) => Kind::File {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            large: meta.len() > LARGEST,
        },
        Err(error) => Kind::Closed(error.to_string()),
    }
}
