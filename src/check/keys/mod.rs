//! `keys_pool`/ and env/: the files, the lines in them, who can read them. Of a key at most the last four characters are ever shown.

mod file;
mod found;
mod git;
mod lines;
mod provider;
mod rights;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use crate::codes;
use crate::nearest::nearest;

use super::Finding;
use super::finding::MOST_FINDINGS;
use super::project::Project;
use super::proxy;
use super::text::led_out;

use file::{MOST_BYTES, MOST_FILES};
use found::{Entry, Kind, NotLookedAt};

pub(super) use found::Keys;
pub(super) use git::look as tracked;
pub(super) use provider::look as of_providers;
pub(super) use rights::look as rights;

/// Whom the gateway has keys for; `local` needs none.
pub(super) const PROVIDERS: [&str; 6] = ["google", "openai", "mistral", "anthropic", "deepseek", "local"];

/// Names of files that profiles say their keys are in.
pub(super) fn pools(project: &Project) -> BTreeSet<String> {
    match proxy::tree(project) {
        Some(Ok(node)) => proxy::catalogue(node).pools,
        _ => BTreeSet::new(),
    }
}

/// The files and their lines.
pub(super) fn look(project: &Project) -> Vec<Finding> {
    if !project.has_app() {
        return Vec::new();
    }
    let (keys, pools) = (project.keys(), pools(project));
    let mut findings: Vec<Finding> = keys.left.iter().map(|left| left_out(project, left)).collect();
    let mut seen = BTreeMap::new();
    for entry in &keys.entries {
        if findings.len() >= MOST_FINDINGS {
            break;
        }
        let shown = project.shown(&entry.path);
        findings.extend(named(project, entry, &pools));
        match &entry.kind {
            Kind::File { text: None, large } => {
                let what = format!("{shown} is larger than 1 MB");
                findings.extend(large.then(|| Finding::new(&codes::KEY_FILE_LARGE, what)));
            }
            Kind::File { text: Some(text), .. } => findings.extend(if entry.folder == "env" {
                lines::variables(project, &entry.path, text)
            } else {
                lines::keys(project, &entry.path, text, &mut seen)
            }),
            Kind::Closed(why) => {
                let what = format!("{shown} can't be read");
                findings.push(Finding::new(&codes::KEY_FILE_UNREADABLE, what).because(why.clone()));
            }
            Kind::Other(what) => {
                let what = format!("{shown} is {what}, not a file");
                findings.push(Finding::new(&codes::KEY_FILE_KIND, what));
            }
            Kind::LeadsOut(why) => {
                let what = format!("{shown} is a symbolic link to outside the project, not a file");
                findings.push(
                    Finding::new(&codes::KEY_FILE_KIND, what)
                        .because(format!("{why}; it was not read, and in a container it would be broken"))
                        .fix("put the file itself in its place"),
                );
            }
        }
    }
    findings
}

/// What is said of a folder that was not looked at, or not to its end.
fn left_out(project: &Project, left: &NotLookedAt) -> Finding {
    match left {
        NotLookedAt::LeadsOut { folder, why } => led_out(folder, why)
            .fix("put the folder itself in its place; until then its keys are neither checked nor masked"),
        NotLookedAt::Files { folder } => {
            let what = format!("{folder}/ contains more than {MOST_FILES} files, the most that are read");
            Finding::new(&codes::KEY_FILE_LARGE, what).because("keys in the others are neither checked nor masked")
        }
        NotLookedAt::Bytes { first } => {
            let what = format!(
                "keys_pool/ and env/ contain more than {} MB: {} and later files are not read",
                MOST_BYTES >> 20,
                project.shown(first)
            );
            Finding::new(&codes::KEY_FILE_LARGE, what).because("keys in them are neither checked nor masked")
        }
    }
}

/// The provider whose keys a file of `keys_pool`/ holds.
pub(super) fn provider_of(name: &str) -> Option<&str> {
    name.strip_prefix("keys_pool_")?.strip_suffix(".env")
}

/// Providers that have at least one key.
pub(super) fn providers(project: &Project) -> Vec<String> {
    let entries = project.keys().entries.iter();
    entries
        .filter(|entry| entry.folder == "keys_pool")
        .filter_map(|entry| {
            let provider = provider_of(entry.path.file_name()?.to_str()?)?.to_owned();
            let has_keys = match &entry.kind {
                Kind::File { text, .. } => text.as_deref().is_none_or(lines::holds_a_key),
                // Somebody else may read it.
                Kind::Closed(_) => true,
                Kind::Other(_) | Kind::LeadsOut(_) => false,
            };
            has_keys.then_some(provider)
        })
        .collect()
}

/// Whether a file is named as it is looked for.
fn named(project: &Project, entry: &Entry, pools: &BTreeSet<String>) -> Option<Finding> {
    let folder = entry.folder;
    let name = entry.path.file_name().unwrap_or(OsStr::new(""));
    let Some(text) = name.to_str() else {
        let what = format!("{folder}/ contains a file whose name is not UTF-8: {}", name.display());
        return Some(Finding::new(&codes::NAME_NOT_TEXT, what));
    };
    if folder == "env" || matches!(entry.kind, Kind::Other(_) | Kind::LeadsOut(_)) {
        return None;
    }
    let shown = project.shown(&entry.path);
    let stem = provider_of(text).unwrap_or_else(|| text.split('.').next().unwrap_or(text));
    if provider_of(text).is_some_and(|provider| PROVIDERS.contains(&provider) || pools.contains(provider)) {
        return None;
    }
    let meant = nearest(&stem.to_lowercase(), PROVIDERS).map(|near| format!("keys_pool_{near}.env"));
    let finding = Finding::new(
        &codes::KEY_FILE_NAME,
        format!("{shown}: the file's name matches no provider"),
    );
    Some(match meant {
        Some(meant) => finding.fix(format!("did you mean `{folder}/{meant}`?")),
        None => finding.fix(format!(
            "name it `keys_pool_<provider>.env`; the providers are {}",
            PROVIDERS.join(", ")
        )),
    })
}
