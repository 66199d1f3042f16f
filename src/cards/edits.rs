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

    /// The command that has the line of requirements.txt for `package` ask for `version`, whatever else it says. None where
    /// hashes follow, which are those of the files of one version.
    pub(super) fn ask_for_version(&self, service: &str, package: &str, version: &str) -> Option<ShellCommand> {
        let (path, number) = self.requirement(service, package)?;
        let text = self.read(&path)?;
        let line = text.lines().nth(number.checked_sub(1)?)?;
        self.replace_line(&path, number, &at_version(line, version)?)
    }

    /// The command that adds a requirement. None where the others have hashes: pip would refuse it without.
    pub(super) fn add_requirement(&self, package: &str, file: &Path) -> Option<ShellCommand> {
        let is_hashed = self.read(file).is_some_and(|text| text.contains("--hash"));
        if is_hashed { None } else { self.append(package, file) }
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

/// A line of requirements.txt that asks for `version` of its package: the specifiers (PEP 440) give way, extras, marker and
/// comment stay. None of one that goes on in the next line, or names an address.
fn at_version(line: &str, version: &str) -> Option<String> {
    if line.trim_end().ends_with('\\') || line.contains("--") || line.contains('@') {
        return None;
    }
    let is_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begin = line.len() - line.trim_start().len();
    let mut end = line[begin..]
        .find(|c| !is_of_a_name(c))
        .map_or(line.len(), |length| begin + length);
    if line[end..].trim_start().starts_with('[') {
        end += line[end..].find(']')? + 1;
    }
    let rest = &line[end..];
    let comment = rest.find(" #").map(|at| at + 1);
    let kept = rest.find(';').into_iter().chain(comment).min();
    let kept = kept.map_or(String::new(), |at| format!(" {}", &rest[at..]));
    Some(format!("{}=={version}{kept}", &line[..end]))
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
    fn another_version_leaves_the_rest_of_the_line() {
        for (line, wanted) in [
            ("redis==8.1.0", Some("redis==2.0")),
            ("redis", Some("redis==2.0")),
            ("  redis[hiredis] >= 8, < 9  # why", Some("  redis[hiredis]==2.0 # why")),
            ("redis [hiredis]>=8", Some("redis [hiredis]==2.0")),
            (
                "redis ; python_version < \"3.9\"",
                Some("redis==2.0 ; python_version < \"3.9\""),
            ),
            (
                "redis~=8.0;python_version<'3.9' # x",
                Some("redis==2.0 ;python_version<'3.9' # x"),
            ),
            ("redis==8.1.0 \\", None),
            ("redis==8.1.0 --hash=sha256:00", None),
            ("redis @ https://host/redis.whl", None),
        ] {
            assert_eq!(at_version(line, "2.0").as_deref(), wanted, "{line}");
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
