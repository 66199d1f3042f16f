//! What only shows in the whole: references to what isn't there, keys that contradict each other, circles.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::failure::Failure;
use crate::nearest::nearest;

use super::model::MOST_REPLICAS;
use super::tree::{Entry, Map, Tree, Value, wrong_at};

/// How many services of a circle are named.
const SHOWN: usize = 12;

/// The enabled and the other services of a file, and the rest of it.
pub(super) struct Whole<'t> {
    pub root: &'t Tree,
    pub services: &'t Map,
    pub disabled: &'t Map,
}

/// Checks the enabled services.
pub(super) fn check(whole: &Whole<'_>) -> Result<(), Failure> {
    for (name, entry) in whole.services {
        let service = Service {
            whole,
            name,
            entry,
            tree: &entry.tree,
        };
        service.source()?;
        service.networks()?;
        service.healthcheck()?;
        service.dependencies()?;
        service.references()?;
        service.limits()?;
        service.scale()?;
        service.mounts()?;
    }
    for (name, entry) in whole.root.entries("secrets") {
        let says = |key: &str| entry.tree.get(key).is_some_and(|tree| tree.text() != Some(""));
        let external = entry
            .tree
            .get("external")
            .is_some_and(|tree| tree.value == Value::Bool(true));
        if !external && !says("file") && !says("environment") {
            return Err(wrong_at(
                &entry.key,
                &format!("secrets.{name}"),
                "needs `file` or `environment`",
            ));
        }
    }
    circles(whole.services)
}

struct Service<'t> {
    whole: &'t Whole<'t>,
    name: &'t str,
    entry: &'t Entry,
    tree: &'t Tree,
}

impl<'t> Service<'t> {
    fn path(&self, key: &str) -> String {
        format!("services.{}.{key}", self.name)
    }

