//! `kill`: a signal for the running containers.

use clap::Args;

use crate::cli::Ended;
use crate::cli::carry::Carry;
use crate::cli::session::Session;
use crate::failure::Failure;
use crate::observed::Observed;
use crate::plan;

use super::there::There;

/// `kill`.
#[derive(Debug, Clone, Args)]
pub struct KillArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// Which signal, by name or number: SIGTERM, HUP, 15
    #[arg(short, long, value_name = "SIGNAL", default_value = "SIGKILL", value_parser = super::signal::signal)]
    signal: String,
    /// Remove containers of services that the file no longer names
    #[arg(long)]
    remove_orphans: bool,
}

pub(crate) async fn run(session: &Session, args: &KillArgs) -> Ended {
    let there = There::of(session, &args.services).await?;
    let _lock = crate::cli::lock::take(session, &there.project).await?;
    let mut services: std::collections::BTreeSet<String> = args.services.iter().cloned().collect();
    if let (Some(stack), true, false) = (&there.stack, services.is_empty(), args.remove_orphans) {
        services = stack.services.keys().chain(stack.disabled.keys()).cloned().collect();
    }
    let observed: Observed = there.observed();
    let plan = plan::kill(&there.project, &observed, &services, &args.signal);
    if plan.steps().is_empty() {
        return Err(Failure::failed("nothing of this runs, so there is nothing to kill")
            .hint("`magicctl ps` shows what there is"));
    }
    let carry = Carry::new(session, &there.engine, "kill", &there.project, there.stack.as_ref());
    carry.run(&plan, args.services.clone()).await?;
    carry.finish(&std::collections::BTreeSet::new(), Vec::new()).await
}
