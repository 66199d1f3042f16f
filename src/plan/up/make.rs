//! A container that is made, beside those that it replaces.

use crate::labels;
use crate::observed::Container;
use crate::plan::reason::Reason;
use crate::plan::replica::Fit;
use crate::plan::step::{Action, StepId, Target, Which};

use super::{Goal, Planned, Planner};

impl<'a> Planner<'a> {
    pub(super) fn make(&mut self, goal: &Goal<'a, '_>, outdated: &[(&Container, Fit)], planned: &mut Planned) {
        let (service, name) = (goal.service, &goal.name);
        let reason = match outdated.first() {
            Some((_, Fit::Differs(why))) => why.clone(),
            _ => Reason::Missing,
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
        let mut labels =
            crate::plan::labels::of_container(self.stack, service, goal.number, goal.wanted, goal.image_id);
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
            .map(|container| self.remove(container, &reason, vec![created]))
            .collect();
        if holds_name.is_some() {
            let action = Action::RenameContainer {
                container: target.clone(),
                name: name.clone(),
            };
            let step = self
                .plan
                .push(Some(&service.name), action, Reason::OldRemoved, ready_to_start);
            ready_to_start = vec![step];
        }
        ready_to_start.push(created);
        ready_to_start.extend(networks);
        let standing = self.start(service, &target, Reason::New, ready_to_start, planned);
        planned.containers.push((target, standing));
    }
}
