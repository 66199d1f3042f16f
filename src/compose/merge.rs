//! Several files as one (`13-merge.md`): mappings are merged, lists appended, scalars replaced, with the
//! specification's exceptions; `!reset` drops and `!override` replaces what was there before.

use crate::yaml::{Key, Node, Tag, Value};

/// Lists of a service that replace instead of append, and mappings that do.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];
/// May be written as a list of `NAME=value`; merged by name.
const BY_NAME: [&str; 6] = ["environment", "labels", "annotations", "sysctls", "args", "options"];

/// `later` over `earlier`.
pub(super) fn merge(earlier: Node, later: Node) -> Node {
    merged("", earlier, later)
}

fn merged(key: &str, earlier: Node, later: Node) -> Node {
    if later.tag.is_some() || later.is_null() && !matches!(key, "build" | "networks") {
        // `!reset` is dropped from its mapping by `cleaned`; null keeps what was there, as in Compose.
        return if later.tag.is_some() { later } else { earlier };
    }
    if REPLACED.contains(&key) {
        return later;
    }
    let span = later.span.clone();
    let (earlier, later) = (as_map(key, earlier), as_map(key, later));
    let value = match (earlier.value, later.value) {
        (Value::Map(earlier), Value::Map(later)) => Value::Map(merged_maps(key, earlier, later)),
        (Value::List(earlier), Value::List(later)) => Value::List(merged_lists(key, earlier, later)),
        (_, later) => later,
    };
    Node { value, span, tag: None }
}

fn merged_maps(key: &str, mut entries: Vec<(Key, Node)>, later: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let driver = |entries: &[(Key, Node)]| {
        let (_, node) = entries.iter().find(|(key, _)| key.name == "driver")?;
        node.text().map(ToOwned::to_owned)
    };
    // Options belong to their log driver.
    if key == "logging" && driver(&later).is_some() && driver(&entries).is_some() && driver(&entries) != driver(&later)
    {
        return later;
    }
    for (key, node) in later {
        match entries.iter().position(|(there, _)| there.name == key.name) {
            Some(index) => {
                let (there, earlier) = entries.remove(index);
                let place = if node.tag.is_some() { key } else { there };
                let name = place.name.clone();
                entries.insert(index, (place, merged(&name, earlier, node)));
            }
            None => entries.push((key, node)),
        }
    }
    entries
}

/// Entries about the same thing (a mount's target, a port) are replaced, others appended.
fn merged_lists(key: &str, mut items: Vec<Node>, later: Vec<Node>) -> Vec<Node> {
    for node in later {
        let identity = identity(key, &node);
        match items.iter().position(|item| self::identity(key, item) == identity) {
            Some(index) => items[index] = node,
            None => items.push(node),
        }
    }
    items
}

fn identity(key: &str, node: &Node) -> String {
    let field = |name: &str| node.get(name).and_then(Node::text).map(ToOwned::to_owned);
    let short = node.text().unwrap_or_default();
    let found = match key {
        "volumes" => field("target").or_else(|| mount_target(short)),
        "secrets" | "configs" => field("target")
            .or_else(|| field("source"))
            .or_else(|| node.text().map(ToOwned::to_owned)),
        "devices" => short.split(':').nth(1).map(ToOwned::to_owned),
        _ => None,
    };
    found.unwrap_or_else(|| node.to_json().to_string())
}

fn mount_target(short: &str) -> Option<String> {
    let mut parts = short.split(':');
    let first = parts.next().filter(|first| !first.is_empty())?;
    Some(parts.next().unwrap_or(first).to_owned())
}

