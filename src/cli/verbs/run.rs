//! `run`: a command in a new container of a service.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::IsTerminal as _;
use std::path::Path;

use clap::Args;
use sha2::{Digest as _, Sha256};

use crate::cli::Ended;
use crate::cli::args::{MakeArgs, PullWhen};
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::cli::up::{images_of, make_options, refuse_hopeless};
use crate::compose::{self, OneOff, Service, Stack};
use crate::content;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::names;
use crate::plan::{self, Once, UpOptions};
use crate::terminal::stdout_is_terminal;

use super::joined::Joined;

/// `run`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct RunArgs {
    /// The service
    service: ServiceName,
    /// The command and its arguments; the service's own by default
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// Remove the container and its anonymous volumes after it exits
    #[arg(long)]
    rm: bool,
    /// Leave it running in the background, and print its id
    #[arg(short, long)]
    detach: bool,
    /// Set a variable; NAME alone takes the value from your environment
    #[arg(short, long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Set variables from an env file
    #[arg(long, value_name = "FILE")]
    env_from_file: Vec<std::path::PathBuf>,
    /// Add a mount (./data:/data:ro)
    #[arg(short, long, visible_alias = "volumes", value_name = "MOUNT")]
    volume: Vec<String>,
    /// Publish a port (8080:80)
    #[arg(short, long, value_name = "PORT", conflicts_with = "service_ports")]
    publish: Vec<String>,
    /// Publish the service's ports (off by default)
    #[arg(short = 'P', long)]
    service_ports: bool,
    /// Set the entrypoint, split as by a shell
    #[arg(long, value_name = "COMMAND")]
    entrypoint: Option<String>,
    /// Run as this user
    #[arg(short, long)]
    user: Option<String>,
    /// Run in this directory of the container
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Set the container's name
    #[arg(long)]
    name: Option<String>,
    /// Add or replace a label
    #[arg(short, long, visible_alias = "labels", value_name = "NAME=VALUE")]
    label: Vec<String>,
    /// Add a capability
    #[arg(long, value_name = "CAPABILITY")]
    cap_add: Vec<String>,
    /// Drop a capability
    #[arg(long, value_name = "CAPABILITY")]
    cap_drop: Vec<String>,
    /// Don't start dependencies
    #[arg(long)]
    no_deps: bool,
    /// Give it the service's network aliases
    #[arg(long)]
    use_aliases: bool,
    /// Don't allocate a terminal
    #[arg(short = 'T', long, visible_alias = "no-TTY")]
    no_tty: bool,
    /// Allocate a terminal, even if the output isn't one
    #[arg(short = 't', long, conflicts_with = "no_tty", hide = true)]
    tty: bool,
    /// Keep stdin open
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    interactive: bool,
    /// Build the image first
    #[arg(long)]
    build: bool,
    /// When to pull images [default: pull_policy]
    #[arg(long, value_enum, value_name = "WHEN")]
    pull: Option<PullWhen>,
    /// Accepted for compatibility: pulls never print more than a line
    #[arg(long)]
    quiet_pull: bool,
    /// Don't show the build output
    #[arg(long)]
    quiet_build: bool,
    /// Remove containers of services that are no longer in the Compose file
    #[arg(long)]
    remove_orphans: bool,
    /// How long to wait for each dependency (90s, 2m)
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = crate::cli::duration::parse)]
    wait_timeout: std::time::Duration,
}

pub(crate) async fn run(session: &Session, args: &RunArgs) -> Ended {
    let mut stack = session.stack_to_make(std::slice::from_ref(&args.service))?;
    stack.select(std::slice::from_ref(&args.service), false)?;
    if let Some(name) = &args.name {
        names::check_container_name(name)?;
    }
    let tty = args.tty || (!args.no_tty && std::io::stdin().is_terminal() && stdout_is_terminal());
    let options = options(session, &stack, args)?;
    let once = once(&stack, args);
    let here = session.start_dir()?;
    if let Some(service) = stack.services.get_mut(&args.service) {
        overlay(session, service, args, &here, tty)?;
    }
    let engine = session.engine().await?;
    let lock = crate::cli::lock::take(session, &stack.name).await?;
    if let Some(ended) = make(session, &engine, &stack, options, &once, args).await? {
        return ended;
    }
    if session.global.dry_run {
        return Ok(None);
    }
    // It may run for hours: others may work on the project meanwhile.
    drop(lock);
    let container = id_of(&engine, &stack, &once.name).await?;
    if args.detach {
        engine.start(&container).await?;
        if session.json() {
            let started = serde_json::json!({ "event": "detached", "container": once.name, "id": container });
            session.out.answer(&started);
        } else {
            session.out.line(container.to_string());
        }
        return Ok(None);
    }
    let joined = Joined {
        engine: &engine,
        project: &stack.name,
        container: &container,
        name: &once.name,
        stdin: args.interactive,
        tty,
        start: true,
        goes: args.rm,
        forward: true,
        detach_keys: None,
    };
    joined.until_it_ends().await
}

