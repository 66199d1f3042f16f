//! Reads `magicctl.yaml`.

use std::path::Path;

use crate::failure::Failure;
use crate::nearest::nearest;
use crate::yaml::{Key, Node, Source, Value, parse};

use super::{FILE, Limits, NAMED, PORTS, Settings, value};

pub(super) fn apply(settings: &mut Settings, path: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::invalid(format!("{} can't be read", path.display())).because(error.to_string()))?;
    let root = parse(&Source::new(path, text))?;
    for (key, node) in mapping(&root)? {
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
                for item in items {
                    let name = item.text().unwrap_or_default();
                    let template = item.span.source.base.join(name);
                    if !template.is_file() {
                        return Err(wrong(item, format!("there is no file {}", template.display())));
                    }
                    settings.services.push(template);
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
                let known: Vec<&str> = named.chain(["ports", "resources", "services"]).collect();
                return Err(unknown(key, &known));
            }
        }
    }
    Ok(())
}

fn port(node: &Node) -> Result<u16, Failure> {
    let text = node.text().unwrap_or_default();
    match text.parse() {
        Ok(port @ 1..) => Ok(port),
        _ => Err(wrong(node, format!("`{text}` is no port")).hint("write a number from 1 to 65535")),
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
                    return Err(wrong(node, format!("`{text}` is no size")).hint("write it like 512m or 1g"));
                }
                limits.memory = Some(text.to_owned());
            }
            "cpus" => {
                if !text.parse::<f64>().is_ok_and(|cpus| cpus.is_finite() && cpus > 0.0) {
                    return Err(wrong(node, format!("`{text}` is no number of cores")).hint("write it like 1.5"));
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
    let failure = Failure::invalid(format!("{}: there is no such setting", key.name)).at(key.span.place(false));
    match nearest(&key.name, known.iter().copied()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("there are: {}", known.join(", "))),
    }
}
