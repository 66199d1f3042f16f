//! Carries out plans and tells of it: what `up`, `down`, `rebuild` and the like have in common.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cards::{SeenOfContainer, Stage};
use crate::compose::Stack;
use crate::engine::Engine;
use crate::event::{Event, ReadyBy, ServiceSummary};
use crate::execute::{Execution, Outcome, announced};
use crate::failure::{Exit, Failure};
use crate::ids::ServiceName;
use crate::labels;
use crate::observed::{Container, State};
use crate::plan::{Action, Plan, settle_of};
use crate::ready::EngineEvents;
use crate::report::Reporter;
use crate::services;
use crate::verdict::{Asks, Evidence, Failed, Verdict, judge};

use super::Ended;
use super::explainer::Explainer;
use super::session::Session;

/// A command at work on a project.
pub(crate) struct PlanRun<'a> {
    pub engine: &'a Engine,
    pub command: &'static str,
    pub project: &'a str,
    pub stack: Option<&'a Stack>,
    pub timeout: Duration,
    /// Whether what would fail is looked for beforehand.
    pub checks: bool,
    pub began: Instant,
    /// Leave out what the builder says.
    pub quiet_build: bool,
    /// The command goes on when it is carried out.
    pub stays: bool,
    session: &'a Session,
    reporter: RefCell<Box<dyn Reporter>>,
    engine_events: RefCell<Option<std::rc::Rc<EngineEvents>>>,
    total: RefCell<Outcome>,
}

impl<'a> PlanRun<'a> {
    pub(crate) fn new(
        session: &'a Session,
        engine: &'a Engine,
        command: &'static str,
        project: &'a str,
        stack: Option<&'a Stack>,
    ) -> Self {
        Self {
            engine,
            command,
            project,
            stack,
            timeout: Duration::from_secs(120),
            checks: true,
            began: Instant::now(),
            quiet_build: false,
            stays: false,
            session,
            reporter: RefCell::new(session.reporter()),
            engine_events: RefCell::default(),
            total: RefCell::default(),
        }
    }

    /// Told in lines, as the output of containers comes beside it.
    pub(crate) fn beside_output(mut self) -> Self {
        self.reporter = RefCell::new(self.session.reporter_of(false));
        self
    }

    /// Carries out `plan`; with `--dry-run`, shows it. False when something failed or the user interrupted.
    pub(crate) async fn run(&self, plan: &Plan, services: Vec<ServiceName>) -> Result<bool, Failure> {
        if self.session.global.dry_run {
            let notes: Vec<String> = plan.notes.iter().map(ToString::to_string).collect();
            super::planned::show(self.session, self.project, plan, &notes);
            return Ok(true);
        }
        let waits = plan
            .steps()
            .iter()
            .any(|step| matches!(step.action, Action::Await { .. }));
        if waits && self.engine_events.borrow().is_none() {
            let engine_events = EngineEvents::subscribe(self.engine, self.project).await?;
            *self.engine_events.borrow_mut() = Some(std::rc::Rc::new(engine_events));
        }
        let engine_events = self.engine_events.borrow().clone();
        self.emit(&Event::Planned {
            project: self.project.to_owned(),
            services,
            steps: announced(plan),
            notes: plan.notes.clone(),
        });
        let emit = |event| self.emit(&event);
        let execution = Execution {
            engine: self.engine,
            engine_events: engine_events.as_deref(),
            stack: self.stack,
            plan,
            timeout: self.timeout,
            explain: &self.explainer(),
            settles: self.stays,
            at_once: self.session.calls_at_once()?,
            began: self.began,
            emit: &emit,
            made: RefCell::default(),
            warned: RefCell::default(),
        };
        let outcome = execution.run(interrupted()).await;
        let well = outcome.failures.is_empty() && !outcome.interrupted;
        let mut total = self.total.borrow_mut();
        total.failures.extend(outcome.failures);
        total.changed += outcome.changed;
        total.ready.extend(outcome.ready);
        total.found.extend(outcome.found);
        total.not_done.extend(outcome.not_done);
        total.interrupted |= outcome.interrupted;
        Ok(well)
    }

