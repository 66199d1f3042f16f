//! `.dockerignore`: which files of the context the builder gets, by the Docker client's rules.
//!
//! Unlike `.gitignore`, a pattern begins at the context's root, the last pattern that matches a path or one of its
//! parents decides, and an exception (`!`) works inside an ignored folder too.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::files::{self, Kind};

/// More patterns are not taken: each becomes a regular expression.
const MOST_PATTERNS: usize = 1_000;
/// Nor is a longer one.
const LONGEST_PATTERN: usize = 4_096;

/// Why an ignore file is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// A line, by its number, is not a valid pattern.
    Line(usize, String),
    /// There are too many patterns, or one is too long.
    TooLong,
}

impl std::fmt::Display for NotTaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(number, line) => write!(f, "line {number}: `{line}` is not a valid pattern"),
            Self::TooLong => write!(
                f,
                "it has more than {MOST_PATTERNS} patterns, or one of more than {LONGEST_PATTERN} bytes"
            ),
        }
    }
}

struct Rule {
    pattern: Regex,
    exception: bool,
    /// The pattern's parts, one a folder; none from the first `**` on, which may be any number of folders.
    parts: Vec<Option<Regex>>,
}

/// The patterns of one `.dockerignore`.
#[derive(Default)]
pub(crate) struct Ignore {
    rules: Vec<Rule>,
}

impl Ignore {
    /// The file that holds for a build: the Dockerfile's own goes before that of the context.
    pub(crate) fn file_of(context: &Path, dockerfile: &str) -> PathBuf {
        let own = context.join(format!("{dockerfile}.dockerignore"));
        if files::kind(&own).ok().flatten() == Some(Kind::File) {
            own
        } else {
            context.join(".dockerignore")
        }
    }

    /// Reads patterns, one a line.
    pub(crate) fn parse(text: &str) -> Result<Self, NotTaken> {
        let mut rules = Vec::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (exception, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let pattern = cleaned(pattern);
            if pattern.is_empty() {
                continue;
            }
            if rules.len() == MOST_PATTERNS || pattern.len() > LONGEST_PATTERN {
                return Err(NotTaken::TooLong);
            }
            let regex = expression(&pattern)
                .and_then(|expression| Regex::new(&expression).ok())
                .ok_or_else(|| NotTaken::Line(index + 1, line.to_owned()))?;
            rules.push(Rule {
                pattern: regex,
                exception,
                parts: pattern.split('/').map(part).collect(),
            });
        }
        Ok(Self { rules })
    }

    /// Whether `path`, relative to the context, is left out.
    pub(crate) fn leaves_out(&self, path: &Path) -> bool {
        let mut prefixes = Vec::new();
        let mut prefix = String::new();
        for part in path.components() {
            if !prefix.is_empty() {
                prefix.push('/');
            }
            prefix.push_str(&part.as_os_str().to_string_lossy());
            prefixes.push(prefix.clone());
        }
        let mut out = false;
        for rule in &self.rules {
            // Asked only when it could change the answer.
            if rule.exception == out && prefixes.iter().any(|prefix| rule.pattern.is_match(prefix)) {
                out = !rule.exception;
            }
        }
        out
    }

    /// Whether something inside an ignored folder may still be wanted: an exception's pattern leads there. Where none does,
    /// the whole folder need not be read.
    pub(crate) fn may_want_of(&self, folder: &Path) -> bool {
        let exceptions = self.rules.iter().filter(|rule| rule.exception);
        exceptions.into_iter().any(|rule| rule.leads_into(folder))
    }
}

impl Rule {
    /// Whether the pattern could match something below `folder`: as far as both go, each part matches.
    fn leads_into(&self, folder: &Path) -> bool {
        for (part, name) in self.parts.iter().zip(folder.components()) {
            match part {
                None => return true,
                Some(part) if !part.is_match(&name.as_os_str().to_string_lossy()) => return false,
                Some(_) => {}
            }
        }
        true
    }
}

