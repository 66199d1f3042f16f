//! Relative paths become absolute: from the project's directory, or that of the file which was extended or included.

use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;

use super::tree::{Tree, Value};

/// Where relative paths start, and those that begin with `~`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'b> {
    pub dir: &'b Path,
    pub home: Option<&'b str>,
}

/// Makes all paths of `root` absolute, from `base`.
pub(super) fn resolve(root: &mut Tree, base: Base<'_>) -> Result<(), Failure> {
    for (name, entry) in root.entries_mut("services") {
        of_service(&mut entry.tree, base, &format!("services.{name}"))?;
    }
    for kind in ["configs", "secrets"] {
        for (_, entry) in root.entries_mut(kind) {
            if let Some(file) = entry.tree.get_mut("file") {
                absolute(file, base);
            }
        }
    }
    for (_, entry) in root.entries_mut("volumes") {
        let volume = &mut entry.tree;
        let says = |tree: &Tree, key: &str, word: &str| tree.get(key).and_then(Tree::text) == Some(word);
        if !says(volume, "driver", "local") {
            continue;
        }
        // A named volume that is a folder of the host.
        if let Some(options) = volume.get_mut("driver_opts")
            && says(options, "o", "bind")
            && let Some(device) = options.get_mut("device")
        {
            absolute(device, base);
        }
    }
    Ok(())
}

fn of_service(service: &mut Tree, base: Base<'_>, path: &str) -> Result<(), Failure> {
    if let Some(build) = service.get_mut("build") {
        if let Some(context) = build.get_mut("context") {
            context_path(context, base);
        }
        if let Some(contexts) = build.get_mut("additional_contexts").and_then(Tree::map_mut) {
            for entry in contexts.values_mut() {
                context_path(&mut entry.tree, base);
            }
        }
    }
    for file in service
        .get_mut("env_file")
        .and_then(Tree::list_mut)
        .into_iter()
        .flatten()
    {
        if let Some(path) = file.get_mut("path") {
            not_empty(path, base);
        }
    }
    for file in service
        .get_mut("label_file")
        .and_then(Tree::list_mut)
        .into_iter()
        .flatten()
    {
        not_empty(file, base);
    }
    if let Some(file) = service.get_mut("extends").and_then(|extends| extends.get_mut("file")) {
        not_empty(file, base);
    }
    let mounts = service
        .get_mut("volumes")
        .and_then(Tree::list_mut)
        .into_iter()
        .flatten();
    for (index, mount) in mounts.enumerate() {
        if mount.get("type").and_then(Tree::text) != Some("bind") {
            continue;
        }
        match mount.get_mut("source") {
            Some(source) => absolute(source, base),
            None => return Err(mount.wrong(&format!("{path}.volumes[{index}]"), "`source` is missing")),
        }
    }
    Ok(())
}

fn not_empty(tree: &mut Tree, base: Base<'_>) {
    if tree.text().is_some_and(|text| !text.is_empty()) {
        absolute(tree, base);
    }
}

fn absolute(tree: &mut Tree, base: Base<'_>) {
    if let Value::Text(text) = &mut tree.value {
        *text = from(base, text);
    }
}

/// A context may be elsewhere: a URL, another service's image.
fn context_path(tree: &mut Tree, base: Base<'_>) {
    let elsewhere = |text: &str| is_remote(text) || text.contains("://") || text.starts_with("service:");
    if tree.text().is_some_and(|text| !elsewhere(text)) {
        not_empty(tree, base);
    }
}

/// A repository or an address, by BuildKit's rule.
pub(super) fn is_remote(context: &str) -> bool {
    ["https://", "http://", "git://", "ssh://", "github.com/", "git@"]
        .iter()
        .any(|start| context.starts_with(start))
}

/// `text` as a path from `base`; `~` is the home directory.
fn from(base: Base<'_>, text: &str) -> String {
    let expanded = match (text.strip_prefix('~'), base.home.filter(|home| !home.is_empty())) {
        (Some(rest), Some(home)) => normal(Path::new(&format!("{home}/{rest}")))
            .to_string_lossy()
            .into_owned(),
        _ => text.to_owned(),
    };
    if expanded.starts_with('/') || is_windows(&expanded) {
        return expanded;
    }
    normal(&base.dir.join(expanded)).to_string_lossy().into_owned()
}

/// `C:\…`, `\\server\…`: left to whoever has such an engine.
fn is_windows(path: &str) -> bool {
    let bytes = path.as_bytes();
    let drive =
        bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'\\' | b'/');
    drive || path.starts_with("\\\\")
}

/// Without `.` and `..`, by the text alone: a link in between is the user's business.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
