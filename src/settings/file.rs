//! Reads `magicctl.yaml`.

use std::path::Path;

use crate::failure::Failure;
use crate::files::{Refused, Root};
use crate::nearest::nearest;
use crate::yaml::{Key, Node, Source, Value, parse};

use super::{FILE, Limits, NAMED, PORTS, Service, Settings, pins, value};

/// No `magicctl.yaml` that a person wrote is larger.
const LARGEST: u64 = 1 << 20;
/// No template of a service that a person wrote is larger.
const LARGEST_SERVICE: u64 = 256 << 10;
/// More further services than this are not written by hand.
const MOST_SERVICES: usize = 50;

/// Reads the file in `root`, if there is one.
pub(super) fn apply(settings: &mut Settings, root: &Root) -> Result<(), Failure> {
    let path = root.path().join(FILE);
    let text = match root.text(Path::new(FILE), LARGEST) {
        Ok(text) => text,
        Err(Refused::Missing) => return Ok(()),
        Err(refused) => {
            let why = root.why(Path::new(FILE), &refused);
            return Err(Failure::invalid(format!("{} can't be read", path.display()))
                .because(why)
                .hint("replace it by a regular file inside the project"));
        }
    };
    for (key, node) in mapping(&parse(&Source::new(&path, text))?)? {
        match key.name.as_str() {
            "resources" => {
                for (service, node) in mapping(node)? {
                    settings.resources.insert(service.name.clone(), limits(node)?);
                }
            }
            "services" => {
                let Value::List(items) = &node.value else {
                    return Err(wrong(node, "must be a list of template files"));
                };
                if items.len() > MOST_SERVICES {
                    return Err(wrong(node, format!("lists more than {MOST_SERVICES} files")));
                }
                for item in items {
                    settings.services.push(service(root, item)?);
                }
            }
            "ports" => {
                for (key, node) in mapping(node)? {
                    let Some((name, _)) = PORTS.iter().find(|(name, _)| *name == key.name) else {
                        return Err(unknown(key, &PORTS.map(|(name, _)| name)));
                    };
                    settings.ports.insert(name, port(node)?);
                }
            }
            "pins" => {
                for (image, node) in mapping(node)? {
                    let digest = node.text().unwrap_or_default();
                    pins::check(&image.name, digest).map_err(|what| {
                        wrong(node, what).hint("`magicctl render --pin` writes them: IMAGE:TAG: sha256:DIGEST")
                    })?;
                    settings.pins.insert(image.name.clone(), digest.to_owned());
                }
            }
            name if NAMED.iter().any(|(known, _)| *known == name) => {
                let text = node
                    .text()
                    .ok_or_else(|| wrong(node, format!("{name} must be a string")))?;
                value::check(name, text).map_err(|refused| {
                    let failure = wrong(node, refused.what);
                    match refused.hint {
                        Some(hint) => failure.hint(hint),
                        None => failure,
                    }
                })?;
                settings.set(name, text, FILE);
            }
            _ => {
                let named = NAMED.iter().map(|(name, _)| *name);
                let known: Vec<&str> = named.chain(["pins", "ports", "resources", "services"]).collect();
                return Err(unknown(key, &known));
            }
        }
    }
    Ok(())
}

/// The template that `item` names: a file of the project, as it becomes a part of a rendered one.
fn service(root: &Root, item: &Node) -> Result<Service, Failure> {
    let name = Path::new(item.text().unwrap_or_default());
    match root.text(name, LARGEST_SERVICE) {
        Ok(text) => Ok(Service {
            path: root.path().join(name),
            text,
        }),
        Err(Refused::Missing) if root.link_on(name).is_none() => Err(wrong(
            item,
            format!("the file {} doesn't exist", root.path().join(name).display()),
        )),
        Err(refused) => Err(wrong(item, format!("{} can't be used", name.display()))
            .because(root.why(name, &refused))
            .hint("use a regular file in the project's folder")),
    }
}

fn port(node: &Node) -> Result<u16, Failure> {
    let text = node.text().unwrap_or_default();
    match text.parse() {
        Ok(port @ 1..) => Ok(port),
        _ => Err(wrong(node, format!("`{text}` is not a valid port")).hint("use a number from 1 to 65535")),
    }
}

fn limits(node: &Node) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    for (key, node) in mapping(node)? {
        let text = node.text().unwrap_or_default();
        match key.name.as_str() {
            "memory" => {
                let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let unit = text[digits.len()..].to_ascii_lowercase();
                let known = ["b", "k", "kb", "m", "mb", "g", "gb"].contains(&unit.as_str());
                if digits.parse::<f64>().is_err() || !known {
                    return Err(wrong(node, format!("`{text}` is not a valid size")).hint("use 512m or 1g"));
                }
                limits.memory = Some(text.to_owned());
            }
            "cpus" => {
                if !text.parse::<f64>().is_ok_and(|cpus| cpus.is_finite() && cpus > 0.0) {
                    return Err(wrong(node, format!("`{text}` is not a valid number of cores"))
                        .hint("use a number such as 1.5"));
                }
                limits.cpus = Some(text.to_owned());
            }
            _ => return Err(unknown(key, &["memory", "cpus"])),
        }
    }
    Ok(limits)
}

fn mapping(node: &Node) -> Result<&[(Key, Node)], Failure> {
    match &node.value {
        Value::Map(entries) => Ok(entries),
        _ if node.is_null() => Ok(&[]),
        _ => Err(wrong(node, "must be a mapping")),
    }
}

fn wrong(node: &Node, what: impl Into<String>) -> Failure {
    Failure::invalid(what).at(node.span.place(false))
}

fn unknown(key: &Key, known: &[&str]) -> Failure {
    let failure = Failure::invalid(format!("unknown setting {}", key.name)).at(key.span.place(false));
    match nearest(&key.name, known.iter().copied()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("the settings are {}", known.join(", "))),
    }
}