/// The mapping that a list or a string stands for, where the specification lets either be written.
fn as_map(key: &str, node: Node) -> Node {
    let span = node.span.clone();
    let scalar = |text: &str, plain| Node {
        value: Value::Scalar {
            text: text.to_owned(),
            plain,
        },
        span: span.clone(),
        tag: None,
    };
    let value = match node.value {
        Value::List(items) if BY_NAME.contains(&key) => Value::Map(
            items
                .into_iter()
                .map(|item| {
                    let text = item.text().unwrap_or_default().to_owned();
                    let (name, value) = match text.split_once('=') {
                        Some((name, value)) => (name, scalar(value, false)),
                        None => (text.as_str(), scalar("", true)),
                    };
                    let key = Key {
                        name: name.to_owned(),
                        span: item.span.clone(),
                    };
                    let value = Node {
                        span: item.span,
                        ..value
                    };
                    (key, value)
                })
                .collect(),
        ),
        Value::List(items)
            if key == "depends_on" || key == "networks" && items.iter().all(|item| item.text().is_some()) =>
        {
            let entries = items.into_iter().map(|item| {
                let name = item.text().unwrap_or_default().to_owned();
                let value = scalar("", true);
                let span = item.span;
                (Key { name, span }, value)
            });
            Value::Map(entries.collect())
        }
        Value::Scalar { text, plain } if key == "build" && !text.is_empty() => {
            let context = Key {
                name: "context".to_owned(),
                span: span.clone(),
            };
            Value::Map(vec![(context, scalar(&text, plain))])
        }
        other => other,
    };
    Node { value, ..node }
}

/// Without what `!reset` drops. Done once, after the last file.
pub(super) fn cleaned(mut node: Node) -> Node {
    match &mut node.value {
        Value::Map(entries) => {
            let kept = std::mem::take(entries)
                .into_iter()
                .filter(|(_, value)| value.tag != Some(Tag::Reset));
            *entries = kept.map(|(key, value)| (key, cleaned(value))).collect();
        }
        Value::List(items) => {
            let kept = std::mem::take(items)
                .into_iter()
                .filter(|item| item.tag != Some(Tag::Reset));
            *items = kept.map(cleaned).collect();
        }
        Value::Scalar { .. } => {}
    }
    node
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::yaml::{Source, parse};

    fn both(earlier: &str, later: &str) -> Json {
        let read = |text: &str| parse(&Source::new(Path::new("f.yml"), text.to_owned())).unwrap();
        cleaned(merge(read(earlier), read(later))).to_json()
    }

    #[test]
    fn the_specifications_rules() {
        for (earlier, later, wanted) in [
            (
                "a: {x: 1, y: 1}",
                "a: {y: 2, z: 2}",
                json!({"a": {"x": 1, "y": 2, "z": 2}}),
            ),
            ("command: [a]", "command: [b]", json!({"command": ["b"]})),
            ("entrypoint: a", "entrypoint: [b]", json!({"entrypoint": ["b"]})),
            (
                "healthcheck: {test: [CMD, a], retries: 1}",
                "healthcheck: {test: [CMD, b]}",
                json!({"healthcheck": {"test": ["CMD", "b"], "retries": 1}}),
            ),
            (
                "expose: ['1', '2']",
                "expose: ['2', '3']",
                json!({"expose": ["1", "2", "3"]}),
            ),
            (
                "environment: [A=1, B=1]",
                "environment: {B: 2, C: 2}",
                json!({"environment": {"A": "1", "B": 2, "C": 2}}),
            ),
            (
                "depends_on: [a]",
                "depends_on: {b: {condition: service_healthy}}",
                json!({"depends_on": {"a": null, "b": {"condition": "service_healthy"}}}),
            ),
            (
                "volumes: ['./a:/x', v:/y]",
                "volumes: [{type: bind, source: b, target: /x}]",
                json!({"volumes": [{"type": "bind", "source": "b", "target": "/x"}, "v:/y"]}),
            ),
            (
                "ports: ['1:1']",
                "ports: ['2:2', '1:1']",
                json!({"ports": ["1:1", "2:2"]}),
            ),
            ("ports: ['1:1']\nx: 1", "ports: !reset []", json!({"x": 1})),
            ("ports: ['1:1']", "ports: !override ['2:2']", json!({"ports": ["2:2"]})),
            (
                "build: .",
                "build: {target: t}",
                json!({"build": {"context": ".", "target": "t"}}),
            ),
            (
                "logging: {driver: a, options: {x: 1}}",
                "logging: {driver: b}",
                json!({"logging": {"driver": "b"}}),
            ),
            ("image: a", "image:", json!({"image": "a"})),
        ] {
            assert_eq!(both(earlier, later), wanted, "{earlier} + {later}");
        }
    }
}
