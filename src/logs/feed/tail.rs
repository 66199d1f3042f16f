//! The last records of what a source gives.

use std::fmt;
use std::sync::Arc;

use crate::logs::Batch;
use crate::logs::follow::Seam;
use crate::logs::line::Piece;
use crate::logs::pipeline::{Pipeline, Wanted};
use crate::logs::print::LogOwner;

/// The last records of one container may be this long, printed.
const LONGEST: usize = 64 << 20;

/// Keeps the last records of what it is given.
pub(super) struct Tail {
    pipeline: Pipeline,
    count: usize,
    over: Option<Over>,
}

/// The records are longer than is kept in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Over {
    count: usize,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "its last {} records are longer than {} MB: show fewer, or drop --tail",
            self.count,
            LONGEST >> 20
        )
    }
}

impl Tail {
    pub(super) fn new(wanted: &Arc<Wanted>, owner: &Arc<LogOwner>, count: usize) -> Self {
        Self {
            pipeline: Pipeline::new(wanted.clone(), owner.clone(), false),
            count,
            over: None,
        }
    }

    /// Takes the next piece. False when no more is wanted, as it could not be kept.
    pub(super) fn push(&mut self, piece: Piece<'_>) -> bool {
        if self.over.is_some() {
            return false;
        }
        self.pipeline.push(piece);
        let batch = self.pipeline.batch();
        // Dropping some at a time costs each record its move once.
        let is_long = batch.bytes.len() > LONGEST;
        if is_long || batch.entries.len() > self.count.saturating_mul(2).saturating_add(64) {
            batch.keep_last(self.count);
        }
        // Half of it must be free again, else each piece would move all of it.
        if is_long && batch.bytes.len() > LONGEST / 2 {
            *batch = Batch::default();
            self.over = Some(Over { count: self.count });
        }
        self.over.is_none()
    }

    /// The records and where to go on after them, if they are surely the last N. They are if the pieces were the
    /// `whole` log.
    pub(super) fn finish(mut self, whole: bool) -> Result<Option<(Batch, Option<Seam>)>, Over> {
        if let Some(over) = self.over {
            return Err(over);
        }
        self.pipeline.finish(whole);
        // When the log is followed, what is not complete yet comes then, and is one of the last.
        let count = self.count.saturating_sub(self.pipeline.pending());
        self.pipeline.batch().keep_last(count);
        let batch = self.pipeline.take();
        let sure = batch.entries.len() == count && !batch.entries.iter().any(|entry| entry.doubtful);
        Ok((whole || sure).then(|| (batch, self.pipeline.seam())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Stamp;

    #[test]
    fn long_records_are_not_all_kept() {
        let line = vec![b'x'; 1 << 20];
        let push = |tail: &mut Tail, time: i64| {
            tail.push(Piece {
                time: Stamp(time),
                stderr: false,
                bytes: &line,
                ends: true,
            })
        };
        let mut tail = Tail::new(&Arc::default(), &Arc::default(), 100);
        let taken = (0..1_000).take_while(|time| push(&mut tail, *time)).count();
        assert!((60..80).contains(&taken), "{taken}");
        let over = tail.finish(true).unwrap_err().to_string();
        assert!(over.contains("its last 100 records are longer than 64 MB"), "{over}");
        // A few of them are, whatever came before.
        let mut tail = Tail::new(&Arc::default(), &Arc::default(), 10);
        assert!((0..200).all(|time| push(&mut tail, time)));
        let (batch, _) = tail.finish(true).unwrap().unwrap();
        assert_eq!(batch.entries.len(), 10);
    }
}
