//! The formats in which services write: each recognises its own lines, finds the level cheaply and, when wanted, takes
//! the line apart.

mod json;
mod kafka;
mod logfmt;
mod plain;
mod preamble;
mod python;
mod redis;
mod uvicorn;

#[cfg(test)]
mod others;
#[cfg(test)]
mod samples;

use serde_json::{Map, Value};

use super::Level;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// The text for people.
    pub message: String,
    /// What else the line holds; its own time too, the level not.
    pub fields: Map<String, Value>,
    /// A traceback that the line itself carries.
    pub exception: Option<String>,
}

/// The level that a line states, if it states one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated(pub Option<Level>);

/// A format.
#[derive(Debug)]
pub struct Format {
    /// Its name, for tests.
    pub name: &'static str,
    /// The level that a line of this format states; `None`: it is not of this format. Called
    /// for every line, so without allocation.
    pub level: fn(&[u8]) -> Option<Stated>,
    /// The line taken apart; `None`: it is not of this format after all.
    pub parts: fn(&[u8]) -> Option<Parts>,
}

/// The formats, the more particular first: the last takes every line.
pub static FORMATS: [Format; 7] = [
    json::FORMAT,
    kafka::FORMAT,
    redis::FORMAT,
    uvicorn::FORMAT,
    python::FORMAT,
    logfmt::FORMAT,
    plain::FORMAT,
];

/// The longest beginning of a coloured line that is looked at.
const COLOURED: usize = 512;

/// The level that `line` states, if it states one. Colours hide none.
pub fn level(line: &[u8]) -> Option<Level> {
    let begin = &line[..line.len().min(COLOURED)];
    let Some(escape) = memchr::memchr(b'\x1b', begin) else {
        return stated(line);
    };
    let mut bare = [0; COLOURED];
    let length = without_colours(begin, escape, &mut bare);
    stated(&bare[..length])
}

/// Copies `line` without its colours to `bare` and says how long it is then; the first is at `escape`.
fn without_colours(line: &[u8], escape: usize, bare: &mut [u8; COLOURED]) -> usize {
    bare[..escape].copy_from_slice(&line[..escape]);
    let (mut length, mut rest) = (escape, &line[escape..]);
    while let Some((first, after)) = rest.split_first() {
        let colour = after.strip_prefix(b"[").and_then(|after| {
            let end = after.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'))?;
            (after[end] == b'm').then(|| &after[end + 1..])
        });
        rest = match colour {
            Some(after) if *first == b'\x1b' => after,
            _ => {
                bare[length] = *first;
                length += 1;
                after
            }
        };
    }
    length
}

fn stated(line: &[u8]) -> Option<Level> {
    FORMATS
        .iter()
        .find_map(|format| (format.level)(line))
        .and_then(|stated| stated.0)
}

/// `line` taken apart by the first format whose line it is.
pub fn parts(line: &[u8]) -> Parts {
    let of_format = |format: &Format| {
        (format.level)(line)?;
        (format.parts)(line)
    };
    FORMATS.iter().find_map(of_format).unwrap_or_default()
}

/// Text of a line: what is not UTF-8 is replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `2026-11-23 20:00:00,123` (also with `T`, a point, without decimals) at the beginning: how long it is.
fn date_time(line: &[u8]) -> Option<usize> {
    let shape = b"dddd-dd-dd dd:dd:dd";
    let begin = line.get(..shape.len())?;
    let fits = begin.iter().zip(shape).all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b' ' => matches!(byte, b' ' | b'T'),
        other => byte == other,
    });
    if !fits {
        return None;
    }
    let mut end = shape.len();
    if line.get(end).is_some_and(|byte| matches!(byte, b',' | b'.')) {
        end += 1;
        end += line[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_services_own_formats() {
        for (line, format, level_wanted) in [
            (
                r#"{"timestamp":"2026-11-23T20:00:00Z","level":"ERROR","message":"no"}"#,
                "json",
                Some(Level::Error),
            ),
            (r#"{"level":50,"msg":"pino"}"#, "json", Some(Level::Error)),
            (r#"{"message":"level=error in a text"}"#, "json", None),
            ("{not json} level=error", "plain", None),
            (
                "[2026-11-23 20:00:00,123] WARN slow (kafka.server.KafkaServer)",
                "kafka",
                Some(Level::Warning),
            ),
            (
                "[2026-11-23 20:00:00,123] INFO an ERROR in the text (x)",
                "kafka",
                Some(Level::Info),
            ),
            (
                "1:M 23 Nov 2026 20:00:00.123 * Ready to accept connections",
                "redis",
                Some(Level::Info),
            ),
            (
                "1:C 23 Nov 2026 20:00:00.123 # WARNING Memory overcommit",
                "redis",
                Some(Level::Warning),
            ),
            (
                "level=error ts=2026-11-23T20:00:00Z caller=x msg=\"y\"",
                "logfmt",
                Some(Level::Error),
            ),
            (
                "ERROR:    Application startup failed. Exiting.",
                "uvicorn",
                Some(Level::Error),
            ),
            (
                "2026-11-23 20:00:00,123 - app.db - CRITICAL - gone",
                "python",
                Some(Level::Fatal),
            ),
            ("Traceback (most recent call last):", "plain", None),
            ("no ERROR: here", "plain", None),
            ("", "plain", None),
        ] {
            let found = FORMATS.iter().find(|format| (format.level)(line.as_bytes()).is_some());
            assert_eq!(found.map(|format| format.name), Some(format), "{line}");
            assert_eq!(level(line.as_bytes()), level_wanted, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_parts(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _any = level(&line);
            let _any = parts(&line);
        }

        /// Lines that begin like those of a format and go on anyhow.
        #[test]
        fn half_a_line_has_parts(index in 0..7usize, cut in 0..80usize, rest in ".{0,40}") {
            let begins = [
                r#"{"level": "ERROR", "message": "a\u0041\"b", "n": {"a": [1, "]"]}, "exception": "x"}"#,
                "[2026-11-23 20:00:00,123] ERROR message (kafka.server.KafkaServer)",
                "1:M 23 Nov 2026 20:00:00.123 * Ready to accept connections",
                "level=error ts=2026-11-23T20:00:00Z caller=x msg=\"y \\\" z\"",
                "ERROR:    Application startup failed. Exiting.",
                "2026-11-23 20:00:00,123 - app.db - CRITICAL - gone",
                "plain text",
            ];
            let line = begins[index];
            let line = format!("{}{rest}", &line[..cut.min(line.len())]);
            let _any = level(line.as_bytes());
            let _any = parts(line.as_bytes());
        }
    }
}
