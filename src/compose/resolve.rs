//! `env_file` and `label_file` read into `environment` and `labels`.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::failure::Failure;
use crate::yaml::Span;

use super::dotenv::{self, Found};
use super::interpolate::Notes;
use super::open::{self, LARGEST_ENV};
use super::tree::{Map, Tree, Value};
use super::variables::{Origin, Values, Variables};

/// Reads the files of the service called `name`; they are no part of the canonical form. What is given is the first that isn't there: it
/// keeps only this service's containers from being made.
pub(super) fn files(
    service: &mut Tree,
    name: &str,
    variables: &Variables,
    notes: &mut Notes,
) -> Result<Option<Failure>, Failure> {
    let mut missing = Missing::default();
    environment(service, name, variables, notes, &mut missing)?;
    labels(service, name, notes, &mut missing)?;
    Ok(missing.0)
}

/// The first file that isn't there.
#[derive(Default)]
struct Missing(Option<Failure>);

/// What the service itself says, after what the caller's environment says.
struct Lookup<'l> {
    variables: &'l Variables,
    own: &'l IndexMap<String, Tree>,
}

impl Values for Lookup<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let own = || self.own.get(name).and_then(Tree::text);
        self.variables.get(name).or_else(own)
    }

    fn origin(&self, name: &str) -> Option<Origin> {
        self.variables.origin(name).or(Some(Origin::Default))
    }
}

fn environment(
    service: &mut Tree,
    name: &str,
    variables: &Variables,
    notes: &mut Notes,
    missing: &mut Missing,
) -> Result<(), Failure> {
    let Some(files) = service.map_mut().and_then(|map| map.shift_remove("env_file")) else {
        return Ok(());
    };
    let own = entries(service.get("environment"));
    let mut found: Found = own
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned())))
        .collect();
    for (index, file) in files.tree.list().into_iter().flatten().enumerate() {
        let path = format!("services.{name}.env_file[{index}]");
        let Some(at) = file.get("path").filter(|path| path.text().is_some()) else {
            continue;
        };
        let file_path = PathBuf::from(at.text().unwrap_or_default());
        let required = file
            .get("required")
            .is_none_or(|tree| tree.value != Value::Bool(false) && tree.text() != Some("false"));
        let demand = if required { Demand::Env } else { Demand::Optional };
        let Some(text) = read(&file_path, at, &path, demand, notes, missing)? else {
            continue;
        };
        let lookup = Lookup { variables, own: &own };
        let _places = match file.get("format").and_then(Tree::text) {
            Some("raw") => dotenv::parse_raw(&file_path, &text, &mut found, &lookup, notes)?,
            None | Some("" | ".env") => dotenv::parse(&file_path, &text, &mut found, &lookup, notes)?,
            Some(other) => {
                let format = file.get("format").unwrap_or(file);
                return Err(format
                    .wrong(&path, format!("`{other}` is not a valid env file format"))
                    .hint("remove it, or use `raw`"));
            }
        };
    }
    let span = files.key;
    let mut all: Map = found
        .into_iter()
        .map(|(name, value)| (name, Tree::text_at(value, &span).entry()))
        .collect();
    // What the service says itself wins, also that it says nothing.
    all.extend(own.into_iter().map(|(name, value)| (name, value.entry())));
    set(service, "environment", all, &span);
    Ok(())
}

fn labels(service: &mut Tree, name: &str, notes: &mut Notes, missing: &mut Missing) -> Result<(), Failure> {
    let Some(files) = service.get("label_file").cloned() else {
        return Ok(());
    };
    let mut found = Found::new();
    for (index, at) in files.list().into_iter().flatten().enumerate() {
        let Some(text) = at.text() else {
            continue;
        };
        let (path, file) = (format!("services.{name}.label_file[{index}]"), Path::new(text));
        if let Some(text) = read(file, at, &path, Demand::Label, notes, missing)? {
            dotenv::parse(file, &text, &mut found, &Variables::default(), notes)?;
        }
    }
    let span = files.span;
    let mut all: Map = found
        .into_iter()
        .map(|(name, value)| (name, Tree::text_at(value, &span).entry()))
        .collect();
    for (name, value) in entries(service.get("labels")) {
        all.insert(name, Tree::text_at(value.printed(), &value.span).entry());
    }
    set(service, "labels", all, &span);
    Ok(())
}

/// What a file that isn't there means.
#[derive(Debug, Clone, Copy)]
enum Demand {
    /// Nothing.
    Optional,
    /// An env file is missing.
    Env,
    /// A label file is.
    Label,
}

fn read(
    file: &Path,
    at: &Tree,
    path: &str,
    demand: Demand,
    notes: &mut Notes,
    missing: &mut Missing,
) -> Result<Option<String>, Failure> {
    match open::text(file, LARGEST_ENV) {
        Ok(text) => {
            let taken = notes.budget.take_text(text.len());
            taken.map_err(|spent| at.wrong(path, format!("the project has {spent}")))?;
            Ok(Some(text))
        }
        Err(unreadable) if unreadable.missing => {
            let hint = match demand {
                Demand::Optional => return Ok(None),
                Demand::Env => "create it, or write `{path: …, required: false}` if it is optional",
                Demand::Label => "create it, or remove the entry",
            };
            missing.0.get_or_insert_with(|| {
                at.wrong(path, format!("the file {} doesn't exist", file.display()))
                    .hint(hint)
            });
            Ok(None)
        }
        Err(unreadable) => Err(at
            .wrong(path, format!("{} can't be read", file.display()))
            .because(unreadable.why)),
    }
}

/// A mapping or a list of `NAME=value`, by name: texts, or null, each where its name stands.
fn entries(tree: Option<&Tree>) -> IndexMap<String, Tree> {
    let named = |name: String, value: Option<String>, tree: &Tree, span: &Span| {
        let value = value.map_or(Value::Null, Value::Text);
        let variables = tree.variables.clone();
        (
            name,
            Tree {
                variables,
                ..Tree::new(value, span)
            },
        )
    };
    let of_map = tree.and_then(Tree::map).into_iter().flatten().map(|(name, entry)| {
        let value = (!entry.tree.is_null()).then(|| entry.tree.printed());
        named(name.clone(), value, &entry.tree, &entry.key)
    });
    let of_list = tree.and_then(Tree::list).into_iter().flatten().map(|item| {
        let text = item.printed();
        match text.split_once('=') {
            Some((name, value)) => named(name.to_owned(), Some(value.to_owned()), item, &item.span),
            None => named(text, None, item, &item.span),
        }
    });
    of_map.chain(of_list).collect()
}

fn set(service: &mut Tree, key: &str, all: Map, span: &Span) {
    if let Some(map) = service.map_mut() {
        let tree = Tree::new(Value::Map(all), span);
        match map.get_mut(key) {
            Some(entry) => entry.tree = tree,
            None => {
                map.insert(key.to_owned(), tree.entry());
            }
        }
    }
}
