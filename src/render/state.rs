//! What is on disk in place of a rendered file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// The first line, before the digest.
const MARK: &str = "# magicctl: sha256=";

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
        let there = String::from_utf8_lossy(&there);
        let untouched = there
            .split_once('\n')
            .is_some_and(|(first, body)| first.strip_prefix(MARK) == Some(&digest(body)));
        Ok(if untouched { Self::Outdated } else { Self::Edited })
    }
}

/// `body` under the line with its digest.
pub(super) fn marked(body: &str) -> String {
    format!("{MARK}{}\n{body}", digest(body))
}

fn digest(body: &str) -> String {
    hex::encode(Sha256::digest(body))
}
