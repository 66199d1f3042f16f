//! Logs: sources → one stream in time order → records with levels → filters.

pub mod explore;
mod level;
mod merge;
mod record;

pub use level::Level;
pub use merge::{Line, Merged, merge};
pub use record::{Grouping, Record};
