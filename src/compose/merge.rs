//! Several files as one (`13-merge.md`): mappings are merged, lists appended without what exists already, scalars
//! replaced, with the specification's exceptions. What `!reset` and `!override` name is taken out before.

use indexmap::map::Entry as Slot;

use crate::failure::Failure;

use super::distinct::Distinct;
use super::tree::{Entry, Map, Tree, Value};

/// Address pools of two files, each of one with each of the other: a network has one or two.
const MOST_PAIRS: usize = 10_000;

/// `later` over `earlier`, both at `path` of a file.
pub(super) fn merge(earlier: Tree, later: Tree, path: &mut Vec<String>) -> Result<Tree, Failure> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    match special(&parts) {
        Some(Special::Replace) => return Ok(later),
        Some(Special::List) => return Ok(appended(as_list(earlier), as_list(later))),
        Some(Special::ByName) => return Ok(by_name(as_list(earlier), as_list(later))),
        Some(Special::Build) => return maps(as_build(earlier), as_build(later), path),
        Some(Special::DependsOn) => {
            return maps(as_mapping(earlier, true, path)?, as_mapping(later, true, path)?, path);
        }
        Some(Special::Names) => return maps(as_mapping(earlier, false, path)?, as_mapping(later, false, path)?, path),
        Some(Special::Logging) => return logging(earlier, later, path),
        Some(Special::Ulimit) => {
            return match (&earlier.value, &later.value) {
                (Value::Map(_), Value::Map(_)) => maps(earlier, later, path),
                _ => Ok(later),
            };
        }
        Some(Special::Pools) => return pools(&earlier, &later, path),
        None => {}
    }
    if later.is_null() {
        return Ok(earlier);
    }
    match (&earlier.value, &later.value) {
        (Value::Map(_), Value::Map(_)) => maps(earlier, later, path),
        (Value::List(_), Value::List(_)) => Ok(appended(earlier, later)),
        (Value::Map(_) | Value::List(_), _) => {
            let why = format!("{} can't be merged with {}", later.kind(), earlier.kind());
            let hint = format!(
                "the other is at {}:{}; `!override` replaces instead of merging",
                earlier.span.source.path.display(),
                earlier.span.line
            );
            Err(later.wrong(&path.join("."), why).hint(hint))
        }
        _ => Ok(later),
    }
}

enum Special {
    Replace,
    List,
    ByName,
    Build,
    DependsOn,
    Names,
    Logging,
    Ulimit,
    Pools,
}

fn special(path: &[&str]) -> Option<Special> {
    match path {
        ["networks", _, "ipam", "config"] => Some(Special::Pools),
        ["networks" | "volumes" | "secrets" | "configs", _, "labels"] => Some(Special::ByName),
        ["services", _, rest @ ..] => match rest {
            ["command" | "entrypoint"] | ["healthcheck", "test"] => Some(Special::Replace),
            ["annotations" | "environment" | "labels" | "sysctls"]
            | ["build", "args" | "additional_contexts" | "labels"]
            | ["deploy", "labels"]
            | ["volumes", _, "volume", "labels"] => Some(Special::ByName),
            ["dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "extra_hosts" | "tmpfs"]
            | ["build", "extra_hosts"] => Some(Special::List),
            ["build"] => Some(Special::Build),
            ["depends_on"] => Some(Special::DependsOn),
            ["models" | "networks"] => Some(Special::Names),
            ["logging"] => Some(Special::Logging),
            ["ulimits", _] => Some(Special::Ulimit),
            _ => None,
        },
        _ => None,
    }
}

/// The entries of two mappings; anything else counts as an empty one.
fn maps(earlier: Tree, later: Tree, path: &mut Vec<String>) -> Result<Tree, Failure> {
    let span = later.span.clone();
    let entries = |tree: Tree| match tree.value {
        Value::Map(map) => map,
        _ => Map::new(),
    };
    let mut all = entries(earlier);
    for (name, entry) in entries(later) {
        match all.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => {
                path.push(slot.key().clone());
                let there = std::mem::replace(&mut slot.get_mut().tree, Tree::null_at(&span));
                let is_kept = entry.tree.is_null();
                let merged = slot.get_mut();
                merged.tree = merge(there, entry.tree, path)?;
                // Of a mapping, such as a service, the first file says where it begins.
                if !is_kept && merged.tree.map().is_none() {
                    merged.key = entry.key;
                }
                path.pop();
            }
        }
    }
    Ok(Tree::new(Value::Map(all), &span))
}

