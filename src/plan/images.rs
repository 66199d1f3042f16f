//! Which images must be built or pulled before containers can be made.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::{Service, Stack};
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::image::ImageRef;
use crate::observed::{Container, Observed};
use crate::shell::ShellCommand;

use super::options::{Pull, UpOptions};
use super::reason::Reason;
use super::step::{Action, Plan, StepId};

/// The step that brings a service's image.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImageWork {
    pub step: StepId,
}

/// Adds a build or a pull for each service of `order` whose image needs one; two services with the same image
/// share the step.
///
/// # Errors
/// A name that no image can have, at its line; an image that would have to be built against `--no-build`.
pub(super) fn plan_images(
    plan: &mut Plan,
    stack: &Stack,
    observed: &Observed,
    order: &[ServiceName],
    options: &UpOptions,
) -> Result<BTreeMap<ServiceName, ImageWork>, Failure> {
    plan.never_pulls = options.pull == Pull::Never;
    let there: BTreeSet<&ServiceName> = observed
        .of_project(&stack.name)
        .filter_map(Container::service)
        .collect();
    // Whether one that is there can stay is found when it is compared.
    for name in order.iter().filter(|name| !there.contains(name)) {
        stack.makeable(name)?;
    }
    let mut by_image: BTreeMap<ImageRef, StepId> = BTreeMap::new();
    let mut work = BTreeMap::new();
    // Builders first: a service that only names an image may be naming one that another builds.
    let (builders, others): (Vec<&ServiceName>, Vec<&ServiceName>) =
        order.iter().partition(|name| stack.services[*name].build.is_some());
    let built: BTreeSet<ImageRef> = builders
        .iter()
        .map(|name| stack.image_of(&stack.services[*name]))
        .collect::<Result<_, _>>()?;
    for name in builders.into_iter().chain(others) {
        let service = &stack.services[name];
        let image = stack.image_of(service)?;
        if let Some(step) = by_image.get(&image) {
            work.insert(name.clone(), ImageWork { step: *step });
            continue;
        }
        if options.brought.contains(&image) {
            continue;
        }
        let there = observed.image_id(image.as_str()).is_some();
        let (action, reason) = if service.build.is_some() {
            let Some(reason) = why_build(service, there, options) else {
                continue;
            };
            if options.no_build {
                if there {
                    continue;
                }
                let command = ShellCommand::of("magicctl build").operand(name);
                return Err(Failure::failed(format!("{name} has no image: {image} is missing"))
                    .because("--no-build was given")
                    .hint(format!("build it{}, or drop --no-build", ShellCommand::aside(command))));
            }
            stack.tags_of(service)?;
            let action = Action::BuildImage {
                image: image.clone(),
                no_cache: options.no_cache,
                pull: options.pull == Pull::Always,
            };
            (action, reason)
        } else {
            let Some(reason) = why_pull(service, there, options).filter(|_| !built.contains(&image)) else {
                continue;
            };
            let action = Action::PullImage {
                image: image.clone(),
                platform: service.platform.clone(),
                best_effort: false,
            };
            (action, reason)
        };
        let step = plan.push(Some(name), action, reason, Vec::new());
        by_image.insert(image, step);
        work.insert(name.clone(), ImageWork { step });
    }
    Ok(work)
}

fn why_build(service: &Service, there: bool, options: &UpOptions) -> Option<Reason> {
    match service.pull_policy.as_deref() {
        _ if options.build.contains(&service.name) || options.pull == Pull::Build => Some(Reason::CommandLine),
        Some("build") if options.pull == Pull::Policy => Some(Reason::PullPolicy("build")),
        _ if !there => Some(Reason::Missing),
        _ => None,
    }
}

fn why_pull(service: &Service, there: bool, options: &UpOptions) -> Option<Reason> {
    match (options.pull, service.pull_policy.as_deref()) {
        (Pull::Never, _) | (Pull::Policy, Some("never")) => None,
        (Pull::Always, _) => Some(Reason::CommandLine),
        (Pull::Policy, Some("always")) => Some(Reason::PullPolicy("always")),
        _ if !there => Some(Reason::Missing),
        _ => None,
    }
}
