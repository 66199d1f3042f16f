//! Digests of what services mount from the project, so that an edited config file shows as a difference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::compose::Stack;
use crate::files::{self, Kind, Refused, Root};
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
        // Through a link it may lie elsewhere all the same, where nothing is ours to read.
        .filter(|source| files::lies_below(Path::new(source), &stack.working_dir))
        .filter_map(|source| {
            let digest = digest(Path::new(&source)).ok().flatten()?;
            Some((source, digest))
        })
        .collect()
}

/// The SHA-256 of a file, or of a folder's names and files; `None` when it is too large or neither.
fn digest(path: &Path) -> Result<Option<String>, Refused> {
    let Some(files) = files_of(path)? else {
        return Ok(None);
    };
    let mut hasher = Sha256::new();
    let mut left = LARGEST;
    for file in files {
        // Joined to nothing, the path of a file would end as that of a folder.
        let full = if file.as_os_str().is_empty() {
            path.to_owned()
        } else {
            path.join(&file)
        };
        let bytes = match files::bytes(&full, left) {
            Ok(bytes) => bytes,
            Err(Refused::Large { .. }) => return Ok(None),
            Err(refused) => return Err(refused),
        };
        hasher.update(file.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        let size = bytes.len() as u64;
        left -= size;
        hasher.update(size.to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(Some(hex::encode(hasher.finalize())))
}

/// The regular files at and below `path`, from there, in order; none when there are too many entries. A link to a file in it
/// is followed, one to a folder or out of it is not; pipes and devices are left out.
fn files_of(path: &Path) -> Result<Option<Vec<PathBuf>>, Refused> {
    match files::kind(path)? {
        Some(Kind::File) => return Ok(Some(vec![PathBuf::new()])),
        Some(Kind::Folder) => {}
        Some(_) | None => return Ok(None),
    }
    let root = Root::open(path)?;
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    let mut left = MOST_ENTRIES;
    while let Some(folder) = folders.pop() {
        let entries = root.entries(&folder, left)?;
        if entries.more {
            return Ok(None);
        }
        left -= entries.all.len();
        for entry in entries.all {
            let inside = folder.join(&entry.name);
            match entry.kind {
                Kind::File => found.push(inside),
                Kind::Folder => folders.push(inside),
                Kind::Link if root.is_file(&inside) => found.push(inside),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

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

    #[test]
    fn a_folder_without_end_and_what_waits_have_no_digest() {
        let folder = tempfile::tempdir().unwrap();
        // Folders count as well: a deep tree is not walked to its end.
        let mut deep = folder.path().join("deep");
        fs::create_dir(&deep).unwrap();
        symlink("/", deep.join("up")).unwrap();
        assert!(digest(&deep).unwrap().is_some());
        for _ in 0..=MOST_ENTRIES {
            deep = deep.join("d");
            fs::create_dir(&deep).unwrap();
        }
        assert_eq!(digest(&folder.path().join("deep")).unwrap(), None);
        for target in ["/dev/zero", "/proc/kmsg"] {
            let link = folder.path().join("link");
            symlink(target, &link).unwrap();
            assert!(!matches!(digest(&link), Ok(Some(_))), "{target}");
            fs::remove_file(&link).unwrap();
        }
    }
}
