//! `pull`: the services' images from their registries.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use crate::cli::Ended;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan::{self, PullOptions};

/// `pull`.
#[derive(Debug, Clone, Args)]
pub struct PullArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// Skip images that can be built
    #[arg(long)]
    ignore_buildable: bool,
    /// Continue if an image can't be pulled, and report it
    #[arg(long)]
    ignore_pull_failures: bool,
    /// Also pull the images of dependencies
    #[arg(long)]
    include_deps: bool,
    /// Pull all images, or only missing ones
    #[arg(long, value_enum, value_name = "WHEN")]
    policy: Option<Policy>,
}

/// `pull --policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// Only missing images.
    Missing,
    /// All.
    Always,
}

pub(crate) async fn run(session: &Session, args: &PullArgs) -> Ended {
    let stack = session.stack(&args.services)?;
    let options = PullOptions {
        services: stack.select(&args.services, args.include_deps)?,
        ignore_buildable: args.ignore_buildable,
        ignore_failures: args.ignore_pull_failures,
        only_missing: args.policy == Some(Policy::Missing),
    };
    let engine = session.engine().await?;
    let _lock = crate::cli::lock::take(session, &stack.name).await?;
    let observed = engine.observe().await?;
    let plan = plan::pull(&stack, &observed, &options)?;
    let plan_run = PlanRun::new(session, &engine, "pull", &stack.name, Some(&stack));
    plan_run.run(&plan, options.services.into_iter().collect()).await?;
    plan_run.finish(&BTreeSet::new(), Vec::new()).await
}
