//! What became of a container, judged by what the engine says of it and what was asked of it. This is the only place that
//! decides it: `up`, `start`, `restart`, `rebuild`, `scale` and `status` bring the evidence and use the verdict.

use std::time::Duration;

use serde::Serialize;

use crate::observed::{Health, State};

/// How long a container with nothing to ask has to be alive before it counts as running. Most programs that can't start end
/// within a second; a wrong setting or a missing dependency shows about as fast.
pub const SETTLE: Duration = Duration::from_secs(2);

/// Ends since the command began that make a loop: one may be a race with a dependency, two bad luck, three are neither.
const ENDS_OF_A_LOOP: u32 = 3;

/// What a container is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// Usable: its healthcheck passes; without one, its page says so; without that, it stays alive. Or it has done its work.
    Ready,
    /// Its healthcheck passes; having none is an error (`condition: service_healthy`).
    Healthy,
    /// It ran and exited with 0.
    Completed,
}

impl Until {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Healthy => "healthy",
            Self::Completed => "completed",
        }
    }
}

/// What a container can be asked whether it can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: it can only be seen to be alive.
    Nothing,
    /// Its healthcheck.
    Healthcheck,
    /// The page that its label names.
    Page,
}

/// All that a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Evidence {
    /// What it is to become.
    pub until: Until,
    /// How it is. While the engine is about to start it again that is [`State::Restarting`], and [`State::Exited`] only when
    /// it is not.
    pub state: State,
    /// How its process last ended, if it has and that is known.
    pub exit: Option<i64>,
    /// How often its process has ended since the command began.
    pub ends: u32,
    /// The engine starts it again after whatever end: one that has ended all the same was stopped by somebody.
    pub always_restarts: bool,
    /// What can be asked.
    pub asks: Asks,
    /// That has said, of this very process, that it can be used.
    pub proven: bool,
    /// Its healthcheck can't be run, whatever the service does.
    pub unanswerable: bool,
    /// How long its process has been alive, at least.
    pub up: Duration,
    /// How long it has to be, where nothing can be asked.
    pub settle: Duration,
    /// It was waited for as long as it was to be.
    pub time_is_up: bool,
}

impl Evidence {
    /// Of one that is in `state`, nothing else known.
    pub fn of(state: State) -> Self {
        Self {
            until: Until::Ready,
            state,
            exit: match state {
                State::Exited { code } => Some(code),
                _ => None,
            },
            ends: 0,
            always_restarts: false,
            asks: match state {
                State::Running { health: Health::None } => Asks::Nothing,
                _ => Asks::Healthcheck,
            },
            proven: matches!(
                state,
                State::Running {
                    health: Health::Healthy
                }
            ),
            unanswerable: false,
            up: Duration::ZERO,
            settle: SETTLE,
            time_is_up: false,
        }
    }
}

/// What became of it. In JSON its [word](Verdict::word).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its healthcheck or page says that it can be used.
    Ready,
    /// There is nothing to ask, and it has been alive for the settle time since its last start.
    Running,
    /// A job: it has exited with 0, and is not started again.
    Completed,
    /// None of that yet.
    Starting,
    /// Somebody paused it.
    Paused,
    /// Somebody stopped it.
    Stopped,
    /// It won't become what it is to.
    Failed(Failed),
}

/// Why it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// Its process ended, and is not started again, or would fail each time.
    Exited,
    /// Its process ends repeatedly.
    Loop,
    /// Its healthcheck can't be run: nothing can ever say that it is ready.
    Unanswerable,
    /// It has no healthcheck, and one is to pass.
    NoHealthcheck,
    /// It was not ready in time.
    TimedOut,
}

impl Verdict {
    /// In one word: `ready`, `failed`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Starting => "starting",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether it is what a service is to be.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Ready | Self::Running | Self::Completed)
    }
}

