//! Every key that the specification knows, for the documentation.

use crate::compose::refused::{REFUSED, Refused};

use crate::schema::{Compiled, Id, Pattern, Rule};

/// A key of the specification.
#[derive(Debug)]
pub struct Key {
    /// Where it stands: names, `*` for any, `[]` for each item of a list.
    pub path: String,
    /// The lines of the table of refused keys that are about it: why, and what to use instead.
    pub refused: Vec<&'static Refused>,
}

/// All keys, in the order of the alphabet; what is below a key that is refused whole isn't named.
pub(super) fn all(compiled: &Compiled) -> Vec<Key> {
    let mut walk = Walk {
        compiled,
        keys: Vec::new(),
    };
    walk.below("", compiled.root());
    walk.keys.sort_by(|a, b| a.path.cmp(&b.path));
    walk.keys.dedup_by(|a, b| a.path == b.path);
    walk.keys
}

struct Walk<'c> {
    compiled: &'c Compiled,
    keys: Vec<Key>,
}

impl Walk<'_> {
    fn below(&mut self, path: &str, rule: &Rule) {
        let join = |name: &str| {
            if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            }
        };
        for (name, id) in &rule.properties {
            let path = join(name);
            let refused: Vec<&Refused> = REFUSED.iter().filter(|refused| refused.path == path).collect();
            let whole = refused.iter().any(|refused| refused.value.is_none());
            self.keys.push(Key {
                path: path.clone(),
                refused,
            });
            if !whole {
                self.into(&path, *id);
            }
        }
        for (pattern, id) in &rule.patterns {
            // A mapping of names to structures; values of the user's own have no keys.
            if matches!(pattern, Pattern::Name | Pattern::Lower) {
                self.into(&join("*"), *id);
            }
        }
        if let Some(id) = rule.items {
            self.into(&join("[]"), id);
        }
    }

    fn into(&mut self, path: &str, id: Id) {
        let rule = self.compiled.rule(id);
        self.below(path, rule);
        for id in &rule.one_of {
            self.into(path, *id);
        }
    }
}
