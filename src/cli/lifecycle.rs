//! `stop`, `start` and `restart`: the containers that are there, as they are.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::plan::{self, Plan};

use super::Ended;
use super::carry::Carry;
use super::session::Session;
use super::verbs::there::There;

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
    run(session, Verb::Stop, &args.services, |there| {
        plan::stop(&there.project, &there.observed(), &there.scope, timeout)
    })
    .await
}

pub(crate) async fn start(session: &Session, args: &StartArgs) -> Ended {
    run(session, Verb::Start(args.wait_timeout), &args.services, |there| {
        plan::start(&there.project, &there.observed(), &there.scope)
    })
    .await
}

pub(crate) async fn restart(session: &Session, args: &RestartArgs) -> Ended {
    let timeout = seconds(args.stop.timeout);
    run(session, Verb::Restart, &args.stop.services, |there| {
        let all = there.scope_of_all();
        let dependents = (!args.no_deps).then_some(&all);
        plan::restart(&there.project, &there.observed(), &there.scope, dependents, timeout)
    })
    .await
}

async fn run(session: &Session, verb: Verb, services: &[ServiceName], plan: impl FnOnce(&There) -> Plan) -> Ended {
    let mut there = There::of(session, services).await?;
    let _lock = super::lock::take(session, &there.project).await?;
    there.look().await?;
    let about = there.acted_on();
    let command = verb.command();
    if let Verb::Start(_) = verb {
        there.require(services)?;
        if about.is_empty() {
            return Err(Failure::failed(there.idle(command, services)).hint("`magicctl up` creates missing containers"));
        }
    }
    let mut carry = Carry::new(session, &there.engine, command, &there.project, there.stack.as_ref());
    if about.is_empty() {
        carry.idle(there.idle(command, services));
        return Ok(None);
    }
    let plan = plan(&there);
    if let Verb::Start(wait_timeout) = verb {
        carry.timeout = wait_timeout;
    }
    carry.run(&plan, about.iter().cloned().collect()).await?;
    let shown = match verb {
        Verb::Stop => BTreeSet::new(),
        Verb::Start(_) | Verb::Restart => about,
    };
    carry.finish(&shown, Vec::new()).await
}

/// Whole seconds for the engine, rounded up: half a second of grace is not none.
pub(crate) fn seconds(timeout: Option<std::time::Duration>) -> Option<u32> {
    let timeout = timeout.filter(|timeout| *timeout != super::duration::OWN);
    timeout.map(|timeout| u32::try_from(timeout.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
}
