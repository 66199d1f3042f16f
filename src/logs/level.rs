//! How bad a record is.

use serde::Serialize;

/// How bad a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Trace and debug.
    Debug,
    /// Info and notice.
    Info,
    /// Warnings.
    Warning,
    /// Errors.
    Error,
    /// Fatal, critical, panic.
    Fatal,
}

impl Level {
    /// All of them, the least bad first.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Fatal];

    /// The level that a word means, in any case.
    pub fn of_word(word: &[u8]) -> Option<Self> {
        let is = |known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
        match word.first()?.to_ascii_lowercase() {
            b'i' if is(&["info", "information", "informational", "inf"]) => Some(Self::Info),
            b'd' if is(&["debug", "dbg", "dbug"]) => Some(Self::Debug),
            b't' if is(&["trace", "trc"]) => Some(Self::Debug),
            b'v' if is(&["verbose"]) => Some(Self::Debug),
            b'n' if is(&["notice"]) => Some(Self::Info),
            b'w' if is(&["warn", "warning", "wrn"]) => Some(Self::Warning),
            b'e' if is(&["error", "err", "eror"]) => Some(Self::Error),
            b's' if is(&["severe"]) => Some(Self::Error),
            b'f' | b'c' | b'p' | b'a' | b'e'
                if is(&[
                    "fatal",
                    "critical",
                    "panic",
                    "crit",
                    "alert",
                    "emerg",
                    "emergency",
                    "ftl",
                    "pnc",
                ]) =>
            {
                Some(Self::Fatal)
            }
            _ => None,
        }
    }

    /// The level that a number means to Bunyan and pino: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. Monolog's
    /// begin at a hundred: 200 info, 300 warning, 400 error, 500 critical.
    pub fn of_number(number: i64) -> Self {
        match number {
            500.. | 60..100 => Self::Fatal,
            50..60 | 400..500 => Self::Error,
            40..50 | 300..400 => Self::Warning,
            30..40 | 200..300 => Self::Info,
            _ => Self::Debug,
        }
    }

    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn knows_the_words_of_every_service() {
        for (word, level) in [
            ("ERROR", Some(Level::Error)),
            ("err", Some(Level::Error)),
            ("emerg", Some(Level::Fatal)),
            ("Critical", Some(Level::Fatal)),
            ("panic", Some(Level::Fatal)),
            ("WARN", Some(Level::Warning)),
            ("notice", Some(Level::Info)),
            ("trace", Some(Level::Debug)),
            ("erroneous", None),
            ("", None),
        ] {
            assert_eq!(Level::of_word(word.as_bytes()), level, "{word}");
        }
    }
}
