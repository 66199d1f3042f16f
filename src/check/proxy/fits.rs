//! Whether a YAML tree fits a JSON Schema: the part of the language that `schemars` writes, with each misfit's place.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value as Json;

use crate::check::finding::MOST_FINDINGS;
use crate::nearest::nearest;
use crate::yaml::{Node, Span, Value};

/// Something that does not fit.
#[derive(Debug, Clone)]
pub(super) struct Misfit {
    pub kind: MisfitKind,
    /// `model_list[0].provider`; empty for the file.
    pub path: String,
    pub span: Span,
    /// What is wrong, after the path.
    pub what: String,
    /// What was meant.
    pub meant: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MisfitKind {
    /// Another type, or a value that may not be.
    Value,
    /// None of the words that it may be.
    Word,
    /// A key that is not known.
    UnknownKey,
    /// A key that must be there.
    MissingKey,
}

/// Everything in `node` that does not fit `schema`.
pub(super) fn misfits(schema: &Json, node: &Node) -> Vec<Misfit> {
    let mut fitting = Fitting {
        root: schema,
        found: Vec::new(),
        patterns: BTreeMap::new(),
    };
    fitting.fit(schema, node, "");
    fitting.found
}

struct Fitting<'s> {
    root: &'s Json,
    /// Not more than are read.
    found: Vec<Misfit>,
    /// Those that were needed, compiled.
    patterns: BTreeMap<&'s str, Option<Regex>>,
}

impl<'s> Fitting<'s> {
    fn fit(&mut self, schema: &'s Json, node: &Node, path: &str) {
        if self.found.len() >= MOST_FINDINGS {
            return;
        }
        let schema = self.resolved(schema);
        if let Some(choices) = schema.get("anyOf").and_then(Json::as_array) {
            return self.fit_any(choices, node, path);
        }
        if let Some(words) = words(schema) {
            return self.fit_word(&words, node, path);
        }
        if schema.get("type").is_some_and(|kind| !is_of(kind, node)) {
            let wanted = kinds(schema);
            return self.wrong(
                MisfitKind::Value,
                node,
                path,
                format!("must be {wanted}, not {}", node.kind()),
            );
        }
        match &node.value {
            Value::Map(_) => self.fit_map(schema, node, path),
            Value::List(items) => {
                if let Some(inner) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.fit(inner, item, &format!("{path}[{index}]"));
                    }
                }
            }
            Value::Scalar { .. } => self.fit_scalar(schema, node, path),
        }
    }

    /// The first of several that fits; when none does, what is said of the one that is of the node's kind.
    fn fit_any(&mut self, choices: &'s [Json], node: &Node, path: &str) {
        let before = self.found.len();
        let mut best: Option<Vec<Misfit>> = None;
        for choice in choices {
            self.fit(choice, node, path);
            let found = self.found.split_off(before);
            if found.is_empty() {
                return;
            }
            let is_null = choice.get("type").and_then(Json::as_str) == Some("null");
            if best.is_none() && !is_null {
                best = Some(found);
            }
        }
        self.found.extend(best.unwrap_or_default());
    }

    fn fit_word(&mut self, words: &[&str], node: &Node, path: &str) {
        match node.text() {
            Some(text) if words.contains(&text) => {}
            Some(text) => {
                let meant = nearest(text, words.iter().copied()).map(ToOwned::to_owned);
                // The text may be a key in the wrong place: only what is short is shown.
                let shown = if text.len() <= 20 {
                    format!("`{text}`")
                } else {
                    "this".to_owned()
                };
                let what = format!("{shown} is not one of {}", words.join(", "));
                self.found.push(Misfit {
                    kind: MisfitKind::Word,
                    path: path.to_owned(),
                    span: node.span.clone(),
                    what,
                    meant,
                });
            }
            None => {
                let what = format!("must be one of {}, not {}", words.join(", "), node.kind());
                self.wrong(MisfitKind::Value, node, path, what);
            }
        }
    }

    fn fit_map(&mut self, schema: &'s Json, node: &Node, path: &str) {
        let properties = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        let names = schema.get("propertyNames").map(|names| self.resolved(names));
        let allowed = names.and_then(words);
        for (key, value) in node.entries() {
            if self.found.len() >= MOST_FINDINGS {
                return;
            }
            let below = if path.is_empty() {
                key.name.clone()
            } else {
                format!("{path}.{}", key.name)
            };
            if let Some(inner) = properties.and_then(|properties| properties.get(&key.name)) {
                self.fit(inner, value, &below);
                continue;
            }
            let known: Option<Vec<&str>> = match (others, &allowed) {
                (Some(Json::Bool(false)), _) => Some(
                    properties
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.as_str())
                        .collect(),
                ),
                (_, Some(words)) if !words.contains(&key.name.as_str()) => Some(words.clone()),
                _ => None,
            };
            if let Some(known) = known {
                self.found.push(Misfit {
                    kind: MisfitKind::UnknownKey,
                    path: below,
                    span: key.span.clone(),
                    what: "unknown key".to_owned(),
                    meant: nearest(&key.name, known).map(ToOwned::to_owned),
                });
            } else if let Some(inner) = others.filter(|others| others.is_object()) {
                self.fit(inner, value, &below);
            }
        }
        let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
        for name in required.filter_map(Json::as_str) {
            if node.get(name).is_none_or(Node::is_null) {
                let what = format!("`{name}` is missing");
                self.wrong(MisfitKind::MissingKey, node, path, what);
            }
        }
    }

    fn fit_scalar(&mut self, schema: &'s Json, node: &Node, path: &str) {
        let limit = |name: &str| schema.get(name).and_then(Json::as_f64);
        if let Some(number) = node.to_json().as_f64() {
            let (least, most) = (limit("minimum"), limit("maximum"));
            if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                let wanted = match (least, most) {
                    (Some(least), Some(most)) => format!("from {least} to {most}"),
                    (Some(least), None) => format!("at least {least}"),
                    (_, most) => format!("at most {}", most.unwrap_or_default()),
                };
                self.wrong(MisfitKind::Value, node, path, format!("must be {wanted}"));
            }
        }
        let Some(text) = node.text() else { return };
        if limit("minLength").is_some() && text.is_empty() {
            self.wrong(MisfitKind::Value, node, path, "must not be empty".to_owned());
        }
        let pattern = schema.get("pattern").and_then(Json::as_str);
        if pattern.is_some_and(|pattern| !self.matches(pattern, text)) {
            self.wrong(
                MisfitKind::Value,
                node,
                path,
                "must be an address such as http://host:port".to_owned(),
            );
        }
    }

    /// Whether `text` has the form that `pattern` says; one that is not a pattern forbids nothing.
    fn matches(&mut self, pattern: &'s str, text: &str) -> bool {
        let compiled = self.patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_none_or(|pattern| pattern.is_match(text))
    }

    fn wrong(&mut self, kind: MisfitKind, node: &Node, path: &str, what: String) {
        self.found.push(Misfit {
            kind,
            path: path.to_owned(),
            span: node.span.clone(),
            what,
            meant: None,
        });
    }

    fn resolved(&self, schema: &'s Json) -> &'s Json {
        let name = schema.get("$ref").and_then(Json::as_str);
        let found = name.and_then(|name| self.root.pointer(name.trim_start_matches('#')));
        found.unwrap_or(schema)
    }
}

