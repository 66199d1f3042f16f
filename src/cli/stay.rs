//! `up` that stays: shows the logs of services until they have ended, and stops them when it is asked to.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use futures_util::future::FusedFuture as _;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tokio::sync::oneshot::{Receiver, channel};

use crate::compose::{Condition, Stack};
use crate::engine::{Engine, EngineError, EngineEvent, EngineEventKind};
use crate::failure::{Exit, Failure};
use crate::ids::{ContainerId, ServiceName};
use crate::logs::Stamp;
use crate::observed::{Container, Observed, State};
use crate::plan::{self, Scope};

use super::Ended;
use super::args::UpArgs;
use super::logs::{self, LogsArgs};
use super::plan_run::{Interrupt, PlanRun};
use super::session::Session;
use super::verbs::wait::end_with;

type Events = Pin<Box<dyn Stream<Item = Result<EngineEvent, EngineError>>>>;

/// Which end of a container ends `up`, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// None: it ends with the last one that is shown.
    WithLast,
    /// The first.
    AtFirst,
    /// The first with another exit code than 0.
    AtFailure,
}

/// What is asked of an `up` that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stay {
    ends: Ends,
    /// Whose exit code `up` ends with.
    from: Option<ServiceName>,
    /// Services that it is about: an end of theirs counts, and they are stopped.
    about: BTreeSet<ServiceName>,
    /// Services whose logs are shown.
    shown: BTreeSet<ServiceName>,
    /// Services that others wait for until they have completed: that they do is not a reason to stop.
    jobs: BTreeSet<ServiceName>,
    timestamps: bool,
    timeout: Option<u32>,
}

impl Stay {
    /// What `args` ask for, of an `up` of `services`; `None` when it is detached.
    ///
    /// # Errors
    /// A service that is not among them.
    pub(super) fn of(args: &UpArgs, stack: &Stack, services: &BTreeSet<ServiceName>) -> Result<Option<Self>, Failure> {
        let ends = match args {
            _ if args.abort_on_container_failure => Ends::AtFailure,
            _ if args.abort_on_container_exit || args.exit_code_from.is_some() => Ends::AtFirst,
            _ => Ends::WithLast,
        };
        let attaches = !args.attach.is_empty() || args.attach_dependencies || !args.no_attach.is_empty();
        if args.detach || (ends == Ends::WithLast && !attaches) {
            return Ok(None);
        }
        let named = args.exit_code_from.iter().map(|name| ("--exit-code-from", name));
        for (flag, name) in named.chain(args.attach.iter().map(|name| ("--attach", name))) {
            stack.select(std::slice::from_ref(name), false)?;
            if !services.contains(name) {
                return Err(
                    Failure::usage(format!("{flag} {name}: this `up` does not start {name}"))
                        .hint("add it to the services on the command line, or name no services to start all"),
                );
            }
        }
        let mut about: BTreeSet<ServiceName> = if args.services.is_empty() {
            services.clone()
        } else {
            args.services.iter().cloned().collect()
        };
        let mut shown: BTreeSet<ServiceName> = if args.attach.is_empty() {
            let all = if args.attach_dependencies { services } else { &about };
            let is_shown = |name: &&ServiceName| stack.services[*name].attach != Some(false);
            all.iter().filter(is_shown).cloned().collect()
        } else {
            args.attach.iter().cloned().collect()
        };
        shown.retain(|name| !args.no_attach.contains(name));
        about.extend(args.exit_code_from.iter().cloned());
        let dependencies = stack.services.values().flat_map(|service| &service.depends_on);
        let jobs =
            dependencies.filter(|(_, dependency)| dependency.condition == Condition::ServiceCompletedSuccessfully);
        Ok(Some(Self {
            ends,
            from: args.exit_code_from.clone(),
            jobs: jobs.map(|(name, _)| name.clone()).collect(),
            about,
            shown,
            timestamps: args.timestamps,
            timeout: super::lifecycle::seconds(args.timeout),
        }))
    }

