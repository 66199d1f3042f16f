//! The level of a line, as the services of the stack write it.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;
use serde_json::Value;

/// How bad a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Trace and debug.
    Debug,
    /// Info.
    Info,
    /// Warnings.
    Warning,
    /// Errors.
    Error,
    /// Fatal, critical, panic.
    Fatal,
}

#[expect(
    clippy::expect_used,
    reason = "a constant pattern, covered by every test of this module"
)]
static PATTERNS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        // Kafka: `[2026-11-23 20:00:00,123] ERROR message (class)`
        r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d+\] (TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b",
        // logfmt: `level=error`
        r"\blevel=(?:\x22)?([a-zA-Z]+)",
        // Python's logging and uvicorn: `ERROR:    message`, `2026-11-23 20:00:00,123 - name - ERROR - message`
        r"^(?:\d{4}-\d\d-\d\d[ T][\d:.,]+Z? ?[^a-zA-Z]*(?:[\w.]+ - )?)?(DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL)\b",
    ]
    .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
});

impl Level {
    /// The level that `line` states, if it states one.
    pub fn of(line: &str) -> Option<Self> {
        if line.starts_with('{')
            && let Ok(Value::Object(fields)) = serde_json::from_str(line)
        {
            return ["level", "severity", "lvl", "levelname"]
                .iter()
                .find_map(|key| fields.get(*key))
                .and_then(Self::of_value);
        }
        if let Some(level) = redis(line) {
            return Some(level);
        }
        if line.starts_with("Traceback (most recent call last)") || line.starts_with("Exception in thread") {
            return Some(Self::Error);
        }
        PATTERNS.iter().find_map(|pattern| {
            pattern
                .captures(line)?
                .get(1)
                .and_then(|word| Self::of_word(word.as_str()))
        })
    }

    fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(word) => Self::of_word(word),
            // Bunyan and pino: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal.
            Value::Number(number) => match number.as_i64()? {
                60.. => Some(Self::Fatal),
                50..60 => Some(Self::Error),
                40..50 => Some(Self::Warning),
                30..40 => Some(Self::Info),
                _ => Some(Self::Debug),
            },
            _ => None,
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "trace" | "debug" => Some(Self::Debug),
            "info" | "notice" => Some(Self::Info),
            "warn" | "warning" => Some(Self::Warning),
            "error" | "err" => Some(Self::Error),
            "fatal" | "critical" | "panic" | "crit" | "alert" | "emerg" => Some(Self::Fatal),
            _ => None,
        }
    }
}

/// Redis: `1:M 01 Jan 2026 00:00:00.000 # message`; `#` is a warning, `*` a notice, `-` verbose, `.` debug.
fn redis(line: &str) -> Option<Level> {
    let (pid, rest) = line.split_once(':')?;
    if pid.is_empty() || !pid.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut words = rest.splitn(7, ' ');
    let role = words.next()?;
    if !matches!(role, "M" | "S" | "C" | "X") {
        return None;
    }
    match words.nth(4)? {
        "#" => Some(Level::Warning),
        "*" => Some(Level::Info),
        "-" | "." => Some(Level::Debug),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn reads_the_services_own_formats() {
        for (line, level) in [
            (
                r#"{"timestamp":"2026-11-23T20:00:00Z","level":"ERROR","message":"no"}"#,
                Some(Level::Error),
            ),
            (r#"{"level":50,"msg":"pino"}"#, Some(Level::Error)),
            (r#"{"message":"level=error in a text"}"#, None),
            (
                "[2026-11-23 20:00:00,123] WARN slow (kafka.server.KafkaServer)",
                Some(Level::Warning),
            ),
            (
                "[2026-11-23 20:00:00,123] INFO an ERROR in the text (x)",
                Some(Level::Info),
            ),
            (
                "1:M 23 Nov 2026 20:00:00.123 * Ready to accept connections",
                Some(Level::Info),
            ),
            (
                "1:C 23 Nov 2026 20:00:00.123 # WARNING Memory overcommit",
                Some(Level::Warning),
            ),
            (
                "level=error ts=2026-11-23T20:00:00Z caller=x msg=\"y\"",
                Some(Level::Error),
            ),
            ("ERROR:    Application startup failed. Exiting.", Some(Level::Error)),
            ("2026-11-23 20:00:00,123 - app.db - CRITICAL - gone", Some(Level::Fatal)),
            ("Traceback (most recent call last):", Some(Level::Error)),
            ("no ERROR: here", None),
            ("", None),
        ] {
            assert_eq!(Level::of(line), level, "{line}");
        }
    }
}
