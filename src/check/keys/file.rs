//! What lies in the folders of keys, read once and within bounds: a pipe or device is not opened, a link not followed out of the
//! project, a huge file not read, a folder of a million files not listed to its end.

use std::path::{Path, PathBuf};

use crate::check::project::Project;
use crate::check::text::Text;
use crate::files::{Refused, Root};
use crate::secrets;

use super::found::{Entry, Keys, Kind, NotLookedAt};

/// More files than this in both folders hold no keys.
pub(super) const MOST_FILES: usize = 1000;
/// More than this in one file is not a list of keys.
const LARGEST: u64 = 1 << 20;
/// More than this in both folders is something else than keys.
pub(super) const MOST_BYTES: u64 = 4 << 20;

impl Project {
    /// The files of keys. They are read once, however many checks ask for them.
    pub(in crate::check) fn keys(&self) -> &Keys {
        self.keys.get_or_init(|| Keys::read(self))
    }
}

impl Keys {
    fn read(project: &Project) -> Self {
        let mut keys = Self::default();
        let mut bytes_left = MOST_BYTES;
        for folder in secrets::FOLDERS {
            keys.add(project, folder, &mut bytes_left);
        }
        let secret = |line: &str| {
            let (name, value) = line.split_once('=').unwrap_or_default();
            !value.trim().is_empty() && secrets::is_name(name.trim())
        };
        // Mostly it says ports and images.
        let own = project.root.join(".env");
        if let Ok(Some(text)) = Text::of_project(project, &own)
            && text.content.lines().any(secret)
        {
            keys.own = Some(own);
        }
        keys
    }

    fn add(&mut self, project: &Project, folder: &'static str, bytes_left: &mut u64) {
        let root = &project.folder;
        let found = match root.entries(Path::new(folder), MOST_FILES - self.entries.len()) {
            Ok(found) => found,
            Err(refused @ Refused::Outside) => {
                let why = root.why(Path::new(folder), &refused);
                self.left.push(NotLookedAt::LeadsOut { folder, why });
                return;
            }
            // The checklist tells it.
            Err(_) => return,
        };
        if found.more {
            self.left.push(NotLookedAt::Files { folder });
        }
        let names = found.all.into_iter().map(|entry| PathBuf::from(entry.name));
        for name in names.filter(|name| !is_other(name)) {
            let path = project.root.join(folder).join(name);
            let kind = kind(root, &path, bytes_left);
            let is_told = self.left.iter().any(|left| matches!(left, NotLookedAt::Bytes { .. }));
            if !is_told
                && matches!(
                    kind,
                    Kind::File {
                        text: None,
                        large: false
                    }
                )
            {
                self.left.push(NotLookedAt::Bytes { first: path.clone() });
            }
            self.entries.push(Entry { folder, path, kind });
        }
    }

    /// The files that hold keys, absolute: those of the two folders, and `.env` when it has secrets.
    pub(in crate::check) fn files(&self) -> impl Iterator<Item = &Path> {
        let of_folders = self
            .entries
            .iter()
            .filter(|entry| matches!(entry.kind, Kind::File { .. } | Kind::Closed(_)))
            .map(|entry| entry.path.as_path());
        of_folders.chain(self.own.as_deref())
    }
}

fn is_other(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
        || name.starts_with("README")
        || name.starts_with("__")
        || matches!(extension.as_ref(), "md" | "example" | "sample" | "template")
}

fn kind(root: &Root, path: &Path, bytes_left: &mut u64) -> Kind {
    let may_read = LARGEST.min(*bytes_left);
    match root.bytes(path, may_read) {
        Ok(bytes) => {
            *bytes_left -= bytes.len() as u64;
            Kind::File {
                text: Some(String::from_utf8_lossy(&bytes).into_owned()),
                large: false,
            }
        }
        Err(Refused::Large { .. }) => {
            // The rest is not enough for it: what comes after is not read either, so that the order of names decides, not sizes.
            let large = may_read == LARGEST;
            if !large {
                *bytes_left = 0;
            }
            Kind::File { text: None, large }
        }
        Err(refused) if refused.is_denied() => Kind::Closed(refused.to_string()),
        Err(refused @ Refused::Outside) => Kind::LeadsOut(root.why(path, &refused)),
        Err(Refused::Kind(kind)) => Kind::Other(kind.word().to_owned()),
        Err(_) => Kind::Other("a broken symbolic link".to_owned()),
    }
}
