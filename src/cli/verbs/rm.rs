//! `rm`: removes stopped containers.

use std::io::BufRead as _;

use clap::Args;

use crate::cli::Ended;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan::{self, Action, Plan};

use super::project_containers::ProjectContainers;

/// `rm`.
#[derive(Debug, Clone, Args)]
pub struct RmArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// Don't ask for confirmation
    #[arg(short, long)]
    force: bool,
    /// Stop the containers first
    #[arg(short, long)]
    stop: bool,
    /// Remove their anonymous volumes too
    #[arg(short, long)]
    volumes: bool,
}

pub(crate) async fn run(session: &Session, args: &RmArgs) -> Ended {
    let mut project = ProjectContainers::of(session, &args.services).await?;
    let _lock = crate::cli::lock::take(session, &project.name).await?;
    project.look().await?;
    let plan = plan::remove(
        &project.name,
        &project.observed(),
        &project.scope,
        args.stop,
        args.volumes,
    );
    let plan_run = PlanRun::new(session, &project.engine, "rm", &project.name, project.stack.as_ref());
    if plan.steps().is_empty() {
        let running = project.running(&args.services);
        let running = running
            .iter()
            .filter(|container| project.scope.takes(container))
            .count();
        let text = match running {
            0 => "rm: there are no containers to remove".to_owned(),
            _ => format!("rm: there are no stopped containers; {running} are running, and --stop stops them first"),
        };
        idle(session, &plan_run, text);
        return Ok(None);
    }
    if !args.force && !session.global.dry_run && !agreed(session, &plan) {
        idle(session, &plan_run, "rm: nothing was removed".to_owned());
        return Ok(None);
    }
    plan_run.run(&plan, args.services.clone()).await?;
    plan_run.finish(&std::collections::BTreeSet::new(), Vec::new()).await
}

/// As Compose, it says on stdout that nothing was done.
fn idle(session: &Session, plan_run: &PlanRun<'_>, text: String) {
    if session.json() {
        plan_run.idle(text);
    } else {
        session.out.line(text);
    }
}

fn agreed(session: &Session, plan: &Plan) -> bool {
    let removed = plan
        .steps()
        .iter()
        .filter(|step| matches!(step.action, Action::RemoveContainer { .. }));
    let names: Vec<&str> = removed.map(|step| step.action.target()).collect();
    session.out.diagnostic(format!("about to remove {}", names.join(", ")));
    session.out.diagnostic("are you sure? [y/N]");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
