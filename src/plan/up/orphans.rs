//! What the file no longer names.

use std::collections::BTreeSet;

use crate::ids::ServiceName;
use crate::observed::{Container, State};

use super::super::reason::Reason;
use super::Planner;

impl Planner<'_> {
    /// Orphans are removed if that was requested, and reported otherwise. Ended one-off containers go with it.
    pub(super) fn orphans(&mut self) {
        let stack = self.stack;
        let known = |name: &ServiceName| stack.services.contains_key(name) || stack.disabled.contains_key(name);
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
                    Some(_) => Reason::Orphan,
                    None => Reason::OneOffEnded,
                };
                self.remove(container, &reason, Vec::new());
            }
            return;
        }
        let services = orphans.into_iter().filter_map(Container::service);
        let services: BTreeSet<&str> = services.map(ServiceName::as_str).collect();
        if !services.is_empty() && !self.options.ignore_orphans {
            let names = services.into_iter().collect::<Vec<_>>().join(", ");
            self.plan.notes.push(format!(
                "no longer in the Compose file: {names}; remove their containers with `magicctl up --remove-orphans`, or the \
                 whole stack with `magicctl down`"
            ));
        }
    }
}
