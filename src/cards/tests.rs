//! The table: on what the real services, engines, registries and builders said, and with a project around them.

mod hostile;
mod outside;
mod project;
mod proposals;
mod words;

use std::cell::Cell;
use std::sync::Arc;

use crate::logs::LastRecord;
use crate::redact::Redactor;

use super::fill::{ALIASES, Known};
use super::rules::At;
use super::*;

/// Whether something fills a gap of a rule whose pattern has these groups.
pub(super) fn is_gap(gap: &str, groups: &[String]) -> bool {
    let has = |name: &str| groups.iter().any(|group| group == name);
    let symptoms = Symptoms::new("app", Stage::Create);
    let around = Surroundings::new(None, Arc::new(Redactor::default()), None);
    let known = Known {
        symptoms: &symptoms,
        around: &around,
        at: At::Nowhere,
        caught: None,
        text: "",
        unknown: Cell::default(),
    };
    let (name, kind) = gap.split_once(':').unwrap_or((gap, ""));
    if name.is_empty() {
        known.gap(gap);
    } else if !has(name) && !ALIASES.iter().any(|(alias, group)| *alias == name && has(group)) {
        known.value(name);
    }
    if !name.is_empty() && !kind.is_empty() {
        known.derived("x", kind);
    }
    !known.unknown.get()
}

fn exited(code: i64) -> Symptoms {
    let mut symptoms = Symptoms::new("app", Stage::Exited { was_ready: Some(false) });
    symptoms.ended = Some(Ended {
        code,
        ..Ended::default()
    });
    symptoms
}

fn said(lines: &[&str], is_error: bool) -> LastRecord {
    LastRecord {
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        is_error,
        is_stderr: true,
    }
}