impl Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// The verdict.
pub fn judge(evidence: &Evidence) -> Verdict {
    let Evidence {
        until,
        state,
        ends,
        time_is_up,
        ..
    } = *evidence;
    let failed = Verdict::Failed;
    match state {
        State::Exited { code } => match until {
            Until::Ready | Until::Completed if code == 0 && !evidence.always_restarts => Verdict::Completed,
            Until::Ready if evidence.always_restarts && is_of_a_stop(code) => Verdict::Stopped,
            _ => failed(Failed::Exited),
        },
        State::Dead => failed(Failed::Exited),
        State::Restarting if never_runs(evidence) => failed(Failed::Exited),
        State::Restarting if ends >= ENDS_OF_A_LOOP || time_is_up => failed(Failed::Loop),
        State::Running { .. } => of_alive(evidence),
        State::Paused if !time_is_up => Verdict::Paused,
        State::Created | State::Removing | State::Paused if time_is_up => failed(Failed::TimedOut),
        State::Created | State::Removing | State::Paused | State::Restarting => Verdict::Starting,
    }
}

fn of_alive(evidence: &Evidence) -> Verdict {
    let failed = Verdict::Failed;
    let has_time = !evidence.time_is_up;
    let is_job = evidence.until == Until::Completed;
    if evidence.proven && !is_job {
        return Verdict::Ready;
    }
    if evidence.asks == Asks::Nothing && !is_job {
        if evidence.until == Until::Healthy {
            return failed(Failed::NoHealthcheck);
        }
        // Who waits for less than the settle time settles for less.
        if evidence.up >= evidence.settle || (evidence.time_is_up && evidence.ends == 0) {
            return Verdict::Running;
        }
    }
    // How it ended is told with it: as long as no end was seen, the next one is.
    let is_known = evidence.exit.is_some();
    if never_runs(evidence) {
        return failed(Failed::Exited);
    }
    match evidence.ends {
        ENDS_OF_A_LOOP.. if is_known => failed(Failed::Loop),
        _ if evidence.unanswerable && !is_job => failed(Failed::Unanswerable),
        _ if has_time => Verdict::Starting,
        2.. if is_known => failed(Failed::Loop),
        _ => failed(Failed::TimedOut),
    }
}

/// Whether its program is not there or can't be executed: starting it again changes nothing.
fn never_runs(evidence: &Evidence) -> bool {
    evidence.ends > 0 && matches!(evidence.exit, Some(126 | 127))
}

