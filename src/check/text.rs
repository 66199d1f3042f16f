//! A file of the project, read within bounds, with places in it.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::codes;
use crate::failure::Place;

use super::Finding;

/// No file that a check reads as a whole is larger, unless something is wrong with it.
const LARGEST: u64 = 4 << 20;

/// A text and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub path: PathBuf,
    pub text: String,
}

impl Text {
    /// Reads `path`; nothing when it is not there, a finding when it can't be read. A pipe or device is not opened, and no
    /// more is read than a file of its kind may have.
    pub fn read(path: &Path) -> Result<Option<Self>, Finding> {
        let cant = |why: String| unreadable(&shown(path), &why);
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cant(error.to_string())),
        };
        if !meta.is_file() {
            return Err(cant("it is no regular file".to_owned()));
        }
        if meta.len() > LARGEST {
            return Err(cant(format!("it is larger than {} MB", LARGEST >> 20)));
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
            .map_err(|error| cant(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            cant(format!("line {line} is not UTF-8"))
        })?;
        Ok(Some(Self {
            path: path.to_owned(),
            text,
        }))
    }

    /// The place of a range of bytes.
    pub fn place(&self, range: &Range<usize>) -> Place {
        let start = range.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let end = range.end.clamp(start, line_start + line.len().max(start - line_start));
        Place {
            file: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
            width: self.text.get(start..end).map_or(1, |text| text.chars().count()).max(1),
            source: Some(line.to_owned()),
        }
    }

    /// The place of a whole line, 1-based.
    pub fn line(&self, number: usize) -> Place {
        let line = self.text.lines().nth(number.saturating_sub(1)).unwrap_or_default();
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        Place {
            file: self.path.clone(),
            line: number,
            column: indent + 1,
            width: line.trim().chars().count().max(1),
            source: Some(line.to_owned()),
        }
    }
}

/// A file that can't be read, and why.
pub(super) fn unreadable(shown: &str, why: &str) -> Finding {
    let finding = Finding::new(&codes::UNREADABLE, format!("{shown} can't be read"))
        .because(why)
        .in_file();
    if why.contains("ermission") {
        finding
    } else {
        finding.fix(format!(
            "see what it is (`ls -l {shown}`), and put a regular text file in its place"
        ))
    }
}

/// The name alone.
fn shown(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_stay_on_their_line() {
        let text = Text {
            path: PathBuf::from("f"),
            text: "ab\n  äö cd\nx".to_owned(),
        };
        let from = text.text.find('c').unwrap();
        let place = text.place(&(from..text.text.len()));
        assert_eq!((place.line, place.column, place.width), (2, 6, 2));
        assert_eq!(place.source.as_deref(), Some("  äö cd"));
        let place = text.line(2);
        assert_eq!((place.column, place.width), (3, 5));
        let place = text.place(&(100..200));
        assert_eq!((place.line, place.width), (3, 1));
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Text::read(&folder.path().join("none")).unwrap().is_none());
        assert!(Text::read(folder.path()).is_err());
        assert!(Text::read(Path::new("/dev/zero")).is_err());
        let looped = folder.path().join("loop");
        std::os::unix::fs::symlink(&looped, &looped).unwrap();
        assert!(Text::read(&looped).is_err());
        let large = folder.path().join("large");
        File::create(&large).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(Text::read(&large).is_err());
    }
}
