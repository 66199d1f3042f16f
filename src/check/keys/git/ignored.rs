//! Which files git leaves out: the patterns of each `.gitignore` on the way, of the repository and of the user, by git's rules
//! (gitignore(5)).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::files::{Kind, Refused, Root};

use super::repository::Repository;

/// A file of patterns that a person wrote is not larger.
const LARGEST: u64 = 256 << 10;
/// More patterns than this in one file are not compiled.
const MOST: usize = 2000;

/// The patterns that hold in a checkout.
pub(super) struct Patterns<'r> {
    tree: &'r Root,
    /// Those of each folder's `.gitignore`, by the folder from the top.
    folders: BTreeMap<PathBuf, Gitignore>,
    /// Those that hold everywhere, what decides first first: the repository's own, then the user's.
    everywhere: [Gitignore; 2],
}

impl<'r> Patterns<'r> {
    pub fn of(repository: &'r Repository) -> Result<Self, String> {
        let own = read(&repository.common, Path::new("info/exclude"))?;
        // The user's own files, wherever their configuration says that they are.
        let (users, _what_was_wrong_in_them) = Gitignore::global();
        Ok(Self {
            tree: &repository.tree,
            folders: BTreeMap::new(),
            everywhere: [own, users],
        })
    }

    /// Whether git leaves out the file at `path`, from the top of the checkout; else why it can't be said.
    pub fn leave_out(&mut self, path: &Path) -> Result<bool, String> {
        let mut so_far = PathBuf::new();
        for part in path.components() {
            so_far.push(part);
            // What is left out with a folder can't be taken in again.
            if self.decide(&so_far, so_far != path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The last pattern of the nearest file that has one for `path` decides.
    fn decide(&mut self, path: &Path, is_folder: bool) -> Result<bool, String> {
        for folder in path.ancestors().skip(1) {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            match self.folder(folder)?.matched(inside, is_folder) {
                Match::None => {}
                decided => return Ok(decided.is_ignore()),
            }
        }
        let decided = self
            .everywhere
            .iter()
            .map(|patterns| patterns.matched(path, is_folder))
            .find(|decided| !decided.is_none());
        Ok(decided.is_some_and(|decided| decided.is_ignore()))
    }

    fn folder(&mut self, folder: &Path) -> Result<&Gitignore, String> {
        if !self.folders.contains_key(folder) {
            let patterns = read(self.tree, &folder.join(".gitignore"))?;
            self.folders.insert(folder.to_owned(), patterns);
        }
        Ok(&self.folders[folder])
    }
}

/// The patterns of the file at `path`; none when there is no such file, or a link, which git does not follow here.
fn read(root: &Root, path: &Path) -> Result<Gitignore, String> {
    let cant = |why: String| format!("{}: {why}", root.path().join(path).display());
    let bytes = match root.own_kind(path) {
        // Nor does git follow a folder on the way that is one.
        Ok(None | Some(Kind::Link)) | Err(Refused::Outside) => return Ok(Gitignore::empty()),
        Ok(Some(_)) => root.bytes(path, LARGEST).map_err(|refused| cant(refused.to_string()))?,
        Err(refused) => return Err(cant(refused.to_string())),
    };
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    if text.lines().count() > MOST {
        return Err(cant(format!("it has more than {MOST} lines")));
    }
    let mut builder = GitignoreBuilder::new("");
    for line in text.lines() {
        // What is not a pattern matches nothing, as in git.
        let _taken = builder.add_line(None, line);
    }
    builder.build().map_err(|error| cant(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    fn git(folder: &Path) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder.join("none"));
        command
    }

    fn repository() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        fs::create_dir_all(top.join("keys_pool")).unwrap();
        fs::create_dir_all(top.join("app/keys_pool")).unwrap();
        assert!(git(&top).args(["init", "-q"]).status().unwrap().success());
        (folder, top)
    }

    const PATHS: [&str; 5] = [
        "keys_pool/a.env",
        "keys_pool/b",
        "app/keys_pool/a.env",
        ".env",
        "app/.env",
    ];

    /// What git says of the paths.
    fn by_git(top: &Path) -> Vec<bool> {
        let mut child = git(top)
            .args(["check-ignore", "--no-index", "--stdin", "-v", "-n"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asked = PATHS.join("\n");
        child.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
        let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let of_line = |line: &str| {
            let source = line.split('\t').next().unwrap();
            let pattern = source.splitn(3, ':').nth(2).unwrap();
            !pattern.is_empty() && !pattern.starts_with('!')
        };
        said.lines().map(of_line).collect()
    }

    fn by_us(top: &Path) -> Vec<bool> {
        let repository = Repository::around(top).unwrap();
        let mut patterns = Patterns {
            tree: &repository.tree,
            folders: BTreeMap::new(),
            everywhere: [
                read(&repository.common, Path::new("info/exclude")).unwrap(),
                Gitignore::empty(),
            ],
        };
        PATHS
            .iter()
            .map(|path| patterns.leave_out(Path::new(path)).unwrap())
            .collect()
    }

    #[test]
    fn a_link_in_place_of_a_file_of_patterns_has_none() {
        let (folder, top) = repository();
        fs::write(folder.path().join("outside"), "*\n").unwrap();
        symlink("../outside", top.join(".gitignore")).unwrap();
        assert_eq!(by_us(&top), [false; 5]);
        assert_eq!(by_git(&top), [false; 5]);
    }

    #[test]
    fn what_is_not_a_file_of_patterns_is_said() {
        let (_folder, top) = repository();
        fs::create_dir(top.join(".gitignore")).unwrap();
        let repository = Repository::around(&top).unwrap();
        let why = read(&repository.tree, Path::new(".gitignore")).unwrap_err();
        assert!(why.contains("it is a folder"), "{why}");
        fs::write(top.join("many"), "a\n".repeat(MOST + 1)).unwrap();
        assert!(read(&repository.tree, Path::new("many")).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// git and we leave out the same.
        #[test]
        fn as_git_leaves_out(
            top_lines in proptest::collection::vec(line(), 0..5),
            app_lines in proptest::collection::vec(line(), 0..3),
            own_lines in proptest::collection::vec(line(), 0..3),
        ) {
            let (_folder, top) = repository();
            fs::write(top.join(".gitignore"), top_lines.join("\n")).unwrap();
            fs::write(top.join("app/.gitignore"), app_lines.join("\n")).unwrap();
            fs::write(top.join(".git/info/exclude"), own_lines.join("\n")).unwrap();
            prop_assert_eq!(by_us(&top), by_git(&top), "{:?} {:?} {:?}", top_lines, app_lines, own_lines);
        }
    }

    /// A line of the kind that people write for keys.
    fn line() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("keys_pool"),
            Just("app"),
            Just("*"),
            Just("**"),
            Just("a.env"),
            Just("*.env"),
            Just(".env"),
            Just("?"),
            Just("[a-c]*"),
        ];
        let parts = proptest::collection::vec(part, 1..4);
        (any::<bool>(), any::<bool>(), parts, any::<bool>(), 0..12_u8).prop_map(
            |(not, anchored, parts, folder, odd)| {
                let mark = if not { "!" } else { "" };
                let begin = if anchored { "/" } else { "" };
                let end = if folder { "/" } else { "" };
                match odd {
                    0 => "# a comment".to_owned(),
                    1 => format!("{mark}{}  ", parts.join("/")),
                    _ => format!("{mark}{begin}{}{end}", parts.join("/")),
                }
            },
        )
    }
}
