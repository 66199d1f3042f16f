//! The lines of key files. Their text is never shown: a place says the line's number alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::check::Finding;
use crate::check::finding::MOST_FINDINGS;
use crate::check::project::Project;
use crate::codes::{self, Code};
use crate::failure::Place;

/// Of a shorter key its last four characters would say too much.
const SHOWN_FROM: usize = 16;

/// Where a key was seen first: file and line.
pub(super) type Seen = BTreeMap<String, (PathBuf, usize)>;

/// `keys_pool`/: one bare key a line.
pub(super) fn keys(project: &Project, path: &Path, text: &str, seen: &mut Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(line_ends(project, path, text));
    let mut count = 0;
    for (number, line) in lines(text) {
        if findings.len() >= MOST_FINDINGS {
            return findings;
        }
        count += 1;
        let found = |code: &'static Code, what: String| Finding::new(code, what).at(place(path, number));
        let (name, value) = assigned(line);
        let bare = value.trim_matches(['"', '\'']);
        let called = called(bare);
        if name.is_some() {
            findings.push(found(&codes::KEY_ASSIGNED, format!("{called} is written as NAME=key")));
        }
        if bare.len() != value.len() {
            let how = if is_unbalanced(value) {
                "has a quote on one side only"
            } else {
                "is written in quotes"
            };
            findings.push(found(&codes::KEY_QUOTED, format!("{called} {how}")));
        }
        if is_placeholder(bare) {
            findings.push(found(
                &codes::KEY_PLACEHOLDER,
                "a key is still a placeholder".to_owned(),
            ));
        } else if bare.contains(char::is_whitespace) {
            findings.push(found(&codes::KEY_BLANK, format!("{called} contains a space")));
        } else if !bare.chars().all(|c| c.is_ascii_graphic()) {
            findings.push(found(
                &codes::KEY_BLANK,
                format!("{called} contains a character that is not valid in a key"),
            ));
        }
        match seen.get(bare) {
            Some((first, line)) => {
                let first = project.shown(first);
                findings.push(
                    found(&codes::KEY_TWICE, format!("{called} is listed twice"))
                        .because(format!("it is already in {first}:{line}")),
                );
            }
            None => {
                seen.insert(bare.to_owned(), (path.to_owned(), number));
            }
        }
    }
    if count == 0 {
        let what = format!("{} contains no key", project.shown(path));
        findings.push(Finding::new(&codes::KEY_FILE_EMPTY, what));
    }
    findings
}

/// env/: `NAME=value`. Files of another kind (JSON) are the tools' business.
pub(super) fn variables(project: &Project, path: &Path, text: &str) -> Vec<Finding> {
    if path.extension().is_none_or(|extension| extension != "env") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(line_ends(project, path, text));
    let mut names = BTreeMap::new();
    let mut values = 0;
    for (number, line) in lines(text) {
        if findings.len() >= MOST_FINDINGS {
            return findings;
        }
        let found = |code: &'static Code, what: String| Finding::new(code, what).at(place(path, number));
        let (Some(name), value) = assigned(line) else {
            findings.push(found(&codes::ENV_LINE, "a line is not NAME=value".to_owned()));
            continue;
        };
        let bare = value.trim_matches(['"', '\'']);
        values += usize::from(!bare.is_empty());
        if is_unbalanced(value) {
            findings.push(
                found(
                    &codes::ENV_LINE,
                    format!("the value of {name} has a quote on one side only"),
                )
                .because("the quote would count as part of the key, or the next line as part of the value")
                .fix("remove the quote, or write it on both sides"),
            );
        }
        if is_placeholder(bare) {
            findings.push(found(&codes::KEY_PLACEHOLDER, format!("{name} is still a placeholder")));
        }
        if let Some(first) = names.insert(name, number) {
            findings.push(
                found(&codes::KEY_TWICE, format!("{name} is set twice"))
                    .because(format!("it is already on line {first}; the later one counts")),
            );
        }
    }
    if values == 0 {
        let what = format!("{} sets no value", project.shown(path));
        findings.push(Finding::new(&codes::KEY_FILE_EMPTY, what));
    }
    findings
}

/// Whether a value begins or ends with a quote that has no partner at its other end.
fn is_unbalanced(value: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        let (begins, ends) = (value.starts_with(quote), value.ends_with(quote));
        begins != ends || (begins && value.len() == 1)
    })
}

