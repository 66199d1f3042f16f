//! The plans that take a stack down or only stop and start its containers: `down`, `rm`, `stop`, `start`, `restart`.
//!
//! They go by what is there and by its labels, so that they work on a stack that Compose started and when the file is gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::labels;
use crate::observed::{Container, Observed, State};

use super::labels::parse_depends_on;
use super::page::ReadyPage;
use super::step::{Action, Plan, StepId, Until, target_of};

/// What the user asked of `down`.
#[derive(Debug, Clone, Default)]
pub struct DownOptions {
    /// Only these services and what depends on them; all when empty.
    pub services: BTreeSet<String>,
    /// Remove the project's volumes too, anonymous ones included.
    pub volumes: bool,
    /// Remove images too.
    pub images: Option<Images>,
    /// Seconds before a container is killed, instead of its own grace period.
    pub timeout: Option<u32>,
    /// The services that the file names; others are orphans and said to be. `None`: the file could not be read.
    pub known: Option<BTreeSet<String>>,
    /// The images that the file names for these services.
    pub named_images: BTreeSet<String>,
}

/// Which images go with `down --rmi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    /// Those that were built for the project.
    Local,
    /// Those that its services name, too.
    All,
}

/// Stops dependents before dependencies and removes everything of `project` but its volumes.
pub fn down(project: &str, observed: &Observed, options: &DownOptions) -> Plan {
    let mut plan = Plan::default();
    let all: Vec<&Container> = observed.of_project(project).collect();
    let going = with_dependents(&all, &options.services);
    let stops = stop_in_order(&mut plan, &going, options.timeout, "the stack goes down");
    let mut removed = Vec::new();
    for container in &going {
        let orphan = match (&options.known, container.service()) {
            (Some(known), Some(service)) => !known.contains(service),
            _ => false,
        };
        let reason = if orphan {
            "the file no longer names it"
        } else {
            "the stack goes down"
        };
        let action = Action::RemoveContainer {
            container: target_of(container),
            volumes: options.volumes,
        };
        let needs = stops.get(&container.id).copied().into_iter().collect();
        removed.push(plan.push(container.service(), action, reason, needs));
    }
    let stays = |container: &&Container| !going.iter().any(|other| other.id == container.id);
    let staying: Vec<&Container> = observed.containers.iter().filter(stays).collect();
    for network in observed.networks.iter().filter(|network| of(&network.labels, project)) {
        let user = staying
            .iter()
            .find(|container| container.addresses.contains_key(&network.name));
        if let Some(user) = user {
            plan.notes
                .push(format!("network {} stays: {} uses it", network.name, user.name));
            continue;
        }
        let action = Action::RemoveNetwork {
            id: network.id.clone(),
            name: network.name.clone(),
        };
        plan.push(None, action, "the stack goes down", removed.clone());
    }
    plan_volumes(&mut plan, project, observed, options, &going, &removed);
    plan_images(&mut plan, observed, options, &staying, &removed, project);
    plan
}

fn plan_volumes(
    plan: &mut Plan,
    project: &str,
    observed: &Observed,
    options: &DownOptions,
    going: &[&Container],
    removed: &[StepId],
) {
    let volumes: Vec<&str> = observed
        .volumes
        .iter()
        .filter(|volume| of(&volume.labels, project))
        .map(|volume| volume.name.as_str())
        .collect();
    if !options.volumes {
        if !volumes.is_empty() && !plan.steps().is_empty() {
            plan.notes.push(format!("volumes stay: {}", volumes.join(", ")));
        }
        return;
    }
    let is_going = |container: &Container| going.iter().any(|other| other.id == container.id);
    // Those that a container took over from the one before it don't go with it.
    let anonymous = going.iter().flat_map(|container| &container.anonymous_volumes);
    let all: BTreeSet<&str> = volumes.into_iter().chain(anonymous.map(String::as_str)).collect();
    for name in all {
        let mut others = observed.containers.iter().filter(|container| !is_going(container));
        if let Some(user) = others.find(|container| container.volumes.iter().any(|volume| volume == name)) {
            plan.notes.push(format!("volume {name} stays: {} uses it", user.name));
            continue;
        }
        let action = Action::RemoveVolume { name: name.to_owned() };
        plan.push(None, action, "--volumes was given", removed.to_vec());
    }
}

