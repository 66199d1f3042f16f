//! What changes the shape of the rendered files: defaults < `magicctl.yaml` < `MAGICCTL_*` < flags.
//! What differs from machine to machine is no setting but a variable of the Compose file.

mod file;
mod root;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

pub use root::find_root;

/// The file's name in the project's root.
pub const FILE: &str = "magicctl.yaml";

/// The settings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    project: Setting,
    collector: Setting,
    retention: Setting,
    /// Limits by service.
    pub resources: BTreeMap<String, Limits>,
    /// Templates of further services, absolute.
    pub services: Vec<PathBuf>,
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
    let default = |value: &str| Setting {
        value: value.to_owned(),
        origin: "default".to_owned(),
    };
    let mut settings = Settings {
        project: default(""),
        collector: default("promtail"),
        retention: default("7d"),
        resources: BTreeMap::new(),
        services: Vec::new(),
    };
    let path = root.join(FILE);
    if path.is_file() {
        file::apply(&mut settings, &path)?;
    }
    for name in ["project", "collector", "retention"] {
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
        let setting = match name {
            "project" => &mut self.project,
            "collector" => &mut self.collector,
            _ => &mut self.retention,
        };
        *setting = Setting {
            value: value.to_owned(),
            origin: origin.to_owned(),
        };
    }

    /// The project's name, when one is set.
    pub fn project_name(&self) -> Option<String> {
        (!self.project.value.is_empty()).then(|| self.project.value.clone())
    }

    /// How long Loki keeps logs, in its own form: `168h`.
    pub fn retention(&self) -> String {
        value::hours(&self.retention.value).map_or_else(|| self.retention.value.clone(), |hours| format!("{hours}h"))
    }

    /// Every setting, its value and origin.
    pub fn rows(&self) -> Vec<Row> {
        let named = [
            ("project", &self.project),
            ("collector", &self.collector),
            ("retention", &self.retention),
        ];
        let mut rows: Vec<Row> = named
            .into_iter()
            .map(|(name, setting)| Row {
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
        for (service, limits) in &self.resources {
            for (key, value) in [("memory", &limits.memory), ("cpus", &limits.cpus)] {
                if let Some(value) = value {
                    rows.push(in_file(format!("resources.{service}.{key}"), value.clone()));
                }
            }
        }
        for path in &self.services {
            rows.push(in_file("services".to_owned(), path.display().to_string()));
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
        let text = "project: in-file\nretention: 3d\nresources:\n  kafka: {memory: 1g, cpus: 2}\n";
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
                "retention=36h from MAGICCTL_RETENTION",
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
            ("projct: x\n", 1, 1, "no such setting", "did you mean `project`?"),
            ("project: Not Good\n", 1, 10, "no project's name", "lower-case"),
            ("\nretention: soon\n", 2, 12, "no retention", "7d"),
            ("collector: fluentd\n", 1, 12, "no collector", "promtail"),
            ("resources: {kafka: {ram: 1g}}\n", 1, 21, "no such setting", "memory"),
            ("resources: {kafka: {memory: lots}}\n", 1, 29, "no size", "512m"),
            ("services: [nope.yml]\n", 1, 12, "no file", ""),
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
