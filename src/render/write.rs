//! Writes a file whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Writes beside the file and renames, so that a reader, or a run cut off, never sees half of it.
pub(super) fn atomically(path: &Path, text: &str) -> Result<(), Failure> {
    let cant = |error: io::Error| {
        let failure = Failure::failed(format!("{} can't be written", path.display())).because(error.to_string());
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                failure.hint("make the project's folder writable for this user, or work on a copy of it")
            }
            _ => failure,
        }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(cant)?;
    }
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What failed is told below; this only tidies up after it.
        let _left = fs::remove_file(&beside);
    }
    written.map_err(cant)
}
