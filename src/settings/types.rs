//! `magicctl.yaml` as types: what the reader takes, and, as its JSON Schema, what an editor says.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::Pins;

/// magicctl's settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "magicctl.yaml")]
pub struct SettingsFile {
    /// The project's name: lower-case letters, digits, `-` and `_`.
    pub project: Option<ProjectName>,
    /// Which collector ships the logs.
    pub collector: Option<Collector>,
    /// Whose containers the collector reads.
    pub collector_scope: Option<Scope>,
    /// How much Loki and the collector say of themselves.
    pub log_level: Option<LogLevel>,
    /// Whether the app's container may write nowhere but in /tmp, which goes with it; false by default.
    pub read_only: Option<bool>,
    /// How long Loki keeps logs: hours, days or weeks, at least a day.
    pub retention: Option<Retention>,
    /// Host ports.
    pub ports: Option<Ports>,
    /// Limits by service.
    pub resources: Option<BTreeMap<String, Resources>>,
    /// Files with further services for the Compose file.
    pub services: Option<Vec<String>>,
    /// Digests of images, `sha256:…`, by name and tag; `render --pin` writes them.
    pub pins: Option<Pins>,
}

/// Who ships the logs to Loki.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "collector", rename_all = "snake_case")]
#[schemars(rename = "Collector")]
pub enum Collector {
    /// Promtail.
    #[default]
    Promtail,
    /// Grafana Alloy, its successor.
    Alloy,
}

/// Whose containers are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "scope of a collector", rename_all = "snake_case")]
#[schemars(rename = "Scope")]
pub enum Scope {
    /// Every running container's.
    #[default]
    All,
    /// This project's alone.
    Project,
}

/// A level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "level of Loki's and the collector's own log", rename_all = "snake_case")]
#[schemars(rename = "LogLevel")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What is odd.
    #[default]
    Warn,
    /// What is wrong.
    Error,
}

/// Host ports, by who listens there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ports {
    /// The gateway's; 8001 by default.
    pub magic_proxy: Option<Port>,
    /// The tools'; 8002 by default.
    pub mcp_server: Option<Port>,
    /// Kafka's; 9092 by default.
    pub kafka: Option<Port>,
    /// Loki's; 3100 by default.
    pub loki: Option<Port>,
    /// Grafana's; 3000 by default.
    pub grafana: Option<Port>,
}

/// What a service may use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// As Compose writes sizes: `512m`.
    pub memory: Option<Size>,
    /// Cores' worth of time: `1.5`.
    pub cpus: Option<Cores>,
}

