//! Anything else: the line is the message. Its level is what its preamble states, or what its first words mean to the
//! program that wrote it. A traceback makes a record an error by itself (`trace`).

use serde_json::Map;

use crate::logs::trace;

use super::{Format, Level, Parts, Stated, preamble, text};

pub(super) const FORMAT: Format = Format {
    name: "plain",
    level,
    parts,
};

/// First words that only one kind of program writes.
const BEGINNINGS: [(&[u8], Level); 21] = [
    (b"fatal error: ", Level::Fatal),
    (b"thread '", Level::Fatal),
    (b"npm ERR! ", Level::Error),
    (b"npm error ", Level::Error),
    (b"npm WARN ", Level::Warning),
    (b"npm warn ", Level::Warning),
    (b"fail: ", Level::Error),
    (b"crit: ", Level::Fatal),
    (b"dbug: ", Level::Debug),
    (b"trce: ", Level::Debug),
    (b"PHP Fatal error: ", Level::Fatal),
    (b"PHP Parse error: ", Level::Fatal),
    (b"PHP Warning: ", Level::Warning),
    (b"PHP Notice: ", Level::Info),
    (b"PHP Deprecated: ", Level::Warning),
    (b"Fatal error: ", Level::Fatal),
    (b"Unhandled exception. ", Level::Fatal),
    (b"ERRO[", Level::Error),
    (b"FATA[", Level::Fatal),
    (b"WARN[", Level::Warning),
    (b"INFO[", Level::Info),
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of the table")]
fn level(line: &[u8]) -> Option<Stated> {
    Some(Stated(stated(line)))
}

fn stated(line: &[u8]) -> Option<Level> {
    let first = *line.first()?;
    if !first.is_ascii_alphabetic() && first != b'(' {
        return preamble::level(line);
    }
    let beginning = BEGINNINGS
        .iter()
        .find(|(begin, _)| begin[0] == first && line.starts_with(begin));
    if let Some((begin, level)) = beginning {
        let rest = &line[begin.len()..];
        let is_so = match *begin {
            b"fail: " | b"crit: " | b"dbug: " | b"trce: " => is_category(rest),
            b"thread '" => trace::is_rust_panic(line),
            _ => true,
        };
        return Some(*level).filter(|_| is_so);
    }
    if matches!(first, b'I' | b'W' | b'E' | b'F')
        && let Some(level) = preamble::klog(line)
    {
        return Some(level);
    }
    if let Some(rest) = line.strip_prefix(b"(node:") {
        return node_warning(rest);
    }
    if first.is_ascii_uppercase() && is_named_error(line) {
        return Some(Level::Error);
    }
    preamble::level(line)
}

/// .NET's category and event, `Microsoft.Hosting.Lifetime[0]`, after which the message may be on the same line.
fn is_category(rest: &[u8]) -> bool {
    let word = rest.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    rest.trim_ascii_end().ends_with(b"]")
        || word.strip_suffix(b"]").is_some_and(|word| {
            let number = word.rsplit(|byte| *byte == b'[').next().unwrap_or_default();
            number.len() + 1 < word.len() && !number.is_empty() && number.iter().all(u8::is_ascii_digit)
        })
}

/// `(node:1) DeprecationWarning: …`. A rejection that nobody handled is an error whatever Node calls it.
fn node_warning(rest: &[u8]) -> Option<Level> {
    let close = rest.iter().take(12).position(|byte| *byte == b')')?;
    let text = rest[close + 1..].trim_ascii_start();
    let text = match text.strip_prefix(b"[DEP") {
        Some(code) => code.get(code.iter().take(12).position(|byte| *byte == b' ')? + 1..)?,
        None => text,
    };
    let name = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let name = text[..name].strip_suffix(b"Warning")?;
    Some(if name.starts_with(b"Unhandled") {
        Level::Error
    } else {
        Level::Warning
    })
}

/// `TypeError: x is not a function`, `TypeError [ERR_INVALID_ARG_TYPE]: …`, `ValueError: …`, `Uncaught ReferenceError: …`:
/// the name of an error's class, and a colon.
fn is_named_error(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"Uncaught ").unwrap_or(line);
    let length = line
        .iter()
        .take(60)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let (name, rest) = line.split_at(length);
    let is_class = [&b"Error"[..], b"Exception"]
        .iter()
        .any(|end| name.len() > end.len() && name.ends_with(end));
    is_class && (rest.starts_with(b": ") || rest.starts_with(b" [ERR_"))
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of the table")]
fn parts(line: &[u8]) -> Option<Parts> {
    Some(Parts {
        message: text(line.strip_suffix(b"\r").unwrap_or(line)),
        fields: Map::new(),
        exception: None,
    })
}
