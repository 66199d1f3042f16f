//! A node of the file with the path that leads to it: what readers of fields work with, so that every error says
//! `services.app.ports[0]` and points at it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;
use crate::nearest::nearest;
use crate::yaml::{Key, Node, Value};

use super::duration::Nanos;
use super::model::OptionalMap;
use super::units;

/// A node and its path.
#[derive(Debug, Clone)]
pub(super) struct At<'n> {
    pub node: &'n Node,
    pub path: String,
    /// Its line may hold a secret and is never shown.
    pub secret: bool,
}

impl<'n> At<'n> {
    pub fn root(node: &'n Node) -> Self {
        Self {
            node,
            path: String::new(),
            secret: false,
        }
    }

    fn below(&self, name: &str, node: &'n Node) -> At<'n> {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        At {
            node,
            path,
            secret: self.secret || matches!(name, "environment" | "args" | "content"),
        }
    }

    /// An error about this node.
    pub fn wrong(&self, why: impl std::fmt::Display) -> Failure {
        Failure::invalid(format!("{}: {why}", self.path)).at(self.node.span.place(self.secret))
    }

    /// An error about a key of this mapping.
    pub fn wrong_key(&self, key: &Key, why: impl std::fmt::Display) -> Failure {
        let path = if self.path.is_empty() {
            key.name.clone()
        } else {
            format!("{}.{}", self.path, key.name)
        };
        Failure::invalid(format!("{path}: {why}")).at(key.span.place(self.secret))
    }

    fn want(&self, what: &str) -> Failure {
        let found = match (self.node.text(), self.secret) {
            (Some(text), false) => format!("{} (`{text}`)", self.node.kind()),
            _ => self.node.kind().to_owned(),
        };
        self.wrong(format!("must be {what}, not {found}"))
    }

    /// The value under `name`; null counts as not there.
    pub fn get(&self, name: &str) -> Option<At<'n>> {
        let node = self.node.get(name).filter(|node| !node.is_null())?;
        Some(self.below(name, node))
    }

    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    /// The entries of a mapping.
    pub fn map(&self) -> Result<Vec<(&'n Key, At<'n>)>, Failure> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries
                .iter()
                .map(|(key, node)| (key, self.below(&key.name, node)))
                .collect()),
            _ if self.node.is_null() => Ok(Vec::new()),
            _ => Err(self.want("a mapping")),
        }
    }

    /// The items of a list.
    pub fn list(&self) -> Result<Vec<At<'n>>, Failure> {
        match &self.node.value {
            Value::List(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, node)| At {
                    node,
                    path: format!("{}[{index}]", self.path),
                    secret: self.secret,
                })
                .collect()),
            _ if self.node.is_null() => Ok(Vec::new()),
            _ => Err(self.want("a list")),
        }
    }

    /// The items of a list, or the one thing in place of a list.
    pub fn one_or_more(&self) -> Result<Vec<At<'n>>, Failure> {
        if self.is_list() || self.node.is_null() {
            self.list()
        } else {
            Ok(vec![self.clone()])
        }
    }

    /// A string; numbers and booleans count by their text.
    pub fn string(&self) -> Result<String, Failure> {
        match self.node.text() {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.want("a string")),
        }
    }

    pub fn strings(&self) -> Result<Vec<String>, Failure> {
        self.one_or_more()?.iter().map(At::string).collect()
    }

    pub fn bool(&self) -> Result<bool, Failure> {
        match self.node.text().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on" | "y" | "1") => Ok(true),
            Some("false" | "no" | "off" | "n" | "0") => Ok(false),
            _ => Err(self.want("true or false")),
        }
    }

    pub fn int<T: std::str::FromStr>(&self) -> Result<T, Failure> {
        self.node
            .text()
            .and_then(|text| text.trim().parse().ok())
            .ok_or_else(|| self.want("a whole number that fits"))
    }

    pub fn float(&self) -> Result<f64, Failure> {
        self.node
            .text()
            .and_then(|text| text.trim().parse().ok())
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| self.want("a number"))
    }

    /// `512m`, `1gb`, or a number of bytes.
    pub fn bytes(&self) -> Result<i64, Failure> {
        self.node
            .text()
            .and_then(units::bytes)
            .ok_or_else(|| self.want("a size such as 512m or 1g"))
    }

    /// `1m30s`.
    pub fn duration(&self) -> Result<Nanos, Failure> {
        self.node
            .text()
            .and_then(units::duration)
            .ok_or_else(|| self.want("a duration such as 10s or 1m30s"))
    }

    /// A path, absolute, from the directory of its file.
    pub fn path(&self) -> Result<PathBuf, Failure> {
        Ok(self.resolve(&self.string()?))
    }

    /// `text` as a path from this node's file; `~` is the home directory.
    pub fn resolve(&self, text: &str) -> PathBuf {
        let home = || std::env::var_os("HOME").map(PathBuf::from);
        let expanded = match text.strip_prefix('~') {
            Some("") => home(),
            Some(rest) if rest.starts_with('/') => home().map(|home| home.join(rest.trim_start_matches('/'))),
            _ => None,
        };
        let path = expanded.unwrap_or_else(|| PathBuf::from(text));
        normal(&self.node.span.source.base.join(path))
    }

    /// A mapping, or a list of `NAME=value` and `NAME`.
    pub fn optional_map(&self) -> Result<OptionalMap, Failure> {
        if self.is_list() {
            let mut map = OptionalMap::new();
            for item in self.list()? {
                let text = item.string()?;
                let (name, value) = match text.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (text.as_str(), None),
                };
                if name.is_empty() {
                    return Err(item.wrong("has no name before the `=`"));
                }
                map.insert(name.to_owned(), value);
            }
            return Ok(map);
        }
        self.map()?
            .into_iter()
            .map(|(key, value)| match &value.node.value {
                Value::Scalar { .. } => Ok((key.name.clone(), value.node.text().map(ToOwned::to_owned))),
                _ => Err(value.want("a string, a number or a boolean")),
            })
            .collect()
    }

    /// The same, where a name without a value means the empty string.
    pub fn string_map(&self) -> Result<BTreeMap<String, String>, Failure> {
        let map = self.optional_map()?;
        Ok(map
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or_default()))
            .collect())
    }

    /// A string that is one of `words`.
    pub fn one_of(&self, words: &[&str]) -> Result<String, Failure> {
        let text = self.string()?;
        if words.contains(&text.as_str()) {
            return Ok(text);
        }
        Err(self.wrong(format!("`{text}` is none of {}", words.join(", "))))
    }

    /// A command: a list as it is, a string split as a shell would.
    pub fn command(&self) -> Result<Vec<String>, Failure> {
        if self.is_list() {
            return self.strings();
        }
        shlex::split(&self.string()?).ok_or_else(|| self.wrong("a quote is not closed"))
    }

    /// Refuses keys other than `known` and `x-…`. `refused` are keys of the specification that one engine can't
    /// honour, each with the reason.
    pub fn only(&self, known: &[&str], refused: &[(&str, &str)]) -> Result<(), Failure> {
        for (key, _) in self.map()? {
            let name = key.name.as_str();
            if known.contains(&name) || name.starts_with("x-") {
                continue;
            }
            if let Some((_, why)) = refused.iter().find(|(refused, _)| *refused == name) {
                return Err(self
                    .wrong_key(key, format!("not supported: {why}"))
                    .hint("take it out: magicctl honours every key of the file or refuses it"));
            }
            return Err(unknown(self.wrong_key(key, "there is no such key"), name, known));
        }
        Ok(())
    }
}

/// Adds "did you mean" when something of `known` is close to `name`.
pub(super) fn unknown<'k>(failure: Failure, name: &str, known: impl IntoIterator<Item = &'k &'k str>) -> Failure {
    match nearest(name, known.into_iter().copied()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// Without `.` and `..`, by the text alone: a link in between is the user's business.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
