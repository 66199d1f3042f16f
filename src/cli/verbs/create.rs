//! `create`: makes containers, and starts none.

use clap::Args;

use crate::cli::Ended;
use crate::cli::args::MakeArgs;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::cli::up::{bring_up, make_options};
use crate::ids::ServiceName;
use crate::plan::UpOptions;

/// `create`.
#[derive(Debug, Clone, Args)]
pub struct CreateArgs {
    /// Services to create with their dependencies; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    #[command(flatten)]
    make: MakeArgs,
}

pub(crate) async fn run(session: &Session, args: &CreateArgs) -> Ended {
    let stack = session.stack_to_make(&args.services)?;
    let options = UpOptions {
        no_start: true,
        ..make_options(session, &stack, &args.services, true, &args.make)?
    };
    let engine = session.engine().await?;
    let _lock = crate::cli::lock::take(session, &stack.name).await?;
    let plan_run = PlanRun::new(session, &engine, "create", &stack.name, Some(&stack));
    bring_up(session, &plan_run, &engine, &stack, options).await
}
