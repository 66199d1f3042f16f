//! JSON Schemas, walked over trees that know their places: of the Compose specification's schema and of those that `schemars` writes,
//! the parts that these use. A schema that says more is refused, so that nothing in it is passed over.

mod compile;
mod yaml;

use std::collections::HashSet;

use crate::yaml::Span;

pub use compile::{Compiled, Id, Pattern, Rule, Type, compile};

/// A value that a schema is held against.
pub trait Value: Sized {
    /// Where it was written.
    fn place(&self) -> &Span;
    /// Whether it is of that type.
    fn is(&self, wanted: Type) -> bool;
    /// What words, patterns and lengths are about.
    fn as_text(&self) -> Option<&str>;
    /// What bounds are about.
    fn as_number(&self) -> Option<f64>;
    /// The items of a list.
    fn items(&self) -> &[Self];
    /// The entries of a mapping: name, where it was written, value.
    fn pairs(&self) -> impl Iterator<Item = (&str, &Span, &Self)>;
    /// Whether a mapping has the key `name` as `required` wants it.
    fn has(&self, name: &str) -> bool;
    /// Tells it from others in the same list.
    fn told_apart(&self) -> String;
}

/// A value that breaks a rule.
#[derive(Debug)]
pub struct Problem<'t, 'c, T> {
    /// The keys and `[index]`es that lead there.
    pub path: Vec<String>,
    /// The value.
    pub tree: &'t T,
    /// Where the caret goes.
    pub span: &'t Span,
    /// What the value, or the mapping that it is in, must be.
    pub rule: &'c Rule,
    /// What is wrong.
    pub kind: Kind<'c>,
}

