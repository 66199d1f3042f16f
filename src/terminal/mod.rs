//! The one place that cleans text for a terminal. A terminal acts on control characters: text of a container, a repository or
//! an engine could move the cursor, rewrite what was said, set a title, fill the clipboard. None of them gets through; the
//! colours are ours and come last.

mod clean;
mod colours;
mod cut;
mod line;
mod sequence;
mod streams;
mod wrap;

pub use clean::{clean, clean_bytes, clean_line, escaped_json, with_colours};
pub use cut::cut;
pub use line::Line;
pub use streams::{stderr_columns, stderr_is_terminal, stdout_columns, stdout_is_terminal};
pub use wrap::{LongWord, wrapped};
