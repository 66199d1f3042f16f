//! `extends`: a service made from another one, of this file or of another (`05-services.md`, "extends").

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::yaml::{Node, Source, Value, parse};

use super::at::{At, normal, unknown};
use super::interpolate::Interpolation;
use super::merge::merge;

/// Replaces every service that extends another by the two merged.
pub(super) fn resolve(root: &mut Node, interpolation: &mut Interpolation<'_>) -> Result<(), Failure> {
    let whole = root.clone();
    let Value::Map(entries) = &mut root.value else {
        return Ok(());
    };
    let Some((_, services)) = entries.iter_mut().find(|(key, _)| key.name == "services") else {
        return Ok(());
    };
    let Value::Map(services) = &mut services.value else {
        return Ok(());
    };
    for (key, service) in services {
        let mut seen = vec![(whole.span.source.path.clone(), key.name.clone())];
        *service = extended(service.clone(), &whole, interpolation, &mut seen)?;
    }
    Ok(())
}

fn extended(
    service: Node,
    file: &Node,
    interpolation: &mut Interpolation<'_>,
    seen: &mut Vec<(PathBuf, String)>,
) -> Result<Node, Failure> {
    let Some(extends) = service.get("extends").cloned() else {
        return Ok(service);
    };
    let at = At {
        node: &extends,
        path: "extends".to_owned(),
        secret: false,
    };
    let (name, path) = if at.is_map() {
        at.only(&["service", "file"], &[])?;
        let name = at.get("service").ok_or_else(|| at.wrong("`service` is missing"))?;
        (name.string()?, at.get("file").map(|at| at.path()).transpose()?)
    } else {
        (at.string()?, None)
    };
    let other = match &path {
        None => None,
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| at.wrong(format!("{}: {error}", path.display())))?;
            let base = path.parent().unwrap_or(Path::new("")).to_owned();
            let mut node = parse(&Source::based(&normal(path), base, text))?;
            interpolation.tree(&mut node)?;
            Some(node)
        }
    };
    let file = other.as_ref().unwrap_or(file);
    let key = (file.span.source.path.clone(), name.clone());
    if seen.contains(&key) {
        let chain: Vec<&str> = seen
            .iter()
            .map(|(_, name)| name.as_str())
            .chain([name.as_str()])
            .collect();
        return Err(at.wrong(format!("services extend each other in a circle: {}", chain.join(" → "))));
    }
    seen.push(key);
    let services = file.get("services").map(Node::entries).unwrap_or_default();
    let Some((_, base)) = services.iter().find(|(key, _)| key.name == name) else {
        let names: Vec<&str> = services.iter().map(|(key, _)| key.name.as_str()).collect();
        let failure = at.wrong(format!(
            "there is no service `{name}` in {}",
            file.span.source.path.display()
        ));
        return Err(unknown(failure, &name, &names));
    };
    let base = extended(base.clone(), file, interpolation, seen)?;
    let mut merged = merge(base, service);
    if let Value::Map(entries) = &mut merged.value {
        entries.retain(|(key, _)| key.name != "extends");
    }
    Ok(merged)
}
