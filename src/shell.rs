//! Commands for the user to copy. Whoever copies one hands it to a shell, so text of a container, a build, an engine, an image
//! or a file must never be more in it than one word.
//!
//! A [`ShellCommand`] is built of parts and never concatenated: shell syntax comes from our own source alone (`&'static str`),
//! and everything else is a word, quoted by `shlex` when the command is written out.

use std::fmt;
use std::path::{Component, Path};

use serde::{Serialize, Serializer};

/// What a masked word becomes when the mask itself can't be a word.
const MASK: &str = "********";

/// A command as a POSIX shell takes it. [`Display`](fmt::Display) writes it, and so does JSON: as one string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellCommand(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Programs, flags and operators of ours, as the shell reads them.
    Syntax(&'static str),
    /// One word, whatever is in it.
    Word(Word),
    /// `--`: no word after it is an option.
    EndOfOptions,
    /// `NAME=value` before a program.
    Assignment(String, Word),
    /// What another command prints, as one word: `"$(…)"`.
    Output(ShellCommand),
}

/// Text that a terminal and a shell take as it is, once it is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word(String);

impl Word {
    /// Nothing for control characters: they can't be quoted for a terminal (`shlex`, `quoting_warning`). The same goes for
    /// what ends a line or turns the direction of the text: what is read would not be what is copied.
    fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let unseen = |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (!text.contains(|c: char| c.is_control() || unseen(c))).then_some(Self(text))
    }
}

impl ShellCommand {
    /// A command that is all ours: `docker system df`, or the beginning of one.
    pub fn of(syntax: &'static str) -> Self {
        Self(vec![Part::Syntax(syntax)])
    }

    /// `NAME=value`, for the program that follows. Nothing when `name` is not the name of a variable or the value can't be a word.
    pub fn assignment(name: &str, value: &str) -> Option<Self> {
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        let is_name = name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit());
        let value = Word::new(value).filter(|_| is_name)?;
        Some(Self(vec![Part::Assignment(name.to_owned(), value)]))
    }

    /// With more syntax of ours at its end: flags, `&& chmod +x`, `>>`.
    pub fn syntax(self, syntax: &'static str) -> Self {
        self.and(Part::Syntax(syntax))
    }

    /// With one more word, whatever it begins with: a program's own argument. Nothing when the text can't be a word.
    pub fn word(self, text: &str) -> Option<Self> {
        Some(self.and(Part::Word(Word::new(text)?)))
    }

    /// With the value of the option that ends the syntax so far (`-p`). Nothing when the text can't be a word or would be taken
    /// for another option.
    pub fn value(self, text: &str) -> Option<Self> {
        if text.starts_with('-') {
            return None;
        }
        self.word(text)
    }

    /// With one more operand, never taken for an option: `--` goes before it where that is needed. Nothing when the text can't
    /// be a word or is empty.
    pub fn operand(mut self, text: impl AsRef<str>) -> Option<Self> {
        let text = text.as_ref();
        if text.is_empty() {
            return None;
        }
        if text.starts_with('-') && !self.has_ended_its_options() {
            self = self.and(Part::EndOfOptions);
        }
        self.word(text)
    }

    /// With the path of a file or folder, never taken for an option; empty is the current folder. Nothing when the path can't be
    /// a word, is not UTF-8 or climbs with `..`.
    pub fn path(self, path: &Path) -> Option<Self> {
        let text = path.to_str()?;
        if path.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        match text {
            "" => self.word("."),
            text if text.starts_with('-') => self.word(&format!("./{text}")),
            text => self.word(text),
        }
    }

    /// With what `command` prints as one operand, never taken for an option.
    pub fn output_of(mut self, command: Self) -> Self {
        if !self.has_ended_its_options() {
            self = self.and(Part::EndOfOptions);
        }
        self.and(Part::Output(command))
    }

    /// With all of `other` at its end.
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The same with each word passed through `mask`.
    pub fn masked(&self, mask: &impl Fn(&str) -> String) -> Self {
        let word = |word: &Word| Word::new(mask(&word.0)).unwrap_or_else(|| Word(MASK.to_owned()));
        let part = |part: &Part| match part {
            Part::Word(text) => Part::Word(word(text)),
            Part::Assignment(name, value) => Part::Assignment(name.clone(), word(value)),
            Part::Output(command) => Part::Output(command.masked(mask)),
            Part::Syntax(_) | Part::EndOfOptions => part.clone(),
        };
        Self(self.0.iter().map(part).collect())
    }

    /// A command within a sentence, in backticks and brackets after a space; nothing when there is none.
    pub fn aside(command: Option<Self>) -> String {
        command.map_or_else(String::new, |command| format!(" (`{command}`)"))
    }

    /// A command within a sentence, in backticks, or `otherwise` when there is none.
    pub fn or(command: Option<Self>, otherwise: &str) -> String {
        command.map_or_else(|| otherwise.to_owned(), |command| format!("`{command}`"))
    }

    /// The words that a shell must make of it, syntax taken apart as by a shell.
    pub fn words(&self) -> Vec<String> {
        let of_part = |part: &Part| match part {
            Part::Syntax(text) => shlex::split(text).unwrap_or_else(|| vec![(*text).to_owned()]),
            Part::Word(word) => vec![word.0.clone()],
            Part::EndOfOptions => vec!["--".to_owned()],
            Part::Assignment(name, value) => vec![format!("{name}={}", value.0)],
            Part::Output(command) => vec![format!("$({command})")],
        };
        self.0.iter().flat_map(of_part).collect()
    }

    /// Whether it asks for nothing that `ran`, the words of a command, did not ask for: nothing but that program's name and
    /// words of it. Setting a variable asks for more, and so does what another command prints or what follows an operator.
    pub fn repeats(&self, ran: &[String]) -> bool {
        let is_ran = |word: &str| ran.iter().any(|ran| ran == word);
        let is_known = |part: &Part| match part {
            Part::Syntax(text) => text.split(' ').all(|word| word.is_empty() || is_ran(word)),
            Part::Word(word) => is_ran(&word.0),
            Part::EndOfOptions => true,
            Part::Assignment(..) | Part::Output(_) => false,
        };
        let program = |part: &Part| match part {
            Part::Syntax(text) => ran.first().is_some_and(|ran| text.split(' ').next() == Some(ran)),
            _ => false,
        };
        self.0.first().is_some_and(program) && self.0.iter().all(is_known)
    }

    fn and(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// Whether `--` stands between the last operator and the end.
    fn has_ended_its_options(&self) -> bool {
        let is_operator = |part: &&Part| matches!(part, Part::Syntax(text) if text.contains(['|', '&', ';', '(']));
        let mut since = self.0.iter().rev().take_while(|part| !is_operator(part));
        since.any(|part| matches!(part, Part::EndOfOptions))
    }
}

