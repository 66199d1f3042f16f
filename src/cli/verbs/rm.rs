//! `rm`: removes stopped containers.

use std::io::BufRead as _;

use clap::Args;

use crate::cli::Ended;
use crate::cli::carry::Carry;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan::{self, Action, Plan};

use super::there::There;

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
    let mut there = There::of(session, &args.services).await?;
    let _lock = crate::cli::lock::take(session, &there.project).await?;
    there.look().await?;
    let plan = plan::remove(&there.project, &there.observed(), &there.scope, args.stop, args.volumes);
    let carry = Carry::new(session, &there.engine, "rm", &there.project, there.stack.as_ref());
    if plan.steps().is_empty() {
        let running = there.running(&args.services);
        let running = running.iter().filter(|container| there.scope.takes(container)).count();
        let text = match running {
            0 => "rm: there are no containers to remove".to_owned(),
            _ => format!("rm: there are no stopped containers; {running} are running, and --stop stops them first"),
        };
        idle(session, &carry, text);
        return Ok(None);
    }
    if !args.force && !session.global.dry_run && !agreed(session, &plan) {
        idle(session, &carry, "rm: nothing was removed".to_owned());
        return Ok(None);
    }
    carry.run(&plan, args.services.clone()).await?;
    carry.finish(&std::collections::BTreeSet::new(), Vec::new()).await
}

/// As Compose, it says on stdout that nothing was done.
fn idle(session: &Session, carry: &Carry<'_>, text: String) {
    if session.json() {
        carry.idle(text);
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
