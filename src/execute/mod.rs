//! Runs a plan as a graph: everything at once that can be, each step the moment that what it needs is done.

mod act;
mod again;
mod announce;
mod graph;
mod schedule;
mod silence;
mod watch;
mod wrong;

pub use announce::announced;
pub use graph::{Execution, Outcome};
pub use wrong::{Explain, Wrong};
