//! Runs a plan as a graph: everything at once that can be, each step the moment that what it needs is done.

mod act;
mod again;
mod announce;
mod graph;
mod schedule;
mod silence;
mod step_failure;
mod watch;

pub use announce::announced;
pub use graph::{Execution, Outcome};
pub use step_failure::{Explain, StepFailure};
