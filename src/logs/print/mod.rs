//! Prints records: text for people, the bytes as they were written, or JSON for programs. Keys are masked here, once a
//! record.

mod clock;
mod fit;
mod json;
mod pretty;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use super::{Record, format};
use crate::document;
use crate::redact::Redactor;
use crate::terminal::{Line, clean_bytes, clean_line, escaped_json};

pub use clock::Clock;
pub use fit::Fit;
pub use json::{entry as json_entry, message};

/// How a record looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Service and line, as written but for what a terminal acts on.
    #[default]
    Plain,
    /// For a terminal: JSON lines taken apart, nothing that could move the cursor.
    Pretty,
    /// One JSON object a record.
    Json,
    /// The bytes of the container, nothing else.
    Raw,
}

/// Whose records they are.
#[derive(Debug, Clone, Default)]
pub struct LogOwner {
    /// The service.
    pub service: Arc<str>,
    /// The container's name.
    pub container: String,
    /// What stands before each line.
    pub prefix: Vec<u8>,
}

/// Prints records.
#[derive(Debug, Clone, Default)]
pub struct Printer {
    /// As lines for people, as JSON, or as the bytes that came.
    pub form: Form,
    /// With colours.
    pub colour: bool,
    /// With the time of each line.
    pub clock: Option<Clock>,
    /// What happens to long lines.
    pub fit: Fit,
    /// What masks keys; `None`: they are shown.
    pub redactor: Option<Arc<Redactor>>,
}

impl Printer {
    /// Appends `record` to `to`.
    pub fn print(&self, owner: &LogOwner, record: &Record, to: &mut Vec<u8>) {
        let masked;
        let record = match self.mask(record.bytes()) {
            Cow::Borrowed(_) => record,
            Cow::Owned(bytes) => {
                masked = record.with_bytes(bytes);
                &masked
            }
        };
        match self.form {
            Form::Plain => self.plain(owner, record, to),
            Form::Pretty => self.pretty(owner, record, to),
            Form::Raw => {
                for (index, line) in record.lines().enumerate() {
                    to.extend_from_slice(line);
                    if record.ends || index + 1 < record.len() {
                        to.push(b'\n');
                    }
                }
            }
            Form::Json => {
                self.answer(&json::entry(owner, record), to);
            }
        }
    }

    /// `text` without keys, unless they are to be shown.
    pub fn mask<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match &self.redactor {
            Some(redactor) => redactor.mask_bytes(text),
            None => Cow::Borrowed(text),
        }
    }

    /// The same of text.
    pub fn mask_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.redactor {
            Some(redactor) => redactor.mask(text),
            None => Cow::Borrowed(text),
        }
    }

    /// `line` as in this printer's text.
    pub fn written(&self, line: &Line) -> String {
        line.written(self.colour, |text| self.mask_text(text))
    }

    /// Appends an object for programs as a line of its own.
    pub fn answer(&self, content: &serde_json::Value, to: &mut Vec<u8>) {
        let json = document::text(content);
        // An escape (`\u0073k-…`) may have hidden a key until now.
        to.extend_from_slice(escaped_json(&self.mask_text(&json)).as_bytes());
        to.push(b'\n');
    }

    fn plain(&self, owner: &LogOwner, record: &Record, to: &mut Vec<u8>) {
        if self.clock.is_none() && self.fit == Fit::Whole && record.len() == 1 {
            to.extend_from_slice(&owner.prefix);
            to.extend_from_slice(&self.cleaned(record.bytes()));
            to.push(b'\n');
            return;
        }
        for (time, line) in record.timed_lines() {
            let head = self.line_head(owner, time);
            self.fit.line(&head, &self.cleaned(line), to);
        }
    }

    /// A line without what a terminal would act on; one that has nothing of the kind is not copied.
    fn cleaned<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        match clean_bytes(without_return(line)) {
            Cow::Borrowed(line) => Cow::Borrowed(line),
            // A key that escape sequences took apart is whole now.
            Cow::Owned(line) => Cow::Owned(self.mask(&line).into_owned()),
        }
    }

    fn pretty(&self, owner: &LogOwner, record: &Record, to: &mut Vec<u8>) {
        for (index, (time, line)) in record.timed_lines().enumerate() {
            let head = self.line_head(owner, time);
            let as_json = (index == 0).then(|| pretty::json_line(line)).flatten();
            let lines = as_json.unwrap_or_else(|| vec![Line::new().coloured(last_state(line))]);
            for line in lines {
                self.fit.line(&head, self.written(&line).as_bytes(), to);
            }
        }
    }

    /// What stands before a line: the service, the time.
    fn line_head<'w>(&self, owner: &'w LogOwner, time: super::Stamp) -> Cow<'w, [u8]> {
        match &self.clock {
            None => Cow::Borrowed(&owner.prefix),
            Some(clock) => {
                let mut head = owner.prefix.clone();
                clock.write(time, &mut head);
                head.push(b' ');
                Cow::Owned(head)
            }
        }
    }
}