fn plan_images(
    plan: &mut Plan,
    observed: &Observed,
    options: &DownOptions,
    staying: &[&Container],
    removed: &[StepId],
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
        if !(options.services.is_empty() || options.services.contains(service)) {
            continue;
        }
        // What the file gives a name of its own is more than this project's.
        let own = format!("{project}-{service}");
        let is_own = |name: &&String| which == Images::All || name.split(':').next() == Some(own.as_str());
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
    for name in names {
        let id = observed.image_id(name).unwrap_or(name);
        if let Some(user) = staying.iter().find(|container| container.image_id == id) {
            plan.notes.push(format!("image {name} stays: {} uses it", user.name));
            continue;
        }
        let action = Action::RemoveImage { image: name.to_owned() };
        let built = observed
            .built
            .iter()
            .find(|image| image.names.iter().any(|own| own == name));
        let one = built.map_or(id, |image| &image.id);
        let step = plan.push(None, action, "--rmi was given", removed.to_vec());
        plan.order_after(step, last_of.insert(one, step));
    }
}

/// The containers of `services` (all when empty) and of what depends on them, by the labels.
fn with_dependents<'a>(all: &[&'a Container], services: &BTreeSet<String>) -> Vec<&'a Container> {
    let mut chosen: BTreeSet<&str> = services.iter().map(String::as_str).collect();
    loop {
        let more: Vec<&str> = all
            .iter()
            .filter(|container| dependencies(container).any(|name| chosen.contains(name)))
            .filter_map(|container| container.service())
            .filter(|service| !chosen.contains(service))
            .collect();
        if more.is_empty() {
            break;
        }
        chosen.extend(more);
    }
    let is_chosen = |container: &&&Container| container.service().is_some_and(|service| chosen.contains(service));
    let every = services.is_empty();
    all.iter()
        .filter(|container| every || is_chosen(container))
        .copied()
        .collect()
}

/// Removes the stopped containers of `services` (all when empty); with `stop` also those that run.
pub fn remove(project: &str, observed: &Observed, services: &BTreeSet<String>, stop: bool, volumes: bool) -> Plan {
    let mut plan = Plan::default();
    let chosen = chosen(project, observed, services);
    let stops = if stop {
        stop_in_order(&mut plan, &chosen, None, "rm --stop was asked for")
    } else {
        BTreeMap::new()
    };
    for container in chosen.into_iter().filter(|container| stop || !runs(container)) {
        let action = Action::RemoveContainer {
            container: target_of(container),
            volumes,
        };
        let needs = stops.get(&container.id).copied().into_iter().collect();
        plan.push(container.service(), action, "rm was asked for", needs);
    }
    plan
}

/// Sends `signal` to the running containers of `services` (all when empty), all at once.
pub fn kill(project: &str, observed: &Observed, services: &BTreeSet<String>, signal: &str) -> Plan {
    each(project, observed, services, "kill was asked for", |container| {
        runs(container).then(|| Action::KillContainer {
            container: target_of(container),
            signal: signal.to_owned(),
        })
    })
}

/// Freezes the running containers of `services` (all when empty).
pub fn pause(project: &str, observed: &Observed, services: &BTreeSet<String>) -> Plan {
    each(project, observed, services, "pause was asked for", |container| {
        container.is_running().then(|| Action::PauseContainer {
            container: target_of(container),
        })
    })
}

/// Unfreezes the frozen containers of `services` (all when empty).
pub fn unpause(project: &str, observed: &Observed, services: &BTreeSet<String>) -> Plan {
    each(project, observed, services, "unpause was asked for", |container| {
        (container.state == State::Paused).then(|| Action::UnpauseContainer {
            container: target_of(container),
        })
    })
}

