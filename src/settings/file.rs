//! Reads `magicctl.yaml`.

use std::path::Path;

use crate::failure::Failure;
use crate::files::{Refused, Root};
use crate::nearest::nearest;
use crate::yaml::{Mismatch, MismatchKind, Node, Source, Value, parse};

use super::types::{SettingsFile, hint};
use super::{FILE, Service, pins};

/// No `magicctl.yaml` that a person wrote is larger.
const LARGEST: u64 = 1 << 20;
/// No template of a service that a person wrote is larger.
const LARGEST_SERVICE: u64 = 256 << 10;
/// More further services than this are not written by hand.
const MOST_SERVICES: usize = 50;

/// Reads the file in `root`, if there is one, and the templates that it names.
pub(super) fn read(root: &Root) -> Result<(SettingsFile, Vec<Service>), Failure> {
    let path = root.path().join(FILE);
    let text = match root.text(Path::new(FILE), LARGEST) {
        Ok(text) => text,
        Err(Refused::Missing) => return Ok(Default::default()),
        Err(refused) => {
            let why = root.why(Path::new(FILE), &refused);
            return Err(Failure::invalid(format!("{} can't be read", path.display()))
                .because(why)
                .hint("put a regular file of the project's own in its place"));
        }
    };
    let tree = parse(&Source::new(&path, text))?;
    let file: SettingsFile = tree
        .read()
        .map_err(|(mismatch, span)| told(&mismatch).at(span.place(false)))?;
    for (image, node) in tree.get("pins").map(Node::entries).unwrap_or_default() {
        let digest = node.text().unwrap_or_default();
        pins::check(&image.name, digest).map_err(|what| hinted(wrong(node, what), &["pins".to_owned()]))?;
    }
    let mut services = Vec::new();
    if let Some(node) = tree.get("services")
        && let Value::List(items) = &node.value
    {
        if items.len() > MOST_SERVICES {
            return Err(wrong(node, format!("lists more than {MOST_SERVICES} files")));
        }
        for item in items {
            services.push(service(root, item)?);
        }
    }
    Ok((file, services))
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
            format!("there is no file {}", root.path().join(name).display()),
        )),
        Err(refused) => Err(wrong(item, format!("{} can't be used", name.display()))
            .because(root.why(name, &refused))
            .hint("name a regular file in the project's folder")),
    }
}

/// What a value of another layer, which is called `origin`, says under `name`.
pub(super) fn one(name: &str, text: &str, origin: &str) -> Result<SettingsFile, Failure> {
    Node::entry(name, text).read().map_err(|(mismatch, _)| {
        let failure = told(&mismatch);
        let said = Failure::usage(format!("{origin}: {}", failure.what));
        match failure.hint {
            Some(hint) => said.hint(hint),
            None => said,
        }
    })
}

fn told(mismatch: &Mismatch) -> Failure {
    match &mismatch.kind {
        MismatchKind::Unknown { key, known } => {
            let failure = Failure::invalid(format!("{key}: there is no such setting"));
            match nearest(key, known.iter().copied()) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("there are: {}", known.join(", "))),
            }
        }
        MismatchKind::Wrong(what) => hinted(Failure::invalid(what), &mismatch.path),
    }
}

fn hinted(failure: Failure, path: &[String]) -> Failure {
    match hint(path) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn wrong(node: &Node, what: impl Into<String>) -> Failure {
    Failure::invalid(what).at(node.span.place(false))
}
