//! What a container said last, for whoever asks why it is not well.

use futures_util::StreamExt as _;

use super::feed::of_engine;
use super::print::pretty_lines;
use super::{Grouping, Joining, Record};
use crate::engine::{Engine, LogOptions, LogPiece};

/// What is asked of the engine for each line wanted: a traceback before the last records may be long.
const ASKED: usize = 10;

/// The last records of a container's log in about `count` lines: a record is whole where it fits. None when the engine
/// can't give them.
pub async fn last_lines(engine: &Engine, id: &str, count: usize) -> Vec<String> {
    let options = LogOptions {
        tail: Some(count.saturating_mul(ASKED)),
        ..LogOptions::default()
    };
    let mut pieces = Vec::new();
    let mut stream = std::pin::pin!(engine.logs(id, options));
    while let Some(Ok(piece)) = stream.next().await {
        pieces.push(piece);
    }
    lines_of(&pieces, count)
}

fn lines_of(pieces: &[LogPiece], count: usize) -> Vec<String> {
    let mut joining = Joining::default();
    let mut grouping = Grouping::default();
    let mut records: Vec<Vec<String>> = Vec::new();
    let mut emit = |record: &Record| records.push(pretty_lines(record));
    for piece in pieces {
        joining.push(of_engine(piece), &mut |line| grouping.push(line, &mut emit));
    }
    joining.finish(&mut |line| grouping.push(line, &mut emit));
    grouping.finish(&mut emit);
    let mut last: Vec<String> = Vec::new();
    for mut record in records.into_iter().rev() {
        let room = count.saturating_sub(last.len());
        if record.len() > room {
            if last.is_empty() {
                // Of a traceback longer than what is shown the end says most.
                record.drain(..record.len() - room);
                return record;
            }
            break;
        }
        record.append(&mut last);
        last = record;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Stamp;

    fn lines(text: &str, count: usize) -> Vec<String> {
        let piece = |(time, line): (i64, &str)| LogPiece {
            stderr: false,
            time: Stamp(time),
            bytes: format!("{line}\n").into(),
        };
        lines_of(&(0..).zip(text.lines()).map(piece).collect::<Vec<_>>(), count)
    }

    #[test]
    fn records_are_whole_where_they_fit() {
        let text = "one\nTraceback (most recent call last):\n  a\nE: x\n{\"level\":\"ERROR\",\"message\":\"two\"}";
        assert_eq!(lines(text, 9).len(), 5);
        assert_eq!(lines(text, 9)[4], "ERROR   two");
        assert_eq!(lines(text, 3), ["ERROR   two"]);
        let trace = text.rsplit_once('\n').unwrap().0;
        assert_eq!(lines(trace, 2), ["  a", "E: x"]);
    }
}
