//! `json-file`: `{"log":"…\n","stream":"stdout","time":"2026-11-23T20:00:00.123456789Z"}`, a line each. The engine writes
//! nothing else, so the ends of a line are compared and the middle is unescaped; a line with more in it (`attrs` of the
//! `labels` option) takes the long way.

use memchr::memrchr;
use serde::Deserialize;

use super::unescape::unescape;
use crate::logs::{Piece, Stamp};

const BEGIN: &[u8] = br#"{"log":""#;
const STDOUT: &[u8] = br#"","stream":"stdout","#;
const STDERR: &[u8] = br#"","stream":"stderr","#;
const TIME: &[u8] = br#""time":""#;
const END: &[u8] = br#""}"#;

/// Reads one line of the file, without its line feed, with `scratch` for the text. `None`: it is none of ours.
pub(super) fn entry<'s>(line: &[u8], scratch: &'s mut Vec<u8>) -> Option<Piece<'s>> {
    scratch.clear();
    let (time, stderr) = match quick(line) {
        Some((log, time, stderr)) => {
            unescape(log, scratch);
            (time, stderr)
        }
        None => slow(line, scratch)?,
    };
    let ends = scratch.last() == Some(&b'\n');
    if ends {
        scratch.pop();
    }
    Some(Piece {
        time,
        stderr,
        bytes: scratch,
        ends,
    })
}

/// Only the time, from the line's end.
pub(super) fn time(line: &[u8]) -> Option<Stamp> {
    split_time(line).map(|(_, time)| time)
}

/// What stands before the time, and the time.
fn split_time(line: &[u8]) -> Option<(&[u8], Stamp)> {
    let inside = line.strip_suffix(END)?;
    let quote = memrchr(b'"', inside)?;
    let time = Stamp::parse(&inside[quote + 1..])?;
    Some((inside[..=quote].strip_suffix(TIME)?, time))
}

/// The text as it is escaped, the time, and whether it is stderr's, of a line that has nothing else.
pub(super) fn quick(line: &[u8]) -> Option<(&[u8], Stamp, bool)> {
    let (before, time) = split_time(line)?;
    let rest = before.strip_prefix(BEGIN)?;
    if let Some(log) = rest.strip_suffix(STDOUT) {
        return Some((log, time, false));
    }
    rest.strip_suffix(STDERR).map(|log| (log, time, true))
}

#[derive(Deserialize)]
struct Entry<'l> {
    #[serde(borrow, default)]
    log: std::borrow::Cow<'l, str>,
    #[serde(default)]
    stream: String,
    time: String,
}

fn slow(line: &[u8], scratch: &mut Vec<u8>) -> Option<(Stamp, bool)> {
    // A power cut leaves zeros before what was written next.
    let begin = line.iter().position(|byte| *byte != 0)?;
    let entry: Entry = serde_json::from_slice(&line[begin..]).ok()?;
    scratch.extend_from_slice(entry.log.as_bytes());
    Some((Stamp::parse(entry.time.as_bytes())?, entry.stream == "stderr"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq)]
    struct Got(String, i64, bool, bool);

    fn read(line: &str) -> Option<Got> {
        let mut scratch = Vec::new();
        entry(line.as_bytes(), &mut scratch).map(|piece| {
            let text = String::from_utf8_lossy(piece.bytes).into_owned();
            Got(text, piece.time.0, piece.stderr, piece.ends)
        })
    }

    #[test]
    fn reads_what_the_engine_writes() {
        for (line, wanted) in [
            (
                r#"{"log":"a \"b\" \u003cc\u003e\n","stream":"stdout","time":"1970-01-01T00:00:01.5Z"}"#,
                Got("a \"b\" <c>".to_owned(), 1_500_000_000, false, true),
            ),
            (
                r#"{"log":"half","stream":"stderr","time":"1970-01-01T00:00:00Z"}"#,
                Got("half".to_owned(), 0, true, false),
            ),
            (
                r#"{"log":"x\n","stream":"stderr","attrs":{"tag":"\"}"},"time":"1970-01-01T00:00:00Z"}"#,
                Got("x".to_owned(), 0, true, true),
            ),
            (
                r#"{"log":"\",\"stream\":\"stderr\",\"time\":\"\n","stream":"stdout","time":"1970-01-01T00:00:00Z"}"#,
                Got(r#"","stream":"stderr","time":""#.to_owned(), 0, false, true),
            ),
            (
                "\0\0{\"log\":\"after a cut\\n\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:00Z\"}",
                Got("after a cut".to_owned(), 0, false, true),
            ),
        ] {
            assert_eq!(read(line), Some(wanted), "{line}");
        }
        for line in [
            "",
            "{",
            "\0\0",
            "garbage",
            r#"{"log":"a{"log":"b\n","stream":"stdout","time":"x"}"#,
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        /// The short way and the long way agree.
        #[test]
        fn is_what_serde_reads(text in any::<String>(), nanos in 0..i64::MAX, stderr in any::<bool>()) {
            let stream = if stderr { "stderr" } else { "stdout" };
            let line = format!(
                r#"{{"log":{},"stream":"{stream}","time":"{}"}}"#,
                serde_json::Value::String(text.clone()),
                Stamp(nanos).utc()
            );
            let ends = text.ends_with('\n');
            let text = text.strip_suffix('\n').unwrap_or(&text);
            prop_assert_eq!(time(line.as_bytes()), Some(Stamp(nanos)));
            prop_assert_eq!(read(&line), Some(Got(text.to_owned(), nanos, stderr, ends)));
        }

        #[test]
        fn garbage_is_refused_without_a_panic(line in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _any = entry(&line, &mut Vec::new());
        }

        #[test]
        fn half_a_line_is_refused_without_a_panic(cut in 0..90usize, rest in any::<String>()) {
            let line = r#"{"log":"a \"b\" \u003cc\u003e\n","stream":"stdout","time":"1970-01-01T00:00:01.5Z"}"#;
            let line = format!("{}{rest}", &line[..cut.min(line.len())]);
            let _any = entry(line.as_bytes(), &mut Vec::new());
        }
    }
}
