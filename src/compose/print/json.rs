//! JSON as Go's `encoding/json` writes it, HTML's signs escaped.

use std::fmt::Write as _;

use crate::compose::tree::{Tree, Value};

use super::float;

/// Two spaces a level, no line end.
pub(in crate::compose) fn pretty(tree: &Tree) -> String {
    let mut out = String::new();
    write(&mut out, tree, Some(0));
    out
}

/// Without any white space.
pub(in crate::compose) fn compact(tree: &Tree) -> String {
    let mut out = String::new();
    write(&mut out, tree, None);
    out
}

fn write(out: &mut String, tree: &Tree, indent: Option<usize>) {
    match &tree.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Uint(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float::in_json(*value)),
        Value::Time(time) => string(out, &time.rfc3339()),
        Value::Text(text) => string(out, text),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index, indent);
                write(out, item, indent.map(|indent| indent + 2));
            }
            close(out, items.is_empty(), indent, ']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (name, entry)) in map.iter().enumerate() {
                separate(out, index, indent);
                string(out, name);
                out.push(':');
                if indent.is_some() {
                    out.push(' ');
                }
                write(out, &entry.tree, indent.map(|indent| indent + 2));
            }
            close(out, map.is_empty(), indent, '}');
        }
    }
}

fn separate(out: &mut String, index: usize, indent: Option<usize>) {
    if index > 0 {
        out.push(',');
    }
    if let Some(indent) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent + 2));
    }
}

fn close(out: &mut String, empty: bool, indent: Option<usize>, bracket: char) {
    if let Some(indent) = indent.filter(|_| !empty) {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    }
    out.push(bracket);
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // A String takes everything.
                let _infallible = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