/// Whether there is a line that may be a key.
pub(super) fn holds_a_key(text: &str) -> bool {
    lines(text).any(|(_, line)| !is_placeholder(assigned(line).1.trim_matches(['"', '\''])))
}

/// Number and text of each line that is not a comment and not blank.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// `NAME=value` apart. A key may itself end in `=`, and its beginning may look like a name.
fn assigned(line: &str) -> (Option<&str>, &str) {
    let rest = line.strip_prefix("export ").unwrap_or(line);
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    match rest.split_once('=') {
        Some((name, value)) if is_name(name.trim()) && !(value.is_empty() || value.starts_with('=')) => {
            (Some(name.trim()), value.trim())
        }
        // Nothing after the name: for a file of variables a name without a value.
        Some((name, "")) if is_name(name.trim()) && name.contains('_') => (Some(name.trim()), ""),
        _ => (None, line),
    }
}

/// What people write where a key is to come.
fn is_placeholder(key: &str) -> bool {
    const WORDS: [&str; 10] = [
        "your",
        "changeme",
        "change",
        "placeholder",
        "example",
        "todo",
        "insert",
        "replace",
        "dummy",
        "mykey",
    ];
    let lower = key.to_lowercase();
    let same = lower.len() >= 3 && lower.chars().all(|c| matches!(c, 'x' | '*' | '.' | '…'));
    let framed = lower.starts_with('<') && lower.ends_with('>');
    let cut = lower.ends_with("...") || lower.ends_with('…') || lower.ends_with("-xxx") || lower.ends_with("xxxxxxxx");
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    same || framed || cut || words.any(|word| WORDS.contains(&word))
}

/// What a key is called in messages.
fn called(key: &str) -> String {
    if key.len() < SHOWN_FROM || !key.is_ascii() || key.contains(char::is_whitespace) {
        return "the key".to_owned();
    }
    format!("the key …{}", &key[key.len() - 4..])
}

fn line_ends(project: &Project, path: &Path, text: &str) -> Option<Finding> {
    let shown = project.shown(path);
    let what = if text.starts_with('\u{feff}') {
        format!("{shown} begins with a byte order mark")
    } else if text.contains("\r\n") {
        format!("{shown} has Windows line endings (CRLF)")
    } else {
        return None;
    };
    Some(Finding::new(&codes::KEY_LINE_ENDS, what).fix("save it as plain UTF-8 with Unix line endings"))
}

fn place(path: &Path, line: usize) -> Place {
    Place {
        file: path.to_owned(),
        line,
        column: 1,
        width: 1,
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_keys() {
        for (text, wanted) in [
            ("your-api-key-here", true),
            ("sk-...", true),
            ("<OPENAI_KEY>", true),
            ("xxxxxxxx", true),
            ("sk-xxxxxxxxxxxx", true),
            ("CHANGEME", true),
            ("change_me", true),
            ("sk-proj-Yourz8abcTODOxx81hG", false),
            ("AIzaSyA0123456789abcdefghijklmnopqrstuv", false),
            ("tvly-dev-0123456789abc", false),
            ("", false),
        ] {
            assert_eq!(is_placeholder(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_quote_has_a_partner() {
        for (value, wanted) in [
            ("\"sk-1\"", false),
            ("'sk-1'", false),
            ("sk-1", false),
            ("", false),
            ("sk\"1", false),
            ("\"sk-1", true),
            ("sk-1'", true),
            ("\"sk-1'", true),
            ("\"", true),
        ] {
            assert_eq!(is_unbalanced(value), wanted, "{value}");
        }
    }

    #[test]
    fn of_a_short_key_nothing_is_shown() {
        assert_eq!(called("sk-0123456789abcdefgh"), "the key …efgh");
        for short in [
            "sk-short",
            "sk-012345678901",
            "zwölf-zeichen-und-mehr",
            "two keys in one line",
        ] {
            assert_eq!(called(short), "the key");
        }
    }

    #[test]
    fn a_key_that_ends_in_equals_signs_has_no_name() {
        for (line, name) in [
            ("OPENAI_API_KEY=sk-1", Some("OPENAI_API_KEY")),
            ("export A_B = x", Some("A_B")),
            ("AB12==", None),
            ("AB12CD=", None),
            ("TAVILY_API_KEY=", Some("TAVILY_API_KEY")),
            ("sk-abc=def", None),
        ] {
            assert_eq!(assigned(line).0, name, "{line}");
        }
    }
}
