//! Which steps may begin, what an ended step means for the others, and how the whole ended.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::compose::Stack;
use crate::engine::Engine;
use crate::event::{Event, ReadyBy};
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::plan::{Action, Plan, StepId};
use crate::ready::EngineEvents;

use super::schedule::Schedule;
use super::step_failure::Explain;
use super::watch::Watch;

/// Calls that change something at once, pulls, builds, stops and waits aside. Measured on engine 20.10: several
/// starts at once take half the time of one by one; more than this gains nothing.
const AT_ONCE: usize = 6;

/// A plan being carried out.
pub struct Execution<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// The engine's events; needed when the plan waits for something.
    pub engine_events: Option<&'a EngineEvents>,
    /// What is wanted; needed when the plan makes something.
    pub stack: Option<&'a Stack>,
    /// The plan.
    pub plan: &'a Plan,
    /// How long one wait may take.
    pub timeout: Duration,
    /// Knows what failures mean.
    pub explain: &'a dyn Explain,
    /// Whether calls that are under way when it is interrupted are waited for: what they start is to be stopped after it.
    pub settles: bool,
    /// How many calls to the engine are made at once, waits aside, if the user limits them.
    pub at_once: Option<usize>,
    /// When the command began; times in events count from here.
    pub began: Instant,
    /// Hears what happens.
    pub emit: &'a dyn Fn(Event),
    /// The ids of containers that steps made.
    pub made: RefCell<BTreeMap<StepId, ContainerId>>,
    /// Warnings that were said.
    pub warned: RefCell<BTreeSet<String>>,
}

/// How a plan ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What failed, in the order it did.
    pub failures: Vec<Failure>,
    /// How many steps changed something.
    pub changed: usize,
    /// When services became ready: by whom, milliseconds since the command began.
    pub ready: BTreeMap<ServiceName, (ReadyBy, u64)>,
    /// What waits found of containers, by their ids, as long as that held.
    pub found: BTreeMap<ContainerId, ReadyBy>,
    /// Services whose steps failed or were left out.
    pub not_done: BTreeMap<ServiceName, String>,
    /// The user interrupted it.
    pub interrupted: bool,
    /// Waits of each service that have not ended well.
    awaited: BTreeMap<ServiceName, usize>,
}

/// What a step did.
pub(super) struct StepResult {
    /// It found something left to do.
    pub changed: bool,
    /// It found a container ready: its id, and who said so.
    pub ready: Option<(ContainerId, ReadyBy)>,
}

