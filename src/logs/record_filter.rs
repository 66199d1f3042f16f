//! Which records are wanted.

use regex::bytes::Regex;

use super::{GrepPrefilter, Level, Record, Stamp};

/// The filters. A record is kept as a whole or not at all.
#[derive(Debug, Clone)]
pub struct RecordFilter {
    /// This level and worse.
    pub least: Option<Level>,
    /// A line of it matches.
    pub grep: Option<Regex>,
    /// What every match has.
    pub prefilter: Option<GrepPrefilter>,
    /// No line of it matches.
    pub invert: bool,
    /// Not earlier than this.
    pub from: Stamp,
}

impl Default for RecordFilter {
    fn default() -> Self {
        Self {
            least: None,
            grep: None,
            prefilter: None,
            invert: false,
            from: Stamp::MIN,
        }
    }
}

impl RecordFilter {
    /// Whether `record` passes.
    pub fn passes(&self, record: &Record) -> bool {
        if record.time < self.from {
            return false;
        }
        if let Some(pattern) = &self.grep
            && pattern.is_match(record.bytes()) == self.invert
        {
            return false;
        }
        match self.least {
            Some(least) => record.level().is_some_and(|level| level >= least),
            None => true,
        }
    }
}