/// Fields that a reader of a failure can do without: when and where in the program a line was written.
const INCIDENTAL: [&str; 14] = [
    "timestamp",
    "time",
    "ts",
    "@timestamp",
    "caller",
    "logger",
    "name",
    "pid",
    "process",
    "role",
    "thread",
    "component",
    "org_id",
    "version",
];

/// A record as lines for people, without colours and times: its level, what it says, and a traceback as it is.
pub fn brief_lines(record: &Record) -> Vec<String> {
    let head = record.head();
    let parts = format::parts(head);
    let mut lines = Vec::new();
    if parts.message.is_empty() {
        lines.push(last_state(head));
    } else {
        let level = format::level(head).map(|level| format!("{:<7} ", level.name().to_uppercase()));
        let mut first = level.unwrap_or_default();
        let mut message = parts.message.lines();
        first.push_str(message.next().unwrap_or_default());
        let fields = parts
            .fields
            .iter()
            .filter(|(key, _)| !INCIDENTAL.contains(&key.as_str()));
        for (key, value) in fields {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            // Such as Go's error with the stack below it.
            let mut lines = value.lines();
            let more = if lines.clone().nth(1).is_some() { " …" } else { "" };
            let value = lines.next().unwrap_or_default();
            // A String takes everything.
            let _infallible = write!(first, "  {key}={value}{more}");
        }
        lines.push(first);
        lines.extend(message.map(ToOwned::to_owned));
        let exception = parts.exception.unwrap_or_default();
        lines.extend(exception.lines().map(ToOwned::to_owned));
    }
    lines.extend(record.lines().skip(1).map(last_state));
    lines.iter().map(|line| clean_line(line).into_owned()).collect()
}

/// A line as text; of a progress bar's states, which a carriage return parts, the last.
fn last_state(line: &[u8]) -> String {
    let line = without_return(line);
    let last = line.rsplit(|byte| *byte == b'\r').find(|part| !part.is_empty());
    String::from_utf8_lossy(last.unwrap_or_default()).into_owned()
}

