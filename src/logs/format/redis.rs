//! Redis: `1:M 23 Nov 2026 20:00:00.123 * message`: process, role, time, and a sign for the level.

use serde_json::{Map, Value};

use super::{Format, Level, Parts, Stated, text};

pub(super) const FORMAT: Format = Format {
    name: "redis",
    level,
    parts,
};

struct Split<'l> {
    role: u8,
    time: &'l [u8],
    level: Level,
    message: &'l [u8],
}

fn split(line: &[u8]) -> Option<Split<'_>> {
    let digits = line.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    let [b':', role @ (b'M' | b'S' | b'C' | b'X'), b' ', rest @ ..] = line.get(digits..)? else {
        return None;
    };
    if digits == 0 {
        return None;
    }
    // `23 Nov 2026 20:00:00.123 * message`
    let mut spaces = rest
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b' ')
        .map(|(at, _)| at);
    let time = spaces.nth(3)?;
    let (sign, message) = rest[time + 1..].split_first()?;
    let level = match sign {
        b'#' => Level::Warning,
        b'*' => Level::Info,
        b'-' | b'.' => Level::Debug,
        _ => return None,
    };
    Some(Split {
        role: *role,
        time: &rest[..time],
        level,
        message: message.trim_ascii_start(),
    })
}

fn level(line: &[u8]) -> Option<Stated> {
    split(line).map(|split| Stated(Some(split.level)))
}

fn parts(line: &[u8]) -> Option<Parts> {
    let split = split(line)?;
    let role = match split.role {
        b'M' => "master",
        b'S' => "replica",
        b'C' => "child",
        _ => "sentinel",
    };
    let mut fields = Map::new();
    fields.insert("timestamp".to_owned(), Value::String(text(split.time)));
    fields.insert("role".to_owned(), Value::String(role.to_owned()));
    Some(Parts {
        message: text(split.message),
        fields,
        exception: None,
    })
}
