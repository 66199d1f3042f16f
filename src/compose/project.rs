//! A project as its files say it: the stack that is run, and the canonical form that is printed.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;
use crate::ids::ServiceName;

use super::bind::{Form, bind, order, sorted};
use super::load::{drop_unused, drop_unused_of};
use super::model::Stack;
use super::print;
use super::shape::PROJECT;
use super::tree::{Map, Tree, Value};
use super::typed;
use super::variables::Variables;

/// What reading a project's files gives.
#[derive(Debug)]
pub struct Project {
    /// What is wanted.
    pub stack: Stack,
    /// What can be printed and not be run.
    pub(super) unusable: Option<Failure>,
    /// By service, a file that it names and that isn't there, so that it can't be printed whole.
    pub(super) incomplete: BTreeMap<ServiceName, Failure>,
    pub(super) tree: Tree,
    pub(super) variables: Variables,
    pub(super) raw: bool,
}

/// A printed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// JSON, as `docker compose config --format json`.
    Json,
    /// YAML, as `docker compose config`.
    Yaml,
}

impl Project {
    /// The canonical form, byte for byte as Compose prints it (without the last line end in JSON).
    ///
    /// # Errors
    /// A value of a disabled service that can't be read; those of enabled ones were read before. An env file that isn't there.
    pub fn printed(&self, printed: Printed) -> Result<String, Failure> {
        if let Some((_, failure)) = self.incomplete() {
            return Err(failure.clone());
        }
        let form = match printed {
            Printed::Json => Form::Json,
            Printed::Yaml => Form::Yaml,
        };
        let whole = if self.raw {
            sorted(&without_content(&self.tree), form)
        } else {
            self.canonical(form)?
        };
        let text = match form {
            Form::Json => print::pretty_json(&whole),
            Form::Yaml => print::to_yaml(&whole),
        };
        Ok(if self.raw { text } else { print::escaped(&text) })
    }

    /// Only the services called `names`, with all that they depend on and use; all when `names` is empty.
    ///
    /// # Errors
    /// A name that is in no enabled service, with what it may have been meant to be.
    pub fn only(mut self, names: &[ServiceName]) -> Result<Self, Failure> {
        if names.is_empty() {
            return Ok(self);
        }
        let selected = self.stack.select(names, true)?;
        self.stack.services.retain(|name, _| selected.contains(name.as_str()));
        self.stack.unmakeable.retain(|name, _| selected.contains(name));
        self.incomplete.retain(|name, _| selected.contains(name));
        let services = self.tree.get_mut("services").and_then(Tree::map_mut);
        let services = services.map_or_else(Map::new, |services| {
            services.retain(|name, _| selected.contains(name.as_str()));
            services.clone()
        });
        let bad = &mut self.stack.bad_images;
        bad.images.retain(|name, _| selected.contains(name));
        bad.tags.retain(|name, _| selected.contains(name));
        self.unusable = typed::unusable(&services).err();
        if !self.stack.all_resources {
            drop_unused_of(&mut self.tree, &services);
            drop_unused(&mut self.stack);
        }
        Ok(self)
    }

    fn canonical(&self, form: Form) -> Result<Tree, Failure> {
        let span = &self.tree.span;
        let bound = bind(&self.tree, "", &PROJECT, form)?;
        let mut whole = Map::new();
        whole.insert("name".to_owned(), Tree::text_at(&self.stack.name, span).entry());
        whole.insert("services".to_owned(), Tree::map_at([], span).entry());
        whole.extend(bound.map().cloned().unwrap_or_default());
        if form == Form::Json {
            // JSON keeps extensions at the top, and sorts all.
            for (key, entry) in self
                .tree
                .map()
                .into_iter()
                .flatten()
                .filter(|(key, _)| key.starts_with("x-"))
            {
                whole.insert(key.clone(), sorted(&entry.tree, form).entry());
            }
            whole.sort_by(|a, _, b, _| order(a, b, form));
        }
        Ok(Tree::new(Value::Map(whole), span))
    }

    /// Why the stack can't be run although it can be printed: what an engine would refuse of it.
    pub fn unusable(&self) -> Option<&Failure> {
        self.unusable.as_ref()
    }

    /// The first service whose env file isn't there, so that nothing can be printed whole, and that failure.
    pub fn incomplete(&self) -> Option<(&ServiceName, &Failure)> {
        self.incomplete.first_key_value()
    }

    /// The environment that variables are looked up in.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter()
    }

    /// All profiles that the file names.
    pub fn profiles(&self) -> BTreeSet<&str> {
        let services = self.stack.services.values().chain(self.stack.disabled.values());
        services
            .flat_map(|service| &service.profiles)
            .map(String::as_str)
            .collect()
    }

    /// The variables that the files use, with their defaults.
    pub fn variables(&self) -> BTreeMap<&str, Option<&str>> {
        let used = &self.stack.interpolation;
        used.iter()
            .map(|used| (used.name.as_str(), used.default.as_deref()))
            .collect()
    }
}

/// Without the values that secrets and configs have from the environment.
pub(super) fn without_content(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    for kind in ["secrets", "configs"] {
        for (_, entry) in tree.entries_mut(kind) {
            if let Some(map) = entry.tree.map_mut() {
                map.shift_remove(super::loader::CONTENT);
            }
        }
    }
    tree
}
