//! Following: the engine's streams of all containers, each opened again where it broke off, in time order within a short
//! window.

mod live;
mod reorder;
mod seam;
mod stream;

pub use live::Live;
pub use reorder::Reorder;
pub use seam::{Look, Seam, Skipping};
pub use stream::{Heard, follow};
