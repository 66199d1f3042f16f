//! What is a secret by its name alone: where keys lie, and what holds one.

use std::path::Path;

/// The project's folders of keys.
pub const FOLDERS: [&str; 2] = ["keys_pool", "env"];

/// Parts of names whose values are secrets, in small letters.
const WORDS: [&str; 7] = ["auth", "credential", "key", "pass", "pwd", "secret", "token"];
/// What they also stand in, with values that are no secrets.
const HARMLESS: [&str; 8] = [
    "author",
    "authors",
    "key_management_settings",
    "keys_pool",
    "oldpwd",
    "pwd",
    "secret",
    "secrets",
];

/// Whether a variable or a key of that name has a secret for its value.
pub fn is_name(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word)) && !HARMLESS.contains(&name.as_str())
}

/// Whether keys are kept in the file or folder at `path`, by where it lies or what it is called.
pub fn are_in(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = path.components().map(std::path::Component::as_os_str);
    parts.any(|part| FOLDERS.iter().any(|folder| part == *folder)) || name.starts_with(".env") || name.ends_with(".env")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables() {
        for name in ["DB_PASSWORD", "DB_PASS", "TAVILY_API_KEY", "github-token", "DBPWD"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["PWD", "KAFKA_PORT", "secrets", "AUTHOR"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn files_and_folders() {
        for path in [
            "keys_pool",
            "/app/keys_pool/a.env",
            "env/tavily.txt",
            ".env",
            "app/.env.local",
            "prod.env",
        ] {
            assert!(are_in(Path::new(path)), "{path}");
        }
        for path in ["run.py", "environment", "app/keys.py", "envs/x"] {
            assert!(!are_in(Path::new(path)), "{path}");
        }
    }
}
