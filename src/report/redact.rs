//! Keys never reach an output: every key of the project's `keys_pool/` and `env/` is masked in all that is printed.

use std::path::Path;

/// Shorter values are too common to mask: `true` or `8080` in an env file is no key.
const SHORTEST_KEY: usize = 8;
/// More than this in one file is no list of keys.
const LARGEST_FILE: u64 = 1 << 20;
/// What a key is printed as.
const MASK: &str = "********";

/// Masks known keys.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a key that contains another is masked whole.
    keys: Vec<String>,
}

impl Redactor {
    /// The keys in `keys_pool/` and `env/` of the project at `root`: whole lines, and values of `NAME=value`.
    /// What can't be read holds no key that we could print.
    pub fn for_project(root: &Path) -> Self {
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
        Self::of(keys)
    }

    /// Masks `keys`.
    pub fn of(mut keys: Vec<String>) -> Self {
        keys.retain(|key| key.chars().count() >= SHORTEST_KEY);
        keys.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        keys.dedup();
        Self { keys }
    }

    /// `text` without keys.
    pub fn mask<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        let mut masked = std::borrow::Cow::Borrowed(text);
        for key in &self.keys {
            if masked.contains(key.as_str()) {
                masked = masked.replace(key.as_str(), MASK).into();
            }
        }
        masked
    }
}

fn keys_of(text: &str) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_lines_and_values_but_not_short_words() {
        let redactor = Redactor::of(keys_of(
            "\u{feff}# a comment with sk-comment-1\nsk-live-0123456789\nTAVILY_API_KEY=\"tvly-abcdef\"\r\nDEBUG=true\n",
        ));
        assert_eq!(
            redactor.mask("key sk-live-0123456789, tvly-abcdef; true; sk-comment-1"),
            "key ********, ********; true; sk-comment-1"
        );
    }

    #[test]
    fn a_key_that_contains_another_is_masked_whole() {
        let redactor = Redactor::of(vec!["abcdefgh".into(), "abcdefgh-ijkl".into()]);
        assert_eq!(redactor.mask("<abcdefgh-ijkl>"), "<********>");
    }
}
