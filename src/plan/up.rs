//! The plan of `up`: from what exists to what is wanted, in as few steps as that takes.

mod existing;
mod fit;
mod held;
mod keep;
mod make;
mod names;
mod orphans;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::compose::{Service, Stack};
use crate::conflict::{NamedBy, name_taken};
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::observed::{Container, Observed, State};
use crate::ready_page::ReadyPage;
use crate::verdict::Until;

use super::images::{ImageWork, plan_images};
use super::objects::{plan_networks, plan_volumes};
use super::options::{Once, UpOptions};
use super::page;
use super::reason::Reason;
use super::replica::{self, Candidates, Fit};
use super::spec::{Contents, Spec, spec, unknown};
use super::step::{Action, Plan, StepId, Target, target_of};
use super::waits::Dependents;
use super::weight::{OfContainer, Weight};
use existing::Existing;

/// The steps that bring `options.services` of `stack` from `observed` to wanted.
///
/// # Errors
/// When what is wanted can't be had whatever the steps: a container's name is taken by a stranger, an external
/// network or volume is missing.
pub fn up(stack: &Stack, observed: &Observed, contents: &Contents, options: &UpOptions) -> Result<Plan, Failure> {
    plan_up(stack, observed, contents, options, None)
}

/// With the container of `run` at the end, if there is one.
pub(super) fn plan_up(
    stack: &Stack,
    observed: &Observed,
    contents: &Contents,
    options: &UpOptions,
    once: Option<&Once>,
) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    let order = super::start_order::start_order(stack, &options.services);
    let mut all = order.clone();
    all.extend(once.map(|once| once.service.clone()));
    if let Some(once) = once {
        stack.makeable(&once.service)?;
    }
    let images = plan_images(&mut plan, stack, observed, &all, options)?;
    let containers = observed.of_project(&stack.name);
    if containers
        .filter_map(Container::service)
        .any(|service| images.contains_key(service) && options.services.contains(service))
    {
        // Whether these containers are replaced depends on the ids of images that aren't there yet.
        plan.again = true;
        return Ok(plan);
    }
    let networks = plan_networks(&mut plan, stack, observed, &all)?;
    let mut stopped;
    let observed = if networks.joined.is_empty() {
        observed
    } else {
        // From here on the containers that are taken off a network don't run.
        stopped = observed.clone();
        let moved = |container: &&mut Container| networks.joined.contains_key(&container.id);
        for container in stopped.containers.iter_mut().filter(moved) {
            container.state = State::Exited { code: 0 };
        }
        &stopped
    };
    let volumes = plan_volumes(&mut plan, stack, observed, &all)?;
    let mut planner = Planner {
        stack,
        observed,
        existing: Existing::of(stack, observed),
        dependents: Dependents::of(stack, &all.iter().cloned().collect()),
        contents,
        options,
        images,
        networks: networks.made,
        joined: networks.joined,
        volumes,
        plan,
        services: BTreeMap::new(),
        weight: Weight::default(),
    };
    for name in &order {
        stack.fits(&stack.services[name], observed.capabilities)?;
        planner.service(name)?;
    }
    if let Some(once) = once {
        stack.fits(&stack.services[&once.service], observed.capabilities)?;
        planner.once(&stack.services[&once.service], once)?;
    }
    planner.orphans();
    Ok(planner.plan)
}

/// What the plan does about a service: where its dependents hook in.
#[derive(Default)]
pub(super) struct Planned {
    /// Makes a container.
    pub(super) created: Vec<StepId>,
    /// Starts or restarts a container.
    pub(super) started: Vec<StepId>,
    /// The containers, to wait for.
    pub(super) containers: Vec<(Target, Standing)>,
    /// What says that it is ready, where it has no healthcheck.
    pub(super) page: Option<ReadyPage>,
    /// How long it has to be alive, where nothing else says so.
    pub(super) settle: Duration,
    /// Waits already planned.
    pub(super) waits: BTreeMap<Until, Vec<StepId>>,
}

/// How far a container is before the plan begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Ready: nothing to wait for.
    Ready,
    /// Ran and exited with 0.
    Completed,
    /// Anything else: after its start, if one is planned, it must be waited for.
    Pending(Option<StepId>),
}

/// A plan of `up` in the making.
pub(super) struct Planner<'a> {
    pub(super) stack: &'a Stack,
    pub(super) observed: &'a Observed,
    existing: Existing<'a>,
    pub(super) dependents: Dependents,
    pub(super) contents: &'a Contents,
    pub(super) options: &'a UpOptions,
    pub(super) images: BTreeMap<ServiceName, ImageWork>,
    pub(super) networks: BTreeMap<String, StepId>,
    joined: BTreeMap<ContainerId, Vec<StepId>>,
    pub(super) volumes: BTreeMap<String, StepId>,
    pub(super) plan: Plan,
    pub(super) services: BTreeMap<ServiceName, Planned>,
    weight: Weight,
}

/// A container that is wanted.
struct Goal<'a, 'g> {
    service: &'a Service,
    number: u32,
    name: String,
    wanted: &'g Spec,
    image_id: Option<&'g str>,
    /// The steps after which its name is free.
    freed: &'g [StepId],
}

