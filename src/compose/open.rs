//! The files of a project, read once each, and never more of one than a file of its kind holds.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::failure::Failure;

/// No Compose file that a person wrote is larger.
pub(super) const LARGEST_FILE: u64 = 16 << 20;
/// No env file that a person wrote is larger.
pub(super) const LARGEST_ENV: u64 = 4 << 20;

/// Why a file gave no text.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// It isn't there.
    pub missing: bool,
    /// In words.
    pub why: String,
}

impl Unreadable {
    /// As an error that stands for itself.
    pub fn failure(self, path: &Path) -> Failure {
        Failure::invalid(format!("{} can't be read", path.display())).because(self.why)
    }
}

/// The text of the file at `path`, of at most `largest` bytes. `-` is what is piped in.
pub(super) fn text(path: &Path, largest: u64) -> Result<String, Unreadable> {
    if path == Path::new("-") {
        return decoded(bytes(std::io::stdin(), largest)?);
    }
    let no = |why: &str| Unreadable {
        missing: false,
        why: why.to_owned(),
    };
    let failed = |error: std::io::Error| Unreadable {
        missing: error.kind() == std::io::ErrorKind::NotFound,
        why: error.to_string(),
    };
    // Looked at before it is opened: opening a named pipe would wait for its other end.
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return Err(no("it is a folder"));
    }
    if !about.is_file() {
        return Err(no("it is no regular file; pipe it in with `-f -` if it is a pipe"));
    }
    decoded(bytes(File::open(path).map_err(failed)?, largest)?)
}

fn bytes(from: impl std::io::Read, largest: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    let why = match from.take(largest + 1).read_to_end(&mut bytes) {
        Ok(read) if read as u64 > largest => format!("it is larger than {} MB", largest >> 20),
        Ok(_) => return Ok(bytes),
        Err(error) => error.to_string(),
    };
    Err(Unreadable { missing: false, why })
}

fn decoded(bytes: Vec<u8>) -> Result<String, Unreadable> {
    String::from_utf8(bytes).map_err(|error| Unreadable {
        missing: false,
        why: format!(
            "it is no UTF-8 text: byte {} belongs to no character",
            error.utf8_error().valid_up_to()
        ),
    })
}
