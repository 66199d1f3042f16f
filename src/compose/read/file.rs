//! The whole file: top-level keys, then each service with its env files and labels.

use std::collections::BTreeMap;

use crate::compose::at::At;
use crate::compose::dotenv;
use crate::compose::interpolate::Variables;
use crate::compose::model::{OptionalMap, Places, Service, Stack};
use crate::failure::{Failure, Place};
use crate::nearest::nearest;
use crate::yaml::Node;

use super::{object, service};

const KNOWN: [&str; 7] = [
    "version", "name", "services", "networks", "volumes", "configs", "secrets",
];
const REFUSED: [(&str, &str); 2] = [
    ("models", "it needs Docker Model Runner"),
    (
        "include",
        "magicctl does not include other projects; name the files with `-f`",
    ),
];

/// Reads the merged tree into a stack of `project` in which every service is enabled and nothing is checked yet.
pub(in crate::compose) fn read(root: &Node, project: &str, variables: &Variables) -> Result<Stack, Failure> {
    let at = At::root(root);
    at.only(&KNOWN, &REFUSED)?;
    let services_at = at.get("services").ok_or_else(|| {
        Failure::invalid("the file names no services")
            .at(root.span.place(false))
            .hint("begin with `services:`")
    })?;
    let mut stack = Stack {
        name: project.to_owned(),
        ..Stack::default()
    };
    let mut places = Places::default();
    for (key, at) in services_at.map()? {
        let name = key.name.as_str();
        let well = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if !well {
            return Err(services_at
                .wrong_key(key, "this is no service's name")
                .hint("letters, digits, `_`, `.` and `-`"));
        }
        let mut service = service::service(name, &at)?;
        service.environment = environment(&at, variables)?;
        service.labels = labels(&at)?;
        places.services.insert(name.to_owned(), key.span.place(false));
        places.ports.insert(name.to_owned(), places_of(&at, "ports"));
        places.mounts.insert(name.to_owned(), places_of(&at, "volumes"));
        stack.services.insert(name.to_owned(), service);
    }
    for (key, at) in top(&at, "networks")? {
        stack.networks.insert(key.clone(), object::network(project, &key, &at)?);
    }
    for (key, at) in top(&at, "volumes")? {
        stack.volumes.insert(key.clone(), object::volume(project, &key, &at)?);
    }
    for (key, at) in top(&at, "configs")? {
        stack
            .configs
            .insert(key.clone(), object::file_object(project, &key, &at, true, variables)?);
    }
    for (key, at) in top(&at, "secrets")? {
        stack
            .secrets
            .insert(key.clone(), object::file_object(project, &key, &at, false, variables)?);
    }
    for (key, at) in at.map()? {
        if key.name.starts_with("x-") {
            stack.extensions.insert(key.name.clone(), at.node.to_json());
        }
    }
    if at.get("version").is_some() {
        stack
            .warnings
            .push("`version` at the top of the file has no effect: leave it out".to_owned());
    }
    refuse_unknown_references(&services_at, &stack)?;
    stack.places = places;
    Ok(stack)
}

fn top<'n>(at: &At<'n>, key: &str) -> Result<Vec<(String, At<'n>)>, Failure> {
    let Some(at) = at.get(key) else {
        return Ok(Vec::new());
    };
    Ok(at.map()?.into_iter().map(|(key, at)| (key.name.clone(), at)).collect())
}

fn places_of(at: &At<'_>, key: &str) -> Vec<Place> {
    let items = at.get(key).and_then(|at| at.list().ok()).unwrap_or_default();
    items.iter().map(|item| item.node.span.place(false)).collect()
}

/// `environment` over the files of `env_file`; a name without a value is the caller's.
fn environment(at: &At<'_>, variables: &Variables) -> Result<OptionalMap, Failure> {
    let mut all = OptionalMap::new();
    for item in at
        .get("env_file")
        .map_or_else(|| Ok(Vec::new()), |at| at.one_or_more())?
    {
        let (path_at, required, raw) = if item.is_map() {
            item.only(&["path", "required", "format"], &[])?;
            let path = item.get("path").ok_or_else(|| item.wrong("`path` is missing"))?;
            let raw = item.get("format").map(|at| at.one_of(&["raw"])).transpose()?.is_some();
            (path, item.get("required").map_or(Ok(true), |at| at.bool())?, raw)
        } else {
            (item.clone(), true, false)
        };
        let path = path_at.path()?;
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => continue,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(path_at
                    .wrong(format!("there is no file {}", path.display()))
                    .hint("make it, or write `{path: …, required: false}` if the service can do without"));
            }
            Err(error) => return Err(path_at.wrong(format!("{}: {error}", path.display()))),
        };
        let found = if raw {
            raw_lines(&text)
        } else {
            dotenv::parse(&path, &text, variables)?
        };
        for (name, value) in found {
            let value = value.or_else(|| variables.get(&name).map(ToOwned::to_owned));
            if value.is_some() {
                all.insert(name, value);
            }
        }
    }
    if let Some(at) = at.get("environment") {
        for (name, value) in at.optional_map()? {
            let value = value.or_else(|| variables.get(&name).map(ToOwned::to_owned));
            all.insert(name, value);
        }
    }
    Ok(all)
}