fn appended(earlier: Tree, later: Tree) -> Tree {
    let span = later.span.clone();
    let items = |tree: Tree| match tree.value {
        Value::List(items) => items,
        _ => Vec::new(),
    };
    let mut all = Distinct::default();
    for item in items(earlier) {
        all.push(item);
    }
    for item in items(later) {
        all.insert(item);
    }
    Tree::new(Value::List(all.into_items()), &span)
}

/// `NAME=value` entries: a later one takes the place of an earlier one of its name.
fn by_name(earlier: Tree, later: Tree) -> Tree {
    let span = later.span.clone();
    let items = |tree: Tree| match tree.value {
        Value::List(items) => items,
        _ => Vec::new(),
    };
    let mut all: indexmap::IndexMap<String, Tree> = indexmap::IndexMap::new();
    for item in items(earlier).into_iter().chain(items(later)) {
        let text = item.printed();
        let name = text.split('=').next().unwrap_or_default().to_owned();
        all.insert(name, item);
    }
    Tree::new(Value::List(all.into_values().collect()), &span)
}

/// The list of `NAME=value` that a mapping stands for, sorted as Compose sorts it.
fn as_list(tree: Tree) -> Tree {
    let span = tree.span.clone();
    let value = match tree.value {
        Value::Map(map) => {
            let mut items: Vec<(String, Entry)> = Vec::new();
            for (name, entry) in map {
                match &entry.tree.value {
                    Value::Null => items.push((name, entry)),
                    Value::List(values) => {
                        for value in values {
                            let text = format!("{name}={}", value.printed());
                            items.push((text, value.clone().entry()));
                        }
                    }
                    _ => items.push((format!("{name}={}", entry.tree.printed()), entry)),
                }
            }
            items.sort_by(|(a, _), (b, _)| a.cmp(b));
            let items = items.into_iter().map(|(text, entry)| Tree {
                variables: entry.tree.variables.clone(),
                ..Tree::text_at(text, &entry.key)
            });
            Value::List(items.collect())
        }
        Value::Text(_) => Value::List(vec![tree]),
        other => other,
    };
    Tree::new(value, &span)
}

fn as_build(tree: Tree) -> Tree {
    match tree.value {
        Value::Text(_) => {
            let span = tree.span.clone();
            Tree::map_at([("context", tree)], &span)
        }
        _ => tree,
    }
}

/// The mapping that a list of names stands for.
fn as_mapping(tree: Tree, dependencies: bool, path: &[String]) -> Result<Tree, Failure> {
    let span = tree.span.clone();
    let names = match tree.value {
        Value::Map(_) => return Ok(tree),
        Value::Null => Vec::new(),
        Value::Text(_) => vec![tree],
        Value::List(items) => items,
        _ => {
            return Err(tree.wrong(
                &path.join("."),
                format!("must be a list or a mapping, not {}", tree.kind()),
            ));
        }
    };
    let mut map = Map::new();
    for name in names {
        let Some(text) = name.text() else {
            return Err(name.wrong(&path.join("."), format!("must contain names, not {}", name.kind())));
        };
        let value = if dependencies {
            started(&name)
        } else {
            Tree::null_at(&name.span)
        };
        map.insert(text.to_owned(), value.entry());
    }
    Ok(Tree::new(Value::Map(map), &span))
}

/// The long form of a dependency that is only named.
pub(super) fn started(name: &Tree) -> Tree {
    let span = &name.span;
    Tree::map_at(
        [
            ("condition", Tree::text_at("service_started", span)),
            ("required", Tree::bool_at(true, span)),
        ],
        span,
    )
}

/// Options belong to their log driver.
fn logging(earlier: Tree, later: Tree, path: &mut Vec<String>) -> Result<Tree, Failure> {
    for tree in [&earlier, &later] {
        if tree.map().is_none() {
            return Err(tree.wrong(&path.join("."), format!("must be a mapping, not {}", tree.kind())));
        }
    }
    match (earlier.get("driver"), later.get("driver")) {
        (Some(a), Some(b)) if a != b => Ok(later),
        _ => maps(earlier, later, path),
    }
}

