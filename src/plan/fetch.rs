//! The plans that are only about images: `build`, `pull`, `push`.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::{Service, Stack};
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::image::ImageRef;
use crate::observed::Observed;
use crate::shell::ShellCommand;

use super::reason::Reason;
use super::step::{Action, Plan, StepId};

/// What the user asked of `pull`.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// Whose images.
    pub services: BTreeSet<ServiceName>,
    /// Leave out images that can be built.
    pub ignore_buildable: bool,
    /// Go on when an image can't be pulled.
    pub ignore_failures: bool,
    /// Leave out images that are there.
    pub only_missing: bool,
}

/// Builds the images of `services`, and pushes them if `push`.
///
/// # Errors
/// A name that no image can have, at its line.
pub fn build(
    stack: &Stack,
    services: &BTreeSet<ServiceName>,
    no_cache: bool,
    pull: bool,
    push: bool,
) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    let mut by_image: BTreeMap<ImageRef, StepId> = BTreeMap::new();
    for name in super::start_order::start_order(stack, services) {
        let service = &stack.services[&name];
        if service.build.is_none() {
            continue;
        }
        let image = stack.image_of(service)?;
        stack.tags_of(service)?;
        if by_image.contains_key(&image) {
            continue;
        }
        let action = Action::BuildImage {
            image: image.clone(),
            no_cache,
            pull,
        };
        let step = plan.push(Some(&name), action, Reason::Command, Vec::new());
        by_image.insert(image, step);
    }
    if push {
        push_images(&mut plan, stack, services, false, &by_image)?;
    }
    Ok(plan)
}

/// Pulls the images that `options.services` name. One that can be built need not be in a registry.
///
/// # Errors
/// A name that no image can have, at its line.
pub fn pull(stack: &Stack, observed: &Observed, options: &PullOptions) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    for name in &options.services {
        let service = &stack.services[name];
        let can_be_built = service.build.is_some();
        if !is_named(service) || (can_be_built && options.ignore_buildable) {
            let build = ShellCommand::aside(ShellCommand::of("magicctl build").operand(name));
            plan.notes.push(format!("{name} is built, not pulled{build}"));
            continue;
        }
        let best_effort = options.ignore_failures || can_be_built;
        let image = match stack.image_of(service) {
            Ok(image) => image,
            Err(failure) if best_effort => {
                plan.notes.push(format!("{name} is not pulled: {failure}"));
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let there = observed.image_id(image.as_str()).is_some();
        if (there && options.only_missing) || !seen.insert(image.clone()) {
            continue;
        }
        let action = Action::PullImage {
            image,
            platform: service.platform.clone(),
            best_effort,
        };
        plan.push(Some(name), action, Reason::Command, Vec::new());
    }
    Ok(plan)
}

/// Whether the file names the image of `service`.
fn is_named(service: &Service) -> bool {
    service.image.as_ref().is_some_and(|image| !image.is_empty())
}

/// Pushes the images that `services` build and name.
///
/// # Errors
/// A name that no image can have, at its line.
pub fn push(stack: &Stack, services: &BTreeSet<ServiceName>, ignore_failures: bool) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    push_images(&mut plan, stack, services, ignore_failures, &BTreeMap::new())?;
    Ok(plan)
}

fn push_images(
    plan: &mut Plan,
    stack: &Stack,
    services: &BTreeSet<ServiceName>,
    best_effort: bool,
    made_by: &BTreeMap<ImageRef, StepId>,
) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for name in services {
        let service = &stack.services[name];
        if service.build.is_none() {
            plan.notes
                .push(format!("{name} has no `build` section, so there is nothing to push"));
            continue;
        }
        if !is_named(service) {
            plan.notes.push(format!(
                "{name} is not pushed: set `image` to name the image that it builds"
            ));
            continue;
        }
        let (image, tags) = match (stack.image_of(service), stack.tags_of(service)) {
            (Ok(image), Ok(tags)) => (image, tags),
            (Err(failure), _) | (_, Err(failure)) if best_effort => {
                plan.notes.push(format!("{name} is not pushed: {failure}"));
                continue;
            }
            (Err(failure), _) | (_, Err(failure)) => return Err(failure),
        };
        let needs: Vec<StepId> = made_by.get(&image).copied().into_iter().collect();
        for image in std::iter::once(image).chain(tags) {
            if seen.insert(image.clone()) {
                let action = Action::PushImage { image, best_effort };
                plan.push(Some(name), action, Reason::Command, needs.clone());
            }
        }
    }
    Ok(())
}
