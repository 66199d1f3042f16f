//! `include`: other projects' files as part of this one, with paths and variables of their own (`14-include.md`).

use std::path::{Path, PathBuf};

use crate::failure::Failure;

use super::dotenv::{self, Found};
use super::loader::{Loader, Place};
use super::merge::{self, merge};
use super::open::{self, LARGEST_ENV};
use super::paths::normal;
use super::tree::{Map, Resets, Tree, Value, wrong_at};
use super::variables::{Origin, Variables};

/// Deeper is no project that a person wrote.
const DEEPEST: usize = 50;
/// What is taken over of an included file.
const TAKEN: [&str; 7] = [
    "services", "jobs", "volumes", "networks", "secrets", "configs", "models",
];

/// What was included once, in case it is again.
#[derive(Debug)]
pub(super) struct Included {
    files: Vec<PathBuf>,
    working_dir: PathBuf,
    variables: Variables,
    tree: Tree,
}

/// One entry of `include`.
struct Entry<'t> {
    at: &'t Tree,
    files: Vec<PathBuf>,
    working_dir: PathBuf,
    project_dir: PathBuf,
    env_files: Vec<PathBuf>,
}

impl Loader {
    /// Takes over into `root` what its `include` names.
    pub fn include(&mut self, root: &mut Tree, file: &Path, place: &Place<'_>, resets: &Resets) -> Result<(), Failure> {
        let Some(include) = root.map_mut().and_then(|map| map.shift_remove("include")) else {
            return Ok(());
        };
        let include = include.tree;
        if include.is_null() {
            return Ok(());
        }
        let Some(items) = include.list() else {
            return Err(include.wrong("include", format!("must be a list, not {}", include.kind())));
        };
        let mut within = place.within.clone();
        within.push(file.to_owned());
        for (index, item) in items.iter().enumerate() {
            let path = format!("include[{index}]");
            let entry = read(item, &path, place)?;
            let first = entry.files.first().cloned().unwrap_or_default();
            if within.contains(&first) || within.len() > DEEPEST {
                let way: Vec<String> = within
                    .iter()
                    .chain([&first])
                    .map(|path| path.display().to_string())
                    .collect();
                return Err(entry.at.wrong(
                    &path,
                    format!("files include each other in a circle: {}", way.join(" → ")),
                ));
            }
            let tree = self.included(&entry, &path, place, &within)?;
            take_over(root, tree, resets)?;
        }
        Ok(())
    }

    fn included(
        &mut self,
        entry: &Entry<'_>,
        path: &str,
        place: &Place<'_>,
        within: &[PathBuf],
    ) -> Result<Tree, Failure> {
        let mut found = Found::new();
        for file in &entry.env_files {
            let text = open::text(file, LARGEST_ENV).map_err(|unreadable| {
                entry
                    .at
                    .wrong(path, format!("the env file {} can't be read", file.display()))
                    .because(unreadable.why)
            })?;
            dotenv::parse(file, &text, &mut found, place.variables, &mut self.notes)?;
        }
        let mut variables = place.variables.clone();
        for (name, value) in &found {
            let file = entry.env_files.last().cloned().unwrap_or_default();
            variables.add(name, value, Origin::File(file));
        }
        let same = |known: &&Included| {
            known.files == entry.files && known.working_dir == entry.working_dir && known.variables == variables
        };
        if let Some(known) = self.included.iter().find(same) {
            return Ok(known.tree.clone());
        }
        for file in &entry.files {
            self.documents(file).map_err(|failure| match failure.place {
                Some(_) => failure,
                None => failure.at(entry.at.span.place(false)),
            })?;
        }
        let tree = self.model(
            &entry.files,
            &Place {
                working_dir: entry.working_dir.clone(),
                resources: entry.project_dir.clone(),
                variables: &variables,
                within: within.to_vec(),
            },
        )?;
        self.included.push(Included {
            files: entry.files.clone(),
            working_dir: entry.working_dir.clone(),
            variables,
            tree: tree.clone(),
        });
        Ok(tree)
    }
}

