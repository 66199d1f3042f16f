//! How many healthchecks may be run, all services of a command together: forty services that are not ready must not
//! keep the processor from getting them ready.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Runs at once. Measured on two cores: more only slow each other and the services down.
const AT_ONCE: usize = 3;
/// Runs in hand at the start: most services pass their first or second.
const AT_FIRST: u32 = 100;
/// Runs a second that come on top. A run is three calls to the engine.
const A_SECOND: f64 = 3.0;

/// Shared by all waits of a command.
#[derive(Debug)]
pub(super) struct Budget {
    places: Semaphore,
    bucket: RefCell<Bucket>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            places: Semaphore::new(AT_ONCE),
            bucket: RefCell::new(Bucket::new(Instant::now())),
        }
    }

    /// Waits until one more run can be afforded; it is at work as long as the permit is kept. First come, first served.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed, so always had.
        let permit = self.places.acquire().await.ok()?;
        loop {
            let pause = self.bucket.borrow_mut().take(Instant::now());
            if pause.is_zero() {
                return Some(permit);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

#[derive(Debug)]
struct Bucket {
    runs: f64,
    filled: Instant,
}

impl Bucket {
    fn new(now: Instant) -> Self {
        Self {
            runs: f64::from(AT_FIRST),
            filled: now,
        }
    }

    /// Takes a run and gives zero, or how long until there is one.
    fn take(&mut self, now: Instant) -> Duration {
        let come = now.saturating_duration_since(self.filled).as_secs_f64() * A_SECOND;
        self.runs = (self.runs + come).min(f64::from(AT_FIRST));
        self.filled = now;
        if self.runs >= 1.0 {
            self.runs -= 1.0;
            return Duration::ZERO;
        }
        // A little more than needed, so that rounding asks no second time.
        Duration::from_secs_f64((1.0 - self.runs) / A_SECOND) + Duration::from_millis(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_first_runs_they_come_at_a_steady_rate() {
        let mut now = Instant::now();
        let mut bucket = Bucket::new(now);
        let mut at_first = 0;
        while bucket.take(now).is_zero() {
            at_first += 1;
        }
        assert_eq!(at_first, AT_FIRST);
        let end = now + Duration::from_secs(10);
        let mut more = 0;
        while now < end {
            let pause = bucket.take(now);
            if pause.is_zero() {
                more += 1;
            }
            now += pause;
        }
        assert!((25..=30).contains(&more), "{more} runs in ten seconds");
    }
}
