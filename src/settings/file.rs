//! Reads `magicctl.yaml`.

use std::path::Path;
use std::sync::LazyLock;

use crate::failure::{Exit, Failure};
use crate::files::{Refused, Root};
use crate::nearest::nearest;
use crate::schema::{self, Compiled, Kind, Problem};
use crate::yaml::{Node, Source, Value, parse};

use super::types::{self, SettingsFile};
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
        Err(Refused::Missing) => return Ok((SettingsFile::default(), Vec::new())),
        Err(refused) => {
            let why = root.why(Path::new(FILE), &refused);
            return Err(Failure::invalid(format!("{} can't be read", path.display()))
                .because(why)
                .hint("replace it with a regular file inside the project"));
        }
    };
    let (tree, file) = typed(&path, text)?;
    for (image, node) in tree.get("pins").map(Node::entries).unwrap_or_default() {
        let digest = node.text().unwrap_or_default();
        pins::check(&image.name, digest)
            .map_err(|what| wrong(node, what).hint("`magicctl render --pin` writes them: IMAGE:TAG: sha256:DIGEST"))?;
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
            format!("the file {} doesn't exist", root.path().join(name).display()),
        )),
        Err(refused) => Err(wrong(item, format!("{} can't be used", name.display()))
            .because(root.why(name, &refused))
            .hint("use a regular file in the project's folder")),
    }
}

/// What a value of another layer, which is called `origin`, says under `name`.
pub(super) fn one(name: &str, text: &str, origin: &str) -> Result<SettingsFile, Failure> {
    // What is in quotes in JSON is so in YAML.
    let read = typed(Path::new(""), format!("{name}: {}", serde_json::json!(text)));
    read.map(|(_, file)| file).map_err(|failure| Failure {
        exit: Exit::Usage,
        what: format!("{origin}: {}", failure.what),
        place: None,
        ..failure
    })
}

/// A text as a tree and as what it says, if that fits the schema.
fn typed(path: &Path, text: String) -> Result<(Node, SettingsFile), Failure> {
    static COMPILED: LazyLock<Result<Compiled, String>> = LazyLock::new(|| schema::compile(&types::schema()));
    let broken = |why: String| Failure::failed(format!("the schema of {FILE} can't be read")).because(why);
    let mut tree = parse(&Source::new(path, text))?;
    unquote(&mut tree, false);
    let compiled = COMPILED.as_ref().map_err(|why| broken(why.clone()))?;
    if let Some(problem) = schema::problems(compiled, &tree, 1).first() {
        return Err(told(problem));
    }
    let file: SettingsFile = serde_json::from_value(tree.to_json()).map_err(|why| broken(why.to_string()))?;
    match tree.get("retention") {
        Some(node) if node.text().is_some_and(|text| types::hours(text).is_none()) => {
            Err(refused(node, &["retention"]))
        }
        _ => Ok((tree, file)),
    }
}

/// Whether a scalar is a number, a truth value or a text depends on its place, not on quotes.
fn unquote(node: &mut Node, plain_here: bool) {
    let is_null = node.is_null();
    match &mut node.value {
        Value::Scalar { plain, .. } => *plain = plain_here || is_null,
        Value::List(items) => items.iter_mut().for_each(|item| unquote(item, plain_here)),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, node)| {
            let is_plain = ["ports", "read_only", "resources"].contains(&key.name.as_str());
            unquote(node, plain_here || is_plain);
        }),
    }
}

fn told(problem: &Problem<'_, '_, Node>) -> Failure {
    let path: Vec<&str> = problem.path.iter().map(String::as_str).collect();
    match &problem.kind {
        Kind::Unknown(known) => {
            let key = path.last().copied().unwrap_or_default();
            let failure = Failure::invalid(format!("unknown setting {key}")).at(problem.span.place(false));
            match nearest(key, known.iter().copied()) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("the settings are {}", known.join(", "))),
            }
        }
        Kind::Type(types) if problem.tree.text().is_none() || types::about(&path).is_none() => {
            wrong(problem.tree, schema::must_be(types, problem.tree.kind()))
        }
        _ => refused(problem.tree, &path),
    }
}

/// What is said of the scalar at `path`.
fn refused(node: &Node, path: &[&str]) -> Failure {
    let text = node.text().unwrap_or_default();
    match types::about(path) {
        Some((not, hint)) => wrong(node, format!("`{text}` {not}")).hint(hint),
        None => wrong(node, format!("`{text}` is not what belongs here")),
    }
}

fn wrong(node: &Node, what: impl Into<String>) -> Failure {
    Failure::invalid(what).at(node.span.place(false))
}
