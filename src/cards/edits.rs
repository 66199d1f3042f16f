//! Edits of the project's files as commands to copy. A file that a command may not change has none.

use std::path::Path;

use crate::files::Kind;
use crate::shell::ShellCommand;

use super::reach::named;
use super::surroundings::Surroundings;

impl Surroundings<'_> {
    /// The command that adds a line to a file, which need not be there.
    pub(super) fn append(&self, line: &str, file: &Path) -> Option<ShellCommand> {
        self.changed(file)?;
        let ends_within_a_line = |text: String| !text.is_empty() && !text.ends_with('\n');
        // `echo` would read backslashes and flags in the line, `printf` takes it as it is.
        let print = if named(file).is_some_and(ends_within_a_line) {
            ShellCommand::of(r"printf '\n%s\n'")
        } else {
            ShellCommand::of(r"printf '%s\n'")
        };
        print.word(line)?.syntax(">>").path(self.typed(file))
    }

    /// The command that puts `line` in the place of another, by its number, 1-based.
    pub(super) fn replace_line(&self, file: &Path, number: usize, line: &str) -> Option<ShellCommand> {
        self.sed(&format!("{number}s|.*|{}|", replacement(line, '|')?), file)
    }

    /// The command that has the line of requirements.txt for `package` ask for `version`, whatever else it says.
    pub(super) fn ask_for_version(&self, service: &str, package: &str, version: &str) -> Option<ShellCommand> {
        let (path, line) = self.requirement(service, package)?;
        let version = replacement(version, '/')?;
        // All of the specifiers (PEP 440), up to a marker or a comment.
        self.sed(
            &format!("{line}s/[=<>~!]=* *[[:alnum:].,<>=~!*+_-]*/=={version}/"),
            &path,
        )
    }

    fn sed(&self, program: &str, file: &Path) -> Option<ShellCommand> {
        self.changed(file)?;
        let sed = ShellCommand::of("sed -i --follow-symlinks").word(program)?;
        sed.path(self.typed(file))
    }

    /// Nothing for a file that a command may not change, or that is none.
    fn changed(&self, file: &Path) -> Option<()> {
        let is_a_file = matches!(self.kind(file), None | Some(Kind::File));
        (is_a_file && self.may_change(file)).then_some(())
    }
}

/// `text` as the replacement of sed's `s` command, where `\`, `&` and the `delimiter` mean something (POSIX, sed, "Editing
/// Commands"). Nothing for more than one line.
fn replacement(text: &str, delimiter: char) -> Option<String> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => return None,
            c if c == delimiter || matches!(c, '\\' | '&') => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What sed makes of the second of three lines.
    fn by_sed(program: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, "first\nsecond\nthird\n").unwrap();
        let command = ShellCommand::of("sed").word(program).unwrap().path(&file).unwrap();
        let done = Command::new("sh").args(["-c", &command.to_string()]).output().unwrap();
        assert!(done.status.success(), "{program}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn sed_writes_the_line_as_it_is(line in prop_oneof![
            "[-\\\\&|/n1-9.*\\[\\]$^'\"` ]{0,12}",
            "[\\\\][\\\\&|n1uULE]{1,6}",
            any::<String>(),
        ]) {
            let Some(text) = replacement(&line, '|') else {
                prop_assert!(line.contains('\n'));
                return Ok(());
            };
            let is_plain = !line.contains(char::is_control) && ShellCommand::default().word(&line).is_some();
            if is_plain {
                prop_assert_eq!(by_sed(&format!("2s|.*|{text}|")), format!("first\n{line}\nthird\n"));
            }
        }
    }

    #[test]
    fn what_sed_would_read_is_escaped() {
        for line in [r"a&b", r"a\1b", r"a|e id", r"\n\U&", "|w /tmp/x"] {
            let program = format!("2s|.*|{}|", replacement(line, '|').unwrap());
            assert_eq!(by_sed(&program), format!("first\n{line}\nthird\n"));
        }
        assert_eq!(replacement("a\nb", '/'), None);
    }
}
