//! `up`: check, render, build and pull, create, start in dependency order, wait until ready.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::check::{self, EngineState};
use crate::compose::{self, Stack};
use crate::content;
use crate::engine::Engine;
use crate::event::Event;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::image::ImageRef;
use crate::observed::Observed;
use crate::plan::{self, Action, Plan, Pull, Recreate, UpOptions};
use crate::render;
use crate::shell::ShellCommand;

use super::Ended;
use super::args::{MakeArgs, PullWhen, UpArgs};
use super::plan_run::{Interrupt, PlanRun};
use super::session::Session;
use super::stay::Stay;

/// How long a program may take to read its own edited configuration.
const VERIFIED_WITHIN: Duration = Duration::from_secs(30);

impl Session {
    /// The resolved file of a command that makes containers: what is missing is rendered, what is odd is said.
    pub(crate) fn stack_to_make(&self, targets: &[ServiceName]) -> Result<Stack, Failure> {
        if !self.global.dry_run {
            write_missing(self)?;
        }
        let stack = self.stack(targets)?;
        for warning in &stack.warnings {
            self.warn(warning);
        }
        Ok(stack)
    }
}

pub(crate) async fn run(session: &Session, args: &UpArgs) -> Ended {
    if session.global.dry_run {
        return super::plan::run(session, args).await;
    }
    let stack = session.stack_to_make(&args.services)?;
    let options = options(session, &stack, args)?;
    let stay = Stay::of(args, &stack, &options.services)?;
    let engine = session.engine().await?;
    let lock = super::lock::take(session, &stack.name).await?;
    let mut plan_run = PlanRun::new(session, &engine, "up", &stack.name, Some(&stack));
    plan_run.timeout = args.wait_timeout;
    plan_run.quiet_build = args.quiet_build;
    plan_run.checks = !args.no_check;
    let Some(stay) = stay else {
        return bring_up(session, &plan_run, &engine, &stack, options).await;
    };
    plan_run.stays = true;
    let interrupt = Interrupt::listen();
    let staying = stay.listen(&engine, &stack.name).await?;
    let ended = bring_up(session, &plan_run, &engine, &stack, options).await;
    drop((lock, plan_run));
    staying.go_on(session, &engine, &stack, interrupt, ended).await
}

/// Plans and carries out until the stack is up to date, and says how it ended.
pub(crate) async fn bring_up(
    session: &Session,
    plan_run: &PlanRun<'_>,
    engine: &Engine,
    stack: &Stack,
    mut options: UpOptions,
) -> Ended {
    let services: BTreeSet<ServiceName> = options.services.clone();
    let mut unchecked = plan_run.checks && !session.global.dry_run;
    loop {
        let (observed, plan) = decide(engine, stack, &options).await?;
        if unchecked && plan.changes_nothing() {
            // Nothing is looked at then, but who has changed a source may think that it runs.
            for text in super::check::changed_since_built(session, engine, stack, Some(&services)).await {
                plan_run.emit(&Event::Warning { text });
            }
        } else if unchecked {
            refuse_hopeless(session, engine, stack, &services, &observed, &plan).await?;
        }
        unchecked = false;
        let order = plan::start_order(stack, &services);
        let well = plan_run.run(&plan, order).await?;
        // What would follow new images is known once they are there.
        if !plan.again || !well || session.global.dry_run {
            break;
        }
        options.brought.extend(images_of(&plan));
    }
    let mut next = Vec::new();
    if plan_run.changed() > 0 && !plan_run.stays {
        let commands = [
            ("logs -f", "follows the logs"),
            ("status", "shows the state"),
            ("down", "removes the stack; its data stays"),
        ];
        next.extend(
            commands.map(|(command, what)| format!("`{}` {what}", ShellCommand::of("magicctl").syntax(command))),
        );
    }
    plan_run.finish(&services, next).await
}

/// What exists, and what to do about it.
pub(crate) async fn decide(engine: &Engine, stack: &Stack, options: &UpOptions) -> Result<(Observed, Plan), Failure> {
    let observed = engine.observe().await?;
    let contents = content::contents(stack);
    let plan = plan::up(stack, &observed, &contents, options)?;
    Ok((observed, plan))
}

