//! Groups the lines of one container into records: each of its two streams by itself, because a traceback on stderr
//! goes on after a line of stdout. Records come out in the order of their first lines.

use std::collections::VecDeque;

use super::line::Piece;
use super::{Record, Stamp};

/// A record whose stream has been silent this long (nanoseconds of the log) is complete when the other stream goes on.
const STALE: i64 = 100_000_000;
/// More records than this, or more bytes, don't wait for an earlier one of the other stream.
const MOST_HELD: usize = 1000;
const MOST_HELD_BYTES: usize = 2 << 20;

/// The open records of one container.
#[derive(Debug, Default)]
pub struct Grouping {
    open: [Open; 2],
    /// Complete records, which an earlier one of the other stream holds up.
    held: VecDeque<(u64, Record)>,
    held_bytes: usize,
    next: u64,
}

#[derive(Debug, Default)]
struct Open {
    record: Record,
    number: Option<u64>,
    last: Stamp,
}

impl Grouping {
    /// Takes a line and gives the records that it completes.
    pub fn push(&mut self, line: Piece<'_>, emit: &mut impl FnMut(&Record)) {
        let this = usize::from(line.stderr);
        let open = &mut self.open[this];
        if open.number.is_some() && open.record.take(line) {
            open.last = line.time;
            return;
        }
        self.close(this, emit);
        let other = &self.open[1 - this];
        let full = self.held.len() > MOST_HELD || self.held_bytes > MOST_HELD_BYTES;
        let stale = line.time.0.saturating_sub(other.last.0) > STALE || full;
        if other.number.is_some() && stale {
            self.close(1 - this, emit);
        }
        let open = &mut self.open[this];
        open.record.begin(line);
        open.last = line.time;
        open.number = Some(self.next);
        self.next += 1;
    }

    /// How many records were begun.
    pub fn begun(&self) -> u64 {
        self.next
    }

    /// Whether the newest record is the only one that was not given yet.
    pub fn has_one(&self) -> bool {
        self.held.is_empty() && self.open.iter().filter(|open| open.number.is_some()).count() == 1
    }

    /// The records that were not given yet.
    pub fn pending(&self) -> impl Iterator<Item = &Record> {
        let open = self.open.iter().filter(|open| open.number.is_some());
        let held = self.held.iter().map(|(_, record)| record);
        open.map(|open| &open.record).chain(held)
    }

    /// Gives the records that are still open.
    pub fn finish(&mut self, emit: &mut impl FnMut(&Record)) {
        for stream in 0..2 {
            self.close(stream, emit);
        }
    }

