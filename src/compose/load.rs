//! From a request to a project: find, read, normalise, enable, check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use crate::failure::Failure;
use crate::ids::ServiceName;

use super::bind::{Form, bind};
use super::consistency::{self, Whole};
use super::files::{self, Files};
use super::hash;
use super::images;
use super::interpolate::{Notes, substitute};
use super::loader::{Loader, Place};
use super::model::{Separator, Stack};
use super::normalize::normalize;
use super::project::{Project, without_content};
use super::refused;
use super::request::Request;
use super::resolve;
use super::shape::SERVICE;
use super::tree::{Map, Tree, Value, from_yaml};
use super::typed;
use super::variables::{Origin, Values, Variables};

/// Which project a request is about.
#[derive(Debug)]
pub struct Identity {
    /// The project's name.
    pub name: String,
    /// The Compose files, absolute, in merge order.
    pub files: Vec<PathBuf>,
    /// Where their relative paths start; absolute.
    pub working_dir: PathBuf,
}

/// Which project `request` is about, without more of its files than that takes.
///
/// # Errors
/// No file, one that can't be read, a name that makes none.
pub fn identity(request: &Request) -> Result<Identity, Failure> {
    let mut loader = Loader::default();
    let (name, files) = begin(request, &mut loader)?;
    Ok(Identity {
        name,
        files: files.compose,
        working_dir: files.working_dir,
    })
}

/// Reads, merges and checks the files of `request`.
///
/// # Errors
/// Whatever a file says that makes no sense, or that magicctl doesn't honour, at its place.
pub fn load(request: &Request) -> Result<Stack, Failure> {
    let project = project(request)?;
    match project.unusable {
        Some(failure) => Err(failure),
        None => Ok(project.stack),
    }
}

/// The same, with all that `config` prints.
///
/// # Errors
/// As [`load`].
pub fn project(request: &Request) -> Result<Project, Failure> {
    let mut found = read(request, false)?;
    let (enabled, disabled) = by_profile(&found.tree, request, &found.files.variables);
    let (mut services, disabled_services) = (enabled, disabled);
    consistency::check(&Whole {
        root: &found.tree,
        services: &services,
        disabled: &disabled_services,
    })?;
    refused::check(&found.tree, &[])?;
    let mut missing = BTreeMap::new();
    for (name, entry) in &mut services {
        refused::check(&entry.tree, &["services", name])?;
        let file = resolve::files(&mut entry.tree, name, &found.files.variables, &mut found.loader.notes)?;
        missing.extend(file.map(|failure| (ServiceName::new(name), failure)));
    }
    typed::check(&services)?;
    let mut stack = stack(&found, &services, &disabled_services, request)?;
    let unusable = typed::unusable(&services).err();
    stack.unmakeable = typed::unset(&found.tree, &stack);
    stack.unmakeable.extend(missing.clone());
    let mut tree = without_content(&found.tree);
    if !request.all_resources {
        drop_unused_of(&mut tree, &services);
    }
    if let Some(map) = tree.map_mut() {
        map.insert(
            "services".to_owned(),
            Tree::new(Value::Map(services), &found.tree.span).entry(),
        );
    }
    Ok(Project {
        stack,
        unusable,
        incomplete: missing,
        tree,
        variables: found.files.variables,
        raw: false,
    })
}

/// The files as they are before variables are put in: merged, in their long form.
///
/// # Errors
/// As [`load`], as far as it shows before.
pub fn template(request: &Request) -> Result<Project, Failure> {
    let found = read(request, true)?;
    let stack = Stack {
        name: found.name,
        ..Stack::default()
    };
    let mut tree = found.tree;
    if let Some(map) = tree.map_mut() {
        map.insert("name".to_owned(), Tree::text_at(&stack.name, &found.span).entry());
    }
    Ok(Project {
        stack,
        unusable: None,
        incomplete: BTreeMap::new(),
        tree,
        variables: found.files.variables,
        raw: true,
    })
}

/// The files of a request as one tree.
struct Found {
    files: Files,
    loader: Loader,
    name: String,
    tree: Tree,
    span: crate::yaml::Span,
}

