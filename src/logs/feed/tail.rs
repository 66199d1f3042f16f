//! The last records of what a source gives.

use std::sync::Arc;

use crate::logs::Batch;
use crate::logs::follow::Seam;
use crate::logs::line::Piece;
use crate::logs::pipeline::{Pipeline, Wanted};
use crate::logs::print::Who;

/// Keeps the last records of what it is given.
pub(super) struct Tail {
    pipeline: Pipeline,
    count: usize,
}

impl Tail {
    pub(super) fn new(wanted: &Arc<Wanted>, who: &Arc<Who>, count: usize) -> Self {
        Self {
            pipeline: Pipeline::new(wanted.clone(), who.clone(), false),
            count,
        }
    }

    pub(super) fn push(&mut self, piece: Piece<'_>) {
        self.pipeline.push(piece);
        let batch = self.pipeline.batch();
        // Dropping some at a time costs each record its move once.
        if batch.entries.len() > self.count.saturating_mul(2).saturating_add(64) {
            batch.keep_last(self.count);
        }
    }

    /// The records and where to go on behind them, if they are surely the last so many. They are if the pieces were the
    /// `whole` log.
    pub(super) fn finish(mut self, whole: bool) -> Option<(Batch, Option<Seam>)> {
        self.pipeline.finish(whole);
        // When the log is followed, what is not complete yet comes then, and is one of the last.
        let count = self.count.saturating_sub(self.pipeline.pending());
        self.pipeline.batch().keep_last(count);
        let batch = self.pipeline.take();
        let sure = batch.entries.len() == count && !batch.entries.iter().any(|entry| entry.doubtful);
        (whole || sure).then(|| (batch, self.pipeline.seam()))
    }
}
