//! Waiting for one container.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;

use crate::codes;
use crate::engine::{Detail, Engine, EngineEvent, EngineEventKind, ExecOutcome};
use crate::event::ReadyBy;
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::observed::State;
use crate::ready_page::ReadyPage;
use crate::verdict::{Asks, Evidence, Failed, Until, Verdict, judge};

use super::EngineEvents;
use super::never::can_never_run;
use super::pace::{connect_pause, run_pause};
use super::page::{Answer, ask};
use super::ports::Ports;

/// How long one of our own runs may take when the healthcheck names no time-out (the engine's default is 30 s).
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often to look at the container when the engine's events are gone.
const WITHOUT_EVENTS: Duration = Duration::from_millis(400);
/// A wait for one container.
#[derive(Debug)]
pub struct Wait<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// Its events.
    pub engine_events: &'a EngineEvents,
    /// The container's id.
    pub id: &'a ContainerId,
    /// The service's name, for messages.
    pub service: &'a ServiceName,
    /// What for.
    pub until: Until,
    /// What says so when it has no healthcheck.
    pub page: Option<&'a ReadyPage>,
    /// How long it has to be alive when there is neither.
    pub settle: Duration,
    /// The command started it: all its ends are of this command.
    pub was_started: bool,
    /// How long at most.
    pub timeout: Duration,
    /// What our last run of its healthcheck said.
    pub probe: RefCell<Option<ExecOutcome>>,
    /// Its page can't be asked from here.
    pub page_is_out_of_reach: Cell<bool>,
}

/// How a wait ended badly.
#[derive(Debug)]
pub enum Waited {
    /// Its process ended, and isn't started again.
    Exited(Box<Detail>),
    /// Its process ended with an error, and was to end with 0.
    NotCompleted(Box<Detail>),
    /// Its process ends repeatedly.
    Loop(Box<Detail>),
    /// Its healthcheck can't be run, whatever the service does.
    Unanswerable {
        /// What our last run of it said.
        probe: Option<ExecOutcome>,
    },
    /// It was not ready in time.
    TimedOut {
        /// What our last run of its healthcheck said.
        probe: Option<ExecOutcome>,
    },
    /// It can't be waited for, or the engine is gone.
    Impossible(Box<Failure>),
}

impl From<Failure> for Waited {
    fn from(failure: Failure) -> Self {
        Self::Impossible(Box::new(failure))
    }
}

/// What ends one look at a container.
enum Turn {
    /// Its healthcheck or its page says that it can be used.
    Proven(ReadyBy),
    /// Its healthcheck can't be run.
    Unanswerable,
    /// Its process ended, with this code.
    Exited(i64),
    /// Whatever was known of it is old, or enough time has passed.
    Look,
}

/// What one run of the healthcheck has shown.
enum Asked {
    Ready,
    /// It failed, and what it said.
    NotYet(Option<String>),
    /// There was nothing to run it in.
    Impossible,
    /// What it runs is not in the image.
    Never,
}

