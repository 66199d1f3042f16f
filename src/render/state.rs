//! What is on disk in place of a rendered file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// What stands before the digest, wherever in the file the comment is that holds it.
const MARK: &str = "magicctl: sha256=";
/// Hex digits of a digest.
const DIGITS: usize = 64;

/// What is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Missing,
    /// What would be rendered now.
    Current,
    /// What an earlier magicctl, or one with other settings, rendered.
    Outdated,
    /// Something that the user wrote or edited.
    Edited,
}

impl State {
    /// Compares the file at `path` with `text`.
    pub fn of(path: &Path, text: &str) -> Result<Self, Failure> {
        let there = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Missing),
            Err(error) => {
                return Err(Failure::failed(format!("{} can't be read", path.display())).because(error.to_string()));
            }
        };
        if there == text.as_bytes() {
            return Ok(Self::Current);
        }
        Ok(if is_untouched(&String::from_utf8_lossy(&there)) {
            Self::Outdated
        } else {
            Self::Edited
        })
    }
}

/// `text`, whose first mark has nothing behind it, with the digest of itself put there.
pub(super) fn sealed(text: &str) -> String {
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
