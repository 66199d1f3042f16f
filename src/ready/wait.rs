//! Waiting for one container.

use std::cell::RefCell;
use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;

use crate::engine::{Detail, Engine, EngineEvent, EngineEventKind, ExecOutcome};
use crate::event::ReadyBy;
use crate::failure::Failure;
use crate::observed::Health;
use crate::plan::{ReadyPage, Until};

use super::Signs;
use super::pace::{connect_pause, run_pause};
use super::page::{Answer, ask};
use super::ports::Ports;

/// How long one of our own runs may take when the healthcheck names no time-out (the engine's default is 30 s).
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often to look at the container when the engine's events are gone.
const WITHOUT_EVENTS: Duration = Duration::from_millis(400);
/// Exits of a container that the engine restarts before we call it a loop: one may be a race, three are not.
const EXITS_OF_A_LOOP: u32 = 3;

/// A wait for one container.
#[derive(Debug)]
pub struct Wait<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// Its events.
    pub signs: &'a Signs,
    /// The container's id.
    pub id: &'a str,
    /// The service's name, for messages.
    pub service: &'a str,
    /// What for.
    pub until: Until,
    /// What says so when it has no healthcheck.
    pub page: Option<&'a ReadyPage>,
    /// How long at most.
    pub timeout: Duration,
    /// What our last run of its healthcheck said.
    pub probe: RefCell<Option<ExecOutcome>>,
    /// How it was when its process had last ended.
    pub last_exit: RefCell<Option<Box<Detail>>>,
}

/// How a wait ended badly.
#[derive(Debug)]
pub enum Waited {
    /// Its process ended, and isn't started again.
    Exited(Box<Detail>),
    /// Its process ended with an error, and was to end with 0.
    NotCompleted(Box<Detail>),
    /// Its process ends again and again.
    Loop(Box<Detail>),
    /// It was not as wanted in time.
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
    /// As wanted.
    Ready(ReadyBy),
    /// Its process ended, with this code.
    Exited(i64),
    /// Its process runs, or may: whatever was known of it is old.
    Started,
}

/// What one run of the healthcheck has shown.
enum Asked {
    Ready,
    /// It failed, and what it said.
    NotYet(Option<String>),
    /// There was nothing to run it in.
    Impossible,
}

