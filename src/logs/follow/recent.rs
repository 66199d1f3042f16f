//! Engines give some lines twice when they rotate a log file that is followed: those are known again.

use std::collections::{HashSet, VecDeque};

use crate::logs::{Piece, Stamp};

/// How many pieces are remembered: what is given twice was given just before.
const REMEMBERED: usize = 20_000;

/// Time, stream and length of a piece.
type Key = (Stamp, bool, usize);

/// The latest pieces of one stream.
#[derive(Debug, Default)]
pub(super) struct Recent {
    known: HashSet<Key>,
    order: VecDeque<Key>,
    /// Of each of the two streams, which say something at the same time: the last one, and whether it was known.
    last: [Option<(Key, bool)>; 2],
}

impl Recent {
    /// Whether `piece` was given before; else it is remembered. Two that are alike side by side in their stream are two: the
    /// parts of a long line have one time.
    pub(super) fn has(&mut self, piece: Piece<'_>) -> bool {
        let key = (piece.time, piece.stderr, piece.bytes.len());
        let last = &mut self.last[usize::from(piece.stderr)];
        if let Some((last, known)) = *last
            && last == key
        {
            return known;
        }
        let known = !self.known.insert(key);
        *last = Some((key, known));
        if !known {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_known_but_two_alike_are_two() {
        let mut recent = Recent::default();
        let mut given = |times: &[i64]| -> Vec<i64> {
            let piece = |time| Piece {
                time: Stamp(time),
                stderr: false,
                bytes: b"x",
                ends: true,
            };
            times.iter().copied().filter(|time| !recent.has(piece(*time))).collect()
        };
        assert_eq!(given(&[1, 2, 3, 3, 2, 3, 3, 4]), [1, 2, 3, 3, 4]);
        let many: Vec<i64> = (10..10 + 2 * 20_000).collect();
        assert_eq!(given(&many), many);
        assert_eq!(given(&[many[0]]), [many[0]], "it was forgotten");
    }

    #[test]
    fn the_other_stream_between_two_alike_makes_no_difference() {
        let mut recent = Recent::default();
        for stderr in [false, true, false, true, false] {
            let piece = Piece {
                time: Stamp(if stderr { 2 } else { 1 }),
                stderr,
                bytes: b"x",
                ends: false,
            };
            assert!(!recent.has(piece));
        }
    }
}
