//! Where lines come from: the engine's stream, its files, Loki. Each gives [`super::Piece`]s in the container's own order.

mod choice;
pub mod file;
mod span;

pub use choice::SourceChoice;
pub use span::Span;
