//! The plans that are only about images: `build`, `pull`, `push`.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::Stack;
use crate::observed::Observed;

use super::step::{Action, Plan, StepId};

/// What the user asked of `pull`.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// Whose images.
    pub services: BTreeSet<String>,
    /// Leave out images that can be built.
    pub ignore_buildable: bool,
    /// Go on when an image can't be pulled.
    pub ignore_failures: bool,
    /// Leave out images that are there.
    pub only_missing: bool,
}

/// Builds the images of `services`, and pushes them if `push`.
pub fn build(stack: &Stack, services: &BTreeSet<String>, no_cache: bool, pull: bool, push: bool) -> Plan {
    let mut plan = Plan::default();
    let mut by_image: BTreeMap<String, StepId> = BTreeMap::new();
    for name in super::order::start_order(stack, services) {
        let service = &stack.services[&name];
        let image = service.image_ref(&stack.name);
        if service.build.is_none() || by_image.contains_key(&image) {
            continue;
        }
        let action = Action::BuildImage {
            image: image.clone(),
            no_cache,
            pull,
        };
        let step = plan.push(Some(&name), action, "build was asked for", Vec::new());
        by_image.insert(image, step);
    }
    if push {
        push_images(&mut plan, stack, services, false, &by_image);
    }
    plan
}

/// Pulls the images that `options.services` name. One that can be built need not be in a registry.
pub fn pull(stack: &Stack, observed: &Observed, options: &PullOptions) -> Plan {
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    for name in &options.services {
        let service = &stack.services[name];
        let can_be_built = service.build.is_some();
        let Some(image) = service
            .image
            .as_ref()
            .filter(|_| !(can_be_built && options.ignore_buildable))
        else {
            plan.notes
                .push(format!("{name} is built, not pulled: `magicctl build {name}`"));
            continue;
        };
        let there = observed.image_id(image).is_some();
        if (there && options.only_missing) || !seen.insert(image) {
            continue;
        }
        let action = Action::PullImage {
            image: image.clone(),
            platform: service.platform.clone(),
            best_effort: options.ignore_failures || can_be_built,
        };
        plan.push(Some(name), action, "pull was asked for", Vec::new());
    }
    plan
}

/// Pushes the images that `services` build and name.
pub fn push(stack: &Stack, services: &BTreeSet<String>, ignore_failures: bool) -> Plan {
    let mut plan = Plan::default();
    push_images(&mut plan, stack, services, ignore_failures, &BTreeMap::new());
    plan
}

fn push_images(
    plan: &mut Plan,
    stack: &Stack,
    services: &BTreeSet<String>,
    best_effort: bool,
    made_by: &BTreeMap<String, StepId>,
) {
    let mut seen = BTreeSet::new();
    for name in services {
        let service = &stack.services[name];
        let Some(build) = &service.build else {
            plan.notes
                .push(format!("{name} is not built, so there is nothing to push"));
            continue;
        };
        let Some(image) = &service.image else {
            plan.notes.push(format!(
                "{name} is not pushed: the file names no `image` for what it builds"
            ));
            continue;
        };
        let needs: Vec<StepId> = made_by.get(image).copied().into_iter().collect();
        for image in std::iter::once(image).chain(&build.tags) {
            if seen.insert(image.clone()) {
                let action = Action::PushImage {
                    image: image.clone(),
                    best_effort,
                };
                plan.push(Some(name), action, "push was asked for", needs.clone());
            }
        }
    }
}
