//! Fills what a rule leaves open: `{name}` with what its pattern caught or what is known, `{name:kind}` with what follows
//! from that. A text with a gap that can't be filled is no text, and its rule does not fit: so a rule that says more stands
//! before one that says less.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use regex::{Captures, Regex};

use crate::failure::Place;

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

/// What has braces of its own.
const LITERALS: [(&str, &str); 3] = [
    ("root", "{{.DockerRootDir}}"),
    ("containers", "{{range .Containers}}{{.Name}} {{end}}"),
    ("architecture", "{{.Architecture}}"),
];

/// Python's exceptions in plain words, and what mends them.
const MEANINGS: [(&str, &str, &str); 12] = [
    (
        "AssertionError",
        "something that the code takes for granted is not so",
        "see what is asserted",
    ),
    (
        "AttributeError",
        "the object has no such attribute: the name is wrong, or the object is None",
        "correct the attribute's name",
    ),
    (
        "ImportError",
        "the module is there, but not what is imported from it",
        "correct what is imported",
    ),
    (
        "IndexError",
        "the list is shorter than the code expects",
        "test the list's length",
    ),
    (
        "NameError",
        "that name was never defined or imported; mostly it is misspelt",
        "correct the name, or import it,",
    ),
    (
        "NotImplementedError",
        "the code leaves this to be written",
        "write what is missing",
    ),
    (
        "RecursionError",
        "a function calls itself without end",
        "end the recursion",
    ),
    (
        "TimeoutError",
        "what it waits for did not come in time",
        "see what is awaited",
    ),
    (
        "TypeError",
        "an argument is missing, too many, or of the wrong type (None, mostly)",
        "correct the arguments",
    ),
    (
        "UnicodeDecodeError",
        "the file that it reads is not UTF-8",
        "save that file as UTF-8, or name its encoding",
    ),
    (
        "ValueError",
        "a value is of the right type, but not allowed there",
        "correct the value",
    ),
    ("ZeroDivisionError", "the divisor is 0", "test the divisor"),
];

/// Packages that are not called like their module.
const PACKAGES: [(&str, &str); 16] = [
    ("PIL", "Pillow"),
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python-headless"),
    ("dateutil", "python-dateutil"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("fitz", "PyMuPDF"),
    ("google", "google-genai"),
    ("grpc", "grpcio"),
    ("jose", "python-jose"),
    ("jwt", "PyJWT"),
    ("kafka", "kafka-python"),
    ("multipart", "python-multipart"),
    ("sklearn", "scikit-learn"),
    ("yaml", "PyYAML"),
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
        self.fill_with(template, |text| text)
    }

    fn fill_with(&self, template: &str, as_shown: impl Fn(String) -> String) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (gap, after) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&as_shown(self.gap(gap)?));
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// A command with its gaps filled as a shell takes them. One that is a gap as a whole is a command already.
    pub(super) fn command(&self, template: &str) -> Option<String> {
        let whole = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if whole.is_some_and(|gap| !gap.contains('{')) || template.contains("{check_words}") {
            return self.fill(template);
        }
        self.fill_with(template, |text| {
            let is_plain = !text.contains([' ', '\'', '"', '\\', '&', ';', '|', '(', '*']) || text.starts_with("$(");
            match shlex::try_quote(&text) {
                Ok(quoted) if !is_plain => quoted.into_owned(),
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

    /// The port that the healthcheck asks.
    fn check_port(&self) -> Option<String> {
        let command = self.symptoms.health.as_ref()?.command.join(" ");
        let of_host = ["localhost:", "127.0.0.1:", "127.0.0.1/", "localhost/", "-p "];
        of_host.iter().find_map(|host| {
            let digits: String = command
                .split(host)
                .nth(1)?
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            Some(digits).filter(|digits| !digits.is_empty())
        })
    }

    /// A healthcheck that its image has what it takes for.
    fn check_test(&self) -> Option<String> {
        let has = |program| self.symptoms.programs.contains(&program);
        let port = self.check_port();
        if has("redis-cli") && port.as_ref().is_none_or(|port| port == "6379") {
            return Some("test: [\"CMD-SHELL\", \"redis-cli ping | grep -q PONG\"]".to_owned());
        }
        let port = port?;
        if has("bash") {
            return Some(format!(
                "test: [\"CMD\", \"bash\", \"-c\", \": </dev/tcp/127.0.0.1/{port}\"]"
            ));
        }
        let words = &self.symptoms.health.as_ref()?.command;
        let url = words
            .iter()
            .flat_map(|word| word.split_whitespace())
            .find(|word| word.starts_with("http"));
        let url = url.map_or_else(|| format!("http://127.0.0.1:{port}/"), ToOwned::to_owned);
        let programs = [
            ("wget", format!("\"wget\", \"-q\", \"-O\", \"/dev/null\", \"{url}\"")),
            ("curl", format!("\"curl\", \"-sf\", \"{url}\"")),
            (
                "python",
                format!("\"python\", \"-c\", \"import urllib.request as r; r.urlopen('{url}')\""),
            ),
        ];
        let (_, words) = programs.into_iter().find(|(program, _)| has(program))?;
        Some(format!("test: [\"CMD\", {words}]"))
    }

    /// The label that lets magicctl ask the page from outside, where nobody waits for the healthcheck.
    fn check_page(&self) -> Option<String> {
        let service = self.symptoms.service.as_str();
        if self.around.is_awaited(service) {
            return None;
        }
        let words = &self.symptoms.health.as_ref()?.command;
        let url = words
            .iter()
            .flat_map(|word| word.split_whitespace())
            .find(|word| word.starts_with("http"))?;
        let (_, path) = url.split_once("://")?.1.split_once('/')?;
        Some(format!("labels: [magicctl.ready={}/{path}]", self.check_port()?))
    }

    /// The port that is open, or that its log says it listens on, when the healthcheck asks another.
    fn listens(&self) -> Option<String> {
        static SAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"(?i)(?:running|listen(?:s|ing)?|serving\b.*?)(?: on| at)? (?:port |\S*?:)(\d{2,5})\b").ok()
        });
        let asked = self.check_port()?;
        let open = self.symptoms.open_ports.as_ref();
        if let Some([open]) = open.map(Vec::as_slice) {
            return Some(open.to_string()).filter(|open| *open != asked);
        }
        let said = self.symptoms.records.iter().rev().find_map(|record| {
            let text = record.lines.join("\n");
            Some(SAYS.as_ref()?.captures(&text)?[1].to_owned())
        })?;
        let is_open = open.is_none_or(|open| open.iter().any(|open| open.to_string() == said));
        (said != asked && is_open).then_some(said)
    }

    /// Whether the step that failed copies from another stage or image, and not from the build context.
    fn copies_from_a_stage(&self) -> bool {
        let step = self.symptoms.step.as_ref();
        step.is_some_and(|step| step.name.contains("--from="))
    }
}

