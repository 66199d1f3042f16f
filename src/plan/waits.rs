//! When a service's dependents may start, and what `up` itself waits for.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::{Condition, Dependency, Service, Stack};

use super::reason::Reason;
use super::step::{Action, StepId};
use super::up::{Planner, Standing};
use crate::ids::ServiceName;
use crate::verdict::Until;

/// The services whose dependents wait for more than their start, each with the first of these. A job is one whoever is brought up
/// with it.
pub(super) struct Dependents {
    healthy: BTreeMap<ServiceName, ServiceName>,
    completed: BTreeMap<ServiceName, ServiceName>,
}

impl Dependents {
    /// Of `services` that depend on something.
    pub(super) fn of(stack: &Stack, services: &BTreeSet<ServiceName>) -> Self {
        let chosen = services.iter().filter_map(|name| stack.services.get(name));
        Self {
            healthy: waited_for(chosen, Condition::ServiceHealthy),
            completed: waited_for(stack.services.values(), Condition::ServiceCompletedSuccessfully),
        }
    }
}

fn waited_for<'s>(
    services: impl Iterator<Item = &'s Service>,
    condition: Condition,
) -> BTreeMap<ServiceName, ServiceName> {
    let mut found = BTreeMap::new();
    for service in services {
        for (name, dependency) in &service.depends_on {
            if dependency.condition == condition {
                found.entry(name.clone()).or_insert_with(|| service.name.clone());
            }
        }
    }
    found
}

/// Whether the containers of `service` live in a namespace of `other`'s.
fn lives_in(service: &Service, other: &ServiceName) -> bool {
    let modes = [&service.network_mode, &service.ipc, &service.pid];
    let named = modes
        .into_iter()
        .filter_map(|mode| mode.as_deref()?.strip_prefix("service:"));
    named.into_iter().any(|name| name == other.as_str())
}

impl Planner<'_> {
    /// The steps after which `dependency` on service `name` holds; none when it holds already.
    pub(super) fn condition(&mut self, name: &ServiceName, dependency: &Dependency) -> Vec<StepId> {
        match dependency.condition {
            Condition::ServiceStarted => self
                .services
                .get(name)
                .map(|planned| planned.started.clone())
                .unwrap_or_default(),
            Condition::ServiceHealthy => self.waits(name, Until::Healthy),
            Condition::ServiceCompletedSuccessfully => self.waits(name, Until::Completed),
        }
    }

    /// The wait that `up` itself does for a service, unless told not to.
    pub(super) fn wait_for(&mut self, name: &ServiceName) {
        if self.options.no_start {
            return;
        }
        if self.runs_to_completion(name) {
            self.waits(name, Until::Completed);
        } else if self.dependents.healthy.contains_key(name) {
            self.waits(name, Until::Healthy);
        } else if !self.options.no_wait {
            self.waits(name, Until::Ready);
        }
    }

    fn waits(&mut self, name: &ServiceName, until: Until) -> Vec<StepId> {
        let Some(planned) = self.services.get_mut(name) else {
            return Vec::new();
        };
        let dependent = match until {
            Until::Ready => None,
            Until::Healthy => self.dependents.healthy.get(name),
            Until::Completed => self.dependents.completed.get(name),
        };
        let reason = match dependent {
            Some(dependent) => Reason::NeededBy(dependent.clone(), until),
            None => Reason::WantedReady,
        };
        if let Some(steps) = planned.waits.get(&until) {
            return steps.clone();
        }
        let mut steps = Vec::new();
        for (target, standing) in &planned.containers {
            let needs = match (standing, until) {
                (Standing::Ready, Until::Ready | Until::Healthy) | (Standing::Completed, _) => continue,
                (Standing::Pending(start), _) => start.iter().copied().collect(),
                (Standing::Ready, Until::Completed) => Vec::new(),
            };
            let action = Action::Await {
                container: target.clone(),
                until,
                page: planned.page.clone(),
                settle: planned.settle,
            };
            steps.push(self.plan.push(Some(name), action, reason.clone(), needs));
        }
        planned.waits.insert(until, steps.clone());
        steps
    }

    pub(super) fn runs_to_completion(&self, name: &ServiceName) -> bool {
        self.dependents.completed.contains_key(name)
    }

    /// A dependency with `restart: true` whose container the plan replaces, or whose namespace it starts.
    pub(super) fn restarted_dependency(&mut self, service: &Service) -> Option<(ServiceName, Vec<StepId>)> {
        if self.options.no_start {
            return None;
        }
        let (name, dependency) = service.depends_on.iter().find(|(name, dependency)| {
            dependency.restart
                && self.services.get(*name).is_some_and(|planned| {
                    // A network that was left by the process that made it is another one after its next start.
                    !planned.created.is_empty() || (lives_in(service, name) && !planned.started.is_empty())
                })
        })?;
        let steps = self.condition(name, dependency);
        Some((name.clone(), steps))
    }
}
