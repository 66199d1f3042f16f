//! One container's stream, from where it was left until it ends.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::recent::Recent;
use super::seam::{Seam, SeamSide, Skipping};
use crate::engine::{Engine, EngineError, LogOptions, LogPiece};
use crate::ids::ContainerId;
use crate::logs::feed::of_engine;

/// The engine reads a log from its beginning unless it is told how many lines are wanted from the end. Between leaving a log
/// and opening it again fewer than this are written, nearly always.
const NEAR_THE_END: usize = 5000;
/// A seam that has not come after this silence does not come.
const SILENCE: Duration = Duration::from_millis(300);

/// Bytes of what may come before the seam, within a second or two of it; each piece counts for some more. With more the seam is lost.
const MOST_EARLY: usize = 16 << 20;
const OF_A_PIECE: usize = 64;

/// What is heard of a container.
#[derive(Debug)]
pub enum StreamEvent {
    /// A new piece.
    Piece {
        /// Which source.
        source: usize,
        /// As the engine gave it.
        piece: LogPiece,
    },
    /// Its stream ended: its process did, or the engine went away.
    Ended {
        /// Which source.
        source: usize,
        /// Where to go on.
        seam: Option<Seam>,
        /// Whether it gave anything.
        gave: bool,
        /// Why, if not by itself.
        error: Option<EngineError>,
    },
    /// It is time to open a log again whose stream failed.
    Again {
        /// Which source.
        source: usize,
    },
}

/// Gives what a container writes after `seam` until its stream ends.
pub async fn follow(engine: Arc<Engine>, id: ContainerId, source: usize, seam: Option<Seam>, to: Sender<StreamEvent>) {
    let began = seam;
    let mut seam = seam;
    let mut error = None;
    // Near the end first; if the seam is not there, from the seam's second on.
    let tries: &[Option<usize>] = if seam.is_some() {
        &[Some(NEAR_THE_END), None]
    } else {
        &[None]
    };
    for tail in tries {
        let options = LogOptions {
            follow: true,
            since: seam.map(|seam| seam.time),
            until: None,
            tail: *tail,
        };
        let mut stream = std::pin::pin!(engine.logs(&id, options));
        let last_try = tail.is_none();
        match one_stream(&mut stream, source, &mut seam, last_try, &to).await {
            Ok(true) => break,
            Ok(false) => {}
            Err(failed) => {
                error = Some(failed);
                break;
            }
        }
    }
    let _nobody_listens = to
        .send(StreamEvent::Ended {
            source,
            seam,
            gave: seam != began,
            error,
        })
        .await;
}

/// False when the seam is not in this stream, and nothing was given.
async fn one_stream<S>(
    stream: &mut S,
    source: usize,
    seam: &mut Option<Seam>,
    last_try: bool,
    to: &Sender<StreamEvent>,
) -> Result<bool, EngineError>
where
    S: futures_util::Stream<Item = Result<LogPiece, EngineError>> + Unpin,
{
    let mut skipping = Skipping::to(*seam);
    let mut early = Vec::new();
    let mut early_bytes = 0;
    let mut recent = Recent::default();
    loop {
        let next = if early.is_empty() {
            stream.next().await
        } else {
            match tokio::time::timeout(SILENCE, stream.next()).await {
                Ok(next) => next,
                Err(_silent) if last_try => {
                    skipping.give_up();
                    give(early.drain(..), source, seam, to).await;
                    continue;
                }
                Err(_silent) => return Ok(false),
            }
        };
        let Some(piece) = next else {
            if skipping.is_looking() && !early.is_empty() {
                if !last_try {
                    return Ok(false);
                }
                give(early.drain(..), source, seam, to).await;
            }
            return Ok(true);
        };
        let piece = piece?;
        // Also of what was skipped, which may come again.
        if recent.has(of_engine(&piece)) {
            continue;
        }
        let look = match skipping.look(of_engine(&piece)) {
            SeamSide::Early if early_bytes > MOST_EARLY => SeamSide::Lost,
            look => look,
        };
        match look {
            SeamSide::Seen => {}
            SeamSide::Early => {
                early_bytes += piece.bytes.len() + OF_A_PIECE;
                early.push(piece);
            }
            SeamSide::New => {
                // What came early was seen before the seam then.
                early.clear();
                if !give([piece], source, seam, to).await {
                    return Ok(true);
                }
            }
            SeamSide::Lost if last_try => {
                skipping.give_up();
                early.push(piece);
                give(early.drain(..), source, seam, to).await;
            }
            SeamSide::Lost => return Ok(false),
        }
        if !skipping.is_looking() {
            early.clear();
        }
    }
}