impl<'a> Planner<'a> {
    fn service(&mut self, name: &ServiceName) -> Result<(), Failure> {
        let service = &self.stack.services[name];
        let wanted = spec(self.stack, service, self.contents);
        let image_id = self.image_id(service);
        let count = self.options.replicas(service);
        replica::refuse_too_many(self.stack, service, count)?;
        replica::refuse_sharing(self.stack, service, count)?;
        let mut existing: BTreeMap<u32, Candidates<'a>> = BTreeMap::new();
        for container in self.existing.of_service.remove(name).unwrap_or_default() {
            let fit = self.fit(service, container, &wanted, image_id.as_deref());
            existing.entry(container.number()).or_default().push((container, fit));
        }
        for (number, candidates) in &mut existing {
            let right = service.container_name(&self.stack.name, *number);
            // The one to keep: up to date, before all running, before all under its right name. Others are left over
            // from a replacement that was cut off, or outdated.
            candidates.sort_by_key(|(container, fit)| {
                (
                    matches!(fit, Fit::Differs(_)),
                    !container.is_running(),
                    container.name != right,
                )
            });
        }
        let numbers = replica::numbers(&existing, count);
        let waits = self.waits_of(service);
        let each = OfContainer::of(service, &wanted, waits);
        self.weight.add(self.stack, service, numbers.len(), each)?;
        let mut planned = Planned {
            page: page::wanted(service)?,
            settle: self
                .options
                .settle
                .unwrap_or(super::settle::wanted(name, &service.labels)?),
            ..Planned::default()
        };
        let freed = self.free_names(service, &existing, &numbers);
        for number in numbers {
            let candidates = existing.remove(&number).unwrap_or_default();
            let goal = Goal {
                service,
                number,
                name: service.container_name(&self.stack.name, number),
                wanted: &wanted,
                image_id: image_id.as_deref(),
                freed: &freed,
            };
            self.container(&goal, &candidates, &mut planned)?;
        }
        for (surplus, _) in existing.into_values().flatten() {
            let reason = Reason::Surplus(name.clone(), count);
            self.remove(surplus, &reason, Vec::new());
        }
        self.note_unknown(service, &planned);
        self.services.insert(name.clone(), planned);
        self.wait_for(name);
        Ok(())
    }

    /// Says what a container that stays was not compared by.
    fn note_unknown(&mut self, service: &Service, planned: &Planned) {
        let unknown = unknown(self.stack, service);
        if let (false, Err(failure)) = (unknown.is_empty(), self.stack.makeable(&service.name))
            && !planned.containers.is_empty()
        {
            let unknown = unknown.into_values().collect::<Vec<_>>().join(", ");
            let (name, why) = (&service.name, failure.what);
            self.plan.notes.push(format!(
                "the container of {name} is kept: {unknown} can't be compared: {why}"
            ));
        }
    }

    fn container(
        &mut self,
        goal: &Goal<'a, '_>,
        candidates: &Candidates<'a>,
        planned: &mut Planned,
    ) -> Result<(), Failure> {
        let service = goal.service;
        self.refuse_stranger(service, &goal.name)?;
        let keep = match candidates.first() {
            Some((container, Fit::AsWanted)) => Some(*container),
            _ => None,
        };
        let Some(kept) = keep else {
            self.stack.makeable(&service.name)?;
            self.make(goal, candidates, planned);
            return Ok(());
        };
        let mut needs = goal.freed.to_vec();
        for (other, _) in candidates.iter().skip(1) {
            needs.push(self.remove(other, &Reason::Leftover, Vec::new()));
        }
        self.keep(service, kept, &goal.name, needs, planned);
        Ok(())
    }

    /// The id of the service's image; `None` when a step brings one.
    pub(super) fn image_id(&self, service: &Service) -> Option<String> {
        if self.images.contains_key(&service.name) {
            return None;
        }
        let image = service.image_ref(&self.stack.name);
        self.observed.image_id(&image).map(ToOwned::to_owned)
    }

    /// The container of that name, whoever it belongs to.
    pub(super) fn named(&self, name: &str) -> Option<&'a Container> {
        self.existing.named.get(name).copied()
    }

    /// Adds the steps that `service` can't do without to `needs`; the others that it waits for.
    pub(super) fn dependencies(&mut self, service: &Service, needs: &mut Vec<StepId>) -> Vec<StepId> {
        let mut optional = Vec::new();
        for (name, dependency) in &service.depends_on {
            let steps = self.condition(name, dependency);
            let to = if dependency.required {
                &mut *needs
            } else {
                &mut optional
            };
            to.extend(steps);
        }
        optional
    }

    fn start(
        &mut self,
        service: &Service,
        target: &Target,
        reason: Reason,
        mut needs: Vec<StepId>,
        planned: &mut Planned,
    ) -> Standing {
        if self.options.no_start {
            return Standing::Pending(None);
        }
        let optional = self.dependencies(service, &mut needs);
        let action = Action::StartContainer {
            container: target.clone(),
        };
        let step = self.plan.push(Some(&service.name), action, reason, needs);
        self.plan.order_after(step, optional);
        planned.started.push(step);
        Standing::Pending(Some(step))
    }

    /// Stops, if it runs, and removes; gives the removal.
    fn remove(&mut self, container: &Container, reason: &Reason, mut needs: Vec<StepId>) -> StepId {
        let (target, service) = (target_of(container), container.service());
        if container.has_process() {
            let action = Action::StopContainer {
                container: target.clone(),
                timeout: self.options.timeout,
            };
            needs = vec![self.plan.push(service, action, reason.clone(), needs)];
        }
        let action = Action::RemoveContainer {
            container: target,
            volumes: false,
        };
        self.plan.push(service, action, reason.clone(), needs)
    }

    fn refuse_stranger(&self, service: &Service, name: &str) -> Result<(), Failure> {
        let stranger = self.existing.named.get(name).filter(|container| {
            container.project() != Some(&self.stack.name) || container.service() != Some(&service.name)
        });
        match stranger {
            Some(container) => Err(name_taken(self.stack, &service.name, container, NamedBy::File)),
            None => Ok(()),
        }
    }
}
