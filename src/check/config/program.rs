//! The programs whose configuration `render` writes and which can check it themselves, and what their images are called. A
//! Compose file may call any image by any name: what is run is one that is surely theirs, with arguments of ours.

use crate::compose::Stack;
use crate::image::{HUB, ImageRef};

/// How a program checks its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// With this flag beside that of the file.
    Flag(&'static str),
    /// It has no check without running; formatting parses.
    Format,
}

/// A program whose configuration is rendered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// The variable of `images/local.env` that names our image of it.
    variable: &'static str,
    /// The repository of the official image, on Docker Hub.
    official: &'static str,
    /// Its configuration, from the project's root.
    pub file: &'static str,
    /// Where the check finds it, as the templates mount it.
    pub inside: &'static str,
    check: Check,
}

const PROGRAMS: [Program; 3] = [
    Program {
        variable: "LOKI_IMAGE",
        official: "grafana/loki",
        file: "config/loki/local-config.yaml",
        inside: "/etc/loki/local-config.yaml",
        check: Check::Flag("-verify-config"),
    },
    Program {
        variable: "PROMTAIL_IMAGE",
        official: "grafana/promtail",
        file: "config/promtail/promtail-config.yml",
        inside: "/etc/promtail/promtail-config.yml",
        check: Check::Flag("-check-syntax"),
    },
    Program {
        variable: "ALLOY_IMAGE",
        official: "grafana/alloy",
        file: "config/alloy/config.alloy",
        inside: "/etc/alloy/config.alloy",
        check: Check::Format,
    },
];

/// The images that scripts/build-images makes, by variable.
const OURS: &str = include_str!("../../../images/local.env");

impl Program {
    /// The program in `image`, if it is surely one of them: the official image, or ours, under its whole name, and not one of a
    /// name under which `stack` itself builds images.
    pub fn of(image: &str, stack: &Stack) -> Option<&'static Self> {
        let image = ImageRef::parse(image).ok()?;
        let same = |other: &str| {
            ImageRef::parse(other)
                .is_ok_and(|other| (other.registry(), other.path()) == (image.registry(), image.path()))
        };
        let is_built = stack.services.values().any(|service| {
            let tags = service.build.iter().flat_map(|build| &build.tags);
            (service.build.is_some() && same(&service.image_ref(&stack.name))) || tags.into_iter().any(|tag| same(tag))
        });
        let ours = |program: &Self| {
            let mut lines = OURS.lines().filter_map(|line| line.split_once('='));
            lines.any(|(name, ours)| name == program.variable && ours == image.as_str())
        };
        let official = |program: &Self| image.registry() == HUB && image.path() == program.official;
        PROGRAMS
            .iter()
            .find(|program| official(program) || ours(program))
            .filter(|_| !is_built)
    }

    /// Whether its image has the usual small tools beside it: `sleep`, `getent`. That of Loki has not even a shell.
    pub fn has_tools(&self) -> bool {
        self.official != "grafana/loki"
    }

    /// Where `command`, a service's own, has the program look for its configuration.
    pub fn target<'c>(&self, command: &'c [String]) -> Option<&'c str> {
        match self.check {
            Check::Flag(_) => command
                .iter()
                .find_map(|word| word.trim_start_matches('-').strip_prefix("config.file=")),
            Check::Format => command.last().map(String::as_str).filter(|word| word.starts_with('/')),
        }
    }

    /// What checks the file, after the image's entry point. `expands`: with variables in it replaced.
    pub fn arguments(&self, expands: bool) -> Vec<String> {
        match self.check {
            Check::Flag(flag) => {
                let file = format!("-config.file={}", self.inside);
                let expand = expands.then(|| "-config.expand-env=true".to_owned());
                [Some(file), expand, Some(flag.to_owned())]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Check::Format => vec!["fmt".to_owned(), self.inside.to_owned()],
        }
    }

    /// Whether `command`, a service's own, has the program replace variables in its configuration.
    pub fn expands(&self, command: &[String]) -> bool {
        let asks = |word: &String| {
            let word = word.trim_start_matches('-');
            word == "config.expand-env" || word == "config.expand-env=true"
        };
        matches!(self.check, Check::Flag(_)) && command.iter().any(asks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(text: &str) -> Stack {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), text).unwrap();
        crate::compose::load(&crate::compose::Request {
            start_dir: folder.path().to_owned(),
            ..Default::default()
        })
        .unwrap()
    }

    #[test]
    fn an_image_is_known_by_its_whole_name() {
        let stack = stack("services: {a: {image: x}}");
        let digested = format!("docker.io/grafana/loki@sha256:{}", "0".repeat(64));
        let file = |image: &str| Program::of(image, &stack).map(|program| program.file);
        for (image, wanted) in [
            ("grafana/loki:3.7.8", Some("config/loki/local-config.yaml")),
            ("grafana/loki", Some("config/loki/local-config.yaml")),
            (digested.as_str(), Some("config/loki/local-config.yaml")),
            ("grafana/promtail:3.6.0", Some("config/promtail/promtail-config.yml")),
            ("grafana/alloy:v1.11.3", Some("config/alloy/config.alloy")),
            ("magicproxy/loki:3.7.8", Some("config/loki/local-config.yaml")),
            ("magicproxy/promtail:3.7.8", Some("config/promtail/promtail-config.yml")),
            // Whoever is called so on Docker Hub.
            ("magicproxy/loki:3.7.9", None),
            ("magicproxy/loki", None),
            ("registry.example/grafana/loki:3.7.8", None),
            ("localhost:5000/grafana/loki:3.7.8", None),
            ("grafana.example/loki", None),
            ("other/grafana/loki", None),
            ("grafana/loki-canary", None),
            ("grafana/loki/x", None),
            ("loki", None),
            ("redis:8.10-alpine", None),
            ("", None),
        ] {
            assert_eq!(file(image), wanted, "{image}");
        }
    }

    #[test]
    fn an_image_that_the_project_builds_under_that_name_is_not_known() {
        for text in [
            "services: {a: {build: ., image: 'grafana/loki:3.7.8'}}",
            "services: {a: {build: {context: ., tags: ['grafana/loki:3.7.8']}, image: x}, loki: {image: 'grafana/loki:3.7.8'}}",
            "services: {a: {build: ., image: 'docker.io/grafana/loki:other'}}",
        ] {
            assert_eq!(Program::of("grafana/loki:3.7.8", &stack(text)), None, "{text}");
        }
    }

    #[test]
    fn the_arguments_are_ours_whatever_the_service_runs() {
        let stack = stack("services: {a: {image: x}}");
        let words = |text: &str| text.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>();
        let loki = Program::of("grafana/loki:3.7.8", &stack).unwrap();
        let hostile = words("-c evil --config.file=/c -config.expand-env=true -server.http-listen-port=1");
        assert_eq!(loki.target(&hostile), Some("/c"));
        assert!(loki.expands(&hostile));
        assert_eq!(
            loki.arguments(true),
            words("-config.file=/etc/loki/local-config.yaml -config.expand-env=true -verify-config")
        );
        let alloy = Program::of("grafana/alloy:v1.11.3", &stack).unwrap();
        assert_eq!(alloy.target(&words("run --x /etc/a.alloy")), Some("/etc/a.alloy"));
        assert_eq!(alloy.arguments(false), words("fmt /etc/alloy/config.alloy"));
    }
}
