//! `env_file` and `label_file` read into `environment` and `labels`.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::failure::Failure;

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
    own: &'l IndexMap<String, Option<String>>,
}

impl Values for Lookup<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let own = || self.own.get(name).and_then(Option::as_deref);
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
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
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
        let Some(text) = read(&file_path, at, &path, required, notes, missing)? else {
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
    for (name, value) in own {
        let tree = match value {
            Some(value) => Tree::text_at(value, &span),
            None => Tree::null_at(&span),
        };
        all.insert(name, tree.entry());
    }
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
        if let Some(text) = read(file, at, &path, true, notes, missing)? {
            dotenv::parse(file, &text, &mut found, &Variables::default(), notes)?;
        }
    }
    let span = files.span;
    let mut all: Map = found
        .into_iter()
        .map(|(name, value)| (name, Tree::text_at(value, &span).entry()))
        .collect();
    for (name, value) in entries(service.get("labels")) {
        all.insert(name, Tree::text_at(value.unwrap_or_default(), &span).entry());
    }
    set(service, "labels", all, &span);
    Ok(())
}

fn read(
    file: &Path,
    at: &Tree,
    path: &str,
    required: bool,
    notes: &mut Notes,
    missing: &mut Missing,
) -> Result<Option<String>, Failure> {
    match open::text(file, LARGEST_ENV) {
        Ok(text) => {
            let taken = notes.budget.take_text(text.len());
            taken.map_err(|spent| at.wrong(path, format!("the project has {spent}")))?;
            Ok(Some(text))
        }
        Err(unreadable) if unreadable.missing && !required => Ok(None),
        Err(unreadable) if unreadable.missing => {
            let hint = if path.contains("env_file") {
                "create it, or write `{path: …, required: false}` if it is optional"
            } else {
                "create it, or remove the entry"
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

/// A mapping or a list of `NAME=value`, by name.
fn entries(tree: Option<&Tree>) -> IndexMap<String, Option<String>> {
    let mut all = IndexMap::new();
    match tree.map(|tree| &tree.value) {
        Some(Value::Map(map)) => {
            for (name, entry) in map {
                let value = (!entry.tree.is_null()).then(|| entry.tree.printed());
                all.insert(name.clone(), value);
            }
        }
        Some(Value::List(items)) => {
            for item in items {
                let text = item.printed();
                match text.split_once('=') {
                    Some((name, value)) => all.insert(name.to_owned(), Some(value.to_owned())),
                    None => all.insert(text, None),
                };
            }
        }
        _ => {}
    }
    all
}

fn set(service: &mut Tree, key: &str, all: Map, span: &crate::yaml::Span) {
    if let Some(map) = service.map_mut() {
        map.insert(key.to_owned(), Tree::new(Value::Map(all), span).entry());
    }
}
