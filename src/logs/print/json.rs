//! A record for programs.

use serde_json::{Value, json};

use super::LogOwner;
use crate::logs::{Record, Trace, format, trace};

/// The record as one object.
pub fn entry(owner: &LogOwner, record: &Record) -> Value {
    let (message, fields, exception) = taken_apart(record);
    json!({
        "time": record.time.utc(),
        "service": &*owner.service,
        "container": owner.container,
        "stream": if record.stderr { "stderr" } else { "stdout" },
        "level": record.level(),
        "message": message,
        "fields": fields,
        "exception": exception,
    })
}

/// What the record says in one line or a few: its message, with the last line of a traceback if there is one.
pub fn message(record: &Record) -> String {
    let (message, _, exception) = taken_apart(record);
    match exception.as_deref().map(last_of_python) {
        Some(Some(last)) if !message.contains(last) => format!("{message}\n{last}"),
        _ => message,
    }
}

fn taken_apart(record: &Record) -> (String, serde_json::Map<String, Value>, Option<String>) {
    let head = super::without_return(record.head());
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .replace("\r\n", "\n")
            .trim_end_matches('\r')
            .to_owned()
    };
    if trace::begins(head) != Trace::None {
        let whole = text(record.bytes());
        let message = match record.trace() {
            Trace::Python => last_of_python(&whole).map(ToOwned::to_owned),
            _ => None,
        };
        return (
            message.unwrap_or_else(|| text(head)),
            serde_json::Map::new(),
            Some(whole),
        );
    }
    let parts = format::parts(head);
    let mut message = parts.message;
    let mut exception = parts.exception;
    if let Some(rest) = record.rest() {
        if record.trace() == Trace::None || exception.is_some() {
            message.push('\n');
            message.push_str(&text(rest));
        } else {
            exception = Some(text(rest));
        }
    }
    (message, parts.fields, exception)
}

/// The line of a Python traceback that names the exception: the last that is not indented.
fn last_of_python(traceback: &str) -> Option<&str> {
    traceback
        .lines()
        .rev()
        .find(|line| !line.is_empty() && !line.starts_with([' ', '\t']) && !line.starts_with("Traceback "))
}
