//! Anything else: the line is the message, and a level is not to be had. A traceback makes a record an error by itself
//! (`trace`).

use serde_json::Map;

use super::{Format, Level, Parts, Stated, text};

pub(super) const FORMAT: Format = Format {
    name: "plain",
    level,
    parts,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature of the table")]
fn level(line: &[u8]) -> Option<Stated> {
    // At the very beginning only: elsewhere it is a word like others.
    let words: [(&[u8], Level); 5] = [
        (b"panic: ", Level::Fatal),
        (b"fatal: ", Level::Fatal),
        (b"fatal error: ", Level::Fatal),
        (b"FATAL ", Level::Fatal),
        (b"ERROR ", Level::Error),
    ];
    let found = words.iter().find(|(word, _)| line.starts_with(word));
    Some(Stated(found.map(|(_, level)| *level)))
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of the table")]
fn parts(line: &[u8]) -> Option<Parts> {
    Some(Parts {
        message: text(line.strip_suffix(b"\r").unwrap_or(line)),
        fields: Map::new(),
        exception: None,
    })
}
