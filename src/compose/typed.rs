//! The canonical form as the types that are planned and run, and what an engine would refuse of it at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::names::{self, is_container_name};
use crate::yaml::Span;

use super::bind::{Form, bind};
use super::consistency;
use super::loader::CONTENT;
use super::model::{FileObject, FileReference, FileSource, FromEnvironment, Service, Stack, Written};
use super::paths::is_remote;
use super::port_text;
use super::shape::{NETWORK, SERVICE, Shape, VOLUME};
use super::shell_words;
use super::tree::{Entry, Map, Tree, wrong_at};

fn read<T: DeserializeOwned>(tree: &Tree, path: &str, shape: &Shape) -> Result<T, Failure> {
    let bound = bind(tree, path, shape, Form::Yaml)?;
    serde_json::from_value(bound.to_json())
        .map_err(|error| tree.wrong(path, "can't be used").because(error.to_string()))
}

/// The service called `name`.
pub(super) fn service(name: &str, tree: &Tree) -> Result<Service, Failure> {
    let mut service: Service = read(tree, &format!("services.{name}"), &SERVICE)?;
    service.name = ServiceName::new(name);
    if let Some(check) = &mut service.healthcheck {
        check.disable |= check.test.first().is_some_and(|word| word == "NONE");
        if check.disable {
            check.test.clear();
        }
    }
    Ok(service)
}

/// Of a service that isn't enabled: its name, image and profiles.
pub(super) fn outline(name: &str, tree: &Tree) -> Service {
    let profiles = tree.get("profiles").and_then(Tree::list).into_iter().flatten();
    Service {
        name: ServiceName::new(name),
        image: tree.get("image").and_then(Tree::text).map(ToOwned::to_owned),
        profiles: profiles.map(Tree::printed).collect(),
        ..Service::default()
    }
}

/// Networks, volumes, configs and secrets.
pub(super) fn objects(root: &Tree, stack: &mut Stack) -> Result<(), Failure> {
    for (key, entry) in root.entries("networks") {
        let network = read(&entry.tree, &format!("networks.{key}"), &NETWORK)?;
        stack.networks.insert(key.clone(), network);
    }
    for (key, entry) in root.entries("volumes") {
        let volume = read(&entry.tree, &format!("volumes.{key}"), &VOLUME)?;
        stack.volumes.insert(key.clone(), volume);
    }
    for (key, entry) in root.entries("configs") {
        stack.configs.insert(key.clone(), file_object(entry));
    }
    for (key, entry) in root.entries("secrets") {
        stack.secrets.insert(key.clone(), file_object(entry));
    }
    Ok(())
}

/// A variable that isn't set is told by [`unusable`].
fn file_object(entry: &Entry) -> FileObject {
    let tree = &entry.tree;
    let text = |key: &str| tree.get(key).and_then(Tree::text).map(ToOwned::to_owned);
    let source = if let Some(file) = text("file") {
        FileSource::File(file.into())
    } else if let Some(name) = text("environment") {
        let value = text(CONTENT);
        FileSource::Environment(FromEnvironment { name, value })
    } else {
        FileSource::Content(text("content").unwrap_or_default())
    };
    let name = text("name").unwrap_or_default();
    FileObject { name, source }
}

/// By service, why its containers can't be made: a config or secret whose variable isn't set.
pub(super) fn unset(root: &Tree, stack: &Stack) -> BTreeMap<ServiceName, Failure> {
    let mut found = BTreeMap::new();
    for (name, service) in &stack.services {
        let of = |kind: &str, references: &[FileReference]| {
            references.iter().find_map(|reference| {
                let path = format!("{kind}.{}.environment", reference.source);
                let object = root.get(kind)?.get(&reference.source)?;
                let (Some(variable), None) = (object.get("environment"), object.get(CONTENT)) else {
                    return None;
                };
                let text = variable.printed();
                Some(
                    variable
                        .wrong(&path, format!("{text} is not set"))
                        .hint(format!("set {text} in the environment or in .env")),
                )
            })
        };
        let failure = of("configs", &service.configs).or_else(|| of("secrets", &service.secrets));
        found.extend(failure.map(|failure| (name.clone(), failure)));
    }
    found
}

