//! `magicctl.yaml` as types: what the reader takes, and, as its JSON Schema, what an editor says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Pins;

/// magicctl's settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "magicctl.yaml")]
pub struct SettingsFile {
    /// The project's name: lower-case letters, digits, `-` and `_`.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]*$"))]
    pub project: Option<String>,
    /// Which collector ships the logs.
    pub collector: Option<Collector>,
    /// Whose containers the collector reads.
    pub collector_scope: Option<Scope>,
    /// How much Loki and the collector say of themselves.
    pub log_level: Option<LogLevel>,
    /// Whether the app's container may write nowhere but in /tmp, which goes with it; false by default.
    pub read_only: Option<bool>,
    /// How long Loki keeps logs: hours, days or weeks, at least a day.
    #[schemars(regex(pattern = "^[0-9]+[hdw]$"))]
    pub retention: Option<String>,
    /// Host ports.
    pub ports: Option<Ports>,
    /// Limits by service.
    pub resources: Option<BTreeMap<String, Option<Resources>>>,
    /// Files with further services for the Compose file.
    pub services: Option<Vec<String>>,
    /// Digests of images, `sha256:…`, by name and tag; `render --pin` writes them.
    pub pins: Option<Pins>,
}

/// Who ships the logs to Loki.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Collector {
    /// Promtail.
    #[default]
    Promtail,
    /// Grafana Alloy, its successor.
    Alloy,
}

/// Whose containers are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every running container's.
    #[default]
    All,
    /// This project's alone.
    Project,
}

/// A level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
    #[schemars(range(min = 1))]
    pub magic_proxy: Option<u16>,
    /// The tools'; 8002 by default.
    #[schemars(range(min = 1))]
    pub mcp_server: Option<u16>,
    /// Kafka's; 9092 by default.
    #[schemars(range(min = 1))]
    pub kafka: Option<u16>,
    /// Loki's; 3100 by default.
    #[schemars(range(min = 1))]
    pub loki: Option<u16>,
    /// Grafana's; 3000 by default.
    #[schemars(range(min = 1))]
    pub grafana: Option<u16>,
}

/// What a service may use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// As Compose writes sizes: `512m`.
    #[schemars(regex(pattern = r"^([0-9]+\.?[0-9]*|\.[0-9]+)([bB]|[kKmMgG][bB]?)$"))]
    pub memory: Option<String>,
    /// Cores' worth of time: `1.5`; an engine gives no less than a hundredth.
    #[schemars(range(min = 0.01))]
    pub cpus: Option<f64>,
}

/// `36h`, `7d`, `2w` in hours; Loki's least is a day.
pub(super) fn hours(text: &str) -> Option<u64> {
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

/// Of the value at `path` (`ports`, `kafka`): what is said of one that isn't right, and how it is written.
pub(super) fn about(path: &[&str]) -> Option<(&'static str, &'static str)> {
    Some(match path {
        ["project"] => (
            "is not a valid project name",
            "use lower-case letters, digits, `-` and `_`, starting with a letter or digit",
        ),
        ["collector"] => (
            "is not a valid collector",
            "use promtail (tested with every release) or alloy (its maintained successor)",
        ),
        ["collector_scope"] => (
            "is not a valid collector scope",
            "use `all` for every running container, or `project` for this project's",
        ),
        ["log_level"] => ("is not a valid log level", "use debug, info, warn or error"),
        ["read_only"] => ("is not true or false", "use `read_only: true`, or remove it"),
        ["retention"] => (
            "is not a valid retention",
            "use hours, days or weeks: 36h, 7d, 2w; at least 24h",
        ),
        ["ports", _] => ("is not a valid port", "use a number from 1 to 65535"),
        ["resources", _, "memory"] => ("is not a valid size", "use 512m or 1g"),
        ["resources", _, "cpus"] => ("is not a valid number of cores", "use a number such as 1.5"),
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
