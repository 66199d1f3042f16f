//! Which steps may begin, what an ended step means for the others, and how the whole ended.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::compose::Stack;
use crate::engine::Engine;
use crate::event::{Event, ReadyBy};
use crate::failure::Failure;
use crate::plan::{Action, Plan, StepId};
use crate::ready::Signs;

/// Calls that change something at once, pulls, builds, stops and waits aside. Measured on engine 20.10: several
/// starts at once take half the time of one by one; more than this gains nothing.
const AT_ONCE: usize = 6;

/// A plan being carried out.
pub struct Execution<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// The engine's events; needed when the plan waits for something.
    pub signs: Option<&'a Signs>,
    /// What is wanted; needed when the plan makes something.
    pub stack: Option<&'a Stack>,
    /// The plan.
    pub plan: &'a Plan,
    /// How long one wait may take.
    pub timeout: Duration,
    /// When the command began; times in events count from here.
    pub began: Instant,
    /// Hears what happens.
    pub emit: &'a dyn Fn(Event),
    /// The ids of containers that steps made.
    pub made: RefCell<BTreeMap<StepId, String>>,
}

/// How a plan ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What failed, in the order it did.
    pub failures: Vec<Failure>,
    /// How many steps changed something.
    pub changed: usize,
    /// When services became ready: by whom, milliseconds since the command began.
    pub ready: BTreeMap<String, (ReadyBy, u64)>,
    /// Services whose steps failed or were left out.
    pub not_done: BTreeMap<String, String>,
    /// The user interrupted it.
    pub interrupted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Pending,
    Running,
    Done,
    Failed,
}

/// What a step did.
pub(super) struct Done {
    /// It found something left to do.
    pub changed: bool,
    /// It found its service ready.
    pub ready: Option<ReadyBy>,
}

/// How a step failed.
pub(super) struct Broken {
    pub failure: Failure,
    pub last_lines: Vec<String>,
}

impl Execution<'_> {
    /// Runs all of it, or until `interrupt` completes.
    pub async fn run(&self, interrupt: impl Future<Output = ()>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut progress = vec![Progress::Pending; self.plan.steps().len()];
        let heights = heights(self.plan);
        let mut running = FuturesUnordered::new();
        let mut busy = 0;
        let mut interrupt = std::pin::pin!(interrupt);
        loop {
            self.skip_hopeless(&mut progress, &mut outcome);
            let mut ready: Vec<StepId> = self
                .plan
                .iter()
                .filter(|(id, _)| progress[id.index()] == Progress::Pending && self.may_begin(*id, &progress))
                .map(|(id, _)| id)
                .collect();
            // The head of the longest chain first: everything else fits beside it.
            ready.sort_by_key(|id| std::cmp::Reverse(heights[id.index()]));
            for id in ready {
                let bounded = is_bounded(&self.plan.steps()[id.index()].action);
                if bounded && busy >= AT_ONCE {
                    continue;
                }
                busy += usize::from(bounded);
                progress[id.index()] = Progress::Running;
                running.push(async move { (id, Instant::now(), self.step(id).await) });
            }
            let ended = tokio::select! {
                ended = running.next() => ended,
                () = &mut interrupt => {
                    outcome.interrupted = true;
                    self.list_unfinished(&progress, &mut outcome);
                    return outcome;
                }
            };
            let Some((id, began, result)) = ended else {
                return outcome;
            };
            busy -= usize::from(is_bounded(&self.plan.steps()[id.index()].action));
            progress[id.index()] = match &result {
                Ok(_) => Progress::Done,
                Err(_) => Progress::Failed,
            };
            self.ended(id, began, result, &mut outcome);
        }
    }

    fn may_begin(&self, id: StepId, progress: &[Progress]) -> bool {
        let step = &self.plan.steps()[id.index()];
        let done = |need: &StepId| progress[need.index()] == Progress::Done;
        let over = |need: &StepId| matches!(progress[need.index()], Progress::Done | Progress::Failed);
        step.needs.iter().all(done) && step.after.iter().all(over)
    }

    /// Steps that need a failed one fail with it. One pass is enough: steps need only earlier ones.
    fn skip_hopeless(&self, progress: &mut [Progress], outcome: &mut Outcome) {
        for (id, step) in self.plan.iter() {
            if progress[id.index()] != Progress::Pending {
                continue;
            }
            let broken = step
                .needs
                .iter()
                .find(|need| progress[need.index()] == Progress::Failed);
            if let Some(need) = broken {
                progress[id.index()] = Progress::Failed;
                let cause = &self.plan.steps()[need.index()];
                let because = cause
                    .service
                    .clone()
                    .unwrap_or_else(|| cause.action.target().to_owned());
                if let Some(service) = &step.service
                    && *service != because
                {
                    outcome
                        .not_done
                        .entry(service.clone())
                        .or_insert_with(|| because.clone());
                }
                (self.emit)(Event::StepSkipped {
                    step: id.index(),
                    service: step.service.clone(),
                    because,
                });
            }
        }
    }

    fn ended(&self, id: StepId, began: Instant, result: Result<Done, Broken>, outcome: &mut Outcome) {
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
                if let (Some(by), Some(service)) = (done.ready, &step.service) {
                    let after_ms = millis(self.began.elapsed());
                    if outcome.ready.insert(service.clone(), (by, after_ms)).is_none() {
                        (self.emit)(Event::Ready {
                            service: service.clone(),
                            by,
                            after_ms,
                        });
                    }
                }
            }
            Err(broken) => {
                if let Some(service) = &step.service {
                    outcome.not_done.insert(service.clone(), String::new());
                }
                outcome.failures.push(broken.failure.clone());
                (self.emit)(Event::StepFailed {
                    step: id.index(),
                    service: step.service.clone(),
                    failure: broken.failure,
                    last_lines: broken.last_lines,
                });
            }
        }
    }

    fn list_unfinished(&self, progress: &[Progress], outcome: &mut Outcome) {
        for (id, step) in self.plan.iter() {
            if let (Progress::Pending | Progress::Running, Some(service)) = (progress[id.index()], &step.service) {
                outcome
                    .not_done
                    .entry(service.clone())
                    .or_insert_with(|| "interrupted".to_owned());
            }
        }
    }
}

/// How many steps follow each step on its longest way to an end.
fn heights(plan: &Plan) -> Vec<usize> {
    let mut heights = vec![0; plan.steps().len()];
    for (id, step) in plan.iter().collect::<Vec<_>>().into_iter().rev() {
        let above = heights[id.index()] + 1;
        for need in step.needs.iter().chain(&step.after) {
            heights[need.index()] = heights[need.index()].max(above);
        }
    }
    heights
}

/// Calls that keep the engine busy are bounded; waits, pulls and stops mostly pass time.
fn is_bounded(action: &Action) -> bool {
    !matches!(
        action,
        Action::Await { .. } | Action::PullImage { .. } | Action::BuildImage { .. } | Action::StopContainer { .. }
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