/// The words of an enumeration, with or without a text for each.
fn words(schema: &Json) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        return Some(words.iter().filter_map(Json::as_str).collect());
    }
    let choices = schema.get("oneOf")?.as_array()?;
    let mut all = Vec::new();
    for choice in choices {
        if let Some(word) = choice.get("const").and_then(Json::as_str) {
            all.push(word);
        }
        all.extend(
            choice
                .get("enum")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(Json::as_str),
        );
    }
    Some(all)
}

/// Whether a node is of one of the schema's types. YAML's older words for booleans count, as Python's reader takes them so.
fn is_of(kind: &Json, node: &Node) -> bool {
    match kind {
        Json::Array(kinds) => kinds.iter().any(|kind| is_of(kind, node)),
        Json::String(kind) => {
            let value = node.to_json();
            match kind.as_str() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "null" => value.is_null(),
                "number" => value.is_number(),
                "integer" => value.is_i64() || value.is_u64(),
                "boolean" => value.is_boolean() || is_old_boolean(node),
                _ => value.is_string(),
            }
        }
        _ => true,
    }
}

fn is_old_boolean(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar { text, plain: true }
        if matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off"))
}

/// The types of a schema in words; that it may be left out goes without saying.
fn kinds(schema: &Json) -> String {
    let one = |kind: &str| match kind {
        "object" => "a mapping",
        "array" => "a list",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        _ => "a string",
    };
    match &schema["type"] {
        Json::Array(kinds) => {
            let kinds: Vec<&str> = kinds
                .iter()
                .filter_map(Json::as_str)
                .filter(|kind| *kind != "null")
                .map(one)
                .collect();
            kinds.join(" or ")
        }
        kind => one(kind.as_str().unwrap_or_default()).to_owned(),
    }
}
