//! Fills what a rule leaves open: `{name}` with what its pattern caught or what is known, `{name:kind}` with what follows
//! from that. A text with a gap that can't be filled is no text, and its rule does not fit: so a rule that says more stands
//! before one that says less.

use std::path::{Path, PathBuf};
use std::time::Duration;

use regex::Captures;

use crate::failure::Place;
use crate::secrets;

use super::image::{asked_for, registry_of};
use super::python::{latest, meaning, package};
use super::surroundings::{self, Surroundings};
use super::symptoms::{HealthReport, Stage, Symptoms};
use super::traceback;

/// Groups of which a pattern catches one or the other.
const ALIASES: [(&str, &str); 10] = [
    ("any_path", "path"),
    ("any_path", "file"),
    ("any_path", "name"),
    ("any_path", "java"),
    ("any_path", "cut"),
    ("found", "stored"),
    ("wanted", "asked"),
    ("number", "port"),
    ("option", "bad"),
    ("driver", "plugin"),
];

/// The flag that names the images which `make images` builds.
const LOCAL_IMAGES: &str = "--env-file images/local.env";

/// What has braces of its own.
const LITERALS: [(&str, &str); 3] = [
    ("root", "{{.DockerRootDir}}"),
    ("containers", "{{range .Containers}}{{.Name}} {{end}}"),
    ("architecture", "{{.Architecture}}"),
];

/// Gaps whose text is a command, or words of one, as a shell takes it.
const OF_A_SHELL: [&str; 10] = [
    "add_requirement",
    "architecture",
    "ask_for_latest",
    "check_words",
    "containers",
    "let_in",
    "let_in_left_out",
    "local_images",
    "owner",
    "root",
];

/// More characters of a command are not shown.
const LONGEST_COMMAND: usize = 80;

/// What texts are filled from.
pub(super) struct Known<'k> {
    pub symptoms: &'k Symptoms,
    pub around: &'k Surroundings<'k>,
    /// What the pattern caught.
    pub caught: Option<&'k Captures<'k>>,
    /// The text in which it did.
    pub text: &'k str,
}

