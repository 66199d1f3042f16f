//! The git repository that a project lies in: found and read as git does, but without its configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::files::{self, Kind, Refused, Root};

use super::index;

/// An index of more than some 200,000 files is not read.
const LARGEST_INDEX: u64 = 32 << 20;
/// A file that holds one path is not larger.
const LARGEST_PATH: u64 = 8 << 10;

/// A repository with files checked out.
pub(super) struct Repository {
    /// The folder that they are checked out to.
    pub tree: Root,
    /// The project's folder from there.
    pub prefix: PathBuf,
    /// What git keeps of this checkout.
    git: Root,
    /// What git keeps of all checkouts of the repository.
    pub common: Root,
}

impl Repository {
    /// The nearest one around the folder at `root`. A folder that looks like a repository without a checkout ("bare") is none:
    /// git itself takes one in the middle of another repository for real, with the configuration that somebody put there.
    pub fn around(root: &Path) -> Option<Self> {
        let root = files::real(root).ok()?;
        root.ancestors().find_map(|top| {
            let tree = Root::open(top).ok()?;
            let git = git_folder(&tree)?;
            let common = match named_in(&git, Path::new("commondir"), "") {
                Some(common) => Root::open(&common).ok()?,
                None => Root::open(git.path()).ok()?,
            };
            let is_one = matches!(git.own_kind(Path::new("HEAD")), Ok(Some(_)))
                && matches!(common.kind(Path::new("objects")), Ok(Some(Kind::Folder)));
            is_one.then(|| Self {
                prefix: root.strip_prefix(top).unwrap_or(Path::new("")).to_owned(),
                tree,
                git,
                common,
            })
        })
    }

    /// Those of `paths`, each from the top of the checkout, that are in the index; else why it can't be said.
    pub fn tracked(&self, paths: &BTreeSet<PathBuf>) -> Result<BTreeSet<PathBuf>, String> {
        match self.git.bytes(Path::new("index"), LARGEST_INDEX) {
            Ok(bytes) => index::named(&bytes, paths).map_err(|why| format!("git's index: {why}")),
            // Nothing was added yet.
            Err(Refused::Missing) => Ok(BTreeSet::new()),
            Err(refused) => Err(format!("git's index: {refused}")),
        }
    }
}

/// `.git`: the folder itself, or a file that names it (worktrees and submodules have one).
fn git_folder(tree: &Root) -> Option<Root> {
    let git = Path::new(".git");
    match tree.own_kind(git) {
        Ok(Some(Kind::Folder | Kind::Link)) => Root::open(&tree.path().join(git)).ok(),
        Ok(Some(Kind::File)) => Root::open(&named_in(tree, git, "gitdir:")?).ok(),
        _ => None,
    }
}

/// The path that the file at `path` in `root` holds after `mark`.
fn named_in(root: &Root, path: &Path, mark: &str) -> Option<PathBuf> {
    let text = root.text(path, LARGEST_PATH).ok()?;
    let named = text.strip_prefix(mark)?.trim();
    Some(root.path().join(named))
}
