//! The one place that cleans text for a terminal. A terminal acts on control characters: text of a container, a repository or
//! an engine could move the cursor, rewrite what was said, set a title, fill the clipboard. None of them gets through; the
//! colours are ours and come last.

mod clean;
mod line;

pub use clean::{clean, clean_line, with_colours};
pub use line::Line;
