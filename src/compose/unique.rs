//! Lists in which two entries about the same thing make no sense: the last one stays, at the place of the first.

use indexmap::IndexMap;

use crate::failure::Failure;

use super::mount_text;
use super::tree::{Tree, Value};

/// Looks through all lists of `root` that the specification says this of.
pub(super) fn enforce(root: &mut Tree) -> Result<(), Failure> {
    for (name, entry) in root.entries_mut("networks") {
        let network = &mut entry.tree;
        one_by(network, &["labels"], &format!("networks.{name}"), by_name)?;
        one_by(network, &["ipam", "options"], &format!("networks.{name}"), by_name)?;
    }
    for (name, entry) in root.entries_mut("services") {
        of_service(&mut entry.tree, &format!("services.{name}"))?;
    }
    Ok(())
}

const BY_NAME: [&[&str]; 16] = [
    &["annotations"],
    &["build", "args"],
    &["build", "additional_contexts"],
    &["build", "tags"],
    &["build", "labels"],
    &["cap_add"],
    &["cap_drop"],
    &["deploy", "labels"],
    &["dns"],
    &["dns_opt"],
    &["dns_search"],
    &["environment"],
    &["labels"],
    &["links"],
    &["profiles"],
    &["sysctls"],
];

fn of_service(service: &mut Tree, path: &str) -> Result<(), Failure> {
    for keys in BY_NAME {
        one_by(service, keys, path, by_name)?;
    }
    one_by(service, &["tmpfs"], path, by_name)?;
    one_by(service, &["configs"], path, |item| by_target(item, ""))?;
    one_by(service, &["secrets"], path, |item| by_target(item, "/run/secrets"))?;
    one_by(service, &["env_file"], path, |item| {
        Ok(item.text().or_else(|| item.get("path")?.text()).map(ToOwned::to_owned))
    })?;
    one_by(service, &["expose"], path, |item| match item.value {
        Value::Text(_) | Value::Int(_) => Ok(Some(item.printed())),
        _ => Err("must be a port or a range of ports".to_owned()),
    })?;
    one_by(service, &["ports"], path, by_port)?;
    one_by(service, &["volumes"], path, by_mount)?;
    one_by(service, &["devices"], path, by_device)?;
    for (name, entry) in service.entries_mut("networks") {
        let path = format!("{path}.networks.{name}");
        one_by(&mut entry.tree, &["aliases"], &path, by_name)?;
        one_by(&mut entry.tree, &["link_local_ips"], &path, by_name)?;
    }
    Ok(())
}

/// What an entry is about, or why that can't be said. Entries about nothing are all about the same nothing.
type About = Result<Option<String>, String>;

fn one_by(tree: &mut Tree, keys: &[&str], path: &str, about: impl Fn(&Tree) -> About) -> Result<(), Failure> {
    let Some(found) = keys.iter().try_fold(tree, |tree, key| tree.get_mut(key)) else {
        return Ok(());
    };
    let Some(items) = found.list_mut() else {
        return Ok(());
    };
    let mut kept: IndexMap<String, Tree> = IndexMap::with_capacity(items.len());
    for (index, item) in std::mem::take(items).into_iter().enumerate() {
        let subject = about(&item).map_err(|why| item.wrong(&format!("{path}.{}[{index}]", keys.join(".")), why))?;
        kept.insert(subject.unwrap_or_default(), item);
    }
    *items = kept.into_values().collect();
    Ok(())
}

fn by_name(item: &Tree) -> About {
    match item.text() {
        Some(text) => Ok(text.split('=').next().map(ToOwned::to_owned)),
        None => Err(format!("must be a string, not {}", item.kind())),
    }
}

fn by_target(item: &Tree, default: &str) -> About {
    match &item.value {
        Value::Text(name) => Ok(Some(format!("{default}/{name}"))),
        Value::Map(_) => Ok(Some(match item.get("target") {
            Some(target) => target.printed(),
            None => format!(
                "{default}/{}",
                item.get("source").map(Tree::printed).unwrap_or_default()
            ),
        })),
        _ => Err(format!("must be a name or a mapping, not {}", item.kind())),
    }
}

fn by_port(item: &Tree) -> About {
    match &item.value {
        Value::Int(_) | Value::Text(_) => Ok(Some(item.printed())),
        Value::Map(_) => {
            let field = |key: &str, default: &str| item.get(key).map_or_else(|| default.to_owned(), Tree::printed);
            if item.get("target").is_none() {
                return Err("`target` is missing".to_owned());
            }
            let (host, published) = (field("host_ip", "0.0.0.0"), field("published", ""));
            let (target, protocol) = (field("target", ""), field("protocol", "tcp"));
            Ok(Some(format!("{host}:{published}:{target}/{protocol}")))
        }
        _ => Ok(None),
    }
}

fn by_mount(item: &Tree) -> About {
    match &item.value {
        Value::Text(text) => Ok(Some(mount_text::parse(text)?.target)),
        Value::Map(_) => match item.get("target").and_then(Tree::text) {
            Some(target) => Ok(Some(target.to_owned())),
            None => Err("`target` is missing".to_owned()),
        },
        _ => Ok(None),
    }
}

fn by_device(item: &Tree) -> About {
    match &item.value {
        Value::Text(text) => {
            let mut parts = text.split(':');
            let first = parts.next();
            Ok(parts.next().or(first).map(ToOwned::to_owned))
        }
        Value::Map(_) => match item.get("target").and_then(Tree::text) {
            Some(target) => Ok(Some(target.to_owned())),
            None => Err("`target` is missing".to_owned()),
        },
        _ => Ok(None),
    }
}
