//! The plans for containers that are there: `rm`, `kill`, `pause`, `stop`, `start`, `restart`.
//!
//! They go by the containers' labels, so that they work on a stack that Compose started and when the file is gone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::ids::{ContainerId, ServiceName};
use crate::observed::{Container, Health, Observed, State};
use crate::ready_page::ReadyPage;
use crate::verdict::Until;

use super::labels::{DependsOn, depends_on_of};
use super::reason::Reason;
use super::scope::Scope;
use super::settle::settle_of;
use super::step::{Action, Plan, StepId, target_of};

/// Each container of a service waits for each of what it depends on, up to this many in all.
pub(super) const MOST_WAITS: usize = 1_000_000;

/// Removes the stopped containers of `scope`; with `stop` also those that run.
pub fn remove(project: &str, observed: &Observed, scope: &Scope, stop: bool, volumes: bool) -> Plan {
    let mut plan = Plan::default();
    let chosen = chosen(project, observed, scope);
    let stops = if stop {
        stop_in_order(&mut plan, &chosen, None, &Reason::Verb("rm --stop"))
    } else {
        BTreeMap::new()
    };
    for container in chosen.into_iter().filter(|container| stop || !container.has_process()) {
        let action = Action::RemoveContainer {
            container: target_of(container),
            volumes,
        };
        let needs = stops.get(&container.id).copied().into_iter().collect();
        plan.push(container.service(), action, Reason::Verb("rm"), needs);
    }
    plan
}

/// Sends `signal` to the running containers of `scope`, all at once.
pub fn kill(project: &str, observed: &Observed, scope: &Scope, signal: &str) -> Plan {
    each(project, observed, scope, &Reason::Verb("kill"), |container| {
        container.has_process().then(|| Action::KillContainer {
            container: target_of(container),
            signal: signal.to_owned(),
        })
    })
}

/// Freezes the running containers of `scope`.
pub fn pause(project: &str, observed: &Observed, scope: &Scope) -> Plan {
    each(project, observed, scope, &Reason::Verb("pause"), |container| {
        container.is_running().then(|| Action::PauseContainer {
            container: target_of(container),
        })
    })
}

/// Unfreezes the frozen containers of `scope`.
pub fn unpause(project: &str, observed: &Observed, scope: &Scope) -> Plan {
    each(project, observed, scope, &Reason::Verb("unpause"), |container| {
        (container.state == State::Paused).then(|| Action::UnpauseContainer {
            container: target_of(container),
        })
    })
}

fn each(
    project: &str,
    observed: &Observed,
    scope: &Scope,
    reason: &Reason,
    action: impl Fn(&Container) -> Option<Action>,
) -> Plan {
    let mut plan = Plan::default();
    for container in chosen(project, observed, scope) {
        if let Some(action) = action(container) {
            plan.push(container.service(), action, reason.clone(), Vec::new());
        }
    }
    plan
}

/// Stops the containers of `scope`, dependents first.
pub fn stop(project: &str, observed: &Observed, scope: &Scope, timeout: Option<u32>) -> Plan {
    let mut plan = Plan::default();
    let containers = chosen(project, observed, scope);
    stop_in_order(&mut plan, &containers, timeout, &Reason::Verb("stop"));
    plan
}

/// Starts the stopped containers of `scope`, dependencies first, and waits for them.
pub fn start(project: &str, observed: &Observed, scope: &Scope) -> Plan {
    let mut plan = Plan::default();
    let containers = chosen(project, observed, scope);
    let mut ready: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    let mut gates = Gates::of(&containers);
    let jobs = jobs(project, observed);
    for container in in_dependency_order(&containers) {
        let service = service_of(container);
        let mut needs = gates.waits(service, dependency_steps(container, &ready));
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
                container.service(),
                action,
                Reason::NotRunning(container.status.clone()),
                needs,
            )];
        }
        let until = until(container, &jobs);
        let wait = plan_wait(&mut plan, container, until, needs);
        gates.set(service, wait);
        ready.entry(service).or_default().extend(wait);
    }
    plan
}