    pub(crate) fn emit(&self, event: &Event) {
        if self.quiet_build && matches!(event, Event::Output { .. }) {
            return;
        }
        self.reporter.borrow_mut().event(event);
    }

    /// Says how it ended. `services` are those that the command is about; `next` what to do after a success.
    pub(crate) async fn finish(&self, services: &BTreeSet<ServiceName>, next: Vec<String>) -> Ended {
        if self.session.global.dry_run {
            return Ok(None);
        }
        let total = self.total.take();
        if total.interrupted {
            if self.stays {
                self.clear();
                return Ok(Some(Exit::Interrupted));
            }
            let services = total.not_done.into_keys().collect();
            self.emit(&Event::Interrupted { services });
            return Ok(Some(Exit::Interrupted));
        }
        let containers = if services.is_empty() {
            Vec::new()
        } else {
            self.engine.observe_containers(self.project).await?
        };
        let summaries: Vec<ServiceSummary> = services.iter().map(|name| summary(name, &containers, &total)).collect();
        let mut ok = total.failures.is_empty();
        for summary in &summaries {
            if total.ready.contains_key(&summary.service) && !summary.verdict.is_well() {
                ok = false;
                self.tell_lost(summary, &containers).await;
            }
        }
        self.tell_finished(ok, total.changed, summaries, if ok { next } else { Vec::new() });
        if ok {
            return Ok(None);
        }
        // Each failure was told when it happened.
        let unreachable = total.failures.iter().any(|failure| failure.exit == Exit::NoEngine);
        Ok(Some(if unreachable { Exit::NoEngine } else { Exit::Failed }))
    }

    /// Ends a command that finds nothing to do, which `text` says: for programs with the events that any command ends with.
    pub(crate) fn idle(&self, text: String) {
        if self.session.json() {
            self.emit(&Event::Note { text });
            self.tell_finished(true, 0, Vec::new(), Vec::new());
        } else {
            self.session.say(&text);
        }
    }

    fn tell_finished(&self, ok: bool, changed: usize, services: Vec<ServiceSummary>, next: Vec<String>) {
        self.emit(&Event::Finished {
            command: self.command.to_owned(),
            project: self.project.to_owned(),
            ok,
            took_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            changed,
            services,
            next,
        });
    }

    /// Takes the screen away: what follows is the output of somebody else's program.
    pub(crate) fn clear(&self) {
        self.reporter.borrow_mut().clear();
    }

    /// Makes the cards of what fails.
    fn explainer(&self) -> Explainer<'a> {
        Explainer {
            engine: self.engine,
            around: self.session.surroundings(self.stack),
        }
    }

    /// A service was found ready, and at the end it is not.
    async fn tell_lost(&self, summary: &ServiceSummary, containers: &[Container]) {
        let container = containers.iter().find(|container| container.name == summary.container);
        let stage = match summary.state {
            Some(State::Restarting) => Stage::Loop,
            Some(State::Running { .. }) => Stage::Unhealthy,
            _ => Stage::Exited { was_ready: Some(true) },
        };
        let failure = match container {
            Some(container) => {
                let explainer = self.explainer();
                let card = explainer.of_container(&summary.service, &container.id, stage, SeenOfContainer::default());
                card.await
            }
            None => Failure::failed(format!("{} was ready, but its container is gone", summary.service))
                .of(&summary.service)
                .because("it was removed from outside")
                .hint(
                    "`docker events --since 10m --filter type=container` shows when; run the command again to create it",
                ),
        };
        self.emit(&Event::Lost {
            service: summary.service.clone(),
            failure: Box::new(failure),
        });
    }

    /// How many steps changed something so far.
    pub(crate) fn changed(&self) -> usize {
        self.total.borrow().changed
    }
}

