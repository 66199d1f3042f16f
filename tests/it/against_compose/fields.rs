//! Every field of what the engine tells of a project, so that two projects from the same files read the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::support::Project;

use super::state::{inspected, stable, told};

/// The fields that differ and are not accepted, a line each.
pub fn differences(
    theirs: &BTreeMap<String, Value>,
    ours: &BTreeMap<String, Value>,
    accepted: impl Fn(&str) -> bool,
) -> String {
    let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let show = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
    let mut text = String::new();
    for key in keys {
        let (theirs, ours) = (theirs.get(key), ours.get(key));
        if theirs != ours && !accepted(key) {
            writeln!(text, "  {key}: Compose {}, magicctl {}", show(theirs), show(ours)).expect("a String");
        }
    }
    text
}

/// Every field that says something, by its path.
pub fn fields(project: &Project) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let containers = inspected(project, &["ps", "-aq"], &["inspect"]);
    for container in &containers {
        let name = stable(project, container["Name"].as_str().unwrap_or_default());
        flatten(&mut all, &name, &of_container(container, &containers));
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

fn of_container(container: &Value, neighbours: &[Value]) -> Value {
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
    let mut text = host.to_string();
    for neighbour in neighbours {
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
            // Limits and mounts come in no order.
            items.sort_by_key(|item| (item["Name"].to_string(), item["Target"].to_string()));
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
