//! Tells what happens: the same events as a live screen, plain lines, JSON lines, or nothing but failures.

mod card;
mod diagnostic;
mod failure_queue;
mod failures;
mod findings;
mod json;
mod out;
mod plain;
mod screen;
mod state;
mod status;
mod summary;
mod table;

pub use diagnostic::{failure_lines, print_failure, warning_line};
pub use failure_queue::FailureQueue;
pub use findings::{checklist_lines, finding_lines, verdict};
pub use out::Out;
pub use status::{Load, StatusRow, status_table};
pub use summary::summary_lines;
pub use table::table;

use crate::event::Event;

/// How progress is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A live screen.
    Screen,
    /// One line an event.
    Plain,
    /// One JSON object an event.
    Json,
    /// Only what went wrong.
    Quiet,
}

/// Gets the events of a command, in order.
pub trait Reporter {
    /// One thing happened.
    fn event(&mut self, event: &Event);

    /// What is on the screen goes, and nothing takes its place.
    fn clear(&mut self) {}
}

/// The reporter for `progress`.
pub fn reporter(progress: Progress, verbose: bool, out: Out) -> Box<dyn Reporter> {
    match progress {
        Progress::Screen => Box::new(screen::Screen::new(out)),
        Progress::Plain => Box::new(plain::Plain::new(out, verbose, false)),
        Progress::Quiet => Box::new(plain::Plain::new(out, verbose, true)),
        Progress::Json => Box::new(json::Json::new(out)),
    }
}
