//! One container's records while they are written: a line is shown at once, though its record may go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::logs::line::{Joining, Piece};
use crate::logs::pipeline::Wanted;
use crate::logs::print::{Form, LogOwner};
use crate::logs::{Record, Stamp};

/// A record that nothing continued for so long is complete.
const SILENCE: Duration = Duration::from_millis(100);

/// A part of a record, printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The record's time.
    pub time: Stamp,
    /// It passed the filters.
    pub kept: bool,
    /// The text.
    pub text: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    record: Record,
    /// What there is of it was shown.
    shown: bool,
    touched: Instant,
}

/// The open records of one container.
#[derive(Debug)]
pub struct Live {
    wanted: Arc<Wanted>,
    /// Whose they are.
    pub owner: Arc<LogOwner>,
    joining: Joining,
    open: [Option<Open>; 2],
}

impl Live {
    /// Of `who`.
    pub fn new(wanted: Arc<Wanted>, owner: Arc<LogOwner>) -> Self {
        Self {
            wanted,
            owner,
            joining: Joining::default(),
            open: [None, None],
        }
    }

    /// Whether a record can only be shown when it is complete.
    fn is_late(wanted: &Wanted) -> bool {
        wanted.printer.form == Form::Json || wanted.filter.invert || wanted.context
    }

    /// Takes a piece and gives what is to be shown.
    pub fn push(&mut self, piece: Piece<'_>, now: Instant, show: &mut impl FnMut(Shown)) {
        if !self.wanted.span.contains(piece.time) {
            return;
        }
        let Self {
            wanted,
            owner,
            joining,
            open,
        } = self;
        joining.push(piece, &mut |line| {
            let slot = &mut open[usize::from(line.stderr)];
            let goes_on = slot.as_mut().is_some_and(|open| open.record.take(line));
            if !goes_on {
                if let Some(complete) = slot.take() {
                    close(wanted, owner, &complete, show);
                }
                *slot = Some(Open {
                    record: Record::of(line),
                    shown: false,
                    touched: now,
                });
            }
            if let Some(open) = slot {
                open.touched = now;
                if !Self::is_late(wanted) {
                    show_more(wanted, owner, open, line, show);
                }
            }
        });
    }

    /// When the next record is complete by silence, if one waits for that.
    pub fn due(&self) -> Option<Instant> {
        if !Self::is_late(&self.wanted) {
            return None;
        }
        self.open.iter().flatten().map(|open| open.touched + SILENCE).min()
    }

    /// Gives the records that are complete by silence.
    pub fn tick(&mut self, now: Instant, show: &mut impl FnMut(Shown)) {
        if !Self::is_late(&self.wanted) {
            return;
        }
        for slot in &mut self.open {
            if let Some(complete) = slot.take_if(|open| open.touched + SILENCE <= now) {
                close(&self.wanted, &self.owner, &complete, show);
            }
        }
    }

    /// The process ended: what is open is complete.
    pub fn finish(&mut self, now: Instant, show: &mut impl FnMut(Shown)) {
        let mut rest = Vec::new();
        self.joining
            .finish(&mut |line| rest.push((line.time, line.stderr, line.bytes.to_vec())));
        for (time, stderr, bytes) in rest {
            let line = Piece {
                time,
                stderr,
                bytes: &bytes,
                ends: true,
            };
            self.push(line, now, show);
        }
        for slot in &mut self.open {
            if let Some(complete) = slot.take() {
                close(&self.wanted, &self.owner, &complete, show);
            }
        }
    }
}

/// Shows `line`, the newest of a record, and what is before it if that was not shown yet.
fn show_more(wanted: &Wanted, owner: &LogOwner, open: &mut Open, line: Piece<'_>, show: &mut impl FnMut(Shown)) {
    let mut text = Vec::new();
    if open.shown {
        // What was shown once is wanted to its end. By itself, because a record may have a million lines.
        wanted.printer.print(owner, &Record::of(line), &mut text);
    } else if wanted.filter.passes(&open.record) {
        wanted.printer.print(owner, &open.record, &mut text);
        open.shown = true;
    } else {
        return;
    }
    show(Shown {
        time: open.record.time,
        kept: true,
        text,
    });
}

fn close(wanted: &Wanted, owner: &LogOwner, complete: &Open, show: &mut impl FnMut(Shown)) {
    if !Live::is_late(wanted) {
        return;
    }
    let kept = wanted.filter.passes(&complete.record);
    if kept || wanted.context {
        let mut text = Vec::new();
        wanted.printer.print(owner, &complete.record, &mut text);
        show(Shown {
            time: complete.record.time,
            kept,
            text,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Level, Printer, RecordFilter};

    fn run(wanted: Wanted, lines: &[&str]) -> (Vec<String>, Vec<String>) {
        let owner = LogOwner {
            prefix: b"a | ".to_vec(),
            ..LogOwner::default()
        };
        let mut live = Live::new(Arc::new(wanted), Arc::new(owner));
        let now = Instant::now();
        let mut at_once = Vec::new();
        let text = |shown: Shown| String::from_utf8(shown.text).unwrap();
        for (time, line) in (0..).zip(lines) {
            let piece = Piece {
                time: Stamp(time),
                stderr: false,
                bytes: line.as_bytes(),
                ends: true,
            };
            live.push(piece, now, &mut |shown| at_once.push(text(shown)));
        }
        let mut later = Vec::new();
        live.tick(now, &mut |_| panic!("too early"));
        live.tick(now + SILENCE, &mut |shown| later.push(text(shown)));
        (at_once, later)
    }

    const LINES: [&str; 4] = ["INFO:    x", "Traceback (most recent call last):", "  y", "E: z"];

    #[test]
    fn lines_are_shown_at_once_and_an_error_to_its_end() {
        let (at_once, later) = run(Wanted::default(), &LINES);
        assert_eq!(at_once, LINES.map(|line| format!("a | {line}\n")));
        assert!(later.is_empty());
        let errors = Wanted {
            filter: RecordFilter {
                least: Some(Level::Error),
                ..RecordFilter::default()
            },
            ..Wanted::default()
        };
        let (at_once, _) = run(errors, &LINES);
        assert_eq!(
            at_once,
            LINES[1..]
                .iter()
                .map(|line| format!("a | {line}\n"))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_match_further_down_shows_what_is_above_it_too() {
        let wanted = Wanted {
            filter: RecordFilter {
                grep: Some(regex::bytes::Regex::new("z").unwrap()),
                ..RecordFilter::default()
            },
            ..Wanted::default()
        };
        let (at_once, _) = run(wanted, &LINES);
        assert_eq!(
            at_once,
            [format!("a | {}\na | {}\na | {}\n", LINES[1], LINES[2], LINES[3])]
        );
    }

    #[test]
    fn json_waits_for_the_record_to_be_complete() {
        let wanted = Wanted {
            printer: Printer {
                form: Form::Json,
                ..Printer::default()
            },
            ..Wanted::default()
        };
        let (at_once, later) = run(wanted, &LINES);
        assert_eq!((at_once.len(), later.len()), (1, 1));
        assert!(later[0].contains(r"\n  y\nE: z"), "{later:?}");
    }
}
