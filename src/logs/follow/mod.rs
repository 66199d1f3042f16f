//! Following: the log files or the engine's streams of all containers, each taken up where it was left, in time order within
//! a short window.

mod file;
mod live;
mod recent;
mod reorder;
mod seam;
mod stream;

pub use file::{LogFile, follow_file};
pub use live::Live;
pub use reorder::Reorder;
pub use seam::{Look, Seam, Skipping};
pub use stream::{Heard, follow};
