//! The one way to open files. Whoever wrote a repository chose its links, pipes and sizes: nothing here waits for a pipe or a
//! device, reads more than a file of its kind holds, or follows a link out of the folder that was meant.
//!
//! Two kinds of files are told apart. What magicctl itself chooses (what it renders, checks, repairs, the keys) is opened
//! below a [`Root`], never outside of it. What the user or a Compose file names is opened by [`bytes`] and [`text`] wherever
//! it lies, as Compose would.

mod archive;
mod folder;
mod growing;
mod kept;
mod lock;
mod named;
mod pack;
mod private;
mod refused;
mod rights;
mod root;
mod unpack;
mod walk;
mod write;

pub use archive::unpack;
pub use folder::{Entries, Entry};
pub use growing::{FileId, Growing, Snapshot, snapshot};
pub use kept::keep;
pub use lock::{LockFile, Locked};
pub use named::{
    bytes, free_bytes, from, is_file, is_folder, kind, lies_below, looked_at, make_folder, of_kernel, opens, real,
    rights, text,
};
pub use pack::pack;
pub use private::private;
pub use refused::{Kind, Refused};
pub use rights::Rights;
pub use root::Root;
pub use unpack::LeftOut;

use std::fs::File;
use std::io::Read as _;

/// What is in `file`, if it is a regular one of at most `largest` bytes.
fn whole(file: File, largest: u64) -> Result<Vec<u8>, Refused> {
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(Refused::Kind(Kind::of(about.file_type())));
    }
    if about.len() > largest {
        return Err(Refused::Large { largest });
    }
    kept::once(&about, || {
        let mut bytes = Vec::new();
        // It may grow meanwhile, and what the kernel makes up (/proc) says that it is empty.
        file.take(largest + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > largest {
            return Err(Refused::Large { largest });
        }
        Ok(bytes)
    })
}

/// `bytes` as text.
fn decoded(bytes: Vec<u8>) -> Result<String, Refused> {
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        Refused::NotText {
            line: before.split(|byte| *byte == b'\n').count(),
        }
    })
}

#[cfg(test)]
mod tests;
