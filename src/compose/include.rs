//! `include`: other projects' files as part of this one, with paths and variables of their own (`14-include.md`).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::failure::Failure;
use crate::files;
use crate::nearest::nearest;

use super::budget::OverBudget;
use super::dotenv::{self, Found};
use super::loader::{Loader, Place};
use super::merge::merge;
use super::open::{self, LARGEST_ENV};
use super::paths::normal;
use super::resets::Resets;
use super::tree::{Map, Tree, Value, wrong_at};
use super::variables::{Origin, Variables};

/// Deeper than any project, and far from the end of the stack.
const DEEPEST: usize = 50;
/// More files than any project includes, env files too, each counted as often as it is named: two in each of fifty that
/// include each other would be 2⁵⁰.
const MOST: usize = 1_000;
/// What is taken over of an included file.
const TAKEN: [&str; 7] = [
    "services", "jobs", "volumes", "networks", "secrets", "configs", "models",
];

/// What was included once, in case it is again.
#[derive(Debug)]
pub(super) struct Included {
    files: Vec<PathBuf>,
    working_dir: PathBuf,
    project_dir: PathBuf,
    scope: u64,
    variables: Rc<Variables>,
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
            let entry = self.entry(item, &path, place, &within)?;
            let tree = self.included(&entry, &path, place, &within)?;
            take_over(root, tree, resets)?;
        }
        Ok(())
    }

    // Files may include each other many levels deep, and an unoptimised build gives each function all that it ever needs of the
    // stack at once: what doesn't lead to the next level is a function of its own.

    /// Reads one entry, and counts its files.
    fn entry<'t>(
        &mut self,
        item: &'t Tree,
        path: &str,
        place: &Place<'_>,
        within: &[PathBuf],
    ) -> Result<Entry<'t>, Failure> {
        let entry = read(item, path, place)?;
        self.inclusions += entry.files.len() + entry.env_files.len();
        if self.inclusions > MOST {
            let why = format!("more than {MOST} files are included, with repeated ones counted each time");
            let failure = item.wrong(path, why);
            return Err(failure.hint("include each file only once"));
        }
        let first = entry.files.first().cloned().unwrap_or_default();
        if within.contains(&first) {
            let way: Vec<String> = within
                .iter()
                .chain([&first])
                .map(|path| path.display().to_string())
                .collect();
            let why = format!("files include each other in a circle: {}", way.join(" → "));
            return Err(item.wrong(path, why));
        }
        if within.len() > DEEPEST {
            let why = format!("files include each other more than {DEEPEST} levels deep");
            return Err(item.wrong(path, why));
        }
        Ok(entry)
    }

    fn included(
        &mut self,
        entry: &Entry<'_>,
        path: &str,
        place: &Place<'_>,
        within: &[PathBuf],
    ) -> Result<Tree, Failure> {
        let (variables, scope) = self.scope(entry, path, place)?;
        if let Some(known) = self.known(entry, path, scope, &variables)? {
            return Ok(known);
        }
        let place = Place {
            working_dir: entry.working_dir.clone(),
            resources: entry.project_dir.clone(),
            scope,
            variables: &variables,
            within: within.to_vec(),
        };
        let tree = self.model(&entry.files, &place)?;
        self.included.push(Included {
            files: entry.files.clone(),
            working_dir: entry.working_dir.clone(),
            project_dir: entry.project_dir.clone(),
            scope,
            variables: Rc::clone(&variables),
            tree: tree.clone(),
        });
        Ok(tree)
    }

    /// The values that an entry's files see: its env files' beneath those of the including file.
    fn scope(&mut self, entry: &Entry<'_>, path: &str, place: &Place<'_>) -> Result<(Rc<Variables>, u64), Failure> {
        let spent = |spent: OverBudget| entry.at.wrong(path, format!("the project has {spent}"));
        let mut found = Found::new();
        for file in &entry.env_files {
            let text = open::text(file, LARGEST_ENV).map_err(|unreadable| {
                entry
                    .at
                    .wrong(path, format!("the env file {} can't be read", file.display()))
                    .because(unreadable.why)
            })?;
            self.notes.budget.take_text(text.len()).map_err(spent)?;
            dotenv::parse(file, &text, &mut found, &**place.variables, &mut self.notes)?;
        }
        let mut variables = Rc::clone(place.variables);
        if found.is_empty() {
            return Ok((variables, place.scope));
        }
        self.notes.budget.take(variables.len()).map_err(spent)?;
        let own = Rc::make_mut(&mut variables);
        let file = entry.env_files.last().map_or(Path::new(""), PathBuf::as_path);
        let file: Arc<Path> = Arc::from(file);
        for (name, value) in found {
            own.add(name, value, Origin::File(Arc::clone(&file)));
        }
        let scope = digest(own);
        Ok((variables, scope))
    }

    /// What the same files came to before, read from the same place with the same values. Of those that were not read, the
    /// documents are; an error has a place then.
    fn known(
        &mut self,
        entry: &Entry<'_>,
        path: &str,
        scope: u64,
        variables: &Rc<Variables>,
    ) -> Result<Option<Tree>, Failure> {
        let same = |known: &&Included| {
            known.files == entry.files
                && known.working_dir == entry.working_dir
                && known.project_dir == entry.project_dir
                && known.scope == scope
                && known.variables == *variables
        };
        if let Some(known) = self.included.iter().find(same) {
            let taken = known.tree.take_of(&mut self.notes.budget);
            taken.map_err(|spent| entry.at.wrong(path, format!("the project has {spent}")))?;
            return Ok(Some(known.tree.clone()));
        }
        for file in &entry.files {
            self.documents(file).map_err(|failure| match failure.place {
                Some(_) => failure,
                None => failure.at(entry.at.span.place(false)),
            })?;
        }
        Ok(None)
    }
}

fn digest(variables: &Variables) -> u64 {
    let mut hasher = DefaultHasher::new();
    variables.iter().for_each(|variable| variable.hash(&mut hasher));
    hasher.finish()
}

fn read<'t>(item: &'t Tree, path: &str, place: &Place<'_>) -> Result<Entry<'t>, Failure> {
    if let Some(map) = item.map() {
        let known = ["path", "project_directory", "env_file"];
        if let Some((key, entry)) = map.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            let failure = wrong_at(&entry.key, &format!("{path}.{key}"), "unknown key");
            return Err(failure.meant(nearest(key, known)));
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
            // What is not a folder stands for the one it is in.
            let working = if files::is_folder(&folder) || Path::new(text).is_absolute() {
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
    if given.is_empty() && files::is_file(&own) {
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
            if let Some(resets) = resets.below(&[kind, &name]) {
                resets.take_out_of(&mut entry.tree);
            }
            let later = std::mem::replace(&mut own.tree, Tree::null_at(&span));
            own.tree = merge(entry.tree, later, &mut vec![kind.to_owned(), name])?;
        }
    }
    Ok(())
}
