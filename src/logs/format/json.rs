//! One JSON object a line: the app (`level`, `message`, `exception`), pino and Bunyan (numeric levels, `msg`), and others.

use memchr::memchr2;
use serde_json::{Map, Value};

use super::{Format, Level, Parts, Stated};

pub(super) const FORMAT: Format = Format {
    name: "json",
    level,
    parts,
};

const MESSAGE_KEYS: [&str; 9] = [
    "message",
    "msg",
    "event",
    "text",
    "Message",
    "@m",
    "@message",
    "@mt",
    "short_message",
];
const EXCEPTION_KEYS: [&str; 9] = [
    "exception",
    "exc_info",
    "stack",
    "stack_trace",
    "stacktrace",
    "traceback",
    "@x",
    "Exception",
    "error.stack_trace",
];

/// Whether a key's value is the level: `level`, Python's `levelname`, Monolog's `level_name`, ECS's `log.level`, serilog's
/// `@l`, hclog's `@level`, .NET's `LogLevel`, `OpenTelemetry`'s `severityText`.
fn is_level_key(key: &[u8]) -> bool {
    let is = |known: &[&str]| known.iter().any(|known| key.eq_ignore_ascii_case(known.as_bytes()));
    match key.len() {
        2 => key == b"@l",
        3 => is(&["lvl"]),
        5 => is(&["level"]),
        6 => is(&["@level"]),
        8 => is(&["severity", "loglevel"]),
        9 => is(&["levelname", "log.level", "log_level"]),
        10 => is(&["level_name"]),
        12 => is(&["severitytext"]),
        13 => is(&["severity_text"]),
        _ => false,
    }
}

/// `MongoDB`'s severity: `F`, `E`, `W`, `I`, `D1` to `D5`.
fn of_mongo(value: &[u8]) -> Option<Level> {
    match value {
        b"\"F\"" => Some(Level::Fatal),
        b"\"E\"" => Some(Level::Error),
        b"\"W\"" => Some(Level::Warning),
        b"\"I\"" => Some(Level::Info),
        [b'"', b'D', b'1'..=b'5', b'"'] => Some(Level::Debug),
        _ => None,
    }
}

fn is_object(line: &[u8]) -> bool {
    line.first() == Some(&b'{') && line.trim_ascii_end().last() == Some(&b'}')
}

/// Walks the object's own keys without building anything; what is nested is stepped over.
fn level(line: &[u8]) -> Option<Stated> {
    walk(line, true)
}

fn walk(line: &[u8], is_outer: bool) -> Option<Stated> {
    if !is_object(line) {
        return None;
    }
    let mut scan = Scan { rest: &line[1..] };
    scan.space();
    if scan.rest.first() == Some(&b'}') {
        return Some(Stated(None));
    }
    let mut exception = false;
    loop {
        let key = scan.string()?;
        scan.space();
        scan.take(b':')?;
        scan.space();
        let value = scan.value()?;
        if is_level_key(key)
            && let Some(level) = of_value(value)
        {
            return Some(Stated(Some(level)));
        }
        // ECS, nested: `{"log":{"level":"error"}}`.
        let inner = match key {
            b"log" if is_outer => walk(value, false).and_then(|stated| stated.0),
            b"s" if is_outer => of_mongo(value),
            _ => None,
        };
        if inner.is_some() {
            return Some(Stated(inner));
        }
        exception |= value.first() == Some(&b'"')
            && value.len() > 2
            && EXCEPTION_KEYS.iter().any(|known| key == known.as_bytes());
        scan.space();
        match scan.rest.first()? {
            b',' => scan.rest = &scan.rest[1..],
            // An exception without a level is an error still.
            b'}' => return Some(Stated(exception.then_some(Level::Error))),
            _ => return None,
        }
        scan.space();
    }
}

fn of_value(value: &[u8]) -> Option<Level> {
    match value {
        [b'"', word @ .., b'"'] => Level::of_word(word),
        number => Some(Level::of_number(std::str::from_utf8(number).ok()?.parse().ok()?)),
    }
}

struct Scan<'l> {
    rest: &'l [u8],
}