    /// Listens to the engine from now on: to be called before anything is started.
    pub(super) async fn listen(self, engine: &Engine, project: &str) -> Result<Staying, Failure> {
        let now = engine.now().await?.unix_timestamp_nanos();
        let since = Stamp(i64::try_from(now).unwrap_or_default());
        let events: Events = Box::pin(engine.subscribe(project).await?);
        Ok(Staying {
            since,
            events,
            seen: ContainersSoFar::of(self),
        })
    }
}

/// What became of the containers so far.
#[derive(Debug)]
struct ContainersSoFar {
    stay: Stay,
    /// Name and service of the containers that it is about, by id.
    known: BTreeMap<ContainerId, (String, ServiceName)>,
    /// Ids of those whose process was seen to start, or runs since before: an end without that is of a process that `up` replaced
    /// or restarted.
    started: BTreeSet<ContainerId>,
    /// The exit code of the first one whose end is a reason to stop.
    first: Option<i64>,
    /// The first exit code of the service that `up` ends with.
    from: Option<i64>,
}

impl ContainersSoFar {
    fn of(stay: Stay) -> Self {
        Self {
            stay,
            known: BTreeMap::new(),
            started: BTreeSet::new(),
            first: None,
            from: None,
        }
    }

    /// Takes note of an event. The name and the exit code of a container that has ended by it.
    fn note(&mut self, event: &EngineEvent) -> Option<(String, i64)> {
        match event.kind {
            EngineEventKind::Start => {
                self.started.insert(event.id.clone());
                None
            }
            EngineEventKind::Die { code } => {
                let (name, service) = self.known.get(&event.id)?;
                if !self.started.contains(&event.id) {
                    return None;
                }
                if self.stay.from.as_ref() == Some(service) {
                    self.from.get_or_insert(code);
                }
                let counts = match self.stay.ends {
                    Ends::WithLast => false,
                    Ends::AtFirst => code != 0 || !self.stay.jobs.contains(service),
                    Ends::AtFailure => code != 0,
                };
                if counts {
                    self.first.get_or_insert(code);
                }
                Some((name.clone(), code))
            }
            _ => None,
        }
    }

    /// The exit code of `up`, as Compose gives it.
    fn code(&self) -> i64 {
        self.from.or(self.first).unwrap_or(0)
    }
}

/// An `up` that stays.
pub(super) struct Staying {
    /// The engine's time before anything was started.
    since: Stamp,
    events: Events,
    seen: ContainersSoFar,
}

impl Staying {
    /// Goes on after the stack was brought up, or was not: `ended` is how that went, and `interrupt` was listened for all the while.
    pub(super) async fn go_on(
        mut self,
        session: &Session,
        engine: &Engine,
        stack: &Stack,
        interrupt: Interrupt,
        ended: Ended,
    ) -> Ended {
        match ended {
            Ok(None) => {}
            Ok(Some(Exit::Interrupted)) => {
                session.warn("interrupted: stopping the services that were started");
                self.stop(session, engine, stack).await?;
                return Ok(Some(Exit::Interrupted));
            }
            ended if self.seen.stay.ends == Ends::WithLast => return ended,
            ended => {
                self.take_codes(engine, stack).await?;
                self.stop(session, engine, stack).await?;
                return match self.seen.code() {
                    0 => ended,
                    code => end_with(code),
                };
            }
        }
        let (tell_end, end) = channel();
        let mut logs = std::pin::pin!(shown(session, stack, self.logs_args(), end).fuse());
        let mut interrupted = std::pin::pin!(interrupt.has_come());
        self.look(engine, stack).await?;
        let stays = self.seen.stay.ends == Ends::WithLast || self.is_any_end_to_come(engine, stack).await?;
        let is_interrupted = loop {
            if !stays {
                break false;
            }
            tokio::select! {
                event = self.events.next() => {
                    if self.hears(session, engine, stack, event).await? {
                        break false;
                    }
                }
                ended = &mut logs => {
                    ended?;
                    if self.seen.stay.ends == Ends::WithLast {
                        return Ok(None);
                    }
                }
                () = &mut interrupted => break true,
            }
        };
        // What they say at their end is shown, too.
        let stopped = {
            let mut stop = std::pin::pin!(self.stop(session, engine, stack));
            loop {
                tokio::select! {
                    stopped = &mut stop => break stopped?,
                    ended = &mut logs => { ended?; }
                }
            }
        };
        let _has_ended = tell_end.send(());
        if !logs.is_terminated() {
            logs.await?;
        }
        if is_interrupted {
            return Ok(Some(Exit::Interrupted));
        }
        if stopped.is_some() {
            return Ok(stopped);
        }
        self.take_codes(engine, stack).await?;
        end_with(self.seen.code())
    }

