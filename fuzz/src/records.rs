//! Lines and parts of lines of a container, joined and grouped into records: none is lost or doubled, each stream keeps its
//! order, and every record can be printed.

use magicctl::logs::{Clock, Fit, Form, Grouping, Joining, Level, LogOwner, Piece, Printer, Record, Stamp};
use serde_json::Value;

use super::input::Input;

/// How lines begin that mean something.
const BEGINNINGS: [&str; 16] = [
    "",
    "  ",
    "{\"level\":\"error\",\"message\":\"",
    "{\"exception\":\"Traceback (most recent call last):\\n",
    "[2026-11-23 20:00:00,123] ERROR ",
    "1:M 23 Nov 2026 20:00:00.123 # ",
    "INFO:     ",
    "2026-11-23 20:00:00,123 - app - ERROR - ",
    "level=error msg=\"",
    "Traceback (most recent call last):",
    "ValueError: ",
    "Exception in thread \"main\" java.lang.Error: ",
    "Caused by: ",
    "panic: ",
    "goroutine 1 [running]:",
    "  + Exception Group Traceback (most recent call last):",
];
const STEPS: [i64; 4] = [0, 1, 50_000_000, 200_000_000];

#[derive(Default)]
struct Seen {
    lines: [Vec<Vec<u8>>; 2],
    times: Vec<Stamp>,
}

pub fn check(input: &[u8]) {
    let mut input = Input(input);
    let mut joining = Joining::default();
    let mut grouping = Grouping::default();
    let mut seen = Seen::default();
    let mut wanted: [Vec<Vec<u8>>; 2] = Default::default();
    let mut unfinished = [false; 2];
    let mut time = 0;
    while !input.is_empty() {
        let (kind, how) = (input.below(BEGINNINGS.len()), input.byte());
        let stderr = how & 1 == 1;
        let ends = how & 6 != 0;
        time += STEPS[usize::from(how >> 3) % STEPS.len()];
        let bytes = [BEGINNINGS[kind].as_bytes(), input.line()].concat();
        let lines = &mut wanted[usize::from(stderr)];
        match lines.last_mut().filter(|_| unfinished[usize::from(stderr)]) {
            Some(last) => last.extend(&bytes),
            None => lines.push(bytes.clone()),
        }
        unfinished[usize::from(stderr)] = !ends;
        let piece = Piece {
            time: Stamp(time),
            stderr,
            bytes: &bytes,
            ends,
        };
        joining.push(piece, &mut |line| {
            grouping.push(line, &mut |record| seen.record(record));
        });
    }
    joining.finish(&mut |line| grouping.push(line, &mut |record| seen.record(record)));
    grouping.finish(&mut |record| seen.record(record));
    assert_eq!(seen.lines, wanted);
}

impl Seen {
    fn record(&mut self, record: &Record) {
        assert_eq!(record.len(), record.lines().count());
        assert_eq!(
            record.is_error(),
            record.level().is_some_and(|level| level >= Level::Error)
        );
        self.lines[usize::from(record.stderr)].extend(record.lines().map(<[u8]>::to_vec));
        self.times.push(record.time);
        print(record);
    }
}

fn print(record: &Record) {
    let owner = LogOwner {
        service: "app".into(),
        container: "app-1".to_owned(),
        prefix: b"app | ".to_vec(),
    };
    for form in [Form::Plain, Form::Pretty, Form::Json, Form::Raw] {
        for (fit, clock) in [
            (Fit::Whole, None),
            (Fit::Cut(40), Some(Clock::utc())),
            (Fit::Wrap(40), None),
        ] {
            let printer = Printer {
                form,
                fit,
                clock,
                ..Printer::default()
            };
            let mut text = Vec::new();
            printer.print(&owner, record, &mut text);
            match form {
                Form::Json => {
                    let value: Value = serde_json::from_slice(&text).expect("an object a record");
                    assert!(value.is_object() && text.split(|byte| *byte == b'\n').count() == 2);
                }
                Form::Pretty => {
                    let text = std::str::from_utf8(&text).expect("text for a terminal");
                    let moves = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
                    assert!(!text.contains(moves), "{text:?}");
                }
                Form::Raw => {
                    let lines: Vec<&[u8]> = record.lines().collect();
                    let end: &[u8] = if record.ends { b"\n" } else { b"" };
                    assert_eq!(text, [&lines.join(&b'\n'), end].concat());
                }
                Form::Plain => assert!(text.starts_with(&owner.prefix)),
            }
        }
    }
}
