//! Which images must be built or pulled before containers can be made.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::Stack;
use crate::observed::Observed;

use super::step::{Action, Plan, StepId};
use super::up::UpOptions;

/// The step that brings a service's image.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImageWork {
    pub step: StepId,
}

/// Adds a build or a pull for each service of `order` whose image needs one; two services with the same image
/// share the step.
pub(super) fn plan_images(
    plan: &mut Plan,
    stack: &Stack,
    observed: &Observed,
    order: &[String],
    options: &UpOptions,
) -> BTreeMap<String, ImageWork> {
    let mut by_image: BTreeMap<String, StepId> = BTreeMap::new();
    let mut work = BTreeMap::new();
    // Builders first: a service that only names an image may be naming one that another builds.
    let (builders, others): (Vec<&String>, Vec<&String>) =
        order.iter().partition(|name| stack.services[*name].build.is_some());
    let built: BTreeSet<String> = builders
        .iter()
        .map(|name| stack.services[*name].image_ref(&stack.name))
        .collect();
    for name in builders.into_iter().chain(others) {
        let service = &stack.services[name];
        let image = service.image_ref(&stack.name);
        let there = observed.image_id(&image).is_some();
        let policy = service.pull_policy.as_deref().unwrap_or("missing");
        if let Some(step) = by_image.get(&image) {
            work.insert(name.clone(), ImageWork { step: *step });
            continue;
        }
        let step = if service.build.is_some() {
            let reason = match (options.build.contains(name), policy, there) {
                (true, ..) => "it was asked for",
                (_, "build", _) => "pull_policy is build",
                (.., false) => "it is not there",
                _ => continue,
            };
            let action = Action::BuildImage {
                image: image.clone(),
                no_cache: options.no_cache,
                pull: options.pull,
            };
            plan.push(Some(name), action, reason, Vec::new())
        } else {
            if built.contains(&image) {
                continue;
            }
            let reason = match (policy, there) {
                ("never", _) => continue,
                ("always", _) => "pull_policy is always",
                (_, false) => "it is not there",
                _ if options.pull => "it was asked for",
                _ => continue,
            };
            let action = Action::PullImage {
                image: image.clone(),
                platform: service.platform.clone(),
            };
            plan.push(Some(name), action, reason, Vec::new())
        };
        by_image.insert(image, step);
        work.insert(name.clone(), ImageWork { step });
    }
    work
}
