//! What a log holds: lines, or pieces of those that the engine keeps in parts (it splits at 16 KiB).

use super::Stamp;

/// A line, or a piece of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The engine's time.
    pub time: Stamp,
    /// Written to stderr.
    pub stderr: bool,
    /// As written, without the line feed.
    pub bytes: &'a [u8],
    /// Whether the line ends here.
    pub ends: bool,
}

/// A line longer than this is shown in parts, so that memory stays bounded whatever a container writes.
const LONGEST_LINE: usize = 4 << 20;

/// Joins the pieces of each stream into lines. The time of a line is that of its first piece.
#[derive(Debug, Default)]
pub struct Joining {
    open: [Option<(Stamp, Vec<u8>)>; 2],
}

impl Joining {
    /// Takes a piece and gives the line that it ends, if it ends one.
    pub fn push<'a>(&'a mut self, piece: Piece<'a>, line: &mut impl FnMut(Piece<'_>)) {
        let slot = &mut self.open[usize::from(piece.stderr)];
        if piece.ends && slot.is_none() {
            line(piece);
            return;
        }
        let (time, mut bytes) = slot.take().unwrap_or_else(|| (piece.time, Vec::new()));
        bytes.extend_from_slice(piece.bytes);
        if piece.ends || bytes.len() > LONGEST_LINE {
            let bytes = &bytes;
            line(Piece { time, bytes, ..piece });
        } else {
            *slot = Some((time, bytes));
        }
    }

    /// Whether a line was begun and has no end yet.
    pub fn is_open(&self) -> bool {
        self.open.iter().any(Option::is_some)
    }

    /// What was begun and has no end yet, as lines.
    pub fn finish(&mut self, line: &mut impl FnMut(Piece<'_>)) {
        let mut rest: Vec<(Stamp, bool, Vec<u8>)> = [false, true]
            .into_iter()
            .filter_map(|stderr| {
                let (time, bytes) = self.open[usize::from(stderr)].take()?;
                Some((time, stderr, bytes))
            })
            .collect();
        rest.sort_by_key(|(time, ..)| *time);
        for (time, stderr, bytes) in rest {
            line(Piece {
                time,
                stderr,
                bytes: &bytes,
                ends: false,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_two_streams_are_joined_each_by_itself() {
        let mut joining = Joining::default();
        let seen = |line: Piece<'_>| (line.time.0, String::from_utf8_lossy(line.bytes).into_owned(), line.ends);
        let mut lines = Vec::new();
        for (time, stderr, bytes, ends) in [
            (1, false, "a", false),
            (2, true, "x", false),
            (3, false, "b", true),
            (4, true, "y", true),
            (5, false, "whole", true),
            (6, false, "open", false),
        ] {
            let piece = Piece {
                time: Stamp(time),
                stderr,
                bytes: bytes.as_bytes(),
                ends,
            };
            joining.push(piece, &mut |line| lines.push(seen(line)));
        }
        joining.finish(&mut |line| lines.push(seen(line)));
        let wanted = [(1, "ab", true), (2, "xy", true), (5, "whole", true), (6, "open", false)];
        assert_eq!(lines, wanted.map(|(time, text, ends)| (time, text.to_owned(), ends)));
    }
}
