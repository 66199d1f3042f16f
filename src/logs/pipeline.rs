//! What happens to the pieces of one source: joined into lines, grouped into records, filtered, printed or counted.

use std::sync::Arc;

use super::batch::Batch;
use super::follow::Seam;
use super::grouping::Grouping;
use super::line::{Joining, Piece};
use super::print::{LogOwner, Printer};
use super::record_filter::RecordFilter;
use super::source::Span;
use super::summary::Summary;
use super::{Record, Stamp, format};

/// A batch is handed on when it has this many bytes.
const FULL: usize = 64 << 10;

/// What is wanted of every source.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// From when to when.
    pub span: Span,
    /// Which records.
    pub filter: RecordFilter,
    /// Only the last N of those, of each container.
    pub tail: Option<usize>,
    /// The other records are wanted too, around those kept.
    pub context: bool,
    /// Records are counted, not printed.
    pub fold: bool,
    /// The log is followed after its end: what is not complete yet is left to that.
    pub follow: bool,
    /// How they are printed.
    pub printer: Printer,
}

/// The way of one source's pieces.
#[derive(Debug)]
pub struct Pipeline {
    wanted: Arc<Wanted>,
    joining: Joining,
    grouping: Grouping,
    stage: Stage,
    /// The last piece.
    last: Option<Seam>,
    /// Where the newest record begins that was the only one not given yet.
    begun: Option<Begun>,
    /// Where to go on after what was given.
    seam: Option<Seam>,
}

/// The beginning of a record before which everything was given and after which nothing was.
#[derive(Debug, Clone, Copy)]
struct Begun {
    /// The last piece before it; `None`: it is the first one read.
    before: Option<Seam>,
    /// How many records had been given by then.
    given: u64,
}

#[derive(Debug)]
struct Stage {
    wanted: Arc<Wanted>,
    owner: Arc<LogOwner>,
    batch: Batch,
    summary: Summary,
    /// How many records were complete.
    given: u64,
    /// Of these streams the beginning of the first record may not have been read.
    doubtful: [bool; 2],
}

impl Pipeline {
    /// For the pieces of `who`; `whole`: from the log's beginning on, or from that of what is wanted.
    pub fn new(wanted: Arc<Wanted>, owner: Arc<LogOwner>, whole: bool) -> Self {
        Self {
            joining: Joining::default(),
            grouping: Grouping::default(),
            stage: Stage {
                wanted: wanted.clone(),
                owner,
                batch: Batch::default(),
                summary: Summary::default(),
                given: 0,
                doubtful: [!whole; 2],
            },
            wanted,
            last: None,
            begun: None,
            seam: None,
        }
    }

    /// Takes the next piece.
    pub fn push(&mut self, piece: Piece<'_>) {
        let whole = piece.ends && !self.joining.is_open();
        let before = self.last;
        if self.wanted.follow {
            self.last = Some(Seam::after(before, piece));
        }
        if self.wanted.span.contains(piece.time) {
            let Self {
                joining,
                grouping,
                stage,
                ..
            } = self;
            joining.push(piece, &mut |line| {
                let lines = grouping.begun();
                grouping.push(line, &mut |record| stage.record(record));
                if whole && grouping.has_one() && grouping.begun() > lines {
                    self.begun = Some(Begun {
                        before,
                        given: stage.given,
                    });
                }
            });
        }
    }

    /// Where to go on after what was given, once there are no more pieces.
    pub fn seam(&self) -> Option<Seam> {
        self.seam
    }

    /// How many records are not complete yet and pass the filters.
    pub fn pending(&self) -> usize {
        let kept = self
            .grouping
            .pending()
            .filter(|record| self.wanted.filter.passes(record));
        kept.count()
    }

