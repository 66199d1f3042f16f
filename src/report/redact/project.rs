//! The keys of a project, as its files hold them.

use std::path::Path;

/// More than this in one file is no list of keys.
const LARGEST_FILE: u64 = 1 << 20;

/// The keys in `keys_pool/` and `env/` of the project at `root`: whole lines, and values of `NAME=value`.
/// What can't be read holds no key that we could print.
pub(super) fn keys(root: &Path) -> Vec<String> {
    let mut keys = Vec::new();
    for folder in ["keys_pool", "env"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let example = entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "example" || extension == "md");
            let readable = entry
                .metadata()
                .is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST_FILE);
            if !readable || example {
                continue;
            }
            if let Ok(bytes) = std::fs::read(entry.path()) {
                keys.extend(keys_of(&String::from_utf8_lossy(&bytes)));
            }
        }
    }
    keys
}

pub(super) fn keys_of(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        keys.push(unquoted(line));
        if let Some((_, value)) = line.split_once('=') {
            keys.push(unquoted(value.trim()));
        }
    }
    keys
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}