/// Restarts the containers of `scope`, dependencies first, and waits for them; also those among `dependents` that depend on them with
/// `restart: true`.
pub fn restart(
    project: &str,
    observed: &Observed,
    scope: &Scope,
    dependents: Option<&Scope>,
    timeout: Option<u32>,
) -> Plan {
    let mut plan = Plan::default();
    let mut scope = scope.clone();
    if let (Some(dependents), Scope::Services(services)) = (dependents, &mut scope) {
        let all = observed.of_project(project);
        let all: Vec<&Container> = all.filter(|container| dependents.takes(container)).collect();
        *services = reached(&all, services, |entry| entry.restart);
    }
    let containers = chosen(project, observed, &scope);
    let mut ready: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    let mut gates = Gates::of(&containers);
    let jobs = jobs(project, observed);
    for container in in_dependency_order(&containers) {
        let service = service_of(container);
        let needs = gates.waits(service, dependency_steps(container, &ready));
        let action = Action::RestartContainer {
            container: target_of(container),
            timeout,
        };
        let step = plan.push(container.service(), action, Reason::Verb("restart"), needs);
        let action = Action::Await {
            container: target_of(container),
            until: until(container, &jobs),
            page: page(container),
            settle: settle_of(&container.labels),
        };
        let wait = plan.push(container.service(), action, Reason::WantedReady, vec![step]);
        gates.set(service, Some(wait));
        ready.entry(service).or_default().push(wait);
    }
    plan
}

/// The services that have to end before others may start, by the labels of those.
fn jobs<'o>(project: &'o str, observed: &'o Observed) -> BTreeSet<&'o str> {
    let entries = observed.of_project(project).flat_map(depends_on_of);
    entries
        .filter(|entry| entry.completed)
        .map(|entry| entry.name)
        .collect()
}

fn until(container: &Container, jobs: &BTreeSet<&str>) -> Until {
    if jobs.contains(service_of(container)) {
        Until::Completed
    } else {
        Until::Ready
    }
}

/// The page that the container's label names.
fn page(container: &Container) -> Option<ReadyPage> {
    ReadyPage::parse(container.labels.get(crate::labels::READY)?)
}

fn plan_wait(plan: &mut Plan, container: &Container, until: Until, needs: Vec<StepId>) -> Option<StepId> {
    let settled = match container.state {
        State::Running {
            health: Health::Healthy,
        } => true,
        State::Running { health: Health::None } => {
            page(container).is_none() && container.up_for() >= settle_of(&container.labels)
        }
        _ => false,
    };
    if settled && until == Until::Ready {
        return None;
    }
    let action = Action::Await {
        container: target_of(container),
        until,
        page: page(container),
        settle: settle_of(&container.labels),
    };
    Some(plan.push(container.service(), action, Reason::WantedReady, needs))
}

/// The steps of each of its dependencies.
fn dependency_steps<'r>(
    container: &'r Container,
    ready: &'r BTreeMap<&str, Vec<StepId>>,
) -> impl Iterator<Item = &'r Vec<StepId>> + Clone {
    dependencies(container).filter_map(|name| ready.get(name))
}

fn chosen<'a>(project: &'a str, observed: &'a Observed, scope: &Scope) -> Vec<&'a Container> {
    let all = observed.of_project(project);
    all.filter(|container| scope.takes(container)).collect()
}

/// A stop for each container that runs, after the stops of what depends on it; by container id.
pub(super) fn stop_in_order(
    plan: &mut Plan,
    containers: &[&Container],
    timeout: Option<u32>,
    reason: &Reason,
) -> BTreeMap<ContainerId, StepId> {
    // The stops of what depends on each service.
    let mut of_dependents: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    let mut gates = Gates::of(containers);
    let mut steps = BTreeMap::new();
    let mut order = in_dependency_order(containers);
    order.reverse();
    for container in order {
        if !container.has_process() {
            continue;
        }
        let service = service_of(container);
        let action = Action::StopContainer {
            container: target_of(container),
            timeout,
        };
        let step = plan.push(container.service(), action, reason.clone(), Vec::new());
        // A dependent that won't stop is not a reason to leave its dependencies running.
        plan.order_after(step, gates.waits(service, of_dependents.get(service).into_iter()));
        gates.set(service, Some(step));
        for dependency in dependencies(container) {
            of_dependents.entry(dependency).or_default().push(step);
        }
        steps.insert(container.id.clone(), step);
    }
    steps
}

