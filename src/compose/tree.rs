//! What a file says, with the types that go-yaml gives its scalars (the YAML library of Compose): what every stage
//! from interpolation to normalisation works on. Each value still knows where it was written.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::yaml::{self, Node, Span, Tag};

use super::budget::{Budget, OverBudget};
use super::resets::Resets;
use super::time::Timestamp;

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub value: Value,
    pub span: Span,
    /// The variables that it came out of, if any: only the file's own line is ever shown of it.
    pub variables: Option<Arc<BTreeSet<String>>>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Larger than `i64::MAX`.
    Uint(u64),
    Float(f64),
    Time(Timestamp),
    Text(String),
    List(Vec<Tree>),
    Map(Map),
}

/// A mapping, in the order written.
pub(super) type Map = IndexMap<String, Entry>;

/// The value of a key and where the key was written.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: Span,
    pub tree: Tree,
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.tree == other.tree
    }
}

impl Tree {
    pub fn new(value: Value, span: &Span) -> Self {
        Self {
            value,
            span: span.clone(),
            variables: None,
        }
    }

    pub fn text_at(text: impl Into<String>, span: &Span) -> Self {
        Self::new(Value::Text(text.into()), span)
    }

    pub fn bool_at(value: bool, span: &Span) -> Self {
        Self::new(Value::Bool(value), span)
    }

    pub fn null_at(span: &Span) -> Self {
        Self::new(Value::Null, span)
    }

    pub fn map_at(entries: impl IntoIterator<Item = (&'static str, Tree)>, span: &Span) -> Self {
        let entries = entries.into_iter().map(|(name, tree)| (name.to_owned(), tree.entry()));
        Self::new(Value::Map(entries.collect()), span)
    }

    /// As the value of a key that stands where it stands.
    pub fn entry(self) -> Entry {
        Entry {
            key: self.span.clone(),
            tree: self,
        }
    }

    /// Whether a variable has a part in its value.
    pub fn is_from_variable(&self) -> bool {
        self.variables.is_some()
    }

    /// Notes that its value is that of a variable.
    pub fn taken_from(&mut self, variable: &str) {
        self.variables = Some(Arc::new(BTreeSet::from([variable.to_owned()])));
    }

    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// A string's text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Tree]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn list_mut(&mut self) -> Option<&mut Vec<Tree>> {
        match &mut self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value under `name`, if this is a mapping that has it.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        self.map()?.get(name).map(|entry| &entry.tree)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Tree> {
        self.map_mut()?.get_mut(name).map(|entry| &mut entry.tree)
    }

    /// The entries of the mapping under `name`; none if it is none.
    pub fn entries(&self, name: &str) -> impl Iterator<Item = (&String, &Entry)> {
        self.get(name).and_then(Tree::map).into_iter().flatten()
    }

    pub fn entries_mut(&mut self, name: &str) -> impl Iterator<Item = (&String, &mut Entry)> {
        self.get_mut(name).and_then(Tree::map_mut).into_iter().flatten()
    }

    /// As Go's `fmt.Sprint` writes it: what Compose makes of a scalar where it wants a string.
    pub fn printed(&self) -> String {
        match &self.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Uint(value) => value.to_string(),
            Value::Float(value) => super::print::float_in_text(*value),
            Value::Time(time) => time.printed(),
            Value::Text(text) => text.clone(),
            Value::Null | Value::List(_) | Value::Map(_) => String::new(),
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "a number",
            Value::Time(_) => "a date",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// As JSON, mappings in the order written.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::from(*value),
            Value::Int(value) => Json::from(*value),
            Value::Uint(value) => Json::from(*value),
            Value::Float(value) => Json::from(*value),
            Value::Time(time) => Json::from(time.rfc3339()),
            Value::Text(text) => Json::from(text.as_str()),
            Value::List(items) => items.iter().map(Tree::to_json).collect(),
            Value::Map(map) => map
                .iter()
                .map(|(name, entry)| (name.clone(), entry.tree.to_json()))
                .collect(),
        }
    }

    /// How many values it is, with all that are below it.
    pub fn count(&self) -> usize {
        1 + match &self.value {
            Value::List(items) => items.iter().map(Tree::count).sum(),
            Value::Map(map) => map.values().map(|entry| entry.tree.count()).sum(),
            _ => 0,
        }
    }

    /// Counts this value and all that is below it.
    pub fn take_of(&self, budget: &mut Budget) -> Result<(), OverBudget> {
        match &self.value {
            Value::Text(text) => budget.take_text(text.len()),
            Value::List(items) => {
                budget.take(1)?;
                items.iter().try_for_each(|item| item.take_of(budget))
            }
            Value::Map(map) => {
                budget.take(1)?;
                map.iter().try_for_each(|(name, entry)| {
                    budget.take_text(name.len())?;
                    entry.tree.take_of(budget)
                })
            }
            _ => budget.take(1),
        }
    }

    /// An error at this value.
    pub fn wrong(&self, path: &str, why: impl std::fmt::Display) -> Failure {
        wrong_at(&self.span, path, why)
    }
}

/// An error at `span` about what is at `path` of the file.
pub(super) fn wrong_at(span: &Span, path: &str, why: impl std::fmt::Display) -> Failure {
    let what = if path.is_empty() {
        why.to_string()
    } else {
        format!("{path}: {why}")
    };
    Failure::invalid(what).at(span.place(holds_values(path)))
}

