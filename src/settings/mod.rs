//! What changes the shape of the rendered files: defaults < `magicctl.yaml` < `MAGICCTL_*` < flags.
//! What differs from machine to machine is not a setting but a variable of the Compose file.

mod file;
mod pins;
mod root;
mod types;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::services;

pub use pins::{Pins, write_pins};
pub use root::{find_root, folder};
use types::Scope;
pub use types::{Resources, SettingsFile, schema};

/// The file's name in the project's root.
pub const FILE: &str = "magicctl.yaml";

/// Settings with one value each: a variable may set them, and a flag.
const NAMED: [&str; 6] = [
    "project",
    "collector",
    "collector_scope",
    "log_level",
    "read_only",
    "retention",
];

/// How long logs are kept by default.
const RETENTION: &str = "7d";

/// The settings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// With every layer over it; `None` is the default.
    file: SettingsFile,
    /// Which layer each of [`NAMED`] comes from.
    origins: BTreeMap<&'static str, String>,
    /// Templates of further services.
    pub services: Vec<Service>,
    /// The digests of images.
    pub pins: Pins,
}

/// The template of further services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The file, absolute.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// A line of `config --settings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The setting's name in `magicctl.yaml`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The variable that sets it; empty when only the file does.
    pub variable: String,
    /// Where the value came from.
    pub origin: String,
}

/// The settings of the project in `root`, layered. `flags` are (name, value).
pub fn load(
    root: &Path,
    environment: &BTreeMap<String, String>,
    flags: &[(String, String)],
) -> Result<Settings, Failure> {
    let (file, services) = file::read(&folder(root)?)?;
    // By the names that the file has; null where nothing is said.
    let mut values = json!(file);
    let mut origins = BTreeMap::new();
    for name in NAMED {
        let origin = if values[name].is_null() { "default" } else { FILE };
        origins.insert(name, origin.to_owned());
        let variable = variable_of(name);
        let set = environment.get(&variable).filter(|value| !value.is_empty());
        let flag = flags.iter().find(|(flag, _)| flag == name);
        let layers = [
            set.map(|value| (value, variable.as_str())),
            flag.map(|(_, value)| (value, "flag")),
        ];
        for (value, origin) in layers.into_iter().flatten() {
            values[name] = json!(file::one(name, value, origin)?)[name].take();
            origins.insert(name, origin.to_owned());
        }
    }
    let mut file: SettingsFile = serde_json::from_value(values)
        .map_err(|error| Failure::failed("the settings can't be put together").because(error.to_string()))?;
    Ok(Settings {
        pins: file.pins.take().unwrap_or_default(),
        file,
        origins,
        services,
    })
}

fn variable_of(name: &str) -> String {
    format!("MAGICCTL_{}", name.to_uppercase())
}

