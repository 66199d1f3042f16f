//! What was wanted when a container was made, small enough for a label and without a secret in it: field → hash.
//!
//! A later plan compares the label with what is wanted now and can name the fields that differ. Values are kept as
//! the first 64 bits of their SHA-256 because an environment value may be a key; names of fields are kept as they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::compose::{FileObject, FileReference, MountKind, Service, Stack};

use super::reason::Difference;

/// Field (`environment.KAFKA_BROKER`, `ports.8001/tcp`, `content.proxy_config.yaml`) → short hash of its value.
pub type Spec = BTreeMap<String, String>;

/// Digests of the contents of files and folders that services mount, by the mount's absolute source path.
pub type Contents = BTreeMap<String, String>;

/// Fields that decide when and how a container is made, not what it is; Compose leaves the same ones out of its
/// config hash. The image is compared by id, so its name says nothing more.
const NOT_PART: [&str; 7] = [
    "attach",
    "build",
    "depends_on",
    "image",
    "profiles",
    "pull_policy",
    "scale",
];

/// What `service` of `stack` wants to be, given the contents of what it mounts.
pub fn spec(stack: &Stack, service: &Service, contents: &Contents) -> Spec {
    let mut spec = Spec::new();
    let Ok(Value::Object(fields)) = serde_json::to_value(service) else {
        return spec;
    };
    for (field, value) in fields {
        if NOT_PART.contains(&field.as_str()) || field.starts_with("x-") || value.is_null() {
            continue;
        }
        match value {
            Value::Object(map) if field == "deploy" => {
                for (key, value) in map {
                    if key != "replicas" && key != "labels" {
                        spec.insert(format!("deploy.{key}"), hash(&value.to_string()));
                    }
                }
            }
            Value::Object(map) => {
                for (key, value) in map {
                    spec.insert(format!("{field}.{key}"), hash(&value.to_string()));
                }
            }
            Value::Array(list) if field == "ports" || field == "volumes" => {
                for value in list {
                    spec.insert(format!("{field}.{}", entry_key(&value)), hash(&value.to_string()));
                }
            }
            other => {
                spec.insert(field, hash(&other.to_string()));
            }
        }
    }
    add_names(&mut spec, stack, service);
    for source in mounted_sources(stack, service) {
        if let Some(digest) = contents.get(&source) {
            spec.insert(format!("content.{}", shown(stack, &source)), hash(digest));
        }
    }
    let used = |references: &[FileReference], objects: &BTreeMap<String, FileObject>| {
        let used = references.iter().filter_map(|reference| {
            let content = objects.get(&reference.source)?.inline()?;
            Some((format!("content.{}", reference.source), hash(content)))
        });
        used.collect::<Vec<_>>()
    };
    spec.extend(used(&service.configs, &stack.configs));
    spec.extend(used(&service.secrets, &stack.secrets));
    spec
}

/// A volume's or network's name on the engine can change while its key in the file stays.
fn add_names(spec: &mut Spec, stack: &Stack, service: &Service) {
    for mount in &service.volumes {
        let volume = mount.source.as_ref().and_then(|key| stack.volumes.get(key));
        if let (MountKind::Volume, Some(volume)) = (mount.kind, volume) {
            spec.insert(format!("volumes.{}.name", mount.target), hash(volume.name.as_str()));
        }
    }
    for key in service.networks.keys() {
        if let Some(network) = stack.networks.get(key) {
            spec.insert(format!("networks.{key}.name"), hash(network.name.as_str()));
        }
    }
}

/// Absolute host paths whose content the service reads: bind mounts, configs and secrets from files.
pub fn mounted_sources(stack: &Stack, service: &Service) -> BTreeSet<String> {
    let binds = service
        .volumes
        .iter()
        .filter(|mount| mount.kind == MountKind::Bind && mount.read_only)
        .filter_map(|mount| mount.source.clone());
    let file = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let objects = |references: &[crate::compose::FileReference],
                   objects: &BTreeMap<String, crate::compose::FileObject>| {
        references
            .iter()
            .filter_map(|reference| objects.get(&reference.source))
            .filter_map(|object| match &object.source {
                crate::compose::FileSource::File(path) => Some(file(path)),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    binds
        .chain(objects(&service.configs, &stack.configs))
        .chain(objects(&service.secrets, &stack.secrets))
        .collect()
}

fn shown(stack: &Stack, source: &str) -> String {
    std::path::Path::new(source)
        .strip_prefix(&stack.working_dir)
        .map_or_else(|_| source.to_owned(), |path| path.to_string_lossy().into_owned())
}

fn entry_key(value: &Value) -> String {
    match (value.get("target"), value.get("protocol")) {
        (Some(Value::String(target)), _) => target.clone(),
        (Some(target), Some(Value::String(protocol))) => format!(
            "{target}/{protocol}{}",
            value
                .get("published")
                .and_then(Value::as_str)
                .map(|port| format!("@{port}"))
                .unwrap_or_default()
        ),
        _ => "?".to_owned(),
    }
}

/// The first 64 bits of the SHA-256, in hex.
fn hash(text: &str) -> String {
    let mut full = hex::encode(Sha256::digest(text.as_bytes()));
    full.truncate(16);
    full
}

/// The configs and secrets of `service` whose content isn't known now: a variable isn't set. By their fields of a [`Spec`], with
/// what they are in words.
pub fn unknown(stack: &Stack, service: &Service) -> BTreeMap<String, String> {
    let of = |what: &'static str, references: &[FileReference], objects: &BTreeMap<String, FileObject>| {
        let names = references.iter().map(|reference| &reference.source);
        let unset = names.filter(|name| objects.get(*name).is_some_and(FileObject::is_unset));
        let told = unset.map(|name| (format!("content.{name}"), format!("{what} {name}")));
        told.collect::<Vec<_>>()
    };
    let configs = of("config", &service.configs, &stack.configs);
    let secrets = of("secret", &service.secrets, &stack.secrets);
    configs.into_iter().chain(secrets).collect()
}

/// The fields that differ.
pub fn differences(was: &Spec, wanted: &Spec) -> Vec<Difference> {
    let fields: BTreeSet<&String> = was.keys().chain(wanted.keys()).collect();
    fields
        .into_iter()
        .filter_map(|field| match (was.get(field), wanted.get(field)) {
            (Some(a), Some(b)) if a != b => Some(Difference::Changed(field.clone())),
            (None, Some(_)) => Some(Difference::Added(field.clone())),
            (Some(_), None) => Some(Difference::Removed(field.clone())),
            _ => None,
        })
        .collect()
}