/// False when nobody listens any more.
async fn give(
    pieces: impl IntoIterator<Item = LogPiece>,
    source: usize,
    seam: &mut Option<Seam>,
    to: &Sender<StreamEvent>,
) -> bool {
    for piece in pieces {
        *seam = Some(Seam::after(*seam, of_engine(&piece)));
        if to.send(StreamEvent::Piece { source, piece }).await.is_err() {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Stamp;
    use crate::stamp::SECOND;
    use tokio::sync::mpsc::channel;

    fn piece(time: i64, text: &str) -> LogPiece {
        LogPiece {
            stderr: false,
            time: Stamp(time * SECOND),
            bytes: format!("{text}\n").into(),
        }
    }

    /// What is given of a stream after a seam, and whether the seam was found.
    fn given(pieces: Vec<LogPiece>, mut seam: Option<Seam>, last_try: bool) -> (Vec<i64>, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (to, mut heard) = channel(100);
            let mut stream = futures_util::stream::iter(pieces.into_iter().map(Ok));
            let found = one_stream(&mut stream, 0, &mut seam, last_try, &to).await.unwrap();
            drop(to);
            let mut times = Vec::new();
            while let Some(StreamEvent::Piece { piece, .. }) = heard.recv().await {
                times.push(piece.time.seconds());
            }
            (times, found)
        })
    }

    #[test]
    fn what_is_behind_the_seam_is_given_and_a_lost_seam_costs_nothing() {
        let log: Vec<LogPiece> = (1..=6).map(|second| piece(second, "x")).collect();
        let seam = Some(Seam::after(None, of_engine(&log[2])));
        assert_eq!(given(log.clone(), seam, false), (vec![4, 5, 6], true));
        assert_eq!(given(log.clone(), None, true), (vec![1, 2, 3, 4, 5, 6], true));
        // The engine gave too few lines: nothing is given, it is asked for all.
        assert_eq!(given(log[4..].to_vec(), seam, false), (vec![], false));
        // They were rotated away: what exists is given.
        assert_eq!(given(log[4..].to_vec(), seam, true), (vec![5, 6], true));
        assert_eq!(given(log[..3].to_vec(), seam, false), (vec![], true));
    }

    #[test]
    fn of_what_comes_before_a_seam_not_any_amount_is_kept() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let seam = Seam::after(None, of_engine(&piece(1, "seen")));
            let early = LogPiece {
                time: Stamp(SECOND + 1),
                ..piece(1, &"x".repeat(1 << 20))
            };
            for (last_try, found, least) in [(false, false, 0), (true, true, 16)] {
                let (to, mut heard) = channel(100);
                let mut count = 0;
                let endless = futures_util::stream::poll_fn(|_| {
                    count += 1;
                    // Each with a time of its own: what is alike came before.
                    let time = Stamp(early.time.0 + count);
                    std::task::Poll::Ready((count < 40).then(|| Ok(LogPiece { time, ..early.clone() })))
                });
                let mut stream = Box::pin(endless);
                assert_eq!(
                    one_stream(&mut stream, 0, &mut Some(seam), last_try, &to)
                        .await
                        .unwrap(),
                    found
                );
                drop((to, stream));
                let mut given = 0;
                while heard.recv().await.is_some() {
                    given += 1;
                }
                assert!(given >= least && (found || count < 20), "{given} of {count}");
            }
        });
    }
}