fn raw_lines(text: &str) -> Vec<(String, Option<String>)> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
        .collect()
}

/// `labels` over the files of `label_file`.
fn labels(at: &At<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let mut all = BTreeMap::new();
    for item in at
        .get("label_file")
        .map_or_else(|| Ok(Vec::new()), |at| at.one_or_more())?
    {
        let path = item.path()?;
        let text =
            std::fs::read_to_string(&path).map_err(|error| item.wrong(format!("{}: {error}", path.display())))?;
        for (name, value) in dotenv::parse(&path, &text, &Variables::default())? {
            all.insert(name, value.unwrap_or_default());
        }
    }
    if let Some(at) = at.get("labels") {
        all.extend(at.string_map()?);
    }
    Ok(all)
}

/// What a service names must be in the file: networks, volumes, configs, secrets, services.
fn refuse_unknown_references(services: &At<'_>, stack: &Stack) -> Result<(), Failure> {
    for (key, at) in services.map()? {
        let service: &Service = &stack.services[&key.name];
        let named_in = |field: &str, name: &str| -> Failure {
            let field_at = at.get(field);
            match field_at.as_ref().and_then(|field| item_that_says(field, name)) {
                Some(item) => item.wrong(format!("`{name}` is not in the file")),
                None => at.wrong(format!("{field}: `{name}` is not in the file")),
            }
        };
        let check = |field: &str, kind: &str, name: &str, there: Vec<&String>| -> Result<(), Failure> {
            if there.iter().any(|known| *known == name) {
                return Ok(());
            }
            let failure = named_in(field, name);
            Err(match nearest(name, there.into_iter().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("add it under the top-level `{kind}`")),
            })
        };
        for name in service.networks.keys().filter(|name| *name != "default") {
            check("networks", "networks", name, stack.networks.keys().collect())?;
        }
        for mount in &service.volumes {
            if let (crate::compose::MountKind::Volume, Some(name)) = (mount.kind, &mount.source) {
                check("volumes", "volumes", name, stack.volumes.keys().collect())?;
            }
        }
        for reference in &service.configs {
            check("configs", "configs", &reference.source, stack.configs.keys().collect())?;
        }
        for reference in &service.secrets {
            check("secrets", "secrets", &reference.source, stack.secrets.keys().collect())?;
        }
        let others = || {
            stack
                .services
                .keys()
                .filter(|name| **name != key.name)
                .collect::<Vec<_>>()
        };
        for (name, dependency) in &service.depends_on {
            if dependency.required || stack.services.contains_key(name) {
                check("depends_on", "services", name, others())?;
            }
        }
        for (field, mode) in [
            ("network_mode", &service.network_mode),
            ("ipc", &service.ipc),
            ("pid", &service.pid),
        ] {
            if let Some(name) = mode.as_deref().and_then(|mode| mode.strip_prefix("service:")) {
                check(field, "services", name, others())?;
            }
        }
        for from in service
            .volumes_from
            .iter()
            .filter(|from| !from.starts_with("container:"))
        {
            check(
                "volumes_from",
                "services",
                from.split(':').next().unwrap_or(from),
                others(),
            )?;
        }
        for link in &service.links {
            check("links", "services", link.split(':').next().unwrap_or(link), others())?;
        }
    }
    Ok(())
}

/// The item or key of a field that names something, for the caret.
fn item_that_says<'n>(field: &At<'n>, name: &str) -> Option<At<'n>> {
    if field.is_map() {
        let node = field.node;
        let (key, value) = node.entries().iter().find(|(key, _)| key.name == name)?;
        return Some(At {
            node: value,
            path: format!("{}.{}", field.path, key.name),
            secret: false,
        });
    }
    field
        .one_or_more()
        .ok()?
        .into_iter()
        .find(|item| item.node.to_json().to_string().contains(name))
}
