//! `keys_pool`/ and env/: the files, the lines in them, who can read them. Of a key at most the last four characters are ever shown.

mod file;
mod git;
mod lines;
mod provider;
mod rights;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::codes;
use crate::nearest::nearest;
use crate::secrets;

use super::Finding;
use super::project::Project;
use super::text::Text;

use file::{Entry, Kind};

pub(super) use git::look as tracked;
pub(super) use provider::look as of_providers;
pub(super) use rights::look as rights;

/// Whom the gateway has keys for; `local` needs none.
pub(super) const PROVIDERS: [&str; 6] = ["google", "openai", "mistral", "anthropic", "deepseek", "local"];

/// More files than this hold no keys.
const MOST_FILES: usize = 1000;

/// The files that hold keys, absolute: those of the two folders, and `.env` when it has secrets.
pub(super) fn files_with_keys(root: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = secrets::FOLDERS
        .into_iter()
        .flat_map(|folder| file::entries(&root.join(folder)))
        .filter(|entry| matches!(entry.kind, Kind::File { .. } | Kind::Closed(_)))
        .map(|entry| entry.path)
        .collect();
    let own = root.join(".env");
    let secret = |line: &str| {
        let (name, value) = line.split_once('=').unwrap_or_default();
        !value.trim().is_empty() && secrets::is_name(name.trim())
    };
    // Mostly it says ports and images.
    if let Ok(Some(text)) = Text::read(&own)
        && text.text.lines().any(secret)
    {
        files.push(own);
    }
    files
}

/// The files and their lines.
pub(super) fn look(project: &Project) -> Vec<Finding> {
    if !project.has_app() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut seen = BTreeMap::new();
    for folder in secrets::FOLDERS {
        for entry in file::entries(&project.root.join(folder)) {
            findings.extend(named(project, folder, &entry));
            match &entry.kind {
                Kind::File { text, large } => {
                    if *large {
                        let what = format!("{} is larger than 1 MB", project.shown(&entry.path));
                        findings.push(Finding::new(&codes::KEY_FILE_LARGE, what));
                    }
                    findings.extend(if folder == "env" {
                        lines::variables(project, &entry.path, text)
                    } else {
                        lines::keys(project, &entry.path, text, &mut seen)
                    });
                }
                Kind::Closed(why) => {
                    let what = format!("{} can't be read", project.shown(&entry.path));
                    findings.push(Finding::new(&codes::KEY_FILE_UNREADABLE, what).because(why.clone()));
                }
                Kind::Other(what) => {
                    let what = format!("{} is {what}, not a file", project.shown(&entry.path));
                    findings.push(Finding::new(&codes::KEY_FILE_KIND, what));
                }
            }
        }
    }
    findings
}

/// The provider whose keys a file of `keys_pool`/ holds.
pub(super) fn provider_of(name: &str) -> Option<&str> {
    name.strip_prefix("keys_pool_")?.strip_suffix(".env")
}

/// Providers that have at least one key.
pub(super) fn providers(root: &Path) -> Vec<String> {
    let entries = file::entries(&root.join("keys_pool"));
    entries
        .into_iter()
        .filter_map(|entry| {
            let provider = provider_of(entry.path.file_name()?.to_str()?)?.to_owned();
            let has_keys = match &entry.kind {
                Kind::File { text, large } => *large || lines::holds_a_key(text),
                // Somebody else may read it.
                Kind::Closed(_) => true,
                Kind::Other(_) => false,
            };
            has_keys.then_some(provider)
        })
        .collect()
}

/// Whether a file is named as it is looked for.
fn named(project: &Project, folder: &str, entry: &Entry) -> Option<Finding> {
    let name = entry.path.file_name().unwrap_or(OsStr::new(""));
    let Some(text) = name.to_str() else {
        let what = format!("{folder}/ holds a file whose name is not UTF-8: {}", name.display());
        return Some(Finding::new(&codes::NAME_NOT_TEXT, what));
    };
    if folder == "env" || matches!(entry.kind, Kind::Other(_)) {
        return None;
    }
    let shown = project.shown(&entry.path);
    let stem = provider_of(text).unwrap_or_else(|| text.split('.').next().unwrap_or(text));
    if provider_of(text).is_some_and(|provider| PROVIDERS.contains(&provider)) {
        return None;
    }
    let meant = nearest(&stem.to_lowercase(), PROVIDERS).map(|near| format!("keys_pool_{near}.env"));
    let finding = Finding::new(
        &codes::KEY_FILE_NAME,
        format!("{shown}: no provider's keys are looked for in it"),
    );
    Some(match meant {
        Some(meant) => finding.fix(format!("did you mean `{folder}/{meant}`?")),
        None => finding.fix(format!(
            "name it `keys_pool_<provider>.env`, with one of {}",
            PROVIDERS.join(", ")
        )),
    })
}