    /// Takes note of an event. True when it is time to stop.
    async fn hears(
        &mut self,
        session: &Session,
        engine: &Engine,
        stack: &Stack,
        event: Option<Result<EngineEvent, EngineError>>,
    ) -> Result<bool, Failure> {
        let event = event.ok_or_else(|| Failure::failed("the engine's events have ended"))?;
        let event = event?;
        if event.kind == EngineEventKind::Start && !self.seen.known.contains_key(&event.id) {
            self.look(engine, stack).await?;
        }
        let Some((name, code)) = self.seen.note(&event) else {
            return Ok(false);
        };
        session.say(&format!("{name} exited with code {code}"));
        if self.seen.stay.ends == Ends::WithLast {
            return Ok(false);
        }
        if self.seen.first.is_none() && !self.is_any_left(engine, stack).await? {
            self.take_codes(engine, stack).await?;
            return Ok(true);
        }
        Ok(self.seen.first.is_some())
    }

    async fn containers(&self, engine: &Engine, stack: &Stack) -> Result<Vec<Container>, Failure> {
        let mut containers = engine.observe_containers(&stack.name).await?;
        let about = &self.seen.stay.about;
        containers.retain(|container| container.service().is_some_and(|service| about.contains(service)));
        Ok(containers)
    }

    /// Learns which containers there are, and which of them run since before.
    async fn look(&mut self, engine: &Engine, stack: &Stack) -> Result<(), Failure> {
        for container in self.containers(engine, stack).await? {
            let Some(service) = container.service().map(ToOwned::to_owned) else {
                continue;
            };
            let runs = !matches!(container.state, State::Exited { .. });
            if runs && !self.seen.known.contains_key(&container.id) && !self.has_begun(engine, &container).await {
                self.seen.started.insert(container.id.clone());
            }
            self.seen.known.insert(container.id, (container.name, service));
        }
        Ok(())
    }

    /// Whether the process of `container` was started since `up` began.
    async fn has_begun(&self, engine: &Engine, container: &Container) -> bool {
        let detail = engine.inspect_state(&container.id).await.ok();
        let started = detail.and_then(|detail| Stamp::parse(detail.started_at.as_bytes()));
        started.is_some_and(|started| started >= self.since)
    }

    /// Whether there is an end to wait for. A job that has completed before is not run again. Compose runs it again and stops at its end:
    /// here that end has come.
    async fn is_any_end_to_come(&mut self, engine: &Engine, stack: &Stack) -> Result<bool, Failure> {
        let mut may_end = false;
        let from = self.seen.stay.from.clone();
        for container in self.containers(engine, stack).await? {
            let is_from = from.as_ref() == container.service();
            match container.state {
                State::Exited { code } if !self.has_begun(engine, &container).await => {
                    if self.seen.stay.ends == Ends::AtFirst || code != 0 {
                        self.seen.first.get_or_insert(code);
                    }
                    if is_from {
                        self.seen.from.get_or_insert(code);
                    }
                }
                _ => may_end |= from.is_none() || is_from,
            }
        }
        Ok(may_end && self.seen.first.is_none())
    }

    async fn is_any_left(&self, engine: &Engine, stack: &Stack) -> Result<bool, Failure> {
        let containers = self.containers(engine, stack).await?;
        let is_left = |state| matches!(state, State::Running { .. } | State::Paused | State::Restarting);
        Ok(containers.iter().any(|container| is_left(container.state)))
    }