impl Known<'_> {
    /// `template` with its gaps filled; `None` when one can't be.
    pub(super) fn fill(&self, template: &str) -> Option<String> {
        self.fill_with(template, |_, text| text)
    }

    fn fill_with(&self, template: &str, as_shown: impl Fn(&str, String) -> String) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (gap, after) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&as_shown(gap, self.gap(gap)?));
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// A command with its gaps filled as a shell takes them.
    pub(super) fn command(&self, template: &str) -> Option<String> {
        self.fill_with(template, |gap, text| {
            let kind = gap.rsplit(':').next().unwrap_or(gap);
            let is_of_a_shell = OF_A_SHELL.contains(&kind) || kind.starts_with("set_to ");
            match shlex::try_quote(&text) {
                Ok(quoted) if !is_of_a_shell && !text.is_empty() => quoted.into_owned(),
                _ => text,
            }
        })
    }

    /// The other services that a text names as the reason.
    pub(super) fn blamed(&self, template: &str) -> Vec<String> {
        template
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .filter(|(gap, _)| gap.ends_with(":service") || gap.ends_with(":server"))
            .filter_map(|(gap, _)| self.gap(gap))
            .filter(|name| *name != self.symptoms.service)
            .collect()
    }

    fn gap(&self, gap: &str) -> Option<String> {
        match gap.split_once(':') {
            None => self.value(gap),
            Some(("", literal)) => LITERALS
                .iter()
                .find(|(name, _)| *name == literal)
                .map(|(_, text)| (*text).to_owned()),
            Some((name, kind)) => self.derived(&self.value(name)?, kind),
        }
    }

    fn caught(&self, name: &str) -> Option<String> {
        let caught = self.caught?.name(name)?;
        Some(caught.as_str().trim().to_owned())
    }

    /// A value by its name: a group of the pattern, or what is known of the failure.
    fn value(&self, name: &str) -> Option<String> {
        let others = ALIASES
            .iter()
            .filter(|(alias, _)| *alias == name)
            .map(|(_, group)| *group);
        if let Some(caught) = std::iter::once(name).chain(others).find_map(|name| self.caught(name)) {
            return Some(caught);
        }
        let symptoms = self.symptoms;
        let service = symptoms.service.as_str();
        let around = self.around;
        let limit = Some(symptoms.memory_limit).filter(|limit| *limit > 0);
        let health = symptoms.health.as_ref();
        // Of a project whose file is not at hand things are named by what they are.
        let without_a_file = |name: &str| around.stack.is_none().then(|| name.to_owned());
        match name {
            "service" => Some(service.to_owned()).filter(|name| !name.is_empty()),
            "image" => self.image().or_else(|| without_a_file("of the service")),
            "registry" => asked_for(&symptoms.said)
                .map(|(registry, _)| registry)
                .or_else(|| self.image().map(|image| registry_of(&image))),
            "image_key" => Some(match symptoms.stage {
                Stage::Build => format!("FROM of {}", self.value("dockerfile")?),
                _ => "`image` of the service".to_owned(),
            }),
            "login_registry" => Some(match self.value("registry")?.as_str() {
                "docker.io" | "registry-1.docker.io" => String::new(),
                registry => registry.to_owned(),
            }),
            "user" => Some(symptoms.user.clone()).map(|user| if user.is_empty() { "root".to_owned() } else { user }),
            "limit" => limit.map(size),
            "more_memory" => limit.map(|limit| size(self.enough(limit))),
            "memory_setting" => {
                let more = size(self.enough(limit?));
                Some(format!("resources: {{{service}: {{memory: {more}}}}}"))
            }
            "rendered" => around.sets_resources().then(String::new),
            "built" => around.service(service)?.build.is_some().then(String::new),
            "requirements" => Some(around.shown(&around.in_context(service, "requirements.txt")?)),
            "dockerfile" => match around.dockerfile(service) {
                Some(path) => Some(around.shown(&path)),
                None if symptoms.stage == Stage::Build => without_a_file("the Dockerfile"),
                None => None,
            },
            "context" => match around.service(service) {
                None => without_a_file("the folder of the Dockerfile"),
                Some(service) => {
                    let path = around.shown(&service.build.as_ref()?.context);
                    Some(if path.is_empty() { ".".to_owned() } else { path })
                }
            },
            "compose" => match around.begin(service) {
                Some(place) => Some(around.shown(&place.file)),
                None => Some("the Compose file".to_owned()),
            },
            "at" => match self.user_frame() {
                Some(place) => Some(place_text(around, &place)),
                None => self.frame(),
            },
            "seconds" => self.time_out().map(|time| time.as_secs_f64().to_string()),
            "longer" => self.time_out().map(|time| (time.as_secs() * 3).max(60).to_string()),
            "scripts" => around.scripts(service),
            "or_own_command" => Some(self.or_own_command()),
            "others" => Some(self.others()),
            "ran" => shown_words(&symptoms.command),
            // A name on Docker Hub without a user's before it is never private.
            "no_login" => {
                let may_be_private = self.image()?.contains('/');
                (symptoms.has_login == Some(false) && may_be_private).then(String::new)
            }
            "with_login" => (symptoms.has_login == Some(true)).then(String::new),
            "local_images" if around.again.contains(LOCAL_IMAGES) => Some(String::new()),
            "local_images" => Some(format!("{LOCAL_IMAGES} ")),
            "no_port" => symptoms.open_ports.as_ref()?.is_empty().then(String::new),
            "silent" => Some(match symptoms.records.as_slice() {
                [] => ", and it has printed nothing".to_owned(),
                _ => String::new(),
            }),
            "check" => health.map(HealthReport::shown),
            "check_words" => shlex::try_join(health?.command.iter().map(String::as_str)).ok(),
            "check_code" => health?.code.map(|code| code.to_string()),
            "check_port" => self.check_port(),
            "check_test" => self.check_test(),
            "check_page" => self.check_page(),
            "listens" => self.listens(),
            "code" => Some(symptoms.ended.as_ref()?.code.to_string()),
            "command" => Some(around.mask(&around.service(service)?.command.as_ref()?.join(" "))),
            "from_context" => (!self.copies_from_a_stage()).then(String::new),
            "asked_open" => {
                let asked: u16 = self.check_port()?.parse().ok()?;
                symptoms.open_ports.as_ref()?.contains(&asked).then(String::new)
            }
            "data_volume" => around.data_volume(service),
            "kafka_setting" => around.kafka_by_its_outer_listener(service).map(|(setting, _)| setting),
            "kafka_inside" => around.kafka_by_its_outer_listener(service).map(|(_, address)| address),
            variable if variable.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') => {
                around.has_variable(variable).then(|| variable.to_owned())
            }
            _ => None,
        }
    }

    /// What follows from a value.
    fn derived(&self, value: &str, kind: &str) -> Option<String> {
        if let Some(to) = kind.strip_prefix("set_to ") {
            let to = self
                .caught(to)
                .or_else(|| self.value(to))
                .unwrap_or_else(|| to.to_owned());
            return self.around.set_variable(value, &to);
        }
        let service = self.symptoms.service.as_str();
        let around = self.around;
        let absolute = Path::new("/").join(&self.symptoms.workdir).join(value);
        let inside = absolute.to_string_lossy();
        let shown = |path: Option<PathBuf>| Some(around.shown(&path?));
        let path = Path::new(value);
        match kind {
            "host" => shown(around.host(service, &inside)),
            "mounted" => shown(around.mounted(service, &inside)),
            "mounted_folder" => shown(around.mounted(service, &inside).filter(|path| path.is_dir())),
            "bind" => shown(around.bind(service, &inside)),
            "copied" => shown(around.copied(service, &inside)),
            "volume" => around.volume(service, &inside),
            "shown" => Some(around.shown(path)),
            "folder_shown" => shown(path.is_dir().then(|| path.to_owned())),
            "empty_folder" => shown(surroundings::is_empty_folder(path).then(|| path.to_owned())),
            "context" => shown(around.in_context(service, value)),
            "let_in" => around.let_in(service, value),
            "left_out" => around.left_out(service, &inside),
            "let_in_left_out" => self.derived(&around.left_out(service, &inside)?, "let_in"),
            "copy" => around.copy_line(service, &inside),
            "holds_keys" => secrets::are_in(path).then(String::new),
            "elsewhere" => shown(around.elsewhere(value)),
            "elsewhere_in_context" => around.elsewhere_in_context(service, value),
            "named_in" => around.named_in(service, value),
            "module_file" => around.module_file(service, value),
            "package" => Some(package(value).to_owned()),
            "ask_for_latest" => {
                let latest = self.derived(&self.value("versions")?, "latest")?;
                around.ask_for_version(service, package(value), &latest)
            }
            "requirement" => around
                .requirement(service, package(value))
                .map(|(path, line)| format!("{}:{line}", around.shown(&path))),
            "add_requirement" => {
                let file = around.in_context(service, "requirements.txt")?;
                Some(around.append(package(value), &file))
            }
            "service" => around.service_called(value).filter(|name| name != service),
            "server" => around.service_on(service, value).filter(|name| name != service),
            "unawaited" => (!around.awaits(service, value)).then(|| value.to_owned()),
            "near" => around.nearest_service(value),
            "offering" => around.offering(service, value),
            "origin" => around.origin(value),
            "reference" => Some(format!("${{{value}}}")),
            "env_line" => Some(around.env_line(value)),
            "begin_with" => Some(match path.extension().and_then(|end| end.to_str()) {
                Some("sh") => format!("`sh {value}`"),
                Some("py") => format!("`python {value}`"),
                _ => "a program".to_owned(),
            }),
            "setting" => around.setting(service, value).into_iter().next(),
            "settings" => Some(around.setting(service, value))
                .filter(|all| all.len() > 1)
                .map(|all| all.join(" and ")),
            "port_variable" => around.port_variable(service, value),
            "other_port" => {
                let number: u16 = value.parse().ok()?;
                Some(
                    number
                        .checked_add(10_000)
                        .unwrap_or_else(|| number - 10_000)
                        .to_string(),
                )
            }
            "owner" => {
                if value.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
                    return Some(value.to_owned());
                }
                Some(format!("$(docker run --rm --entrypoint id {} -u)", self.image()?))
            }
            "loki" => value.contains("loki").then(String::new),
            "without_update" => {
                let step = &self.symptoms.step.as_ref()?.name;
                (!step.contains("apt-get update") && !step.contains("apt update")).then(|| value.to_owned())
            }
            "upper" => Some(value.to_uppercase()),
            "kafka_variable" => Some(format!("KAFKA_{}", value.to_uppercase().replace('.', "_"))),
            "top" => value.split('.').next().map(ToOwned::to_owned),
            "name" => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            "parent" => absolute.parent().map(|path| path.display().to_string()),
            "latest" => latest(value),
            "meaning" => meaning(value).map(|(meaning, _)| meaning.to_owned()),
            "remedy" => meaning(value).map(|(_, remedy)| remedy.to_owned()),
            _ => None,
        }
    }

    /// Twice as much, and at least what the service can do with.
    fn enough(&self, limit: u64) -> u64 {
        let is_kafka = self.image().is_some_and(|image| image.contains("kafka"));
        let least = if is_kafka { 768 } else { 64 };
        (limit * 2).max(least << 20)
    }

    fn time_out(&self) -> Option<Duration> {
        match self.symptoms.stage {
            Stage::TimedOut(time) => Some(time),
            _ => None,
        }
    }

    fn image(&self) -> Option<String> {
        match &self.symptoms.stage {
            Stage::Pull { image } => return Some(image.clone()),
            Stage::Build => return asked_for(&self.symptoms.said).map(|(_, image)| image),
            _ => {}
        }
        self.around.image_of(&self.symptoms.service)
    }

    /// Another way out where `command` of the service is wrong: what its image runs by itself. Empty: there is none.
    fn or_own_command(&self) -> String {
        let own = shown_words(&self.symptoms.image_command);
        let service = self.around.service(&self.symptoms.service);
        let overrides = service.is_some_and(|service| service.command.is_some() && service.entrypoint.is_none());
        match own {
            Some(own) if overrides && self.symptoms.image_command != self.symptoms.command => {
                format!(", or take `command` out: then its image runs `{own}`")
            }
            _ => String::new(),
        }
    }

    /// Who else could have a port that no service names.
    fn others(&self) -> String {
        let Some(_) = self.around.stack else {
            return "services reach each other by name".to_owned();
        };
        let names: Vec<&str> = self
            .around
            .others(&self.symptoms.service)
            .map(|service| service.name.as_str())
            .collect();
        if names.is_empty() {
            return "this stack has no other service, so add the one that is meant".to_owned();
        }
        format!("no service names that port; there are: {}", names.join(", "))
    }

    /// The innermost line of the user's own code in the traceback, on this machine.
    pub(super) fn user_frame(&self) -> Option<Place> {
        let frames = traceback::frames(self.text);
        let mut own = frames.iter().rev().filter(|frame| !traceback::is_foreign(&frame.file));
        own.find_map(|frame| {
            let path = self.around.host(&self.symptoms.service, &frame.file)?;
            Surroundings::line(&path, frame.line)
        })
    }

    /// The same as the process names it.
    fn frame(&self) -> Option<String> {
        let frames = traceback::frames(self.text);
        let own = frames.iter().rfind(|frame| !traceback::is_foreign(&frame.file));
        own.or(frames.last())
            .map(|frame| format!("{}:{}", frame.file, frame.line))
    }

    /// Whether the step that failed copies from another stage or image, and not from the build context.
    fn copies_from_a_stage(&self) -> bool {
        let step = self.symptoms.step.as_ref();
        step.is_some_and(|step| step.name.contains("--from="))
    }
}

/// A command as a shell would take it, cut where it is long.
fn shown_words(words: &[String]) -> Option<String> {
    let text = shlex::try_join(words.iter().map(String::as_str)).ok()?;
    let line = text.lines().next().filter(|line| !line.is_empty())?;
    Some(match line.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    })
}

pub(super) fn place_text(around: &Surroundings<'_>, place: &Place) -> String {
    format!("{}:{}", around.shown(&place.file), place.line)
}

/// Bytes as Compose writes them, when that is even: `512m`.
fn size(bytes: u64) -> String {
    for (unit, name) in [(1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k")] {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{}{name}", bytes / unit);
        }
    }
    format!("{}m", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_they_are_written() {
        assert_eq!(
            (size(512 << 20), size(1 << 30), size(1000)),
            ("512m".into(), "1g".into(), "1m".into())
        );
    }
}