    fn close(&mut self, this: usize, emit: &mut impl FnMut(&Record)) {
        let Some(number) = self.open[this].number.take() else {
            return;
        };
        let other = self.open[1 - this].number;
        if other.is_some_and(|other| other < number) {
            let record = std::mem::take(&mut self.open[this].record);
            self.held_bytes += record.bytes().len();
            self.held.push_back((number, record));
            return;
        }
        emit(&self.open[this].record);
        while let Some((held, _)) = self.held.front() {
            if other.is_some_and(|other| other < *held) {
                break;
            }
            if let Some((_, record)) = self.held.pop_front() {
                self.held_bytes -= record.bytes().len();
                emit(&record);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Level;
    use proptest::prelude::*;

    /// Lines that begin with `!` are stderr's.
    fn records(lines: &[&str]) -> Vec<(usize, Option<Level>)> {
        let mut grouping = Grouping::default();
        let mut records = Vec::new();
        let mut emit = |record: &Record| records.push((record.len(), record.level()));
        for (time, text) in (0..).zip(lines) {
            let line = Piece {
                time: Stamp(time),
                stderr: text.starts_with('!'),
                bytes: text.trim_start_matches('!').as_bytes(),
                ends: true,
            };
            grouping.push(line, &mut emit);
        }
        grouping.finish(&mut emit);
        records
    }

    #[test]
    fn a_python_traceback_is_one_record() {
        let got = records(&[
            "INFO:     Started",
            "Traceback (most recent call last):",
            "  File \"run.py\", line 1, in <module>",
            "    import nothing",
            "ModuleNotFoundError: No module named 'nothing'",
            "",
            "During handling of the above exception, another exception occurred:",
            "",
            "Traceback (most recent call last):",
            "  File \"run.py\", line 2, in <module>",
            "RuntimeError",
            "INFO:     Stopped",
        ]);
        assert_eq!(
            got,
            [(1, Some(Level::Info)), (10, Some(Level::Error)), (1, Some(Level::Info))]
        );
    }

    #[test]
    fn one_traceback_after_another_is_the_next_failure() {
        let trace = [
            "Traceback (most recent call last):",
            "  File \"run.py\", line 1, in <module>",
            "ValueError: no",
        ];
        let error = Some(Level::Error);
        assert_eq!(records(&[trace, trace, trace].concat()), [(3, error); 3]);
        assert_eq!(
            records(&[&trace[..], &[""], &trace[..]].concat()),
            [(4, error), (3, error)]
        );
        // What an exception says on further lines doesn't make the sentence count for the next.
        let chained = [
            "",
            "The above exception was the direct cause of the following exception:",
            "",
        ];
        let both = [&trace[..], &chained[..], &trace[..], &trace[..]].concat();
        assert_eq!(records(&both), [(9, error), (3, error)]);
        let group = [
            "  + Exception Group Traceback (most recent call last):",
            "  | ExceptionGroup: x (1 sub-exception)",
        ];
        assert_eq!(records(&[&trace[..], &chained[..], &group[..]].concat()), [(8, error)]);
        assert_eq!(records(&[&trace[..], &group[..]].concat()), [(3, error), (2, error)]);
    }

    #[test]
    fn what_node_and_rust_print_of_a_failure_is_one_record() {
        let got = records(&[
            "node:internal/modules/cjs/loader:1080",
            "  throw err;",
            "  ^",
            "",
            "Error: Cannot find module '/app/x.js'",
            "    at Module._resolveFilename (node:internal/modules/cjs/loader:1077:15) {",
            "  code: 'MODULE_NOT_FOUND',",
            "}",
            "",
            "Node.js v18.19.0",
        ]);
        assert_eq!(got[2], (4, Some(Level::Error)), "{got:?}");
        let got = records(&[
            "thread 'main' panicked at src/main.rs:2:5:",
            "called `Option::unwrap()` on a `None` value",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            "listening",
        ]);
        assert_eq!(got, [(3, Some(Level::Fatal)), (1, None)]);
    }

    #[test]
    fn a_panic_of_rust_is_a_failure_of_its_own() {
        let panic = "thread 'main' panicked at src/main.rs:2:5:";
        let (error, fatal) = (Some(Level::Error), Some(Level::Fatal));
        assert_eq!(records(&["ValueError: no", panic, "no"]), [(1, error), (2, fatal)]);
        assert_eq!(records(&["ERROR: no", panic, "no"]), [(1, error), (2, fatal)]);
        assert_eq!(records(&[panic, panic, "no"]), [(1, fatal), (2, fatal)]);
    }

    #[test]
    fn a_java_stack_belongs_to_its_error() {
        let got = records(&[
            "[2026-11-23 20:00:00,123] ERROR no (kafka.Kafka$)",
            "java.lang.RuntimeException: a",
            "\tat kafka.Kafka$.main(Kafka.scala:1)",
            "Caused by: java.io.IOException: b",
            "\t... 3 more",
            "[2026-11-23 20:00:01,123] INFO on (kafka.Kafka$)",
            "Exception in thread \"main\" java.lang.IllegalStateException: no level",
            "\tat Main.main(Main.java:1)",
            "java.lang.OutOfMemoryError: Java heap space",
            "\tat Main.main(Main.java:2)",
        ]);
        let error = Some(Level::Error);
        assert_eq!(got, [(5, error), (1, Some(Level::Info)), (2, error), (2, error)]);
    }

    #[test]
    fn a_go_panic_is_one_record_though_its_frames_are_not_indented() {
        let got = records(&[
            "level=info msg=before x=1",
            "panic: runtime error: index out of range [5] with length 3",
            "",
            "goroutine 1 [running]:",
            "main.(*server).run(0xc000012345, {0x1, 0x2})",
            "\t/src/main.go:12 +0x1d",
            "main.main()",
            "\t/src/main.go:7 +0x1d",
            "created by net/http.(*Server).Serve in goroutine 1",
            "exit status 2",
            "level=info msg=after x=1",
        ]);
        assert_eq!(
            got,
            [(1, Some(Level::Info)), (9, Some(Level::Fatal)), (1, Some(Level::Info))]
        );
    }

    #[test]
    fn a_traceback_on_stderr_goes_on_behind_a_line_of_stdout() {
        let got = records(&[
            "!Traceback (most recent call last):",
            "INFO:     GET /",
            "!  File \"run.py\", line 1, in <module>",
            "INFO:     GET /a",
            "!ValueError: no",
            "INFO:     GET /b",
        ]);
        let info = (1, Some(Level::Info));
        assert_eq!(got, [(3, Some(Level::Error)), info, info, info]);
    }

    #[test]
    fn an_error_and_the_traceback_behind_it_are_one_but_other_lines_keep_apart() {
        assert_eq!(
            records(&["ERROR:    no", "Traceback (most recent call last):", "  x", "E: y"]),
            [(4, Some(Level::Error))]
        );
        assert_eq!(
            records(&["INFO:    yes", "Traceback (most recent call last):", "  x"]),
            [(1, Some(Level::Info)), (2, Some(Level::Error))]
        );
        assert_eq!(records(&["a", "", "b"]).len(), 3);
    }

    proptest! {
        /// No line is lost or doubled, and each stream keeps its order, whatever the lines look like.
        #[test]
        fn every_line_is_in_one_record(picks in proptest::collection::vec((0..9usize, any::<bool>(), 0..200_000_000i64), 0..60)) {
            let texts = [
                "plain", "  indented", "", "Traceback (most recent call last):", "ValueError: x", "Caused by: y",
                "panic: z", "main.main()", "{\"level\":\"error\"}",
            ];
            let mut grouping = Grouping::default();
            let mut got: [Vec<String>; 2] = Default::default();
            let mut wanted: [Vec<String>; 2] = Default::default();
            let mut heads = Vec::new();
            let mut time = 0;
            {
                let mut emit = |record: &Record| {
                    heads.push(record.time);
                    let lines = record.lines().map(|line| String::from_utf8_lossy(line).into_owned());
                    got[usize::from(record.stderr)].extend(lines);
                };
                for (pick, stderr, step) in picks {
                    time += step;
                    let line = Piece { time: Stamp(time), stderr, bytes: texts[pick].as_bytes(), ends: true };
                    wanted[usize::from(stderr)].push(texts[pick].to_owned());
                    grouping.push(line, &mut emit);
                }
                grouping.finish(&mut emit);
            }
            prop_assert_eq!(got, wanted);
            prop_assert!(heads.is_sorted(), "{:?}", heads);
        }
    }
}
