//! The plan of `run`: what the service depends on, as `up` would have it, and one container beside its others.

use crate::compose::{Service, Stack};
use crate::conflict::{NamedBy, name_taken};
use crate::failure::Failure;
use crate::observed::Observed;

use super::options::{Once, UpOptions};
use super::reason::Reason;
use super::spec::{Contents, spec};
use super::step::{Action, Plan, StepId};
use super::up::{Planner, plan_up};

/// The steps that make `once`, after `options.services`, which it depends on, are up to date. It is not started: whoever asked
/// joins it first.
///
/// # Errors
/// As for `up`.
pub fn run(
    stack: &Stack,
    observed: &Observed,
    contents: &Contents,
    options: &UpOptions,
    once: &Once,
) -> Result<Plan, Failure> {
    plan_up(stack, observed, contents, options, Some(once))
}

impl<'a> Planner<'a> {
    /// The container of `run`: it is made once its dependencies are as it needs them.
    pub(super) fn once(&mut self, service: &'a Service, once: &Once) -> Result<(), Failure> {
        if let Some(holder) = self.named(&once.name) {
            return Err(name_taken(self.stack, &service.name, holder, NamedBy::Run));
        }
        let mut needs: Vec<StepId> = self.made_before(service);
        needs.extend(service.networks.keys().filter_map(|key| self.networks.get(key)));
        let optional = self.dependencies(service, &mut needs);
        let wanted = spec(self.stack, service, self.contents);
        let image_id = self.image_id(service);
        let labels = super::labels::of_one_off(self.stack, service, &once.slug, &wanted, image_id.as_deref());
        let action = Action::CreateContainer {
            name: once.name.clone(),
            number: 0,
            labels,
            inherit: None,
            shares: self.shares(service),
            one_off: Some(once.one_off),
        };
        let step = self.plan.push(Some(&service.name), action, Reason::Verb("run"), needs);
        self.plan.order_after(step, optional);
        Ok(())
    }
}
