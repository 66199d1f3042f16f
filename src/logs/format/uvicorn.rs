//! uvicorn: `INFO:     127.0.0.1:1234 - "GET / HTTP/1.1" 200 OK`: the level, a colon, and spaces up to a column.

use serde_json::Map;

use super::{Format, Level, Parts, Stated, text};

pub(super) const FORMAT: Format = Format {
    name: "uvicorn",
    level,
    parts,
};

fn split(line: &[u8]) -> Option<(Level, &[u8])> {
    let word = line.iter().take(9).take_while(|byte| byte.is_ascii_uppercase()).count();
    let rest = line.get(word..)?.strip_prefix(b": ")?;
    Some((Level::of_word(&line[..word])?, rest.trim_ascii_start()))
}

fn level(line: &[u8]) -> Option<Stated> {
    split(line).map(|(level, _)| Stated(Some(level)))
}

fn parts(line: &[u8]) -> Option<Parts> {
    let (_, message) = split(line)?;
    Some(Parts {
        message: text(message),
        fields: Map::new(),
        exception: None,
    })
}
