//! The engine's own log files, read where they lie: nothing is asked of the engine, and a part that is not wanted is not
//! read.

mod json_file;
mod local;
mod parts;
mod read;
mod seek;
mod skip;
mod unescape;

pub use parts::History;
pub use read::Start;

/// How a log driver writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// `json-file`: one JSON object a line.
    JsonFile,
    /// `local`: length-prefixed protocol buffers.
    Local,
}

impl Driver {
    /// The driver of this name, if its files can be read.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "json-file" => Some(Self::JsonFile),
            "local" => Some(Self::Local),
            _ => None,
        }
    }
}
