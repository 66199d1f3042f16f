//! What a program says of its configuration that somebody edited: run once in its own image, with a copy of the file.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::check::project::Project;
use crate::compose::{MountKind, Service, Stack};
use crate::failure::{Failure, Place};

use super::program::Program;

/// Variables that change how a program is loaded, not what it reads. They are not handed on.
const LOADERS: [&str; 3] = ["LD_", "GLIBC_", "GCONV_"];

/// A program's own check of its configuration.
#[derive(Debug)]
pub(super) struct Verification<'s> {
    service: &'s Service,
    pub program: &'static Program,
    pub image: String,
}

impl<'s> Verification<'s> {
    /// What checks the configuration of `service`; `None` when its image is none that is known to have such a check, or it
    /// reads another file than the rendered one.
    pub fn of(project: &Project, stack: &Stack, service: &'s Service) -> Option<Self> {
        let image = service.image_ref(&stack.name);
        let program = Program::of(&image, stack)?;
        let target = program.target(service.command.as_deref()?)?;
        let file = project.root.join(program.file);
        let reads = |source: Option<&str>| source.is_some_and(|source| Path::new(source) == file);
        service
            .volumes
            .iter()
            .find(|mount| mount.kind == MountKind::Bind && mount.target == target && reads(mount.source.as_deref()))?;
        Some(Self {
            service,
            program,
            image,
        })
    }

    /// What to run, after the image's entry point.
    pub fn command(&self) -> Vec<String> {
        self.program.arguments(self.expands())
    }

    /// The variables that `text` uses, as the service has them: `NAME=value`.
    pub fn env(&self, text: &str) -> Vec<String> {
        static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)").ok());
        let Some(variable) = VARIABLE.as_ref().filter(|_| self.expands()) else {
            return Vec::new();
        };
        let uses = |name: &str| variable.captures_iter(text).any(|found| &found[1] == name);
        self.service
            .environment
            .iter()
            .filter(|(name, _)| uses(name) && !LOADERS.iter().any(|loader| name.starts_with(loader)))
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
            .collect()
    }

    fn expands(&self) -> bool {
        self.program
            .expands(self.service.command.as_deref().unwrap_or_default())
    }

    /// What the program's words mean, when it ended with anything but 0 for the file with `text`.
    pub fn failure(&self, text: &str, output: &str) -> Failure {
        failure(self.service.name.as_str(), Path::new(self.program.file), text, output)
    }
}

fn failure(service: &str, file: &Path, text: &str, output: &str) -> Failure {
    let said = last_words(output);
    Failure::invalid(format!("{service} can't read {}", file.display()))
        .because(said.clone())
        .hint("nothing was changed; `magicctl render --diff` shows what was edited")
        .at(place(file, text, &said))
}

/// The line that the program names, else the one with the word that it quotes.
fn place(file: &Path, text: &str, said: &str) -> Option<Place> {
    static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:\bline |\.alloy:)(\d+)(?::(\d+))?").ok());
    let found = LINE.as_ref()?.captures(said)?;
    let number: usize = found[1].parse().ok()?;
    let source = text.lines().nth(number.checked_sub(1)?)?;
    let indent = source.chars().take_while(|c| c.is_whitespace()).count();
    let column = found.get(2).and_then(|column| column.as_str().parse().ok());
    Some(Place {
        file: file.to_owned(),
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
        None if lines.is_empty() => "it printed nothing".to_owned(),
        // A list of errors is indented below the line that announces it.
        None => lines[lines.len().saturating_sub(3)..].join(" "),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;

    use super::*;

    #[test]
    fn finds_the_line_that_the_program_names() {
        let text = "a: 1\nb:\n  servr: 2\n";
        let output = "failed parsing config: /etc/loki/local-config.yaml: yaml: unmarshal errors:\n  line 3: field servr not found in type server.Config\n";
        let failure = failure("loki", Path::new("config/loki/local-config.yaml"), text, output);
        let place = failure.place.unwrap();
        assert_eq!((place.line, place.column, place.width), (3, 3, 8));
        assert!(failure.why[0].contains("field servr not found"), "{:?}", failure.why);
        assert_eq!(failure.exit.code(), 4);
    }

    #[test]
    fn takes_the_error_out_of_a_line_of_the_log() {
        let output = "level=info msg=\"Starting\"\nlevel=error ts=1 msg=\"validating config\" err=\"CONFIG ERROR: a \\\"b\\\" c\"\n";
        assert_eq!(last_words(output), "CONFIG ERROR: a \"b\" c");
        assert_eq!(last_words("\n"), "it printed nothing");
    }

    /// The command and environment with which the service `loki` of `compose` would be asked about a file with `text`.
    fn asked(compose: &str, text: &str) -> Option<(Vec<String>, Vec<String>)> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let stack = crate::compose::load(&crate::compose::Request {
            start_dir: folder.path().to_owned(),
            ..Default::default()
        })
        .unwrap();
        let project = Project::new(
            folder.path().to_owned(),
            Ok(stack.clone()),
            Ok(Vec::new()),
            Some(&BTreeSet::new()),
            BTreeMap::new(),
        )
        .unwrap();
        let verification = Verification::of(&project, &stack, &stack.services["loki"])?;
        Some((verification.command(), verification.env(text)))
    }

    #[test]
    fn only_the_rendered_file_in_a_known_image_is_asked_about() {
        let compose = |image: &str, source: &str, command: &str| {
            format!(
                "services: {{loki: {{image: '{image}', command: {command}, environment: {{A: '1', B: '2', LD_PRELOAD: /c}}, \
                 volumes: ['{source}:/c:ro']}}}}"
            )
        };
        let ours = "./config/loki/local-config.yaml";
        let plain = "['sh', '-c', 'evil', '-config.file=/c']";
        let expanding = "['-config.file=/c', '-config.expand-env=true']";
        let (command, env) = asked(&compose("grafana/loki:3.7.8", ours, plain), "x: ${A}").unwrap();
        assert_eq!(command, ["-config.file=/etc/loki/local-config.yaml", "-verify-config"]);
        assert!(env.is_empty(), "{env:?}");
        let text = "x: ${A:-x}\ny: ${LD_PRELOAD}\n";
        let (_, env) = asked(&compose("grafana/loki:3.7.8", ours, expanding), text).unwrap();
        assert_eq!(env, ["A=1"]);
        for (image, source, command) in [
            ("redis:8.10-alpine", ours, plain),
            ("registry.example/grafana/loki:3.7.8", ours, plain),
            ("grafana/loki:3.7.8", "../outside/secret", plain),
            ("grafana/loki:3.7.8", "/etc/passwd", plain),
            ("grafana/loki:3.7.8", ours, "['-config.file=/other']"),
        ] {
            assert!(
                asked(&compose(image, source, command), text).is_none(),
                "{image} {source} {command}"
            );
        }
    }
}
