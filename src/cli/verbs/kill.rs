//! `kill`: a signal for the running containers.

use clap::Args;

use crate::cli::Ended;
use crate::cli::carry::Carry;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan::{self, Scope};

use super::there::There;

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
    let mut there = There::of(session, &args.services).await?;
    let _lock = crate::cli::lock::take(session, &there.project).await?;
    there.look().await?;
    let everything = Scope::Everything;
    let is_all = args.services.is_empty() && args.remove_orphans;
    let scope = if is_all { &everything } else { &there.scope };
    let plan = plan::kill(&there.project, &there.observed(), scope, &args.signal);
    let carry = Carry::new(session, &there.engine, "kill", &there.project, there.stack.as_ref());
    if plan.steps().is_empty() {
        carry.idle(there.idle("kill", &args.services));
        return Ok(None);
    }
    carry.run(&plan, args.services.clone()).await?;
    carry.finish(&std::collections::BTreeSet::new(), Vec::new()).await
}
