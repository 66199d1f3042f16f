//! What changes the shape of the rendered files: defaults < `magicctl.yaml` < `MAGICCTL_*` < flags.
//! What differs from machine to machine is not a setting but a variable of the Compose file.

mod file;
mod pins;
mod root;
mod schema;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files::Root;

pub use pins::{Pins, write_pins};
pub use root::find_root;
pub use schema::{SettingsFile, schema};

/// The file's name in the project's root.
pub const FILE: &str = "magicctl.yaml";

/// Settings with one value each, and their defaults.
const NAMED: [(&str, &str); 6] = [
    ("project", ""),
    ("collector", "promtail"),
    ("collector_scope", "all"),
    ("log_level", "warn"),
    ("read_only", "false"),
    ("retention", "7d"),
];

/// Host ports, and their defaults.
const PORTS: [(&str, u16); 5] = [
    ("magic-proxy", 8001),
    ("mcp-server", 8002),
    ("kafka", 9092),
    ("loki", 3100),
    ("grafana", 3000),
];

/// The settings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// By name, in the order of [`NAMED`].
    named: [Setting; NAMED.len()],
    /// Host ports that are the rendered file's defaults, by the name in [`PORTS`].
    pub ports: BTreeMap<&'static str, u16>,
    /// Limits by service.
    pub resources: BTreeMap<String, Limits>,
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

/// One setting: its value and where that came from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    value: String,
    origin: String,
}

/// What a service may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// As Compose writes sizes: `512m`.
    pub memory: Option<String>,
    /// Cores' worth of time: `1.5`.
    pub cpus: Option<String>,
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
    let mut settings = Settings {
        named: NAMED.map(|(_, value)| Setting {
            value: value.to_owned(),
            origin: "default".to_owned(),
        }),
        ports: PORTS.into_iter().collect(),
        resources: BTreeMap::new(),
        services: Vec::new(),
        pins: Pins::new(),
    };
    let folder = Root::open(root).map_err(|refused| {
        Failure::failed(format!("{} can't be opened", root.display())).because(refused.to_string())
    })?;
    file::apply(&mut settings, &folder)?;
    for (name, _) in NAMED {
        let variable = variable_of(name);
        let set = environment.get(&variable).filter(|value| !value.is_empty());
        let flag = flags.iter().find(|(flag, _)| flag == name);
        let layers = [
            set.map(|value| (value, variable.as_str())),
            flag.map(|(_, value)| (value, "flag")),
        ];
        for (value, origin) in layers.into_iter().flatten() {
            value::check(name, value).map_err(|why| {
                let failure = Failure::usage(format!("{origin}: {}", why.what));
                match why.hint {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            })?;
            settings.set(name, value, origin);
        }
    }
    Ok(settings)
}

fn variable_of(name: &str) -> String {
    format!("MAGICCTL_{}", name.to_uppercase())
}

impl Settings {
    fn set(&mut self, name: &str, value: &str, origin: &str) {
        for (setting, _) in self
            .named
            .iter_mut()
            .zip(NAMED)
            .filter(|(_, (known, _))| *known == name)
        {
            *setting = Setting {
                value: value.to_owned(),
                origin: origin.to_owned(),
            };
        }
    }

    fn get(&self, name: &str) -> &str {
        let found = self.named.iter().zip(NAMED).find(|(_, (known, _))| *known == name);
        found.map_or("", |(setting, _)| &setting.value)
    }

    /// The project's name, when one is set.
    pub fn project_name(&self) -> Option<String> {
        Some(self.get("project"))
            .filter(|name| !name.is_empty())
            .map(ToOwned::to_owned)
    }

    /// Which collector ships the logs: the service's name, `promtail` or `alloy`.
    pub fn collector(&self) -> &str {
        self.get("collector")
    }

    /// Whether the collector is to leave other projects' containers alone.
    pub fn collects_project_only(&self) -> bool {
        self.get("collector_scope") == "project"
    }

    /// How much Loki and the collector say of themselves: `warn`.
    pub fn log_level(&self) -> &str {
        self.get("log_level")
    }

    /// Whether the app's container may write nowhere but in /tmp.
    pub fn is_read_only(&self) -> bool {
        self.get("read_only") == "true"
    }

    /// How long Loki keeps logs, in its own form: `168h`.
    pub fn retention(&self) -> String {
        let written = self.get("retention");
        value::hours(written).map_or_else(|| written.to_owned(), |hours| format!("{hours}h"))
    }

    /// Every setting, its value and origin.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .named
            .iter()
            .zip(NAMED)
            .map(|(setting, (name, _))| Row {
                name: name.to_owned(),
                value: setting.value.clone(),
                variable: variable_of(name),
                origin: setting.origin.clone(),
            })
            .collect();
        let in_file = |name: String, value: String| Row {
            name,
            value,
            variable: String::new(),
            origin: FILE.to_owned(),
        };
        for (name, default) in PORTS {
            let port = self.ports[name];
            if port != default {
                rows.push(in_file(format!("ports.{name}"), port.to_string()));
            }
        }
        for (service, limits) in &self.resources {
            for (key, value) in [("memory", &limits.memory), ("cpus", &limits.cpus)] {
                if let Some(value) = value {
                    rows.push(in_file(format!("resources.{service}.{key}"), value.clone()));
                }
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