/// What is wrong with a value.
#[derive(Debug)]
pub enum Kind<'c> {
    /// It is of none of these types.
    Type(Vec<Type>),
    /// It is none of the rule's words.
    NoneOf,
    /// It has not the form of the rule's pattern.
    Pattern,
    /// It is empty.
    Empty,
    /// It is less than the rule's bound.
    Less(f64),
    /// It is more than the rule's bound.
    More(f64),
    /// It is infinite, or no number at all.
    NotFinite,
    /// It is in the list twice.
    Twice,
    /// Its key is none of these.
    Unknown(Vec<&'c str>),
    /// The mapping lacks this key.
    Missing(&'c str),
}

impl<T> Problem<'_, '_, T> {
    /// `services.app.ports[0]`; empty for the whole.
    pub fn path(&self) -> String {
        self.path.join(".").replace(".[", "[")
    }
}

/// That a value must be of one of `types`, and what it is. That it may be left out goes without saying.
pub fn must_be(types: &[Type], is: &str) -> String {
    let types = types.iter().filter(|wanted| **wanted != Type::Null);
    let names: Vec<&str> = types.map(|wanted| wanted.name()).collect();
    format!("must be {}, not {is}", names.join(" or "))
}

/// At most `most` values of `tree` that break the rules, in the order of the tree.
pub fn problems<'t, 'c, T: Value>(compiled: &'c Compiled, tree: &'t T, most: usize) -> Vec<Problem<'t, 'c, T>> {
    let mut walk = Walk {
        compiled,
        most,
        path: Vec::new(),
        found: Vec::new(),
    };
    walk.check(tree, compiled.root());
    walk.found.truncate(most);
    walk.found
}

struct Walk<'t, 'c, T> {
    compiled: &'c Compiled,
    most: usize,
    path: Vec<String>,
    found: Vec<Problem<'t, 'c, T>>,
}

impl<'t, 'c, T: Value> Walk<'t, 'c, T> {
    fn problem(&self, tree: &'t T, rule: &'c Rule, kind: Kind<'c>) -> Problem<'t, 'c, T> {
        Problem {
            path: self.path.clone(),
            tree,
            span: tree.place(),
            rule,
            kind,
        }
    }

    fn tell(&mut self, tree: &'t T, rule: &'c Rule, kind: Kind<'c>) {
        self.found.push(self.problem(tree, rule, kind));
    }

    fn check_below(&mut self, step: String, tree: &'t T, id: Id) {
        if self.found.len() < self.most {
            self.path.push(step);
            self.check(tree, self.compiled.rule(id));
            self.path.pop();
        }
    }

    fn check(&mut self, tree: &'t T, rule: &'c Rule) {
        if let Some(types) = &rule.types
            && !types.iter().any(|wanted| tree.is(*wanted))
        {
            return self.tell(tree, rule, Kind::Type(types.clone()));
        }
        if !rule.one_of.is_empty() {
            return self.one_of(tree, rule);
        }
        if let Some(number) = tree.as_number() {
            self.number(tree, number, rule);
        }
        if let Some(text) = tree.as_text() {
            self.text(tree, text, rule);
        }
        self.list(tree, rule);
        if tree.is(Type::Map) {
            self.map(tree, rule);
        }
    }

    /// None of the alternatives fits: the deepest complaint is the one that the user means, else all types together.
    fn one_of(&mut self, tree: &'t T, rule: &'c Rule) {
        let before = self.found.len();
        let mut wanted = Vec::new();
        let mut deepest: Option<Vec<Problem<'t, 'c, T>>> = None;
        for id in &rule.one_of {
            self.check(tree, self.compiled.rule(*id));
            let found = self.found.split_off(before);
            match found.first() {
                None => return,
                Some(first) => match &first.kind {
                    Kind::Type(types) if first.path.len() == self.path.len() => wanted.extend(types),
                    _ => {
                        if deepest
                            .as_ref()
                            .is_none_or(|other| first.path.len() > other[0].path.len())
                        {
                            deepest = Some(found);
                        }
                    }
                },
            }
        }
        match deepest {
            Some(found) => self.found.extend(found),
            None => self.tell(tree, rule, Kind::Type(wanted)),
        }
    }

    fn text(&mut self, tree: &'t T, text: &str, rule: &'c Rule) {
        if !rule.words.is_empty() && !rule.words.iter().any(|word| word == text) {
            self.tell(tree, rule, Kind::NoneOf);
        } else if rule.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            self.tell(tree, rule, Kind::Pattern);
        } else if rule.not_empty && text.is_empty() {
            self.tell(tree, rule, Kind::Empty);
        }
    }

    fn number(&mut self, tree: &'t T, number: f64, rule: &'c Rule) {
        if !number.is_finite() {
            self.tell(tree, rule, Kind::NotFinite);
        } else if let Some(least) = rule.minimum.filter(|least| number < *least) {
            self.tell(tree, rule, Kind::Less(least));
        } else if let Some(most) = rule.maximum.filter(|most| number > *most) {
            self.tell(tree, rule, Kind::More(most));
        }
    }

    fn list(&mut self, tree: &'t T, rule: &'c Rule) {
        let mut seen = HashSet::new();
        if let Some(id) = rule.items {
            for (index, item) in tree.items().iter().enumerate() {
                self.check_below(format!("[{index}]"), item, id);
            }
        }
        for (index, item) in tree.items().iter().enumerate().filter(|_| rule.unique) {
            if self.found.len() < self.most && !seen.insert(item.told_apart()) {
                self.path.push(format!("[{index}]"));
                self.tell(item, rule, Kind::Twice);
                self.path.pop();
            }
        }
    }

    fn map(&mut self, tree: &'t T, rule: &'c Rule) {
        for (name, key, value) in tree.pairs() {
            if self.found.len() >= self.most {
                return;
            }
            if let Some(known) = rule.unknown(name, self.compiled) {
                self.path.push(name.to_owned());
                let problem = self.problem(value, rule, Kind::Unknown(known));
                self.found.push(Problem { span: key, ..problem });
                self.path.pop();
            } else {
                for id in rule.of_key(name) {
                    self.check_below(name.to_owned(), value, id);
                }
            }
        }
        for name in rule.required.iter().filter(|name| !tree.has(name)) {
            if self.found.len() < self.most {
                self.tell(tree, rule, Kind::Missing(name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::yaml::{Node, Source, parse};

    fn told(text: &str, most: usize) -> Vec<String> {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "count": { "type": ["integer", "null"], "minimum": 1, "maximum": 9 },
                "name": { "type": "string", "minLength": 1, "pattern": "^[a-z]*$" },
                "by_kind": {
                    "type": "object",
                    "propertyNames": { "$ref": "#/$defs/Kind" },
                    "additionalProperties": { "type": "array", "items": { "type": "string" }, "uniqueItems": true },
                },
                "either": { "anyOf": [{ "$ref": "#/$defs/Part" }, { "type": "boolean" }, { "type": "null" }] },
            },
            "required": ["name"],
            "$defs": {
                "Kind": { "oneOf": [{ "type": "string", "const": "one" }, { "type": "string", "enum": ["two"] }] },
                "Part": { "type": "object", "properties": { "deep": { "$ref": "#/$defs/Kind" } } },
            },
        });
        let compiled = compile(&schema).unwrap();
        let node = parse(&Source::new(Path::new("f.yml"), text.to_owned())).unwrap();
        let problems = problems(&compiled, &node, most);
        let line = |problem: &Problem<'_, '_, Node>| {
            let place = (problem.span.line, problem.span.column);
            format!("{}:{}: {}: {:?}", place.0, place.1, problem.path(), problem.kind)
        };
        problems.iter().map(line).collect()
    }

    #[test]
    fn every_problem_is_told_at_its_place() {
        let well = "count: ~\nname: a\nby_kind: {one: [a, b], two: []}\neither: {deep: two}\n";
        assert_eq!(told(well, 9), Vec::<String>::new());
        let text = "count: 10\nname: ''\nby_kind: {three: [], two: [a, a, 5]}\neither: {deep: three}\nmore: 1\n";
        let all = [
            "1:8: count: More(9.0)",
            "2:7: name: Empty",
            r#"3:11: by_kind.three: Unknown(["one", "two"])"#,
            "3:34: by_kind.two[2]: Type([Text])",
            "3:31: by_kind.two[1]: Twice",
            "4:16: either.deep: NoneOf",
        ];
        let found = told(text, 9);
        assert_eq!(found[..6], all);
        assert!(
            found[6].starts_with("5:1: more: Unknown(") && found.len() == 7,
            "{found:?}"
        );
        assert_eq!(told(text, 2), all[..2]);
        assert_eq!(
            told("either: 5\n", 9),
            ["1:9: either: Type([Map, Bool, Null])", "1:1: : Missing(\"name\")"]
        );
        assert_eq!(told("name: A\n", 9), ["1:7: name: Pattern"]);
    }

    #[test]
    fn a_schema_that_says_more_is_refused() {
        for schema in [
            json!({ "not": {} }),
            json!({ "type": "thing" }),
            json!({ "$ref": "#/$defs/none" }),
        ] {
            compile(&schema).unwrap_err();
        }
    }
}