    /// The exit codes of which no event has told.
    async fn take_codes(&mut self, engine: &Engine, stack: &Stack) -> Result<(), Failure> {
        for container in self.containers(engine, stack).await? {
            let State::Exited { code } = container.state else {
                continue;
            };
            if !self.seen.started.contains(&container.id) && !self.has_begun(engine, &container).await {
                continue;
            }
            if self.seen.stay.from.as_ref() == container.service() {
                self.seen.from.get_or_insert(code);
            }
            if code != 0 {
                self.seen.first.get_or_insert(code);
            }
        }
        Ok(())
    }

    fn logs_args(&self) -> LogsArgs {
        LogsArgs {
            services: self.seen.stay.shown.iter().cloned().collect(),
            follow: true,
            since: Some(self.since),
            timestamps: self.seen.stay.timestamps,
            ..LogsArgs::default()
        }
    }

    /// Stops what it is about; dependencies that only came with that stay, as with Compose.
    async fn stop(&self, session: &Session, engine: &Engine, stack: &Stack) -> Ended {
        let _lock = super::lock::take(session, &stack.name).await?;
        let observed = Observed {
            containers: self.containers(engine, stack).await?,
            ..Observed::default()
        };
        let about = &self.seen.stay.about;
        let scope = Scope::Services(about.clone());
        let plan = plan::stop(&stack.name, &observed, &scope, self.seen.stay.timeout);
        if plan.steps().is_empty() {
            return Ok(None);
        }
        let plan_run = PlanRun::new(session, engine, "stop", &stack.name, Some(stack)).beside_output();
        plan_run.run(&plan, about.iter().cloned().collect()).await?;
        plan_run.finish(&BTreeSet::new(), Vec::new()).await
    }
}

