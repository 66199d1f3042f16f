//! Where lines come from: the engine's stream, its files, Loki. Each gives [`super::Piece`]s in the container's own order.

mod choice;
pub mod file;
mod logql;
mod loki;
mod span;

pub use choice::SourceChoice;
pub use logql::quoted;
pub use loki::{Loki, LokiContainer, LokiEntry};
pub use span::Span;
