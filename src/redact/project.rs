//! The keys of a project, as its files hold them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::secrets;

/// More than this of one file is no list of keys; `check` says so.
const LARGEST: u64 = 1 << 20;

/// A line that is longer is no key either.
const LONGEST: usize = 8 << 10;

/// The keys in `keys_pool/` and `env/` of the project at `root`: whole lines, and values of `NAME=value`.
/// What can't be read holds no key that we could print.
pub(super) fn keys(root: &Path) -> Vec<String> {
    let mut keys = Vec::new();
    for folder in secrets::FOLDERS {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let example = entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "example" || extension == "md");
            // A pipe or a device is not opened.
            let is_file = entry.path().metadata().is_ok_and(|meta| meta.is_file());
            if !is_file || example {
                continue;
            }
            let mut bytes = Vec::new();
            let read = File::open(entry.path()).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
            if read.is_ok() {
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
        let value = line.split_once('=').map(|(_, value)| value.trim());
        let texts = [Some(line), value].into_iter().flatten();
        keys.extend(texts.filter(|text| text.len() <= LONGEST).map(unquoted));
    }
    keys
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}
