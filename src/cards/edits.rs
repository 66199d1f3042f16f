//! Edits of the project's files as commands to copy.

use std::borrow::Cow;
use std::path::Path;

use super::surroundings::{Surroundings, read};

impl Surroundings<'_> {
    /// The command that adds a line to a file.
    pub(super) fn append(&self, line: &str, file: &Path) -> String {
        let (line, name) = (quoted(line), self.quoted(file));
        match read(file) {
            Some(text) if !text.is_empty() && !text.ends_with('\n') => format!("printf '\\n%s\\n' {line} >> {name}"),
            _ => format!("echo {line} >> {name}"),
        }
    }

    /// A path as a shell takes it, from the user's directory.
    pub(super) fn quoted(&self, path: &Path) -> String {
        shlex::try_quote(&self.shown(path)).map_or_else(|_| self.shown(path), Cow::into_owned)
    }

    /// The command that has the line of requirements.txt for `package` ask for `version`, whatever else it says.
    pub(super) fn ask_for_version(&self, service: &str, package: &str, version: &str) -> Option<String> {
        let (path, line) = self.requirement(service, package)?;
        Some(format!(
            "sed -i --follow-symlinks '{line}s/[=<>~!]=* *[^;# ]*/=={version}/' {}",
            self.quoted(&path)
        ))
    }
}

/// `text` as a shell takes it, always in quotes: it is text, not a name.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