    fn get(&self, keys: &[&str]) -> Option<&'t Tree> {
        keys.iter()
            .try_fold(self.tree, |tree, key| tree.get(key))
            .filter(|tree| !tree.is_null())
    }

    fn text(&self, key: &str) -> Option<&'t str> {
        self.get(&[key])?.text()
    }

    fn wrong(&self, why: impl std::fmt::Display) -> Failure {
        wrong_at(&self.entry.key, &format!("services.{}", self.name), why)
    }

    fn source(&self) -> Result<(), Failure> {
        let build = self.get(&["build"]);
        if build.is_none() && self.text("image").is_none_or(str::is_empty) && self.get(&["provider"]).is_none() {
            return Err(self
                .wrong("it has neither `image` nor `build`")
                .hint("add `image` or `build`"));
        }
        let Some(build) = build else {
            return Ok(());
        };
        if let (Some(_), Some(inline)) = (build.get("dockerfile"), build.get("dockerfile_inline")) {
            return Err(inline.wrong(
                &self.path("build.dockerfile_inline"),
                "can't be combined with `dockerfile`",
            ));
        }
        if let (Some(platform), Some(platforms)) =
            (self.get(&["platform"]), build.get("platforms").and_then(Tree::list))
            && !platforms.is_empty()
            && !platforms.contains(platform)
        {
            return Err(platform.wrong(&self.path("platform"), "must be one of `build.platforms`"));
        }
        Ok(())
    }

    fn networks(&self) -> Result<(), Failure> {
        let networks = self.get(&["networks"]).and_then(Tree::map);
        if let (Some(mode), Some(map)) = (self.get(&["network_mode"]), networks)
            && mode.text() != Some("")
            && !map.is_empty()
        {
            return Err(mode.wrong(&self.path("network_mode"), "can't be combined with `networks`"));
        }
        for (network, entry) in networks.into_iter().flatten() {
            self.known("networks", network, || {
                wrong_at(&entry.key, &self.path("networks"), missing(network))
            })?;
        }
        Ok(())
    }

    /// `name` is a key of the top-level `kind`.
    fn known(&self, kind: &str, name: &str, failure: impl Fn() -> Failure) -> Result<(), Failure> {
        if self.whole.root.get(kind).is_some_and(|all| all.get(name).is_some()) {
            return Ok(());
        }
        let names = self.whole.root.entries(kind).map(|(name, _)| name.as_str());
        Err(match nearest(name, names) {
            Some(near) => failure().hint(format!("did you mean `{near}`?")),
            None => failure().hint(format!("add it under the top-level `{kind}`")),
        })
    }

    fn healthcheck(&self) -> Result<(), Failure> {
        let test = self.get(&["healthcheck", "test"]);
        let Some(first) = test.and_then(Tree::list).and_then(<[Tree]>::first) else {
            return Ok(());
        };
        match first.text() {
            Some("NONE" | "CMD" | "CMD-SHELL") => Ok(()),
            _ => Err(first
                .wrong(
                    &self.path("healthcheck.test"),
                    format!("must begin with NONE, CMD or CMD-SHELL, not `{}`", first.printed()),
                )
                .hint("write a command as `[\"CMD\", \"program\", \"argument\"]`")),
        }
    }

    fn dependencies(&self) -> Result<(), Failure> {
        for (other, entry) in self.tree.entries("depends_on") {
            if self.whole.services.contains_key(other) {
                continue;
            }
            // It may stand under another key that implies it.
            let wrong = |why: String| wrong_at(&entry.key, &format!("services.{}", self.name), why);
            let Some(disabled) = self.whole.disabled.get(other) else {
                let names = self
                    .whole
                    .services
                    .keys()
                    .map(String::as_str)
                    .filter(|name| *name != self.name);
                let failure = wrong(format!("there is no service `{other}`"));
                return Err(failure.meant(nearest(other, names)));
            };
            let required = entry
                .tree
                .get("required")
                .is_none_or(|tree| tree.value == Value::Bool(true));
            if required {
                let profiles: Vec<&str> = disabled
                    .tree
                    .get("profiles")
                    .and_then(Tree::list)
                    .into_iter()
                    .flatten()
                    .filter_map(Tree::text)
                    .collect();
                return Err(
                    wrong(format!("it depends on {other}, whose profile is not active")).hint(format!(
                        "activate the profile (--profile {}), or set `required: false`",
                        profiles.join(", ")
                    )),
                );
            }
        }
        Ok(())
    }

    fn references(&self) -> Result<(), Failure> {
        for (index, mount) in self
            .tree
            .get("volumes")
            .and_then(Tree::list)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let source = mount.get("source").filter(|source| source.text() != Some(""));
            if let (Some("volume"), Some(source)) = (mount.get("type").and_then(Tree::text), source) {
                let name = source.printed();
                let path = self.path(&format!("volumes[{index}]"));
                let known = self.known("volumes", &name, || source.wrong(&path, missing(&name)));
                known.map_err(|failure| {
                    if name.contains('/') {
                        failure.hint(format!("for a path, write `./{name}`"))
                    } else {
                        failure
                    }
                })?;
            }
        }
        for (key, kind) in [
            ("configs", "configs"),
            ("secrets", "secrets"),
            ("build.secrets", "secrets"),
        ] {
            let keys: Vec<&str> = key.split('.').collect();
            for (index, reference) in self.get(&keys).and_then(Tree::list).into_iter().flatten().enumerate() {
                let Some(source) = reference.get("source") else {
                    return Err(reference.wrong(&self.path(&format!("{key}[{index}]")), "`source` is missing"));
                };
                let name = source.printed();
                let path = self.path(&format!("{key}[{index}]"));
                self.known(kind, &name, || source.wrong(&path, missing(&name)))?;
            }
        }
        Ok(())
    }

    /// The same said twice, in two ways, must be the same.
    fn limits(&self) -> Result<(), Failure> {
        for (key, deployed) in [
            ("cpus", ["limits", "cpus"]),
            ("mem_limit", ["limits", "memory"]),
            ("mem_reservation", ["reservations", "memory"]),
            ("pids_limit", ["limits", "pids"]),
        ] {
            let Some(own) = self.get(&[key]) else {
                continue;
            };
            let Some(set) = self.get(&["deploy", "resources", deployed[0]]) else {
                continue;
            };
            let number = |tree: &Tree| -> Option<f64> {
                match (&tree.value, key) {
                    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                    (Value::Int(number), _) => Some(*number as f64),
                    (Value::Float(number), _) => Some(*number),
                    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                    (Value::Text(text), "mem_limit" | "mem_reservation") => {
                        super::units::bytes(text).map(|bytes| bytes as f64)
                    }
                    (Value::Text(text), _) => text.parse().ok(),
                    _ => None,
                }
                .map(super::cast::shortest)
            };
            let (wanted, given) = (number(own), set.get(deployed[1]).and_then(number).unwrap_or_default());
            if wanted.is_some_and(|wanted| wanted != 0.0 && (wanted - given).abs() > 0.0) {
                let other = format!("deploy.resources.{}", deployed.join("."));
                return Err(own
                    .wrong(&self.path(key), format!("differs from {other}"))
                    .hint("set only one of them"));
            }
        }
        Ok(())
    }

    fn scale(&self) -> Result<(), Failure> {
        let number = |tree: &Tree| match &tree.value {
            Value::Int(number) => Some(*number),
            Value::Uint(_) => Some(i64::MAX),
            // Compose cuts the fraction off. What is out of range is too large in any case.
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            Value::Float(number) => Some(*number as i64),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        let (scale, replicas) = (self.get(&["scale"]), self.get(&["deploy", "replicas"]));
        if let (Some(a), Some(b)) = (scale, replicas)
            && number(a) != number(b)
        {
            return Err(a
                .wrong(&self.path("scale"), "differs from deploy.replicas")
                .hint("set only one of them"));
        }
        for (key, tree) in [("scale", scale), ("deploy.replicas", replicas)] {
            let Some(tree) = tree else {
                continue;
            };
            let wanted = number(tree).unwrap_or(1);
            if wanted < 0 {
                return Err(tree.wrong(&self.path(key), "must be at least 0"));
            }
            if wanted > i64::from(MOST_REPLICAS) {
                return Err(tree
                    .wrong(&self.path(key), format!("must be at most {MOST_REPLICAS}"))
                    .hint("a network of one engine can connect about 1,000 containers"));
            }
            if wanted > 1 && self.text("container_name").is_some_and(|name| !name.is_empty()) {
                return Err(tree
                    .wrong(
                        &self.path(key),
                        format!("{wanted} containers can't share one container_name"),
                    )
                    .hint("remove container_name"));
            }
        }
        Ok(())
    }

    fn mounts(&self) -> Result<(), Failure> {
        let mut seen: HashMap<String, String> = HashMap::new();
        let tmpfs = self.get(&["tmpfs"]);
        let tmpfs = tmpfs.map(|tree| tree.list().unwrap_or(std::slice::from_ref(tree)));
        let tmpfs = tmpfs.into_iter().flatten().enumerate().map(|(index, item)| {
            let target = item.printed().split(':').next().unwrap_or_default().to_owned();
            (format!("tmpfs[{index}]"), item, target)
        });
        let volumes = self
            .get(&["volumes"])
            .and_then(Tree::list)
            .into_iter()
            .flatten()
            .enumerate();
        let volumes = volumes.map(|(index, item)| {
            let target = item.get("target").map(Tree::printed).unwrap_or_default();
            (format!("volumes[{index}]"), item, target)
        });
        for (key, item, target) in tmpfs.chain(volumes) {
            if let Some(other) = seen.get(&target) {
                let why = format!("{other} is already mounted at {target}");
                return Err(item.wrong(&self.path(&key), why));
            }
            seen.insert(target, key);
        }
        Ok(())
    }
}

