//! The plans that take a stack down or touch only its containers' running: `down`, `stop`, `start`, `restart`.
//!
//! They go by what is there and by its labels, so that they work on a stack that Compose started and when the file is gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::labels;
use crate::observed::{Container, Observed, State};

use super::labels::parse_depends_on;
use super::page::ReadyPage;
use super::step::{Action, Plan, StepId, Target, Until, Which};

/// What the user asked of `down`.
#[derive(Debug, Clone, Default)]
pub struct DownOptions {
    /// Remove the project's volumes too, anonymous ones included.
    pub volumes: bool,
    /// Seconds before a container is killed, instead of its own grace period.
    pub timeout: Option<u32>,
    /// The services that the file names; others are orphans and said to be. `None`: the file could not be read.
    pub known: Option<BTreeSet<String>>,
}

/// Stops dependents before dependencies and removes everything of `project` but its volumes.
pub fn down(project: &str, observed: &Observed, options: &DownOptions) -> Plan {
    let mut plan = Plan::default();
    let containers: Vec<&Container> = observed.of_project(project).collect();
    let stops = stop_in_order(&mut plan, &containers, options.timeout, "the stack goes down");
    let mut removed = Vec::new();
    for container in &containers {
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
            container: target(container),
            volumes: options.volumes,
        };
        let needs = stops.get(&container.id).copied().into_iter().collect();
        removed.push(plan.push(container.service(), action, reason, needs));
    }
    for network in observed.networks.iter().filter(|network| of(&network.labels, project)) {
        let action = Action::RemoveNetwork {
            id: network.id.clone(),
            name: network.name.clone(),
        };
        plan.push(None, action, "the stack goes down", removed.clone());
    }
    let volumes: Vec<&str> = observed
        .volumes
        .iter()
        .filter(|volume| of(&volume.labels, project))
        .map(|volume| volume.name.as_str())
        .collect();
    if options.volumes {
        // Those that a container took over from the one before it don't go with it.
        let anonymous = containers.iter().flat_map(|container| &container.anonymous_volumes);
        for name in volumes.into_iter().chain(anonymous.map(String::as_str)) {
            let action = Action::RemoveVolume { name: name.to_owned() };
            plan.push(None, action, "--volumes was given", removed.clone());
        }
    } else if !volumes.is_empty() && !plan.steps().is_empty() {
        plan.notes.push(format!("volumes stay: {}", volumes.join(", ")));
    }
    plan
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
                container: target(container),
            }),
            _ => Some(Action::StartContainer {
                container: target(container),
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
        let wait = plan_wait(&mut plan, container, needs);
        ready.entry(service).or_default().extend(wait);
    }
    plan
}

/// Restarts the containers of `services` (all when empty), dependencies first, and waits for them.
pub fn restart(project: &str, observed: &Observed, services: &BTreeSet<String>, timeout: Option<u32>) -> Plan {
    let mut plan = Plan::default();
    let containers = chosen(project, observed, services);
    let mut ready: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    for container in in_dependency_order(&containers) {
        let service = container.service().unwrap_or_default();
        let needs = dependency_steps(container, &ready);
        let action = Action::RestartContainer {
            container: target(container),
            timeout,
        };
        let step = plan.push(Some(service), action, "restart was asked for", needs);
        let action = Action::Await {
            container: target(container),
            until: Until::Ready,
            page: page(container),
        };
        let wait = plan.push(Some(service), action, "restart ends when it is ready", vec![step]);
        ready.entry(service).or_default().push(wait);
    }
    plan
}

/// The page that the container's label names.
fn page(container: &Container) -> Option<ReadyPage> {
    ReadyPage::parse(container.labels.get(crate::labels::READY)?)
}

fn plan_wait(plan: &mut Plan, container: &Container, needs: Vec<StepId>) -> Option<StepId> {
    let settled = matches!(
        container.state,
        State::Running {
            health: crate::observed::Health::Healthy | crate::observed::Health::None
        }
    );
    if settled {
        return None;
    }
    let action = Action::Await {
        container: target(container),
        until: Until::Ready,
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
        if !matches!(
            container.state,
            State::Running { .. } | State::Restarting | State::Paused
        ) {
            continue;
        }
        let service = container.service().unwrap_or_default();
        let action = Action::StopContainer {
            container: target(container),
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

fn of(labels: &BTreeMap<String, String>, project: &str) -> bool {
    labels.get(crate::labels::PROJECT).is_some_and(|name| name == project)
}

fn target(container: &Container) -> Target {
    Target {
        name: container.name.clone(),
        which: Which::Id(container.id.clone()),
    }
}
