//! Short forms become long ones: after this there is one way to write each thing.

use crate::failure::Failure;

use super::budget::Budget;
use super::merge::started;
use super::mount_text::{self, MountText};
use super::port_text;
use super::tree::{Map, Tree, Value};

/// Most ports that one service may publish, its ranges written out. Media servers publish up to 16,385 (16384-32768); the
/// engine runs a process for each.
const MOST_PORTS: usize = 20_000;
/// How many values a port comes to in its long form.
const VALUES_A_PORT: usize = 6;

/// Rewrites all of `root`. Without interpolation what can't be understood stays as it is: it may hold variables.
pub(super) fn canonical(root: &mut Tree, lenient: bool, budget: &mut Budget) -> Result<(), Failure> {
    for (name, entry) in root.entries_mut("services") {
        Service {
            path: &format!("services.{name}"),
            lenient,
            budget,
        }
        .rewrite(&mut entry.tree)?;
    }
    for kind in ["networks", "volumes", "secrets", "configs"] {
        for (name, entry) in root.entries_mut(kind) {
            external(&mut entry.tree, &format!("{kind}.{name}"))?;
        }
    }
    Ok(())
}

struct Service<'p> {
    path: &'p str,
    lenient: bool,
    budget: &'p mut Budget,
}

impl Service<'_> {
    fn rewrite(&mut self, service: &mut Tree) -> Result<(), Failure> {
        let Some(map) = service.map_mut() else {
            return Ok(());
        };
        for (key, entry) in map {
            let tree = &mut entry.tree;
            match key.as_str() {
                "build" => self.build(tree)?,
                "depends_on" => self.depends_on(tree)?,
                "devices" => self.each(tree, key, |item| self.device(item))?,
                "dns" | "label_file" => list_of_one(tree),
                "env_file" => self.env_file(tree)?,
                "extends" if tree.text().is_some() => wrap(tree, "service"),
                "networks" | "models" => names(tree),
                "ports" => self.ports(tree)?,
                "secrets" | "configs" => self.each(tree, key, reference)?,
                "volumes" => self.each(tree, key, |item| self.mount(item))?,
                _ => {}
            }
        }
        Ok(())
    }

    fn each(
        &self,
        tree: &mut Tree,
        key: &str,
        rewrite: impl Fn(&mut Tree) -> Result<(), String>,
    ) -> Result<(), Failure> {
        let Some(items) = tree.list_mut() else {
            return Ok(());
        };
        for (index, item) in items.iter_mut().enumerate() {
            let rewritten = rewrite(item);
            rewritten.map_err(|why| {
                let failure = item.wrong(&format!("{}.{key}[{index}]", self.path), why);
                match key {
                    "volumes" => failure.hint("write a mount as `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS`"),
                    "devices" => failure.hint("write a device as `SOURCE:TARGET` or `SOURCE:TARGET:PERMISSIONS`"),
                    _ => failure,
                }
            })?;
        }
        Ok(())
    }

    fn build(&self, tree: &mut Tree) -> Result<(), Failure> {
        if tree.text().is_some() {
            wrap(tree, "context");
        }
        if let Some(secrets) = tree.get_mut("secrets") {
            self.each(secrets, "build.secrets", reference)?;
        }
        for key in ["provenance", "sbom"] {
            if let Some(found) = tree.get_mut(key)
                && found.text().is_none()
            {
                *found = Tree::text_at(found.printed(), &found.span);
            }
        }
        Ok(())
    }

    fn depends_on(&self, tree: &mut Tree) -> Result<(), Failure> {
        let span = tree.span.clone();
        match &mut tree.value {
            Value::Map(map) => {
                for (name, entry) in map {
                    let span = entry.tree.span.clone();
                    let Some(dependency) = entry.tree.map_mut() else {
                        return Err(entry
                            .tree
                            .wrong(&format!("{}.depends_on.{name}", self.path), "must be a mapping"));
                    };
                    let add = |map: &mut Map, key: &str, value: Tree| {
                        map.entry(key.to_owned()).or_insert_with(|| value.entry());
                    };
                    add(dependency, "condition", Tree::text_at("service_started", &span));
                    add(dependency, "required", Tree::bool_at(true, &span));
                }
            }
            Value::List(items) => {
                let entries = items
                    .iter()
                    .filter_map(|item| Some((item.text()?.to_owned(), started(item).entry())));
                tree.value = Value::Map(entries.collect());
            }
            _ => {
                return Err(
                    Tree::null_at(&span).wrong(&format!("{}.depends_on", self.path), "must be a list or a mapping")
                );
            }
        }
        Ok(())
    }

    /// `SOURCE[:TARGET[:PERMISSIONS]]`.
    fn device(&self, item: &mut Tree) -> Result<(), String> {
        let Some(text) = item.text() else {
            return Ok(());
        };
        let parts: Vec<&str> = text.split(':').collect();
        let (source, target, permissions) = match parts.as_slice() {
            [source] => (*source, "", "rwm"),
            [source, target] => (*source, *target, "rwm"),
            [source, target, permissions] => (*source, *target, *permissions),
            _ if self.lenient => ("", "", "rwm"),
            _ => return Err("too many colons".to_owned()),
        };
        let target = if target.is_empty() { source } else { target };
        let part = |text: &str| Tree::text_at(text, &item.span);
        *item = Tree::map_at(
            [
                ("source", part(source)),
                ("target", part(target)),
                ("permissions", part(permissions)),
            ],
            &item.span,
        );
        Ok(())
    }

    fn env_file(&self, tree: &mut Tree) -> Result<(), Failure> {
        list_of_one(tree);
        self.each(tree, "env_file", |item| {
            if item.text().is_some() {
                wrap(item, "path");
            }
            let span = item.span.clone();
            if let Some(map) = item.map_mut() {
                map.entry("required".to_owned())
                    .or_insert_with(|| Tree::bool_at(true, &span).entry());
            }
            Ok(())
        })
    }

    fn ports(&mut self, tree: &mut Tree) -> Result<(), Failure> {
        let Some(items) = tree.list() else {
            return Ok(());
        };
        let mut ports = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let too_many = |count: usize| {
                let why = format!("more than {MOST_PORTS} ports in one service");
                let failure = item.wrong(&format!("{}.ports[{index}]", self.path), why);
                if count > MOST_PORTS {
                    Err(failure.hint("`network_mode: host` makes all ports available"))
                } else {
                    Ok(())
                }
            };
            too_many(ports.len() + 1)?;
            let text = match &item.value {
                Value::Int(number) => number.to_string(),
                Value::Text(text) => text.clone(),
                Value::Map(_) => {
                    ports.push(item.clone());
                    continue;
                }
                _ => {
                    let why = format!("must be a port, not {}", item.kind());
                    return Err(item.wrong(&format!("{}.ports[{index}]", self.path), why));
                }
            };
            let parsed = match port_text::parse(&text) {
                Ok(parsed) => parsed,
                Err(_) if self.lenient => return Ok(()),
                Err(why) => {
                    let why = if item.is_from_variable() {
                        "not a valid port after interpolation".to_owned()
                    } else {
                        why
                    };
                    let hint = "write a port as `PUBLISHED:TARGET` or `IP:PUBLISHED:TARGET`, from 1 to 65535";
                    return Err(item.wrong(&format!("{}.ports[{index}]", self.path), why).hint(hint));
                }
            };
            too_many(ports.len() + parsed.len())?;
            self.budget.take(parsed.len() * VALUES_A_PORT).map_err(|spent| {
                let path = format!("{}.ports[{index}]", self.path);
                item.wrong(&path, format!("the project has {spent}"))
            })?;
            for port in parsed.ports() {
                let text = |text: &str| Tree::text_at(text, &item.span);
                let mut fields = vec![
                    ("mode", text("ingress")),
                    ("target", Tree::new(Value::Int(i64::from(port.target)), &item.span)),
                    ("protocol", text(&port.protocol)),
                ];
                if !port.host_ip.is_empty() {
                    fields.push(("host_ip", text(&port.host_ip)));
                }
                if !port.published.is_empty() {
                    fields.push(("published", text(&port.published)));
                }
                let variables = item.variables.clone();
                ports.push(Tree {
                    variables,
                    ..Tree::map_at(fields, &item.span)
                });
            }
        }
        tree.value = Value::List(ports);
        Ok(())
    }

    fn mount(&self, item: &mut Tree) -> Result<(), String> {
        let Some(text) = item.text() else {
            return Ok(());
        };
        match mount_text::parse(text) {
            Ok(mount) => {
                *item = long(&mount, item);
                Ok(())
            }
            Err(_) if self.lenient => Ok(()),
            Err(why) => Err(why),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of several rewrites of items")]
fn reference(item: &mut Tree) -> Result<(), String> {
    if item.text().is_some() {
        wrap(item, "source");
    }
    Ok(())
}

fn long(mount: &MountText, item: &Tree) -> Tree {
    let span = &item.span;
    let text = |text: &str| Tree {
        variables: item.variables.clone(),
        ..Tree::text_at(text, span)
    };
    let bind = mount.is_bind();
    let mut fields = vec![("type", text(if bind { "bind" } else { "volume" }))];
    if !mount.source.is_empty() {
        fields.push(("source", text(&mount.source)));
    }
    if !mount.target.is_empty() {
        fields.push(("target", text(&clean(&mount.target))));
    }
    if mount.read_only {
        fields.push(("read_only", Tree::bool_at(true, span)));
    }
    if bind || mount.has_bind_options() {
        let mut options = Vec::new();
        if let Some(selinux) = &mount.selinux {
            options.push(("selinux", text(selinux)));
        }
        if let Some(propagation) = &mount.propagation {
            options.push(("propagation", text(propagation)));
        }
        if bind {
            options.push(("create_host_path", Tree::bool_at(true, span)));
        }
        fields.push(("bind", Tree::map_at(options, span)));
    }
    if !bind || mount.no_copy {
        let options = mount.no_copy.then(|| ("nocopy", Tree::bool_at(true, span)));
        fields.push(("volume", Tree::map_at(options, span)));
    }
    Tree::map_at(fields, span)
}

/// Go's `path.Clean`: by the text alone.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

fn wrap(tree: &mut Tree, key: &'static str) {
    let span = tree.span.clone();
    let inner = std::mem::replace(tree, Tree::null_at(&span));
    *tree = Tree::map_at([(key, inner)], &span);
}

fn list_of_one(tree: &mut Tree) {
    if tree.text().is_some() {
        let span = tree.span.clone();
        let item = std::mem::replace(tree, Tree::null_at(&span));
        *tree = Tree::new(Value::List(vec![item]), &span);
    }
}

/// A list of names becomes a mapping to nothing.
fn names(tree: &mut Tree) {
    if let Some(items) = tree.list() {
        let entries = items
            .iter()
            .filter_map(|item| Some((item.text()?.to_owned(), Tree::null_at(&item.span).entry())));
        tree.value = Value::Map(entries.collect());
    }
}

/// `external: {name: X}` of the older format.
fn external(tree: &mut Tree, path: &str) -> Result<(), Failure> {
    let Some(external) = tree.get("external").filter(|external| external.map().is_some()) else {
        return Ok(());
    };
    let (span, name) = (external.span.clone(), external.get("name").cloned());
    let Some(map) = tree.map_mut() else {
        return Ok(());
    };
    map.insert("external".to_owned(), Tree::bool_at(true, &span).entry());
    if let Some(name) = name {
        match map.get("name") {
            Some(given) if given.tree != name => {
                return Err(name
                    .wrong(path, "`name` and `external.name` differ")
                    .hint("keep `name` and write `external: true`"));
            }
            Some(_) => {}
            None => {
                map.insert("name".to_owned(), name.entry());
            }
        }
    }
    Ok(())
}

/// Empty entries of `dns` say nothing.
pub(super) fn omit_empty(root: &mut Tree) {
    for (_, entry) in root.entries_mut("services") {
        if let Some(items) = entry.tree.get_mut("dns").and_then(Tree::list_mut) {
            items.retain(|item| !item.is_null() && item.text() != Some(""));
        }
    }
}