/// A scalar that is written in a way of its own: what is said of a text that isn't one, what is made of a text, and its schema.
macro_rules! scalar {
    ($(#[$about:meta])* $name:ident($inner:ty), $not:literal, $made:expr, $schema:tt) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct $name($inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                let made: Option<$inner> = $made(&text);
                made.map(Self).ok_or_else(|| D::Error::custom(format_args!("`{}` {}", text.escape_debug(), $not)))
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

scalar!(
    /// A project's name.
    ProjectName(String),
    "is not a valid project name",
    |text: &str| crate::compose::check_project_name(text).is_ok().then(|| text.to_owned()),
    { "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$" }
);

scalar!(
    /// How long logs are kept.
    Retention(String),
    "is no retention",
    |text: &str| hours(text).map(|_| text.to_owned()),
    { "type": "string", "pattern": "^[0-9]+[hdw]$" }
);

scalar!(
    /// A port of this machine.
    Port(u16),
    "is no port",
    |text: &str| text.parse().ok().filter(|port| *port > 0),
    { "type": "integer", "format": "uint16", "minimum": 1, "maximum": 65535 }
);

scalar!(
    /// So much memory.
    Size(String),
    "is no size",
    |text: &str| {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text[digits.len()..].to_ascii_lowercase();
        let is_known = ["b", "k", "kb", "m", "mb", "g", "gb"].contains(&unit.as_str());
        (is_known && digits.parse::<f64>().is_ok()).then(|| text.to_owned())
    },
    { "type": "string", "pattern": "^[0-9.]+([bB]|[kKmMgG][bB]?)$" }
);

scalar!(
    /// So many cores.
    Cores(String),
    "is no number of cores",
    |text: &str| {
        let is_some = |cores: f64| cores.is_finite() && cores > 0.0;
        text.parse().is_ok_and(is_some).then(|| text.to_owned())
    },
    { "type": "number", "format": "double" }
);

impl Port {
    /// As a number.
    pub fn number(&self) -> u16 {
        self.0
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self("7d".to_owned())
    }
}

impl Retention {
    /// In hours.
    pub fn hours(&self) -> u64 {
        hours(&self.0).unwrap_or_default()
    }
}

/// `36h`, `7d`, `2w` in hours; Loki's least is a day.
fn hours(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let hours = match unit {
        'h' => number,
        'd' => number.checked_mul(24)?,
        'w' => number.checked_mul(168)?,
        _ => return None,
    };
    (24..=876_000).contains(&hours).then_some(hours)
}

impl SettingsFile {
    /// What `later` says of single values, over this.
    pub(super) fn take(&mut self, later: Self) {
        self.project = later.project.or(self.project.take());
        self.collector = later.collector.or(self.collector);
        self.collector_scope = later.collector_scope.or(self.collector_scope);
        self.log_level = later.log_level.or(self.log_level);
        self.read_only = later.read_only.or(self.read_only);
        self.retention = later.retention.or(self.retention.take());
    }
}

/// How the value at `path` (`ports`, `kafka`) is written.
pub(super) fn hint(path: &[String]) -> Option<&'static str> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Some(match path[..] {
        ["project"] => "lower-case letters, digits, `-` and `_`, beginning with a letter or digit",
        ["collector"] => "there are promtail (tried with every release) and alloy (its maintained successor)",
        ["collector_scope"] => "`all` collects from every running container, `project` only from this project's",
        ["log_level"] => "it may be debug, info, warn or error",
        ["read_only"] => "write `read_only: true`, or leave it out",
        ["retention"] => "write hours, days or weeks: 36h, 7d, 2w; Loki keeps logs for at least 24h",
        ["ports", _] => "write a number from 1 to 65535",
        ["resources", _, "memory"] => "write it like 512m or 1g",
        ["resources", _, "cpus"] => "write it like 1.5",
        ["services"] => "list template files",
        ["pins", ..] => "`magicctl render --pin` writes them: IMAGE:TAG: sha256:DIGEST",
        _ => return None,
    })
}

/// The file's JSON Schema.
pub fn schema() -> Json {
    schemars::schema_for!(SettingsFile).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services;
    use crate::settings::NAMED;

    fn names(schema: &Json) -> Vec<String> {
        let mut names: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    }

    #[test]
    fn the_schema_names_what_the_reader_reads() {
        let schema = schema();
        let mut read: Vec<String> = NAMED.map(ToOwned::to_owned).into();
        read.extend(["pins", "ports", "resources", "services"].map(ToOwned::to_owned));
        read.sort();
        assert_eq!(names(&schema), read);
        let mut ports: Vec<String> = services::published().map(|(name, ..)| name.to_owned()).collect();
        ports.sort();
        assert_eq!(names(&schema["$defs"]["Ports"]), ports);
        for (name, kind) in [
            ("collector", "Collector"),
            ("collector_scope", "Scope"),
            ("log_level", "LogLevel"),
        ] {
            for choice in schema["$defs"][kind]["oneOf"].as_array().unwrap() {
                let file = serde_json::json!({ name: choice["const"] });
                assert!(serde_json::from_value::<SettingsFile>(file).is_ok(), "{name}: {choice}");
            }
        }
    }

    /// `MAGICCTL_WRITE_DOCS=1 cargo test --lib schema` writes it.
    #[test]
    fn the_schema_in_docs_is_current() {
        crate::docs_tests::is_current(
            "docs/schemas/magicctl.schema.json",
            &format!("{:#}\n", schema()),
            "--lib schema",
        );
    }
}
