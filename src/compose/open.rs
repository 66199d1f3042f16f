//! The files that a Compose project names, and what is piped in: never more of one than a file of its kind holds.

use std::io::Read as _;
use std::path::Path;

use crate::failure::Failure;
use crate::files::{self, Kind, Refused};

/// No Compose file that a person wrote is larger.
pub(super) const LARGEST_FILE: u64 = 16 << 20;
/// No env file that a person wrote is larger.
pub const LARGEST_ENV: u64 = 4 << 20;

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

impl From<Refused> for Unreadable {
    fn from(refused: Refused) -> Self {
        let why = match &refused {
            Refused::Kind(kind) if *kind != Kind::Folder => {
                format!("{refused}; to read from a pipe, use `-f -`")
            }
            _ => refused.to_string(),
        };
        Self {
            missing: matches!(refused, Refused::Missing),
            why,
        }
    }
}

/// The text of the file at `path`, of at most `largest` bytes. `-` is what is piped in.
pub(super) fn text(path: &Path, largest: u64) -> Result<String, Unreadable> {
    if path == Path::new("-") {
        return piped_in(largest);
    }
    Ok(files::text(path, largest)?)
}

fn piped_in(largest: u64) -> Result<String, Unreadable> {
    let mut text = String::new();
    match std::io::stdin().take(largest + 1).read_to_string(&mut text) {
        Ok(read) if read as u64 > largest => Err(Refused::Large { largest }.into()),
        Ok(_) => Ok(text),
        Err(error) => Err(Refused::Io(error).into()),
    }
}
