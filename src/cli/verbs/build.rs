//! `build`: images, and nothing else; `rebuild` replaces the containers too.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::Ended;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::plan;

/// `build`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct BuildArgs {
    /// Services; all with a `build` section by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// Set a build argument for the services
    #[arg(long, value_name = "NAME=VALUE")]
    build_arg: Vec<String>,
    /// Build without the cache
    #[arg(long)]
    no_cache: bool,
    /// Pull newer base images
    #[arg(long)]
    pull: bool,
    /// Push the images after the build
    #[arg(long)]
    push: bool,
    /// Also build dependencies
    #[arg(long)]
    with_dependencies: bool,
}

pub(crate) async fn run(session: &Session, args: &BuildArgs) -> Ended {
    let mut stack = session.stack_to_make(&args.services)?;
    let services: BTreeSet<ServiceName> = stack
        .select(&args.services, args.with_dependencies)?
        .into_iter()
        .filter(|name| stack.services[name].build.is_some())
        .collect();
    if services.is_empty() {
        let what = match args.services.as_slice() {
            [] => "no service of this project has a `build` section".to_owned(),
            services => format!(
                "{} has no `build` section: it runs a ready-made image",
                services.join(", ")
            ),
        };
        // As with Compose: what has nothing to build is built.
        let engine = session.engine().await?;
        PlanRun::new(session, &engine, "build", &stack.name, Some(&stack)).idle(format!("build: {what}"));
        return Ok(None);
    }
    for text in &args.build_arg {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text.as_str(), session.environment.get(text).cloned()),
        };
        for service in &services {
            if let Some(build) = stack
                .services
                .get_mut(service)
                .and_then(|service| service.build.as_mut())
            {
                build.args.insert(name.to_owned(), value.clone());
            }
        }
    }
    let engine = session.engine().await?;
    let _lock = crate::cli::lock::take(session, &stack.name).await?;
    let plan = plan::build(&stack, &services, args.no_cache, args.pull, args.push)?;
    let plan_run = PlanRun::new(session, &engine, "build", &stack.name, Some(&stack));
    plan_run.run(&plan, services.into_iter().collect()).await?;
    plan_run.finish(&BTreeSet::new(), Vec::new()).await
}
