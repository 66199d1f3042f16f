//! What Compose adds to the merged whole: the default network, names, dependencies that other keys imply.

use super::canonical::clean;
use super::merge::started;
use super::tree::{Map, Tree, Value};
use super::variables::{Values, Variables};

/// Completes `root` for the project called `name`.
pub(super) fn normalize(root: &mut Tree, name: &str, variables: &Variables) {
    networks(root);
    for (_, entry) in root.entries_mut("services") {
        service(&mut entry.tree, variables);
    }
    names(root, name);
}

/// The default network is there when a service uses it.
fn networks(root: &mut Tree) {
    let span = root.span.clone();
    let mut uses_default = false;
    for (_, entry) in root.entries_mut("services") {
        let service = &mut entry.tree;
        if service.get("provider").is_some() || service.get("network_mode").is_some() {
            continue;
        }
        let joined = service
            .get("networks")
            .and_then(Tree::map)
            .filter(|map| !map.is_empty());
        if let Some(map) = joined {
            uses_default |= map.contains_key("default");
            continue;
        }
        uses_default = true;
        if let Some(map) = service.map_mut() {
            let default = Tree::map_at([("default", Tree::null_at(&span))], &span);
            map.insert("networks".to_owned(), default.entry());
        }
    }
    if uses_default && let Some(map) = root.map_mut() {
        let networks = &mut map
            .entry("networks".to_owned())
            .or_insert_with(|| Tree::map_at([], &span).entry())
            .tree;
        if networks.is_null() {
            networks.value = Value::Map(Map::new());
        }
        if let Some(networks) = networks.map_mut() {
            networks
                .entry("default".to_owned())
                .or_insert_with(|| Tree::null_at(&span).entry());
        }
    }
}

fn service(service: &mut Tree, variables: &Variables) {
    if service.get("pull_policy").and_then(Tree::text) == Some("if_not_present")
        && let Some(policy) = service.get_mut("pull_policy")
    {
        policy.value = Value::Text("missing".to_owned());
    }
    if let Some(build) = service.get_mut("build") {
        let span = build.span.clone();
        let bare = build.get("dockerfile").is_none_or(Tree::is_null)
            && build.get("dockerfile_inline").is_none_or(Tree::is_null);
        if let Some(map) = build.map_mut() {
            map.entry("context".to_owned())
                .or_insert_with(|| Tree::text_at(".", &span).entry());
            if bare {
                map.insert("dockerfile".to_owned(), Tree::text_at("Dockerfile", &span).entry());
            }
        }
        if let Some(args) = build.get_mut("args") {
            looked_up(args, variables, false);
        }
    }
    if let Some(environment) = service.get_mut("environment") {
        looked_up(environment, variables, true);
    }
    implied_dependencies(service);
    for mount in service
        .get_mut("volumes")
        .and_then(Tree::list_mut)
        .into_iter()
        .flatten()
    {
        if let Some(target) = mount.get_mut("target")
            && let Value::Text(text) = &mut target.value
        {
            *text = clean(text);
        }
    }
}

/// A name without a value takes the caller's.
fn looked_up(tree: &mut Tree, variables: &Variables, keep: bool) {
    match &mut tree.value {
        Value::Map(map) => {
            map.retain(|name, entry| match (entry.tree.is_null(), variables.get(name)) {
                (true, Some(value)) => {
                    entry.tree.value = Value::Text(value.to_owned());
                    entry.tree.taken_from(name);
                    true
                }
                (null, _) => !null || keep,
            });
        }
        Value::List(items) => {
            items.retain_mut(|item| {
                let Value::Text(text) = &mut item.value else {
                    return true;
                };
                if text.contains('=') {
                    return true;
                }
                match variables.get(text) {
                    Some(value) => {
                        let name = std::mem::replace(text, format!("{text}={value}"));
                        item.taken_from(&name);
                        true
                    }
                    None => keep,
                }
            });
        }
        _ => {}
    }
}

/// Living in another's namespace or using its volumes means depending on it.
fn implied_dependencies(service: &mut Tree) {
    let mut implied: Vec<(Tree, String, bool)> = Vec::new();
    for link in service.get("links").and_then(Tree::list).into_iter().flatten() {
        if let Some(text) = link.text() {
            let parts: Vec<&str> = text.split(':').collect();
            let name = if parts.len() == 2 { parts[0] } else { text };
            implied.push((link.clone(), name.to_owned(), true));
        }
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(mode) = service.get(key)
            && let Some(name) = mode.text().and_then(|text| text.strip_prefix("service:"))
        {
            implied.push((mode.clone(), name.to_owned(), true));
        }
    }
    for from in service.get("volumes_from").and_then(Tree::list).into_iter().flatten() {
        let name = from.text().filter(|text| !text.starts_with("container:"));
        if let Some(name) = name.and_then(|text| text.split(':').next()) {
            implied.push((from.clone(), name.to_owned(), false));
        }
    }
    if implied.is_empty() {
        return;
    }
    let span = service.span.clone();
    let Some(map) = service.map_mut() else {
        return;
    };
    let dependencies = &mut map
        .entry("depends_on".to_owned())
        .or_insert_with(|| Tree::map_at([], &span).entry())
        .tree;
    let Some(dependencies) = dependencies.map_mut() else {
        return;
    };
    for (at, name, restart) in implied {
        dependencies.entry(name).or_insert_with(|| {
            let mut dependency = started(&at);
            if let Some(map) = dependency.map_mut() {
                map.insert("restart".to_owned(), Tree::bool_at(restart, &at.span).entry());
            }
            dependency.entry()
        });
    }
}

/// What has no name of its own is called after its key.
fn names(root: &mut Tree, project: &str) {
    for kind in ["networks", "volumes", "configs", "secrets"] {
        for (key, entry) in root.entries_mut(kind) {
            if entry.tree.is_null() {
                entry.tree.value = Value::Map(Map::new());
            }
            let span = entry.key.clone();
            let external = entry
                .tree
                .get("external")
                .is_some_and(|tree| tree.value == Value::Bool(true));
            let Some(map) = entry.tree.map_mut() else {
                continue;
            };
            let name = if external {
                key.clone()
            } else {
                format!("{project}_{key}")
            };
            if map.get("name").is_none_or(|entry| entry.tree.is_null()) {
                map.insert("name".to_owned(), Tree::text_at(name, &span).entry());
            }
        }
    }
}