/// Where each item of a list was written.
pub(super) fn items_written(list: Option<&Tree>) -> impl Iterator<Item = (&Tree, Written)> {
    let items = list.and_then(Tree::list).into_iter().flatten();
    items.map(|item| (item, written(&item.span, item, Some(item.span.clone()))))
}

/// Where each entry of a mapping or of a list of `NAME=value` was written.
pub(super) fn entries_written(parent: Option<&Tree>) -> BTreeMap<String, Written> {
    let of_list = items_written(parent).map(|(item, written)| {
        let text = item.printed();
        (text.split('=').next().unwrap_or_default().to_owned(), written)
    });
    let entries = parent.and_then(Tree::map).into_iter().flatten();
    let of_map = entries.map(|(name, Entry { key, tree })| {
        let is_scalar = tree.map().is_none() && tree.list().is_none();
        (name.clone(), written(key, tree, is_scalar.then(|| tree.span.clone())))
    });
    of_list.chain(of_map).collect()
}

fn written(key: &Span, tree: &Tree, value: Option<Span>) -> Written {
    let mut variables = Vec::new();
    variables_below(tree, &mut variables);
    Written {
        key: key.clone(),
        value,
        variables,
    }
}

fn variables_below(tree: &Tree, found: &mut Vec<Arc<BTreeSet<String>>>) {
    found.extend(tree.variables.clone());
    for item in tree.list().into_iter().flatten() {
        variables_below(item, found);
    }
    for entry in tree.map().into_iter().flat_map(Map::values) {
        variables_below(&entry.tree, found);
    }
}

/// What a command loses that was written for a shell: Compose cuts it off silently.
pub(super) fn cut_command(name: &str, service: &Tree) -> Option<String> {
    ["command", "entrypoint"].into_iter().find_map(|key| {
        let text = service.get(key)?.text()?;
        let sign = shell_words::split(text).ok()?.cut?.chars().next()?;
        Some(format!(
            "services.{name}.{key}: the text from the first `{sign}` is ignored, as in Compose; to use a shell, write [\"sh\", \"-c\", …]"
        ))
    })
}

/// The items of the list `key` of a service, counted.
fn listed<'t>(service: &'t Tree, key: &str) -> impl Iterator<Item = (usize, &'t Tree)> {
    service.get(key).and_then(Tree::list).into_iter().flatten().enumerate()
}

/// What no container can be made of.
pub(super) fn check(services: &Map) -> Result<(), Failure> {
    for (name, entry) in services {
        let at = |key: &str| format!("services.{name}.{key}");
        let tree = &entry.tree;
        for (index, mount) in listed(tree, "volumes") {
            let target = mount.get("target").unwrap_or(mount);
            if !target
                .text()
                .is_some_and(|text| text.starts_with('/') || is_drive(text))
            {
                let shown = super::interpolate::shown(&target.printed(), target.is_from_variable());
                return Err(mount
                    .wrong(
                        &at(&format!("volumes[{index}]")),
                        format!("{shown} is not a valid path in the container"),
                    )
                    .hint("it must be absolute, starting with `/`"));
            }
        }
        for (index, port) in listed(tree, "ports") {
            self::port(port, &at(&format!("ports[{index}]")))?;
        }
    }
    Ok(())
}

