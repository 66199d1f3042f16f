//! Addresses inside the stack: a name that no service has, and Kafka by the listener that is for the host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::codes;
use crate::compose::{Service, Stack, Written};
use crate::failure::Place;
use crate::files;
use crate::ids::ServiceName;
use crate::nearest::nearest;

use super::Finding;
use super::finding::MOST_FINDINGS;
use super::project::Project;
use super::text::Text;

/// A host without a dot and its port; what a URL has before them stays out.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[/@,;\s])(?P<host>[A-Za-z][A-Za-z0-9_-]*|127\.0\.0\.1):(?P<port>\d{2,5})\b").ok()
});

/// The same in a file, where a URL says that it is one.
static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"https?://(?P<host>[A-Za-z][A-Za-z0-9_-]*):(?P<port>\d{2,5})(?P<push>/loki/api/v1/push)?").ok()
});

/// No configuration of a collector or of Grafana is larger.
const LARGEST: usize = 256 << 10;

/// What the settings of services and the files of collectors name.
pub(super) fn look(project: &Project) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut findings: Vec<Finding> = project
        .services()
        .flat_map(|service| of_settings(project, stack, service))
        .collect();
    for path in configured(project, stack) {
        findings.extend(of_file(project, stack, &path));
    }
    findings.truncate(MOST_FINDINGS);
    findings
}

fn of_settings(project: &Project, stack: &Stack, service: &Service) -> Vec<Finding> {
    let Some(address) = ADDRESS.as_ref() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let names = names(stack, service);
    for (name, value) in &service.environment {
        // A service's own listeners are what it gives out.
        let Some(value) = value.as_deref().filter(|_| !name.contains("LISTENER")) else {
            continue;
        };
        for found in address.captures_iter(value) {
            let (host, port) = (&found["host"], &found["port"]);
            // A user and a password.
            if found.get(0).is_some_and(|all| value[all.end()..].starts_with('@')) {
                continue;
            }
            let told = format!("{}: {name} names {host}:{port}", service.name);
            let kafka = kafka_of(stack, service, name, host);
            let finding = if let Some((kafka, inside)) = kafka.filter(|(_, inside)| *inside != format!("{host}:{port}"))
            {
                let why = if kafka == host {
                    format!(
                        "Kafka redirects clients of that listener to an address that only works on this machine; containers need {inside}"
                    )
                } else {
                    format!("in a container {host} is the container itself; Kafka's address for containers is {inside}")
                };
                Finding::new(&codes::KAFKA_ADDRESS, told)
                    .because(why)
                    .fix(format!("`{name}: {inside}`"))
            } else if names.contains(host) || host == "127.0.0.1" {
                continue;
            } else if let Some(near) = nearest(host, names.iter().copied()) {
                unknown(&told, host).fix(format!("did you mean `{near}:{port}`?"))
            } else {
                continue;
            };
            findings.push(finding.at(place_of(project, service, name)));
        }
    }
    findings
}

fn unknown(told: &str, host: &str) -> Finding {
    Finding::new(&codes::ADDRESS_NOWHERE, told).because(format!("no service of the stack is called {host}"))
}

/// What containers reach by name from `service`.
fn names<'s>(stack: &'s Stack, service: &'s Service) -> BTreeSet<&'s str> {
    let all = || stack.services.values().chain(stack.disabled.values());
    let attachments = all().flat_map(|other| other.networks.values().flatten());
    let aliases = attachments.flat_map(|attachment| attachment.aliases.iter().map(String::as_str));
    let links = service.links.iter().chain(&service.external_links);
    let linked = links.filter_map(|link| link.rsplit(':').next());
    let hosts = service
        .extra_hosts
        .iter()
        .filter_map(|host| host.split(['=', ':']).next());
    let called = all().flat_map(|other| {
        let more = [other.container_name.as_deref(), other.hostname.as_deref()];
        std::iter::once(other.name.as_str()).chain(more.into_iter().flatten())
    });
    called
        .chain(aliases)
        .chain(linked)
        .chain(hosts)
        .chain(["localhost"])
        .collect()
}

