//! `down`: stops dependents before dependencies, removes containers and networks; volumes stay unless asked for.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::observed::Observed;
use crate::plan::{self, Action, DownOptions, Plan};

use super::Ended;
use super::args::{DownArgs, Rmi};
use super::carry::Carry;
use super::session::Session;

pub(crate) async fn run(session: &Session, args: &DownArgs) -> Ended {
    let (project, stack) = session.project_with(&args.services)?;
    let engine = session.engine().await?;
    let _lock = super::lock::take(session, &project).await?;
    let observed = engine.observe().await.map_err(|error| error.failure())?;
    if let Some(stack) = &stack {
        stack.select(&args.services, false)?;
    }
    let options = DownOptions {
        services: args.services.iter().cloned().collect(),
        images: args.rmi.map(|which| match which {
            Rmi::Local => plan::Images::Local,
            Rmi::All => plan::Images::All,
        }),
        named_images: stack
            .iter()
            .flat_map(|stack| stack.services.values())
            .filter(|service| args.services.is_empty() || args.services.contains(&service.name))
            .filter_map(|service| service.image.clone())
            .collect(),
        volumes: args.volumes,
        timeout: super::lifecycle::seconds(args.timeout),
        known: stack
            .as_ref()
            .map(|stack| stack.services.keys().chain(stack.disabled.keys()).cloned().collect()),
    };
    let plan = plan::down(&project, &observed, &options);
    let carry = Carry::new(session, &engine, "down", &project, stack.as_ref());
    if let Some(text) = going(&plan, &observed) {
        carry.emit(&Event::Warning { text });
    }
    for step in plan.steps() {
        if let (Action::RemoveContainer { container, .. }, "the file no longer names it") =
            (&step.action, step.reason.0.as_str())
        {
            carry.emit(&Event::Note {
                text: format!("{} goes too: the file no longer names it", container.name),
            });
        }
    }
    let services = observed
        .of_project(&project)
        .filter_map(|container| container.service())
        .map(ToOwned::to_owned)
        .collect::<BTreeSet<_>>();
    carry.run(&plan, services.into_iter().collect()).await?;
    carry.finish(&BTreeSet::new(), Vec::new()).await
}

/// Which volumes go, before they go.
fn going(plan: &Plan, observed: &Observed) -> Option<String> {
    let volumes: Vec<&str> = plan
        .steps()
        .iter()
        .filter_map(|step| match &step.action {
            Action::RemoveVolume { name } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let is_anonymous = |name: &str| {
        let mut all = observed
            .containers
            .iter()
            .flat_map(|container| &container.anonymous_volumes);
        all.any(|volume| volume == name)
    };
    let (anonymous, mut named): (Vec<&str>, Vec<&str>) = volumes.into_iter().partition(|name| is_anonymous(name));
    let count = format!("{} without a name", anonymous.len());
    if !anonymous.is_empty() {
        named.push(&count);
    }
    (!named.is_empty()).then(|| {
        format!(
            "--volumes: these volumes and their data go for good: {}",
            named.join(", ")
        )
    })
}
