//! From files to one tree: each document interpolated, completed by what it includes and extends, merged over what
//! came before, checked against the schema and brought into its long form. The order of these steps is Compose's
//! (compose-go, `loader`): it decides what a file means.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::failure::Failure;
use crate::files;
use crate::yaml::{self, Source};

use super::canonical;
use super::defaults;
use super::documents::Documents;
use super::include::Included;
use super::interpolate::{Notes, interpolate};
use super::merge;
use super::open::{self, LARGEST_FILE};
use super::paths::{self, Base};
use super::resets::Resets;
use super::schema;
use super::tree::{Map, Tree, Value, from_yaml};
use super::unique;
use super::variables::{Values, Variables};

/// Files that services were taken from, already in their long form.
pub(super) type Bases = HashMap<PathBuf, (Map, Resets)>;

/// Reads files, each once.
#[derive(Debug, Default)]
pub(super) struct Loader {
    /// What the files say of variables.
    pub notes: Notes,
    /// Leave variables as they are.
    pub raw: bool,
    /// Lines of files below it may be quoted; so may those of the files that the user named.
    pub root: PathBuf,
    /// The files that the user named, as they are read.
    pub named: Vec<PathBuf>,
    /// What `~` stands for.
    pub home: Option<String>,
    /// Files named `version`, which has no effect.
    pub versions: Vec<PathBuf>,
    pub documents: Documents,
    pub bases: Bases,
    pub included: Vec<Included>,
    /// Files that were included, each as often as it was named.
    pub inclusions: usize,
}

/// Where a set of files is read from, and as what.
#[derive(Debug, Clone)]
pub(super) struct Place<'v> {
    /// Where paths in the files start from.
    pub working_dir: PathBuf,
    /// Where the names of files to extend and to include start from.
    pub resources: PathBuf,
    /// Tells values of variables from others: comparing all of them with those of each other file would take long.
    pub scope: u64,
    /// The values of their variables.
    pub variables: &'v Rc<Variables>,
    /// The files that include this one, outermost first.
    pub within: Vec<PathBuf>,
}

/// How much of the work is done on one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// All of it.
    Whole,
    /// A file that services are taken from: what they include, extend and break is for the one that takes.
    Base,
}

impl Loader {
    /// The documents of the file at `path`.
    pub fn documents(&self, path: &Path) -> Result<Rc<[yaml::Node]>, Failure> {
        self.documents_from(path, || {
            open::text(path, LARGEST_FILE).map_err(|unreadable| unreadable.failure(path))
        })
    }

    /// The same; what is not known yet is read from `text`.
    pub fn documents_from(
        &self,
        path: &Path,
        text: impl FnOnce() -> Result<String, Failure>,
    ) -> Result<Rc<[yaml::Node]>, Failure> {
        if let Some(known) = self.documents.compose.borrow().get(path) {
            return Ok(Rc::clone(known));
        }
        let quotable = self.named.iter().any(|named| named == path) || files::lies_below(path, &self.root);
        let read: Rc<[yaml::Node]> = yaml::parse_all(&Source::quoted(path, text()?, quotable))?.into();
        self.documents
            .compose
            .borrow_mut()
            .insert(path.to_owned(), Rc::clone(&read));
        Ok(read)
    }

    /// The files at `paths` as one tree: the later over the earlier, defaults filled in, paths absolute.
    pub fn model(&mut self, files: &[PathBuf], place: &Place<'_>) -> Result<Tree, Failure> {
        let before = std::mem::take(&mut self.bases);
        let mut whole: Option<Tree> = None;
        for file in files {
            let (tree, _) = self.file(file, place, whole, Depth::Whole)?;
            whole = tree;
        }
        self.bases = before;
        self.finished(whole, files.first().map_or(Path::new(""), PathBuf::as_path), place)
    }

    /// A merged whole, its defaults filled in, its paths absolute.
    fn finished(&self, whole: Option<Tree>, first: &Path, place: &Place<'_>) -> Result<Tree, Failure> {
        let mut whole = match whole {
            Some(tree) if tree.map().is_some_and(|map| !map.is_empty()) => tree,
            _ => {
                let top = crate::failure::Place {
                    file: first.to_owned(),
                    line: 1,
                    column: 1,
                    width: 1,
                    source: None,
                };
                return Err(Failure::invalid("the file is empty")
                    .at(top)
                    .hint("start with `services:`"));
            }
        };
        defaults::fill(&mut whole);
        defaults::check(&whole)?;
        paths::resolve(
            &mut whole,
            Base {
                dir: &place.working_dir,
                home: self.home.as_deref(),
            },
        )?;
        if !self.raw {
            look_up(&mut whole, place.variables);
        }
        Ok(whole)
    }

