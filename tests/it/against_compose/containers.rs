//! What is made of one and the same file: every field of containers, networks and volumes, as the engine tells them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

use crate::support::own_engine::OwnEngine;
use crate::support::{LIGHT_IMAGE, Project};

use super::files::FILES;
use super::state::{inspected, stable, told};

/// How many files at once.
const AT_ONCE: usize = 3;

/// A field that differs, in which file (all when empty), and why that is as it should be.
const ACCEPTED: &[(&str, &str, &str)] = &[
    ("shared", ".VolumesFrom", "Compose forgets the `:ro` of `volumes_from`"),
    ("shared", ".Mounts[0].RW", "Compose forgets the `:ro` of `volumes_from`"),
];

#[test]
fn the_same_file_makes_the_same_containers() {
    let Some(engine) = OwnEngine::start() else {
        return;
    };
    compare(&engine, &FILES.iter().collect::<Vec<_>>());
}

#[test]
fn and_so_it_does_on_a_newer_engine() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/engines/trixie");
    let Some(engine) = OwnEngine::start_from(&programs) else {
        return;
    };
    compare(&engine, &FILES.iter().step_by(3).collect::<Vec<_>>());
}

fn compare(engine: &OwnEngine, files: &[&(&str, &str, &str)]) {
    engine.load(LIGHT_IMAGE);
    let next = AtomicUsize::new(0);
    let different = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, service, rest)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let told = of_both(engine, name, service, rest);
                    if !told.is_empty() {
                        different.lock().expect("a lock").insert((*name).to_owned(), told);
                    }
                }
            });
        }
    });
    let different = different.into_inner().expect("a lock");
    let mut text = String::new();
    for (name, told) in &different {
        writeln!(text, "{name}:\n{told}").expect("a String");
    }
    assert!(
        different.is_empty(),
        "{} of {} files:\n{text}",
        different.len(),
        files.len()
    );
}

/// What differs, a line each.
fn of_both(engine: &OwnEngine, name: &str, service: &str, rest: &str) -> String {
    let made = |who: &str| {
        let mut project = Project::empty(&format!("{name}-{who}"));
        project.on(engine);
        let indented: String = service.lines().flat_map(|line| ["    ", line, "\n"]).collect();
        let text = format!(
            "services:\n  app:\n    image: {LIGHT_IMAGE}\n{indented}  db:\n    image: {LIGHT_IMAGE}\n    \
             volumes: ['/data']\n    ipc: shareable\n    healthcheck: {{test: [CMD, 'true']}}\n{rest}\n"
        );
        project.write("docker-compose.yml", &text.replace("PROJECT", &project.name));
        project.write("here/x", "x\n");
        project
    };
    let mut states = Vec::new();
    for who in ["c", "m"] {
        // One after the other: fixed addresses and ports can be had once.
        let project = made(who);
        let done = if who == "c" {
            project.compose(&["create"])
        } else {
            project.magicctl(&["create"])
        };
        if done.code != 0 {
            return format!("  {who} failed: {}\n", done.all());
        }
        states.push(fields(&project));
    }
    let [theirs, ours] = &states[..] else {
        unreachable!("two")
    };
    let keys: std::collections::BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let mut text = String::new();
    for key in keys {
        let accepted = ACCEPTED
            .iter()
            .any(|(file, field, _)| (file.is_empty() || *file == name) && key.ends_with(field));
        if theirs.get(key) != ours.get(key) && !accepted {
            let show = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
            writeln!(
                text,
                "  {key}: Compose {}, magicctl {}",
                show(theirs.get(key)),
                show(ours.get(key))
            )
            .expect("a String");
        }
    }
    text
}

