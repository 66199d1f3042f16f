//! The keys of a project, as its files hold them.

use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::files::{Kind, Refused, Root};
use crate::secrets;

/// More in one folder are no keys, and nobody could say which of them are.
const MOST_FILES: usize = 1_000;
/// All key files together hold no more.
const LARGEST: u64 = 8 << 20;
/// A line that is longer is not a key.
const LONGEST: usize = 8 << 10;

/// The keys in `keys_pool/` and `env/` of the project at `root`: whole lines, values of `NAME=value`, texts of JSON files.
/// What this user can't read holds no key that we could print.
///
/// # Errors
/// More files, or more in them, than all can be masked of.
pub(super) fn keys(root: &Path) -> Result<Vec<String>, Failure> {
    let mut keys = Vec::new();
    // It isn't there, or isn't for this user: whoever needs it says so.
    let Ok(root) = Root::open(root) else {
        return Ok(keys);
    };
    let mut left = LARGEST;
    for folder in secrets::FOLDERS {
        let folder = Path::new(folder);
        let Ok(entries) = root.entries(folder, MOST_FILES) else {
            continue;
        };
        if entries.more {
            return Err(too_many(folder, &format!("more than {MOST_FILES} files")));
        }
        for entry in entries.all {
            let path = folder.join(&entry.name);
            let is_other = path.extension().is_some_and(|kind| kind == "example" || kind == "md");
            if is_other || !matches!(entry.kind, Kind::File | Kind::Link) {
                continue;
            }
            let bytes = match root.bytes(&path, left) {
                Ok(bytes) => bytes,
                Err(Refused::Large { .. }) => {
                    return Err(too_many(folder, &format!("more than {} MB", LARGEST >> 20)));
                }
                Err(_) => continue,
            };
            left -= bytes.len() as u64;
            let text = String::from_utf8_lossy(&bytes);
            keys.extend(keys_of(&text));
            if path.extension().is_some_and(|kind| kind == "json") {
                keys.extend(texts_of(&text));
            }
            if path.extension().is_some_and(|kind| kind == "yaml") {
                keys.extend(behind_key(&text));
            }
        }
    }
    Ok(keys)
}

fn too_many(folder: &Path, what: &str) -> Failure {
    let folder = folder.display();
    Failure::invalid(format!(
        "{folder}/ contains {what}: some of the keys in it can't be masked"
    ))
    .because("magicctl could print one of them")
    .hint(format!("keep only key files in {folder}/"))
}

/// The keys in a text that holds one a line, alone or as `NAME=value`.
pub(super) fn keys_of(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("-----") {
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

/// The texts of a JSON file but for addresses, each line of them for itself.
fn texts_of(json: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut waiting: Vec<Value> = serde_json::from_str(json).into_iter().collect();
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) if !text.starts_with("https://") && !text.starts_with("http://") => {
                keys.extend(text.lines().flat_map(keys_of));
            }
            Value::Array(items) => waiting.extend(items),
            Value::Object(entries) => waiting.extend(entries.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    keys
}

/// What stands after `key:` in a YAML file such as env/gateway.yaml, also in one that is broken.
fn behind_key(yaml: &str) -> impl Iterator<Item = String> {
    let quotes = ['"', '\''];
    yaml.match_indices("key").filter_map(move |(at, word)| {
        let rest = yaml.get(at + word.len()..)?.trim_start_matches(quotes).trim_start();
        let value = rest.strip_prefix(':')?.trim_start().trim_start_matches(quotes);
        let key = value
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '}'))
            .next()?;
        (!key.is_empty() && key.len() <= LONGEST).then(|| key.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn keys_of_named_clients() {
        for (yaml, keys) in [
            (
                "clients:\n- name: a\n  key: a-key-0123456789\n",
                vec!["a-key-0123456789"],
            ),
            ("clients: [{name: a, key: 'k1'}, {\"key\": \"k2\"}]", vec!["k1", "k2"]),
            ("- key: broken\n  x: [", vec!["broken"]),
            ("# key of a\nkey:\n", vec![]),
        ] {
            assert_eq!(behind_key(yaml).collect::<Vec<_>>(), keys, "{yaml}");
        }
    }

    #[test]
    fn keys_of_a_project_and_nothing_from_elsewhere() {
        let ground = tempfile::tempdir().unwrap();
        let root = ground.path().join("p");
        fs::create_dir_all(root.join("keys_pool")).unwrap();
        fs::create_dir_all(root.join("env")).unwrap();
        fs::write(ground.path().join("outside"), "outside-0123456789\n").unwrap();
        fs::write(root.join("keys_pool/keys_pool_mistral.env"), "abcdEFGH0123456789\n").unwrap();
        fs::write(root.join("keys_pool/README.md"), "not-a-key-0123456789\n").unwrap();
        fs::write(
            root.join("env/google.json"),
            r#"{"private_key": "-----BEGIN KEY-----\nMIIEv0123\nQUFB4567\n-----END KEY-----\n", "uri": "https://a.example/token", "n": [{"x": "deep-value-1"}]}"#,
        )
        .unwrap();
        symlink("../../outside", root.join("env/link.env")).unwrap();
        symlink("/dev/zero", root.join("env/zero.env")).unwrap();
        let keys = keys(&root).unwrap();
        for key in ["abcdEFGH0123456789", "MIIEv0123", "QUFB4567", "deep-value-1"] {
            assert!(keys.iter().any(|known| known == key), "{key}: {keys:?}");
        }
        let all = keys.join("\n");
        let whole_line = |word: &str| keys.iter().any(|key| key == word);
        assert!(!all.contains("outside") && !all.contains("not-a-key"), "{keys:?}");
        assert!(!whole_line("https://a.example/token") && !whole_line("-----BEGIN KEY-----"));
    }

    #[test]
    fn what_is_too_much_to_mask_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("env");
        fs::create_dir(&folder).unwrap();
        fs::File::create(folder.join("a.env"))
            .unwrap()
            .set_len(LARGEST + 1)
            .unwrap();
        assert!(keys(root.path()).unwrap_err().what.contains("8 MB"));
        fs::remove_file(folder.join("a.env")).unwrap();
        for number in 0..=MOST_FILES {
            fs::write(folder.join(format!("{number}.env")), "").unwrap();
        }
        assert!(keys(root.path()).unwrap_err().what.contains("1000 files"));
    }
}
