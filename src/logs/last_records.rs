//! What a container said last, for whoever asks why it is not well.

use futures_util::StreamExt as _;

use super::feed::of_engine;
use super::print::brief_lines;
use super::{Grouping, Joining, Record};
use crate::engine::{Engine, LogOptions, LogPiece};
use crate::ids::ContainerId;
use crate::stamp::Stamp;

/// What is asked of the engine for each record wanted: a traceback has many lines.
const ASKED: usize = 10;

/// A record as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRecord {
    /// Its lines.
    pub lines: Vec<String>,
    /// It says that something went wrong.
    pub is_error: bool,
    /// It was written to stderr.
    pub is_stderr: bool,
}

/// The last `count` records of a container's log between two times, where they are given, oldest first. None when the engine
/// can't give them.
pub async fn last_records(
    engine: &Engine,
    id: &ContainerId,
    count: usize,
    (since, until): (Option<Stamp>, Option<Stamp>),
) -> Vec<LastRecord> {
    let options = LogOptions {
        tail: Some(count.saturating_mul(ASKED)),
        since,
        until,
        ..LogOptions::default()
    };
    let mut pieces = Vec::new();
    let mut stream = std::pin::pin!(engine.logs(id, options));
    while let Some(Ok(piece)) = stream.next().await {
        // The engine goes by whole seconds.
        if since.is_none_or(|since| piece.time >= since) && until.is_none_or(|until| piece.time <= until) {
            pieces.push(piece);
        }
    }
    records_of(&pieces, count)
}

fn records_of(pieces: &[LogPiece], count: usize) -> Vec<LastRecord> {
    let mut joining = Joining::default();
    let mut grouping = Grouping::default();
    let mut records: Vec<LastRecord> = Vec::new();
    let mut emit = |record: &Record| {
        records.push(LastRecord {
            lines: brief_lines(record),
            is_error: record.is_error(),
            is_stderr: record.stderr,
        });
    };
    for piece in pieces {
        joining.push(of_engine(piece), &mut |line| grouping.push(line, &mut emit));
    }
    joining.finish(&mut |line| grouping.push(line, &mut emit));
    grouping.finish(&mut emit);
    records.split_off(records.len().saturating_sub(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_whole_and_say_whether_they_are_errors() {
        let piece = |(time, line): (i64, &str)| LogPiece {
            stderr: false,
            time: Stamp(time),
            bytes: format!("{line}\n").into(),
        };
        let text = "one\nTraceback (most recent call last):\n  a\nE: x\n{\"level\":\"ERROR\",\"message\":\"two\"}";
        let pieces: Vec<LogPiece> = (0..).zip(text.lines()).map(piece).collect();
        let records = records_of(&pieces, 2);
        assert_eq!(records.len(), 2);
        assert_eq!((records[0].lines.len(), records[0].is_error), (3, true));
        assert_eq!(records[1].lines, ["ERROR   two"]);
    }
}
