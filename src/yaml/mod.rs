//! YAML as a tree in which every node knows where it was written.

mod read;
mod secret;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use crate::failure::Place;

pub use read::{parse, parse_all};
pub use secret::looks_secret;

/// A longer line helps nobody and isn't shown.
const LONGEST_LINE: usize = 300;

/// A file that was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path, as the user would name it.
    pub path: PathBuf,
    /// Where relative paths in it start from.
    pub base: PathBuf,
    /// Its text.
    pub text: String,
    /// Whether an error may quote its lines: those of a file outside of the project are nobody's business here.
    pub quotable: bool,
    /// Where each line begins; found once, however many places are asked for.
    lines: OnceLock<Vec<usize>>,
}

/// Where a node was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub source: Arc<Source>,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// In characters, on that line.
    pub width: usize,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it was written.
    pub span: Span,
    /// `!reset` or `!override`.
    pub tag: Option<Tag>,
}

/// What a node is. Scalars keep their text, as their type depends on where they stand.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar.
    Scalar {
        /// Its text.
        text: String,
        /// Without quotes: may be a number, a boolean or null.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub name: String,
    /// Without quotes: may be a number, a boolean or null.
    pub plain: bool,
    /// Where it was written.
    pub span: Span,
}

/// The tags of the Compose specification (`13-merge.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The value of the files before is dropped.
    Reset,
    /// The value of the files before is replaced, not merged.
    Override,
}

impl Source {
    /// The directory of `path` as base.
    pub fn new(path: &Path, text: String) -> Arc<Self> {
        Self::quoted(path, text, true)
    }

    /// The same; `quotable`: whether an error may quote its lines.
    pub fn quoted(path: &Path, text: String, quotable: bool) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            base: path.parent().unwrap_or(Path::new("")).to_owned(),
            text,
            quotable,
            lines: OnceLock::new(),
        })
    }

    /// Line `number` (from 1) without its end.
    fn line(&self, number: usize) -> Option<&str> {
        let starts = self.lines.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|end| end + 1)).collect()
        });
        let begin = *starts.get(number.checked_sub(1)?)?;
        let rest = self.text.get(begin..)?;
        Some(rest.lines().next().unwrap_or_default())
    }
}

impl Span {
    /// Also what follows on its line: up to the end of `last` where that is known and on the same line.
    pub fn through(&self, last: Option<&Self>) -> Self {
        let is_on_it = |last: &&Self| (&last.source, last.line) == (&self.source, self.line);
        let end = match last.filter(is_on_it) {
            Some(last) => last.column + last.width,
            None => {
                self.source
                    .line(self.line)
                    .map_or(0, |line| line.trim_end().chars().count())
                    + 1
            }
        };
        Self {
            width: end.saturating_sub(self.column).max(self.width),
            ..self.clone()
        }
    }

    /// For the line with a caret; without the line's text if that may hold a secret.
    pub fn place(&self, secret: bool) -> Place {
        let line = self.source.line(self.line);
        let shown = |line: &&str| !secret && self.source.quotable && line.len() <= LONGEST_LINE && !looks_secret(line);
        Place {
            file: self.source.path.clone(),
            line: self.line,
            column: self.column,
            width: self.width,
            source: line.filter(shown).map(ToOwned::to_owned),
        }
    }
}

impl Node {
    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value under `name` in a mapping.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, node)| node)
    }

    /// Whether it is `null`, `~` or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// A scalar's text; none for null.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => match self.to_json() {
                Json::Bool(_) => "a boolean",
                Json::Number(_) => "a number",
                _ => "a string",
            },
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// As JSON, scalars by YAML 1.2's core schema.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.name.clone(), node.to_json()))
                .collect(),
            Value::Scalar { text, plain: false } => Json::String(text.clone()),
            Value::Scalar { .. } if self.is_null() => Json::Null,
            Value::Scalar { text, .. } => plain_json(text),
        }
    }
}

fn plain_json(text: &str) -> Json {
    match text {
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix)?;
        i64::from_str_radix(digits, radix)
            .ok()
            .filter(|_| !digits.starts_with(['+', '-']))
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| text.parse().ok()) {
        return Json::from(number);
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
    match text.parse::<f64>() {
        Ok(number) if numeric => Json::from(number),
        _ => Json::String(text.to_owned()),
    }
}