fn each(
    project: &str,
    observed: &Observed,
    services: &BTreeSet<String>,
    reason: &str,
    action: impl Fn(&Container) -> Option<Action>,
) -> Plan {
    let mut plan = Plan::default();
    for container in chosen(project, observed, services) {
        if let Some(action) = action(container) {
            plan.push(container.service(), action, reason, Vec::new());
        }
    }
    plan
}

/// Whether it has a process.
fn runs(container: &Container) -> bool {
    matches!(
        container.state,
        State::Running { .. } | State::Restarting | State::Paused
    )
}

/// Stops the containers of `services` (all when empty), dependents first.
pub fn stop(project: &str, observed: &Observed, services: &BTreeSet<String>, timeout: Option<u32>) -> Plan {
    let mut plan = Plan::default();
    let containers = chosen(project, observed, services);
    stop_in_order(&mut plan, &containers, timeout, "stop was asked for");
    plan
}

/// Starts the stopped containers of `services` (all when empty), dependencies first, and waits for them.
pub fn start(project: &str, observed: &Observed, services: &BTreeSet<String>) -> Plan {
    let mut plan = Plan::default();
    let containers = chosen(project, observed, services);
    let mut ready: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    for container in in_dependency_order(&containers) {
        let service = container.service().unwrap_or_default();
        let mut needs = dependency_steps(container, &ready);
        let action = match container.state {
            State::Running { .. } | State::Restarting => None,
            State::Paused => Some(Action::UnpauseContainer {
                container: target_of(container),
            }),
            _ => Some(Action::StartContainer {
                container: target_of(container),
            }),
        };
        if let Some(action) = action {
            needs = vec![plan.push(
                Some(service),
                action,
                format!("it is not running ({})", container.status),
                needs,
            )];
        }
        let until = until(container, project, observed);
        let wait = plan_wait(&mut plan, container, until, needs);
        ready.entry(service).or_default().extend(wait);
    }
    plan
}

/// Restarts the containers of `services` (all when empty), dependencies first, and waits for them. With `dependents` also
/// those of services that depend on them with `restart: true`.
pub fn restart(
    project: &str,
    observed: &Observed,
    services: &BTreeSet<String>,
    dependents: bool,
    timeout: Option<u32>,
) -> Plan {
    let mut plan = Plan::default();
    let mut services = services.clone();
    let all: Vec<&Container> = observed.of_project(project).collect();
    while dependents && !services.is_empty() {
        let more: Vec<String> = all
            .iter()
            .filter(|container| restarted_with(container).any(|name| services.contains(name)))
            .filter_map(|container| container.service())
            .filter(|service| !services.contains(*service))
            .map(ToOwned::to_owned)
            .collect();
        if more.is_empty() {
            break;
        }
        services.extend(more);
    }
    let containers = chosen(project, observed, &services);
    let mut ready: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    for container in in_dependency_order(&containers) {
        let service = container.service().unwrap_or_default();
        let needs = dependency_steps(container, &ready);
        let action = Action::RestartContainer {
            container: target_of(container),
            timeout,
        };
        let step = plan.push(Some(service), action, "restart was asked for", needs);
        let action = Action::Await {
            container: target_of(container),
            until: until(container, project, observed),
            page: page(container),
        };
        let wait = plan.push(Some(service), action, "restart ends when it is ready", vec![step]);
        ready.entry(service).or_default().push(wait);
    }
    plan
}

/// What is waited for: a job has to end, and its dependents' labels say that it is one.
fn until(container: &Container, project: &str, observed: &Observed) -> Until {
    let service = container.service().unwrap_or_default();
    let is_job = observed.of_project(project).any(|other| {
        let conditions = other
            .labels
            .get(labels::DEPENDS_ON)
            .into_iter()
            .flat_map(|label| label.split(','));
        conditions
            .filter_map(|entry| entry.strip_prefix(service))
            .any(|rest| rest.starts_with(":service_completed_successfully"))
    });
    if is_job { Until::Completed } else { Until::Ready }
}

