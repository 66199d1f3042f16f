//! Container names that somebody else has.

use std::collections::BTreeMap;

use crate::codes;
use crate::compose::{Service, Stack};
use crate::conflict::{NamedBy, name_taken};
use crate::observed::Container;

use super::copies::{HeldByProject, Thing};
use super::engine_state::EngineState;
use super::finding::{Finding, MOST_FINDINGS};
use super::project::Project;

/// Names of the services in question that belong to another project's container, or to one made by hand.
pub(super) fn taken(project: &Project, there: &EngineState) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let all = there.observed.containers.iter().rev();
    let named: BTreeMap<&str, _> = all.map(|container| (container.name.as_str(), container)).collect();
    let mut findings = Vec::new();
    for service in project.services() {
        for container in holders(stack, service, &named) {
            if container.project() != Some(&stack.name) || container.service() != Some(&service.name) {
                let failure = name_taken(stack, &service.name, container, NamedBy::File);
                let held = HeldByProject::by(container, Thing::Name(container.name.clone()));
                findings.push(Finding::of(&codes::NAME_TAKEN, &failure).held_by(held));
                if findings.len() >= MOST_FINDINGS {
                    return findings;
                }
            }
        }
    }
    findings
}

/// The containers that have the names of those of `service`, in the order of their numbers. A service may have thousands:
/// those that are there are looked through, not those that are to be.
fn holders<'o>(stack: &Stack, service: &Service, named: &BTreeMap<&str, &'o Container>) -> Vec<&'o Container> {
    let first = service.container_name(&stack.name, 1);
    let Some(before) = first.strip_suffix('1').filter(|_| service.container_name.is_none()) else {
        return named
            .get(first.as_str())
            .filter(|_| service.replicas() > 0)
            .copied()
            .into_iter()
            .collect();
    };
    let named = named.range(before..).take_while(|(name, _)| name.starts_with(before));
    let mut numbered: Vec<(u32, &Container)> = named
        .filter_map(|(name, container)| {
            let number: u32 = name[before.len()..].parse().ok()?;
            let is_its_own = service.container_name(&stack.name, number) == *name;
            (is_its_own && (1..=service.replicas()).contains(&number)).then_some((number, *container))
        })
        .collect();
    numbered.sort_unstable_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, container)| container).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::State;

    #[test]
    fn only_the_names_that_a_service_will_have_count() {
        let all: Vec<Container> = [
            "p-a-10", "p-a-2", "p-a-11", "p-a-01", "p-a-x", "p-ab-1", "p-a-1x", "fixed",
        ]
        .map(|name| Container::bare(name, name, State::Created))
        .into();
        let named: BTreeMap<&str, &Container> = all.iter().map(|c| (c.name.as_str(), c)).collect();
        let stack = Stack {
            name: "p".to_owned(),
            ..Stack::default()
        };
        let of = |scale, container_name: Option<&str>| {
            let service = Service {
                name: "a".into(),
                scale: Some(scale),
                container_name: container_name.map(ToOwned::to_owned),
                ..Service::default()
            };
            holders(&stack, &service, &named)
                .iter()
                .map(|c| c.name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(10, None), ["p-a-2", "p-a-10"]);
        assert_eq!(of(u32::MAX, None), ["p-a-2", "p-a-10", "p-a-11"]);
        assert_eq!(of(1, Some("fixed")), ["fixed"]);
        assert_eq!(of(0, Some("fixed")), Vec::<String>::new());
    }
}
