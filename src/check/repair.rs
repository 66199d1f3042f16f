//! What `check --fix` does: only what loses nothing. It makes what is missing, takes rights away, adds lines; it overwrites and
//! deletes nothing. It changes what lies below the project's folder alone, never what a link leads to.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::failure::Failure;
use crate::files::{Kind, Refused, Root};

/// All that users other than the owner and the group may do.
const OTHERS: u32 = 0o007;
/// A file that lines are added to, such as `.gitignore`, is never larger.
const LARGEST: u64 = 4 << 20;

/// One safe step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Repair {
    /// Write a file that is not there.
    Write {
        /// The file.
        path: PathBuf,
        /// Its text.
        #[serde(skip)]
        text: String,
    },
    /// Make a folder that is not there.
    MakeFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Take rights away from other users.
    CloseToOthers {
        /// The file.
        path: PathBuf,
    },
    /// Add lines at the end of a file, which may not be there yet.
    AddLines {
        /// The file.
        path: PathBuf,
        /// The lines.
        lines: Vec<String>,
    },
}

impl Repair {
    /// Does it below `root`, and says what was done; nothing when somebody else has done it already.
    pub fn apply(&self, root: &Root) -> Result<Option<String>, Failure> {
        self.done(root).map_err(|refused| {
            let failure = Failure::failed(format!("{} can't be fixed", self.path().display()))
                .because(root.why(self.path(), &refused));
            match refused {
                Refused::Outside | Refused::HardLink | Refused::Kind(Kind::Link) => {
                    failure.hint("it was not changed: check the link's target, and fix that by hand")
                }
                _ => failure,
            }
        })
    }

    /// The file or folder, absolute.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Write { path, .. }
            | Self::MakeFolder { path }
            | Self::CloseToOthers { path }
            | Self::AddLines { path, .. } => path,
        }
    }

    fn done(&self, root: &Root) -> Result<Option<String>, Refused> {
        let (path, shown) = (self.path(), self.path().display());
        Ok(match self {
            Self::Write { text, .. } => root.create(path, text.as_bytes())?.then(|| format!("{shown}: written")),
            Self::MakeFolder { .. } => root.make_folder(path)?.then(|| format!("{shown}: made")),
            Self::CloseToOthers { .. } => root
                .take_rights(path, OTHERS)?
                .then(|| format!("{shown}: removed the permissions of other users")),
            Self::AddLines { lines, .. } => {
                let there = match root.text(path, LARGEST) {
                    Ok(text) => text,
                    Err(Refused::Missing) => String::new(),
                    Err(refused) => return Err(refused),
                };
                let block = lines.join("\n");
                if there.trim_end().ends_with(&block) {
                    return Ok(None);
                }
                let begin = if there.is_empty() || there.ends_with('\n') {
                    ""
                } else {
                    "\n"
                };
                root.append(path, format!("{begin}{block}\n").as_bytes())?;
                Some(format!("{shown}: added {}", lines.join(", ")))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn lines(path: PathBuf) -> Repair {
        Repair::AddLines {
            path,
            lines: vec!["x".to_owned()],
        }
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_done_twice() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let path = folder.path().join("sub/a.txt");
        let write = Repair::Write {
            path: path.clone(),
            text: "new".to_owned(),
        };
        assert!(write.apply(&root).unwrap().is_some());
        fs::write(&path, "mine").unwrap();
        assert_eq!(write.apply(&root).unwrap(), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");

        let add = lines(path.clone());
        assert!(add.apply(&root).unwrap().is_some());
        assert_eq!(add.apply(&root).unwrap(), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine\nx\n");

        fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
        let close = Repair::CloseToOthers { path: path.clone() };
        assert!(close.apply(&root).unwrap().is_some());
        assert_eq!(close.apply(&root).unwrap(), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);

        let make = Repair::MakeFolder {
            path: folder.path().join("keys_pool"),
        };
        assert!(make.apply(&root).unwrap().is_some());
        assert_eq!(make.apply(&root).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let failure = Repair::MakeFolder {
            path: folder.path().join("a/b"),
        }
        .apply(&root)
        .unwrap_err();
        assert!(failure.what.contains("can't be fixed"), "{failure}");
    }

    #[test]
    fn nothing_is_changed_that_a_link_leads_to_or_that_lies_elsewhere() {
        let ground = tempfile::tempdir().unwrap();
        let project = ground.path().join("project");
        fs::create_dir(&project).unwrap();
        let outside = ground.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let victim = outside.join("victim");
        fs::write(&victim, "theirs\n").unwrap();
        fs::set_permissions(&victim, Permissions::from_mode(0o646)).unwrap();
        symlink("../outside/victim", project.join("link")).unwrap();
        symlink("../outside", project.join("folder")).unwrap();
        symlink("../outside/none", project.join("dangling")).unwrap();
        fs::hard_link(&victim, project.join("hard")).unwrap();
        fs::write(project.join("near"), "").unwrap();
        symlink("near", project.join("to-near")).unwrap();
        let root = Root::open(&project).unwrap();
        let write = |path: PathBuf| Repair::Write {
            path,
            text: "x".to_owned(),
        };
        let close = |path: PathBuf| Repair::CloseToOthers { path };
        let make = |path: PathBuf| Repair::MakeFolder { path };
        for repair in [
            lines(project.join("link")),
            lines(project.join("hard")),
            lines(project.join("dangling")),
            lines(project.join("to-near")),
            lines(project.join("folder/victim")),
            lines(project.join("../outside/victim")),
            lines(victim.clone()),
            close(project.join("link")),
            close(project.join("hard")),
            close(project.join("folder/victim")),
            close(victim.clone()),
            write(project.join("folder/new")),
            write(project.join("../outside/new")),
            make(project.join("folder/new")),
            make(outside.join("new")),
        ] {
            let failure = repair.apply(&root).unwrap_err();
            assert!(failure.what.contains("can't be fixed"), "{repair:?}: {failure}");
        }
        assert_eq!(write(project.join("link")).apply(&root).unwrap(), None);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs\n");
        assert_eq!(fs::metadata(&victim).unwrap().permissions().mode() & 0o777, 0o646);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(project.join("near")).unwrap(), "");
    }
}
