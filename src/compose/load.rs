//! From a request to a [`Stack`]: find, parse, interpolate, merge, read, enable, check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::failure::Failure;
use crate::yaml::{Node, Source, parse};

use super::extends;
use super::files::{self, Files};
use super::interpolate::{Interpolation, Origin, Variables};
use super::merge;
use super::model::{Network, Stack};
use super::read;
use super::validate;

/// What to read, and as whom.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Where relative file names start and the search for a Compose file begins; absolute.
    pub start_dir: PathBuf,
    /// `-f`, in order.
    pub files: Vec<PathBuf>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// `--env-file`, in order.
    pub env_files: Vec<PathBuf>,
    /// The caller's environment.
    pub environment: BTreeMap<String, String>,
    /// Services named on the command line: naming one enables it, whatever its profiles.
    pub targets: Vec<String>,
    /// The Compose file as it would be rendered, when none is on disk: its path and text.
    pub unwritten: Option<(PathBuf, String)>,
}

/// Reads, merges and checks the files of `request`.
pub fn load(request: &Request) -> Result<Stack, Failure> {
    let mut files = files::find(request)?;
    let trees = parse_all(&files, request)?;
    let in_file = name_in_files(&trees, &files.variables)?;
    let name = files::project_name(request, &files, in_file.as_deref())?;
    files.variables.add("COMPOSE_PROJECT_NAME", &name, Origin::Environment);

    let variables = &files.variables;
    let mut interpolation = Interpolation::new(variables);
    let mut merged: Option<Node> = None;
    for mut tree in trees {
        interpolation.tree(&mut tree)?;
        extends::resolve(&mut tree, &mut interpolation)?;
        merged = Some(match merged {
            Some(earlier) => merge::merge(earlier, tree),
            None => tree,
        });
    }
    let used = interpolation.used;
    // `files::find` gives at least one.
    let root = merged
        .map(merge::cleaned)
        .ok_or_else(|| Failure::usage("there is no Compose file"))?;
    let mut stack = read::read(&root, &name, variables)?;
    stack.working_dir.clone_from(&files.working_dir);
    stack.files.clone_from(&files.compose);
    stack.env_files.clone_from(&files.env);
    for variable in used.values() {
        if variable.origin == Origin::Unset && variable.default.is_none() {
            let name = &variable.name;
            stack.warnings.push(format!(
                "the variable {name} is not set: an empty string is in its place"
            ));
        }
    }
    stack.interpolation = used.into_values().collect();
    enable(&mut stack, request, variables);
    validate::check(&mut stack)?;
    drop_unused(&mut stack);
    Ok(stack)
}

fn parse_all(files: &Files, request: &Request) -> Result<Vec<Node>, Failure> {
    files
        .compose
        .iter()
        .map(|path| {
            if let Some((unwritten, text)) = &request.unwritten
                && unwritten == path
            {
                return parse(&Source::based(path, files.working_dir.clone(), text.clone()));
            }
            let bytes = std::fs::read(path).map_err(|error| {
                Failure::invalid(format!("{} can't be read", path.display())).because(error.to_string())
            })?;
            let text = String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                Failure::invalid(format!("{} is not UTF-8", path.display()))
                    .because(format!("byte {at} belongs to no character"))
                    .hint("save it as UTF-8")
            })?;
            // Every file's relative paths start from the first one's directory.
            parse(&Source::based(path, files.working_dir.clone(), text))
        })
        .collect()
}

/// The last file that says `name` wins; the name itself may use variables.
fn name_in_files(trees: &[Node], variables: &Variables) -> Result<Option<String>, Failure> {
    let Some(node) = trees.iter().rev().find_map(|tree| tree.get("name")) else {
        return Ok(None);
    };
    let mut node = node.clone();
    Interpolation::new(variables).tree(&mut node)?;
    Ok(node.text().map(ToOwned::to_owned))
}

/// Moves the services whose profiles are not active out of the way.
fn enable(stack: &mut Stack, request: &Request, variables: &Variables) {
    let from_variable = variables.get("COMPOSE_PROFILES").unwrap_or_default();
    let mut active: BTreeSet<String> = request
        .profiles
        .iter()
        .map(String::as_str)
        .chain(from_variable.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    for target in &request.targets {
        if let Some(service) = stack.services.get(target) {
            active.extend(service.profiles.iter().cloned());
        }
    }
    let all = active.contains("*");
    let services = std::mem::take(&mut stack.services);
    for (name, service) in services {
        let enabled =
            all || service.profiles.is_empty() || service.profiles.iter().any(|profile| active.contains(profile));
        if enabled {
            stack.services.insert(name, service);
        } else {
            stack.disabled.insert(name, service);
        }
    }
}

/// Networks and volumes that no enabled service uses are not made; the default network is there when used.
fn drop_unused(stack: &mut Stack) {
    let networks: BTreeSet<String> = stack
        .services
        .values()
        .flat_map(|service| service.networks.keys().cloned())
        .collect();
    if networks.contains("default") {
        let name = format!("{}_default", stack.name);
        stack.networks.entry("default".to_owned()).or_insert_with(|| Network {
            name,
            ..Network::default()
        });
    }
    stack.networks.retain(|key, _| networks.contains(key));
    let volumes: BTreeSet<String> = stack
        .services
        .values()
        .flat_map(|service| &service.volumes)
        .filter_map(|mount| mount.source.clone())
        .collect();
    stack.volumes.retain(|key, _| volumes.contains(key));
}