impl<'l> Scan<'l> {
    fn space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        (*first == wanted).then_some(())
    }

    /// The inside of a string, escapes as they are.
    fn string(&mut self) -> Option<&'l [u8]> {
        self.take(b'"')?;
        let inside = self.rest;
        let mut at = 0;
        loop {
            at += memchr2(b'"', b'\\', &inside[at..])?;
            if inside[at] == b'"' {
                self.rest = &inside[at + 1..];
                return Some(&inside[..at]);
            }
            at += 2;
            if at > inside.len() {
                return None;
            }
        }
    }

    /// A value as written.
    fn value(&mut self) -> Option<&'l [u8]> {
        let begin = self.rest;
        match begin.first()? {
            b'"' => {
                self.string()?;
            }
            b'{' | b'[' => {
                let mut depth = 0;
                loop {
                    match self.rest.first()? {
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.rest = &self.rest[1..];
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                let end = begin.iter().position(|byte| matches!(byte, b',' | b'}' | b' '))?;
                self.rest = &begin[end..];
            }
        }
        Some(&begin[..begin.len() - self.rest.len()])
    }
}

fn parts(line: &[u8]) -> Option<Parts> {
    let mut fields: Map<String, Value> = serde_json::from_slice(line).ok()?;
    // A word that is not a level known here is reported as it is.
    fields.retain(|key, value| !(is_level_key(key.as_bytes()) && is_level(value)));
    let message = MESSAGE_KEYS.iter().find_map(|key| take_text(&mut fields, key));
    let exception = EXCEPTION_KEYS.iter().find_map(|key| take_text(&mut fields, key));
    Some(Parts {
        message: message.unwrap_or_default(),
        fields,
        exception: exception.filter(|text| !text.is_empty()),
    })
}

fn is_level(value: &Value) -> bool {
    match value {
        Value::String(word) => Level::of_word(word.as_bytes()).is_some(),
        other => other.is_i64(),
    }
}

/// Takes a field that is text; another kind of value stays a field.
fn take_text(fields: &mut Map<String, Value>, key: &str) -> Option<String> {
    if !fields.get(key)?.is_string() {
        return None;
    }
    match fields.shift_remove(key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_the_objects_own_not_a_nested_one() {
        for (line, wanted) in [
            (r#"{"a":{"level":"ERROR"},"level":"info"}"#, Some(Some(Level::Info))),
            (
                r#"{"a":["\"}", {"x": "]"}], "severity" : "CRITICAL" }"#,
                Some(Some(Level::Fatal)),
            ),
            (r#"{"message":"a \"level\":\"ERROR\""}"#, Some(None)),
            (r#"{"lvl":40,"x":1.5e3}"#, Some(Some(Level::Warning))),
            (r#"{"message":"x","exception":"Traceback"}"#, Some(Some(Level::Error))),
            (r#"{"message":"x","exception":""}"#, Some(None)),
            (r#"{"level":null}"#, Some(None)),
            ("{}", Some(None)),
            (r#"{"level":"ERROR""#, None),
            (r"{level}", None),
        ] {
            assert_eq!(level(line.as_bytes()).map(|stated| stated.0), wanted, "{line}");
        }
    }

    /// Deeper than the stack: the scan steps over what is nested, and a line that can't be built is reported as it is.
    #[test]
    fn a_line_may_be_nested_without_end() {
        let deep = 100_000;
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":[", "]}]")] {
            let nested = format!("{}1{}", open.repeat(deep), close.repeat(deep));
            for line in [
                format!("{{\"a\":{nested},\"level\":\"ERROR\",\"message\":\"x\"}}"),
                format!("{{\"level\":\"ERROR\",\"message\":\"x\",\"a\":{nested}}}"),
            ] {
                assert_eq!(level(line.as_bytes()).map(|stated| stated.0), Some(Some(Level::Error)));
                assert!(parts(line.as_bytes()).is_none());
                let told = super::super::parts(line.as_bytes());
                assert!(told.message == line || told.message.is_empty() || told.fields.is_empty());
                let half = &line[..line.len() - deep];
                let _any = (level(half.as_bytes()), super::super::parts(half.as_bytes()));
            }
            let unclosed = format!("{{\"a\":{}}}", open.repeat(deep));
            let _any = (level(unclosed.as_bytes()), super::super::parts(unclosed.as_bytes()));
        }
    }

    #[test]
    fn message_fields_and_exception_are_told_apart() {
        let line = br#"{"timestamp": "t", "level": "ERROR", "message": "no\nway", "name": "app", "n": 3, "exception": "Traceback\n"}"#;
        let parts = parts(line).unwrap();
        assert_eq!(parts.message, "no\nway");
        assert_eq!(parts.exception.as_deref(), Some("Traceback\n"));
        let fields = serde_json::json!({"timestamp": "t", "name": "app", "n": 3});
        assert_eq!(
            Value::Object(parts.fields).to_string(),
            fields.to_string(),
            "in the line's own order"
        );
        let parts = super::parts(br#"{"level":"SUCCESS","severity":"info","message":"x"}"#).unwrap();
        assert_eq!(Value::Object(parts.fields), serde_json::json!({"level": "SUCCESS"}));
    }
}