impl Wait<'_> {
    /// Waits. `tell` hears what stands in the way, each thing once.
    pub async fn run(&self, tell: &dyn Fn(String)) -> Result<ReadyBy, Waited> {
        let waiting = self.watch(tell);
        match tokio::time::timeout(self.timeout, waiting).await {
            Ok(ended) => ended,
            // What ended in that time does not only take long.
            Err(_elapsed) => match self.last_exit.take() {
                Some(detail) => Err(Waited::Loop(detail)),
                None => Err(Waited::TimedOut {
                    probe: self.probe.take(),
                }),
            },
        }
    }

    /// What the healthcheck says, run once, if it fails. A container that is gone or can't be asked is no news here: its
    /// events are.
    pub async fn fails_now(&self) -> Option<String> {
        let detail = self.look().await.ok().filter(|detail| detail.is_running)?;
        match self.run_healthcheck(&detail).await.ok()? {
            Asked::Ready | Asked::Impossible => None,
            Asked::NotYet(said) => {
                let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
                Some(format!("its healthcheck fails now{said}"))
            }
        }
    }

    async fn watch(&self, tell: &dyn Fn(String)) -> Result<ReadyBy, Waited> {
        // Listening before looking: whatever happens after the look is heard.
        let mut events = self.signs.listen();
        let mut said = String::new();
        let mut tell_once = |text: String| {
            if said != text {
                said.clone_from(&text);
                tell(text);
            }
        };
        let mut exits = 0;
        let mut ended_with = None;
        loop {
            let detail = self.look().await?;
            // Once the engine has started it again, it says 0: then only the event knows how it ended.
            let code = ended_with.take();
            if let Some(exit_code) = code.or((!detail.is_running).then_some(detail.exit_code)) {
                let mut exit = detail.clone();
                exit.exit_code = exit_code;
                *self.last_exit.borrow_mut() = Some(Box::new(exit));
            }
            if let Some(by) = self.settled(&detail, exits)? {
                return Ok(by);
            }
            if exits > 0 && !detail.is_running {
                tell_once(format!("exited with {}; the engine starts it again", detail.exit_code));
            }
            let turn = if !detail.is_running || self.until == Until::Completed {
                self.event(&mut events, &mut tell_once).await
            } else if detail.healthcheck.is_empty() {
                self.ask_page(&detail, &mut events, &mut tell_once).await
            } else {
                self.run_healthchecks(&detail, &mut events, &mut tell_once).await?
            };
            match turn {
                Turn::Ready(by) => return Ok(by),
                Turn::Exited(code) => {
                    exits += 1;
                    ended_with = Some(code);
                }
                Turn::Started => {}
            }
        }
    }

    async fn look(&self) -> Result<Detail, Failure> {
        self.engine
            .inspect_state(self.id)
            .await
            .map_err(|error| error.failure())
    }

    /// Whether the container is as wanted, or can never be, by its state alone.
    fn settled(&self, detail: &Detail, exits: u32) -> Result<Option<ReadyBy>, Waited> {
        if !detail.is_running {
            return self.after_exit(detail, exits.max(1));
        }
        if exits >= EXITS_OF_A_LOOP {
            let last_exit = self.last_exit.take();
            return Err(Waited::Loop(last_exit.unwrap_or_else(|| Box::new(detail.clone()))));
        }
        if self.until == Until::Completed {
            return Ok(None);
        }
        if detail.healthcheck.is_empty() {
            return match self.until {
                Until::Ready if self.page.is_some() => Ok(None),
                Until::Healthy => Err(self.has_no_healthcheck().into()),
                _ => Ok(Some(ReadyBy::Running)),
            };
        }
        Ok((detail.health == Health::Healthy).then_some(ReadyBy::Engine))
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
            // What the engine says of its own probes is no news while ours runs.
            let mut silent = |_| {};
            let asking = Instant::now();
            let asked = tokio::select! {
                asked = self.run_healthcheck(detail) => asked?,
                turn = self.event(events, &mut silent) => return Ok(turn),
            };
            match asked {
                Asked::Ready => return Ok(Turn::Ready(ReadyBy::Probe)),
                Asked::NotYet(said) => said.into_iter().for_each(&mut *tell),
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
        let Some(page) = self.page else {
            return self.event(events, tell).await;
        };
        let began = Instant::now();
        let address = self.address(detail).cloned();
        loop {
            let asked = tokio::select! {
                answer = ask(page, address.as_slice()) => answer,
                turn = self.event(events, tell) => return turn,
            };
            tracing::debug!(service = self.service, answer = ?asked, "page asked");
            match asked {
                Answer::Ready => return Turn::Ready(ReadyBy::Page),
                Answer::Unreachable => return Turn::Ready(ReadyBy::Running),
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
            self.signs.engine_has_time().await;
        }
        let _permit = self.signs.budget.permit().await;
        let timeout = detail.healthcheck_timeout.unwrap_or(PROBE_TIMEOUT);
        let outcome = self.engine.exec_probe(self.id, &detail.healthcheck, timeout).await;
        match tell_tracing(self.service, outcome) {
            Ok(outcome) if outcome.exit_code == Some(0) => Ok(Asked::Ready),
            Ok(outcome) => {
                let output = outcome.output.trim();
                let said = (!output.is_empty()).then(|| format!("healthcheck: {}", last_line(output)));
                *self.probe.borrow_mut() = Some(outcome);
                Ok(Asked::NotYet(said))
            }
            // Between an exit and the next start there is nothing to run it in: the events will tell.
            Err(error) if error.is_unreachable() => Err(error.failure()),
            Err(error) => {
                // Newer engines refuse to run what is not in the image.
                *self.probe.borrow_mut() = Some(ExecOutcome {
                    exit_code: None,
                    output: error.to_string(),
                });
                Ok(Asked::Impossible)
            }
        }
    }

    /// The next event of this container that decides something.
    async fn event(&self, events: &mut Receiver<EngineEvent>, tell: &mut impl FnMut(String)) -> Turn {
        loop {
            match events.recv().await {
                Ok(event) if event.id == self.id => match event.kind {
                    EngineEventKind::Healthy if self.until != Until::Completed => return Turn::Ready(ReadyBy::Engine),
                    EngineEventKind::Unhealthy => tell("unhealthy; waiting for it to recover".to_owned()),
                    EngineEventKind::Die { code } => return Turn::Exited(code),
                    EngineEventKind::Start => return Turn::Started,
                    _ => {}
                },
                Ok(_) => {}
                // Too far behind to know: look again.
                Err(RecvError::Lagged(_)) => return Turn::Started,
                // The engine's stream is gone; the next look at the container says why.
                Err(RecvError::Closed) => {
                    tokio::time::sleep(WITHOUT_EVENTS).await;
                    return Turn::Started;
                }
            }
        }
    }

    fn has_no_healthcheck(&self) -> Failure {
        let service = self.service;
        Failure::failed(format!("{service} has no healthcheck"))
            .coded("MC574")
            .of(service)
            .because("a service that depends on it says `condition: service_healthy`, which can never come")
            .hint(format!("give {service} a healthcheck, or wait for `service_started`"))
    }

    /// What an exit means: done, hopeless (the error), or worth waiting for the engine's restart (`None`).
    fn after_exit(&self, detail: &Detail, exits: u32) -> Result<Option<ReadyBy>, Waited> {
        if self.until == Until::Completed && detail.exit_code == 0 {
            return Ok(Some(ReadyBy::Completed));
        }
        match detail.restarts() {
            true if exits.max(detail.restart_count) >= EXITS_OF_A_LOOP => Err(Waited::Loop(Box::new(detail.clone()))),
            true => Ok(None),
            false if self.until == Until::Completed => Err(Waited::NotCompleted(Box::new(detail.clone()))),
            false => Err(Waited::Exited(Box::new(detail.clone()))),
        }
    }
}

fn tell_tracing<E: std::fmt::Display>(service: &str, outcome: Result<ExecOutcome, E>) -> Result<ExecOutcome, E> {
    match &outcome {
        Ok(outcome) => tracing::debug!(service, exit_code = ?outcome.exit_code, "healthcheck run early"),
        Err(error) => tracing::debug!(service, %error, "healthcheck could not be run"),
    }
    outcome
}

fn last_line(text: &str) -> &str {
    text.lines().next_back().unwrap_or(text)
}
