//! Whose logs are shown: the services that were named, or all whose file wants them beside the others.

use std::collections::BTreeSet;

use crate::compose::Stack;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::logs::source::SourceChoice;
use crate::observed::Container;
use crate::plan::Scope;

use super::args::LogsArgs;

/// Which containers are asked for.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    scope: Scope,
    /// Those that were named.
    services: Vec<ServiceName>,
    index: Option<u32>,
    /// The services with `attach: false`, which are shown only when they are named.
    detached: BTreeSet<ServiceName>,
}

impl Selection {
    pub(super) fn of(args: &LogsArgs, stack: Option<&Stack>) -> Result<Self, Failure> {
        if args.index.is_some() && args.services.len() != 1 {
            return Err(Failure::usage("--index needs exactly one service")
                .hint("name the service: `magicctl logs --index 2 SERVICE`"));
        }
        let is_of_file = args.services.is_empty() && args.source != SourceChoice::Loki;
        let services = stack.into_iter().flat_map(|stack| stack.services.values());
        let detached = services.filter(|service| service.attach == Some(false));
        Ok(Self {
            // What Loki knows, and what was named, may be gone from the file.
            scope: Scope::of(stack.filter(|_| is_of_file), &args.services)?,
            services: args.services.clone(),
            index: args.index,
            detached: detached.map(|service| service.name.clone()).collect(),
        })
    }

    /// Whether the logs of this container of `service` are shown.
    pub(super) fn takes(&self, service: &ServiceName, number: u32) -> bool {
        let is_named = self.services.iter().any(|named| named == service);
        let is_shown = self.scope.covers(service) && (is_named || !self.detached.contains(service));
        is_shown && self.index.is_none_or(|index| index == number)
    }

    /// The same of a container; none of one that `run` made.
    pub(super) fn takes_container(&self, container: &Container) -> bool {
        let service = container.service();
        service.is_some_and(|service| self.takes(service, container.number()))
    }

    /// That there is none of them in `project`, as a sentence.
    pub(super) fn none(&self, project: &str) -> String {
        let whose = match self.services.as_slice() {
            [] => format!("project {project}"),
            services => services.join(", "),
        };
        match self.index {
            Some(index) => format!("{whose} has no container {index}"),
            None => format!("{whose} has no container to show logs of"),
        }
    }

    /// Whether it was one container that was asked for.
    pub(super) fn is_of_one(&self) -> bool {
        self.index.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_detaches_is_shown_when_it_is_named() {
        let of = |services: &[&str], index| Selection {
            scope: Scope::of(
                None,
                &services.iter().map(|name| ServiceName::new(*name)).collect::<Vec<_>>(),
            )
            .unwrap(),
            services: services.iter().map(|name| ServiceName::new(*name)).collect(),
            index,
            detached: BTreeSet::from(["noisy".into()]),
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
                selection.takes(&service.into(), number),
                is_taken,
                "{selection:?} {service} {number}"
            );
        }
    }
}