impl Wait<'_> {
    /// Waits. `tell` hears what stands in the way, each thing once.
    pub async fn run(&self, tell: &dyn Fn(String)) -> Result<ReadyBy, Waited> {
        // Listening before looking: whatever happens after the look is heard.
        let mut events = self.engine_events.listen();
        let deadline = Instant::now() + self.timeout;
        let mut said = String::new();
        let mut tell_once = |text: String| {
            if said != text {
                said.clone_from(&text);
                tell(text);
            }
        };
        let mut life = Life::default();
        loop {
            let detail = self.look().await?;
            life.note(&detail);
            let mut evidence = self.evidence(&detail, &life);
            evidence.time_is_up = Instant::now() >= deadline;
            let mut by = ReadyBy::Engine;
            if judge(&evidence) == Verdict::Starting {
                if let Some(code) = life.code().filter(|_| detail.state == State::Restarting) {
                    tell_once(format!("exited with {code}; the engine restarts it"));
                }
                // Where something can be asked the answer counts, and a run of the healthcheck is not to be broken off.
                let settles = Some(life.seen + self.settle).filter(|_| evidence.asks == Asks::Nothing);
                let settles = settles.filter(|settles| *settles > Instant::now());
                let next = settles.map_or(deadline, |settles| settles.min(deadline));
                let turn = tokio::select! {
                    turn = self.turn(&detail, &mut events, &mut tell_once) => turn?,
                    () = tokio::time::sleep_until(next) => Turn::Look,
                };
                match turn {
                    Turn::Look => continue,
                    Turn::Exited(code) => {
                        life.ended_with(code);
                        continue;
                    }
                    Turn::Proven(sign) => (evidence.proven, by) = (true, sign),
                    Turn::Unanswerable => evidence.unanswerable = true,
                }
            }
            match judge(&evidence) {
                Verdict::Ready => return Ok(by),
                Verdict::Running => return Ok(ReadyBy::Running),
                Verdict::Completed => return Ok(ReadyBy::Completed),
                Verdict::Stopped => return Err(self.failed(Failed::Exited, detail, life)),
                Verdict::Failed(why) => return Err(self.failed(why, detail, life)),
                Verdict::Starting => {}
                // Nothing but an event or the end of the time changes that.
                Verdict::Paused => {
                    let turn = tokio::select! {
                        turn = self.event(&mut events, &mut tell_once) => turn,
                        () = tokio::time::sleep_until(deadline) => Turn::Look,
                    };
                    if let Turn::Exited(code) = turn {
                        life.ended_with(code);
                    }
                }
            }
        }
    }

    /// What the healthcheck says, run once, if it fails. A container that is gone or can't be asked is not news here: its
    /// events are.
    pub async fn fails_now(&self) -> Option<String> {
        let detail = self.look().await.ok().filter(Detail::is_running)?;
        match self.run_healthcheck(&detail).await.ok()? {
            Asked::Ready | Asked::Impossible | Asked::Never => None,
            Asked::NotYet(said) => {
                let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
                Some(format!("its healthcheck now fails{said}"))
            }
        }
    }

    async fn look(&self) -> Result<Detail, Failure> {
        self.engine.inspect_state(self.id).await.map_err(Failure::from)
    }

    /// What is known of the container, for the verdict.
    fn evidence(&self, detail: &Detail, life: &Life) -> Evidence {
        let asks = if !detail.healthcheck.is_empty() {
            Asks::Healthcheck
        } else if self.page.is_some() && !self.page_is_out_of_reach.get() {
            Asks::Page
        } else {
            Asks::Nothing
        };
        Evidence {
            until: self.until,
            exit: life.code(),
            ends: self.engine_events.ends(self.id, self.was_started, detail),
            always_restarts: detail.always_restarts(),
            asks,
            up: life.seen.elapsed(),
            settle: self.settle,
            ..Evidence::of(detail.state)
        }
    }

    /// The failure, with what was seen of the run that it is about.
    fn failed(&self, why: Failed, detail: Detail, life: Life) -> Waited {
        let ended = match life.last_exit {
            Some(exit) => exit,
            None => Box::new(detail),
        };
        match why {
            Failed::Exited if self.until == Until::Completed => Waited::NotCompleted(ended),
            Failed::Exited => Waited::Exited(ended),
            Failed::Loop => Waited::Loop(ended),
            Failed::Unanswerable => Waited::Unanswerable {
                probe: self.probe.take(),
            },
            Failed::NoHealthcheck => self.has_no_healthcheck().into(),
            Failed::TimedOut => Waited::TimedOut {
                probe: self.probe.take(),
            },
        }
    }

    /// The next thing that may change the verdict.
    async fn turn(
        &self,
        detail: &Detail,
        events: &mut Receiver<EngineEvent>,
        tell: &mut impl FnMut(String),
    ) -> Result<Turn, Failure> {
        if !detail.is_running() || self.until == Until::Completed {
            return Ok(self.event(events, tell).await);
        }
        if detail.healthcheck.is_empty() {
            return Ok(self.ask_page(detail, events, tell).await);
        }
        self.run_healthchecks(detail, events, tell).await
    }

    /// Runs the container's healthcheck whenever that may pay, until it passes or an event decides.
    async fn run_healthchecks(
        &self,
        detail: &Detail,
        events: &mut Receiver<EngineEvent>,
        tell: &mut impl FnMut(String),
    ) -> Result<Turn, Failure> {
        let began = Instant::now();
        let mut ports = Ports::of(self.address(detail), &detail.ports);
        let mut runs = 0;
        let mut took = Duration::ZERO;
        let mut run_at = began + run_pause(ports.sign(), runs, took);
        let mut look_at = began;
        loop {
            let next = if ports.may_change() {
                run_at.min(look_at)
            } else {
                run_at
            };
            tokio::select! {
                turn = self.event(events, tell) => return Ok(turn),
                () = tokio::time::sleep_until(next) => {}
            }
            if ports.may_change() && Instant::now() >= look_at {
                let before = ports.sign();
                let opened = ports.look().await;
                if opened || ports.sign() != before {
                    (runs, took) = (0, Duration::ZERO);
                    run_at = Instant::now() + run_pause(ports.sign(), runs, took);
                }
                look_at = Instant::now() + connect_pause(began.elapsed());
            }
            if Instant::now() < run_at {
                continue;
            }
            // What the engine says of its own probes is not news while ours runs.
            let mut silent = |_| {};
            let asking = Instant::now();
            let asked = tokio::select! {
                asked = self.run_healthcheck(detail) => asked?,
                turn = self.event(events, &mut silent) => return Ok(turn),
            };
            match asked {
                Asked::Ready => return Ok(Turn::Proven(ReadyBy::Probe)),
                Asked::NotYet(said) => said.into_iter().for_each(&mut *tell),
                Asked::Never => return Ok(Turn::Unanswerable),
                Asked::Impossible => {}
            }
            runs += 1;
            took = asking.elapsed();
            run_at = Instant::now() + run_pause(ports.sign(), runs, took);
        }
    }

    /// Asks the page that the service names, until it says so or an event decides.
    async fn ask_page(
        &self,
        detail: &Detail,
        events: &mut Receiver<EngineEvent>,
        tell: &mut impl FnMut(String),
    ) -> Turn {
        let Some(page) = self.page.filter(|_| !self.page_is_out_of_reach.get()) else {
            return self.event(events, tell).await;
        };
        let began = Instant::now();
        let address = self.address(detail).cloned();
        loop {
            let asked = tokio::select! {
                answer = ask(page, address.as_slice()) => answer,
                turn = self.event(events, tell) => return turn,
            };
            tracing::debug!(service = %self.service, answer = ?asked, "requested its page");
            match asked {
                Answer::Ready => return Turn::Proven(ReadyBy::Page),
                Answer::Unreachable => {
                    self.page_is_out_of_reach.set(true);
                    return Turn::Look;
                }
                Answer::NotYet(said) => tell(said),
            }
            tokio::select! {
                () = tokio::time::sleep(connect_pause(began.elapsed())) => {}
                turn = self.event(events, tell) => return turn,
            }
        }
    }

    /// Where this machine reaches the container, if it may.
    fn address<'d>(&self, detail: &'d Detail) -> Option<&'d String> {
        detail.addresses.first().filter(|_| self.engine.is_local())
    }

    async fn run_healthcheck(&self, detail: &Detail) -> Result<Asked, Failure> {
        // Nobody starts for its being ready: a run would only hold up the starts of others, and meanwhile the engine's own may
        // come.
        if self.until == Until::Ready {
            self.engine_events.engine_has_time().await;
        }
        let _permit = self.engine_events.budget.permit().await;
        let timeout = detail.healthcheck_timeout.unwrap_or(PROBE_TIMEOUT);
        let outcome = self.engine.exec_probe(self.id, &detail.healthcheck, timeout).await;
        match tell_tracing(self.service, outcome) {
            Ok(outcome) if outcome.exit_code == Some(0) => Ok(Asked::Ready),
            Ok(outcome) => {
                let output = outcome.output.trim();
                let said = (!output.is_empty()).then(|| format!("healthcheck: {}", last_line(output)));
                let never = can_never_run(&detail.healthcheck, &detail.command, output);
                *self.probe.borrow_mut() = Some(outcome);
                Ok(if never { Asked::Never } else { Asked::NotYet(said) })
            }
            // Between an exit and the next start there is nothing to run it in: the events will tell.
            Err(error) if error.is_unreachable() => Err(error.failure()),
            Err(error) => {
                // Newer engines refuse to run what is not in the image.
                let output = error.to_string();
                let never = can_never_run(&detail.healthcheck, &detail.command, &output);
                *self.probe.borrow_mut() = Some(ExecOutcome {
                    exit_code: None,
                    output,
                });
                Ok(if never { Asked::Never } else { Asked::Impossible })
            }
        }
    }

    /// The next event of this container that decides something.
    async fn event(&self, events: &mut Receiver<EngineEvent>, tell: &mut impl FnMut(String)) -> Turn {
        loop {
            match events.recv().await {
                Ok(event) if event.id == *self.id => match event.kind {
                    EngineEventKind::Healthy if self.until != Until::Completed => return Turn::Proven(ReadyBy::Engine),
                    EngineEventKind::Unhealthy => tell("unhealthy; waiting for it to recover".to_owned()),
                    EngineEventKind::Die { code } => return Turn::Exited(code),
                    EngineEventKind::Start => return Turn::Look,
                    _ => {}
                },
                Ok(_) => {}
                // Too old to know: look again.
                Err(RecvError::Lagged(_)) => return Turn::Look,
                // The engine's stream is gone; the next look at the container says why.
                Err(RecvError::Closed) => {
                    tokio::time::sleep(WITHOUT_EVENTS).await;
                    return Turn::Look;
                }
            }
        }
    }

    fn has_no_healthcheck(&self) -> Failure {
        let service = self.service;
        Failure::failed(format!("{service} has no healthcheck"))
            .coded(&codes::NO_CHECK)
            .of(service)
            .because("a service that depends on it has `condition: service_healthy`, which can never be met")
            .hint(format!("add a healthcheck to {service}, or use `service_started`"))
    }
}

