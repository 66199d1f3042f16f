//! The table: on what the real services, engines, registries and builders said, and with a project around them.

mod hostile;
mod outside;
mod project;
mod proposals;
mod words;

use crate::logs::Last;

use super::*;

fn exited(code: i64) -> Symptoms {
    let mut symptoms = Symptoms::new("app", Stage::Exited { was_ready: Some(false) });
    symptoms.ended = Some(Ended {
        code,
        ..Ended::default()
    });
    symptoms
}

fn said(lines: &[&str], is_error: bool) -> Last {
    Last {
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        is_error,
        is_stderr: true,
    }
}
