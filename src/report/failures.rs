//! When which failure is reported: as it happens, unless another service that is still on its way may explain it.

use crate::event::Event;
use crate::ids::ServiceName;
use crate::terminal::Line;

use super::Out;
use super::diagnostic::failure_lines;
use super::failure_queue::FailureQueue;

/// The failures of a command, as its events come.
#[derive(Debug, Default)]
pub(super) struct Failures(FailureQueue);

impl Failures {
    /// What is to be printed at this event.
    pub(super) fn lines(&mut self, event: &Event, out: &Out) -> Vec<Line> {
        let mut follows = Vec::new();
        let told = match event {
            Event::StepFailed { failure, .. } | Event::Lost { failure, .. } => self.0.failed((**failure).clone()),
            Event::Ready { service, .. } => self.0.well(service),
            Event::StepSkipped {
                service: Some(service),
                because,
                ..
            } if *service != because.as_str() => {
                self.0.left_out(service, because);
                Vec::new()
            }
            Event::Finished { .. } | Event::Interrupted { .. } => {
                let (told, left_out) = self.0.end();
                follows = left_out;
                told
            }
            _ => Vec::new(),
        };
        let mut lines = Vec::new();
        for failure in told {
            lines.push(Line::new());
            lines.extend(failure_lines(out, &failure));
        }
        for (root, services) in follows {
            lines.push(Line::new());
            let are = if services.len() == 1 { "is" } else { "are" };
            lines.push(Line::from(format!(
                "{} {are} blocked by {root}; nothing to fix here",
                listed(&services)
            )));
        }
        lines
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[ServiceName]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => names.join(""),
    }
}
