//! `rebuild`: builds first, and only then replaces what changed.

use std::collections::BTreeSet;

use clap::Args;

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::plan::{Pull, UpOptions};

use super::Ended;
use super::plan_run::PlanRun;
use super::session::Session;

/// `rebuild`.
#[derive(Debug, Clone, Args)]
pub struct RebuildArgs {
    /// Services with a `build` section; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// Build without the cache
    #[arg(long)]
    pub no_cache: bool,
    /// Pull newer base images
    #[arg(long)]
    pub pull: bool,
    /// How long to wait for each service (90s, 2m)
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = super::duration::parse)]
    pub wait_timeout: std::time::Duration,
}

pub(crate) async fn run(session: &Session, args: &RebuildArgs) -> Ended {
    let stack = session.stack(&args.services)?;
    let named = stack.select(&args.services, false)?;
    let build: BTreeSet<ServiceName> = named
        .iter()
        .filter(|name| stack.services[*name].build.is_some())
        .cloned()
        .collect();
    if build.is_empty() {
        let what = match args.services.as_slice() {
            [] => "no service of this project has a `build` section".to_owned(),
            services => format!(
                "{} has no `build` section: it runs a ready-made image",
                services.join(", ")
            ),
        };
        return Err(Failure::usage(what).hint("to update an image that is pulled: `magicctl pull`, then `magicctl up`"));
    }
    let targets: Vec<ServiceName> = build.iter().cloned().collect();
    let options = UpOptions {
        services: stack.select(&targets, true)?,
        build,
        no_cache: args.no_cache,
        pull: if args.pull { Pull::Always } else { Pull::Missing },
        ..UpOptions::default()
    };
    let engine = session.engine().await?;
    let _lock = super::lock::take(session, &stack.name).await?;
    let mut plan_run = PlanRun::new(session, &engine, "rebuild", &stack.name, Some(&stack));
    plan_run.timeout = args.wait_timeout;
    super::up::bring_up(session, &plan_run, &engine, &stack, options).await
}