/// One part of a pattern that is known to be well.
fn part(text: &str) -> Option<Regex> {
    let plain = expression(text).filter(|_| !text.contains("**"))?;
    Regex::new(&plain).ok()
}

/// Without `./`, `/`, doubled and trailing slashes; `a/../b` is `b`.
fn cleaned(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Go's `filepath.Match` plus `**`, as a regular expression; `None` for an open `[`.
fn expression(pattern: &str) -> Option<String> {
    let mut out = String::from("^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                if rest.peek() == Some(&'/') {
                    rest.next();
                    out.push_str("(.*/)?");
                } else {
                    out.push_str(".*");
                }
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => {
                out.push('[');
                loop {
                    match rest.next()? {
                        ']' => break,
                        '\\' => {
                            out.push('\\');
                            out.push(rest.next()?);
                        }
                        inner @ ('[' | '&' | '~') => {
                            out.push('\\');
                            out.push(inner);
                        }
                        inner => out.push(inner),
                    }
                }
                out.push(']');
            }
            '\\' => out.push_str(&regex::escape(&rest.next()?.to_string())),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    out.push('$');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_docker_clients_rules() {
        for (text, path, out) in [
            ("*\n!run.py\n!magic_proxy/", "run.py", false),
            ("*\n!run.py\n!magic_proxy/", "magic_proxy/a.py", false),
            ("*\n!run.py\n!magic_proxy/", "keys_pool/keys.env", true),
            ("node_modules", "sub/node_modules", false),
            ("**/node_modules", "sub/node_modules/x", true),
            ("**/*.env", "a/b/c.env", true),
            ("**/*.env", "c.env", true),
            ("/env", "env/tavily.env", true),
            ("env/", "env/tavily.env", true),
            ("./env", "env", true),
            ("*.md\n!README.md", "README.md", false),
            ("*.md\n!README.md", "docs/x.md", false),
            ("docs\n!docs/keep.md\ndocs/keep.md", "docs/keep.md", true),
            ("# a comment\n\nx", "# a comment", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c].txt", "b.txt", true),
            ("[^a].txt", "a.txt", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            ("a.b", "axb", false),
        ] {
            let ignore = Ignore::parse(text).unwrap();
            assert_eq!(ignore.leaves_out(Path::new(path)), out, "{text:?} {path}");
        }
    }

    #[test]
    fn a_folder_is_read_only_where_an_exception_leads() {
        let ignore = Ignore::parse("*\n!*.py\n!magic_proxy/data/*.json\n!a*/b").unwrap();
        for (folder, wanted) in [
            ("node_modules", false),
            ("magic_proxy", true),
            ("magic_proxy/data", true),
            ("magic_proxy/other", false),
            ("abc", true),
            ("abc/c", false),
        ] {
            assert_eq!(ignore.may_want_of(Path::new(folder)), wanted, "{folder}");
        }
        let anywhere = Ignore::parse("*\n!**/keep.md").unwrap();
        assert!(anywhere.may_want_of(Path::new("any/where")));
        assert!(!Ignore::parse("*").unwrap().may_want_of(Path::new("any")));
    }

    #[test]
    fn names_the_line_that_is_no_pattern() {
        let error = Ignore::parse("fine\n[open").err().unwrap();
        assert_eq!(error, NotTaken::Line(2, "[open".to_owned()));
    }

    #[test]
    fn more_patterns_or_longer_ones_are_not_taken() {
        for (text, is_taken) in [
            ("a*\n".repeat(MOST_PATTERNS), true),
            // Lines that are no patterns cost nothing.
            ("# a\n\n".repeat(10 * MOST_PATTERNS), true),
            ("a".repeat(LONGEST_PATTERN), true),
            ("a*\n".repeat(MOST_PATTERNS + 1), false),
            ("a".repeat(LONGEST_PATTERN + 1), false),
        ] {
            let parsed = Ignore::parse(&text);
            assert_eq!(parsed.is_ok(), is_taken);
            assert!(is_taken || parsed.err() == Some(NotTaken::TooLong));
        }
    }
}