fn read(request: &Request, raw: bool) -> Result<Found, Failure> {
    let mut loader = Loader {
        raw,
        home: request.environment.get("HOME").cloned(),
        ..Loader::default()
    };
    let (name, mut files) = begin(request, &mut loader)?;
    files.variables.set("COMPOSE_PROJECT_NAME", &name, Origin::Environment);
    let variables = Rc::new(std::mem::take(&mut files.variables));
    let place = Place {
        working_dir: files.working_dir.clone(),
        resources: files.working_dir.clone(),
        scope: 0,
        variables: &variables,
        within: Vec::new(),
    };
    let mut tree = loader.model(&files.compose, &place)?;
    loader.included.clear();
    files.variables = Rc::unwrap_or_clone(variables);
    let span = tree.span.clone();
    if raw {
        normalize(&mut tree, &name, &Variables::default());
    } else {
        normalize(&mut tree, &name, &files.variables);
    }
    Ok(Found {
        files,
        loader,
        name,
        tree,
        span,
    })
}

/// The files of `request`, and the project's name.
fn begin(request: &Request, loader: &mut Loader) -> Result<(String, Files), Failure> {
    let files = files::find(request)?;
    loader.root.clone_from(&files.root);
    loader.documents = request.documents.clone();
    if files.by_user {
        loader.named.clone_from(&files.compose);
    }
    if let Some((path, text)) = &request.unwritten {
        loader.named.push(path.clone());
        loader.documents_from(path, || Ok(text.clone()))?;
    }
    let in_file = name_in_files(&files, loader)?;
    let name = files::project_name(request, &files, in_file.as_deref())?;
    Ok((name, files))
}

/// The last document that says `name` wins; the name itself may use variables.
fn name_in_files(files: &Files, loader: &mut Loader) -> Result<Option<String>, Failure> {
    let mut name = None;
    for path in &files.compose {
        for document in loader.documents(path)?.iter() {
            let given = document
                .get("name")
                .filter(|node| node.text().is_some_and(|text| !text.is_empty()));
            name = given.cloned().or(name);
        }
    }
    let Some(node) = name else {
        return Ok(None);
    };
    let (tree, _) = from_yaml(node)?;
    let Some(text) = tree.text() else {
        return Ok(None);
    };
    if loader.raw {
        return Ok(Some(text.to_owned()));
    }
    let value = substitute(text, &files.variables, &mut Notes::default()).map_err(|bad| Failure {
        hint: bad.hint,
        ..tree.wrong("name", bad.why)
    })?;
    Ok(Some(value))
}

/// The services that are enabled, and the others: those none of whose profiles is active.
fn by_profile(root: &Tree, request: &Request, variables: &Variables) -> (Map, Map) {
    let mut active: BTreeSet<&str> = request.profiles.iter().map(String::as_str).collect();
    if active.is_empty() {
        let from_variable = variables.get("COMPOSE_PROFILES").unwrap_or_default();
        active.extend(from_variable.split(',').map(str::trim));
    }
    let profiles = |tree: &Tree| -> Vec<String> {
        let items = tree.get("profiles").and_then(Tree::list).into_iter().flatten();
        items.map(Tree::printed).collect()
    };
    let mut of_targets: Vec<String> = Vec::new();
    for target in &request.targets {
        if let Some(service) = root.get("services").and_then(|services| services.get(target.as_str())) {
            of_targets.extend(profiles(service));
        }
    }
    active.extend(of_targets.iter().map(String::as_str));
    let all = active.contains("*");
    let (mut enabled, mut disabled) = (Map::new(), Map::new());
    for (name, entry) in root.entries("services") {
        let own = profiles(&entry.tree);
        let on = all || own.is_empty() || own.iter().any(|profile| active.contains(profile.as_str()));
        let to = if on { &mut enabled } else { &mut disabled };
        to.insert(name.clone(), entry.clone());
    }
    (enabled, disabled)
}

