//! The plan that takes a stack down.
//!
//! It goes by what exists and by its labels, so that it works on a stack that Compose started and when the file is gone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::ids::{ContainerId, ServiceName, VolumeName};
use crate::labels;
use crate::observed::{BuiltImage, Container, Observed};

use super::lifecycle::{MOST_WAITS, reached, stop_in_order};
use super::reason::Reason;
use super::step::{Action, Plan, StepId, target_of};

/// What the user asked of `down`.
#[derive(Debug, Clone, Default)]
pub struct DownOptions {
    /// Only these services and what depends on them; all when empty.
    pub services: BTreeSet<ServiceName>,
    /// The services of the file that no active profile enables: they are left alone, as by every other verb.
    pub inactive: BTreeSet<ServiceName>,
    /// Remove the project's volumes too, anonymous ones included.
    pub volumes: bool,
    /// Remove images too.
    pub images: Option<Images>,
    /// Seconds before a container is killed, instead of its own grace period.
    pub timeout: Option<u32>,
    /// What the file names; other services are orphans and said to be, other volumes stay. `None`: there is no file.
    pub file: Option<InFile>,
    /// The images that the file names for these services.
    pub named_images: BTreeSet<String>,
}

/// What the file in use names.
#[derive(Debug, Clone, Default)]
pub struct InFile {
    /// Its services.
    pub services: BTreeSet<ServiceName>,
    /// The volumes that these services mount, and the rest if `down` is asked for all of them, by their names on the engine.
    pub volumes: BTreeSet<VolumeName>,
}

impl DownOptions {
    /// Whether the file, if there is one, names the service of `container`, one of `run` included.
    fn knows(&self, container: &Container) -> bool {
        let service = container.service.as_ref();
        let file = self.file.as_ref();
        file.is_none_or(|file| service.is_some_and(|service| file.services.contains(service)))
    }

    /// Whether `container` is of a service that the file no longer names.
    pub fn is_orphan(&self, container: &Container) -> bool {
        container.service().is_some() && !self.knows(container)
    }
}

/// Which images go with `down --rmi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    /// Those that were built for the project.
    Local,
    /// Those that its services name, too.
    All,
}

/// The removals of the containers, and what comes after all of them.
#[derive(Default)]
struct Removed {
    containers: Vec<StepId>,
    /// The first step that needs all of them.
    first: Option<StepId>,
    waits: usize,
}

impl Removed {
    /// Adds a step that needs all removals. When these waits become too many, it only comes after the first such step.
    fn push_after(&mut self, plan: &mut Plan, action: Action, reason: Reason) -> StepId {
        self.waits = self.waits.saturating_add(self.containers.len());
        if let Some(first) = self.first.filter(|_| self.waits > MOST_WAITS) {
            let step = plan.push(None, action, reason, Vec::new());
            plan.order_after(step, [first]);
            return step;
        }
        let step = plan.push(None, action, reason, self.containers.clone());
        self.first.get_or_insert(step);
        step
    }
}

/// Stops dependents before dependencies and removes everything of `project` but its volumes.
pub fn down(project: &str, observed: &Observed, options: &DownOptions) -> Plan {
    let mut plan = Plan::default();
    let all: Vec<&Container> = observed.of_project(project).collect();
    let going = with_dependents(&all, options);
    let stops = stop_in_order(&mut plan, &going, options.timeout, &Reason::Down);
    let mut removed = Removed::default();
    for container in &going {
        let reason = if options.is_orphan(container) {
            Reason::Orphan
        } else {
            Reason::Down
        };
        let action = Action::RemoveContainer {
            container: target_of(container),
            volumes: options.volumes && options.knows(container),
        };
        let needs = stops.get(&container.id).copied().into_iter().collect();
        removed
            .containers
            .push(plan.push(container.service(), action, reason, needs));
    }
    let ids: HashSet<&ContainerId> = going.iter().map(|container| &container.id).collect();
    let stays = |container: &&Container| !ids.contains(&container.id);
    let staying: Vec<&Container> = observed.containers.iter().filter(stays).collect();
    let users = first_by(&staying, |container| container.addresses.keys());
    for network in observed.networks.iter().filter(|network| of(&network.labels, project)) {
        if let Some(user) = users.get(network.name.as_str()) {
            plan.notes
                .push(format!("keeping network {}: {} uses it", network.name, user.name));
            continue;
        }
        let action = Action::RemoveNetwork {
            id: network.id.clone(),
            name: network.name.clone(),
        };
        removed.push_after(&mut plan, action, Reason::Down);
    }
    plan_volumes(&mut plan, project, observed, options, (&going, &staying), &mut removed);
    plan_images(&mut plan, observed, options, &staying, &mut removed, project);
    plan
}

