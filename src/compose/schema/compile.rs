//! The schema as rules: JSON read once, references resolved, patterns that matter told apart from regular expressions.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value as Json};

use crate::compose::tree::{Tree, Value};

/// Where a rule stands in [`Compiled`].
pub(super) type Id = usize;

/// All rules; the first is the whole file's.
#[derive(Debug)]
pub(super) struct Compiled {
    rules: Vec<Rule>,
}

impl Compiled {
    pub fn root(&self) -> &Rule {
        &self.rules[0]
    }

    pub fn rule(&self, id: Id) -> &Rule {
        &self.rules[id]
    }
}

/// What a value must be.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub types: Option<Vec<Type>>,
    pub one_of: Vec<Id>,
    /// `enum`, of strings.
    pub words: Vec<String>,
    pub pattern: Option<Regex>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub items: Option<Id>,
    pub unique: bool,
    pub properties: HashMap<String, Id>,
    pub patterns: Vec<(Pattern, Id)>,
    /// Keys of no property and no pattern are refused.
    pub closed: bool,
    pub required: Vec<String>,
}

impl Rule {
    /// The rules for the value of the key `name`; none if nothing is said of it.
    pub fn of_key(&self, name: &str) -> Option<Vec<Id>> {
        let patterns = self.patterns.iter().filter(|(pattern, _)| pattern.matches(name));
        let ids: Vec<Id> = self
            .properties
            .get(name)
            .copied()
            .into_iter()
            .chain(patterns.map(|(_, id)| *id))
            .collect();
        (!ids.is_empty()).then_some(ids)
    }
}

/// `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Map,
    List,
    Text,
    Number,
    Whole,
    Bool,
    Null,
}

impl Type {
    pub fn fits(self, tree: &Tree) -> bool {
        match &tree.value {
            Value::Null => self == Self::Null,
            Value::Bool(_) => self == Self::Bool,
            Value::Int(_) | Value::Uint(_) => matches!(self, Self::Number | Self::Whole),
            // `1.0` is a whole number; what is not a number at all is refused elsewhere.
            Value::Float(number) => self == Self::Number || self == Self::Whole && number.fract() == 0.0,
            Value::Text(_) | Value::Time(_) => self == Self::Text,
            Value::List(_) => self == Self::List,
            Value::Map(_) => self == Self::Map,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Map => "a mapping",
            Self::List => "a list",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Whole => "a whole number",
            Self::Bool => "true or false",
            Self::Null => "nothing",
        }
    }
}

/// A pattern of keys.
#[derive(Debug)]
pub(super) enum Pattern {
    /// `x-…`: the user's own.
    Extension,
    /// Letters, digits, `.`, `_`, `-`.
    Name,
    /// Small letters.
    Lower,
    Any,
}

impl Pattern {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Extension => name.starts_with("x-"),
            Self::Name => {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            }
            Self::Lower => !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()),
            Self::Any => !name.is_empty(),
        }
    }
}

pub(super) fn compile(text: &str) -> Result<Compiled, String> {
    let schema: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let none = Map::new();
    let mut compiler = Compiler {
        definitions: schema["$defs"].as_object().unwrap_or(&none),
        rules: Vec::new(),
        named: HashMap::new(),
    };
    compiler.id(&schema)?;
    Ok(Compiled { rules: compiler.rules })
}

struct Compiler<'s> {
    definitions: &'s Map<String, Json>,
    rules: Vec<Rule>,
    named: HashMap<&'s str, Id>,
}

impl<'s> Compiler<'s> {
    fn id(&mut self, schema: &'s Json) -> Result<Id, String> {
        if let Some(name) = reference(schema) {
            if let Some(id) = self.named.get(name) {
                return Ok(*id);
            }
            let target = self.definitions.get(name).ok_or_else(|| format!("no {name}"))?;
            let id = self.push();
            self.named.insert(name, id);
            let rule = self.rule(target)?;
            self.rules[id] = rule;
            return Ok(id);
        }
        let id = self.push();
        let rule = self.rule(schema)?;
        self.rules[id] = rule;
        Ok(id)
    }

    fn push(&mut self) -> Id {
        self.rules.push(Rule::default());
        self.rules.len() - 1
    }

    fn rule(&mut self, schema: &'s Json) -> Result<Rule, String> {
        let mut rule = Rule::default();
        let none = Map::new();
        for (key, value) in schema.as_object().unwrap_or(&none) {
            match key.as_str() {
                "type" => rule.types = Some(types(value)?),
                "enum" => rule.words = strings(value),
                "pattern" => {
                    let pattern = Regex::new(value.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
                    rule.pattern = Some(pattern);
                }
                "minimum" => rule.minimum = value.as_f64(),
                "maximum" => rule.maximum = value.as_f64(),
                "uniqueItems" => rule.unique = value.as_bool().unwrap_or(false),
                "required" => rule.required = strings(value),
                "additionalProperties" | "unevaluatedProperties" => rule.closed = value == &Json::Bool(false),
                "$defs" | "$schema" | "$id" | "$comment" | "deprecated" | "default" | "properties"
                | "patternProperties" | "items" | "oneOf" | "allOf" | "anyOf" => {}
                other => return Err(format!("unsupported keyword {other} in the schema")),
            }
        }
        self.nested(schema, &mut rule)?;
        Ok(rule)
    }

    fn nested(&mut self, schema: &'s Json, rule: &mut Rule) -> Result<(), String> {
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let id = self.id(schema)?;
            rule.properties.insert(name.clone(), id);
        }
        for (pattern, schema) in schema["patternProperties"].as_object().into_iter().flatten() {
            let pattern = match pattern.as_str() {
                "^x-" => Pattern::Extension,
                "^[a-zA-Z0-9._-]+$" => Pattern::Name,
                "^[a-z]+$" => Pattern::Lower,
                "^.+$" | ".+" => Pattern::Any,
                other => return Err(format!("unsupported pattern {other} in the schema")),
            };
            let id = self.id(schema)?;
            rule.patterns.push((pattern, id));
        }
        if let Some(schema) = schema.get("items") {
            rule.items = Some(self.id(schema)?);
        }
        for schema in schema["oneOf"].as_array().into_iter().flatten() {
            let id = self.id(schema)?;
            rule.one_of.push(id);
        }
        // What a service is made of: the properties of all parts together.
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let part = match reference(part) {
                Some(name) => self.definitions.get(name).ok_or_else(|| format!("no {name}"))?,
                None => part,
            };
            rule.types = rule.types.take().or(part.get("type").map(types).transpose()?);
            self.nested(part, rule)?;
        }
        Ok(())
    }
}

fn reference(schema: &Json) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn strings(value: &Json) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect()
}

fn types(value: &Json) -> Result<Vec<Type>, String> {
    let names = match value {
        Json::String(name) => vec![name.clone()],
        other => strings(other),
    };
    names
        .iter()
        .map(|name| {
            Ok(match name.as_str() {
                "object" => Type::Map,
                "array" => Type::List,
                "string" => Type::Text,
                "number" => Type::Number,
                "integer" => Type::Whole,
                "boolean" => Type::Bool,
                "null" => Type::Null,
                other => return Err(format!("unsupported type {other} in the schema")),
            })
        })
        .collect()
}
