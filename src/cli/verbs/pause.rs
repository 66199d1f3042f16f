//! `pause` and `unpause`: containers frozen as they are, and going on from there.

use clap::Args;

use crate::cli::Ended;
use crate::cli::carry::Carry;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan;

use super::there::There;

/// `pause` and `unpause`.
#[derive(Debug, Clone, Args)]
pub struct PauseArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
}

/// Freezes when `freeze`, else lets go on.
pub(crate) async fn run(session: &Session, args: &PauseArgs, freeze: bool) -> Ended {
    let mut there = There::of(session, &args.services).await?;
    let _lock = crate::cli::lock::take(session, &there.project).await?;
    there.look().await?;
    let (command, plan) = if freeze {
        ("pause", plan::pause(&there.project, &there.observed(), &there.scope))
    } else {
        (
            "unpause",
            plan::unpause(&there.project, &there.observed(), &there.scope),
        )
    };
    let carry = Carry::new(session, &there.engine, command, &there.project, there.stack.as_ref());
    if plan.steps().is_empty() {
        carry.idle(there.idle(command, &args.services));
        return Ok(None);
    }
    carry.run(&plan, args.services.clone()).await?;
    carry.finish(&std::collections::BTreeSet::new(), Vec::new()).await
}