/// The Kafka that a setting means and its address for containers, where it advertises one for each.
fn kafka_of(stack: &Stack, service: &Service, setting: &str, host: &str) -> Option<(ServiceName, String)> {
    let is_kafkas = setting.contains("KAFKA") || setting.contains("BOOTSTRAP");
    let is_self =
        matches!(host, "localhost" | "127.0.0.1") && is_kafkas && service.network_mode.as_deref() != Some("host");
    stack
        .services
        .values()
        .filter(|kafka| kafka.name != service.name)
        .find_map(|kafka| {
            let advertised = kafka.environment.get("KAFKA_ADVERTISED_LISTENERS")?.as_deref()?;
            let mut addresses = advertised
                .split(',')
                .filter_map(|listener| Some(listener.split_once("://")?.1));
            let inside = addresses.find(|address| address.split(':').next() == Some(kafka.name.as_str()))?;
            (kafka.name == host || is_self).then(|| (kafka.name.clone(), inside.to_owned()))
        })
}

/// Where the Compose file sets `name` of `service`, or where the service begins.
fn place_of(project: &Project, service: &Service, name: &str) -> Option<Place> {
    let written = project.stack()?.places.environment.get(&service.name)?.get(name);
    written.map(Written::place).or_else(|| project.place_of(&service.name))
}

/// The files that say where logs go and where they are read, as far as services mount them.
fn configured(project: &Project, stack: &Stack) -> Vec<PathBuf> {
    let is_one = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| matches!(extension, "yml" | "yaml" | "alloy"))
    };
    let mounted: Vec<PathBuf> = project
        .services()
        .flat_map(|service| stack.binds_of(service))
        .map(|(source, _)| PathBuf::from(source))
        .collect();
    let rendered = project.rendered.iter().flatten();
    let rendered = rendered.map(|(file, _)| project.root.join(file.path));
    // Of folders only what `render` wrote there.
    let rendered = rendered.filter(|path| mounted.iter().any(|source| path.starts_with(source)));
    let all: BTreeSet<PathBuf> = rendered
        .chain(mounted.iter().cloned())
        .filter(|path| is_one(path))
        .collect();
    let compose: BTreeSet<&PathBuf> = stack.files.iter().collect();
    let others = all
        .into_iter()
        .filter(|path| !compose.contains(path) && files::is_file(path));
    others.take(MOST_FINDINGS).collect()
}

fn of_file(project: &Project, stack: &Stack, path: &Path) -> Vec<Finding> {
    let Ok(Some(text)) = Text::named(project, path) else {
        return Vec::new();
    };
    let Some(url) = URL.as_ref().filter(|_| text.content.len() <= LARGEST) else {
        return Vec::new();
    };
    let names = names(stack, &Service::default())
        .into_iter()
        .map(ToOwned::to_owned)
        .collect::<BTreeSet<String>>();
    let found = url.captures_iter(&text.content).filter_map(|found| {
        let host = found.name("host")?;
        let begin = text.content[..host.start()].rfind('\n').map_or(0, |end| end + 1);
        let is_comment = text.content[begin..host.start()].trim_start().starts_with(['#', '/']);
        if is_comment || names.contains(host.as_str()) {
            return None;
        }
        let near = nearest(host.as_str(), names.iter().map(String::as_str));
        // Logs are pushed to a service of the stack; what else a file names may be anywhere.
        if near.is_none() && found.name("push").is_none() {
            return None;
        }
        let shown = text.word(host.as_str());
        let told = format!("{} names {shown}:{}", project.shown(path), &found["port"]);
        let finding = unknown(&told, shown).at(text.place(&host.range()));
        Some(match near {
            Some(near) => finding.fix(format!("did you mean `{near}:{}`?", &found["port"])),
            None => finding,
        })
    });
    found.take(MOST_FINDINGS).collect()
}
