//! `up`: check, render, build and pull, create, start in dependency order, wait until ready.

use std::collections::BTreeSet;

use crate::check;
use crate::compose::Stack;
use crate::content;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::observed::Observed;
use crate::plan::{self, Plan, UpOptions};
use crate::render;

use super::Ended;
use super::args::UpArgs;
use super::carry::Carry;
use super::edited;
use super::session::Session;

pub(crate) async fn run(session: &Session, args: &UpArgs) -> Ended {
    write_missing(session)?;
    let stack = session.stack(&args.services)?;
    for warning in stack.warnings.iter().chain(&check::unreadable(&stack)) {
        session.warn(warning);
    }
    let options = options(&stack, args)?;
    let engine = session.engine().await?;
    let _lock = super::lock::take(session, &stack.name).await?;
    let mut carry = Carry::new(session, &engine, "up", &stack.name, Some(&stack));
    carry.timeout = args.timeout;
    bring_up(session, &carry, &engine, &stack, options).await
}

/// Plans and carries out until the stack is as wanted, and says how it ended.
pub(crate) async fn bring_up(
    session: &Session,
    carry: &Carry<'_>,
    engine: &Engine,
    stack: &Stack,
    mut options: UpOptions,
) -> Ended {
    let services: BTreeSet<String> = options.services.clone();
    loop {
        let (observed, plan) = decide(engine, stack, &options).await?;
        refuse_hopeless(session, engine, stack, &services, &observed, &plan).await?;
        let order = plan::start_order(stack, &services);
        let well = carry.run(&plan, order).await?;
        if !plan.again || !well {
            break;
        }
        // The images are there now: once is enough.
        options.build.clear();
        options.pull = false;
    }
    let mut next = Vec::new();
    if carry.changed() > 0 {
        let commands = [
            ("logs -f", "follows the logs"),
            ("status", "shows the state"),
            ("down", "takes it down; its data stays"),
        ];
        next.extend(commands.map(|(command, what)| format!("`magicctl {command}` {what}")));
    }
    carry.finish(&services, next).await
}

/// What is there, and what to do about it.
pub(crate) async fn decide(engine: &Engine, stack: &Stack, options: &UpOptions) -> Result<(Observed, Plan), Failure> {
    let observed = engine.observe().await.map_err(|error| error.failure())?;
    let contents = content::contents(stack);
    let plan = plan::up(stack, &observed, &contents, options)?;
    Ok((observed, plan))
}

/// Finds what would make the plan fail half-way, before anything is touched.
async fn refuse_hopeless(
    session: &Session,
    engine: &Engine,
    stack: &Stack,
    services: &BTreeSet<String>,
    observed: &Observed,
    plan: &Plan,
) -> Result<(), Failure> {
    if plan.changes_nothing() {
        return Ok(());
    }
    if let Some(failure) = check::would_fail(stack, services, observed, engine.socket()) {
        return Err(failure);
    }
    let touched: BTreeSet<String> = plan.steps().iter().filter_map(|step| step.service.clone()).collect();
    let mut failures = edited::failures(session, stack, &touched, Some((engine, observed))).await?;
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.swap_remove(0))
    }
}

pub(crate) fn options(stack: &Stack, args: &UpArgs) -> Result<UpOptions, Failure> {
    let services = stack.select(&args.services, true)?;
    let build = if args.build {
        services
            .iter()
            .filter(|name| stack.services[*name].build.is_some())
            .cloned()
            .collect()
    } else {
        BTreeSet::new()
    };
    Ok(UpOptions {
        services,
        build,
        no_wait: args.no_wait,
        ..UpOptions::default()
    })
}

/// Renders the files that are missing, so that a bare checkout comes up; those that are there stay as they are.
pub(crate) fn write_missing(session: &Session) -> Result<(), Failure> {
    if !session.global.file.is_empty() || session.environment.contains_key("COMPOSE_FILE") {
        return Ok(());
    }
    let root = session.root()?;
    let settings = session.settings()?;
    for path in render::write_missing(&root, &settings)? {
        session.warn(&format!("{} was missing: rendered from its template", path.display()));
    }
    Ok(())
}
