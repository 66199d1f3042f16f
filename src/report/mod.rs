//! Tells what happens: the same events as a live screen, plain lines, JSON lines, or nothing but failures.

mod card;
mod diagnostic;
mod failures;
mod findings;
mod json;
mod out;
mod plain;
mod screen;
mod status;
mod summary;
mod table;

pub use diagnostic::{failure_lines, print_failure};
pub use findings::{checklist_lines, finding_lines, verdict};
pub use out::Out;

pub use status::{StatusRow, status_table};
pub use summary::summary_lines;
pub use table::table;

use clap::ValueEnum;

use crate::event::Event;

/// How progress is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Progress {
    /// A live screen on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// A live screen.
    Tty,
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

/// The reporter for `progress`, with `auto` decided by whether stderr is a terminal.
pub fn reporter(progress: Progress, verbose: bool, out: Out) -> Box<dyn Reporter> {
    let live = console::Term::stderr().features().is_attended() && std::env::var_os("CI").is_none();
    match progress {
        Progress::Tty => Box::new(screen::Screen::new(out)),
        Progress::Auto if live => Box::new(screen::Screen::new(out)),
        Progress::Auto | Progress::Plain => Box::new(plain::Plain::new(out, verbose, false)),
        Progress::Quiet => Box::new(plain::Plain::new(out, verbose, true)),
        Progress::Json => Box::new(json::Json::new(out)),
    }
}