fn stack(found: &Found, services: &Map, disabled: &Map, request: &Request) -> Result<Stack, Failure> {
    let files = &found.files;
    let separator = if request.compatibility {
        Separator::Underscore
    } else {
        Separator::Hyphen
    };
    let mut stack = Stack {
        name: found.name.clone(),
        working_dir: files.working_dir.clone(),
        files: files.compose.clone(),
        env_files: files.env.iter().flat_map(|env| env.files.clone()).collect(),
        written_in_env_files: files.env.iter().flat_map(|env| env.written.clone()).collect(),
        env_dir: files.env_dir.clone(),
        env_files_named: files.env_named,
        all_resources: request.all_resources,
        bad_images: images::bad(services, &found.name, separator),
        ..Stack::default()
    };
    for (name, entry) in services {
        let mut service = typed::service(name, &entry.tree)?;
        service.separator = separator;
        service
            .depends_on
            .retain(|name, dependency| dependency.required || services.contains_key(name.as_str()));
        service.config_hash = hash::of(&bind(&entry.tree, &format!("services.{name}"), &SERVICE, Form::Json)?);
        let called = &service.name;
        stack.places.services.insert(called.clone(), entry.key.place(false));
        let items = |key| typed::items_written(entry.tree.get(key)).map(|(_, written)| written);
        stack.places.ports.insert(called.clone(), items("ports").collect());
        stack.places.mounts.insert(called.clone(), items("volumes").collect());
        let mut keys = typed::entries_written(Some(&entry.tree));
        // A default stands nowhere.
        keys.retain(|_, written| !written.is_at(&entry.tree.span));
        stack.places.keys.insert(called.clone(), keys);
        let environment = typed::entries_written(entry.tree.get("environment"));
        stack.places.environment.insert(called.clone(), environment);
        if let Some(warning) = typed::cut_command(name, &entry.tree) {
            stack.warnings.push(warning);
        }
        stack.services.insert(called.clone(), service);
    }
    for (name, entry) in disabled {
        // What is not enabled is only named; it may not make sense yet.
        let outline = typed::outline(name, &entry.tree);
        stack.disabled.insert(outline.name.clone(), outline);
    }
    typed::objects(&found.tree, &mut stack)?;
    let notes = &found.loader.notes;
    let unset = notes.unset.iter();
    stack
        .warnings
        .extend(unset.map(|name| format!("the variable {name} is not set; using an empty string")));
    stack.warnings.extend(notes.warnings.iter().cloned());
    if !found.loader.versions.is_empty() {
        stack
            .warnings
            .push("the top-level `version` has no effect; remove it".to_owned());
    }
    if services.is_empty() && disabled.is_empty() {
        stack.warnings.push("the file defines no services".to_owned());
    }
    stack.interpolation = notes.used.values().cloned().collect();
    if !request.all_resources {
        drop_unused(&mut stack);
    }
    Ok(stack)
}

/// What no enabled service uses isn't printed.
pub(super) fn drop_unused_of(root: &mut Tree, services: &Map) {
    let mut used: BTreeSet<(&str, String)> = BTreeSet::new();
    for entry in services.values() {
        let service = &entry.tree;
        used.extend(service.entries("networks").map(|(name, _)| ("networks", name.clone())));
        let items = |tree: Option<&Tree>| tree.and_then(Tree::list).map(<[Tree]>::to_vec).unwrap_or_default();
        for mount in items(service.get("volumes")) {
            if let (Some("volume"), Some(source)) = (mount.get("type").and_then(Tree::text), mount.get("source")) {
                used.insert(("volumes", source.printed()));
            }
        }
        let of_build = service.get("build").and_then(|build| build.get("secrets"));
        for (kind, list) in [
            ("secrets", service.get("secrets")),
            ("secrets", of_build),
            ("configs", service.get("configs")),
        ] {
            for reference in items(list) {
                used.insert((kind, reference.get("source").map(Tree::printed).unwrap_or_default()));
            }
        }
    }
    for kind in ["networks", "volumes", "secrets", "configs"] {
        if let Some(map) = root.get_mut(kind).and_then(Tree::map_mut) {
            map.retain(|name, _| used.contains(&(kind, name.clone())));
        }
    }
}

/// Networks and volumes that no enabled service uses are not made.
pub(super) fn drop_unused(stack: &mut Stack) {
    let networks: BTreeSet<String> = stack
        .services
        .values()
        .flat_map(|service| service.networks.keys().cloned())
        .collect();
    stack.networks.retain(|key, _| networks.contains(key));
    let volumes: BTreeSet<String> = stack
        .services
        .values()
        .flat_map(|service| &service.volumes)
        .filter_map(|mount| mount.source.clone())
        .collect();
    stack.volumes.retain(|key, _| volumes.contains(key));
}
