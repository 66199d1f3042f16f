//! What comes from several containers in time order, as far as a short wait brings it: a container that is silent holds
//! nobody up for longer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::live::Shown;
use crate::logs::Stamp;

/// How long a line may wait for an earlier one of another container.
const WINDOW: Duration = Duration::from_millis(2);
/// More than this waits for nothing.
const MOST: usize = 20_000;

/// Lines that wait for earlier ones.
#[derive(Debug, Default)]
pub struct Reorder {
    waiting: BTreeMap<(Stamp, usize, u64), (Instant, Shown)>,
    number: u64,
}

impl Reorder {
    /// Adds what a source shows.
    pub fn push(&mut self, source: usize, shown: Shown, now: Instant) {
        self.waiting.insert((shown.time, source, self.number), (now, shown));
        self.number += 1;
    }

    /// When the next line may go.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|(_, (since, _))| *since + WINDOW)
    }

    /// The earliest line, if it has waited long enough, or `at_once`.
    pub fn pop(&mut self, now: Instant, at_once: bool) -> Option<(usize, Shown)> {
        let first = self.waiting.first_entry()?;
        let waited = first.get().0 + WINDOW <= now;
        if waited || at_once || self.waiting.len() > MOST {
            let ((_, source, _), (_, shown)) = self.waiting.pop_first()?;
            return Some((source, shown));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(time: i64) -> Shown {
        Shown {
            time: Stamp(time),
            kept: true,
            text: Vec::new(),
        }
    }

    #[test]
    fn what_comes_within_the_window_is_in_order_and_ties_keep_theirs() {
        let mut reorder = Reorder::default();
        let now = Instant::now();
        reorder.push(1, shown(5), now);
        reorder.push(0, shown(3), now);
        reorder.push(1, shown(5), now);
        reorder.push(0, shown(5), now);
        assert_eq!(reorder.pop(now, false), None);
        let later = now + WINDOW;
        let order: Vec<(usize, i64)> = std::iter::from_fn(|| reorder.pop(later, false))
            .map(|(source, shown)| (source, shown.time.0))
            .collect();
        assert_eq!(order, [(0, 3), (0, 5), (1, 5), (1, 5)]);
    }

    #[test]
    fn a_silent_source_holds_nobody_up() {
        let mut reorder = Reorder::default();
        let now = Instant::now();
        reorder.push(0, shown(1), now);
        assert_eq!(reorder.due(), Some(now + WINDOW));
        assert!(reorder.pop(now + WINDOW, false).is_some());
        reorder.push(0, shown(2), now);
        assert!(reorder.pop(now, true).is_some());
    }
}
