//! `stop`, `start` and `restart`: the containers that are there, as they are.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::failure::Failure;
use crate::observed::{Container, Observed};
use crate::plan::{self, Plan};

use super::Ended;
use super::args::{LifecycleArgs, RestartArgs, StartArgs};
use super::carry::Carry;
use super::session::Session;

pub(crate) async fn stop(session: &Session, args: &LifecycleArgs) -> Ended {
    let timeout = seconds(args.timeout);
    run(session, "stop", &args.services, None, |project, observed, services| {
        plan::stop(project, observed, services, timeout)
    })
    .await
}

pub(crate) async fn start(session: &Session, args: &StartArgs) -> Ended {
    run(session, "start", &args.services, Some(args.wait_timeout), plan::start).await
}

pub(crate) async fn restart(session: &Session, args: &RestartArgs) -> Ended {
    let timeout = seconds(args.stop.timeout);
    run(
        session,
        "restart",
        &args.stop.services,
        None,
        |project, observed, services| plan::restart(project, observed, services, !args.no_deps, timeout),
    )
    .await
}

async fn run(
    session: &Session,
    command: &'static str,
    services: &[String],
    wait_timeout: Option<Duration>,
    plan: impl FnOnce(&str, &Observed, &BTreeSet<String>) -> Plan,
) -> Ended {
    let (project, stack) = session.project_with(services)?;
    if let Some(stack) = &stack {
        stack.select(services, false)?;
    }
    let engine = session.engine().await?;
    let _lock = super::lock::take(session, &project).await?;
    let observed = Observed {
        containers: engine
            .observe_containers(&project)
            .await
            .map_err(|error| error.failure())?,
        ..Observed::default()
    };
    let named: BTreeSet<String> = services.iter().cloned().collect();
    let there: BTreeSet<&str> = observed.containers.iter().filter_map(Container::service).collect();
    if let Some(missing) = named.iter().find(|name| !there.contains(name.as_str())) {
        return Err(
            Failure::failed(format!("{missing} has no container")).hint(format!("`magicctl up {missing}` makes it"))
        );
    }
    if there.is_empty() {
        return Err(Failure::failed(format!("project {project} has no containers")).hint("`magicctl up` makes them"));
    }
    let plan = plan(&project, &observed, &named);
    let about: BTreeSet<String> = if named.is_empty() {
        there.into_iter().map(ToOwned::to_owned).collect()
    } else {
        named
    };
    let mut carry = Carry::new(session, &engine, command, &project, stack.as_ref());
    carry.timeout = wait_timeout.unwrap_or(carry.timeout);
    carry.run(&plan, about.iter().cloned().collect()).await?;
    let shown = if command == "stop" { BTreeSet::new() } else { about };
    carry.finish(&shown, Vec::new()).await
}

/// Whole seconds for the engine, rounded up: half a second of grace is not none.
pub(crate) fn seconds(timeout: Option<std::time::Duration>) -> Option<u32> {
    timeout.map(|timeout| u32::try_from(timeout.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
}
