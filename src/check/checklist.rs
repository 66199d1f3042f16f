//! The guide's checklist (its section 2), every line of it, in its order.

use std::path::Path;

use serde::Serialize;

use crate::codes;
use crate::failure::Place;
use crate::files::{self, Kind, Refused};
use crate::sample;

use super::Finding;
use super::project::Project;
use super::repair::Repair;
use super::text::refused_in;

/// The guide's lines: path, whether it is a folder, what it is for.
const GUIDE: [(&str, bool, &str); 8] = [
    ("Dockerfile", false, "the build steps of the app's image"),
    ("requirements.txt", false, "the app's Python dependencies"),
    ("keys_pool", true, "API keys, one file per provider"),
    ("env", true, "keys of the tools"),
    ("proxy_config.yaml", false, "the gateway's configuration"),
    ("config/loki/local-config.yaml", false, "Loki's configuration"),
    (
        "config/promtail/promtail-config.yml",
        false,
        "the log collector's configuration",
    ),
    (
        "config/grafana/provisioning/datasources/loki.yml",
        false,
        "Grafana's data source",
    ),
];

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The path, from the project's root.
    pub path: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// How it is.
    pub state: ItemState,
}

/// How a file or folder of the checklist is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// There.
    There,
    /// Not there, and written by `up`.
    ToBeRendered,
    /// Not there.
    Missing,
    /// A folder in place of a file, or the reverse.
    WrongKind,
    /// May not be read.
    Unreadable,
    /// A symbolic link leads out of the project: what it leads to is not looked at.
    LeadsOut,
}

/// The lines that this project needs, each with how it is.
pub(super) fn items(project: &Project) -> Vec<Item> {
    let lines = GUIDE
        .into_iter()
        .map(|(path, folder, purpose)| (collector(project, path), folder, purpose));
    lines
        .filter(|(path, ..)| is_wanted(project, path))
        .map(|(path, folder, purpose)| Item {
            path,
            purpose,
            state: state(project, path, folder),
        })
        .collect()
}

/// With another collector its file takes the place of Promtail's.
fn collector(project: &Project, path: &'static str) -> &'static str {
    let alloy = || {
        project
            .rendered
            .as_ref()
            .is_ok_and(|files| files.iter().any(|(file, _)| file.path.starts_with("config/alloy")))
    };
    if path.starts_with("config/promtail") && alloy() {
        return "config/alloy/config.alloy";
    }
    path
}

/// A Compose file of the user's own need not have the monitoring: then its files are wanted only if it mounts them.
fn is_wanted(project: &Project, path: &str) -> bool {
    let Some(stack) = project.stack() else {
        return true;
    };
    let full = project.root.join(path);
    let is_mounted = || {
        project
            .services()
            .any(|service| stack.binds_of(service).any(|(source, _)| full.starts_with(source)))
    };
    match path {
        "Dockerfile" | "requirements.txt" => project.built().any(|(_, build)| {
            build.context == project.root
                && (path != "Dockerfile" || build.dockerfile == path)
                && build.dockerfile_inline.is_none()
        }),
        _ => is_mounted() || project.holds(path),
    }
}

fn state(project: &Project, path: &str, folder: bool) -> ItemState {
    let wanted = if folder { Kind::Folder } else { Kind::File };
    match opened(project, path) {
        Ok(kind) if kind == wanted => ItemState::There,
        Ok(_) | Err(Refused::Kind(_)) => ItemState::WrongKind,
        Err(Refused::Outside) => ItemState::LeadsOut,
        Err(Refused::Missing) if project.is_to_be_rendered(&project.root.join(path)) => ItemState::ToBeRendered,
        Err(Refused::Missing) => ItemState::Missing,
        Err(_) => ItemState::Unreadable,
    }
}

/// What lies at `path`, opened to see whether it may be read.
fn opened(project: &Project, path: &str) -> Result<Kind, Refused> {
    match project.folder.opens(Path::new(path)) {
        // The Compose file names it: it is read wherever it lies.
        Err(Refused::Outside) if path == "Dockerfile" => files::opens(&project.root.join(path)),
        opened => opened,
    }
}

pub(super) fn look(project: &Project) -> Vec<Finding> {
    if !project.has_app() {
        return Vec::new();
    }
    items(project)
        .iter()
        .filter_map(|item| finding(project, item))
        .collect()
}

fn finding(project: &Project, item: &Item) -> Option<Finding> {
    let Item { path, purpose, state } = item;
    let full = project.root.join(path);
    let is_folder = matches!(*path, "keys_pool" | "env");
    Some(match state {
        ItemState::There => return None,
        ItemState::ToBeRendered => Finding::new(&codes::TO_BE_RENDERED, format!("{path} is missing: `up` writes it")),
        ItemState::Missing => {
            let finding = Finding::new(&codes::MISSING, format!("{path} is missing"))
                .because(format!("it contains {purpose}"))
                .at(mounted_at(project, &full));
            match repair(project, &full, path, is_folder).map(|repair| project.repairable(repair)) {
                Some(Ok(repair)) => finding.repaired_by(repair),
                Some(Err(why)) => finding.fix(format!("create it by hand; `--fix` can't: {why}")),
                None => finding.fix("create it"),
            }
        }
        ItemState::WrongKind => {
            let is = match opened(project, path) {
                Ok(Kind::File) => "a file",
                Ok(kind) | Err(Refused::Kind(kind)) => kind.word(),
                // It is gone.
                Err(_) => return None,
            };
            let wanted = if is_folder { "a folder" } else { "a file" };
            Finding::new(&codes::WRONG_KIND, format!("{path} is {is}, not {wanted}")).in_file()
        }
        // The checks of keys and of config/ tell it of what is theirs.
        ItemState::LeadsOut if is_folder || path.starts_with("config/") => return None,
        ItemState::Unreadable | ItemState::LeadsOut => refused_in(project, &full, &opened(project, path).err()?),
    })
}

/// Where the Compose file mounts it.
fn mounted_at(project: &Project, full: &Path) -> Option<Place> {
    let stack = project.stack()?;
    project
        .services()
        .flat_map(|service| stack.binds_of(service))
        .find(|(source, _)| Path::new(source) == full)?
        .1
}

/// Whether `full` is a line of the checklist, which tells by itself when it is not there.
pub(super) fn tells_of(project: &Project, full: &Path) -> bool {
    project.has_app() && items(project).iter().any(|item| project.root.join(item.path) == full)
}

/// From the templates, or the sample project.
fn repair(project: &Project, full: &Path, path: &str, is_folder: bool) -> Option<Repair> {
    if is_folder {
        return Some(Repair::MakeFolder { path: full.to_owned() });
    }
    let rendered = project.rendered.as_ref().ok().and_then(|files| {
        let (file, _) = files.iter().find(|(file, _)| file.path == Path::new(path))?;
        Some(file.text.clone())
    });
    let text = rendered.or_else(|| sample::text(path).map(ToOwned::to_owned))?;
    Some(Repair::Write {
        path: full.to_owned(),
        text,
    })
}