/// Address pools: a later one of the same subnet is merged in, one of another subnet takes the place of all. This is
/// what Compose's code comes to, step by step; what it does to several at once is odd, and the same here.
fn pools(earlier: &Tree, later: &Tree, path: &mut Vec<String>) -> Result<Tree, Failure> {
    let (Some(ours), Some(theirs)) = (earlier.list(), later.list()) else {
        let wrong = if earlier.list().is_none() { earlier } else { later };
        return Err(wrong.wrong(&path.join("."), format!("must be a list, not {}", wrong.kind())));
    };
    if ours.len().saturating_mul(theirs.len()) > MOST_PAIRS {
        let why = format!(
            "too many address pools to merge: {} earlier, {} later",
            ours.len(),
            theirs.len()
        );
        return Err(later
            .wrong(&path.join("."), why)
            .hint("shorten the list, or use `!override` to replace the earlier one"));
    }
    // A pool may be named twice in the result and changed later: `all` says which, not what.
    let mut pools: Vec<Tree> = ours.iter().chain(theirs).cloned().collect();
    let mut all: Vec<usize> = Vec::new();
    let subnet = |pool: &Tree| pool.get("subnet").cloned();
    for own in 0..ours.len() {
        for other in ours.len()..pools.len() {
            let wanted = subnet(&pools[other]);
            if wanted != subnet(&pools[own]) && !all.iter().any(|known| subnet(&pools[*known]) == wanted) {
                all.push(other);
                continue;
            }
            pools[own] = maps(pools[own].clone(), pools[other].clone(), path)?;
            let merged = subnet(&pools[own]);
            match all.iter().position(|known| subnet(&pools[*known]) == merged) {
                Some(index) => all[index] = own,
                None => all.push(own),
            }
        }
    }
    let all = all.into_iter().map(|index| pools[index].clone()).collect();
    Ok(Tree::new(Value::List(all), &later.span))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::compose::tree::from_yaml;
    use crate::yaml::{Source, parse};

    /// Two services' keys as one.
    fn both(earlier: &str, later: &str) -> Json {
        let read = |text: &str| {
            let text = format!("services: {{a: {{{text}}}}}");
            from_yaml(parse(&Source::new(Path::new("f.yml"), text)).unwrap()).unwrap()
        };
        let (mut earlier, _) = read(earlier);
        let (later, resets) = read(later);
        resets.take_out_of(&mut earlier);
        let merged = merge(earlier, later, &mut Vec::new()).unwrap();
        merged.get("services").unwrap().get("a").unwrap().to_json()
    }

    #[test]
    fn the_specifications_rules() {
        for (earlier, later, wanted) in [
            (
                "x-a: {x: 1, y: 1}",
                "x-a: {y: 2, z: 2}",
                json!({"x-a": {"x": 1, "y": 2, "z": 2}}),
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
                "environment: {B: 2, C: 2, D: }",
                json!({"environment": ["A=1", "B=2", "C=2", "D"]}),
            ),
            (
                "depends_on: [a]",
                "depends_on: {b: {condition: service_healthy}}",
                json!({"depends_on": {"a": {"condition": "service_started", "required": true}, "b": {"condition": "service_healthy"}}}),
            ),
            (
                "ports: ['1:1']",
                "ports: ['2:2', '1:1']",
                json!({"ports": ["1:1", "2:2"]}),
            ),
            ("ports: ['1:1'], x-y: 1", "ports: !reset []", json!({"x-y": 1})),
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
            ("dns: 1.1.1.1", "dns: [8.8.8.8]", json!({"dns": ["1.1.1.1", "8.8.8.8"]})),
            (
                "ulimits: {a: 1}",
                "ulimits: {a: {soft: 1, hard: 2}}",
                json!({"ulimits": {"a": {"soft": 1, "hard": 2}}}),
            ),
        ] {
            assert_eq!(both(earlier, later), wanted, "{earlier} + {later}");
        }
    }
}