/// Shows logs until the last container has ended, or a while after `end` completes.
async fn shown(session: &Session, stack: &Stack, args: LogsArgs, end: Receiver<()>) -> Ended {
    if args.services.is_empty() {
        let _told = end.await;
        return Ok(None);
    }
    logs::beside_up(session, stack, &args, end).await
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::compose::{Dependency, Service};

    /// `app` waits for `job`, and starts after `db`; `noisy` is not to be attached to.
    fn stack() -> Stack {
        let mut stack = Stack::default();
        for name in ["app", "db", "job", "noisy"] {
            let service = Service {
                name: name.into(),
                attach: (name == "noisy").then_some(false),
                ..Service::default()
            };
            stack.services.insert(name.into(), service);
        }
        let dependency = |condition| Dependency {
            condition,
            required: true,
            restart: false,
        };
        let app = stack.services.get_mut("app").unwrap();
        app.depends_on
            .insert("db".into(), dependency(Condition::ServiceStarted));
        app.depends_on
            .insert("job".into(), dependency(Condition::ServiceCompletedSuccessfully));
        stack
    }

    fn stay(line: &str) -> Result<Option<Stay>, Failure> {
        let words = ["magicctl", "up"].into_iter().chain(line.split_whitespace());
        let Command::Up(args) = Cli::try_parse_from(words).unwrap().command else {
            unreachable!("it is up");
        };
        let stack = stack();
        let services = stack.select(&args.services, true).unwrap();
        Stay::of(&args, &stack, &services)
    }

    fn names(set: &BTreeSet<ServiceName>) -> Vec<&str> {
        set.iter().map(ServiceName::as_str).collect()
    }

    #[test]
    fn what_is_shown_and_what_is_stopped_follows_composes_rules() {
        for (line, ends, about, shown) in [
            (
                "--abort-on-container-exit",
                Ends::AtFirst,
                "app db job noisy",
                "app db job",
            ),
            ("--abort-on-container-exit app", Ends::AtFirst, "app", "app"),
            (
                "--abort-on-container-failure app db",
                Ends::AtFailure,
                "app db",
                "app db",
            ),
            (
                "--abort-on-container-failure --exit-code-from app app",
                Ends::AtFailure,
                "app",
                "app",
            ),
            ("--exit-code-from app", Ends::AtFirst, "app db job noisy", "app db job"),
            ("--exit-code-from db app", Ends::AtFirst, "app db", "app"),
            ("--attach db app", Ends::WithLast, "app", "app"),
            ("--attach noisy", Ends::WithLast, "app db job noisy", "noisy"),
            ("--attach-dependencies app", Ends::WithLast, "app", "app db job"),
            ("--no-attach db", Ends::WithLast, "app db job noisy", "app job"),
            (
                "--abort-on-container-exit --no-attach app app",
                Ends::AtFirst,
                "app",
                "",
            ),
        ] {
            let shown = if line == "--attach db app" { "db" } else { shown };
            let stay = stay(line).unwrap().unwrap();
            assert_eq!(stay.ends, ends, "{line}");
            assert_eq!(names(&stay.about).join(" "), about, "{line}");
            assert_eq!(names(&stay.shown).join(" "), shown, "{line}");
        }
        for detached in ["", "app", "-d", "-d --no-attach db", "--wait", "--timestamps"] {
            assert_eq!(stay(detached).unwrap(), None, "{detached}");
        }
        for wrong in [
            "--attach nope",
            "--exit-code-from nope",
            "--attach noisy app",
            "--exit-code-from noisy app",
        ] {
            assert_eq!(stay(wrong).unwrap_err().exit, Exit::Usage, "{wrong}");
        }
        for line in [
            "-d --attach app",
            "-d --abort-on-container-exit",
            "-d --exit-code-from app",
            "--wait --abort-on-container-failure",
            "--attach app --attach-dependencies",
            "--abort-on-container-exit --abort-on-container-failure",
        ] {
            let words = ["magicctl", "up"].into_iter().chain(line.split_whitespace());
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }

    #[test]
    fn the_first_end_that_counts_gives_the_exit_code() {
        let code = |line: &str, told: &[(&str, EngineEventKind)]| {
            let mut seen = ContainersSoFar::of(stay(line).unwrap().unwrap());
            for name in ["app", "db", "job"] {
                seen.known
                    .insert(ContainerId::new(name), (format!("p-{name}-1"), name.into()));
            }
            // Since before, as the others were not.
            seen.started.insert(ContainerId::new("db"));
            for (id, kind) in told {
                seen.note(&EngineEvent {
                    id: ContainerId::new(*id),
                    service: None,
                    kind: *kind,
                });
            }
            (seen.first, seen.code())
        };
        let start = EngineEventKind::Start;
        let die = |code| EngineEventKind::Die { code };
        let exit = "--abort-on-container-exit";
        assert_eq!(
            code(exit, &[("app", start), ("app", die(3)), ("db", die(7))]),
            (Some(3), 3)
        );
        assert_eq!(code(exit, &[("app", start), ("app", die(0))]), (Some(0), 0));
        assert_eq!(code(exit, &[("db", die(7))]), (Some(7), 7));
        // Of the one that was replaced or restarted.
        assert_eq!(code(exit, &[("app", die(137)), ("app", start)]), (None, 0));
        // Of another project's, or a removed one.
        assert_eq!(code(exit, &[("x", start), ("x", die(1))]), (None, 0));
        // A job that others wait for has done its work.
        assert_eq!(code(exit, &[("job", start), ("job", die(0))]), (None, 0));
        assert_eq!(code(exit, &[("job", start), ("job", die(9))]), (Some(9), 9));
        let failure = "--abort-on-container-failure";
        assert_eq!(
            code(failure, &[("app", start), ("app", die(0)), ("db", die(7))]),
            (Some(7), 7)
        );
        let from = "--exit-code-from db";
        assert_eq!(
            code(from, &[("app", start), ("app", die(3)), ("db", die(7))]),
            (Some(3), 7)
        );
        assert_eq!(
            code(from, &[("app", start), ("app", die(3)), ("db", die(0))]),
            (Some(3), 0)
        );
        assert_eq!(code(from, &[("app", start), ("app", die(3))]), (Some(3), 3));
        assert_eq!(code("--attach db", &[("db", die(7))]), (None, 0));
    }
}
