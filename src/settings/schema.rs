//! `magicctl.yaml` as types, for its JSON Schema: what an editor says is what the reader takes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value as Json;

/// magicctl's settings.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, title = "magicctl.yaml")]
pub struct SettingsFile {
    /// The project's name: lower-case letters, digits, `-` and `_`.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9_-]*$"))]
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
    #[schemars(regex(pattern = r"^[0-9]+[hdw]$"))]
    pub retention: Option<String>,
    /// Host ports.
    pub ports: Option<Ports>,
    /// Limits by service.
    pub resources: Option<BTreeMap<String, Resources>>,
    /// Files with further services for the Compose file.
    pub services: Option<Vec<String>>,
    /// Digests of images, `sha256:…`, by name and tag; `render --pin` writes them.
    pub pins: Option<BTreeMap<String, String>>,
}

/// Who ships the logs to Loki.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Collector {
    /// Promtail.
    Promtail,
    /// Grafana Alloy, its successor.
    Alloy,
}

/// Whose containers are read.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Scope {
    /// Every running container's.
    All,
    /// This project's alone.
    Project,
}

/// A level.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What is odd.
    Warn,
    /// What is wrong.
    Error,
}

/// Host ports, by who listens there.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
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
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Resources {
    /// As Compose writes sizes: `512m`.
    #[schemars(regex(pattern = r"^[0-9.]+ *([bB]|[kKmMgG][bB]?)$"))]
    pub memory: Option<String>,
    /// Cores' worth of time: `1.5`.
    pub cpus: Option<f64>,
}

/// The file's JSON Schema.
pub fn schema() -> Json {
    schemars::schema_for!(SettingsFile).to_value()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{NAMED, PORTS, value};
    use super::*;

    fn names(schema: &Json) -> Vec<String> {
        let mut names: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    }

    #[test]
    fn the_schema_names_what_the_reader_reads() {
        let schema = schema();
        let mut read: Vec<String> = NAMED.iter().map(|(name, _)| (*name).to_owned()).collect();
        read.extend(["pins", "ports", "resources", "services"].map(ToOwned::to_owned));
        read.sort();
        assert_eq!(names(&schema), read);
        let mut ports: Vec<String> = PORTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        ports.sort();
        assert_eq!(names(&schema["$defs"]["Ports"]), ports);
        for (name, kind) in [
            ("collector", "Collector"),
            ("collector_scope", "Scope"),
            ("log_level", "LogLevel"),
        ] {
            for choice in schema["$defs"][kind]["oneOf"].as_array().unwrap() {
                let word = choice["const"].as_str().unwrap();
                assert!(value::check(name, word).is_ok(), "{name}: {word}");
            }
        }
    }

    /// `MAGICCTL_WRITE_DOCS=1 cargo test --lib schema` writes it.
    #[test]
    fn the_schema_in_docs_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/magicctl.schema.json");
        let text = format!("{:#}\n", schema());
        if std::env::var_os("MAGICCTL_WRITE_DOCS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == text,
            "{} is stale: MAGICCTL_WRITE_DOCS=1 cargo test --lib schema",
            path.display()
        );
    }
}
