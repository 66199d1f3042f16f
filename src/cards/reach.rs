//! Which files a card opens and shows, and which its commands change. Text of a container or a build names paths of its own
//! choice, so none is opened but below the project's folder or a build context, and none is shown or changed elsewhere.

use std::path::{Component, Path, PathBuf};

use crate::failure::Place;
use crate::files::{self, Kind, Root};

use super::surroundings::Surroundings;

/// A file longer than this is not looked into.
const LONGEST_FILE: u64 = 4 << 20;

impl Surroundings<'_> {
    /// The project's folder, and the build contexts of its services.
    fn folders(&self) -> impl Iterator<Item = &Path> {
        let stack = self.stack.into_iter();
        stack.flat_map(|stack| {
            let builds = stack.services.values().filter_map(|service| service.build.as_ref());
            std::iter::once(stack.working_dir.as_path()).chain(builds.map(|build| build.context.as_path()))
        })
    }

    /// Those above `path`, opened.
    fn roots(&self, path: &Path) -> impl Iterator<Item = Root> {
        let above = self.folders().filter(move |folder| path.starts_with(folder));
        above.filter_map(|folder| Root::open(folder).ok())
    }

    /// What is in the file at `path` of the project or a build context.
    pub(super) fn read(&self, path: &Path) -> Option<String> {
        self.roots(path).find_map(|root| root.text(path, LONGEST_FILE).ok())
    }

    /// What lies at `path` of the project or a build context.
    pub(super) fn kind(&self, path: &Path) -> Option<Kind> {
        self.roots(path).find_map(|root| root.kind(path).ok().flatten())
    }

    /// What is in a folder of the project or a build context, in order, and whether each is a folder; at most `most`.
    pub(super) fn entries(&self, folder: &Path, most: usize) -> Vec<(PathBuf, bool)> {
        let found = self.roots(folder).find_map(|root| root.entries(folder, most).ok());
        let entries = found.unwrap_or_default().all.into_iter();
        entries
            .map(|entry| (folder.join(entry.name), entry.kind == Kind::Folder))
            .collect()
    }

    /// A line of a file of the project or a build context.
    pub(super) fn line(&self, path: &Path, number: usize) -> Option<Place> {
        let text = self.read(path)?;
        let line = text.lines().nth(number.checked_sub(1)?)?;
        Some(whole_line(path, number, line))
    }

    /// `place` without the text of its line, unless that is a line of a file of the project.
    pub(super) fn as_shown(&self, place: Place) -> Place {
        let root = self.stack.and_then(|stack| Root::open(&stack.working_dir).ok());
        let is_own = root.is_some_and(|root| root.is_file(&self.here.join(&place.file)));
        Place {
            source: place.source.filter(|_| is_own),
            ..place
        }
    }

    /// Whether a command to copy may change what lies at `path`, or make it there: in the project or a build context, or an
    /// env file that the user named.
    pub(super) fn may_change(&self, path: &Path) -> bool {
        let named = self.stack.filter(|stack| stack.env_files_named);
        let is_named = named.is_some_and(|stack| stack.env_files.iter().any(|file| file == path));
        // No link on the way leads out of any of them. What can't be looked at may be one.
        let mut roots = self.roots(path).peekable();
        let is_below = roots.peek().is_some() && roots.all(|root| root.kind(path).is_ok());
        is_named || (!climbs(path) && is_below)
    }
}

/// What is in a file that the user or a Compose file names: the Compose file itself, an env file.
pub(super) fn named(path: &Path) -> Option<String> {
    files::text(path, LONGEST_FILE).ok()
}

/// Whether `..` is on the way.
pub(super) fn climbs(path: &Path) -> bool {
    path.components().any(|part| part == Component::ParentDir)
}

/// The whole of a line as a place, its indent left out.
pub(super) fn whole_line(file: &Path, number: usize, line: &str) -> Place {
    let indent = line.chars().take_while(|c| c.is_whitespace()).count();
    Place {
        file: file.to_owned(),
        line: number,
        column: indent + 1,
        width: line.trim().chars().count().max(1),
        source: Some(line.trim_end().to_owned()),
    }
}
