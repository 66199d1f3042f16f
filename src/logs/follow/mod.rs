//! Following: the log files or the engine's streams of all containers, each taken up where it was left, in time order within
//! a short window.

mod file;
mod following;
mod live;
mod recent;
mod reorder;
mod seam;
mod sources;
mod stream;

pub use file::LogFile;
pub use following::{Events, Follower, Following};
pub use seam::{Seam, SeamSide, Skipping};
