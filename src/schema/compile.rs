//! The schema as rules: JSON read once, references resolved, patterns that matter told apart from regular expressions.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value as Json};

/// Where a rule stands in [`Compiled`].
pub type Id = usize;

/// All rules; the first is the whole file's.
#[derive(Debug)]
pub struct Compiled {
    rules: Vec<Rule>,
}

impl Compiled {
    /// The rule for a whole file.
    pub fn root(&self) -> &Rule {
        &self.rules[0]
    }

    /// The rule that stands there.
    pub fn rule(&self, id: Id) -> &Rule {
        &self.rules[id]
    }
}

/// What a value must be.
#[derive(Debug, Default)]
pub struct Rule {
    /// `type`.
    pub types: Option<Vec<Type>>,
    /// Alternatives: `oneOf`, and `anyOf` where those are types.
    pub one_of: Vec<Id>,
    /// `enum`, of strings, or `oneOf` of constants.
    pub words: Vec<String>,
    /// `pattern`.
    pub pattern: Option<Regex>,
    /// `minLength` of more than none.
    pub not_empty: bool,
    /// `minimum`.
    pub minimum: Option<f64>,
    /// `maximum`.
    pub maximum: Option<f64>,
    /// `items`.
    pub items: Option<Id>,
    /// `uniqueItems`.
    pub unique: bool,
    /// `properties`.
    pub properties: HashMap<String, Id>,
    /// `patternProperties`.
    pub patterns: Vec<(Pattern, Id)>,
    /// `propertyNames`.
    pub names: Option<Id>,
    /// `additionalProperties`, of values.
    pub others: Option<Id>,
    /// Keys of no property and no pattern are refused.
    pub closed: bool,
    /// `required`.
    pub required: Vec<String>,
}

impl Rule {
    /// The rules for the value of the key `name`; none if nothing is said of it.
    pub(super) fn of_key(&self, name: &str) -> Vec<Id> {
        let patterns = self.patterns.iter().filter(|(pattern, _)| pattern.matches(name));
        let ids = self.properties.get(name).into_iter().chain(patterns.map(|(_, id)| id));
        let ids: Vec<Id> = ids.copied().collect();
        if ids.is_empty() {
            self.others.into_iter().collect()
        } else {
            ids
        }
    }

    /// The keys that there may be, if `name` is none of them.
    pub(super) fn unknown<'c>(&'c self, name: &str, compiled: &'c Compiled) -> Option<Vec<&'c str>> {
        let named = self.names.map(|id| &compiled.rule(id).words);
        if let Some(words) = named.filter(|words| !words.is_empty()) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            return (!words.contains(&name)).then_some(words);
        }
        let known = || self.properties.keys().map(String::as_str).collect();
        (self.closed && self.of_key(name).is_empty()).then(known)
    }
}

/// `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `object`.
    Map,
    /// `array`.
    List,
    /// `string`.
    Text,
    /// `number`.
    Number,
    /// `integer`.
    Whole,
    /// `boolean`.
    Bool,
    /// `null`.
    Null,
}

impl Type {
    /// In words: `a mapping`.
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
pub enum Pattern {
    /// `x-…`: the user's own.
    Extension,
    /// Letters, digits, `.`, `_`, `-`.
    Name,
    /// Small letters.
    Lower,
    /// Anything but nothing.
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

/// The rules of a schema.
///
/// # Errors
/// It says what is not understood here.
pub fn compile(schema: &Json) -> Result<Compiled, String> {
    let none = Map::new();
    let mut compiler = Compiler {
        definitions: schema["$defs"].as_object().unwrap_or(&none),
        rules: Vec::new(),
        named: HashMap::new(),
    };
    compiler.id(schema)?;
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
                "oneOf" => rule.words = constants(value),
                "minLength" => rule.not_empty = value != 0,
                "pattern" => {
                    let pattern = Regex::new(value.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
                    rule.pattern = Some(pattern);
                }
                "minimum" => rule.minimum = value.as_f64(),
                "maximum" => rule.maximum = value.as_f64(),
                "uniqueItems" => rule.unique = value.as_bool().unwrap_or(false),
                "required" => rule.required = strings(value),
                "additionalProperties" | "unevaluatedProperties" => rule.closed = value == &Json::Bool(false),
                "$defs" | "$schema" | "$id" | "$comment" | "title" | "description" | "format" | "const"
                | "deprecated" | "default" | "properties" | "patternProperties" | "propertyNames" | "items"
                | "allOf" | "anyOf" => {}
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
        if let Some(names) = schema.get("propertyNames") {
            rule.names = Some(self.id(names)?);
        }
        if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
            rule.others = Some(self.id(others)?);
        }
        let alternatives = |name: &str| schema[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_typed = |schema: &Json| schema.get("type").is_some() || reference(schema).is_some();
        let any = Some(alternatives("anyOf")).filter(|any| any.iter().all(is_typed));
        let one = alternatives("oneOf").iter().filter(|_| rule.words.is_empty());
        for schema in one.chain(any.unwrap_or_default()) {
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

/// The words of alternatives that are constants; none when one is anything else.
fn constants(value: &Json) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    let words: Option<Vec<Vec<String>>> = all
        .map(|one| match one.get("const") {
            Some(word) => Some(vec![word.as_str()?.to_owned()]),
            None => one.get("enum").map(strings),
        })
        .collect();
    words.unwrap_or_default().concat()
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
