//! A file that is checked, read within bounds, with places in it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::codes;
use crate::failure::Place;
use crate::files::{self, Refused};
use crate::shell::ShellCommand;

use super::Finding;
use super::project::Project;

/// No file that a check reads as a whole is larger, unless something is wrong with it.
pub(super) const LARGEST: u64 = 4 << 20;

/// A text and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub path: PathBuf,
    pub content: String,
    /// Whether findings may quote it: a file outside of the project is nobody's business here, whatever names it.
    pub quotable: bool,
}

impl Text {
    /// Reads the file at `path` in the project; nothing when it is not there, a finding when it can't be read. A pipe or device
    /// is not opened, no link is followed out of the project, and no more is read than a file of its kind may have.
    pub fn of_project(project: &Project, path: &Path) -> Result<Option<Self>, Finding> {
        Self::from(project, path, project.folder.text(path, LARGEST), true)
    }

    /// The same of a file that the Compose file names, which is read wherever it lies, as Compose reads it.
    pub fn named(project: &Project, path: &Path) -> Result<Option<Self>, Finding> {
        let (read, quotable) = match project.folder.text(path, LARGEST) {
            Err(Refused::Outside) => (files::text(path, LARGEST), false),
            read => (read, true),
        };
        Self::from(project, path, read, quotable)
    }

    fn from(
        project: &Project,
        path: &Path,
        read: Result<String, Refused>,
        quotable: bool,
    ) -> Result<Option<Self>, Finding> {
        match read {
            Ok(text) => Ok(Some(Self {
                path: path.to_owned(),
                content: text,
                quotable,
            })),
            Err(Refused::Missing) => Ok(None),
            Err(refused) => Err(refused_in(project, path, &refused)),
        }
    }

    /// `word` of the text, for a finding.
    pub fn word<'w>(&self, word: &'w str) -> &'w str {
        if self.quotable { word } else { "…" }
    }

    /// The place of a range of bytes.
    pub fn place(&self, range: &Range<usize>) -> Place {
        let start = range.start.min(self.content.len());
        let before = self.content.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.content[line_start..].lines().next().unwrap_or_default();
        let end = range.end.clamp(start, line_start + line.len().max(start - line_start));
        Place {
            file: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: self.content[line_start..start].chars().count() + 1,
            width: self
                .content
                .get(start..end)
                .map_or(1, |text| text.chars().count())
                .max(1),
            source: self.quotable.then(|| line.to_owned()),
        }
    }

    /// The place of a whole line, 1-based.
    pub fn line(&self, number: usize) -> Place {
        let line = self.content.lines().nth(number.saturating_sub(1)).unwrap_or_default();
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        Place {
            file: self.path.clone(),
            line: number,
            column: indent + 1,
            width: line.trim().chars().count().max(1),
            source: self.quotable.then(|| line.to_owned()),
        }
    }
}

/// A file of the project that was not read, or not looked at because a link leads out.
pub(super) fn refused_in(project: &Project, path: &Path, refused: &Refused) -> Finding {
    let why = project.folder.why(path, refused);
    match refused {
        Refused::Outside => led_out(&project.shown(path).to_string(), &why),
        _ => unreadable(&project.shown(path).to_string(), &why),
    }
}

/// What was not looked at because a link leads out of the project.
pub(super) fn led_out(shown: &str, why: &str) -> Finding {
    Finding::new(
        &codes::LINK_OUT,
        format!("{shown} is not looked at: it leads out of the project"),
    )
    .because(why)
}

/// A file that can't be read, and why.
pub(super) fn unreadable(shown: &str, why: &str) -> Finding {
    let finding = Finding::new(&codes::UNREADABLE, format!("{shown} can't be read"))
        .because(why)
        .in_file();
    if why.contains("ermission") {
        finding
    } else {
        let list = ShellCommand::aside(ShellCommand::of("ls -l").path(Path::new(shown)));
        finding.fix(format!(
            "see what it is{list}, and put a regular text file in its place"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_stay_on_their_line() {
        let text = Text {
            path: PathBuf::from("f"),
            content: "ab\n  äö cd\nx".to_owned(),
            quotable: true,
        };
        let from = text.content.find('c').unwrap();
        let place = text.place(&(from..text.content.len()));
        assert_eq!((place.line, place.column, place.width), (2, 6, 2));
        assert_eq!(place.source.as_deref(), Some("  äö cd"));
        let place = text.line(2);
        assert_eq!((place.column, place.width), (3, 5));
        let place = text.place(&(100..200));
        assert_eq!((place.line, place.width), (3, 1));
    }

    #[test]
    fn lines_of_a_file_elsewhere_are_placed_and_not_quoted() {
        let text = Text {
            path: PathBuf::from("f"),
            content: "FROM scratch\nhunter2".to_owned(),
            quotable: false,
        };
        assert_eq!((text.line(2).line, text.line(2).source), (2, None));
        assert_eq!((text.place(&(13..20)).line, text.place(&(13..20)).source), (2, None));
        assert_eq!(text.word("hunter2"), "…");
    }
}
