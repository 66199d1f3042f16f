//! What was found in the folders of keys.

use std::path::PathBuf;

/// The files of keys of a project.
#[derive(Debug, Default)]
pub(in crate::check) struct Keys {
    /// What is in the folders, but for what no keys are in: hidden files, documentation, examples.
    pub(super) entries: Vec<Entry>,
    /// Folders that were not looked at, or not to their end.
    pub(super) left: Vec<NotLookedAt>,
    /// `.env`, when a name in it says secret and has a value.
    pub(super) own: Option<PathBuf>,
}

/// Something in one of the folders.
#[derive(Debug)]
pub(super) struct Entry {
    /// The folder: `keys_pool`.
    pub folder: &'static str,
    /// Absolute.
    pub path: PathBuf,
    pub kind: Kind,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A file and its text; without when it is too large, or the limit of all together was reached before it.
    File { text: Option<String>, large: bool },
    /// A file that can't be read, and why.
    Closed(String),
    /// No file; in words.
    Other(String),
    /// A link that leads out of the project; in words.
    LeadsOut(String),
}

/// A folder of which something was not looked at.
#[derive(Debug)]
pub(super) enum NotLookedAt {
    /// A link leads out of the project; in words.
    LeadsOut { folder: &'static str, why: String },
    /// It holds too many files.
    Files { folder: &'static str },
    /// All together are too large: this is the first file that was not read.
    Bytes { first: PathBuf },
}