/// What an engine refuses when the container is made, said before anything is done.
pub(super) fn unusable(services: &Map) -> Result<(), Failure> {
    consistency::shared_names(services)?;
    for (name, entry) in services {
        let at = |key: &str| format!("services.{name}.{key}");
        let tree = &entry.tree;
        for (index, mount) in listed(tree, "volumes") {
            if mount.get("target").and_then(Tree::text).is_some_and(is_drive) {
                return Err(mount
                    .wrong(
                        &at(&format!("volumes[{index}]")),
                        "a single letter before a colon is a Windows drive",
                    )
                    .hint("use a volume name of two or more letters, or the long form"));
            }
        }
        if let Some(entry) = tree.get("environment").and_then(Tree::map).and_then(|map| map.get("")) {
            return Err(wrong_at(
                &entry.key,
                &at("environment"),
                "the variable name before the `=` is missing",
            ));
        }
        if let Some(item) = tree
            .get("environment")
            .and_then(Tree::list)
            .and_then(|items| items.iter().find(|item| item.printed().starts_with('=')))
        {
            return Err(item.wrong(&at("environment"), "the variable name before the `=` is missing"));
        }
        if let Some(restart) = tree.get("restart") {
            self::restart(restart, &at("restart"))?;
        }
        if let Some(context) = tree.get("build").and_then(|build| build.get("context"))
            && context
                .text()
                .is_some_and(|text| is_remote(text) || text.contains("://"))
        {
            return Err(context
                .wrong(&at("build.context"), "a remote build context is not supported")
                .hint("clone it and use the folder"));
        }
        if let Some(host) = tree.get("container_name")
            && !host.text().is_none_or(is_container_name)
        {
            let shown = super::interpolate::shown(&host.printed(), host.is_from_variable());
            return Err(host
                .wrong(&at("container_name"), format!("{shown} is not a valid container name"))
                .hint(names::CONTAINER));
        }
        for (key, network) in tree.entries("networks") {
            for field in ["ipv4_address", "ipv6_address"] {
                if let Some(address) = network.tree.get(field)
                    && address
                        .text()
                        .is_some_and(|text| text.parse::<std::net::IpAddr>().is_err())
                {
                    let shown = super::interpolate::shown(&address.printed(), address.is_from_variable());
                    return Err(address.wrong(
                        &at(&format!("networks.{key}.{field}")),
                        format!("{shown} is not a valid IP address"),
                    ));
                }
            }
        }
    }
    Ok(())
}

fn is_drive(text: &str) -> bool {
    text.as_bytes().get(1) == Some(&b':')
}

fn port(port: &Tree, path: &str) -> Result<(), Failure> {
    let hint = "use a port from 1 to 65535";
    let target = port.get("target").unwrap_or(port);
    if !target.printed().parse::<u16>().is_ok_and(|port| port > 0) {
        let shown = super::interpolate::shown(&target.printed(), target.is_from_variable());
        return Err(wrong_at(&port.span, path, format!("{shown} is not a valid port")).hint(hint));
    }
    if let Some(published) = port.get("published").filter(|published| published.text() != Some(""))
        && port_text::range(&published.printed()).is_err()
    {
        let shown = super::interpolate::shown(&published.printed(), published.is_from_variable());
        return Err(published.wrong(path, format!("{shown} is not a valid port")).hint(hint));
    }
    for (key, words) in [
        ("protocol", ["tcp", "udp", "sctp"].as_slice()),
        ("mode", &["host", "ingress"]),
    ] {
        if let Some(found) = port.get(key)
            && !words.contains(&found.printed().as_str())
        {
            let shown = super::interpolate::shown(&found.printed(), found.is_from_variable());
            return Err(found.wrong(path, format!("{shown} is not one of {}", words.join(", "))));
        }
    }
    Ok(())
}

fn restart(tree: &Tree, path: &str) -> Result<(), Failure> {
    let text = tree.printed();
    let well = match text.split_once(':') {
        Some(("on-failure", count)) => count.parse::<u32>().is_ok(),
        Some(_) => false,
        None => matches!(text.as_str(), "" | "no" | "always" | "on-failure" | "unless-stopped"),
    };
    if well {
        return Ok(());
    }
    let shown = super::interpolate::shown(&text, tree.is_from_variable());
    Err(tree.wrong(
        path,
        format!("{shown} is not one of no, always, unless-stopped, on-failure, on-failure:N"),
    ))
}
