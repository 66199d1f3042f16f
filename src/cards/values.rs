//! What is known of a failure, by the names that gaps have for it.

use std::time::Duration;

use crate::compose::Written;
use crate::failure::Place;
use crate::python::is_foreign;
use crate::shell::ShellCommand;
use crate::terminal::clean_line;

use super::fill::{Filled, Known};
use super::image::{asked_for, registry_of};
use super::surroundings::Surroundings;
use super::symptoms::{HealthReport, Stage};
use super::traceback;

/// More characters of a command are not shown.
const LONGEST_COMMAND: usize = 80;

impl Known<'_> {
    /// A value by its name: a group of the pattern, a command, or what is known of the failure.
    pub(super) fn value(&self, name: &str) -> Option<Filled> {
        if let Some(caught) = self.caught(name) {
            return Some(Filled::Text(caught));
        }
        Some(match name {
            "login" => Filled::of(self.login(ShellCommand::of("docker login"))),
            "login_registry" => Filled::of(self.login(ShellCommand::default())),
            "local_images" if self.around.uses_local_images() => Filled::Command(ShellCommand::default()),
            "local_images" => Filled::Command(ShellCommand::of("--env-file images/local.env")),
            "services_without" => Filled::Command(self.around.without(self.symptoms.service.as_str())?),
            // Unlike `image`, which names it by what it is where it is not known.
            "image_ref" => self.image().map_or(Filled::Impossible, Filled::Text),
            "check_words" => {
                let words = &self.symptoms.health.as_ref()?.command;
                Filled::of(joined(words))
            }
            name => Filled::Text(self.known(name)?),
        })
    }

    /// The same of what is text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.caught(name).or_else(|| self.known(name))
    }

    /// The command that logs in where the image comes from; Docker Hub is what is meant without a name.
    fn login(&self, command: ShellCommand) -> Option<ShellCommand> {
        match self.text("registry")?.as_str() {
            "docker.io" | "registry-1.docker.io" => Some(command),
            registry => command.operand(registry),
        }
    }

    fn known(&self, name: &str) -> Option<String> {
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
                Stage::Build => format!("FROM of {}", self.text("dockerfile")?),
                _ => "`image` of the service".to_owned(),
            }),
            "user" => Some(symptoms.user.clone()).map(|user| if user.is_empty() { "root".to_owned() } else { user }),
            "limit" => limit.map(size),
            "more_memory" => limit.map(|limit| size(self.enough(limit))),
            "memory_setting" => {
                let more = size(self.enough(limit?));
                Some(format!("resources: {{{service}: {{memory: {more}}}}}"))
            }
            "with_hashes" => {
                let file = around.in_context(service, "requirements.txt")?;
                let is_hashed = around.read(&file)?.contains("--hash");
                Some(
                    if is_hashed {
                        ", with the hashes of its files,"
                    } else {
                        ""
                    }
                    .to_owned(),
                )
            }
            "requirements" => Some(around.shown(&around.in_context(service, "requirements.txt")?)),
            "dockerfile" => match around.dockerfile(service) {
                Some(path) => Some(around.shown(&path)),
                None if symptoms.stage == Stage::Build => without_a_file("the Dockerfile"),
                None => None,
            },
            "context" => match around.service(service) {
                None => without_a_file("the folder of the Dockerfile"),
                Some(service) => Some(around.shown(&service.build.as_ref()?.context)),
            },
            "compose" => {
                let place = self.written().map(Written::place).or_else(|| around.begin(service));
                Some(place.map_or_else(|| "the Compose file".to_owned(), |place| around.shown(&place.file)))
            }
            "where_set" => match self.written() {
                Some(written) => Some(around.where_set(written, self.text)),
                None => self.known("compose"),
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
            "silent" => Some(match symptoms.records.as_slice() {
                [] => ", and it has printed nothing".to_owned(),
                _ => String::new(),
            }),
            "check" => health.map(HealthReport::shown),
            "check_code" => health?.code.map(|code| code.to_string()),
            "check_port" => self.check_port(),
            "check_test" => self.check_test(),
            "check_page" => self.check_page(),
            "listens" => self.listens(),
            "check_timeout" => Some(format!("{} s", health?.timeout?.as_secs_f64())),
            "step_code" => Some(symptoms.step_exit?.to_string()),
            "unreadable" => Some(around.shown(&symptoms.unreadable.as_ref()?.0)),
            "unreadable_why" => Some(symptoms.unreadable.as_ref()?.1.clone()),
            "code" => Some(symptoms.ended.as_ref()?.code.to_string()),
            "command" => Some(around.mask(&around.service(service)?.command.as_ref()?.join(" "))),
            "data_volume" => around.data_volume(service),
            "kafka_setting" => around.kafka_by_its_outer_listener(service).map(|(setting, _)| setting),
            "kafka_inside" => around.kafka_by_its_outer_listener(service).map(|(_, address)| address),
            variable if variable.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') => {
                around.has_variable(variable).then(|| variable.to_owned())
            }
            _ => self.no_such(),
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

    pub(super) fn image(&self) -> Option<String> {
        match &self.symptoms.stage {
            Stage::Pull { image } => return Some(image.clone()),
            Stage::Build => return asked_for(&self.symptoms.said).map(|(_, image)| image),
            _ => {}
        }
        self.around.image_of(self.symptoms.service.as_str())
    }

    /// Another way out where `command` of the service is wrong: what its image runs by itself. Empty: there is none.
    fn or_own_command(&self) -> String {
        let own = shown_words(&self.symptoms.image_command);
        let service = self.around.service(self.symptoms.service.as_str());
        let overrides = service.is_some_and(|service| service.command.is_some() && service.entrypoint.is_none());
        match own {
            Some(own) if overrides && self.symptoms.image_command != self.symptoms.command => {
                format!(", or remove `command`: then its image runs `{own}`")
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
            .others(self.symptoms.service.as_str())
            .map(|service| service.name.as_str())
            .collect();
        if names.is_empty() {
            return "this stack has no other service, so add it".to_owned();
        }
        format!("no service declares that port; the services are {}", names.join(", "))
    }

    /// The innermost line of the user's own code in the traceback, on this machine.
    pub(super) fn user_frame(&self) -> Option<Place> {
        let frames = traceback::frames(self.text);
        let mut own = frames.iter().rev().filter(|frame| !is_foreign(&frame.file));
        let (frame, path) = own.find_map(|frame| {
            let path = self.around.host(self.symptoms.service.as_str(), &frame.file)?;
            Some((frame, path))
        })?;
        let place = self.around.line(&path, frame.line)?;
        // A file that was changed since has another line there.
        let is_as_it_was = match (&frame.source, &place.source) {
            (Some(ran), Some(is)) => ran == is.trim(),
            _ => true,
        };
        is_as_it_was.then_some(place)
    }

    /// The same as the process names it.
    fn frame(&self) -> Option<String> {
        let frames = traceback::frames(self.text);
        let own = frames.iter().rfind(|frame| !is_foreign(&frame.file));
        own.or(frames.last())
            .map(|frame| format!("{}:{}", frame.file, frame.line))
    }
}
/// These words as the words of a command.
fn joined(words: &[String]) -> Option<ShellCommand> {
    let mut words = words.iter();
    words.try_fold(ShellCommand::default(), |command, word| command.word(word))
}

/// A command to read, not to copy: line ends and the like are shown as signs, and it is cut where it is long.
fn shown_words(words: &[String]) -> Option<String> {
    let words: Vec<String> = words.iter().map(|word| clean_line(word).into_owned()).collect();
    let text = joined(&words)?.to_string();
    Some(match text.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
    .filter(|text| !text.is_empty())
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