/// Brings what the service depends on, and makes the container. `Some` when that did not work and was said.
async fn make(
    session: &Session,
    engine: &Engine,
    stack: &Stack,
    mut options: UpOptions,
    once: &Once,
    args: &RunArgs,
) -> Result<Option<Ended>, Failure> {
    let mut plan_run = PlanRun::new(session, engine, "run", &stack.name, Some(stack));
    plan_run.timeout = args.wait_timeout;
    plan_run.quiet_build = args.quiet_build;
    let mut unchecked = !session.global.dry_run;
    loop {
        let observed = engine.observe().await?;
        let contents = content::contents(stack);
        let plan = plan::run(stack, &observed, &contents, &options, once)?;
        let mut touched: BTreeSet<ServiceName> = options.services.clone();
        touched.insert(once.service.clone());
        if unchecked {
            refuse_hopeless(session, engine, stack, &touched, &observed, &plan).await?;
            unchecked = false;
        }
        let services = plan::start_order(stack, &touched);
        if !plan_run.run(&plan, services).await? {
            return Ok(Some(plan_run.finish(&BTreeSet::new(), Vec::new()).await));
        }
        if !plan.again || session.global.dry_run {
            plan_run.clear();
            return Ok(None);
        }
        options.brought.extend(images_of(&plan));
    }
}

async fn id_of(engine: &Engine, stack: &Stack, name: &str) -> Result<ContainerId, Failure> {
    let containers = engine.observe_containers(&stack.name).await?;
    let made = containers.into_iter().find(|container| container.name == name);
    made.map(|container| container.id).ok_or_else(|| {
        Failure::failed(format!("{name} was created, but is gone")).because("it was removed from outside")
    })
}

fn options(session: &Session, stack: &Stack, args: &RunArgs) -> Result<UpOptions, Failure> {
    let make = MakeArgs {
        pull: args.pull,
        remove_orphans: args.remove_orphans,
        ..MakeArgs::default()
    };
    let named = std::slice::from_ref(&args.service);
    let mut options = make_options(session, stack, named, !args.no_deps, &make)?;
    // The service's own containers stay as they are.
    options.services.remove(&args.service);
    options.named.clear();
    options.no_wait = true;
    if args.build && stack.services[&args.service].build.is_some() {
        options.build.insert(args.service.clone());
    }
    Ok(options)
}

fn once(stack: &Stack, args: &RunArgs) -> Once {
    let slug = slug();
    let given = args.name.clone();
    let name = given.unwrap_or_else(|| stack.services[&args.service].one_off_name(&stack.name, &slug));
    Once {
        service: args.service.clone(),
        name,
        slug,
        one_off: OneOff {
            auto_remove: args.rm,
            attach_stdin: args.interactive && !args.detach,
            use_aliases: args.use_aliases,
        },
    }
}

/// 64 hexadecimal digits that nobody else has.
fn slug() -> String {
    let mut hasher = Sha256::new();
    hasher.update(std::process::id().to_le_bytes());
    for _ in 0..4 {
        // Each of these is seeded by the operating system.
        let seed = std::collections::hash_map::RandomState::new().build_hasher().finish();
        hasher.update(seed.to_le_bytes());
    }
    hex::encode(hasher.finalize())
}

/// What the command line says goes over what the file says.
fn overlay(session: &Session, service: &mut Service, args: &RunArgs, here: &Path, tty: bool) -> Result<(), Failure> {
    service.tty = Some(tty);
    service.stdin_open = Some(args.interactive);
    service.restart = None;
    service.container_name = None;
    service.scale = None;
    if let Some(deploy) = &mut service.deploy {
        deploy.restart_policy = None;
        deploy.replicas = None;
    }
    if !args.service_ports {
        service.ports.clear();
    }
    for text in &args.publish {
        service.ports.extend(compose::ports_of(text)?);
    }
    let home = session.environment.get("HOME").map(String::as_str);
    for text in &args.volume {
        for mount in compose::mounts_of(here, home, text)? {
            service.volumes.retain(|other| other.target != mount.target);
            service.volumes.push(mount);
        }
    }
    if let Some(entrypoint) = &args.entrypoint {
        let words = shlex::split(entrypoint)
            .ok_or_else(|| Failure::usage(format!("--entrypoint `{entrypoint}` has a quote that is not closed")))?;
        service.entrypoint = Some(words);
        service.command = Some(Vec::new());
    }
    if !args.command.is_empty() {
        service.command = Some(args.command.clone());
    }
    service.user = args.user.clone().or_else(|| service.user.take());
    service.working_dir = args.workdir.clone().or_else(|| service.working_dir.take());
    capabilities(service, args);
    environment(session, service, args, here)?;
    for text in &args.label {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        service.labels.insert(name.to_owned(), value.to_owned());
    }
    Ok(())
}

fn capabilities(service: &mut Service, args: &RunArgs) {
    service.cap_drop.retain(|name| !args.cap_add.contains(name));
    service.cap_add.extend(args.cap_add.iter().cloned());
    service.cap_add.retain(|name| !args.cap_drop.contains(name));
    service.cap_drop.extend(args.cap_drop.iter().cloned());
}

fn environment(session: &Session, service: &mut Service, args: &RunArgs, here: &Path) -> Result<(), Failure> {
    for file in &args.env_from_file {
        for (name, value) in compose::env_file(&here.join(file), &session.environment)? {
            service.environment.insert(name, Some(value));
        }
    }
    for text in &args.env {
        let set = session.variable(text);
        let Some((name, value)) = set.as_deref().and_then(|set| set.split_once('=')) else {
            continue;
        };
        if name.is_empty() {
            return Err(Failure::usage(format!("-e {text}: the name before the `=` is missing")));
        }
        service.environment.insert(name.to_owned(), Some(value.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn no_two_slugs_are_the_same() {
        let (one, other) = (slug(), slug());
        assert_ne!(one, other);
        assert!(one.len() == 64 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
