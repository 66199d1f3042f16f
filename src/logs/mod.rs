//! Logs: sources → lines → records with levels → filters → one stream in time order → output.

mod batch;
pub mod explore;
mod feed;
mod fingerprint;
pub mod follow;
pub mod format;
mod grouping;
mod keep;
mod last;
mod level;
mod line;
mod merge;
mod output;
mod pipeline;
mod print;
mod record;
pub mod source;
mod summary;
mod trace;

pub use crate::stamp::{SECOND, Stamp};
pub use batch::{Batch, Entry};
pub use feed::{Chunk, from_engine, from_files, from_loki};
pub use fingerprint::fingerprint;
pub use grouping::Grouping;
pub use keep::Keep;
pub use last::last_lines;
pub use level::Level;
pub use line::{Joining, Piece};
pub use merge::{Fed, Sink, merge};
pub use output::{Around, Output};
pub use pipeline::{Pipeline, Wanted};
pub use print::{Clock, Fit, Form, Printer, Who, json_entry};
pub use record::Record;
pub use summary::{Group, Summary};
pub use trace::Trace;
