//! Engines give some lines twice when they rotate a log file that is followed: those are known again.

use std::collections::{HashSet, VecDeque};

use crate::logs::{Piece, Stamp};

/// How many pieces are remembered: what is given twice was given just before.
const REMEMBERED: usize = 20_000;

/// The latest pieces of one stream.
#[derive(Debug, Default)]
pub(super) struct Recent {
    known: HashSet<(Stamp, bool, usize)>,
    order: VecDeque<(Stamp, bool, usize)>,
    last: Option<((Stamp, bool, usize), bool)>,
}

impl Recent {
    /// Whether `piece` was given before; else it is remembered. Two that are alike side by side are two.
    pub(super) fn has(&mut self, piece: Piece<'_>) -> bool {
        let key = (piece.time, piece.stderr, piece.bytes.len());
        if let Some((last, known)) = self.last
            && last == key
        {
            return known;
        }
        let known = !self.known.insert(key);
        self.last = Some((key, known));
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
}