fn read<'t>(item: &'t Tree, path: &str, place: &Place<'_>) -> Result<Entry<'t>, Failure> {
    if let Some(map) = item.map() {
        let known = ["path", "project_directory", "env_file"];
        if let Some((key, entry)) = map.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            let failure = wrong_at(&entry.key, &format!("{path}.{key}"), "there is no such key");
            return Err(super::meant::unknown(failure, key, &known));
        }
    } else if item.text().is_none() {
        return Err(item.wrong(path, format!("must be a path or a mapping, not {}", item.kind())));
    }
    let named = texts(item.get("path").or(item.text().map(|_| item)), path)?;
    let files: Vec<PathBuf> = named.iter().map(|name| normal(&place.resources.join(name))).collect();
    let Some(first) = files.first() else {
        return Err(item.wrong(path, "`path` is missing"));
    };
    let own_folder = normal(first.parent().unwrap_or(Path::new("/")));
    let (working_dir, project_dir) = match item.get("project_directory").filter(|tree| !tree.is_null()) {
        None => (own_folder.clone(), own_folder),
        Some(tree) => {
            let text = tree
                .text()
                .ok_or_else(|| tree.wrong(path, "`project_directory` must be a path"))?;
            let folder = normal(&place.working_dir.join(text));
            // What is no folder stands for the one it is in.
            let working = if folder.is_dir() || Path::new(text).is_absolute() {
                folder.clone()
            } else {
                normal(folder.parent().unwrap_or(Path::new("/")))
            };
            (working, folder)
        }
    };
    let mut env_files: Vec<PathBuf> = Vec::new();
    let given = texts(item.get("env_file"), path)?;
    for name in given.iter().filter(|name| *name != "/dev/null") {
        env_files.push(normal(&place.working_dir.join(name)));
    }
    let own = project_dir.join(".env");
    if given.is_empty() && own.is_file() {
        env_files.push(own);
    }
    Ok(Entry {
        at: item,
        files,
        working_dir,
        project_dir,
        env_files,
    })
}

fn texts(tree: Option<&Tree>, path: &str) -> Result<Vec<String>, Failure> {
    let Some(tree) = tree.filter(|tree| !tree.is_null()) else {
        return Ok(Vec::new());
    };
    let items = tree.list().unwrap_or(std::slice::from_ref(tree));
    let text = |item: &Tree| {
        let text = item.text().map(ToOwned::to_owned);
        text.ok_or_else(|| item.wrong(path, format!("must be a path, not {}", item.kind())))
    };
    items.iter().map(text).collect()
}

/// What both say is merged, the including file over the included one.
fn take_over(root: &mut Tree, mut included: Tree, resets: &Resets) -> Result<(), Failure> {
    let span = root.span.clone();
    for kind in TAKEN {
        let Some(Value::Map(theirs)) = included
            .map_mut()
            .and_then(|map| map.shift_remove(kind))
            .map(|entry| entry.tree.value)
        else {
            continue;
        };
        let Some(map) = root.map_mut() else {
            continue;
        };
        let ours = &mut map
            .entry(kind.to_owned())
            .or_insert_with(|| Tree::new(Value::Map(Map::new()), &span).entry())
            .tree;
        let what = ours.kind();
        let at = ours.span.clone();
        let Some(ours) = ours.map_mut() else {
            return Err(wrong_at(&at, kind, format!("must be a mapping, not {what}")));
        };
        for (name, mut entry) in theirs {
            let Some(own) = ours.get_mut(&name) else {
                ours.insert(name, entry);
                continue;
            };
            // The same reached on two ways.
            if own.tree == entry.tree {
                continue;
            }
            for reset in resets
                .iter()
                .filter(|reset| reset.len() > 2 && reset[0] == kind && reset[1] == name)
            {
                merge::remove(&mut entry.tree, &reset[2..]);
            }
            let later = std::mem::replace(&mut own.tree, Tree::null_at(&span));
            own.tree = merge(entry.tree, later, &mut vec![kind.to_owned(), name])?;
        }
    }
    Ok(())
}