impl Execution<'_> {
    /// Runs all of it, or until `interrupt` completes. A service that was found ready and is lost again while others are
    /// still awaited is awaited again.
    pub async fn run(&self, interrupt: impl Future<Output = ()>) -> Outcome {
        let mut outcome = Outcome {
            awaited: self.awaited(),
            ..Outcome::default()
        };
        let mut schedule = Schedule::new(self.plan);
        let mut running = FuturesUnordered::new();
        let mut confirming = FuturesUnordered::new();
        let mut watch = Watch::new(self.engine_events);
        let mut busy = Vec::new();
        let mut interrupt = std::pin::pin!(interrupt);
        loop {
            while let Some(id) = schedule.next(|id, height| self.may_begin(id, height, &busy)) {
                if !self.waits(id) {
                    busy.push((id, schedule.height(id)));
                }
                running.push(self.timed(id, false));
            }
            if let Some(engine_events) = self.engine_events {
                let is_busy = busy.iter().any(|(id, _)| self.is_bounded(*id));
                engine_events.engine_is_busy(is_busy || schedule.could_begin().any(|id| self.is_bounded(id)));
            }
            let (id, began, result) = tokio::select! {
                ended = running.next() => match ended {
                    Some(ended) => ended,
                    None => return outcome,
                },
                (id, why) = self.any_lost(&mut watch, &mut confirming) => {
                    watch.forget(id);
                    self.lost(id, &why, &mut outcome);
                    running.push(self.timed(id, true));
                    continue;
                }
                () = &mut interrupt => {
                    outcome.interrupted = true;
                    self.list_unfinished(&schedule, &mut outcome);
                    while self.settles && busy.iter().any(|(id, _)| self.is_bounded(*id)) {
                        let Some((ended, ..)) = running.next().await else {
                            break;
                        };
                        busy.retain(|(id, _)| *id != ended);
                    }
                    return outcome;
                }
            };
            busy.retain(|(other, _)| *other != id);
            if let Some((container, by)) = result.as_ref().ok().and_then(|done| done.ready.as_ref()) {
                watch.keep(id, container, *by);
                if *by == ReadyBy::Probe {
                    confirming.push(self.confirm(id));
                }
            }
            // Of a wait that was begun again others have taken note.
            for (id, because) in schedule.ended(id, result.is_ok()) {
                self.left_out(id, because, &mut outcome);
            }
            self.ended(id, began, result, &mut outcome);
        }
    }

    /// The next wait whose container is ready no more, and why: an event says so, or its healthcheck, run again.
    async fn any_lost(
        &self,
        watch: &mut Watch,
        confirming: &mut FuturesUnordered<impl Future<Output = (StepId, Option<String>)>>,
    ) -> (StepId, String) {
        loop {
            tokio::select! {
                lost = watch.lost() => return lost,
                Some((id, failing)) = confirming.next() => {
                    if let Some(why) = failing {
                        return (id, why);
                    }
                }
            }
        }
    }

    async fn timed(&self, id: StepId, again: bool) -> (StepId, Instant, Result<StepResult, Failure>) {
        (id, Instant::now(), self.step(id, again).await)
    }

    /// Calls that keep the engine busy are bounded; waits, pulls and stops mostly pass time.
    fn is_bounded(&self, id: StepId) -> bool {
        !matches!(
            self.plan.steps()[id.index()].action,
            Action::Await { .. }
                | Action::PullImage { .. }
                | Action::PushImage { .. }
                | Action::BuildImage { .. }
                | Action::StopContainer { .. }
        )
    }

    fn waits(&self, id: StepId) -> bool {
        matches!(self.plan.steps()[id.index()].action, Action::Await { .. })
    }

    fn starts(&self, id: StepId) -> bool {
        matches!(self.plan.steps()[id.index()].action, Action::StartContainer { .. })
    }

    /// Whether the engine does well to begin `id` beside what it is `busy` with, given by their heights in the plan. The
    /// container at the head of the longest chain starts alone: Kafka's start took 0.25 s then, and 0.75 s beside two others,
    /// which have time until it is ready.
    fn may_begin(&self, id: StepId, height: usize, busy: &[(StepId, usize)]) -> bool {
        if self.waits(id) {
            return true;
        }
        if self.at_once.is_some_and(|limit| busy.len() >= limit) {
            return false;
        }
        if !self.is_bounded(id) {
            return true;
        }
        let bounded = busy.iter().filter(|(other, _)| self.is_bounded(*other));
        let behind = |(other, higher): &(StepId, usize)| self.starts(*other) && *higher > height;
        bounded.count() < AT_ONCE && !(self.starts(id) && busy.iter().any(behind))
    }

    /// How many waits the plan has for each service.
    fn awaited(&self) -> BTreeMap<ServiceName, usize> {
        let mut awaited = BTreeMap::new();
        for step in self.plan.steps() {
            if let (Action::Await { .. }, Some(service)) = (&step.action, &step.service) {
                *awaited.entry(service.clone()).or_default() += 1;
            }
        }
        awaited
    }

    /// A service that was found ready is so no more.
    fn lost(&self, id: StepId, why: &str, outcome: &mut Outcome) {
        if let Action::Await { container, .. } = &self.plan.steps()[id.index()].action
            && let Ok(container) = self.resolve(container)
        {
            outcome.found.remove(&container);
        }
        if let Some(service) = &self.plan.steps()[id.index()].service {
            outcome.ready.remove(service);
            *outcome.awaited.entry(service.clone()).or_default() += 1;
            (self.emit)(Event::Waiting {
                service: service.clone(),
                text: format!("was ready, but {why}"),
            });
        }
    }

    /// A step that needs a failed one fails with it.
    fn left_out(&self, id: StepId, because: StepId, outcome: &mut Outcome) {
        let service = self.plan.steps()[id.index()].service.clone();
        let cause = &self.plan.steps()[because.index()];
        let own = cause.service.as_ref();
        let because = own.map_or(cause.action.target(), ServiceName::as_str).to_owned();
        if let Some(service) = service.clone().filter(|service| own != Some(service)) {
            outcome.not_done.entry(service).or_insert_with(|| because.clone());
        }
        (self.emit)(Event::StepSkipped {
            step: id.index(),
            service,
            because,
        });
    }

    fn ended(&self, id: StepId, began: Instant, result: Result<StepResult, Failure>, outcome: &mut Outcome) {
        let step = &self.plan.steps()[id.index()];
        match result {
            Ok(done) => {
                outcome.changed += usize::from(done.changed);
                (self.emit)(Event::StepDone {
                    step: id.index(),
                    service: step.service.clone(),
                    took_ms: millis(began.elapsed()),
                    changed: done.changed,
                });
                if let (Some((container, by)), Some(service)) = (done.ready, &step.service) {
                    outcome.found.insert(container, by);
                    let awaited = outcome.awaited.entry(service.clone()).or_default();
                    *awaited = awaited.saturating_sub(1);
                    // Of several containers the last one makes the service ready.
                    if *awaited == 0 {
                        let after_ms = millis(self.began.elapsed());
                        outcome.ready.insert(service.clone(), (by, after_ms));
                        (self.emit)(Event::Ready {
                            service: service.clone(),
                            by,
                            after_ms,
                        });
                    }
                }
            }
            Err(failure) => {
                if let Some(service) = &step.service {
                    outcome.not_done.insert(service.clone(), String::new());
                }
                outcome.failures.push(failure.clone());
                (self.emit)(Event::StepFailed {
                    step: id.index(),
                    service: step.service.clone(),
                    failure: Box::new(failure),
                });
            }
        }
    }

    fn list_unfinished(&self, schedule: &Schedule, outcome: &mut Outcome) {
        for id in schedule.unfinished() {
            if let Some(service) = &self.plan.steps()[id.index()].service {
                outcome
                    .not_done
                    .entry(service.clone())
                    .or_insert_with(|| "interrupted".to_owned());
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
