//! What `check --fix` does: only what loses nothing. It makes what is missing, takes rights away, adds lines; it overwrites and
//! deletes nothing.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::failure::Failure;

/// All that users other than the owner and the group may do.
const OTHERS: u32 = 0o007;

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
        /// The file or folder.
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
    /// Does it, and says what was done; nothing when somebody else has done it already.
    pub fn apply(&self) -> Result<Option<String>, Failure> {
        let cant = |error: io::Error| {
            Failure::failed(format!("{} can't be mended", self.path().display())).because(error.to_string())
        };
        self.done().map_err(cant)
    }

    fn path(&self) -> &PathBuf {
        match self {
            Self::Write { path, .. }
            | Self::MakeFolder { path }
            | Self::CloseToOthers { path }
            | Self::AddLines { path, .. } => path,
        }
    }

    fn done(&self) -> io::Result<Option<String>> {
        match self {
            Self::Write { path, text } => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
                    Ok(file) => file,
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
                    Err(error) => return Err(error),
                };
                file.write_all(text.as_bytes())?;
                Ok(Some(format!("{}: written", path.display())))
            }
            Self::MakeFolder { path } => {
                if path.is_dir() {
                    return Ok(None);
                }
                fs::create_dir_all(path)?;
                Ok(Some(format!("{}: made", path.display())))
            }
            Self::CloseToOthers { path } => {
                let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
                if mode & OTHERS == 0 {
                    return Ok(None);
                }
                fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))?;
                Ok(Some(format!("{}: closed to other users", path.display())))
            }
            Self::AddLines { path, lines } => {
                let there = match fs::read_to_string(path) {
                    Ok(text) => text,
                    Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
                    Err(error) => return Err(error),
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
                let mut file = OpenOptions::new().append(true).create(true).open(path)?;
                file.write_all(format!("{begin}{block}\n").as_bytes())?;
                Ok(Some(format!("{}: added {}", path.display(), lines.join(", "))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_and_nothing_done_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/a.txt");
        let write = Repair::Write {
            path: path.clone(),
            text: "new".to_owned(),
        };
        assert!(write.apply().unwrap().is_some());
        fs::write(&path, "mine").unwrap();
        assert_eq!(write.apply().unwrap(), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");

        let add = Repair::AddLines {
            path: path.clone(),
            lines: vec!["x".to_owned()],
        };
        assert!(add.apply().unwrap().is_some());
        assert_eq!(add.apply().unwrap(), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine\nx\n");

        fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
        let close = Repair::CloseToOthers { path: path.clone() };
        assert!(close.apply().unwrap().is_some());
        assert_eq!(close.apply().unwrap(), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);

        let make = Repair::MakeFolder {
            path: folder.path().join("keys_pool"),
        };
        assert!(make.apply().unwrap().is_some());
        assert_eq!(make.apply().unwrap(), None);
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let failure = Repair::MakeFolder {
            path: folder.path().join("a/b"),
        }
        .apply()
        .unwrap_err();
        assert!(failure.what.contains("can't be mended"), "{failure}");
    }
}
