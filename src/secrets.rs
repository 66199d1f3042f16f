//! What is a secret by its name alone: where keys lie, and what holds one.

use std::path::Path;

/// The project's folders of keys.
pub const FOLDERS: [&str; 2] = ["keys_pool", "env"];

/// What is in a word of a name whose value is a secret, in small letters.
const WITHIN: [&str; 7] = [
    "authoriz",
    "credential",
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
];
/// How such a word ends.
const ENDS: [&str; 4] = ["auth", "key", "keys", "pass"];
/// Names in which they stand all the same, with values that are not secret.
const HARMLESS: [&str; 6] = [
    "key_management_settings",
    "keys_pool",
    "oldpwd",
    "pwd",
    "secret",
    "secrets",
];
/// A shorter value is a word that stands in many texts, and masking it would hide nothing.
const SHORTEST: usize = 8;

/// Whether a variable or a key of that name has a secret for its value.
pub fn is_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_secret =
        |word: &str| WITHIN.iter().any(|part| word.contains(part)) || ENDS.iter().any(|end| word.ends_with(end));
    !HARMLESS.contains(&name.as_str()) && name.split(|c: char| !c.is_alphanumeric()).any(is_secret)
}

/// What is secret of the variable `name` with that value: the value, or in an address only the password. A path or an address
/// without a password is not: the name says what lies there, or is found with it.
pub fn value(name: &str, value: &str) -> Option<String> {
    let value = value.trim().trim_matches(['"', '\'']);
    let secret = match value.split_once("://") {
        Some((_, rest)) => password(rest)?,
        None if !is_name(name) || value.starts_with(['/', '.', '~']) => return None,
        None => value,
    };
    (secret.chars().count() >= SHORTEST).then(|| secret.to_owned())
}

/// The password in an address without its scheme: `user:password@host/…`.
fn password(rest: &str) -> Option<&str> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (user, _) = rest[..end].rsplit_once('@')?;
    Some(user.split_once(':')?.1)
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
        for name in ["apiKey", "Authorization", "AWS_SECRET_ACCESS_KEY", "db.auth", "KEYS"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["PWD", "KAFKA_PORT", "secrets", "AUTHOR", "KEYCLOAK_HOST", "keyboard"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn what_is_secret_of_a_value() {
        for (name, text, wanted) in [
            ("DB_PASSWORD", "hunter2-long", Some("hunter2-long")),
            ("DB_PASSWORD", "short", None),
            ("DB_PASSWORD_FILE", "/run/secrets/password", None),
            ("AUTH_URL", "http://auth:8080/login", None),
            (
                "DATABASE_URL",
                "postgres://me:hunter2-long@db:5432/x?a=b",
                Some("hunter2-long"),
            ),
            (
                "DATABASE_URL",
                "postgres://me:hunter2-@-long@db/x",
                Some("hunter2-@-long"),
            ),
            ("REDIS_URL", "redis://:hunter2-long@redis", Some("hunter2-long")),
            ("HOST", "hunter2-long", None),
        ] {
            assert_eq!(value(name, text).as_deref(), wanted, "{name}={text}");
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
