//! What a container holds on to of others: namespaces, volumes, links. It is made after them, and can't outlive them.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::Service;
use crate::ids::{ContainerId, ServiceName};
use crate::plan::step::{StepId, Target, Which, target_of};

use super::Planner;

impl Planner<'_> {
    /// By service, the containers whose namespaces or volumes a new container of `service` gets: those that are there in the end.
    pub(in crate::plan) fn shares(&self, service: &Service) -> BTreeMap<ServiceName, Target> {
        let target = |other: &ServiceName| {
            if let Some(planned) = self.services.get(other) {
                return planned.containers.first().map(|(target, _)| target.clone());
            }
            let existing = self.existing.of_service.get(other)?;
            let first = existing
                .iter()
                .min_by_key(|container| (!container.is_running(), container.number()))?;
            Some(target_of(first))
        };
        let others = namespaces_of(service).filter_map(|other| target(&other).map(|target| (other, target)));
        others.collect()
    }

    /// The steps before which no container of `service` can be made: its image, its volumes, the containers that it holds on to or
    /// has links to.
    pub(in crate::plan) fn made_before(&self, service: &Service) -> Vec<StepId> {
        let volumes = service
            .volumes
            .iter()
            .filter_map(|mount| self.volumes.get(mount.source.as_ref()?));
        let image = self.images.get(&service.name).map(|work| &work.step);
        let others = holds_on_to(service);
        let others = others.into_iter().filter_map(|other| self.services.get(&other));
        let others = others.flat_map(|made| &made.created);
        volumes.chain(image).chain(others).copied().collect()
    }

    /// How many steps a container of `service` waits for, at most.
    pub(super) fn waits_of(&self, service: &Service) -> usize {
        let made = |other: &ServiceName| self.services.get(other).map_or(0, |made| made.containers.len());
        let held: usize = holds_on_to(service).iter().map(made).sum();
        let needed: usize = service.depends_on.keys().map(made).sum();
        held + needed + service.volumes.len() + service.networks.len()
    }

    /// The ids of the containers of `service` that are there and stay.
    pub(super) fn ids_of(&self, service: &ServiceName) -> impl Iterator<Item = &ContainerId> {
        let stay = self
            .services
            .get(service)
            .into_iter()
            .flat_map(|planned| &planned.containers);
        let stay = stay.filter_map(|(target, _)| match &target.which {
            Which::Id(id) => Some(id),
            Which::MadeBy(_) => None,
        });
        // Those of a service that is planned have been taken out.
        let left_alone = self.existing.of_service.get(service).into_iter().flatten();
        stay.chain(left_alone.map(|container| &container.id))
    }
}

/// The services whose containers `service` holds on to or has links to, each once.
fn holds_on_to(service: &Service) -> BTreeSet<ServiceName> {
    let linked = service.links.iter().map(|link| link.split(':').next().unwrap_or(link));
    namespaces_of(service).chain(linked.map(ServiceName::new)).collect()
}

/// Services whose namespaces `service` lives in (`network_mode`, `ipc`, `pid`: `service:X`) or whose volumes it takes.
pub(super) fn namespaces_of(service: &Service) -> impl Iterator<Item = ServiceName> {
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
        .map(ServiceName::new)
}
