//! The templates, embedded, and what they are given.

use std::path::Path;

use minijinja::{Environment, UndefinedBehavior, context};

use crate::failure::Failure;
use crate::settings::Settings;

use super::Rendered;
use super::state::marked;

/// Where each file goes and its template; the Compose file first.
const TEMPLATES: [(&str, &str); 4] = [
    ("docker-compose.yml", include_str!("../../templates/docker-compose.yml")),
    (
        "config/loki/local-config.yaml",
        include_str!("../../templates/config/loki/local-config.yaml"),
    ),
    (
        "config/promtail/promtail-config.yml",
        include_str!("../../templates/config/promtail/promtail-config.yml"),
    ),
    (
        "config/grafana/provisioning/datasources/loki.yml",
        include_str!("../../templates/config/grafana/provisioning/datasources/loki.yml"),
    ),
];

/// The services that the Compose file's template names.
const SERVICES: [&str; 6] = ["app-runner", "kafka", "redis", "loki", "promtail", "grafana"];

pub(super) fn all(settings: &Settings) -> Result<Vec<Rendered>, Failure> {
    if let Some(name) = settings
        .resources
        .keys()
        .find(|name| !SERVICES.contains(&name.as_str()))
    {
        return Err(
            Failure::invalid(format!("resources.{name} in magicctl.yaml: there is no such service"))
                .hint(format!("there are: {}", SERVICES.join(", "))),
        );
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let resources = settings.resources.clone();
    environment.add_function("limits", move |service: String| {
        let limits = resources.get(&service).cloned().unwrap_or_default();
        let line =
            |key: &str, value: Option<String>| value.map_or_else(String::new, |value| format!("\n    {key}: {value}"));
        line("mem_limit", limits.memory) + &line("cpus", limits.cpus)
    });
    let services = further_services(settings)?;
    TEMPLATES
        .iter()
        .map(|(path, template)| {
            let context = context! { retention => settings.retention(), services => services.clone() };
            let body = environment
                .render_str(template, context)
                .map_err(|error| Failure::failed(format!("{path} can't be rendered")).because(error.to_string()))?;
            Ok(Rendered {
                path: Path::new(path),
                // The template language drops the last line end.
                text: marked(&format!("{}\n", body.trim_end())),
            })
        })
        .collect()
}

/// The texts of `services` in magicctl.yaml, indented into the `services:` of the Compose file.
fn further_services(settings: &Settings) -> Result<Vec<String>, Failure> {
    settings
        .services
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::invalid(format!("{} can't be read", path.display())).because(error.to_string())
            })?;
            let lines = text.lines().map(|line| match line {
                "" => String::new(),
                line => format!("  {line}"),
            });
            Ok(lines.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}