#[cfg(test)]
impl ShellCommand {
    /// The words that programs may take for options, and that are not ours.
    pub(crate) fn options_of_others(&self) -> Vec<&str> {
        let before_end = self.0.iter().take_while(|part| **part != Part::EndOfOptions);
        let words = before_end.filter_map(|part| match part {
            Part::Word(word) => Some(word.0.as_str()),
            _ => None,
        });
        words.filter(|word| word.starts_with('-')).collect()
    }
}

impl From<&'static str> for ShellCommand {
    fn from(syntax: &'static str) -> Self {
        Self::of(syntax)
    }
}

impl fmt::Display for ShellCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => f.write_str(text),
            Self::Word(word) => word.fmt(f),
            Self::EndOfOptions => f.write_str("--"),
            Self::Assignment(name, value) => write!(f, "{name}={value}"),
            // Quoting begins afresh inside of the brackets.
            Self::Output(command) => write!(f, "\"$({command})\""),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It fails for a NUL alone, which no word holds.
        f.write_str(&shlex::try_quote(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for ShellCommand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What a shell makes of it, each word ended by a NUL; in a folder of its own, for what a fault would write.
    fn by_shell(shell: &str, script: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let shell = Command::new(shell).args(["-c", script]).current_dir(&folder).output();
        let done = shell.unwrap();
        assert!(done.status.success() && done.stderr.is_empty(), "{script}: {done:?}");
        let text = String::from_utf8(done.stdout).unwrap();
        text.split_terminator('\0').map(ToOwned::to_owned).collect()
    }

    /// Text that a shell would act on, and any other.
    fn hostile() -> impl Strategy<Value = String> {
        let known = [
            "`echo more`",
            "$(echo more)",
            "a'b",
            "\"",
            "a\nb",
            "--help",
            "-rf",
            "~",
            "~root",
            "#x",
            "!!",
            "{a,b}",
            "*",
            "/etc/pass?d",
            "[a-z]",
            "a;b",
            "a&&b",
            "a|b",
            ">x",
            "<(x)",
            "$HOME",
            "\\",
            "^x^y",
            "=ls",
            "",
            " ",
            "é\u{a0}",
            "\u{1b}[2J",
            "a\0b",
        ];
        prop_oneof![
            3 => proptest::sample::select(known.to_vec()).prop_map(ToOwned::to_owned),
            1 => any::<String>(),
            2 => "[-`$(){}\\[\\]*?~#!&;|<>'\"\\\\^=% a/.]{0,12}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_word_is_a_word(first in hostile(), second in hostile(), third in hostile()) {
            let command = ShellCommand::of("printf '%s\\0'").word(&first).and_then(|command| command.word(&second));
            let impossible = [&first, &second].iter().any(|text| text.contains(char::is_control));
            prop_assert!(!impossible || command.is_none());
            let Some(command) = command else { return Ok(()) };
            let text = command.to_string();
            prop_assert_eq!(shlex::split(&text), Some(command.words()));
            prop_assert_eq!(by_shell("sh", &text), [first.clone(), second.clone()]);
            // As the output of another.
            let inner = ShellCommand::of("printf '%s'").word(&third);
            let Some(inner) = inner.filter(|_| !third.is_empty()) else { return Ok(()) };
            let outer = ShellCommand::of("all() { printf '%s\\0' \"$@\"; }; all x");
            let text = outer.output_of(inner).to_string();
            prop_assert_eq!(by_shell("sh", &text), ["x", "--", third.as_str()]);
        }

        #[test]
        fn an_operand_is_no_option(text in hostile()) {
            let Some(command) = ShellCommand::of("printf '%s\\0'").operand(&text) else { return Ok(()) };
            // Of two that need it, one `--` is enough.
            let command = command.operand(&text).unwrap();
            let words = command.words();
            let options = words.iter().filter(|word| *word == "--").count();
            let is_like_it = text == "--";
            prop_assert!(is_like_it || options <= 1);
            let end = words.iter().position(|word| word == "--");
            let first = words.iter().position(|word| *word == text).unwrap();
            prop_assert!(!text.starts_with('-') || end.is_some_and(|end| end < first || is_like_it));
        }

        #[test]
        fn a_path_is_no_option_and_never_climbs(text in hostile(), folder in "[a-z-]{0,3}") {
            let path = Path::new(&folder).join(&text);
            let command = ShellCommand::of("ls").path(&path);
            let climbs = path.components().any(|part| part == Component::ParentDir);
            prop_assert!(!climbs || command.is_none());
            if let Some(command) = command {
                prop_assert!(!command.words()[1].starts_with('-'));
            }
        }

        #[test]
        fn an_assignment_is_of_a_variable(name in hostile(), value in hostile()) {
            if let Some(command) = ShellCommand::assignment(&name, &value) {
                prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
                prop_assert!(!command.to_string().contains('\n'));
            }
            let Some(command) = ShellCommand::assignment("SOME_NAME", &value) else { return Ok(()) };
            let text = command.syntax("sh -c 'printf \"%s\\0\" \"$SOME_NAME\"'").to_string();
            prop_assert_eq!(by_shell("sh", &text), [value]);
        }
    }

    #[test]
    fn other_shells_read_it_alike() {
        let text = "a'b`id`$(id)!!{a,b}~*\\ \"";
        let command = ShellCommand::of("printf '%s\\0'").word(text).unwrap().to_string();
        for shell in ["bash", "dash", "zsh", "ash"] {
            if Command::new(shell).args(["-c", ":"]).status().is_ok() {
                assert_eq!(by_shell(shell, &command), [text], "{shell}");
            }
        }
    }

    #[test]
    fn commands_as_people_write_them() {
        let command = ShellCommand::of("sudo chown -R")
            .operand("10001")
            .and_then(|command| command.path(Path::new("my data/-x")));
        assert_eq!(command.unwrap().to_string(), "sudo chown -R 10001 'my data/-x'");
        let owner = ShellCommand::of("id -u");
        let command = ShellCommand::of("chown").output_of(owner).path(Path::new("-x"));
        assert_eq!(command.unwrap().to_string(), "chown -- \"$(id -u)\" ./-x");
        assert_eq!(ShellCommand::of("ls").path(Path::new("")).unwrap().to_string(), "ls .");
        assert_eq!(ShellCommand::of("docker rm").operand(""), None);
        assert_eq!(ShellCommand::of("docker -p").value("-x"), None);
        let run = ShellCommand::assignment("A", "b c").unwrap().syntax("magicctl up");
        assert_eq!(run.to_string(), "A='b c' magicctl up");
        assert_eq!(serde_json::to_string(&run).unwrap(), "\"A='b c' magicctl up\"");
        assert_eq!(ShellCommand::aside(Some(run)), " (`A='b c' magicctl up`)");
    }

    #[test]
    fn what_asks_for_no_more_than_was_run_repeats_it() {
        let ran = ["magicctl", "-p", "mine", "up", "--no-check", "app"].map(ToOwned::to_owned);
        let magicctl = || ShellCommand::of("magicctl -p").value("mine").unwrap();
        let up = || magicctl().syntax("up");
        assert!(up().repeats(&ran));
        assert!(up().operand("app").unwrap().repeats(&ran));
        let others = [
            up().operand("other").unwrap(),
            up().syntax("--build"),
            magicctl().syntax("rebuild").operand("app").unwrap(),
            ShellCommand::assignment("A", "b").unwrap().then(up()),
            ShellCommand::of("chmod +x x &&").then(up()),
            ShellCommand::of("docker -p mine up"),
            up().output_of(ShellCommand::of("magicctl up")),
        ];
        for other in others {
            assert!(!other.repeats(&ran), "{other}");
            assert!(!other.repeats(&[]), "{other}");
        }
        assert!(!up().repeats(&[]));
    }

    #[test]
    fn masked_words_stay_words() {
        let command = ShellCommand::of("docker run").operand("sk-1 x").unwrap();
        let masked = command.masked(&|text| text.replace("sk-1", "\u{1b}"));
        assert_eq!(masked.to_string(), "docker run '********'");
        let masked = command.masked(&|text| text.replace("sk-1", "***"));
        assert_eq!(masked.to_string(), "docker run '*** x'");
    }
}
