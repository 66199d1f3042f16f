//! The names that a command line or a file may give to what is made.

use crate::failure::Failure;

/// Compose's rule for projects.
pub fn check_project_name(name: &str) -> Result<(), Failure> {
    let first = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if first && name.chars().all(rest) {
        return Ok(());
    }
    Err(
        Failure::usage(format!("`{}` is not a valid project name", name.escape_debug()))
            .hint("use lower-case letters, digits, `-` and `_`, starting with a letter or digit"),
    )
}

/// How a container may be called.
pub(crate) const CONTAINER: &str =
    "use at least two letters, digits, `_`, `.` and `-`, starting with a letter or digit";

/// The engine's rule for containers.
pub fn check_container_name(name: &str) -> Result<(), Failure> {
    if is_container_name(name) {
        return Ok(());
    }
    Err(Failure::usage(format!("`{}` is not a valid container name", name.escape_debug())).hint(CONTAINER))
}

pub(crate) fn is_container_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && name.len() > 1
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would lead elsewhere in a path, or is not a name at all.
    const HOSTILE: [&str; 9] = ["", "../x", "a/b", "a?b", "a#b", "a%2fb", "a\nb", ".a", "é"];

    #[test]
    fn names_are_words() {
        for name in HOSTILE {
            for failure in [check_project_name(name), check_container_name(name)] {
                let failure = failure.unwrap_err();
                assert_eq!(failure.exit, crate::failure::Exit::Usage);
                assert!(!failure.what.contains('\n'), "{failure:?}");
            }
        }
        for name in ["stack", "my-stack_2"] {
            check_project_name(name).unwrap();
            check_container_name(name).unwrap();
        }
        check_container_name("Stack.1").unwrap();
    }
}