/// Of several containers the one that is not ready speaks for the service.
fn summary(name: &ServiceName, containers: &[Container], total: &Outcome) -> ServiceSummary {
    let mut all: Vec<ServiceSummary> = containers
        .iter()
        .filter(|container| container.service() == Some(name))
        .map(|container| of_container(name, Some(container), total))
        .collect();
    let index = all.iter().position(|summary| !summary.verdict.is_well()).unwrap_or(0);
    if all.is_empty() {
        of_container(name, None, total)
    } else {
        all.swap_remove(index)
    }
}

fn of_container(name: &ServiceName, container: Option<&Container>, total: &Outcome) -> ServiceSummary {
    let verdict = match container {
        Some(container) => at_the_end(container, total.found.get(&container.id).copied()),
        None => Verdict::Starting,
    };
    // Of its own fault, or left out for another's.
    let verdict = match total.not_done.get(name) {
        Some(because) if because.is_empty() => match verdict {
            Verdict::Failed(_) => verdict,
            _ => Verdict::Failed(Failed::TimedOut),
        },
        Some(_) if verdict.is_well() => Verdict::Starting,
        _ => verdict,
    };
    ServiceSummary {
        service: name.clone(),
        container: container.map(|container| container.name.clone()).unwrap_or_default(),
        state: container.map(|container| container.state),
        verdict,
        ready: verdict == Verdict::Ready,
        ready_ms: total.ready.get(name).map(|(_, ms)| *ms),
        urls: container.map(urls).unwrap_or_default(),
    }
}

/// What has become of a container when the command is over, of which a wait has found that.
fn at_the_end(container: &Container, found: Option<ReadyBy>) -> Verdict {
    let found = found.map(ReadyBy::verdict);
    let settle = settle_of(&container.labels);
    let seen = if found == Some(Verdict::Running) {
        settle
    } else {
        Duration::ZERO
    };
    let mut evidence = Evidence {
        up: container.up_for().max(seen),
        settle,
        ..Evidence::of(container.state)
    };
    if evidence.asks == Asks::Nothing && container.labels.contains_key(labels::READY) && found != Some(Verdict::Running)
    {
        evidence.asks = Asks::Page;
    }
    evidence.proven |= found == Some(Verdict::Ready) && container.is_running();
    judge(&evidence)
}

/// Where a container answers on the host, once each: `localhost:9092`.
fn urls(container: &Container) -> Vec<String> {
    let mut urls: BTreeMap<u16, String> = BTreeMap::new();
    for port in &container.ports {
        if let Some(public) = port.public {
            let host = match port.ip.as_deref() {
                None | Some("0.0.0.0" | "::" | "127.0.0.1" | "::1") => "localhost",
                Some(ip) => ip,
            };
            // Where no HTTP is spoken a browser is no use.
            let scheme = if services::may_be_http(port.private) {
                "http://"
            } else {
                ""
            };
            urls.insert(public, format!("{scheme}{host}:{public}"));
        }
    }
    urls.into_values().collect()
}

/// Ctrl-C and SIGTERM, heard from the moment on that this is made: none is lost between two pieces of work.
pub(crate) struct Interrupt(Option<(Signal, Signal)>);

impl Interrupt {
    pub(crate) fn listen() -> Self {
        let listened = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        Self(match listened {
            (Ok(interrupt), Ok(terminate)) => Some((interrupt, terminate)),
            // No signal can be listened for: then none interrupts in an orderly way.
            _ => None,
        })
    }

    /// Completes when one has come; a second one ends the process at once.
    pub(crate) async fn has_come(self) {
        let Some((mut interrupt, mut terminate)) = self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
    }
}

/// Completes at Ctrl-C or SIGTERM; a second one ends the process at once.
pub(crate) async fn interrupted() {
    Interrupt::listen().has_come().await;
}