fn missing(name: &str) -> String {
    format!("`{name}` is not defined in the file")
}

/// Two services can't give their containers one name.
pub(super) fn shared_names(services: &Map) -> Result<(), Failure> {
    let mut seen = BTreeMap::new();
    for (name, entry) in services {
        let Some(container) = entry.tree.get("container_name") else {
            continue;
        };
        let text = container.printed();
        if let Some(other) = seen.insert(text.clone(), name) {
            return Err(container
                .wrong(
                    &format!("services.{name}.container_name"),
                    format!("service {other} has the same container_name {text}"),
                )
                .hint("give each its own, or remove container_name"));
        }
    }
    Ok(())
}

/// No service waits for itself.
fn circles(services: &Map) -> Result<(), Failure> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in services.keys() {
        // Depth first, without recursion: a chain may be as long as the file.
        let mut path: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut on_path: HashSet<&str> = HashSet::new();
        let mut next = Some(start.as_str());
        while let Some(name) = next.take().or_else(|| step(&mut path, &mut on_path, &mut done)) {
            if done.contains(name) {
                continue;
            }
            if on_path.contains(name) {
                let begin = path.iter().position(|(other, _)| *other == name).unwrap_or_default();
                let names: Vec<&str> = path[begin..].iter().map(|(name, _)| *name).chain([name]).collect();
                let entry = &services[names[0]];
                let dependency = entry
                    .tree
                    .get("depends_on")
                    .and_then(Tree::map)
                    .and_then(|map| map.get(names[1]));
                let shown: Vec<&str> = match names.as_slice() {
                    [first @ .., last] if names.len() > SHOWN => {
                        first[..SHOWN - 1].iter().copied().chain(["…", last]).collect()
                    }
                    all => all.to_vec(),
                };
                let why = format!("services depend on each other in a circle: {}", shown.join(" → "));
                let span = dependency.map_or(&entry.key, |dependency| &dependency.key);
                return Err(wrong_at(span, "", why).hint("remove one of these dependencies"));
            }
            let Some(entry) = services.get(name) else {
                continue;
            };
            let mut needs: Vec<&str> = entry
                .tree
                .entries("depends_on")
                .map(|(name, _)| name.as_str())
                .collect();
            needs.reverse();
            on_path.insert(name);
            path.push((name, needs));
        }
    }
    Ok(())
}

/// The next dependency to look at; what has none left is done.
fn step<'t>(
    path: &mut Vec<(&'t str, Vec<&'t str>)>,
    on_path: &mut HashSet<&'t str>,
    done: &mut BTreeSet<&'t str>,
) -> Option<&'t str> {
    loop {
        let (name, needs) = path.last_mut()?;
        if let Some(next) = needs.pop() {
            return Some(next);
        }
        done.insert(name);
        on_path.remove(name);
        path.pop();
    }
}
