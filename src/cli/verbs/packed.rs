//! What `cp` packs into a container, and under which name: the rules of the Docker client's `cp`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files::{self, Kind};

/// A file or folder of this machine on its way into a container.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    source: PathBuf,
    follow: bool,
    /// The directory in the container that it is unpacked into.
    pub into: String,
    /// Its name there; `.` for a folder's content.
    name: String,
}

impl Packed {
    /// `typed` is how the user wrote `source`; `exists` says whether `path` in the container is there, and is a directory.
    pub(super) fn plan(
        source: &Path,
        typed: &str,
        follow: bool,
        path: &str,
        exists: Option<bool>,
    ) -> Result<Self, Failure> {
        let cant = |why: String| Failure::failed(format!("{typed} can't be copied")).because(why);
        let follow = follow || typed.ends_with('/') || typed.ends_with("/.");
        let found = files::looked_at(source, follow).map_err(|error| cant(error.to_string()))?;
        let is_folder = found == Kind::Folder;
        let only_content = typed == "." || typed.ends_with("/.");
        if only_content && !is_folder {
            return Err(cant("it is not a directory".to_owned()));
        }
        let (into, name) = match exists {
            Some(true) if only_content => (path.to_owned(), ".".to_owned()),
            Some(true) => (
                path.to_owned(),
                last_part(&files::real(source).unwrap_or_else(|_| source.to_owned()), source),
            ),
            Some(false) if is_folder => return Err(cant(format!("it is a directory, but {path} is a file"))),
            Some(false) if path.ends_with('/') => return Err(cant(format!("{path} is not a directory"))),
            None if path.ends_with('/') && !is_folder => {
                return Err(cant(format!("there is no directory {path}"))
                    .hint("leave out the trailing slash to use that as the file's name"));
            }
            _ => split(path),
        };
        Ok(Self {
            source: source.to_owned(),
            follow,
            into,
            name,
        })
    }

    /// As a tar stream.
    pub(super) fn write(self, writer: &mut dyn Write) -> io::Result<()> {
        files::pack(&self.source, &self.name, self.follow, writer)
    }
}

/// The name that a path ends in; of `..` and the like that of what it leads to.
fn last_part(resolved: &Path, typed: &Path) -> String {
    let name = match typed.components().next_back() {
        Some(std::path::Component::Normal(name)) => Some(name),
        _ => resolved.file_name(),
    };
    name.map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// `/a/b/` → (`/a`, `b`).
fn split(path: &str) -> (String, String) {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit_once('/') {
        Some(("", name)) => ("/".to_owned(), name.to_owned()),
        Some((parent, name)) => (parent.to_owned(), name.to_owned()),
        None => ("/".to_owned(), trimmed.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_goes_in_follows_the_docker_clients_rules() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f"), "x").unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        let plan = |typed: &str, path: &str, exists| {
            Packed::plan(&folder.path().join(typed), typed, false, path, exists)
                .map(|packed| (packed.into, packed.name))
                .map_err(|failure| failure.to_string())
        };
        let ok = |into: &str, name: &str| Ok((into.to_owned(), name.to_owned()));
        assert_eq!(plan("f", "/tmp", Some(true)), ok("/tmp", "f"));
        assert_eq!(plan("f", "/tmp/new", None), ok("/tmp", "new"));
        assert_eq!(plan("f", "/old", Some(false)), ok("/", "old"));
        assert_eq!(plan("d", "/tmp", Some(true)), ok("/tmp", "d"));
        assert_eq!(plan("d/.", "/tmp", Some(true)), ok("/tmp", "."));
        assert_eq!(plan("d", "/tmp/new/", None), ok("/tmp", "new"));
        for (typed, path, exists, why) in [
            ("f", "/tmp/new/", None, "no directory /tmp/new/"),
            ("d", "/old", Some(false), "/old is a file"),
            ("f", "/old/", Some(false), "not a directory"),
            ("gone", "/tmp", Some(true), "No such file"),
            ("f/.", "/tmp", Some(true), "Not a directory"),
        ] {
            let error = plan(typed, path, exists).unwrap_err();
            assert!(error.contains(why), "{typed} {path}: {error}");
        }
    }
}