/// The page that the container's label names.
fn page(container: &Container) -> Option<ReadyPage> {
    ReadyPage::parse(container.labels.get(crate::labels::READY)?)
}

fn plan_wait(plan: &mut Plan, container: &Container, until: Until, needs: Vec<StepId>) -> Option<StepId> {
    let settled = matches!(
        container.state,
        State::Running {
            health: crate::observed::Health::Healthy | crate::observed::Health::None
        }
    );
    if settled && until == Until::Ready {
        return None;
    }
    let action = Action::Await {
        container: target_of(container),
        until,
        page: page(container),
    };
    Some(plan.push(container.service(), action, "start ends when it is ready", needs))
}

fn dependency_steps(container: &Container, ready: &BTreeMap<&str, Vec<StepId>>) -> Vec<StepId> {
    dependencies(container)
        .filter_map(|name| ready.get(name))
        .flatten()
        .copied()
        .collect()
}

fn chosen<'a>(project: &'a str, observed: &'a Observed, services: &BTreeSet<String>) -> Vec<&'a Container> {
    observed
        .of_project(project)
        .filter(|container| {
            container
                .service()
                .is_some_and(|service| services.is_empty() || services.contains(service))
        })
        .collect()
}

/// A stop for each container that runs, after the stops of what depends on it; by container id.
fn stop_in_order(
    plan: &mut Plan,
    containers: &[&Container],
    timeout: Option<u32>,
    reason: &str,
) -> BTreeMap<String, StepId> {
    // The stops of what depends on each service.
    let mut of_dependents: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    let mut steps = BTreeMap::new();
    let mut order = in_dependency_order(containers);
    order.reverse();
    for container in order {
        if !runs(container) {
            continue;
        }
        let service = container.service().unwrap_or_default();
        let action = Action::StopContainer {
            container: target_of(container),
            timeout,
        };
        let step = plan.push(container.service(), action, reason, Vec::new());
        // A dependent that won't stop is no reason to leave its dependencies running.
        plan.order_after(step, of_dependents.get(service).into_iter().flatten().copied());
        for dependency in dependencies(container) {
            of_dependents.entry(dependency).or_default().push(step);
        }
        steps.insert(container.id.clone(), step);
    }
    steps
}

/// Dependencies before dependents, by the containers' labels. Labels may be anything, a cycle too: it is cut.
fn in_dependency_order<'a>(containers: &[&'a Container]) -> Vec<&'a Container> {
    fn visit<'a>(
        container: &'a Container,
        all: &BTreeMap<&str, Vec<&'a Container>>,
        seen: &mut BTreeSet<&'a str>,
        order: &mut Vec<&'a Container>,
    ) {
        if !seen.insert(&container.id) {
            return;
        }
        for name in dependencies(container) {
            for other in all.get(name).into_iter().flatten() {
                visit(other, all, seen, order);
            }
        }
        order.push(container);
    }
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    let mut by_service: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in containers {
        by_service
            .entry(container.service().unwrap_or_default())
            .or_default()
            .push(container);
    }
    for container in containers {
        visit(container, &by_service, &mut seen, &mut order);
    }
    order
}

fn dependencies(container: &Container) -> impl Iterator<Item = &str> {
    container
        .labels
        .get(labels::DEPENDS_ON)
        .into_iter()
        .flat_map(|label| parse_depends_on(label))
}

/// The services with which it is to be restarted.
fn restarted_with(container: &Container) -> impl Iterator<Item = &str> {
    let label = container.labels.get(labels::DEPENDS_ON);
    let entries = label.into_iter().flat_map(|label| label.split(','));
    entries.filter_map(|entry| Some(entry.strip_suffix(":true")?.split(':').next().unwrap_or_default()))
}

fn of(labels: &BTreeMap<String, String>, project: &str) -> bool {
    labels.get(crate::labels::PROJECT).is_some_and(|name| name == project)
}