/// What was seen of a container's process.
struct Life {
    /// Its start, in the engine's words.
    started_at: String,
    /// Since when that one was seen to be alive.
    seen: Instant,
    /// How its last end was told, as long as no look has shown it.
    told: Option<i64>,
    /// How it was when its process had last ended: code, beginning and end are of one run.
    last_exit: Option<Box<Detail>>,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            started_at: String::new(),
            seen: Instant::now(),
            told: None,
            last_exit: None,
        }
    }
}

impl Life {
    /// An event says how it has ended.
    fn ended_with(&mut self, code: i64) {
        self.told = Some(code);
    }

    /// How its process last ended.
    fn code(&self) -> Option<i64> {
        self.last_exit.as_ref().map(|exit| exit.exit_code)
    }

    fn note(&mut self, detail: &Detail) {
        let was = std::mem::replace(&mut self.started_at, detail.started_at.clone());
        if was != detail.started_at {
            self.seen = Instant::now();
        }
        let told = self.told.take();
        let ended = match detail.state {
            State::Restarting | State::Exited { .. } | State::Dead => Some(detail.clone()),
            // Once the engine has started it again, only the event knows how it ended.
            _ => told.map(|code| {
                let mut ended = detail.clone();
                ended.exit_code = code;
                ended.started_at = was;
                ended
            }),
        };
        if let Some(ended) = ended {
            self.last_exit = Some(Box::new(ended));
        }
    }
}

fn tell_tracing<E: std::fmt::Display>(
    service: &ServiceName,
    outcome: Result<ExecOutcome, E>,
) -> Result<ExecOutcome, E> {
    match &outcome {
        Ok(outcome) => tracing::debug!(%service, exit_code = ?outcome.exit_code, "ran its healthcheck early"),
        Err(error) => tracing::debug!(%service, %error, "can't run its healthcheck"),
    }
    outcome
}

fn last_line(text: &str) -> &str {
    text.lines().next_back().unwrap_or(text)
}
