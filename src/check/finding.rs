//! What a check found.

use serde::Serialize;

use crate::failure::Place;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Info,
    /// `up` works, but look at it.
    Warning,
    /// `up` would fail.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name for programs: `port-taken`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where in a file, if anywhere.
    pub place: Option<Place>,
    /// What was found.
    pub what: String,
    /// Why that matters; empty when it goes without saying.
    pub why: String,
    /// What to do.
    pub fix: Option<String>,
}
