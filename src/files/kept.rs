//! Small files that were read, kept for as long as one command takes: whoever asks again gets the same bytes, and no file is read
//! twice. Each time it is opened and looked at as before, so that who may not read it still may not.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A larger file is read each time.
const LARGEST: usize = 1 << 20;
/// All together; what comes after that is read each time.
const MOST: usize = 16 << 20;

/// Which file in which state: device, inode, size, when its content and its entry were changed (seconds and nanoseconds).
type Id = (u64, u64, u64, [i64; 4]);

/// The files that were read.
#[derive(Debug, Default)]
pub(super) struct Kept {
    files: HashMap<Id, Vec<u8>>,
    bytes: usize,
}

static KEPT: OnceLock<Mutex<Kept>> = OnceLock::new();

/// From now on files are kept. For a process that does one command: what changes without a trace in a file's times and size is
/// not seen any more.
pub fn keep() {
    KEPT.get_or_init(Mutex::default);
}

/// The content of the file that `about` is of: as it was kept, else from `read`.
pub(super) fn once<E>(about: &Metadata, read: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
    match KEPT.get() {
        Some(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).once(about, read),
        None => read(),
    }
}

impl Kept {
    fn once<E>(&mut self, about: &Metadata, read: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
        let times = [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()];
        let id = (about.dev(), about.ino(), about.len(), times);
        if let Some(bytes) = self.files.get(&id) {
            return Ok(bytes.clone());
        }
        let bytes = read()?;
        // One that grew meanwhile, or that the kernel makes up, is not the one that was looked at.
        let is_whole = bytes.len() as u64 == about.len();
        if is_whole && bytes.len() <= LARGEST && self.bytes + bytes.len() <= MOST {
            self.bytes += bytes.len();
            self.files.insert(id, bytes.clone());
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What is given for `file`, whose content would be read as `read`.
    fn given(kept: &mut Kept, file: &std::path::Path, read: &str) -> String {
        let bytes = kept.once(&fs::metadata(file).unwrap(), || Ok::<_, ()>(read.as_bytes().to_vec()));
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    #[test]
    fn a_file_is_read_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a"), folder.path().join("b"));
        let mut kept = Kept::default();
        fs::write(&file, "one").unwrap();
        fs::hard_link(&file, &other).unwrap();
        assert_eq!(given(&mut kept, &file, "one"), "one");
        assert_eq!(given(&mut kept, &other, "two"), "one");
        // Another size, then another time.
        fs::write(&file, "three").unwrap();
        assert_eq!(given(&mut kept, &file, "three"), "three");
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        fs::File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        assert_eq!(given(&mut kept, &file, "seven"), "seven");
        // One that gave another size than it had.
        fs::write(&file, "four").unwrap();
        assert_eq!(given(&mut kept, &file, "much more"), "much more");
        assert_eq!(given(&mut kept, &file, "less"), "less");
    }

    #[test]
    fn no_more_is_kept_than_fits() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Kept::default();
        for (size, more) in [(LARGEST + 1, 0), (LARGEST, 40)] {
            for number in 0..=more {
                let file = folder.path().join(format!("{size}-{number}"));
                let bytes = vec![b'a'; size];
                fs::write(&file, &bytes).unwrap();
                kept.once(&fs::metadata(&file).unwrap(), || Ok::<_, ()>(bytes)).unwrap();
            }
        }
        assert_eq!((kept.files.len(), kept.bytes), (MOST / LARGEST, MOST));
    }
}