/// Finds what would make the plan fail half-way, before anything is touched.
pub(crate) async fn refuse_hopeless(
    session: &Session,
    engine: &Engine,
    stack: &Stack,
    services: &BTreeSet<ServiceName>,
    observed: &Observed,
    plan: &Plan,
) -> Result<(), Failure> {
    let project = Arc::new(super::check::project(session, Ok(stack.clone()), Some(services))?);
    let state = EngineState::of(engine, observed.clone(), &stack.name).await?;
    let findings = check::quick(project, state).await;
    super::check::refuse(session, &findings)?;
    let touched: BTreeSet<ServiceName> = plan.steps().iter().filter_map(|step| step.service.clone()).collect();
    let project = super::check::project(session, Ok(stack.clone()), Some(&touched))?;
    let mut failures = check::verify(engine, observed, &project, VERIFIED_WITHIN).await?;
    match failures.pop() {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// The images that the steps of `plan` bring. The plan that follows doesn't bring them again, whatever the policy.
pub(crate) fn images_of(plan: &Plan) -> impl Iterator<Item = ImageRef> {
    plan.steps().iter().filter_map(|step| match &step.action {
        Action::PullImage { image, .. } | Action::BuildImage { image, .. } => Some(image.clone()),
        _ => None,
    })
}

pub(crate) fn options(session: &Session, stack: &Stack, args: &UpArgs) -> Result<UpOptions, Failure> {
    let common = make_options(session, stack, &args.services, !args.no_deps, &args.make)?;
    // Who looks on sees what comes of it.
    let stays = Stay::of(args, stack, &common.services)?.is_some();
    Ok(UpOptions {
        no_wait: args.no_wait || stays,
        settle: args.settle,
        no_start: args.no_start,
        recreate: if args.renew_anon_volumes {
            Recreate::Force
        } else {
            common.recreate
        },
        recreate_dependencies: if args.always_recreate_deps {
            Recreate::Force
        } else {
            common.recreate_dependencies
        },
        renew_anonymous_volumes: args.renew_anon_volumes,
        timeout: super::lifecycle::seconds(args.timeout),
        ..common
    })
}

/// What the flags that `up` and `create` share ask for.
pub(crate) fn make_options(
    session: &Session,
    stack: &Stack,
    named: &[ServiceName],
    with_dependencies: bool,
    args: &MakeArgs,
) -> Result<UpOptions, Failure> {
    let services = stack.select(named, with_dependencies)?;
    let can_be_built = |name: &&ServiceName| stack.services[*name].build.is_some();
    let build = services
        .iter()
        .filter(|_| args.build)
        .filter(can_be_built)
        .cloned()
        .collect();
    let scaled: Vec<ServiceName> = args.scale.iter().map(|(service, _)| service.clone()).collect();
    if !scaled.is_empty() {
        stack.select(&scaled, false)?;
    }
    Ok(UpOptions {
        services,
        named: named.iter().cloned().collect(),
        build,
        no_build: args.no_build,
        pull: match args.pull {
            None | Some(PullWhen::Policy) => Pull::Policy,
            Some(PullWhen::Always) => Pull::Always,
            Some(PullWhen::Missing) => Pull::Missing,
            Some(PullWhen::Never) => Pull::Never,
            Some(PullWhen::Build) => Pull::Build,
        },
        recreate: match (args.force_recreate, args.no_recreate) {
            (true, _) => Recreate::Force,
            (_, true) => Recreate::Never,
            _ => Recreate::Diverged,
        },
        recreate_dependencies: if args.no_recreate {
            Recreate::Never
        } else {
            Recreate::Diverged
        },
        remove_orphans: args.remove_orphans || session.says_yes("COMPOSE_REMOVE_ORPHANS"),
        ignore_orphans: session.says_yes("COMPOSE_IGNORE_ORPHANS"),
        scale: args.scale.iter().cloned().collect(),
        ..UpOptions::default()
    })
}

/// Renders the files that are missing, so that a bare checkout comes up; those that are there stay as they are.
pub(crate) fn write_missing(session: &Session) -> Result<(), Failure> {
    if !session.asked_for().is_empty() {
        return Ok(());
    }
    let root = session.root()?;
    // Files of an include or of a folder above are as little ours to write as those of -f.
    let rendered = root.join("docker-compose.yml");
    let read = session.request(&[]).and_then(|request| compose::identity(&request));
    if read.is_ok_and(|read| !read.files.contains(&rendered)) {
        return Ok(());
    }
    for path in render::write_missing(&root, || session.rendered())? {
        session.warn(&format!("{} was missing: rendered from its template", path.display()));
    }
    Ok(())
}