/// The codes with which a process ends that somebody stops: by its own doing, or by SIGINT, SIGKILL and SIGTERM.
pub fn is_of_a_stop(code: i64) -> bool {
    matches!(code, 0 | 130 | 137 | 143)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 13] = [
        State::Created,
        State::Running { health: Health::None },
        State::Running {
            health: Health::Starting,
        },
        State::Running {
            health: Health::Healthy,
        },
        State::Running {
            health: Health::Unhealthy,
        },
        State::Paused,
        State::Restarting,
        State::Exited { code: 0 },
        State::Exited { code: 1 },
        State::Exited { code: 127 },
        State::Exited { code: 143 },
        State::Removing,
        State::Dead,
    ];

    /// Every evidence that differs in what may matter.
    fn all() -> impl Iterator<Item = Evidence> {
        let untils = [Until::Ready, Until::Healthy, Until::Completed];
        let asks = [Asks::Nothing, Asks::Healthcheck, Asks::Page];
        let exits = [None, Some(0), Some(1), Some(126), Some(127)];
        let ups = [0, 1999, 2000, 60_000];
        let of_state = move |state| {
            untils.into_iter().flat_map(move |until| {
                asks.into_iter().flat_map(move |asks| {
                    exits.into_iter().flat_map(move |exit| {
                        (0..5_u32).flat_map(move |ends| {
                            ups.into_iter().flat_map({
                                let flags = 0..16_u32;
                                move |up| {
                                    flags.clone().map(move |flag| Evidence {
                                        until,
                                        state,
                                        exit,
                                        ends,
                                        always_restarts: flag & 1 > 0,
                                        asks,
                                        proven: flag & 2 > 0,
                                        unanswerable: flag & 4 > 0,
                                        up: Duration::from_millis(up),
                                        settle: SETTLE,
                                        time_is_up: flag & 8 > 0,
                                    })
                                }
                            })
                        })
                    })
                })
            })
        };
        STATES.into_iter().flat_map(of_state)
    }

    #[test]
    fn what_the_verdicts_promise_holds_for_every_evidence() {
        let mut seen = std::collections::BTreeSet::new();
        for evidence in all() {
            let verdict = judge(&evidence);
            seen.insert(format!("{verdict:?}"));
            let alive = matches!(evidence.state, State::Running { .. });
            let holds = match verdict {
                Verdict::Ready => alive && evidence.proven && evidence.until != Until::Completed,
                Verdict::Running => {
                    alive
                        && evidence.asks == Asks::Nothing
                        && evidence.until == Until::Ready
                        && (evidence.up >= evidence.settle || (evidence.time_is_up && evidence.ends == 0))
                }
                Verdict::Completed => {
                    evidence.state == State::Exited { code: 0 }
                        && !evidence.always_restarts
                        && evidence.until != Until::Healthy
                }
                Verdict::Starting => !evidence.time_is_up && !matches!(evidence.state, State::Exited { .. }),
                Verdict::Paused => evidence.state == State::Paused,
                Verdict::Stopped => evidence.always_restarts && matches!(evidence.state, State::Exited { .. }),
                Verdict::Failed(Failed::Loop) => evidence.ends >= 2 || evidence.state == State::Restarting,
                Verdict::Failed(Failed::Exited) => !alive || matches!(evidence.exit, Some(126 | 127)),
                Verdict::Failed(Failed::Unanswerable) => alive && evidence.unanswerable,
                Verdict::Failed(Failed::NoHealthcheck) => evidence.until == Until::Healthy,
                Verdict::Failed(Failed::TimedOut) => evidence.time_is_up,
            };
            assert!(holds, "{verdict:?} of {evidence:?}");
            // When the time is up there is always an answer.
            assert!(
                !evidence.time_is_up || !matches!(verdict, Verdict::Starting | Verdict::Paused),
                "{evidence:?}"
            );
        }
        assert_eq!(seen.len(), 11, "each verdict is given: {seen:?}");
    }

    #[test]
    fn waiting_longer_turns_no_success_into_a_failure() {
        for evidence in all().filter(|evidence| judge(evidence).is_well()) {
            let later = Evidence {
                up: evidence.up * 2,
                time_is_up: true,
                ..evidence
            };
            assert!(judge(&later).is_well(), "{evidence:?}");
        }
    }

    #[test]
    fn one_end_is_no_failure_and_the_third_is() {
        let restarting = Evidence {
            exit: Some(1),
            ..Evidence::of(State::Restarting)
        };
        let alive = Evidence {
            exit: Some(1),
            ..Evidence::of(State::Running { health: Health::None })
        };
        for (ends, verdict) in [
            (1, Verdict::Starting),
            (2, Verdict::Starting),
            (3, Verdict::Failed(Failed::Loop)),
        ] {
            assert_eq!(judge(&Evidence { ends, ..restarting }), verdict);
            assert_eq!(judge(&Evidence { ends, ..alive }), verdict);
            let settled = Evidence {
                ends,
                up: SETTLE,
                ..alive
            };
            assert_eq!(judge(&settled), Verdict::Running, "it came right");
        }
    }

    #[test]
    fn a_job_that_is_started_over_and_over_is_a_loop_and_one_that_is_not_has_completed() {
        for until in [Until::Ready, Until::Completed] {
            let done = Evidence {
                until,
                ..Evidence::of(State::Exited { code: 0 })
            };
            assert_eq!(judge(&done), Verdict::Completed);
            let again = Evidence {
                until,
                exit: Some(0),
                ends: 3,
                ..Evidence::of(State::Restarting)
            };
            assert_eq!(judge(&again), Verdict::Failed(Failed::Loop));
        }
    }
}
