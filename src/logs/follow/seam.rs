//! Where a log was left: its last piece, found again when the log is opened again, so that each piece comes exactly once.

use crate::logs::{Piece, Stamp};
use crate::stamp::SECOND;

/// The two streams of a container may be this much (nanoseconds) out of order.
const DISORDER: i64 = SECOND / 10;

/// The last piece that was seen. The engine's times are in nanoseconds, so that time, stream and length tell pieces apart;
/// where they don't (the parts of a long line have one time), how many alike there were does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seam {
    /// Its time.
    pub time: Stamp,
    stderr: bool,
    length: usize,
    alike: u32,
    /// The last piece of the other stream, which comes between pieces that are alike: time, length, how many.
    other: Option<(Stamp, usize, u32)>,
}

impl Seam {
    /// After `piece`, which came after `before`.
    pub fn after(before: Option<Self>, piece: Piece<'_>) -> Self {
        let last = before.map(|before| (before.time, before.length, before.alike));
        let (mine, other) = match before {
            Some(before) if before.stderr == piece.stderr => (last, before.other),
            Some(before) => (before.other, last),
            None => (None, None),
        };
        let (time, length) = (piece.time, piece.bytes.len());
        let alike = mine.filter(|mine| (mine.0, mine.1) == (time, length));
        Self {
            time,
            stderr: piece.stderr,
            length,
            alike: alike.map_or(0, |(.., count)| count).saturating_add(1),
            other,
        }
    }

    fn is(&self, piece: Piece<'_>) -> bool {
        (self.time, self.stderr, self.length) == (piece.time, piece.stderr, piece.bytes.len())
    }
}

/// What a piece of a log that was opened again is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeamSide {
    /// It was seen before.
    Seen,
    /// It is later than the seam, which has not come yet: one or the other is out of order.
    Early,
    /// It is new.
    New,
    /// The seam is not in this stream any more: this piece is long after it.
    Lost,
}

/// Skips what was seen.
#[derive(Debug)]
pub struct Skipping {
    seam: Option<Seam>,
    alike: u32,
}

impl Skipping {
    /// Up to `seam`; `None`: nothing was seen.
    pub fn to(seam: Option<Seam>) -> Self {
        Self { seam, alike: 0 }
    }

    /// What the next piece is.
    pub fn look(&mut self, piece: Piece<'_>) -> SeamSide {
        let Some(seam) = &self.seam else {
            return SeamSide::New;
        };
        if seam.is(piece) {
            self.alike += 1;
            if self.alike == seam.alike {
                self.seam = None;
            }
            return SeamSide::Seen;
        }
        match piece.time.0.saturating_sub(seam.time.0) {
            later if later > DISORDER => SeamSide::Lost,
            later if later > 0 => SeamSide::Early,
            _ => SeamSide::Seen,
        }
    }

    /// Whether the seam has not come yet.
    pub fn is_looking(&self) -> bool {
        self.seam.is_some()
    }

    /// From here on everything is new.
    pub fn give_up(&mut self) {
        self.seam = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Wherever a log is left and however often, each piece is new exactly once; some pieces are alike, and times run
        /// backwards a little.
        #[test]
        fn each_piece_is_new_once(
            steps in proptest::collection::vec((-1400..1400i64, any::<bool>(), 0..3usize, 1..3usize), 1..40),
            breaks in proptest::collection::vec(0..60usize, 0..6),
        ) {
            let texts = ["", "a", "bb"];
            let mut log: Vec<Piece> = Vec::new();
            for (number, (jitter, stderr, text, alike)) in (0..).zip(steps) {
                let time = Stamp(number * 1000 + jitter);
                let piece = Piece { time, stderr, bytes: texts[text].as_bytes(), ends: true };
                // The engine's nanoseconds tell pieces apart that are not side by side.
                prop_assume!(log.iter().all(|known| known.time != time));
                log.extend(std::iter::repeat_n(piece, alike));
            }
            let mut seam = None;
            let mut new = Vec::new();
            let mut ends: Vec<usize> = breaks.into_iter().map(|at| at.min(log.len())).collect();
            ends.sort_unstable();
            ends.push(log.len());
            for end in ends {
                let mut skipping = Skipping::to(seam);
                for piece in &log[..end] {
                    match skipping.look(*piece) {
                        SeamSide::New => {
                            new.push(*piece);
                            seam = Some(Seam::after(seam, *piece));
                        }
                        SeamSide::Seen | SeamSide::Early => {}
                        SeamSide::Lost => panic!("lost"),
                    }
                }
            }
            prop_assert_eq!(new, log);
        }
    }

    #[test]
    fn parts_of_a_long_line_are_counted_over_the_other_stream() {
        let piece = |time, stderr| Piece {
            time: Stamp(time),
            stderr,
            bytes: b"x",
            ends: false,
        };
        let log = [
            piece(5, false),
            piece(6, true),
            piece(5, false),
            piece(7, true),
            piece(5, false),
        ];
        for end in 1..log.len() {
            let seam = log[..end]
                .iter()
                .fold(None, |seam, piece| Some(Seam::after(seam, *piece)));
            let mut skipping = Skipping::to(seam);
            let looks = log.map(|piece| skipping.look(piece));
            assert!(
                looks[..end].iter().all(|look| *look != SeamSide::New),
                "{end}: {looks:?}"
            );
            assert!(
                looks[end..].iter().all(|look| *look == SeamSide::New),
                "{end}: {looks:?}"
            );
        }
    }

    #[test]
    fn a_seam_that_is_gone_is_noticed() {
        let piece = |time| Piece {
            time: Stamp(time),
            stderr: false,
            bytes: b"x",
            ends: true,
        };
        let mut skipping = Skipping::to(Some(Seam::after(None, piece(5))));
        assert_eq!(skipping.look(piece(3)), SeamSide::Seen);
        assert_eq!(skipping.look(piece(6)), SeamSide::Early);
        assert_eq!(skipping.look(piece(6 + DISORDER)), SeamSide::Lost);
        assert!(skipping.is_looking());
        skipping.give_up();
        assert_eq!(skipping.look(piece(7)), SeamSide::New);
    }
}
