//! The specification's own schema, walked over a tree that knows its places: what Compose accepts is accepted, and
//! what it refuses is refused at its line.

mod compile;
mod keys;
mod problem;

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::failure::Failure;

use super::tree::{Tree, Value};
use compile::{Compiled, Rule};
use problem::{Kind, Problem};

pub use keys::Key;

fn compiled() -> Result<&'static Compiled, Failure> {
    static COMPILED: OnceLock<Result<Compiled, String>> = OnceLock::new();
    COMPILED
        .get_or_init(|| compile::compile(include_str!("compose-spec.json")))
        .as_ref()
        .map_err(|error| Failure::failed("the specification's schema can't be read").because(error))
}

/// Every key that the specification knows, and whether it is refused.
///
/// # Errors
/// None, unless this program was built wrong.
pub fn keys() -> Result<Vec<Key>, Failure> {
    Ok(keys::all(compiled()?))
}

/// Checks a whole file.
pub(super) fn check(tree: &Tree) -> Result<(), Failure> {
    let compiled = compiled()?;
    let mut walk = Walk {
        compiled,
        path: Vec::new(),
    };
    match walk.check(tree, compiled.root()) {
        Some(problem) => Err(problem.failure()),
        None => Ok(()),
    }
}

struct Walk<'c> {
    compiled: &'c Compiled,
    path: Vec<String>,
}

impl<'c> Walk<'c> {
    fn problem<'t>(&self, tree: &'t Tree, kind: Kind<'c>) -> Problem<'t, 'c> {
        Problem {
            depth: self.path.len(),
            path: self.path.clone(),
            tree,
            span: &tree.span,
            kind,
        }
    }

    fn check<'t>(&mut self, tree: &'t Tree, rule: &'c Rule) -> Option<Problem<'t, 'c>> {
        if let Some(types) = &rule.types
            && !types.iter().any(|wanted| wanted.fits(tree))
        {
            return Some(self.problem(tree, Kind::Type(types.clone())));
        }
        if !rule.one_of.is_empty() {
            return self.one_of(tree, rule);
        }
        match &tree.value {
            Value::Text(text) => self.text(tree, text, rule),
            Value::Int(number) => {
                #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
                let number = *number as f64;
                self.number(tree, number, rule)
            }
            Value::Float(number) if !number.is_finite() => Some(self.problem(tree, Kind::NotFinite)),
            Value::Float(number) => self.number(tree, *number, rule),
            Value::List(items) => self.list(items, rule),
            Value::Map(_) => self.map(tree, rule),
            _ => None,
        }
    }

    /// None of the alternatives fits: the deepest complaint is the one that the user means, else all types together.
    fn one_of<'t>(&mut self, tree: &'t Tree, rule: &'c Rule) -> Option<Problem<'t, 'c>> {
        let mut wanted = Vec::new();
        let mut deepest: Option<Problem<'t, 'c>> = None;
        for id in &rule.one_of {
            match self.check(tree, self.compiled.rule(*id)) {
                None => return None,
                Some(Problem {
                    kind: Kind::Type(types),
                    depth,
                    ..
                }) if depth == self.path.len() => wanted.extend(types),
                Some(problem) => {
                    if deepest.as_ref().is_none_or(|other| problem.depth > other.depth) {
                        deepest = Some(problem);
                    }
                }
            }
        }
        Some(deepest.unwrap_or_else(|| self.problem(tree, Kind::Type(wanted))))
    }

    fn text<'t>(&self, tree: &'t Tree, text: &str, rule: &'c Rule) -> Option<Problem<'t, 'c>> {
        if !rule.words.is_empty() && !rule.words.iter().any(|word| word == text) {
            return Some(self.problem(tree, Kind::NoneOf(&rule.words)));
        }
        let pattern = rule.pattern.as_ref().filter(|pattern| !pattern.is_match(text))?;
        Some(self.problem(tree, Kind::Pattern(pattern.as_str())))
    }

    fn number<'t>(&self, tree: &'t Tree, number: f64, rule: &'c Rule) -> Option<Problem<'t, 'c>> {
        if let Some(least) = rule.minimum.filter(|least| number < *least) {
            return Some(self.problem(tree, Kind::Less(least)));
        }
        let most = rule.maximum.filter(|most| number > *most)?;
        Some(self.problem(tree, Kind::More(most)))
    }

    fn list<'t>(&mut self, items: &'t [Tree], rule: &'c Rule) -> Option<Problem<'t, 'c>> {
        if let Some(id) = rule.items {
            let rule = self.compiled.rule(id);
            for (index, item) in items.iter().enumerate() {
                self.path.push(format!("[{index}]"));
                let problem = self.check(item, rule);
                self.path.pop();
                if problem.is_some() {
                    return problem;
                }
            }
        }
        if rule.unique {
            let mut seen = HashSet::new();
            for (index, item) in items.iter().enumerate() {
                if !seen.insert(item.to_json().to_string()) {
                    self.path.push(format!("[{index}]"));
                    let problem = self.problem(item, Kind::Twice);
                    self.path.pop();
                    return Some(problem);
                }
            }
        }
        None
    }

    fn map<'t>(&mut self, tree: &'t Tree, rule: &'c Rule) -> Option<Problem<'t, 'c>> {
        let map = tree.map()?;
        for (name, entry) in map {
            self.path.push(name.clone());
            let problem = match rule.of_key(name) {
                Some(ids) => ids
                    .into_iter()
                    .find_map(|id| self.check(&entry.tree, self.compiled.rule(id))),
                None if rule.closed => Some(Problem {
                    span: &entry.key,
                    ..self.problem(&entry.tree, Kind::Unknown(rule))
                }),
                None => None,
            };
            self.path.pop();
            if problem.is_some() {
                return problem;
            }
        }
        let missing = rule.required.iter().find(|name| !map.contains_key(*name))?;
        Some(self.problem(tree, Kind::Missing(missing)))
    }
}
