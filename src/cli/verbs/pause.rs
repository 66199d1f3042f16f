//! `pause` and `unpause`: containers frozen as they are, and going on from there.

use clap::Args;

use crate::cli::Ended;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan;

use super::project_containers::ProjectContainers;

/// `pause` and `unpause`.
#[derive(Debug, Clone, Args)]
pub struct PauseArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
}

/// Freezes when `freeze`, else lets go on.
pub(crate) async fn run(session: &Session, args: &PauseArgs, freeze: bool) -> Ended {
    let mut project = ProjectContainers::of(session, &args.services).await?;
    let _lock = crate::cli::lock::take(session, &project.name).await?;
    project.look().await?;
    let (command, plan) = if freeze {
        ("pause", plan::pause(&project.name, &project.observed(), &project.scope))
    } else {
        (
            "unpause",
            plan::unpause(&project.name, &project.observed(), &project.scope),
        )
    };
    let plan_run = PlanRun::new(session, &project.engine, command, &project.name, project.stack.as_ref());
    if plan.steps().is_empty() {
        plan_run.idle(project.idle(command, &args.services));
        return Ok(None);
    }
    plan_run.run(&plan, args.services.clone()).await?;
    plan_run.finish(&std::collections::BTreeSet::new(), Vec::new()).await
}
