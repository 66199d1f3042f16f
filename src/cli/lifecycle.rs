//! `stop`, `start` and `restart`: the containers that are there, as they are.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::plan::{self, Plan};

use super::Ended;
use super::plan_run::PlanRun;
use super::session::Session;
use super::verbs::project_containers::ProjectContainers;

/// `restart`.
#[derive(Debug, Clone, Args)]
pub struct RestartArgs {
    /// The services, and how long they may take to stop
    #[command(flatten)]
    pub stop: LifecycleArgs,
    /// Don't restart dependents that have `restart: true`
    #[arg(long)]
    pub no_deps: bool,
}

/// `stop`, and what `restart` has of it.
#[derive(Debug, Clone, Args)]
pub struct LifecycleArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// How long a container may take to stop before it is killed (10s) [default: its own grace period]
    #[arg(short, long, value_name = "DURATION", value_parser = super::duration::parse_grace, allow_negative_numbers = true)]
    pub timeout: Option<std::time::Duration>,
}

/// `start`.
#[derive(Debug, Clone, Args)]
pub struct StartArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// Accepted for compatibility: `start` always waits
    #[arg(long)]
    pub wait: bool,
    /// How long to wait for each service (90s, 2m)
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = super::duration::parse)]
    pub wait_timeout: std::time::Duration,
}

/// What is done to the containers.
#[derive(Clone, Copy)]
enum Verb {
    Stop,
    /// With how long to wait for each service.
    Start(Duration),
    Restart,
}

impl Verb {
    fn command(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Start(_) => "start",
            Self::Restart => "restart",
        }
    }
}

pub(crate) async fn stop(session: &Session, args: &LifecycleArgs) -> Ended {
    let timeout = seconds(args.timeout);
    run(session, Verb::Stop, &args.services, |project| {
        plan::stop(&project.name, &project.observed(), &project.scope, timeout)
    })
    .await
}

pub(crate) async fn start(session: &Session, args: &StartArgs) -> Ended {
    run(session, Verb::Start(args.wait_timeout), &args.services, |project| {
        plan::start(&project.name, &project.observed(), &project.scope)
    })
    .await
}

pub(crate) async fn restart(session: &Session, args: &RestartArgs) -> Ended {
    let timeout = seconds(args.stop.timeout);
    run(session, Verb::Restart, &args.stop.services, |project| {
        let all = project.scope_of_all();
        let dependents = (!args.no_deps).then_some(&all);
        plan::restart(&project.name, &project.observed(), &project.scope, dependents, timeout)
    })
    .await
}

async fn run(
    session: &Session,
    verb: Verb,
    services: &[ServiceName],
    plan: impl FnOnce(&ProjectContainers) -> Plan,
) -> Ended {
    let mut project = ProjectContainers::of(session, services).await?;
    let _lock = super::lock::take(session, &project.name).await?;
    project.look().await?;
    let about = project.acted_on();
    let command = verb.command();
    if let Verb::Start(_) = verb {
        project.require(services)?;
        if about.is_empty() {
            return Err(
                Failure::failed(project.idle(command, services)).hint("`magicctl up` creates missing containers")
            );
        }
    }
    let mut plan_run = PlanRun::new(session, &project.engine, command, &project.name, project.stack.as_ref());
    if about.is_empty() {
        plan_run.idle(project.idle(command, services));
        return Ok(None);
    }
    let plan = plan(&project);
    if let Verb::Start(wait_timeout) = verb {
        plan_run.timeout = wait_timeout;
    }
    plan_run.run(&plan, about.iter().cloned().collect()).await?;
    let shown = match verb {
        Verb::Stop => BTreeSet::new(),
        Verb::Start(_) | Verb::Restart => about,
    };
    plan_run.finish(&shown, Vec::new()).await
}

/// Whole seconds for the engine, rounded up: half a second of grace is not none.
pub(crate) fn seconds(timeout: Option<std::time::Duration>) -> Option<u32> {
    let timeout = timeout.filter(|timeout| *timeout != super::duration::OWN);
    timeout.map(|timeout| u32::try_from(timeout.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
}
