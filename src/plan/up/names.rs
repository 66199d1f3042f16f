//! Names of containers that are not theirs yet, or not theirs any more.

use std::collections::{BTreeMap, HashMap};

use crate::compose::Service;
use crate::observed::Container;
use crate::plan::reason::Reason;
use crate::plan::replica::Candidates;
use crate::plan::step::{Action, StepId, target_of};

use super::Planner;

impl Planner<'_> {
    /// A container that somebody gave the name of another of its service is called something else first.
    pub(super) fn free_names(
        &mut self,
        service: &Service,
        existing: &BTreeMap<u32, Candidates<'_>>,
        numbers: &[u32],
    ) -> Vec<StepId> {
        let mut freed = Vec::new();
        if existing.is_empty() {
            return freed;
        }
        let name_of = |number: &u32| (service.container_name(&self.stack.name, *number), *number);
        let named: HashMap<String, u32> = numbers.iter().map(name_of).collect();
        for (number, candidates) in existing {
            for (container, _) in candidates {
                if named.get(&container.name).is_some_and(|other| other != number) {
                    let action = Action::RenameContainer {
                        container: target_of(container),
                        name: self.interim_name(container, &container.name),
                    };
                    let reason = Reason::NumberOf(*number, service.name.clone());
                    freed.push(self.plan.push(Some(&service.name), action, reason, Vec::new()));
                }
            }
        }
        freed
    }

    /// The name of a container until it gets that of `old`, or that of `old` until it gets its own. What a replacement that was cut off
    /// left may hold the first that comes to mind.
    pub(super) fn interim_name(&self, old: &Container, name: &str) -> String {
        let first = format!("{}_{name}", short(old.id.as_str()));
        let further = (2..).map(|number| format!("{}_{number}_{name}", short(old.id.as_str())));
        let mut all = std::iter::once(first.clone()).chain(further);
        all.find(|name| !self.existing.named.contains_key(name.as_str()))
            .unwrap_or(first)
    }
}

/// The first twelve digits of an id.
pub(super) fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}
