//! The templates, embedded, and what they are given.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use minijinja::{Environment, UndefinedBehavior, context};

use crate::failure::Failure;
use crate::rendered::{Rendered, sealed};
use crate::services;
use crate::settings::Settings;

macro_rules! template {
    ($path:literal, $collector:expr) => {
        Template {
            path: $path,
            text: include_str!(concat!("../../templates/", $path)),
            collector: $collector,
        }
    };
}

/// A file's template.
struct Template {
    /// Where the file goes.
    path: &'static str,
    text: &'static str,
    /// Only with this collector.
    collector: Option<&'static str>,
}

/// The Compose file first.
const TEMPLATES: [Template; 8] = [
    template!("docker-compose.yml", None),
    template!("config/loki/local-config.yaml", None),
    template!("config/promtail/promtail-config.yml", Some("promtail")),
    template!("config/alloy/config.alloy", Some("alloy")),
    template!("config/grafana/provisioning/datasources/loki.yml", None),
    template!("config/grafana/provisioning/dashboards/magicproxy.yml", None),
    template!("config/grafana/provisioning/alerting/app-runner.yml", None),
    template!("config/grafana/dashboards/stack.json", None),
];

/// The images that the Compose file names by tag, without their digests.
pub(super) fn images(settings: &Settings) -> Result<BTreeSet<String>, Failure> {
    let named = Arc::default();
    render(settings, &named)?;
    // Whoever panicked in a template took the program along.
    let named = named.lock().map(|named| named.clone());
    Ok(named.unwrap_or_default())
}

pub(super) fn all(settings: &Settings) -> Result<Vec<Rendered>, Failure> {
    render(settings, &Arc::default())
}

/// Renders each template; the images that it asks for come into `named`.
fn render(settings: &Settings, named: &Arc<Mutex<BTreeSet<String>>>) -> Result<Vec<Rendered>, Failure> {
    tracing::debug!("templates rendered");
    let is_other = |name: &str| services::COLLECTORS.contains(&name) && name != settings.collector();
    let services = services::SERVICES.iter().map(|service| service.name);
    let services: Vec<&str> = services.filter(|name| !is_other(name)).collect();
    if let Some(name) = settings
        .resources()
        .keys()
        .find(|name| !services.contains(&name.as_str()))
    {
        return Err(
            Failure::invalid(format!("resources.{name} in magicctl.yaml: unknown service"))
                .hint(format!("the services are {}", services.join(", "))),
        );
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let resources = settings.resources().clone();
    environment.add_function("limits", move |service: String| {
        let limits = resources.get(&service).cloned().flatten().unwrap_or_default();
        let memory = limits.memory.map(|memory| format!("\n    mem_limit: {memory}"));
        memory.unwrap_or_default()
            + &limits
                .cpus
                .map(|cpus| format!("\n    cpus: {cpus}"))
                .unwrap_or_default()
    });
    let (pins, named) = (settings.pins.clone(), Arc::clone(named));
    environment.add_function("pinned", move |image: String| {
        let pinned = match pins.get(&image) {
            Some(digest) => format!("{image}@{digest}"),
            None => image.clone(),
        };
        if let Ok(mut named) = named.lock() {
            named.insert(image);
        }
        pinned
    });
    let context = context! {
        collect => if settings.collects_project_only() { "${COMPOSE_PROJECT_NAME:-.*}" } else { ".*" },
        collector => settings.collector(),
        log_level => settings.log_level(),
        ports => settings.ports(),
        read_only => settings.is_read_only(),
        retention => settings.retention(),
        services => further_services(settings),
    };
    TEMPLATES
        .iter()
        .filter(|template| {
            template
                .collector
                .is_none_or(|collector| collector == settings.collector())
        })
        .map(|template| {
            let body = environment.render_str(template.text, &context).map_err(|error| {
                Failure::failed(format!("{} can't be rendered", template.path)).because(error.to_string())
            })?;
            // The template language drops the last line end.
            let text = format!("{}{}\n", first_line(template.path), body.trim_end());
            Ok(Rendered {
                path: Path::new(template.path),
                text: sealed(&text),
            })
        })
        .collect()
}

/// The comment for the digest. JSON has none: there the template itself has a place for it.
fn first_line(path: &str) -> &'static str {
    match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("json") => "",
        Some("alloy") => "// magicctl: sha256=\n",
        _ => "# magicctl: sha256=\n",
    }
}

/// The texts of `services` in magicctl.yaml, indented into the `services:` of the Compose file.
fn further_services(settings: &Settings) -> Vec<String> {
    let indented = |text: &str| {
        let lines = text.lines().map(|line| match line {
            "" => String::new(),
            line => format!("  {line}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    settings
        .services
        .iter()
        .map(|service| indented(&service.text))
        .collect()
}