/// A single value as it is written in the file; nothing for null.
fn word(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

impl Settings {
    /// The project's name, when one is set.
    pub fn project_name(&self) -> Option<String> {
        self.file.project.clone()
    }

    /// Which collector ships the logs: the service's name, `promtail` or `alloy`.
    pub fn collector(&self) -> String {
        word(&json!(self.file.collector.unwrap_or_default()))
    }

    /// Whether the collector is to leave other projects' containers alone.
    pub fn collects_project_only(&self) -> bool {
        self.file.collector_scope == Some(Scope::Project)
    }

    /// How much Loki and the collector say of themselves: `warn`.
    pub fn log_level(&self) -> String {
        word(&json!(self.file.log_level.unwrap_or_default()))
    }

    /// Whether the app's container may write nowhere but in /tmp.
    pub fn is_read_only(&self) -> bool {
        self.file.read_only.unwrap_or_default()
    }

    /// How long Loki keeps logs, in its own form: `168h`.
    pub fn retention(&self) -> String {
        let written = self.file.retention.as_deref().unwrap_or(RETENTION);
        types::hours(written).map_or_else(|| written.to_owned(), |hours| format!("{hours}h"))
    }

    /// Host ports that are the rendered file's defaults, by their names.
    pub fn ports(&self) -> BTreeMap<&'static str, u16> {
        let given = json!(self.file.ports);
        let port = |name: &str| given[name].as_u64().and_then(|port| u16::try_from(port).ok());
        let ports = services::published();
        ports
            .map(|(name, _, default)| (name, port(name).unwrap_or(default)))
            .collect()
    }

    /// Limits by service.
    pub fn resources(&self) -> &BTreeMap<String, Option<Resources>> {
        static NONE: BTreeMap<String, Option<Resources>> = BTreeMap::new();
        self.file.resources.as_ref().unwrap_or(&NONE)
    }

    /// Every setting, its value and origin.
    pub fn rows(&self) -> Vec<Row> {
        let values = json!(SettingsFile {
            collector: Some(self.file.collector.unwrap_or_default()),
            collector_scope: Some(self.file.collector_scope.unwrap_or_default()),
            log_level: Some(self.file.log_level.unwrap_or_default()),
            read_only: Some(self.is_read_only()),
            retention: self.file.retention.clone().or_else(|| Some(RETENTION.to_owned())),
            ..self.file.clone()
        });
        let named = NAMED.iter().map(|name| Row {
            name: (*name).to_owned(),
            value: word(&values[name]),
            variable: variable_of(name),
            origin: self.origins[name].clone(),
        });
        let mut rows: Vec<Row> = named.collect();
        let in_file = |name: String, value: String| Row {
            name,
            value,
            variable: String::new(),
            origin: FILE.to_owned(),
        };
        let ports = self.ports();
        for (name, ..) in services::published().filter(|(name, _, default)| ports[name] != *default) {
            rows.push(in_file(format!("ports.{name}"), ports[name].to_string()));
        }
        for (service, limits) in self.resources() {
            let limits = limits.clone().unwrap_or_default();
            let limits = [
                ("memory", limits.memory),
                ("cpus", limits.cpus.map(|cpus| cpus.to_string())),
            ];
            for (key, value) in limits {
                rows.extend(value.map(|value| in_file(format!("resources.{service}.{key}"), value)));
            }
        }
        for service in &self.services {
            rows.push(in_file("services".to_owned(), service.path.display().to_string()));
        }
        for (image, digest) in &self.pins {
            rows.push(in_file(format!("pins.{image}"), digest.clone()));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        load(folder.path(), &pairs(environment).into_iter().collect(), &pairs(flags))
    }

    #[test]
    fn a_later_layer_wins_and_is_named() {
        let text =
            "project: in-file\nretention: 3d\nports: {grafana: 3001}\nresources:\n  kafka: {memory: 1g, cpus: 2}\n";
        let settings = loaded(text, &[("MAGICCTL_RETENTION", "36h")], &[("project", "flagged")]).unwrap();
        let told: Vec<String> = settings
            .rows()
            .into_iter()
            .map(|row| format!("{}={} from {}", row.name, row.value, row.origin))
            .collect();
        assert_eq!(
            told,
            [
                "project=flagged from flag",
                "collector=promtail from default",
                "collector_scope=all from default",
                "log_level=warn from default",
                "read_only=false from default",
                "retention=36h from MAGICCTL_RETENTION",
                "ports.grafana=3001 from magicctl.yaml",
                "resources.kafka.memory=1g from magicctl.yaml",
                "resources.kafka.cpus=2 from magicctl.yaml",
            ]
        );
        assert_eq!(settings.retention(), "36h");
        assert_eq!(loaded("retention: 2w", &[], &[]).unwrap().retention(), "336h");
    }

    #[test]
    fn quotes_are_of_no_matter_and_nothing_is_the_default() {
        let plain = "project: 123\nread_only: true\nretention:\nports: {grafana: 3001}\nresources: {kafka: {cpus: 0.5}, loki: }\n";
        let quoted = "project: '123'\nread_only: 'true'\nports: {grafana: '3001'}\nresources: {kafka: {cpus: '0.5'}}\n";
        for text in [plain, quoted] {
            let settings = loaded(text, &[], &[]).unwrap();
            assert_eq!(settings.project_name().as_deref(), Some("123"), "{text}");
            assert!(settings.is_read_only() && settings.ports()["grafana"] == 3001, "{text}");
            assert_eq!(
                settings.resources()["kafka"].as_ref().unwrap().cpus,
                Some(0.5),
                "{text}"
            );
            assert_eq!(settings.retention(), "168h", "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_at_its_place() {
        for (text, line, column, what, hint) in [
            ("projct: x\n", 1, 1, "unknown setting", "did you mean `project`?"),
            ("project: Not Good\n", 1, 10, "not a valid project name", "lower-case"),
            ("\nretention: soon\n", 2, 12, "not a valid retention", "7d"),
            ("collector: fluentd\n", 1, 12, "not a valid collector", "promtail"),
            (
                "collector_scope: some\n",
                1,
                18,
                "not a valid collector scope",
                "project",
            ),
            ("log_level: loud\n", 1, 12, "not a valid log level", "debug"),
            ("read_only: maybe\n", 1, 12, "is not true or false", "read_only: true"),
            (
                "ports: {grafna: 1}\n",
                1,
                9,
                "unknown setting",
                "did you mean `grafana`?",
            ),
            ("ports: {grafana: 70000}\n", 1, 18, "not a valid port", "65535"),
            ("resources: {kafka: {ram: 1g}}\n", 1, 21, "unknown setting", "memory"),
            (
                "resources: {kafka: {memory: lots}}\n",
                1,
                29,
                "not a valid size",
                "512m",
            ),
            ("services: [nope.yml]\n", 1, 12, "doesn't exist", ""),
            (
                "resources: {kafka: {memory: 512}}\n",
                1,
                29,
                "`512` is not a valid size",
                "512m",
            ),
            (
                "resources: {kafka: {cpus: 1e999}}\n",
                1,
                27,
                "not a valid number of cores",
                "1.5",
            ),
            (
                "resources: {kafka: {cpus: 0}}\n",
                1,
                27,
                "not a valid number of cores",
                "1.5",
            ),
            ("resources: {kafka: 5}\n", 1, 20, "must be a mapping, not a number", ""),
            ("services: x.yml\n", 1, 11, "must be a list, not a string", ""),
            ("project: [a]\n", 1, 10, "must be a string, not a list", ""),
            ("retention: 12h\n", 1, 12, "not a valid retention", "24h"),
            (
                "pins:\n  redis:8: latest\n",
                2,
                12,
                "is not a valid digest",
                "render --pin",
            ),
            ("- a\n", 1, 1, "mapping", ""),
        ] {
            let failure = loaded(text, &[], &[]).unwrap_err();
            let place = failure.place.clone().unwrap();
            assert_eq!((place.line, place.column), (line, column), "{text}: {failure:?}");
            assert!(failure.what.contains(what), "{text}: {failure:?}");
            assert!(
                failure.hint.clone().unwrap_or_default().contains(hint),
                "{text}: {failure:?}"
            );
            assert_eq!(failure.exit.code(), 4);
        }
        let failure = loaded("", &[("MAGICCTL_RETENTION", "soon")], &[]).unwrap_err();
        assert_eq!(failure.exit.code(), 2);
        assert!(failure.what.contains("MAGICCTL_RETENTION"));
    }
}
