//! Python's logging: `2026-11-23 20:00:00,123 - name - ERROR - message`, `2026-11-23 20:00:00,123 ERROR name: message`,
//! and the default `ERROR:name:message`. log4j writes much the same when it speaks of itself.

use serde_json::{Map, Value};

use super::{Format, Level, Parts, Stated, date_time, text};

pub(super) const FORMAT: Format = Format {
    name: "python",
    level,
    parts,
};

struct Split<'l> {
    time: Option<&'l [u8]>,
    name: Option<&'l [u8]>,
    level: Level,
    message: &'l [u8],
}

fn split(line: &[u8]) -> Option<Split<'_>> {
    let Some(end) = date_time(line) else {
        // `ERROR:name:message`
        let (word, rest) = word(line);
        let level = upper(word)?;
        let (name, rest) = dotted(rest.strip_prefix(b":")?);
        let message = rest.strip_prefix(b":")?;
        return (!name.is_empty()).then_some(Split {
            time: None,
            name: Some(name),
            level,
            message,
        });
    };
    let (time, rest) = line.split_at(end);
    let rest = rest.strip_prefix(b"Z").unwrap_or(rest);
    let rest = rest.trim_ascii_start();
    let time = Some(time);
    if let Some(rest) = rest.strip_prefix(b"- ") {
        let (name, after) = dotted(rest);
        let (name, rest) = match after.strip_prefix(b" - ") {
            Some(after) => (Some(name), after),
            None => (None, rest),
        };
        let (word, rest) = word(rest);
        let level = upper(word)?;
        let message = rest.strip_prefix(b" - ").unwrap_or(rest).trim_ascii_start();
        return Some(Split {
            time,
            name,
            level,
            message,
        });
    }
    // `ERROR name: message`, `[ERROR] message`
    let rest = rest.strip_prefix(b"[").unwrap_or(rest);
    let (first, after) = word(rest);
    let (level, rest) = if let Some(level) = upper(first) {
        (level, after)
    } else {
        // log4j about itself: `… main ERROR message`
        let (second, rest) = word(after.strip_prefix(b" ")?);
        (upper(second)?, rest)
    };
    let rest = rest.strip_prefix(b"]").unwrap_or(rest).trim_ascii_start();
    let rest = rest.strip_prefix(b":").unwrap_or(rest).trim_ascii_start();
    let (name, after) = dotted(rest);
    let (name, message) = match after.strip_prefix(b": ") {
        Some(message) if !name.is_empty() => (Some(name), message),
        _ => (None, rest),
    };
    Some(Split {
        time,
        name,
        level,
        message,
    })
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count())
}

fn dotted(text: &[u8]) -> (&[u8], &[u8]) {
    let is_of_a_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    text.split_at(text.iter().take_while(is_of_a_name).count())
}

/// Python writes levels in capitals; `Error` at the beginning of a sentence is not a level.
fn upper(word: &[u8]) -> Option<Level> {
    if word.iter().all(u8::is_ascii_uppercase) {
        Level::of_word(word)
    } else {
        None
    }
}

fn level(line: &[u8]) -> Option<Stated> {
    split(line).map(|split| Stated(Some(split.level)))
}

fn parts(line: &[u8]) -> Option<Parts> {
    let split = split(line)?;
    let mut fields = Map::new();
    for (key, value) in [("timestamp", split.time), ("name", split.name)] {
        if let Some(value) = value {
            fields.insert(key.to_owned(), Value::String(text(value)));
        }
    }
    Some(Parts {
        message: text(split.message),
        fields,
        exception: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_layouts_that_people_configure() {
        for (line, name, message) in [
            (
                "2026-11-23 20:00:00,123 - app.db - ERROR - gone",
                Some("app.db"),
                "gone",
            ),
            ("2026-11-23 20:00:00,123 ERROR app.db: gone", Some("app.db"), "gone"),
            ("2026-11-23 20:00:00,123 ERROR gone away", None, "gone away"),
            ("2026-11-23T20:00:00.5Z [ERROR] gone", None, "gone"),
            ("ERROR:app.db:gone", Some("app.db"), "gone"),
        ] {
            let split = split(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(split.level, Level::Error, "{line}");
            assert_eq!(split.name, name.map(str::as_bytes), "{line}");
            assert_eq!(split.message, message.as_bytes(), "{line}");
        }
        assert!(split(b"2026-11-23 20:00:00 Error while").is_none());
    }
}
