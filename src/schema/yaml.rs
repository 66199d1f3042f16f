//! A tree of YAML as a value that a schema is held against.

use crate::yaml::{self, Node, Span};

use super::{Type, Value};

impl Value for Node {
    fn place(&self) -> &Span {
        &self.span
    }

    /// YAML's older words for booleans count, as Python's reader takes them so.
    fn is(&self, wanted: Type) -> bool {
        let value = match &self.value {
            yaml::Value::List(_) => return wanted == Type::List,
            yaml::Value::Map(_) => return wanted == Type::Map,
            yaml::Value::Scalar { .. } => self.to_json(),
        };
        match wanted {
            Type::Map | Type::List => false,
            // A number without end is null in JSON.
            Type::Null => self.is_null(),
            Type::Number => value.is_number(),
            Type::Whole => value.is_i64() || value.is_u64(),
            Type::Bool => value.is_boolean() || is_old_boolean(self),
            Type::Text => value.is_string(),
        }
    }

    fn as_text(&self) -> Option<&str> {
        self.text()
    }

    fn as_number(&self) -> Option<f64> {
        match self.value {
            yaml::Value::Scalar { .. } => self.to_json().as_f64(),
            _ => None,
        }
    }

    fn items(&self) -> &[Self] {
        match &self.value {
            yaml::Value::List(items) => items,
            _ => &[],
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &Span, &Self)> {
        let entries = self.entries().iter();
        entries.map(|(key, node)| (key.name.as_str(), &key.span, node))
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|node| !node.is_null())
    }

    fn told_apart(&self) -> String {
        self.to_json().to_string()
    }
}

fn is_old_boolean(node: &Node) -> bool {
    matches!(&node.value, yaml::Value::Scalar { text, plain: true }
        if matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off"))
}