/// Every field that says something, by its path.
fn fields(project: &Project) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for container in inspected(project, &["ps", "-aq"], &["inspect"]) {
        let name = stable(project, container["Name"].as_str().unwrap_or_default());
        flatten(&mut all, &name, &of_container(project, &container));
    }
    for network in inspected(project, &["network", "ls", "-q"], &["network", "inspect"]) {
        let mut kept = pick(
            &network,
            &[
                "Driver",
                "EnableIPv6",
                "Internal",
                "Attachable",
                "Ingress",
                "Options",
                "IPAM",
            ],
        );
        // What the engine chose.
        if network["IPAM"]["Config"][0]["IPRange"].is_null() {
            kept["IPAM"]["Config"] = Value::Null;
        }
        kept["Labels"] = told(&network["Labels"]).into();
        let name = format!("network {}", network["Name"].as_str().unwrap_or_default());
        flatten(&mut all, &name, &kept);
    }
    for volume in inspected(project, &["volume", "ls", "-q"], &["volume", "inspect"]) {
        let mut kept = pick(&volume, &["Driver", "Options", "Scope"]);
        kept["Labels"] = told(&volume["Labels"]).into();
        let name = format!("volume {}", volume["Name"].as_str().unwrap_or_default());
        flatten(&mut all, &name, &kept);
    }
    let stable = |text: &str| stable(project, text);
    let in_value = |value: Value| serde_json::from_str(&stable(&value.to_string())).expect("JSON");
    all.into_iter()
        .map(|(key, value)| (stable(&key), in_value(value)))
        .collect()
}

fn of_container(project: &Project, container: &Value) -> Value {
    let id = container["Id"].as_str().unwrap_or_default();
    let short = id.get(..12).unwrap_or_default();
    let mut config = container["Config"].clone();
    config["Labels"] = told(&config["Labels"]).into();
    if config["Hostname"].as_str() == Some(short) {
        config["Hostname"] = Value::Null;
    }
    let mut host = container["HostConfig"].clone();
    // A mount may be asked for in two ways; what it is, is told once more under Mounts.
    host["Binds"] = Value::Null;
    let others = host["Mounts"].as_array().into_iter().flatten();
    let others: Vec<Value> = others
        .filter(|mount| mount["Type"] != "bind" && mount["Type"] != "volume")
        .cloned()
        .collect();
    host["Mounts"] = others.into();
    // Neighbours are named by their ids.
    let neighbours = inspected(project, &["ps", "-aq"], &["inspect"]);
    let mut text = host.to_string();
    for neighbour in &neighbours {
        let (id, name) = (
            neighbour["Id"].as_str().unwrap_or_default(),
            neighbour["Name"].as_str().unwrap_or_default(),
        );
        text = text.replace(id, name);
    }
    let host: Value = serde_json::from_str(&text).expect("JSON");
    let mut mounts: Vec<Value> = container["Mounts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|mount| {
            let mut kept = pick(
                mount,
                &["Type", "Name", "Source", "Destination", "Driver", "RW", "Propagation"],
            );
            if mount["Type"] == "volume" {
                kept["Source"] = Value::Null;
            }
            if kept["Name"].as_str().is_some_and(|name| name.len() == 64) {
                kept["Name"] = "nameless".into();
            }
            kept
        })
        .collect();
    mounts.sort_by_key(|mount| mount["Destination"].to_string());
    let networks = container["NetworkSettings"]["Networks"]
        .as_object()
        .into_iter()
        .flatten();
    let networks: Map<String, Value> = networks
        .map(|(name, endpoint)| {
            let mut kept = pick(
                endpoint,
                &[
                    "IPAMConfig",
                    "Links",
                    "Aliases",
                    "DriverOpts",
                    "MacAddress",
                    "GwPriority",
                ],
            );
            if let Some(aliases) = kept["Aliases"].as_array_mut() {
                aliases.retain(|alias| alias.as_str() != Some(short));
            }
            (name.clone(), kept)
        })
        .collect();
    json!({ "Config": config, "HostConfig": host, "Mounts": mounts, "Networks": networks })
}

fn pick(value: &Value, names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| ((*name).to_owned(), value[*name].clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// A line a leaf. What is empty says nothing.
fn flatten(all: &mut BTreeMap<String, Value>, path: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (name, value) in map {
                flatten(all, &format!("{path}.{name}"), value);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let mut items = items.clone();
            // Limits come in no order.
            items.sort_by_key(|item| item["Name"].to_string());
            for (index, value) in items.iter().enumerate() {
                flatten(all, &format!("{path}[{index}]"), value);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::String(text) if text.is_empty() => {}
        Value::Array(items) => {
            let mut items = items.clone();
            // Variables and the like are a set; a command is not.
            if !path.ends_with(".Cmd") && !path.ends_with(".Entrypoint") && !path.ends_with(".Test") {
                items.sort_by_key(Value::to_string);
            }
            all.insert(path.to_owned(), items.into());
        }
        other => {
            all.insert(path.to_owned(), other.clone());
        }
    }
}
