//! Which part of a log is wanted.

use crate::logs::Stamp;

/// From when to when, both included, as in the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Not before.
    pub since: Stamp,
    /// Not after.
    pub until: Stamp,
}

impl Default for Span {
    fn default() -> Self {
        Self {
            since: Stamp::MIN,
            until: Stamp::MAX,
        }
    }
}

impl Span {
    /// Whether a line of this time is wanted.
    pub fn contains(&self, time: Stamp) -> bool {
        (self.since..=self.until).contains(&time)
    }
}