/// Where the containers of a service wait for very many others, only the first one waits for all of those, and the rest wait
/// for the first: each with each would be more steps to wait for than memory holds.
struct Gates<'a> {
    containers: HashMap<&'a str, usize>,
    first: HashMap<&'a str, StepId>,
}

impl<'a> Gates<'a> {
    fn of(containers: &[&'a Container]) -> Self {
        let mut count = HashMap::new();
        for container in containers {
            *count.entry(service_of(container)).or_default() += 1;
        }
        Self {
            containers: count,
            first: HashMap::new(),
        }
    }

    /// What a container of `service` waits for, which is all of `steps` if those are not too many.
    fn waits<'s>(&self, service: &str, steps: impl Iterator<Item = &'s Vec<StepId>> + Clone) -> Vec<StepId> {
        let count = self.containers.get(service).copied().unwrap_or_default();
        let all: usize = steps.clone().map(Vec::len).sum();
        match self.first.get(service) {
            Some(first) if all.saturating_mul(count) > MOST_WAITS => vec![*first],
            _ => steps.flatten().copied().collect(),
        }
    }

    /// A container of `service` has come so far with `step`; the first one counts.
    fn set(&mut self, service: &'a str, step: Option<StepId>) {
        if let Some(step) = step {
            self.first.entry(service).or_insert(step);
        }
    }
}

/// Dependencies before dependents, by the containers' labels. Labels may be anything, a cycle too: it is cut.
fn in_dependency_order<'a>(containers: &[&'a Container]) -> Vec<&'a Container> {
    let mut of_service: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in containers.iter().rev() {
        of_service.entry(service_of(container)).or_default().push(container);
    }
    let mut seen: HashSet<&ContainerId> = HashSet::new();
    let mut order = Vec::new();
    for container in containers {
        if !seen.insert(&container.id) {
            continue;
        }
        // Depth first, without recursion: a chain may be as long as the list.
        let mut way = vec![(*container, dependencies(container).peekable())];
        while let Some((container, needs)) = way.last_mut() {
            let Some(name) = needs.peek() else {
                order.push(*container);
                way.pop();
                continue;
            };
            // Each container is taken from its service's list once, however many depend on it.
            match of_service.get_mut(name).and_then(Vec::pop) {
                Some(needed) if seen.insert(&needed.id) => way.push((needed, dependencies(needed).peekable())),
                Some(_) => {}
                None => {
                    needs.next();
                }
            }
        }
    }
    order
}

/// `services` with those that depend on them, directly or not, by those entries of the containers' labels that `counts`.
pub(super) fn reached(
    all: &[&Container],
    services: &BTreeSet<ServiceName>,
    counts: impl Fn(&DependsOn<'_>) -> bool,
) -> BTreeSet<ServiceName> {
    let mut dependents: HashMap<&str, Vec<&ServiceName>> = HashMap::new();
    for container in all {
        for entry in depends_on_of(container).filter(|entry| counts(entry)) {
            dependents.entry(entry.name).or_default().extend(container.service());
        }
    }
    let mut reached = services.clone();
    let mut open: Vec<&ServiceName> = services.iter().collect();
    while let Some(name) = open.pop() {
        for service in dependents.remove(name.as_str()).unwrap_or_default() {
            if reached.insert(service.clone()) {
                open.push(service);
            }
        }
    }
    reached
}

/// Its service, by which others depend on it; nobody does on one of `run`.
fn service_of(container: &Container) -> &str {
    container.service().map_or("", ServiceName::as_str)
}

/// The services that `container` depends on.
pub(super) fn dependencies(container: &Container) -> impl Iterator<Item = &str> + Clone {
    depends_on_of(container).map(|entry| entry.name)
}
