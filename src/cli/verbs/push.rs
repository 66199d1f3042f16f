//! `push`: images that were built, to their registries.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::Ended;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan;

/// `push`.
#[derive(Debug, Clone, Args)]
pub struct PushArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// Continue if an image can't be pushed, and report it
    #[arg(long)]
    ignore_push_failures: bool,
    /// Also push the images of dependencies
    #[arg(long)]
    include_deps: bool,
}

pub(crate) async fn run(session: &Session, args: &PushArgs) -> Ended {
    let stack = session.stack(&args.services)?;
    let services = stack.select(&args.services, args.include_deps)?;
    let engine = session.engine().await?;
    let _lock = crate::cli::lock::take(session, &stack.name).await?;
    let plan = plan::push(&stack, &services, args.ignore_push_failures)?;
    let plan_run = PlanRun::new(session, &engine, "push", &stack.name, Some(&stack));
    plan_run.run(&plan, services.into_iter().collect()).await?;
    plan_run.finish(&BTreeSet::new(), Vec::new()).await
}
