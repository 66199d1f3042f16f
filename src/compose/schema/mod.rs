//! The specification's own schema, walked over a tree that knows its places: what Compose accepts is accepted, and
//! what it refuses is refused at its line.

mod keys;
mod problem;

use std::sync::OnceLock;

use crate::failure::Failure;
use crate::schema::{self, Compiled, Type};
use crate::yaml::Span;

use super::tree::{Tree, Value};

pub use keys::Key;

fn compiled() -> Result<&'static Compiled, Failure> {
    static COMPILED: OnceLock<Result<Compiled, String>> = OnceLock::new();
    let compile = || {
        let schema = serde_json::from_str(include_str!("compose-spec.json")).map_err(|error| error.to_string())?;
        schema::compile(&schema)
    };
    COMPILED
        .get_or_init(compile)
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
    match schema::problems(compiled()?, tree, 1).first() {
        Some(first) => Err(problem::failure(first)),
        None => Ok(()),
    }
}

impl schema::Value for Tree {
    fn place(&self) -> &Span {
        &self.span
    }

    fn is(&self, wanted: Type) -> bool {
        match &self.value {
            Value::Null => wanted == Type::Null,
            Value::Bool(_) => wanted == Type::Bool,
            Value::Int(_) | Value::Uint(_) => matches!(wanted, Type::Number | Type::Whole),
            // `1.0` is a whole number; what is no number at all is refused elsewhere.
            Value::Float(number) => wanted == Type::Number || wanted == Type::Whole && number.fract() == 0.0,
            Value::Text(_) | Value::Time(_) => wanted == Type::Text,
            Value::List(_) => wanted == Type::List,
            Value::Map(_) => wanted == Type::Map,
        }
    }

    fn as_text(&self) -> Option<&str> {
        self.text()
    }

    #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
    fn as_number(&self) -> Option<f64> {
        match self.value {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    fn items(&self) -> &[Self] {
        self.list().unwrap_or_default()
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &Span, &Self)> {
        let entries = self.map().into_iter().flatten();
        entries.map(|(name, entry)| (name.as_str(), &entry.key, &entry.tree))
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn told_apart(&self) -> String {
        self.to_json().to_string()
    }
}
