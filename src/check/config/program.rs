//! Configuration that a program other than ours reads: the program itself says whether it is well, run in its own image.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::compose::{MountKind, Service};
use crate::failure::{Failure, Place};

/// A program's own check of its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The service.
    pub service: String,
    /// Its image.
    pub image: String,
    /// The file on this machine.
    pub file: PathBuf,
    /// Where the file is mounted.
    pub target: String,
    /// What to run, behind the image's entry point.
    pub command: Vec<String>,
    /// Variables that the file may use, `NAME=value`.
    pub env: Vec<String>,
}

impl Verification {
    /// What checks the configuration of `service`; `None` when its program has no such check.
    pub fn of(project: &str, service: &Service) -> Option<Self> {
        let command = service.command.clone().unwrap_or_default();
        let (target, command) = match service.name.as_str() {
            "loki" | "promtail" => {
                let flag = if service.name == "loki" {
                    "-verify-config"
                } else {
                    "-check-syntax"
                };
                let target = command
                    .iter()
                    .find_map(|word| word.trim_start_matches('-').strip_prefix("config.file="))?;
                (target.to_owned(), [command.clone(), vec![flag.to_owned()]].concat())
            }
            // It has no check without running; formatting parses.
            "alloy" => {
                let target = command.last().filter(|word| word.starts_with('/'))?.clone();
                (target.clone(), vec!["fmt".to_owned(), target])
            }
            _ => return None,
        };
        let mount = service
            .volumes
            .iter()
            .find(|mount| mount.kind == MountKind::Bind && mount.target == target)?;
        Some(Self {
            service: service.name.clone(),
            image: service.image_ref(project),
            file: PathBuf::from(mount.source.as_ref()?),
            target,
            command,
            env: service
                .environment
                .iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
                .collect(),
        })
    }

    /// What the program's words mean, when it ended with anything but 0. `shown` is the file as the user names it.
    pub fn failure(&self, shown: &Path, output: &str) -> Failure {
        let said = last_words(output);
        let failure = Failure::invalid(format!("{} can't read {}", self.service, shown.display()))
            .because(said.clone())
            .hint("nothing was touched; `magicctl render --diff` shows what was edited");
        match self.place(shown, &said) {
            Some(place) => failure.at(place),
            None => failure,
        }
    }

    /// The line that the program names, else the one with the word that it quotes.
    fn place(&self, shown: &Path, said: &str) -> Option<Place> {
        static LINE: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"(?:\bline |\.alloy:)(\d+)(?::(\d+))?").ok());
        let text = std::fs::read_to_string(&self.file).ok()?;
        let found = LINE.as_ref()?.captures(said)?;
        let number: usize = found[1].parse().ok()?;
        let source = text.lines().nth(number.checked_sub(1)?)?;
        let indent = source.chars().take_while(|c| c.is_whitespace()).count();
        let column = found.get(2).and_then(|column| column.as_str().parse().ok());
        Some(Place {
            file: shown.to_owned(),
            line: number,
            column: column.unwrap_or(indent + 1),
            width: if column.is_some() {
                1
            } else {
                source.trim().chars().count().max(1)
            },
            source: Some(source.to_owned()),
        })
    }
}

/// The last thing that it said: of a line of its log the error alone.
fn last_words(output: &str) -> String {
    static ERROR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"\b(?:err|error)="((?:[^"\\]|\\.)*)""#).ok());
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let logged = lines.iter().rev().find_map(|line| {
        Some(
            ERROR.as_ref()?.captures(line)?[1]
                .replace("\\\"", "\"")
                .replace("\\n", " "),
        )
    });
    match logged {
        Some(error) => error,
        None if lines.is_empty() => "it said nothing".to_owned(),
        // A list of errors is indented below the line that announces it.
        None => lines[lines.len().saturating_sub(3)..].join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verification(file: &Path) -> Verification {
        Verification {
            service: "loki".to_owned(),
            image: "x".to_owned(),
            file: file.to_owned(),
            target: "/etc/loki/local-config.yaml".to_owned(),
            command: Vec::new(),
            env: Vec::new(),
        }
    }

    #[test]
    fn finds_the_line_that_the_program_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("local-config.yaml");
        std::fs::write(&file, "a: 1\nb:\n  servr: 2\n").unwrap();
        let output = "failed parsing config: /etc/loki/local-config.yaml: yaml: unmarshal errors:\n  line 3: field servr not found in type server.Config\n";
        let failure = verification(&file).failure(Path::new("config/loki/local-config.yaml"), output);
        let place = failure.place.unwrap();
        assert_eq!((place.line, place.column, place.width), (3, 3, 8));
        assert!(failure.why[0].contains("field servr not found"), "{:?}", failure.why);
        assert_eq!(failure.exit.code(), 4);
    }

    #[test]
    fn takes_the_error_out_of_a_line_of_the_log() {
        let output = "level=info msg=\"Starting\"\nlevel=error ts=1 msg=\"validating config\" err=\"CONFIG ERROR: a \\\"b\\\" c\"\n";
        assert_eq!(last_words(output), "CONFIG ERROR: a \"b\" c");
        assert_eq!(last_words("\n"), "it said nothing");
    }
}
