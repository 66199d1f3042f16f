//! When to ask again. A connect costs next to nothing and may be tried often; a run of the healthcheck costs a process
//! in the container, on the very processor that the service needs to start.

use std::time::Duration;

/// What the container's ports say, as this machine sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It names no port, or its address can't be reached from here.
    Unknown,
    /// It can be reached, and nothing listens yet.
    Closed,
    /// Some of its ports are open.
    Opening,
    /// All of them are.
    Open,
}

/// The pause before the next connect: a fiftieth of the wait so far, so that nobody waits 2 % longer than needed.
pub(super) fn connect_pause(waited: Duration) -> Duration {
    (waited / 50).clamp(Duration::from_millis(4), Duration::from_millis(100))
}

/// The pause before the next run of the healthcheck, after `runs` since the sign last changed, of which the last took
/// `took`.
pub(super) fn run_pause(sign: Sign, runs: u32, took: Duration) -> Duration {
    let (first, longest) = match sign {
        // Nothing else tells, so ask from the first moment.
        Sign::Unknown => (60, 1000),
        // It will rarely pass before something listens; a worker whose image names a port that it never opens is why
        // it is asked at all.
        Sign::Closed => (3000, 4000),
        // Whoever listens is nearly there.
        Sign::Opening | Sign::Open => (25, 1000),
    };
    let grown = match (sign, runs) {
        (Sign::Unknown | Sign::Open, 0) => return Duration::ZERO,
        (Sign::Unknown | Sign::Open, runs) => runs - 1,
        // A moment later all its ports may be open.
        (Sign::Opening | Sign::Closed, runs) => runs,
    };
    let grown = f64::from(first) * f64::powi(1.5, i32::try_from(grown.min(64)).unwrap_or(64));
    // A healthcheck that is dear gets no more than a third of the time.
    Duration::from_secs_f64(grown.min(f64::from(longest)) / 1000.0).max(took * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_comes_often_at_first_and_never_late_by_more_than_a_fiftieth() {
        assert_eq!(connect_pause(Duration::ZERO), Duration::from_millis(4));
        assert_eq!(connect_pause(Duration::from_secs(1)), Duration::from_millis(20));
        assert_eq!(connect_pause(Duration::from_secs(600)), Duration::from_millis(100));
    }

    #[test]
    fn a_healthcheck_is_run_at_once_where_it_can_pay_and_ever_more_rarely() {
        for (sign, first) in [
            (Sign::Unknown, 0),
            (Sign::Closed, 3000),
            (Sign::Opening, 25),
            (Sign::Open, 0),
        ] {
            let pause = |runs| run_pause(sign, runs, Duration::ZERO);
            assert_eq!(pause(0), Duration::from_millis(first), "{sign:?}");
            let pauses: Vec<Duration> = (0..100).map(pause).collect();
            assert!(pauses.is_sorted(), "{sign:?}: {pauses:?}");
            assert!(pauses[99] >= Duration::from_secs(1), "{sign:?}: {:?}", pauses[99]);
        }
    }

    #[test]
    fn a_dear_healthcheck_is_run_less_often() {
        let second = Duration::from_secs(1);
        assert_eq!(run_pause(Sign::Open, 1, second), 2 * second);
    }
}
