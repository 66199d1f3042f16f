//! Waiting for one container.

use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::engine::{Detail, Engine, EngineEvent, EngineEventKind, ExecOutcome};
use crate::event::ReadyBy;
use crate::failure::Failure;
use crate::observed::Health;
use crate::plan::{ReadyPage, Until};

use super::Signs;
use super::page::{Answer, ask};

/// The first pause between two of our own runs of a healthcheck; it grows by half each time.
const FIRST_PAUSE: Duration = Duration::from_millis(60);
/// The longest pause: what a ready service may be kept waiting for, at worst.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// How long one of our own runs may take when the healthcheck names no time-out (the engine's default is 30 s).
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);
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
}

/// How a wait ended badly: what to say, and the container's last lines.
#[derive(Debug)]
pub struct Waited {
    /// What to say.
    pub failure: Failure,
    /// The last lines of its log.
    pub last_lines: Vec<String>,
}

enum Step {
    /// As wanted.
    Done(ReadyBy),
    /// Its process ended.
    Exited,
    /// The healthcheck did not pass yet, and what it said.
    Probe(Option<String>),
}

impl Wait<'_> {
    /// Waits. `tell` hears what stands in the way, each thing once.
    pub async fn run(&self, tell: &dyn Fn(String)) -> Result<ReadyBy, Waited> {
        let waiting = self.watch(tell);
        let ended = tokio::time::timeout(self.timeout, waiting).await;
        let failure = match ended {
            Ok(Ok(by)) => return Ok(by),
            Ok(Err(failure)) => failure,
            Err(_elapsed) => self.timed_out().await,
        };
        let last_lines = self.engine.last_lines(self.id, 12).await;
        let failure = self.explained(failure, &last_lines).await;
        Err(Waited { failure, last_lines })
    }

    /// The failure with what the last lines are known to mean.
    async fn explained(&self, failure: Failure, last_lines: &[String]) -> Failure {
        let user = match self.engine.inspect_state(self.id).await {
            Ok(detail) => detail.user,
            Err(_) => String::new(),
        };
        match super::known::cause(last_lines, &user) {
            Some(known) => failure.because(known.why).hint(known.hint),
            None => failure,
        }
    }

    async fn watch(&self, tell: &dyn Fn(String)) -> Result<ReadyBy, Failure> {
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
        let mut detail = self.look().await?;
        if let Some(by) = self.settled(&detail)? {
            return Ok(by);
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let step = if detail.is_running && self.probes(&detail) {
                self.probe_or_event(&detail, &mut events).await?
            } else {
                self.event(&mut events, &mut tell_once).await
            };
            let step = match step {
                Step::Probe(said) => tokio::select! {
                    // Of a container that has just ended a failed probe is no news: its end is, and comes now.
                    () = tokio::time::sleep(pause) => Step::Probe(said),
                    step = self.event(&mut events, &mut tell_once) => step,
                },
                other => other,
            };
            match step {
                Step::Done(by) => return Ok(by),
                Step::Probe(said) => {
                    said.into_iter().for_each(&mut tell_once);
                    pause = (pause * 3 / 2).min(LONGEST_PAUSE);
                }
                Step::Exited => {
                    exits += 1;
                    detail = self.look().await?;
                    if let Some(by) = self.after_exit(&detail, exits)? {
                        return Ok(by);
                    }
                    tell_once(format!("exited with {}; the engine starts it again", detail.exit_code));
                    // The engine's next start of it is another beginning.
                    pause = FIRST_PAUSE;
                    detail.is_running = true;
                }
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
    fn settled(&self, detail: &Detail) -> Result<Option<ReadyBy>, Failure> {
        if self.until == Until::Completed {
            return match (detail.is_running, detail.exit_code) {
                (true, _) => Ok(None),
                (false, 0) => Ok(Some(ReadyBy::Completed)),
                (false, _) => self.after_exit(detail, 1),
            };
        }
        if !detail.is_running {
            return self.after_exit(detail, 1);
        }
        if detail.healthcheck.is_empty() {
            return match self.until {
                Until::Ready if self.page.is_some() => Ok(None),
                Until::Healthy => Err(Failure::failed(format!("{} has no healthcheck", self.service))
                    .because("a service that depends on it says `condition: service_healthy`")
                    .hint(format!(
                        "give {} a healthcheck, or wait for `service_started`",
                        self.service
                    ))),
                _ => Ok(Some(ReadyBy::Running)),
            };
        }
        Ok((detail.health == Health::Healthy).then_some(ReadyBy::Engine))
    }

    fn probes(&self, detail: &Detail) -> bool {
        self.until != Until::Completed && (!detail.healthcheck.is_empty() || self.page.is_some())
    }

    /// Asks what says that it is ready: its healthcheck, else its page.
    async fn probe(&self, detail: &Detail) -> Result<Step, Failure> {
        if !detail.healthcheck.is_empty() {
            return self.run_healthcheck(detail).await;
        }
        let Some(page) = self.page else {
            return Ok(Step::Probe(None));
        };
        // Its address is another one after each of its starts.
        let now = self.look().await?;
        if !now.is_running {
            return Ok(Step::Probe(None));
        }
        let answer = ask(page, if self.engine.is_local() { &now.addresses } else { &[] }).await;
        tracing::debug!(service = self.service, ?answer, "page asked");
        Ok(match answer {
            Answer::Ready => Step::Done(ReadyBy::Page),
            Answer::NotYet(said) => Step::Probe(Some(said)),
            Answer::Unreachable => Step::Done(ReadyBy::Running),
        })
    }

    async fn run_healthcheck(&self, detail: &Detail) -> Result<Step, Failure> {
        let timeout = detail.healthcheck_timeout.unwrap_or(PROBE_TIMEOUT);
        let outcome = self.engine.exec_probe(self.id, &detail.healthcheck, timeout).await;
        match tell_tracing(self.service, outcome) {
            Ok(outcome) if outcome.exit_code == Some(0) => Ok(Step::Done(ReadyBy::Probe)),
            Ok(outcome) => {
                let output = outcome.output.trim();
                let said = (!output.is_empty()).then(|| format!("healthcheck: {}", last_line(output)));
                Ok(Step::Probe(said))
            }
            // Between an exit and the next start there is nothing to run it in: the events will tell.
            Err(error) if error.is_unreachable() => Err(error.failure()),
            Err(_) => Ok(Step::Probe(None)),
        }
    }

    /// Probes once, unless an event decides first.
    async fn probe_or_event(&self, detail: &Detail, events: &mut Receiver<EngineEvent>) -> Result<Step, Failure> {
        // What the engine says of its own probes is no news while ours runs.
        let mut silent = |_| {};
        tokio::select! {
            step = self.probe(detail) => step,
            step = self.event(events, &mut silent) => Ok(step),
        }
    }

    /// The next event of this container that decides something.
    async fn event(&self, events: &mut Receiver<EngineEvent>, tell: &mut impl FnMut(String)) -> Step {
        loop {
            match events.recv().await {
                Ok(event) if event.id == self.id => match event.kind {
                    EngineEventKind::Healthy if self.until != Until::Completed => return Step::Done(ReadyBy::Engine),
                    EngineEventKind::Unhealthy => tell("unhealthy; waiting for it to recover".to_owned()),
                    EngineEventKind::Die { .. } => return Step::Exited,
                    _ => {}
                },
                Ok(_) => {}
                // Too far behind to know: look again by running the healthcheck.
                Err(RecvError::Lagged(_)) => return Step::Probe(None),
                // The engine's stream is gone; the caller's next call to the engine says why.
                Err(RecvError::Closed) => {
                    tokio::time::sleep(LONGEST_PAUSE).await;
                    return Step::Exited;
                }
            }
        }
    }

    /// What an exit means: done, hopeless (the error), or worth waiting for the engine's restart (`None`).
    fn after_exit(&self, detail: &Detail, exits: u32) -> Result<Option<ReadyBy>, Failure> {
        if self.until == Until::Completed && detail.exit_code == 0 {
            return Ok(Some(ReadyBy::Completed));
        }
        let service = self.service;
        let restarts = detail.restarts();
        let code = detail.exit_code;
        if !restarts {
            if self.until == Until::Completed {
                return Err(
                    Failure::failed(format!("{service} did not complete: it exited with {code}"))
                        .because(meaning(detail)),
                );
            }
            return Err(
                Failure::failed(format!("{service} exited with {code} before it was ready"))
                    .because(meaning(detail))
                    .hint(format!("see `magicctl logs {service}`; its last lines are above")),
            );
        }
        if exits.max(detail.restart_count) >= EXITS_OF_A_LOOP {
            return Err(Failure::failed(format!("{service} exits with {code} again and again"))
                .because(meaning(detail))
                .because(format!("the engine has started it {} times", detail.restart_count + 1))
                .hint(format!("see `magicctl logs {service}`; its last lines are above")));
        }
        Ok(None)
    }

    async fn timed_out(&self) -> Failure {
        let service = self.service;
        let seconds = self.timeout.as_secs_f64();
        let failure = match self.until {
            Until::Completed => Failure::failed(format!("{service} did not complete within {seconds} s")),
            _ => Failure::failed(format!("{service} was not ready within {seconds} s")),
        };
        let failure = match self.engine.inspect_state(self.id).await {
            Ok(detail) if !detail.health_output.trim().is_empty() => failure.because(format!(
                "its healthcheck said: {}",
                last_line(detail.health_output.trim())
            )),
            _ => failure,
        };
        failure.hint(format!(
            "see `magicctl logs {service}`; it goes on starting: `magicctl up` again waits on, `--timeout` waits longer"
        ))
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

/// What an exit code means, where it means something.
fn meaning(detail: &Detail) -> String {
    if detail.oom_killed {
        return "it was killed for using more memory than its limit".to_owned();
    }
    match detail.exit_code {
        0 => "it ended by itself, without an error".to_owned(),
        126 => "its command can't be run: not executable".to_owned(),
        127 => "its command is not in the image".to_owned(),
        137 => "it was killed (SIGKILL)".to_owned(),
        139 => "it crashed (segmentation fault)".to_owned(),
        143 => "it was told to stop (SIGTERM)".to_owned(),
        _ if !detail.error.is_empty() => detail.error.clone(),
        code => format!("its process ended with exit code {code}"),
    }
}
