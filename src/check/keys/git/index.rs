//! Git's index, as far as the names in it go (git's own `Documentation/gitformat-index.adoc`; versions 2 to 4).

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Times, device, owner, mode and size of a file: ten numbers of four bytes.
const STAT: usize = 40;
/// The length of an object's name: SHA-1, or SHA-256. The index does not say which, but only one fits.
const HASHES: [usize; 2] = [20, 32];
/// A longer name is not a path of a file. It also bounds what a version 4 index, whose names build on each other, comes to.
const LONGEST_NAME: usize = 4096;
/// A flag: two more bytes of flags follow.
const EXTENDED: u16 = 0x4000;

/// Those of `paths` that the index names; else why it can't be said.
pub(super) fn named(index: &[u8], paths: &BTreeSet<PathBuf>) -> Result<BTreeSet<PathBuf>, String> {
    let read = HASHES
        .into_iter()
        .find_map(|hash| Reader { rest: index, hash }.read(paths));
    match read.ok_or("its format is unknown")? {
        (_, true) => Err("it is split into two files (`git update-index --no-split-index` joins them)".to_owned()),
        (found, false) => Ok(found),
    }
}

/// What is still to be read, where objects' names have that length.
struct Reader<'i> {
    rest: &'i [u8],
    hash: usize,
}

impl<'i> Reader<'i> {
    /// Those of `paths` that are there, and whether the index has another part; nothing when it makes no sense.
    fn read(mut self, paths: &BTreeSet<PathBuf>) -> Option<(BTreeSet<PathBuf>, bool)> {
        if self.take(4)? != b"DIRC" {
            return None;
        }
        let version = self.number()?;
        if !(2..=4).contains(&version) {
            return None;
        }
        let mut found = BTreeSet::new();
        let mut name = Vec::new();
        for _ in 0..self.number()? {
            self.entry(version, &mut name)?;
            let path = Path::new(OsStr::from_bytes(&name));
            if paths.contains(path) {
                found.insert(path.to_owned());
            }
        }
        let is_split = self.extensions()?;
        Some((found, is_split))
    }

    /// Reads one entry; `name` is that of the one before, and then its own.
    fn entry(&mut self, version: u32, name: &mut Vec<u8>) -> Option<()> {
        let before = self.rest.len();
        self.take(STAT + self.hash)?;
        let mut flags = [0; 2];
        flags.copy_from_slice(self.take(2)?);
        if u16::from_be_bytes(flags) & EXTENDED != 0 {
            self.take(2)?;
        }
        if version == 4 {
            let kept = name.len().checked_sub(self.varint()?)?;
            name.truncate(kept);
            name.extend_from_slice(self.until_zero()?);
        } else {
            name.clear();
            name.extend_from_slice(self.until_zero()?);
            // One zero ends the name, up to seven more fill the entry up to a multiple of eight.
            let length = before - self.rest.len();
            self.take(length.next_multiple_of(8) - length)?;
        }
        // In an index that another is a part of, what is changed has no name.
        (name.len() <= LONGEST_NAME).then_some(())
    }

    /// Passes over what follows the entries up to the checksum; gives whether one part says that the index has another.
    fn extensions(&mut self) -> Option<bool> {
        let mut is_split = false;
        while self.rest.len() > self.hash {
            is_split |= self.take(4)? == b"link";
            let length = usize::try_from(self.number()?).ok()?;
            self.take(length)?;
        }
        (self.rest.len() == self.hash).then_some(is_split)
    }

    fn take(&mut self, length: usize) -> Option<&'i [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4)?);
        Some(u32::from_be_bytes(bytes))
    }

    /// A number in as many bytes as it needs, as in packs ("offset encoding").
    fn varint(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let byte = self.take(1)?[0];
            value = value.checked_mul(128)?.checked_add(usize::from(byte & 127))?;
            if byte & 128 == 0 {
                return Some(value);
            }
            value = value.checked_add(1)?;
        }
    }

    fn until_zero(&mut self) -> Option<&'i [u8]> {
        let end = memchr::memchr(0, self.rest)?;
        let text = self.take(end)?;
        self.take(1)?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// Runs git, with no configuration but its own.
    fn git(folder: &Path, args: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@localhost", "-C"])
            .arg(folder)
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
    }

    fn paths(names: &[&str]) -> BTreeSet<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    /// A repository whose index holds 60 files of names that build on each other.
    fn repository(format: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q", &format!("--object-format={format}")]);
        for number in 0..60 {
            let name = format!("keys_pool/{}-{number}", "long/".repeat(number % 4));
            let path = folder.path().join(&name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        git(folder.path(), &["add", "-A", "."]);
        folder
    }

    #[test]
    fn what_git_writes_is_read_in_each_version_and_object_format() {
        for format in ["sha1", "sha256"] {
            let folder = repository(format);
            for version in ["2", "3", "4"] {
                git(
                    folder.path(),
                    &["update-index", "--force-write-index", "--index-version", version],
                );
                if version == "3" {
                    // Only an entry with more flags makes it one.
                    git(folder.path(), &["update-index", "--skip-worktree", "keys_pool/-0"]);
                }
                let index = std::fs::read(folder.path().join(".git/index")).unwrap();
                assert_eq!(index[7].to_string(), version);
                let wanted = paths(&[
                    "keys_pool/-0",
                    "keys_pool/-4",
                    "keys_pool/long/-5",
                    "keys_pool/none",
                    "-0",
                ]);
                let found = named(&index, &wanted).unwrap();
                let expected = paths(&["keys_pool/-0", "keys_pool/-4", "keys_pool/long/-5"]);
                assert_eq!(found, expected, "{format} {version}");
            }
        }
    }

    #[test]
    fn an_index_in_two_files_is_said() {
        let folder = repository("sha1");
        git(folder.path(), &["update-index", "--split-index"]);
        let index = std::fs::read(folder.path().join(".git/index")).unwrap();
        assert!(
            named(&index, &paths(&["keys_pool/-0"]))
                .unwrap_err()
                .contains("two files")
        );
        assert!(named(b"", &paths(&[])).unwrap_err().contains("form"));
    }

    #[test]
    fn names_that_build_on_each_other_come_to_an_end() {
        // A version 4 index in which each name is the one before with a thousand bytes more.
        let mut index = b"DIRC\0\0\0\x04\0\0\x10\0".to_vec();
        for _ in 0..0x1000 {
            index.extend([0; STAT + 20 + 2]);
            index.push(0);
            index.extend([b'a'; 1000]);
            index.push(0);
        }
        index.extend([0; 20]);
        assert!(named(&index, &paths(&[])).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            version in 0_u8..6,
            count in 0_u8..4,
            rest in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..400),
        ) {
            let mut index = b"DIRC\0\0\0".to_vec();
            index.extend([version, 0, 0, 0, count]);
            index.extend(rest);
            let _read = named(&index, &paths(&["a"]));
        }
    }
}