fn plan_volumes(
    plan: &mut Plan,
    project: &str,
    observed: &Observed,
    options: &DownOptions,
    (going, staying): (&[&Container], &[&Container]),
    removed: &mut Removed,
) {
    let volumes: Vec<VolumeName> = observed
        .volumes
        .iter()
        .filter(|volume| of(&volume.labels, project))
        .map(|volume| volume.name.clone())
        .collect();
    if !options.volumes {
        if !volumes.is_empty() && !plan.steps().is_empty() {
            plan.notes.push(format!("keeping volumes: {}", volumes.join(", ")));
        }
        return;
    }
    let users = first_by(staying, |container| container.volumes.iter());
    let (volumes, others): (Vec<VolumeName>, Vec<VolumeName>) = volumes.into_iter().partition(|name| {
        let file = options.file.as_ref();
        file.is_none_or(|file| file.volumes.contains(name))
    });
    if !others.is_empty() {
        let others = others.join(", ");
        plan.notes
            .push(format!("keeping volumes that are not in this Compose file: {others}"));
    }
    // Those that a container took over from the one before it don't go with it.
    let known = going.iter().filter(|container| options.knows(container));
    let anonymous = known.flat_map(|container| &container.anonymous_volumes);
    let all: BTreeSet<VolumeName> = volumes.into_iter().chain(anonymous.cloned()).collect();
    for name in all {
        if let Some(user) = users.get(name.as_str()) {
            plan.notes.push(format!("keeping volume {name}: {} uses it", user.name));
            continue;
        }
        let action = Action::RemoveVolume { name };
        removed.push_after(plan, action, Reason::Flag("--volumes"));
    }
}

fn plan_images(
    plan: &mut Plan,
    observed: &Observed,
    options: &DownOptions,
    staying: &[&Container],
    removed: &mut Removed,
    project: &str,
) {
    let Some(which) = options.images else {
        return;
    };
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for image in observed.built.iter().filter(|image| of(&image.labels, project)) {
        let service = image
            .labels
            .get(labels::SERVICE)
            .map(String::as_str)
            .unwrap_or_default();
        if !(options.services.is_empty() || options.services.contains(service)) || options.inactive.contains(service) {
            continue;
        }
        // What the file gives a name of its own is more than this project's.
        let own = ["-", "_"].map(|separator| format!("{project}{separator}{service}"));
        let is_own =
            |name: &&String| which == Images::All || own.iter().any(|own| name.split(':').next() == Some(own.as_str()));
        if image.names.is_empty() {
            names.insert(&image.id);
        }
        names.extend(image.names.iter().filter(is_own).map(String::as_str));
    }
    if which == Images::All {
        let there = |name: &&String| observed.image_id(name).is_some();
        names.extend(options.named_images.iter().filter(there).map(String::as_str));
    }
    // Engines stumble over two names of one image that are taken away at the same moment.
    let mut last_of: BTreeMap<&str, StepId> = BTreeMap::new();
    let users = first_by(staying, |container| std::iter::once(&container.image_id));
    let mut built: HashMap<&str, &BuiltImage> = HashMap::new();
    for image in &observed.built {
        for name in &image.names {
            built.entry(name).or_insert(image);
        }
    }
    for name in names {
        let id = observed.image_id(name).unwrap_or(name);
        if let Some(user) = users.get(id) {
            plan.notes.push(format!("keeping image {name}: {} uses it", user.name));
            continue;
        }
        let action = Action::RemoveImage { image: name.to_owned() };
        let one = built.get(name).map_or(id, |image| &image.id);
        let step = removed.push_after(plan, action, Reason::Flag("--rmi"));
        plan.order_after(step, last_of.insert(one, step));
    }
}

/// The first container that uses each of what `uses` names.
fn first_by<'a, N: AsRef<str> + 'a, I: Iterator<Item = &'a N>>(
    containers: &[&'a Container],
    uses: impl Fn(&'a Container) -> I,
) -> HashMap<&'a str, &'a Container> {
    let mut first = HashMap::new();
    for container in containers {
        for name in uses(container) {
            first.entry(name.as_ref()).or_insert(*container);
        }
    }
    first
}

/// The containers of the services that were named (all when none was) and of what depends on them, by the labels.
fn with_dependents<'a>(all: &[&'a Container], options: &DownOptions) -> Vec<&'a Container> {
    let is_left = |container: &Container| {
        container
            .service()
            .is_some_and(|service| options.inactive.contains(service))
    };
    let all: Vec<&Container> = all.iter().filter(|container| !is_left(container)).copied().collect();
    if options.services.is_empty() {
        return all;
    }
    let chosen = reached(&all, &options.services, |_| true);
    let is_chosen = |container: &&Container| container.service().is_some_and(|service| chosen.contains(service));
    all.into_iter().filter(is_chosen).collect()
}

fn of(labels: &BTreeMap<String, String>, project: &str) -> bool {
    labels.get(crate::labels::PROJECT).is_some_and(|name| name == project)
}
