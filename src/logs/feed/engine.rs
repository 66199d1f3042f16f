//! The history that the engine streams.

use std::sync::Arc;

use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc::Sender;

use super::tail::{Over, Tail};
use super::{finish, kept_from, send_all, without_context};
use crate::engine::{EngineError, LogPiece};
use crate::failure::Failure;
use crate::logs::Batch;
use crate::logs::follow::Seam;
use crate::logs::line::Piece;
use crate::logs::merge::FeedItem;
use crate::logs::pipeline::{Pipeline, Wanted, tail_from};
use crate::logs::print::LogOwner;

/// The engine splits lines at 16 KiB; the last part has its line end.
const LARGEST_PIECE: usize = (16 << 10) + 1;

/// Gives the history that the engine streams: `open` asks for it, all or the last N lines.
pub async fn from_engine<S>(
    wanted: Arc<Wanted>,
    owner: Arc<LogOwner>,
    open: impl Fn(Option<usize>) -> S,
    to: Sender<FeedItem>,
) where
    S: Stream<Item = Result<LogPiece, EngineError>>,
{
    let mut wanted = wanted;
    if let Some(count) = wanted.tail {
        let (batch, seam) = match tail_of_engine(&wanted, &owner, count, &open).await {
            Ok(found) => found,
            Err(failure) => {
                let _nobody_listens = to.send(FeedItem::Failed(Box::new(failure))).await;
                return;
            }
        };
        if !wanted.context {
            let mut last = vec![FeedItem::Batch(batch)];
            if wanted.follow {
                last.push(FeedItem::Seam(seam));
            }
            send_all(last, &to).await;
            return;
        }
        wanted = kept_from(&wanted, tail_from(&batch, count));
    }
    let mut pipeline = Pipeline::new(wanted.clone(), owner, true);
    let mut pieces = std::pin::pin!(open(None));
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => pipeline.push(of_engine(&piece)),
            Err(error) => {
                let _nobody_listens = to.send(FeedItem::Failed(Box::new(error.failure()))).await;
                break;
            }
        }
        if pipeline.is_full() && to.send(FeedItem::Batch(pipeline.take())).await.is_err() {
            return;
        }
    }
    pipeline.finish(true);
    let mut last = Vec::new();
    finish(pipeline, &wanted, &mut |fed| {
        last.push(fed);
        true
    });
    send_all(last, &to).await;
}

async fn tail_of_engine<S>(
    wanted: &Arc<Wanted>,
    owner: &Arc<LogOwner>,
    count: usize,
    open: &impl Fn(Option<usize>) -> S,
) -> Result<(Batch, Option<Seam>), Failure>
where
    S: Stream<Item = Result<LogPiece, EngineError>>,
{
    let wanted = without_context(wanted);
    let mut lines = count.saturating_mul(2).saturating_add(32);
    loop {
        let mut seen = 0;
        let mut tail = Tail::new(&wanted, owner, count);
        {
            let mut stream = std::pin::pin!(open(Some(lines)));
            while let Some(piece) = stream.next().await {
                let piece = piece?;
                if !tail.push(of_engine(&piece)) {
                    break;
                }
                // A terminal's line comes as one, of which the engine counts the parts.
                seen += piece.bytes.len().div_ceil(LARGEST_PIECE).max(1);
            }
        }
        let found = tail.finish(seen < lines);
        let too_long = |over: Over| Failure::failed("the end of the log can't be shown").because(over.to_string());
        if let Some(found) = found.map_err(too_long)? {
            return Ok(found);
        }
        lines = lines.saturating_mul(8);
    }
}

/// A piece as the engine streams it.
pub(crate) fn of_engine(piece: &LogPiece) -> Piece<'_> {
    let ends = piece.bytes.last() == Some(&b'\n');
    Piece {
        time: piece.time,
        stderr: piece.stderr,
        bytes: &piece.bytes[..piece.bytes.len() - usize::from(ends)],
        ends,
    }
}
