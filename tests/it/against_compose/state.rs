//! What is there of a project, told so that two projects from the same files read the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::Project;

/// What was there before, to tell what is the same and what is new.
#[derive(Debug, Default)]
pub struct Seen {
    /// Id, start and anonymous volumes by service and number.
    containers: BTreeMap<String, Before>,
    /// Ids by name.
    networks: BTreeMap<String, String>,
    volumes: BTreeMap<String, String>,
    /// Every nameless volume that a container had.
    pub nameless: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Before {
    id: String,
    started: String,
    anonymous: BTreeMap<String, String>,
}

/// One line a thing, sorted.
pub fn look(project: &Project, seen: &mut Seen) -> Vec<String> {
    let mut lines = containers(project, seen);
    lines.extend(networks(project, seen));
    lines.extend(volumes(project, seen));
    let images = project.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    let own = images.lines().filter(|image| image.contains(&project.name));
    lines.extend(own.map(|image| format!("image {image}")));
    lines.sort();
    lines.into_iter().map(|line| stable(project, &line)).collect()
}

fn label(project: &Project) -> String {
    format!("label=com.docker.compose.project={}", project.name)
}

/// `text` without what differs between two projects.
pub fn stable(project: &Project, text: &str) -> String {
    text.replace(&project.dir.display().to_string(), "DIR")
        .replace(&project.name, "PROJECT")
}

/// The inspected objects that `list` gives ids of.
pub fn inspected(project: &Project, list: &[&str], kind: &[&str]) -> Vec<Value> {
    let ids = project.docker(&[list, &["--filter", &label(project)]].concat());
    let ids: Vec<&str> = ids.lines().collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let text = project.docker(&[kind, &ids].concat());
    serde_json::from_str(&text).expect("JSON of the Docker client")
}

fn containers(project: &Project, seen: &mut Seen) -> Vec<String> {
    let all = inspected(project, &["ps", "-aq"], &["inspect"]);
    let before = std::mem::take(&mut seen.containers);
    all.iter()
        .map(|container| {
            let labels = &container["Config"]["Labels"];
            let get = |name: &str| {
                labels[format!("com.docker.compose.{name}")]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            let key = match get("oneoff").as_str() {
                "True" => format!("{} once", get("service")),
                _ => format!("{} {}", get("service"), get("container-number")),
            };
            let now = Before {
                id: text(&container["Id"]),
                started: text(&container["State"]["StartedAt"]),
                anonymous: anonymous(container),
            };
            seen.nameless.extend(now.anonymous.values().cloned());
            let identity = match before.get(&key) {
                None => "new",
                Some(before) if before.id != now.id && before.anonymous == now.anonymous => "replaced",
                Some(before) if before.id != now.id => "replaced, with other nameless volumes",
                Some(before) if before.started != now.started => "started again",
                Some(_) => "same",
            };
            let name = match key.strip_suffix("once") {
                // Behind it are digits that nobody else has.
                Some(_) => "with a name of its own".to_owned(),
                None => text(&container["Name"]),
            };
            let state = text(&container["State"]["Status"]);
            let code = &container["State"]["ExitCode"];
            let line = format!("container {key} {name} {state} {code}: {identity}; {}", told(labels));
            seen.containers.insert(key, now);
            line
        })
        .collect()
}

fn anonymous(container: &Value) -> BTreeMap<String, String> {
    let mounts = container["Mounts"].as_array().into_iter().flatten();
    let nameless = mounts.filter(|mount| mount["Name"].as_str().is_some_and(|name| name.len() == 64));
    nameless
        .map(|mount| (text(&mount["Destination"]), text(&mount["Name"])))
        .collect()
}

fn networks(project: &Project, seen: &mut Seen) -> Vec<String> {
    let all = inspected(project, &["network", "ls", "-q"], &["network", "inspect"]);
    let before = std::mem::take(&mut seen.networks);
    all.iter()
        .map(|network| {
            let (name, id) = (text(&network["Name"]), text(&network["Id"]));
            let identity = identity(before.get(&name), &id);
            let line = format!("network {name}: {identity}; {}", told(&network["Labels"]));
            seen.networks.insert(name, id);
            line
        })
        .collect()
}

fn volumes(project: &Project, seen: &mut Seen) -> Vec<String> {
    let all = inspected(project, &["volume", "ls", "-q"], &["volume", "inspect"]);
    let before = std::mem::take(&mut seen.volumes);
    all.iter()
        .map(|volume| {
            let name = text(&volume["Name"]);
            // Of what is mounted from elsewhere the engine tells when that was.
            let made = if volume["Options"]["type"].is_string() {
                String::new()
            } else {
                text(&volume["CreatedAt"])
            };
            let identity = identity(before.get(&name), &made);
            let line = format!("volume {name}: {identity}; {}", told(&volume["Labels"]));
            seen.volumes.insert(name, made);
            line
        })
        .collect()
}

fn identity(before: Option<&String>, now: &str) -> &'static str {
    match before {
        None => "new",
        Some(before) if before == now => "same",
        Some(_) => "replaced",
    }
}

/// Labels, without those that say who made the thing and when.
pub fn told(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let labels = labels.filter_map(|(name, value)| {
        let short = name.strip_prefix("com.docker.compose.").unwrap_or(name);
        let value = text(value);
        let value = match short {
            // With `--no-deps` Compose forgets what the service depends on; which builder it has is its own business.
            "version" | "magicctl.spec" | "magicctl.shares" | "depends_on" | "image.builder" => return None,
            "config-hash" | "image" | "slug" => "given".to_owned(),
            _ => value,
        };
        Some(format!("{short}={value}"))
    });
    labels.collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
