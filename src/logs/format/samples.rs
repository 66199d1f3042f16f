//! Lines of the real services, captured from their containers, and tracebacks of Python, Java and Go as they were printed.

use super::{FORMATS, Format};
use crate::logs::{Grouping, Level, Piece, Record, Stamp};

/// Each record of a sample: its format, how many lines it has, its level.
fn records(sample: &str) -> Vec<(&'static str, usize, Option<Level>)> {
    let mut grouping = Grouping::default();
    let mut records = Vec::new();
    let mut emit = |record: &Record| {
        let is_its = |format: &&Format| (format.level)(record.head()).is_some();
        let format = FORMATS.iter().find(is_its).map_or("", |format| format.name);
        records.push((format, record.len(), record.level()));
    };
    for (time, line) in (0..).zip(sample.lines()) {
        let piece = Piece {
            time: Stamp(time),
            stderr: false,
            bytes: line.as_bytes(),
            ends: true,
        };
        grouping.push(piece, &mut emit);
    }
    grouping.finish(&mut emit);
    records
}

const INFO: Option<Level> = Some(Level::Info);
const WARNING: Option<Level> = Some(Level::Warning);
const ERROR: Option<Level> = Some(Level::Error);
const FATAL: Option<Level> = Some(Level::Fatal);

#[test]
fn app_runner() {
    let wanted = [
        ("json", 1, WARNING),
        ("json", 1, ERROR),
        ("json", 1, INFO),
        ("json", 1, INFO),
    ];
    assert_eq!(records(include_str!("samples/app-runner.log"))[..4], wanted);
}

#[test]
fn kafka() {
    let wanted = [
        ("kafka", 1, INFO),
        ("kafka", 1, INFO),
        ("kafka", 1, INFO),
        ("kafka", 1, WARNING),
        ("kafka", 4, INFO),
        ("kafka", 8, ERROR),
        ("kafka", 1, INFO),
        ("python", 4, ERROR),
    ];
    assert_eq!(records(include_str!("samples/kafka.log")), wanted);
}

#[test]
fn redis() {
    let redis = records(include_str!("samples/redis.log"));
    assert_eq!(redis.len(), 8);
    assert!(
        redis.iter().all(|(format, lines, _)| (*format, *lines) == ("redis", 1)),
        "{redis:?}"
    );
    assert_eq!((redis[0].2, redis[3].2), (WARNING, INFO));
}

#[test]
fn loki_and_promtail() {
    let loki = records(include_str!("samples/loki.log"));
    assert_eq!(loki[0], ("logfmt", 1, ERROR));
    assert!(loki.len() > 3 && loki[1..].contains(&("logfmt", 1, INFO)), "{loki:?}");
    assert!(loki.iter().all(|(format, ..)| *format == "logfmt"), "{loki:?}");
    assert_eq!(records(include_str!("samples/promtail.log")), [("logfmt", 1, WARNING)]);
}

#[test]
fn python_and_uvicorn() {
    let wanted = [
        ("python", 4, ERROR),
        ("python", 1, FATAL),
        ("python", 1, ERROR),
        ("plain", 1, None),
        ("plain", 19, ERROR),
        ("plain", 9, ERROR),
    ];
    assert_eq!(records(include_str!("samples/python.log")), wanted);
    let info = ("uvicorn", 1, INFO);
    let failed = ("uvicorn", 12, ERROR);
    let wanted = [info, info, info, info, info, failed, info, info, info, info, info];
    assert_eq!(records(include_str!("samples/uvicorn.log")), wanted);
}

#[test]
fn java_and_go() {
    assert_eq!(records(include_str!("samples/java.log")), [("plain", 12, ERROR)]);
    assert_eq!(records(include_str!("samples/go.log")), [("plain", 10, FATAL)]);
}
