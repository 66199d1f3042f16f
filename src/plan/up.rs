//! The plan of `up`: from what exists to what is wanted, in as few steps as that takes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use crate::compose::{Service, Stack};
use crate::conflict::{NamedBy, name_taken};
use crate::failure::Failure;
use crate::labels;
use crate::observed::{Container, Health, Observed, State};
use crate::ready_page::ReadyPage;

use super::images::{ImageWork, plan_images};
use super::objects::{plan_networks, plan_volumes};
use super::options::{Once, Recreate, UpOptions};
use super::page;
use super::replica::{self, Candidates, Fit};
use super::spec::{Contents, Spec, differences, spec, unknown};
use super::step::{Action, Plan, StepId, Target, Which, target_of};
use super::waits::Dependents;
use super::weight::{OfContainer, Weight};

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
    let order = super::order::start_order(stack, &options.services);
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
        there: There::of(stack, observed),
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
        planner.service(name)?;
    }
    if let Some(once) = once {
        planner.once(&stack.services[&once.service], once)?;
    }
    planner.orphans();
    Ok(planner.plan)
}

/// What exists on the engine, found by name.
struct There<'a> {
    /// The project's containers by service.
    of_service: BTreeMap<&'a str, Vec<&'a Container>>,
    /// All containers, other projects' too; the engine gives each name once.
    named: BTreeMap<&'a str, &'a Container>,
    /// All networks, by name and id: the engine may have several of a name.
    networks: HashSet<(&'a str, &'a str)>,
}

