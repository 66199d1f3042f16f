//! What exists on the engine, found by name.

use std::collections::{BTreeMap, HashSet};

use crate::compose::Stack;
use crate::ids::{NetworkName, ServiceName};
use crate::observed::{Container, Observed};

/// What exists on the engine, found by name.
pub(super) struct Existing<'a> {
    /// The project's containers by service.
    pub(super) of_service: BTreeMap<&'a ServiceName, Vec<&'a Container>>,
    /// All containers, other projects' too; the engine gives each name once.
    pub(super) named: BTreeMap<&'a str, &'a Container>,
    /// All networks, by name and id: the engine may have several of a name.
    pub(super) networks: HashSet<(&'a NetworkName, &'a str)>,
}

impl<'a> Existing<'a> {
    pub(super) fn of(stack: &'a Stack, observed: &'a Observed) -> Self {
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
                .map(|network| (&network.name, network.id.as_str()))
                .collect(),
        }
    }
}
