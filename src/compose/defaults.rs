//! What the specification fills in once all files are merged, and what only the merged whole can break.

use std::net::IpAddr;

use crate::failure::Failure;

use super::tree::{Map, Tree, Value};

/// Fills in what is left out.
pub(super) fn fill(root: &mut Tree) {
    for (_, entry) in root.entries_mut("services") {
        let service = &mut entry.tree;
        if let Some(build) = service.get_mut("build") {
            or_text(build, "context", ".");
        }
        for secret in items(service, "secrets") {
            let source = secret.get("source").map(Tree::printed).unwrap_or_default();
            or_text(secret, "target", &format!("/run/secrets/{source}"));
        }
        for port in items(service, "ports") {
            or_text(port, "protocol", "tcp");
            or_text(port, "mode", "ingress");
        }
        for mount in items(service, "volumes") {
            if let Some(bind) = mount.get_mut("bind") {
                or(bind, "create_host_path", Value::Bool(true));
            }
        }
        for request in items(service, "gpus") {
            count_all(request);
        }
        let reservations = ["deploy", "resources", "reservations"];
        if let Some(found) = reservations.iter().try_fold(service, |tree, key| tree.get_mut(key)) {
            for request in items(found, "devices") {
                count_all(request);
            }
        }
    }
}

fn items<'t>(tree: &'t mut Tree, key: &str) -> impl Iterator<Item = &'t mut Tree> {
    tree.get_mut(key).and_then(Tree::list_mut).into_iter().flatten()
}

fn or_text(tree: &mut Tree, key: &str, text: &str) {
    or(tree, key, Value::Text(text.to_owned()));
}

fn or(tree: &mut Tree, key: &str, value: Value) {
    let span = tree.span.clone();
    if let Some(map) = tree.map_mut() {
        map.entry(key.to_owned())
            .or_insert_with(|| Tree::new(value, &span).entry());
    }
}

fn count_all(request: &mut Tree) {
    if request.get("count").is_none() && request.get("device_ids").is_none() {
        or_text(request, "count", "all");
    }
}

/// Checks what the schema can't say.
pub(super) fn check(root: &Tree) -> Result<(), Failure> {
    for (name, entry) in root.entries("volumes") {
        let path = format!("volumes.{name}");
        let Some(map) = entry.tree.map().filter(|map| is_true(map, "external")) else {
            continue;
        };
        let other = map
            .iter()
            .find(|(key, _)| !matches!(key.as_str(), "name" | "external") && !key.starts_with("x-"));
        if let Some((key, entry)) = other {
            return Err(super::tree::wrong_at(
                &entry.key,
                &format!("{path}.{key}"),
                "it is external, so only `name` can be set: remove this key, or `external`",
            ));
        }
    }
    one_source(root, "configs", &["file", "environment", "content"])?;
    one_source(root, "secrets", &["file", "environment"])?;
    for (name, entry) in root.entries("services") {
        for (index, port) in entry
            .tree
            .get("ports")
            .and_then(Tree::list)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let ip = port.get("host_ip").and_then(|ip| Some((ip, ip.text()?)));
            if let Some((ip, text)) = ip
                && text.parse::<IpAddr>().is_err()
            {
                let shown = super::interpolate::shown(text, ip.is_from_variable());
                return Err(ip.wrong(
                    &format!("services.{name}.ports[{index}].host_ip"),
                    format!("{shown} is not a valid IP address"),
                ));
            }
        }
        device_requests(&entry.tree, &format!("services.{name}"))?;
    }
    Ok(())
}

fn is_true(map: &Map, key: &str) -> bool {
    map.get(key).is_some_and(|entry| entry.tree.value == Value::Bool(true))
}

fn one_source(root: &Tree, kind: &str, keys: &[&str]) -> Result<(), Failure> {
    for (name, entry) in root.entries(kind) {
        let path = format!("{kind}.{name}");
        let Some(map) = entry.tree.map() else {
            return Err(super::tree::wrong_at(
                &entry.key,
                &path,
                format!("needs one of {}", keys.join(", ")),
            ));
        };
        let given: Vec<&&str> = keys.iter().filter(|key| map.contains_key(**key)).collect();
        if let [_, second, ..] = given.as_slice() {
            return Err(super::tree::wrong_at(
                &map[**second].key,
                &format!("{path}.{second}"),
                format!("only one of {} can be set", keys.join(", ")),
            ));
        }
        if given.is_empty() && !map.contains_key("driver") && !map.contains_key("external") {
            return Err(super::tree::wrong_at(
                &entry.key,
                &path,
                format!("needs one of {}", keys.join(", ")),
            ));
        }
    }
    Ok(())
}

fn device_requests(service: &Tree, path: &str) -> Result<(), Failure> {
    let reserved = ["deploy", "resources", "reservations", "devices"]
        .iter()
        .try_fold(service, |tree, key| tree.get(key));
    let lists = [
        ("gpus", service.get("gpus")),
        ("deploy.resources.reservations.devices", reserved),
    ];
    for (key, list) in lists {
        for (index, request) in list.and_then(Tree::list).into_iter().flatten().enumerate() {
            if let (Some(_), Some(ids)) = (request.get("count"), request.get("device_ids")) {
                let path = format!("{path}.{key}[{index}].device_ids");
                return Err(ids.wrong(&path, "can't be combined with `count`"));
            }
        }
    }
    Ok(())
}
