//! A file that magicctl writes into a project, and what is on disk in its place.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files::{Kind, Refused, Root};

/// What stands before the digest, wherever in the file the comment is that holds it.
const MARK: &str = "magicctl: sha256=";
/// Hex digits of a digest.
const DIGITS: usize = 64;
/// Nobody's edits make one of these files larger.
pub(crate) const LARGEST: u64 = 4 << 20;

/// A file as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Relative to the project's root.
    pub path: &'static Path,
    /// Its text, the line with the digest included.
    pub text: String,
}

/// What is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Missing,
    /// What would be rendered now.
    Current,
    /// What an earlier magicctl, or one with other settings, rendered.
    Outdated,
    /// Something that the user wrote or edited.
    Edited,
    /// A symbolic link stands in its place, or on the way to it, that leads out of the project or nowhere, or that would be
    /// written through: it is left alone, and what it leads to is not looked at.
    Linked {
        /// Which link and where it leads, in words.
        why: String,
    },
    /// What can't be read: a pipe, a folder, a huge file, one without the right to. It is left alone.
    Unreadable {
        /// In words.
        why: String,
        /// This user has no right to it.
        denied: bool,
    },
}

impl State {
    /// Compares the file at `path` in `root` with `text`.
    pub fn of(root: &Root, path: &Path, text: &str) -> Self {
        let there = match root.bytes(path, LARGEST) {
            Ok(bytes) => bytes,
            Err(refused) => return Self::refused(root, path, &refused),
        };
        if there == text.as_bytes() {
            return Self::Current;
        }
        if is_untouched(&String::from_utf8_lossy(&there)) {
            Self::Outdated
        } else {
            Self::Edited
        }
    }

    /// Whether the file is the user's business: they wrote it, or what leads to it.
    pub fn is_of_the_user(&self) -> bool {
        matches!(self, Self::Edited | Self::Linked { .. } | Self::Unreadable { .. })
    }

    /// What keeps `path` from being read or written.
    pub(crate) fn refused(root: &Root, path: &Path, refused: &Refused) -> Self {
        let why = root.why(path, refused);
        match refused {
            Refused::Missing if root.link_on(path).is_none() => Self::Missing,
            Refused::Missing | Refused::Outside | Refused::Kind(Kind::Link) => Self::Linked { why },
            _ => Self::Unreadable {
                why,
                denied: refused.is_denied(),
            },
        }
    }
}

/// `text`, whose first mark has nothing after it, with the digest of itself put there.
pub(crate) fn sealed(text: &str) -> String {
    text.replacen(MARK, &format!("{MARK}{}", digest(text)), 1)
}

/// Whether the digest in `text` is that of the rest.
fn is_untouched(text: &str) -> bool {
    let Some((before, after)) = text.split_once(MARK) else {
        return false;
    };
    match after.split_at_checked(DIGITS) {
        Some((written, rest)) => digest(&format!("{before}{MARK}{rest}")) == written,
        None => false,
    }
}

fn digest(body: &str) -> String {
    hex::encode(Sha256::digest(body))
}