    /// There are no more pieces; `whole`: none were left out before the first.
    pub fn finish(&mut self, whole: bool) {
        if self.wanted.follow && self.wanted.tail == Some(0) {
            // Nothing of what exists is wanted, a record that may go on neither.
            self.seam = self.last;
            return;
        }
        if self.wanted.follow {
            // A record that may go on is left to whoever follows, if all the rest is on one side of its beginning. It is
            // not while both streams are written at once: then what exists is given as it is, so that nothing comes twice.
            let left = self.begun.filter(|begun| begun.given == self.stage.given);
            if let Some(left) = left.filter(|left| whole || left.before.is_some()) {
                self.seam = left.before;
                return;
            }
            self.seam = self.last;
        }
        let Self {
            joining,
            grouping,
            stage,
            ..
        } = self;
        joining.finish(&mut |line| {
            grouping.push(line, &mut |record| stage.record(record));
        });
        grouping.finish(&mut |record| stage.record(record));
    }

    /// Whether the batch is worth handing on.
    pub fn is_full(&self) -> bool {
        self.stage.batch.bytes.len() >= FULL
    }

    /// What was printed so far.
    pub fn take(&mut self) -> Batch {
        // The next one will be about as large.
        let next = Batch {
            bytes: Vec::with_capacity(FULL + (FULL >> 2)),
            entries: Vec::with_capacity(self.stage.batch.entries.len()),
        };
        std::mem::replace(&mut self.stage.batch, next)
    }

    /// What was printed so far, to look at or to shorten.
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.stage.batch
    }

    /// What was counted.
    pub fn summary(self) -> Summary {
        self.stage.summary
    }
}

impl Stage {
    fn record(&mut self, record: &Record) {
        self.given += 1;
        let kept = self.wanted.filter.passes(record);
        let first = std::mem::take(&mut self.doubtful[usize::from(record.stderr)]);
        if !kept && !self.wanted.context {
            return;
        }
        if self.wanted.fold {
            self.summary.add(&self.owner, record, &self.wanted.printer);
            return;
        }
        // A line with a level, or a JSON object, is not a rest of something.
        let doubtful = first && record.head().first() != Some(&b'{') && format::level(record.head()).is_none();
        self.wanted.printer.print(&self.owner, record, &mut self.batch.bytes);
        self.batch.seal(record.time, kept, doubtful);
    }
}

/// The time of the first of the last `count` entries that are kept.
pub fn tail_from(batch: &Batch, count: usize) -> Stamp {
    let kept = batch.entries.iter().filter(|entry| entry.kept);
    kept.rev().take(count).last().map_or(Stamp::MAX, |entry| entry.time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Form;
    use crate::redact::Redactor;
    use proptest::prelude::*;

    /// What is printed of `pieces`.
    fn printed(form: Form, redactor: &Arc<Redactor>, pieces: &[&[u8]]) -> String {
        let printer = Printer {
            form,
            redactor: Some(redactor.clone()),
            ..Printer::default()
        };
        let wanted = Wanted {
            printer,
            ..Wanted::default()
        };
        let mut pipeline = Pipeline::new(Arc::new(wanted), Arc::default(), true);
        for piece in pieces {
            let ends = piece.ends_with(b"\n");
            pipeline.push(Piece {
                time: Stamp(1),
                stderr: false,
                bytes: piece.strip_suffix(b"\n").unwrap_or(piece),
                ends,
            });
        }
        pipeline.finish(true);
        String::from_utf8(pipeline.take().bytes).unwrap()
    }

    proptest! {
        /// However a line is cut into pieces, what is printed is the line masked as a whole.
        #[test]
        fn no_canary_survives_any_chunking(
            words in proptest::collection::vec("[a-z]{0,6}|canary-0123456789|sk-abcdefghijklmnop0123|Bearer 0123456789abcdef", 1..30),
            cuts in proptest::collection::vec(1..12usize, 1..60),
        ) {
            let redactor = Arc::new(Redactor::of(vec!["canary-0123456789".to_owned()]));
            let line = format!("{}\n", words.join(" "));
            let mut pieces: Vec<&[u8]> = Vec::new();
            let mut rest = line.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len() - 1));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            for form in [Form::Plain, Form::Pretty, Form::Json, Form::Raw] {
                let got = printed(form, &redactor, &pieces);
                prop_assert!(
                    !got.contains("canary-") && !got.contains("ghijklmnop0123") && !got.contains("9abcdef"),
                    "{}", got
                );
                prop_assert_eq!(got, printed(form, &redactor, &[line.as_bytes()]));
            }
        }
    }
}
