//! What a container's last words mean, where they are of the kind that everybody meets once.

use std::sync::LazyLock;

use regex::Regex;

/// A cause, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub why: String,
    pub hint: String,
}

/// Looks through the last lines of a container that runs as `user` (empty: root, or the image's own word).
pub(super) fn cause(lines: &[String], user: &str) -> Option<Known> {
    static DENIED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)(/[\w./-]+)\S*: permission denied").ok());
    let path = lines
        .iter()
        .rev()
        .find_map(|line| Some(DENIED.as_ref()?.captures(line)?[1].to_owned()))?;
    let (who, owner) = match user {
        "" => ("its user".to_owned(), "USER".to_owned()),
        user => (format!("its user {user}"), user.to_owned()),
    };
    Some(Known {
        why: format!("{who} may not write {path}"),
        hint: format!(
            "a folder of this machine that is mounted there must belong to that user: `sudo chown -R {owner} FOLDER`; \
             a named volume takes it over from the image"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_of_another_user() {
        let lines = [
            "level=info msg=starting",
            "mkdir /loki/rules: permission denied",
            "error initialising module: ruler-storage",
        ];
        let known = cause(&lines.map(ToOwned::to_owned), "10001").unwrap();
        assert_eq!(known.why, "its user 10001 may not write /loki/rules");
        assert!(known.hint.contains("chown -R 10001 FOLDER"), "{}", known.hint);
        assert_eq!(cause(&["all is well".to_owned()], ""), None);
    }
}
