//! Whose logs are shown: the services that were named, or all whose file wants them beside the others.

use std::collections::BTreeSet;

use crate::compose::Stack;
use crate::failure::Failure;
use crate::observed::Container;

use super::args::LogsArgs;

/// Which containers are asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    services: Vec<String>,
    index: Option<u32>,
    /// The services with `attach: false`, which are shown only when they are named.
    detached: BTreeSet<String>,
}

impl Selection {
    pub(super) fn of(args: &LogsArgs, stack: Option<&Stack>) -> Result<Self, Failure> {
        if args.index.is_some() && args.services.len() != 1 {
            return Err(Failure::usage("--index is the number of a container of one service")
                .hint("name the service: `magicctl logs --index 2 SERVICE`"));
        }
        let services = stack.into_iter().flat_map(|stack| stack.services.values());
        let detached = services.filter(|service| service.attach == Some(false));
        Ok(Self {
            services: args.services.clone(),
            index: args.index,
            detached: detached.map(|service| service.name.clone()).collect(),
        })
    }

    /// Whether the logs of this container of `service` are shown.
    pub(super) fn takes(&self, service: &str, number: u32) -> bool {
        let is_named = self.services.iter().any(|named| named == service);
        let is_of_all = self.services.is_empty() && !self.detached.contains(service);
        (is_named || is_of_all) && self.index.is_none_or(|index| index == number)
    }

    /// The same of a container; none of one that `run` made.
    pub(super) fn takes_container(&self, container: &Container) -> bool {
        let service = container.service();
        service.is_some_and(|service| self.takes(service, container.number()))
    }

    /// Whose they are, for a message.
    pub(super) fn described(&self) -> Option<String> {
        let index = self.index?;
        Some(format!("{} has no container {index}", self.services.first()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_detaches_is_shown_when_it_is_named() {
        let of = |services: &[&str], index| Selection {
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            index,
            detached: BTreeSet::from(["noisy".to_owned()]),
        };
        for (selection, service, number, is_taken) in [
            (of(&[], None), "app", 1, true),
            (of(&[], None), "noisy", 1, false),
            (of(&["noisy"], None), "noisy", 1, true),
            (of(&["noisy"], None), "app", 1, false),
            (of(&["noisy", "app"], None), "noisy", 2, true),
            (of(&["app"], Some(2)), "app", 2, true),
            (of(&["app"], Some(2)), "app", 1, false),
            (of(&["app"], Some(2)), "web", 2, false),
        ] {
            assert_eq!(
                selection.takes(service, number),
                is_taken,
                "{selection:?} {service} {number}"
            );
        }
    }
}