/// Whether what stands at `path` is the user's own text, which may be a secret.
pub(super) fn holds_values(path: &str) -> bool {
    path.split(['.', '['])
        .any(|part| matches!(part, "environment" | "args" | "content" | "labels"))
}

/// Takes over a document: types its scalars, takes out what is tagged `!reset` and notes where.
pub(super) fn from_yaml(node: Node) -> Result<(Tree, Resets), Failure> {
    let mut resets = Resets::default();
    let tree = typed(node, &mut Vec::new(), &mut resets)?;
    Ok((tree, resets))
}

fn typed(node: Node, path: &mut Vec<String>, resets: &mut Resets) -> Result<Tree, Failure> {
    if node.tag == Some(Tag::Override) {
        resets.add(path);
    }
    let span = node.span;
    let value = match node.value {
        yaml::Value::Scalar { text, plain: false } => Value::Text(text),
        yaml::Value::Scalar { text, plain: true } => scalar(text),
        yaml::Value::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                if item.tag == Some(Tag::Reset) {
                    continue;
                }
                path.push(index.to_string());
                list.push(typed(item, path, resets)?);
                path.pop();
            }
            Value::List(list)
        }
        yaml::Value::Map(entries) => {
            let mut map = Map::with_capacity(entries.len());
            for (key, item) in entries {
                if key.plain && !matches!(scalar(key.name.clone()), Value::Text(_)) {
                    return Err(Failure::invalid(format!("the key `{}` is not a string", key.name))
                        .at(key.span.place(false))
                        .hint(format!("put it in quotes: `\"{}\"`", key.name)));
                }
                path.push(key.name.clone());
                if item.tag == Some(Tag::Reset) {
                    resets.add(path);
                } else {
                    let tree = typed(item, path, resets)?;
                    map.insert(key.name, Entry { key: key.span, tree });
                }
                path.pop();
            }
            Value::Map(map)
        }
    };
    Ok(Tree::new(value, &span))
}

/// A plain scalar by go-yaml's rules: YAML 1.2's core schema, and of 1.1 the underscores, `0b`, leading zeros and
/// dates.
pub(super) fn scalar(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        "-0" | "-0.0" => return Value::Float(-0.0),
        _ => {}
    }
    let number = match text.as_bytes()[0] {
        b'.' => go_float(&text).map(Value::Float),
        b'+' | b'-' | b'0'..=b'9' => number(&text),
        _ => None,
    };
    number.unwrap_or(Value::Text(text))
}

fn number(text: &str) -> Option<Value> {
    if let Some(time) = Timestamp::parse(text) {
        return Some(Value::Time(time));
    }
    let plain = text.replace('_', "");
    if let Some(whole) = integer(&plain) {
        return Some(match i64::try_from(whole) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Uint(u64::try_from(whole).ok()?),
        });
    }
    // What is too large for a number is text.
    let value = yaml_float(&plain).then(|| plain.parse().ok())?;
    value.filter(|value: &f64| value.is_finite()).map(Value::Float)
}

/// Go's `strconv.ParseInt(…, 0, 64)`: `0x`, `0o`, `0b`, and a leading zero for octal.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, radix) = if let Some(digits) = lower.strip_prefix("0x") {
        (digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (digits, 8)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (digits, 2)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (&lower[1..], 8)
    } else {
        (lower.as_str(), 10)
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = sign * i128::from_str_radix(digits, radix).ok()?;
    (i128::from(i64::MIN)..=i128::from(u64::MAX))
        .contains(&value)
        .then_some(value)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn yaml_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", after)) => digits(after),
        Some((before, after)) => digits(before) && (after.is_empty() || digits(after)),
        None => digits(mantissa),
    };
    mantissa && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

/// Go's `strconv.ParseFloat` of a text that begins with a dot.
fn go_float(text: &str) -> Option<f64> {
    let value = yaml_float(text).then(|| text.parse().ok())?;
    value.filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_go_yaml_makes_of_them() {
        for (text, wanted) in [
            ("010", Value::Int(8)),
            ("0o10", Value::Int(8)),
            ("0b11", Value::Int(3)),
            ("0x1F", Value::Int(31)),
            ("1_000", Value::Int(1000)),
            ("+5", Value::Int(5)),
            ("-5", Value::Int(-5)),
            ("18446744073709551615", Value::Uint(u64::MAX)),
            ("1.0", Value::Float(1.0)),
            ("1.", Value::Float(1.0)),
            (".5", Value::Float(0.5)),
            ("1e3", Value::Float(1000.0)),
            ("08", Value::Float(8.0)),
            ("12:30", Value::Text("12:30".into())),
            ("1.2.3", Value::Text("1.2.3".into())),
            ("yes", Value::Text("yes".into())),
            ("0x", Value::Text("0x".into())),
            ("+-5", Value::Text("+-5".into())),
            ("-", Value::Text("-".into())),
            ("1h", Value::Text("1h".into())),
            ("1e400", Value::Text("1e400".into())),
        ] {
            assert_eq!(scalar(text.to_owned()), wanted, "{text}");
        }
        assert!(matches!(scalar("2026-01-02".to_owned()), Value::Time(_)));
    }
}
