//! One line an event, for pipes, files and CI.

use crate::event::Event;
use crate::ids::ServiceName;

use super::diagnostic::warning_line;
use super::failures::Failures;
use super::summary::{interrupted_line, seconds, summary_lines};
use super::{Out, Reporter};

/// What a builder or a healthcheck says in one line; nobody reads a longer one.
const LONGEST: usize = 8 << 10;

pub(super) struct Plain {
    out: Out,
    verbose: bool,
    quiet: bool,
    failures: Failures,
}

impl Plain {
    pub(super) fn new(out: Out, verbose: bool, quiet: bool) -> Self {
        Self {
            out,
            verbose,
            quiet,
            failures: Failures::default(),
        }
    }

    fn say(&self, service: Option<&ServiceName>, text: &str) {
        if !self.quiet {
            let name = self.out.name(service.map_or("-", ServiceName::as_str)).padded(12);
            self.out
                .diagnostic(name.text(" ").and(self.out.shown_line(text).cut(LONGEST)));
        }
    }
}

impl Reporter for Plain {
    fn event(&mut self, event: &Event) {
        for line in self.failures.lines(event, &self.out) {
            self.out.diagnostic(line);
        }
        match event {
            Event::Planned { notes, .. } => {
                for note in notes {
                    self.say(None, &format!("note: {note}"));
                }
            }
            Event::StepStarted {
                service,
                action,
                target,
                ..
            } => self.say(service.as_ref(), &format!("{action} {target}")),
            Event::StepSkipped { service, because, .. } if self.verbose => {
                self.say(service.as_ref(), &format!("skipped, because {because} failed"));
            }
            Event::Progress { service, text, .. } if self.verbose => self.say(service.as_ref(), text),
            Event::Output { service, line, .. } => self.say(service.as_ref(), &format!("| {line}")),
            Event::Progress { .. }
            | Event::StepDone { .. }
            | Event::StepSkipped { .. }
            | Event::StepFailed { .. }
            | Event::Lost { .. } => {}
            Event::Waiting { service, text } => self.say(Some(service), text),
            Event::Ready { service, by, after_ms } => {
                self.say(
                    Some(service),
                    &format!("{} after {}", by.verdict().word(), seconds(*after_ms)),
                );
            }
            Event::Note { text } => self.say(None, &format!("note: {text}")),
            Event::Warning { text } => self.out.diagnostic(warning_line(text)),
            Event::Interrupted { services } => self.out.diagnostic(interrupted_line(services)),
            Event::Finished { .. } => {
                if !self.quiet {
                    self.out.lines(summary_lines(&self.out, event));
                }
            }
        }
    }
}
