//! JSON values as YAML in Compose's own style: two spaces, lists indented under their key, quotes only where needed.

use std::fmt::Write as _;

use serde_json::Value;

/// `value` as a YAML document.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    block(&mut out, value, 0);
    out
}

fn block(out: &mut String, value: &Value, indent: usize) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                out.push_str(&pad);
                out.push_str(&scalar(key));
                out.push(':');
                after(out, value, indent + 2);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        let mut inner = String::new();
                        block(&mut inner, item, indent + 2);
                        // The first key stands on the dash's line.
                        out.push_str(&pad);
                        out.push_str("- ");
                        out.push_str(inner.trim_start());
                    }
                    _ => {
                        out.push_str(&pad);
                        out.push('-');
                        after(out, item, indent + 2);
                    }
                }
            }
        }
        other => {
            out.push_str(&pad);
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
}

fn after(out: &mut String, value: &Value, indent: usize) {
    let nested = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        out.push('\n');
        block(out, value, indent);
    } else {
        out.push(' ');
        out.push_str(&inline(value));
        out.push('\n');
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => scalar(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// Plain where every YAML reader takes it for the same string, quoted else.
fn scalar(text: &str) -> String {
    let first = text.chars().next();
    let safe_first =
        first.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '$' | '(') || !c.is_ascii());
    let safe = safe_first
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(char::is_control);
    if safe && !looks_typed(text) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                // A String takes everything.
                let _infallible = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Would be read as a number, a boolean, null or a date without quotes, by YAML 1.1 too.
fn looks_typed(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let word = matches!(
        lower.as_str(),
        "null" | "~" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | ".inf" | ".nan"
    );
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | ':' | '-' | 'e' | 'E' | 'o' | '+');
    let number = text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(numeric);
    word || number || lower.starts_with("0x") || text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::yaml::{Source, parse};

    #[test]
    fn looks_like_composes_own() {
        let value = json!({"services": {"a": {"command": null, "ports": [{"target": 80, "published": "8001"}], "expose": ["80"],
            "list": [[1, 2], "x"], "empty": {}, "none": []}}});
        insta::assert_snapshot!(to_yaml(&value), @r#"
        services:
          a:
            command: null
            ports:
              - target: 80
                published: "8001"
            expose:
              - "80"
            list:
              -
                - 1
                - 2
              - x
            empty: {}
            none: []
        "#);
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same() {
        let texts = [
            "",
            " x",
            "x ",
            "yes",
            "0x1F",
            "1e3",
            "1.5",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "*a",
            "&a",
            "!a",
            "{a}",
            "[a]",
            "a\nb",
            "tab\t",
            "\"q\"",
            "it's",
            "back\\slash",
            "12:30",
            "~",
            "null",
            "ünï",
            "@a",
            "`a`",
            "%a",
            "a:",
            ":a",
            "\u{1}",
            "$$x",
            "2026-01-01",
            "? a",
            "| a",
            "> a",
            "=",
            "<<",
            "a, b",
            "(x)",
        ];
        for text in texts {
            let value = json!({ "k": text, "l": [text], text: 1 });
            let printed = to_yaml(&value);
            let read = parse(&Source::new(Path::new("f.yml"), printed.clone())).unwrap();
            assert_eq!(read.to_json(), value, "{printed}");
        }
    }
}