pub(super) fn place_text(around: &Surroundings<'_>, place: &Place) -> String {
    format!("{}:{}", around.shown(&place.file), place.line)
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

/// The package that brings a module.
fn package(module: &str) -> &str {
    let top = module.split('.').next().unwrap_or(module);
    PACKAGES
        .iter()
        .find(|(name, _)| *name == top)
        .map_or(top, |(_, package)| package)
}

/// The newest of a list that is in order and holds no word: releases, not candidates.
fn latest(versions: &str) -> Option<String> {
    let is_release = |version: &&str| !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    versions
        .split(',')
        .map(str::trim)
        .rfind(is_release)
        .map(ToOwned::to_owned)
}

/// What an exception of Python says in general, and what mends it.
fn meaning(exception: &str) -> Option<(&'static str, &'static str)> {
    let name = exception.rsplit('.').next().unwrap_or(exception);
    let (_, meaning, remedy) = MEANINGS.iter().find(|(known, ..)| *known == name)?;
    Some((*meaning, *remedy))
}

/// The registry and the image that a request of the engine was for, by its address.
fn asked_for(said: &str) -> Option<(String, String)> {
    static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#""https?://(?P<registry>[^/"]+)/v2/(?:(?P<name>[^"]+)/(?:manifests|blobs)/(?P<tag>[^"]+))?"#).ok()
    });
    let found = ADDRESS.as_ref()?.captures(said)?;
    let registry = match &found["registry"] {
        "registry-1.docker.io" => "docker.io",
        registry => registry,
    };
    let image = match (found.name("name"), found.name("tag")) {
        (Some(name), Some(tag)) => format!("{registry}/{}:{}", name.as_str(), tag.as_str()),
        _ => registry.to_owned(),
    };
    Some((registry.to_owned(), image))
}

/// The registry that an image's name begins with.
fn registry_of(image: &str) -> String {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first.to_owned(),
        _ => "docker.io".to_owned(),
    }
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
    fn packages_and_sizes_as_they_are_written() {
        assert_eq!(package("yaml"), "PyYAML");
        assert_eq!(package("orjson.x"), "orjson");
        assert_eq!(
            (size(512 << 20), size(1 << 30), size(1000)),
            ("512m".into(), "1g".into(), "1m".into())
        );
    }
}
