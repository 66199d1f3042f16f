//! A record is a line with the lines that continue it: a traceback is one thing, not forty.

use super::{Level, Line};

/// A line and what continues it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The lines, at least one.
    pub lines: Vec<Line>,
    /// The level that the first line states; of continuation lines, the worst.
    pub level: Option<Level>,
}

impl Record {
    /// The first line.
    pub fn head(&self) -> &Line {
        &self.lines[0]
    }

    /// Error or worse.
    pub fn is_error(&self) -> bool {
        self.level.is_some_and(|level| level >= Level::Error)
    }
}

/// Groups the lines of each source into records.
#[derive(Debug)]
pub struct Grouping {
    open: Vec<Option<Record>>,
}

impl Grouping {
    /// For `sources` sources.
    pub fn new(sources: usize) -> Self {
        Self {
            open: (0..sources).map(|_| None).collect(),
        }
    }

    /// Takes a line; gives the record of the same source that it ends, if it ends one.
    pub fn push(&mut self, line: Line) -> Option<Record> {
        let slot = &mut self.open[line.source];
        if let Some(record) = slot
            && continues(record, &line.text)
        {
            record.level = record.level.max(Level::of(&line.text));
            record.lines.push(line);
            return None;
        }
        let level = Level::of(&line.text);
        slot.replace(Record {
            lines: vec![line],
            level,
        })
    }

    /// The records still open, by time.
    pub fn flush(&mut self) -> Vec<Record> {
        let mut records: Vec<Record> = self.open.iter_mut().filter_map(Option::take).collect();
        records.sort_by_key(|record| record.head().time);
        records
    }
}

/// Whether `text` goes on with what `record` began: indented lines, Java's `Caused by:`, and the last line of a
/// Python traceback, which is not indented.
fn continues(record: &Record, text: &str) -> bool {
    if text.starts_with([' ', '\t']) || text.starts_with("Caused by:") || text.starts_with("... ") {
        return true;
    }
    let in_traceback = record
        .lines
        .iter()
        .any(|line| line.text.starts_with("Traceback (most recent call last)"));
    if text.starts_with("Traceback (most recent call last)") {
        // The line before says what failed: `ERROR: …` and its traceback are one.
        return record.is_error() || in_traceback;
    }
    let chained =
        text.starts_with("During handling of the above exception") || text.starts_with("The above exception was");
    if in_traceback && (chained || text.is_empty()) {
        return true;
    }
    let last_indented = record
        .lines
        .last()
        .is_some_and(|line| line.text.starts_with([' ', '\t']));
    in_traceback && last_indented && looks_like_exception(text)
}

/// `ValueError: no`, `asyncio.exceptions.CancelledError`.
fn looks_like_exception(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or(text);
    !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_')
        && name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn records(lines: &[&str]) -> Vec<(usize, Option<Level>)> {
        let mut grouping = Grouping::new(1);
        let mut records = Vec::new();
        for text in lines {
            let line = Line {
                source: 0,
                time: OffsetDateTime::UNIX_EPOCH,
                stderr: false,
                text: (*text).to_owned(),
            };
            records.extend(grouping.push(line));
        }
        records.extend(grouping.flush());
        records
            .iter()
            .map(|record| (record.lines.len(), record.level))
            .collect()
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
    fn a_java_stack_belongs_to_its_error() {
        let got = records(&[
            "[2026-11-23 20:00:00,123] ERROR no (kafka.Kafka$)",
            "java.lang.RuntimeException: a",
            "\tat kafka.Kafka$.main(Kafka.scala:1)",
            "Caused by: java.io.IOException: b",
            "\t... 3 more",
            "[2026-11-23 20:00:01,123] INFO on (kafka.Kafka$)",
        ]);
        assert_eq!(got[0], (1, Some(Level::Error)));
        assert_eq!(got[1], (4, None));
    }
}
