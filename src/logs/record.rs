//! A record is a line with the lines that continue it: a traceback is one thing, not forty.

use super::line::Piece;
use super::trace::{self, Before, Trace};
use super::{Level, Stamp, format};

/// More than this is not a traceback: what follows is a record of its own, so that memory stays bounded.
const LARGEST: usize = 1 << 20;

/// A line and what continues it.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The engine's time of the first line.
    pub time: Stamp,
    /// Written to stderr.
    pub stderr: bool,
    /// The lines, a line feed between each two.
    bytes: Vec<u8>,
    /// The time of each line.
    times: Vec<Stamp>,
    /// Whether the last line has its end.
    pub ends: bool,
    trace: Trace,
    before: Before,
}

impl Record {
    /// A record of one line.
    pub fn of(line: Piece<'_>) -> Self {
        let mut record = Self::default();
        record.begin(line);
        record
    }

    /// Begins again with `line`, in the memory that is there.
    pub fn begin(&mut self, line: Piece<'_>) {
        self.time = line.time;
        self.stderr = line.stderr;
        self.bytes.clear();
        self.times.clear();
        self.bytes.extend_from_slice(line.bytes);
        self.times.push(line.time);
        self.ends = line.ends;
        self.trace = trace::begins(line.bytes);
        self.before = Before::First;
    }

    /// Takes `line` if it continues the record.
    pub fn take(&mut self, line: Piece<'_>) -> bool {
        if !self.continues(line.bytes) || self.bytes.len() + line.bytes.len() > LARGEST {
            return false;
        }
        self.bytes.push(b'\n');
        self.bytes.extend_from_slice(line.bytes);
        self.times.push(line.time);
        self.ends = line.ends;
        self.before = self.before.after(line.bytes);
        let begun = trace::begins(line.bytes);
        if self.trace == Trace::None {
            self.trace = if trace::is_caused_by(line.bytes) {
                Trace::Java
            } else {
                begun
            };
        }
        true
    }

    fn continues(&self, line: &[u8]) -> bool {
        // The common cases first: this is asked of every line.
        let Some(first) = line.first() else {
            return matches!(self.trace, Trace::Python | Trace::Go);
        };
        match first {
            b' ' if trace::is_exception_group(line) => {
                self.before == Before::Chaining || (self.trace == Trace::None && self.is_error())
            }
            first if is_indent(*first) => true,
            b'{' => false,
            // The end of an object over several lines, as Node prints one below an error.
            b'}' if line.len() == 1 => self.before == Before::Frame,
            b'\r' if line.len() == 1 => matches!(self.trace, Trace::Python | Trace::Go),
            _ if trace::is_caused_by(line) => true,
            _ if self.trace != Trace::None => trace::goes_on(self.trace, line, self.before),
            // The line before says what failed: `ERROR: …` and its traceback are one. A panic of Rust says that itself.
            _ => !matches!(trace::begins(line), Trace::None | Trace::Rust) && self.is_error(),
        }
    }

    /// The lines, without their ends.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split(|byte| *byte == b'\n')
    }

    /// The lines with their times.
    pub fn timed_lines(&self) -> impl Iterator<Item = (Stamp, &[u8])> {
        // A line of a damaged log may hold a line feed: what follows it has the same time.
        let last = self.times.last().copied().unwrap_or(self.time);
        let times = self.times.iter().copied().chain(std::iter::repeat(last));
        times.zip(self.lines())
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Never: a record has its first line.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// All lines as one text.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same record with another text in as many lines: what masking makes.
    pub fn with_bytes(&self, bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            times: self.times.clone(),
            ..*self
        }
    }

    /// The first line.
    pub fn head(&self) -> &[u8] {
        self.lines().next().unwrap_or_default()
    }

    /// What follows the first line.
    pub fn rest(&self) -> Option<&[u8]> {
        let head = self.head().len();
        self.bytes.get(head + 1..)
    }

    /// The traceback that it holds as lines of their own.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// The level that the first line states, else what a traceback means.
    pub fn level(&self) -> Option<Level> {
        format::level(self.head()).or(match self.trace {
            Trace::None => None,
            Trace::Python | Trace::Java => Some(Level::Error),
            Trace::Go | Trace::Rust => Some(Level::Fatal),
        })
    }

    /// Error or worse.
    pub fn is_error(&self) -> bool {
        self.level().is_some_and(|level| level >= Level::Error)
    }
}

fn is_indent(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