impl<'a> There<'a> {
    fn of(stack: &'a Stack, observed: &'a Observed) -> Self {
        let mut of_service: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for container in observed.of_project(&stack.name) {
            if let Some(service) = container.service() {
                of_service.entry(service).or_default().push(container);
            }
        }
        let all = observed.containers.iter();
        Self {
            of_service,
            named: all.map(|container| (container.name.as_str(), container)).collect(),
            networks: (observed.networks.iter())
                .map(|network| (network.name.as_str(), network.id.as_str()))
                .collect(),
        }
    }
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
    pub(super) waits: BTreeMap<&'static str, Vec<StepId>>,
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
    there: There<'a>,
    pub(super) dependents: Dependents,
    pub(super) contents: &'a Contents,
    pub(super) options: &'a UpOptions,
    pub(super) images: BTreeMap<String, ImageWork>,
    pub(super) networks: BTreeMap<String, StepId>,
    joined: BTreeMap<String, Vec<StepId>>,
    pub(super) volumes: BTreeMap<String, StepId>,
    pub(super) plan: Plan,
    pub(super) services: BTreeMap<String, Planned>,
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
    fn service(&mut self, name: &str) -> Result<(), Failure> {
        let service = &self.stack.services[name];
        let wanted = spec(self.stack, service, self.contents);
        let image_id = self.image_id(service);
        let count = self.options.replicas(service);
        replica::refuse_too_many(self.stack, service, count)?;
        replica::refuse_sharing(self.stack, service, count)?;
        let mut there: BTreeMap<u32, Candidates<'a>> = BTreeMap::new();
        for container in self.there.of_service.remove(name).unwrap_or_default() {
            let fit = self.fit(service, container, &wanted, image_id.as_deref());
            there.entry(container.number()).or_default().push((container, fit));
        }
        for (number, candidates) in &mut there {
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
        let numbers = replica::numbers(&there, count);
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
        let freed = self.free_names(service, &there, &numbers);
        for number in numbers {
            let candidates = there.remove(&number).unwrap_or_default();
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
        for (surplus, _) in there.into_values().flatten() {
            let reason = format!("{name} should have {count}");
            self.remove(surplus, Some(name), &reason, Vec::new());
        }
        self.note_unknown(service, &planned);
        self.services.insert(name.to_owned(), planned);
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

    /// A container that somebody gave the name of another of its service is called something else first.
    fn free_names(&mut self, service: &Service, there: &BTreeMap<u32, Candidates<'_>>, numbers: &[u32]) -> Vec<StepId> {
        let mut freed = Vec::new();
        if there.is_empty() {
            return freed;
        }
        let name_of = |number: &u32| (service.container_name(&self.stack.name, *number), *number);
        let named: HashMap<String, u32> = numbers.iter().map(name_of).collect();
        for (number, candidates) in there {
            for (container, _) in candidates {
                if named.get(&container.name).is_some_and(|other| other != number) {
                    let action = Action::RenameContainer {
                        container: target_of(container),
                        name: self.interim_name(container, &container.name),
                    };
                    let reason = format!("it is number {number} of {}", service.name);
                    freed.push(self.plan.push(Some(&service.name), action, reason, Vec::new()));
                }
            }
        }
        freed
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
            let reason = "left over from an interrupted replacement";
            needs.push(self.remove(other, Some(&service.name), reason, Vec::new()));
        }
        self.keep(service, kept, &goal.name, needs, planned);
        Ok(())
    }

    fn fit(&self, service: &Service, container: &Container, wanted: &Spec, image_id: Option<&str>) -> Fit {
        if matches!(container.state, State::Dead | State::Removing) {
            return Fit::Differs("the engine was removing it".to_owned());
        }
        match self.options.recreate(&service.name) {
            Recreate::Never => return Fit::AsWanted,
            Recreate::Force => return Fit::Differs("requested on the command line".to_owned()),
            Recreate::Diverged => {}
        }
        let mut why = match container.labels.get(labels::SPEC) {
            Some(label) => {
                let mut was: Spec = serde_json::from_str(label).unwrap_or_default();
                // What isn't known now can't be compared.
                let unknown = unknown(self.stack, service);
                was.retain(|field, _| !unknown.contains_key(field));
                differences(&was, wanted)
            }
            // Compose made it, and says by a hash what from.
            None if container.labels.get(labels::CONFIG_HASH) == Some(&service.config_hash) => Vec::new(),
            None => vec!["Compose created it from another configuration".to_owned()],
        };
        why.extend(self.taken_off(service, container));
        if let Some(id) = image_id.filter(|id| *id != container.image_id) {
            why.push(image_change(container, &service.image_ref(&self.stack.name), id));
        }
        why.extend(self.parted(service, container));
        if why.is_empty() {
            Fit::AsWanted
        } else {
            Fit::Differs(why.join(", "))
        }
    }

    /// What somebody did to a container since it was made: off a network, or a volume that has another name now.
    fn taken_off(&self, service: &Service, container: &Container) -> Option<String> {
        let is_there = |name: &str, id: &str| self.there.networks.contains(&(name, id));
        let mut networks = service.networks.keys().filter_map(|key| self.stack.networks.get(key));
        // Until its first start it only has the network's name, and joins whatever is called so then.
        let off = networks.find(|network| match container.networks.get(&network.name) {
            Some(id) => !id.is_empty() && !is_there(&network.name, id),
            None => true,
        });
        if let Some(network) = off {
            return Some(format!("it is not on network {}", network.name));
        }
        let keys = service.volumes.iter().filter_map(|mount| mount.source.as_ref());
        let mut volumes = keys.filter_map(|key| self.stack.volumes.get(key));
        let missing = volumes.find(|volume| !container.volumes.contains(&volume.name));
        missing.map(|volume| format!("it does not mount volume {}", volume.name))
    }

    /// A container that lives in another's network, IPC or PID namespace, or on its volumes, holds on to that very container. Why it
    /// can't any more.
    fn parted(&self, service: &Service, container: &Container) -> Option<String> {
        let is_new = |other: &&str| self.services.get(*other).is_some_and(|made| !made.created.is_empty());
        if let Some(other) = namespaces_of(service).find(is_new) {
            return Some(format!("it shares a namespace with {other}, which is new"));
        }
        let network = service
            .network_mode
            .as_deref()
            .and_then(|mode| mode.strip_prefix("service:"));
        let gone = |other: &&str| {
            let of_network = container.network_of.as_deref().filter(|_| network == Some(*other));
            let held = of_network.or_else(|| container.shares_of(other));
            held.is_some_and(|held| !self.ids_of(other).any(|id| id == held))
        };
        let other = namespaces_of(service).find(gone)?;
        Some(format!("it shares a namespace with a removed container of {other}"))
    }

    /// The ids of the containers of `service` that are there and stay.
    fn ids_of(&self, service: &str) -> impl Iterator<Item = &str> {
        let stay = self
            .services
            .get(service)
            .into_iter()
            .flat_map(|planned| &planned.containers);
        let stay = stay.filter_map(|(target, _)| match &target.which {
            Which::Id(id) => Some(id.as_str()),
            Which::MadeBy(_) => None,
        });
        // Those of a service that is planned have been taken out.
        let left_alone = self.there.of_service.get(service).into_iter().flatten();
        stay.chain(left_alone.map(|container| container.id.as_str()))
    }

    /// By service, the containers whose namespaces or volumes a new container of `service` gets: those that are there in the end.
    pub(super) fn shares(&self, service: &Service) -> BTreeMap<String, Target> {
        let target = |other: &str| {
            if let Some(planned) = self.services.get(other) {
                return planned.containers.first().map(|(target, _)| target.clone());
            }
            let there = self.there.of_service.get(other)?;
            let first = there
                .iter()
                .min_by_key(|container| (!container.is_running(), container.number()))?;
            Some(target_of(first))
        };
        let others = namespaces_of(service).filter_map(|other| Some((other.to_owned(), target(other)?)));
        others.collect()
    }

    /// The name of a container until it gets that of `old`, or that of `old` until it gets its own. What a replacement that was cut off
    /// left may hold the first that comes to mind.
    fn interim_name(&self, old: &Container, name: &str) -> String {
        let first = format!("{}_{name}", short(&old.id));
        let further = (2..).map(|number| format!("{}_{number}_{name}", short(&old.id)));
        let mut all = std::iter::once(first.clone()).chain(further);
        all.find(|name| !self.there.named.contains_key(name.as_str()))
            .unwrap_or(first)
    }

    fn keep(
        &mut self,
        service: &'a Service,
        container: &Container,
        name: &str,
        gone: Vec<StepId>,
        planned: &mut Planned,
    ) {
        let target = Target {
            name: name.to_owned(),
            which: Which::Id(container.id.clone()),
        };
        let mut needs = gone;
        needs.extend(self.joined.get(&container.id).into_iter().flatten());
        needs.extend(service.networks.keys().filter_map(|key| self.networks.get(key)));
        if container.name != name {
            let action = Action::RenameContainer {
                container: target.clone(),
                name: name.to_owned(),
            };
            let reason = format!("it is still named {}", container.name);
            needs = vec![self.plan.push(Some(&service.name), action, reason, needs)];
        }
        let start = |state: &str| format!("it {state}");
        let standing = match container.state {
            State::Running {
                health: Health::Healthy | Health::None,
            } => match self.restarted_dependency(service) {
                Some((dependency, steps)) => {
                    let action = Action::RestartContainer {
                        container: target.clone(),
                        timeout: self.options.timeout,
                    };
                    let reason = format!("{dependency} is started, and depends_on has restart: true");
                    needs.extend(steps);
                    let step = self.plan.push(Some(&service.name), action, reason, needs);
                    planned.started.push(step);
                    Standing::Pending(Some(step))
                }
                // That it runs says nothing yet.
                None if container.state == (State::Running { health: Health::None })
                    && (planned.page.is_some() || container.up_for() < planned.settle) =>
                {
                    Standing::Pending(None)
                }
                None => Standing::Ready,
            },
            State::Running { .. } | State::Restarting => Standing::Pending(None),
            State::Paused if self.options.no_start => Standing::Pending(None),
            State::Paused => {
                let action = Action::UnpauseContainer {
                    container: target.clone(),
                };
                let step = self.plan.push(Some(&service.name), action, "it is paused", needs);
                planned.started.push(step);
                Standing::Pending(Some(step))
            }
            State::Exited { code: 0 } if self.runs_to_completion(&service.name) => Standing::Completed,
            State::Exited { code } => {
                self.start(service, &target, start(&format!("exited with {code}")), needs, planned)
            }
            State::Created | State::Dead | State::Removing => {
                self.start(service, &target, start("was created but never started"), needs, planned)
            }
        };
        planned.containers.push((target, standing));
    }

    fn make(&mut self, goal: &Goal<'a, '_>, outdated: &[(&Container, Fit)], planned: &mut Planned) {
        let (service, name) = (goal.service, &goal.name);
        let reason = match outdated.first() {
            Some((_, Fit::Differs(why))) => why.clone(),
            _ => "it is missing".to_owned(),
        };
        let old = outdated.iter().map(|(container, _)| *container);
        let holds_name = old.clone().find(|container| container.name == *name);
        let networks: Vec<StepId> = service
            .networks
            .keys()
            .filter_map(|key| self.networks.get(key))
            .copied()
            .collect();
        let mut needs = self.made_before(service);
        // A container names its first network at create and joins it at its start; only further ones are joined before.
        if service.networks.len() > 1 {
            needs.extend(&networks);
        }
        needs.extend(goal.freed);
        let inherit = old.clone().next().filter(|_| !self.options.renew_anonymous_volumes);
        let mut labels = super::labels::of_container(self.stack, service, goal.number, goal.wanted, goal.image_id);
        if inherit.is_some() {
            let replaced = match &service.container_name {
                Some(name) => name.clone(),
                None => format!("{}-{}", service.name, goal.number),
            };
            labels.insert(labels::REPLACE.to_owned(), replaced);
        }
        let action = Action::CreateContainer {
            name: match holds_name {
                // Made beside the old one, which goes on running until the new one is known to be acceptable.
                Some(old) => self.interim_name(old, name),
                None => name.clone(),
            },
            number: goal.number,
            labels,
            inherit: inherit.map(|container| container.id.clone()),
            shares: self.shares(service),
            one_off: None,
        };
        let created = self.plan.push(Some(&service.name), action, reason.clone(), needs);
        planned.created.push(created);
        let target = Target {
            name: name.clone(),
            which: Which::MadeBy(created),
        };
        let mut ready_to_start: Vec<StepId> = old
            .map(|container| self.remove(container, Some(&service.name), &reason, vec![created]))
            .collect();
        if holds_name.is_some() {
            let action = Action::RenameContainer {
                container: target.clone(),
                name: name.clone(),
            };
            let step = self
                .plan
                .push(Some(&service.name), action, "the old one was removed", ready_to_start);
            ready_to_start = vec![step];
        }
        ready_to_start.push(created);
        ready_to_start.extend(networks);
        let standing = self.start(service, &target, "it is new".to_owned(), ready_to_start, planned);
        planned.containers.push((target, standing));
    }

    /// The steps before which no container of `service` can be made: its image, its volumes, the containers that it holds on to or
    /// has links to.
    pub(super) fn made_before(&self, service: &Service) -> Vec<StepId> {
        let volumes = service
            .volumes
            .iter()
            .filter_map(|mount| self.volumes.get(mount.source.as_ref()?));
        let image = self.images.get(&service.name).map(|work| &work.step);
        let others = holds_on_to(service);
        let others = others.into_iter().filter_map(|other| self.services.get(other));
        let others = others.flat_map(|made| &made.created);
        volumes.chain(image).chain(others).copied().collect()
    }

    /// How many steps a container of `service` waits for, at most.
    fn waits_of(&self, service: &Service) -> usize {
        let made = |other: &str| self.services.get(other).map_or(0, |made| made.containers.len());
        let held: usize = holds_on_to(service).into_iter().map(made).sum();
        let needed: usize = service.depends_on.keys().map(|other| made(other)).sum();
        held + needed + service.volumes.len() + service.networks.len()
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
        self.there.named.get(name).copied()
    }

    fn start(
        &mut self,
        service: &Service,
        target: &Target,
        reason: String,
        mut needs: Vec<StepId>,
        planned: &mut Planned,
    ) -> Standing {
        if self.options.no_start {
            return Standing::Pending(None);
        }
        let mut optional = Vec::new();
        for (name, dependency) in &service.depends_on {
            let steps = self.condition(name, dependency);
            if dependency.required {
                needs.extend(steps);
            } else {
                optional.extend(steps);
            }
        }
        let action = Action::StartContainer {
            container: target.clone(),
        };
        let step = self.plan.push(Some(&service.name), action, reason, needs);
        self.plan.order_after(step, optional);
        planned.started.push(step);
        Standing::Pending(Some(step))
    }

    /// Stops, if it runs, and removes; gives the removal.
    fn remove(&mut self, container: &Container, service: Option<&str>, reason: &str, mut needs: Vec<StepId>) -> StepId {
        let target = target_of(container);
        if container.has_process() {
            let action = Action::StopContainer {
                container: target.clone(),
                timeout: self.options.timeout,
            };
            needs = vec![self.plan.push(service, action, reason, needs)];
        }
        let action = Action::RemoveContainer {
            container: target,
            volumes: false,
        };
        self.plan.push(service, action, reason, needs)
    }

    fn refuse_stranger(&self, service: &Service, name: &str) -> Result<(), Failure> {
        let stranger = self.there.named.get(name).filter(|container| {
            container.project() != Some(&self.stack.name) || container.service() != Some(&service.name)
        });
        match stranger {
            Some(container) => Err(name_taken(self.stack, &service.name, container, NamedBy::File)),
            None => Ok(()),
        }
    }

    /// Removes orphans if that was requested; otherwise only notes them. Ended one-off containers go with it.
    fn orphans(&mut self) {
        let stack = self.stack;
        let known = |service: &str| stack.services.contains_key(service) || stack.disabled.contains_key(service);
        let orphans: Vec<&Container> = self
            .observed
            .of_project(&stack.name)
            .filter(|container| match container.service() {
                Some(service) => !known(service),
                None => container.is_one_off() && matches!(container.state, State::Exited { .. } | State::Dead),
            })
            .collect();
        if self.options.remove_orphans {
            for container in orphans {
                let reason = match container.service() {
                    Some(_) => "it is no longer in the Compose file",
                    None => "it was created by run and has exited",
                };
                self.remove(container, container.service(), reason, Vec::new());
            }
            return;
        }
        let services: BTreeSet<&str> = orphans.into_iter().filter_map(Container::service).collect();
        if !services.is_empty() && !self.options.ignore_orphans {
            let names = services.into_iter().collect::<Vec<_>>().join(", ");
            self.plan.notes.push(format!(
                "no longer in the Compose file: {names}; remove their containers with `magicctl up --remove-orphans`, or the \
                 whole stack with `magicctl down`"
            ));
        }
    }
}

/// The services whose containers `service` holds on to or has links to, each once.
fn holds_on_to(service: &Service) -> BTreeSet<&str> {
    let linked = service.links.iter().map(|link| link.split(':').next().unwrap_or(link));
    namespaces_of(service).chain(linked).collect()
}

/// Services whose namespaces `service` lives in (`network_mode`, `ipc`, `pid`: `service:X`) or whose volumes it takes.
fn namespaces_of(service: &Service) -> impl Iterator<Item = &str> {
    [&service.network_mode, &service.ipc, &service.pid]
        .into_iter()
        .filter_map(|mode| mode.as_deref()?.strip_prefix("service:"))
        .chain(
            service
                .volumes_from
                .iter()
                .filter(|from| !from.starts_with("container:"))
                .map(|from| from.split(':').next().unwrap_or(from)),
        )
}

/// The first twelve digits of an id.
/// From which image to which: by name where that changed, else by id.
fn image_change(container: &Container, wanted: &str, id: &str) -> String {
    // An image without a name any more is listed by its id.
    let had_name = !container.image.starts_with("sha256:") && !container.image_id.contains(&container.image);
    if had_name && container.image != wanted {
        format!("image {} → {wanted}", container.image)
    } else {
        format!("image {wanted}: {} → {}", short(&container.image_id), short(id))
    }
}

fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}