    /// The documents of one file over `before`, and what the last of them resets.
    pub fn file(
        &mut self,
        path: &Path,
        place: &Place<'_>,
        before: Option<Tree>,
        depth: Depth,
    ) -> Result<(Option<Tree>, Resets), Failure> {
        let mut whole = before;
        let mut last = Resets::default();
        for document in self.documents(path)?.iter() {
            let (mut tree, resets) = self.begun(document.clone(), place)?;
            if depth == Depth::Whole {
                self.include(&mut tree, path, place, &resets)?;
            }
            if let Some(whole) = &mut whole {
                resets.take_out_of(whole);
            }
            if depth == Depth::Whole {
                self.extend(&mut tree, path, place, &resets)?;
            }
            whole = Some(self.merged(whole, tree, path, depth)?);
            last = resets;
        }
        Ok((whole, last))
    }

    /// A document with its variables put in, and what it resets.
    fn begun(&mut self, document: yaml::Node, place: &Place<'_>) -> Result<(Tree, Resets), Failure> {
        let (mut tree, resets) = from_yaml(document)?;
        tree.take_of(&mut self.notes.budget)
            .map_err(|spent| tree.wrong("", format!("the project has {spent}")))?;
        if tree.map().is_none() {
            return Err(tree
                .wrong("", format!("a Compose file must be a mapping, not {}", tree.kind()))
                .hint("start with `services:`"));
        }
        if !self.raw {
            interpolate(&mut tree, &**place.variables, &mut self.notes)?;
        }
        promote(&mut tree);
        Ok((tree, resets))
    }

    /// A completed document over what came before, checked and in its long form.
    fn merged(&mut self, before: Option<Tree>, tree: Tree, path: &Path, depth: Depth) -> Result<Tree, Failure> {
        let mut merged = match before {
            Some(before) => merge::merge(before, tree, &mut Vec::new())?,
            None => tree,
        };
        let checked = self.notes.budget.check(merged.count());
        checked.map_err(|spent| merged.wrong("", format!("the project has {spent}")))?;
        unique::enforce(&mut merged)?;
        if depth == Depth::Whole {
            schema::check(&merged)?;
            if merged.map_mut().and_then(|map| map.shift_remove("version")).is_some() {
                self.versions.push(path.to_owned());
            }
        }
        canonical::canonical(&mut merged, self.raw, &mut self.notes.budget)?;
        canonical::omit_empty(&mut merged);
        unique::enforce(&mut merged)?;
        Ok(merged)
    }
}

/// `x-develop` is `develop` under its earlier name.
fn promote(root: &mut Tree) {
    for (_, entry) in root.entries_mut("services") {
        let Some(service) = entry.tree.map_mut() else {
            continue;
        };
        if let Some(develop) = service.shift_remove("x-develop") {
            service.entry("develop".to_owned()).or_insert(develop);
        }
    }
}

/// Values of the caller's environment, where the file only names a variable.
fn look_up(root: &mut Tree, variables: &Variables) {
    for (_, entry) in root.entries_mut("services") {
        let listed = entry.tree.get_mut("environment").and_then(Tree::list_mut);
        for item in listed.into_iter().flatten() {
            if let Value::Text(text) = &mut item.value
                && let Some(value) = variables.get(text)
            {
                let name = std::mem::replace(text, format!("{text}={value}"));
                item.taken_from(&name);
            }
        }
    }
    for kind in ["secrets", "configs"] {
        for (_, entry) in root.entries_mut(kind) {
            let value = entry.tree.get("environment").and_then(|name| {
                let value = variables.get(name.text()?)?;
                Some(Tree::text_at(value, &name.span))
            });
            if let (Some(value), Some(map)) = (value, entry.tree.map_mut()) {
                map.insert(CONTENT.to_owned(), value.entry());
            }
        }
    }
}

/// Where the value of a secret or config that comes from the environment is kept. It is never printed.
pub(super) const CONTENT: &str = "x-#value";
