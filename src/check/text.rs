//! A file that is checked, read within bounds, with places in it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::codes;
use crate::failure::Place;
use crate::files::{self, Refused};
use crate::shell::ShellCommand;

use super::Finding;
use super::project::Project;

/// No file that a check reads as a whole is larger, unless something is wrong with it.
pub(super) const LARGEST: u64 = 4 << 20;

/// A longer line is not shown, and columns on it are counted in bytes.
const LONGEST_LINE: usize = 1_000;

/// A text and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub path: PathBuf,
    pub content: String,
    /// Whether findings may quote it: a file outside of the project is nobody's business here, whatever names it.
    pub quotable: bool,
    /// Where each line begins; found once, however many places are asked for.
    lines: OnceLock<Vec<usize>>,
}

impl Text {
    pub fn new(path: PathBuf, content: String, quotable: bool) -> Self {
        Self {
            path,
            content,
            quotable,
            lines: OnceLock::new(),
        }
    }

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
            Ok(text) => Ok(Some(Self::new(path.to_owned(), text, quotable))),
            Err(Refused::Missing) => Ok(None),
            Err(refused) => Err(refused_in(project, path, &refused)),
        }
    }

    /// `word` of the text, for a finding.
    pub fn word<'w>(&self, word: &'w str) -> &'w str {
        if self.quotable { word } else { "…" }
    }

    /// Where each line begins.
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.content.as_bytes());
            std::iter::once(0).chain(ends.map(|end| end + 1)).collect()
        })
    }

    /// Line `number` (from 1) without its end, and where it begins.
    fn nth(&self, number: usize) -> (&str, usize) {
        let lines = self.lines();
        let Some(begin) = number.checked_sub(1).and_then(|index| lines.get(index)).copied() else {
            return ("", self.content.len());
        };
        let end = lines.get(number).map_or(self.content.len(), |next| next - 1);
        let line = &self.content[begin..end];
        (line.strip_suffix('\r').unwrap_or(line), begin)
    }

    /// A line as far as it is shown.
    fn shown(&self, line: &str) -> Option<String> {
        (self.quotable && line.len() <= LONGEST_LINE).then(|| line.to_owned())
    }

    /// The place of a range of bytes.
    pub fn place(&self, range: &Range<usize>) -> Place {
        let start = range.start.min(self.content.len());
        let number = self.lines().partition_point(|begin| *begin <= start);
        let (line, begin) = self.nth(number);
        let end = range.end.clamp(start, begin + line.len().max(start - begin));
        let characters = |range: Range<usize>| match self.content.get(range.clone()) {
            Some(text) if line.len() <= LONGEST_LINE => text.chars().count(),
            Some(_) => range.len(),
            None => 1,
        };
        Place {
            file: self.path.clone(),
            line: number,
            column: characters(begin..start) + 1,
            width: characters(start..end).max(1),
            source: self.shown(line),
        }
    }

    /// The place of a whole line, 1-based.
    pub fn line(&self, number: usize) -> Place {
        let (line, _) = self.nth(number);
        // Of a line that is too long only the number matters.
        let short = if line.len() <= LONGEST_LINE { line } else { "" };
        let indent = short.chars().take_while(|c| c.is_whitespace()).count();
        Place {
            file: self.path.clone(),
            line: number,
            column: indent + 1,
            width: short.trim().chars().count().max(1),
            source: self.shown(line),
        }
    }
}

/// A file of the project that was not read, or not looked at because a link leads out.
pub(super) fn refused_in(project: &Project, path: &Path, refused: &Refused) -> Finding {
    let why = project.folder.why(path, refused);
    match refused {
        Refused::Outside => led_out(&project.shown(path).to_string(), &why),
        _ => unreadable(&project.shown(path).to_string(), &why, refused.is_denied()),
    }
}

/// What was not looked at because a link leads out of the project.
pub(super) fn led_out(shown: &str, why: &str) -> Finding {
    Finding::new(
        &codes::LINK_OUT,
        format!("{shown} is not read: it is a link that leads out of the project"),
    )
    .because(why)
}

/// A file that can't be read, and why; `is_denied`: this user has no right to it.
pub(super) fn unreadable(shown: &str, why: &str, is_denied: bool) -> Finding {
    let finding = Finding::new(&codes::UNREADABLE, format!("{shown} can't be read"))
        .because(why)
        .in_file();
    if is_denied {
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
        let text = Text::new(PathBuf::from("f"), "ab\n  äö cd\nx".to_owned(), true);
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
        let text = Text::new(PathBuf::from("f"), "FROM scratch\nhunter2".to_owned(), false);
        assert_eq!((text.line(2).line, text.line(2).source), (2, None));
        assert_eq!((text.place(&(13..20)).line, text.place(&(13..20)).source), (2, None));
        assert_eq!(text.word("hunter2"), "…");
    }

    #[test]
    fn places_at_the_edges() {
        let text = Text::new(PathBuf::from("f"), "a\r\n\nb".to_owned(), true);
        let seen = |place: Place| (place.line, place.column, place.width, place.source.unwrap());
        assert_eq!(seen(text.place(&(0..9))), (1, 1, 1, "a".to_owned()));
        assert_eq!(seen(text.place(&(3..3))), (2, 1, 1, String::new()));
        assert_eq!(seen(text.place(&(4..5))), (3, 1, 1, "b".to_owned()));
        assert_eq!(seen(text.place(&(5..5))), (3, 2, 1, "b".to_owned()));
        for number in [0, 4, usize::MAX] {
            assert_eq!(seen(text.line(number)), (number, 1, 1, String::new()));
        }
        assert_eq!(
            seen(Text::new(PathBuf::from("f"), String::new(), true).place(&(0..0))),
            (1, 1, 1, String::new())
        );
    }

    /// From the beginning each time, and with the line each time, these would be 10¹² bytes.
    #[test]
    fn places_of_a_large_file_take_no_time() {
        let size = 2 << 20;
        for (unit, lines) in [("a\n", size / 2 + 1), ("a ", 1)] {
            let text = Text::new(PathBuf::from("f"), unit.repeat(size / 2), true);
            for at in (0..size).step_by(4) {
                let place = text.place(&(at..at + 1));
                assert!(place.line <= lines && place.width == 1);
                assert!(place.source.is_none_or(|line| line.len() < 2));
            }
            assert_eq!(text.place(&(size - 2..size)).line, lines.max(2) - 1);
        }
    }
}
