//! Digests of what services mount from the project, so that an edited config file shows as a difference.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::compose::Stack;
use crate::plan::{Contents, mounted_sources};

/// A mounted file or folder larger than this is data, not configuration.
const LARGEST: u64 = 4 << 20;
/// A mounted folder with more entries than this is data, not configuration.
const MOST_ENTRIES: usize = 1_000;

/// The digest of each read-only mount, config and secret of `stack` that lies in the project and is small enough
/// to be configuration. What can't be read has none: the engine will say why.
pub fn contents(stack: &Stack) -> Contents {
    let sources: BTreeSet<String> = stack
        .services
        .values()
        .flat_map(|service| mounted_sources(stack, service))
        .collect();
    sources
        .into_iter()
        .filter(|source| Path::new(source).starts_with(&stack.working_dir))
        .filter_map(|source| {
            let digest = digest(Path::new(&source)).ok().flatten()?;
            Some((source, digest))
        })
        .collect()
}

/// The SHA-256 of a file, or of a folder's names and files; `None` when it is too large or neither.
fn digest(path: &Path) -> io::Result<Option<String>> {
    let mut files = Vec::new();
    if !collect(path, &mut files)? {
        return Ok(None);
    }
    files.sort();
    let mut hasher = Sha256::new();
    let mut left = LARGEST;
    for file in files {
        let relative = file.strip_prefix(path).unwrap_or(&file);
        hasher.update(relative.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        let mut bytes = Vec::new();
        let read = fs::File::open(&file)?.take(left + 1).read_to_end(&mut bytes)? as u64;
        if read > left {
            return Ok(None);
        }
        left -= read;
        hasher.update(read.to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(Some(hex::encode(hasher.finalize())))
}

/// The regular files at and below `path`; false when there are too many. Links are followed once, devices left out.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<bool> {
    let meta = fs::metadata(path)?;
    if meta.is_file() {
        files.push(path.to_owned());
    } else if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let linked_folder = kind.is_symlink() && entry.path().is_dir();
            if !linked_folder && !collect(&entry.path(), files)? {
                return Ok(false);
            }
        }
    }
    Ok(files.len() <= MOST_ENTRIES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_a_new_file_and_a_new_name_change_a_folders_digest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yml");
        fs::write(&file, "x: 1").unwrap();
        let first = digest(folder.path()).unwrap();
        fs::write(&file, "x: 2").unwrap();
        let changed = digest(folder.path()).unwrap();
        fs::write(folder.path().join("b.yml"), "").unwrap();
        let added = digest(folder.path()).unwrap();
        fs::rename(folder.path().join("b.yml"), folder.path().join("c.yml")).unwrap();
        let renamed = digest(folder.path()).unwrap();
        let all = [first, changed, added, renamed];
        let distinct: BTreeSet<_> = all.iter().collect();
        assert!(all.iter().all(Option::is_some));
        assert_eq!(distinct.len(), 4);
    }

    #[test]
    fn data_has_no_digest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.bin");
        let size = usize::try_from(LARGEST).unwrap() + 1;
        fs::write(&file, vec![0; size]).unwrap();
        assert_eq!(digest(&file).unwrap(), None);
    }
}