/// A line without the carriage return of a DOS or terminal line end.
fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Piece, Stamp};

    fn record(lines: &[&str]) -> Record {
        let mut pieces = lines.iter().map(|line| Piece {
            time: Stamp(1_795_428_000_123_456_789),
            stderr: true,
            bytes: line.as_bytes(),
            ends: true,
        });
        let mut record = Record::of(pieces.next().unwrap());
        for piece in pieces {
            assert!(record.take(piece));
        }
        record
    }

    fn print(printer: &Printer, lines: &[&str]) -> String {
        let owner = LogOwner {
            service: "app".into(),
            container: "app-1".to_owned(),
            prefix: b"app | ".to_vec(),
        };
        let mut text = Vec::new();
        printer.print(&owner, &record(lines), &mut text);
        String::from_utf8(text).unwrap()
    }

    const TRACE: [&str; 3] = [
        "Traceback (most recent call last):",
        "  File \"x\", line 1",
        "ValueError: no",
    ];

    #[test]
    fn plain_lines_are_as_written_but_for_control_characters() {
        let printer = Printer::default();
        assert_eq!(print(&printer, &["a\tb  é\r"]), "app | a\tb  é\n");
        assert_eq!(
            print(&printer, &["a\u{1b}[31mb\u{1b}]52;c;eA==\u{7}\u{9b}2J"]),
            "app | ab·2J\n"
        );
        // All states of a progress bar: who reads a file may look for each.
        assert_eq!(print(&printer, &["10%\r50%\r100%\r"]), "app | 10%␍50%␍100%\n");
        let printer = Printer {
            clock: Some(Clock::utc()),
            ..Printer::default()
        };
        let stamped = "app | 2026-11-23T10:00:00.123Z";
        assert_eq!(
            print(&printer, &TRACE),
            format!(
                "{stamped} {}\n{stamped} {}\n{stamped} {}\n",
                TRACE[0], TRACE[1], TRACE[2]
            )
        );
    }

    #[test]
    fn raw_is_the_bytes_and_nothing_else() {
        let printer = Printer {
            form: Form::Raw,
            ..Printer::default()
        };
        assert_eq!(print(&printer, &["a\r"]), "a\r\n");
    }

    #[test]
    fn json_has_what_the_line_says() {
        let printer = Printer {
            form: Form::Json,
            redactor: Some(Arc::new(Redactor::of(vec!["secret-key-1".to_owned()]))),
            ..Printer::default()
        };
        let json = |lines: &[&str]| -> serde_json::Value { serde_json::from_str(&print(&printer, lines)).unwrap() };
        assert_eq!(
            json(&[r#"{"level":"ERROR","message":"no \u0073ecret-key-1","code":7,"exception":"T\nE"}"#]),
            serde_json::json!({
                "version": 1, "time": "2026-11-23T10:00:00.123456789Z", "service": "app", "container": "app-1", "stream": "stderr",
                "level": "error", "message": "no ********", "fields": {"code": 7}, "exception": "T\nE",
            })
        );
        let trace = json(&TRACE);
        assert_eq!(
            (&trace["message"], &trace["level"]),
            (&"ValueError: no".into(), &"error".into())
        );
        assert_eq!(trace["exception"], TRACE.join("\n"));
        let both = json(&[&["ERROR:    it broke"], &TRACE[..]].concat());
        assert_eq!(
            (&both["message"], &both["exception"]),
            (&"it broke".into(), &TRACE.join("\n").into())
        );
        assert_eq!(json(&["a", "  b"])["message"], "a\n  b");
    }

    #[test]
    fn on_a_terminal_json_is_taken_apart_and_nothing_moves_the_cursor() {
        let printer = Printer {
            form: Form::Pretty,
            ..Printer::default()
        };
        let line = r#"{"timestamp":"t","level":"ERROR","message":"no","name":"app","exception":"Trace\n  x\n"}"#;
        assert_eq!(
            print(&printer, &[line]),
            "app | ERROR   no  name=app\napp |     Trace\napp |       x\n"
        );
        assert_eq!(
            print(
                &printer,
                &["10%\r50%\r100% \u{1b}[2J\u{1b}]0;title\u{7}\u{1b}[31mred\0"]
            ),
            "app | 100% red␀\n"
        );
        let coloured = Printer {
            colour: true,
            ..printer
        };
        assert_eq!(print(&coloured, &["\u{1b}[31mred"]), "app | \u{1b}[31mred\u{1b}[0m\n");
    }

    #[test]
    fn a_key_is_masked_before_a_line_is_cut_or_wrapped() {
        for fit in [Fit::Wrap(16), Fit::Cut(16), Fit::Whole] {
            let printer = Printer {
                fit,
                redactor: Some(Arc::new(Redactor::of(vec!["secret-key-1".to_owned()]))),
                ..Printer::default()
            };
            let text = print(&printer, &["abcdef secret-key-1 end"]);
            assert!(text.contains("**") && !text.contains("se"), "{text}");
        }
    }
}
