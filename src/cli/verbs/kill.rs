//! `kill`: a signal for the running containers.

use clap::Args;

use crate::cli::Ended;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan::{self, Scope};

use super::project_containers::ProjectContainers;

/// `kill`.
#[derive(Debug, Clone, Args)]
pub struct KillArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// The signal, by name or number: SIGTERM, HUP, 15
    #[arg(short, long, value_name = "SIGNAL", default_value = "SIGKILL", value_parser = super::signal::signal)]
    signal: String,
    /// Remove containers of services that are no longer in the Compose file
    #[arg(long)]
    remove_orphans: bool,
}

pub(crate) async fn run(session: &Session, args: &KillArgs) -> Ended {
    let mut project = ProjectContainers::of(session, &args.services).await?;
    let _lock = crate::cli::lock::take(session, &project.name).await?;
    project.look().await?;
    let everything = Scope::Everything;
    let is_all = args.services.is_empty() && args.remove_orphans;
    let scope = if is_all { &everything } else { &project.scope };
    let plan = plan::kill(&project.name, &project.observed(), scope, &args.signal);
    let plan_run = PlanRun::new(session, &project.engine, "kill", &project.name, project.stack.as_ref());
    if plan.steps().is_empty() {
        plan_run.idle(project.idle("kill", &args.services));
        return Ok(None);
    }
    plan_run.run(&plan, args.services.clone()).await?;
    plan_run.finish(&std::collections::BTreeSet::new(), Vec::new()).await
}
