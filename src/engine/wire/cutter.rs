//! Cuts what comes into pieces that are whole, and lets nothing else through: lines of JSON, frames of a log. What bollard's own readers
//! keep is then never more than one piece, and they look at each but once, in whatever small parts it came.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::terms::Form;
use super::{Wrong, limits, weight};

/// `STREAM 0 0 0 LENGTH`.
const HEADER: usize = 8;
/// The streams of a log have these numbers: input, output, errors. What begins with another is not framed.
const LAST_STREAM: u8 = 2;
/// What is not framed is put into frames of that stream.
const OUTPUT: u8 = 1;

/// What comes, until it is a whole piece.
pub(super) enum Cutter {
    Lines(BytesMut),
    Log(Frames),
    Output(Frames),
    Bytes,
}

/// Pieces of a log that are not whole yet.
#[derive(Default)]
pub(super) struct Frames {
    rest: BytesMut,
    /// What comes from here on is not framed.
    raw: bool,
}

impl Cutter {
    pub(super) fn of(form: Form) -> Self {
        match form {
            Form::Lines => Self::Lines(BytesMut::new()),
            Form::Log => Self::Log(Frames::default()),
            Form::Output => Self::Output(Frames::default()),
            Form::Bytes | Form::Whole => Self::Bytes,
        }
    }

    /// Takes what has come, and gives what is whole.
    pub(super) fn push(&mut self, bytes: Bytes) -> Result<Bytes, Wrong> {
        match self {
            Self::Bytes => Ok(bytes),
            Self::Lines(rest) => {
                let Some(end) = memchr::memrchr(b'\n', &bytes) else {
                    rest.extend_from_slice(&bytes);
                    at_most(rest.len(), limits::LINE, A_LINE)?;
                    return Ok(Bytes::new());
                };
                rest.extend_from_slice(&bytes[..=end]);
                let whole = std::mem::replace(rest, BytesMut::from(&bytes[end + 1..]));
                lines(whole.freeze())
            }
            Self::Log(frames) => frames.push(bytes, next_of_log),
            Self::Output(frames) if frames.raw => Ok(framed(&bytes)),
            Self::Output(frames) => {
                let whole = frames.push(bytes, next_of_frames)?;
                if frames.rest.first().is_none_or(|first| *first <= LAST_STREAM) {
                    return Ok(whole);
                }
                frames.raw = true;
                let raw = framed(&frames.rest.split());
                Ok([whole, raw].concat().into())
            }
        }
    }

    /// What is left at the end.
    pub(super) fn finish(self) -> Result<Bytes, Wrong> {
        match self {
            Self::Lines(rest) => lines(rest.freeze()),
            Self::Log(frames) => Ok(frames.rest.freeze()),
            // Of a frame that was broken off nothing is shown.
            Self::Output(_) | Self::Bytes => Ok(Bytes::new()),
        }
    }
}

const A_LINE: &str = "a line of its answer";
const A_PIECE: &str = "a line or frame of a log";

fn at_most(length: usize, most: usize, what: &'static str) -> Result<(), Wrong> {
    if length > most {
        return Err(Wrong::Long { what, most });
    }
    Ok(())
}

/// Whole lines, each a JSON value. Blank ones are left out: bollard keeps them until something comes.
fn lines(whole: Bytes) -> Result<Bytes, Wrong> {
    let mut blank = false;
    for line in whole.split(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            blank = true;
            continue;
        }
        at_most(line.len(), limits::LINE, A_LINE)?;
        if weight::of(line) > limits::WEIGHT_OF_LINE {
            return Err(Wrong::Heavy {
                what: A_LINE,
                most: limits::WEIGHT_OF_LINE,
            });
        }
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(line) {
            return Err(Wrong::Strange(format!("a line of its answer is not JSON: {error}")));
        }
    }
    if !blank {
        return Ok(whole);
    }
    let mut kept = BytesMut::with_capacity(whole.len());
    for line in whole.split(|byte| *byte == b'\n') {
        if !line.trim_ascii().is_empty() {
            kept.extend_from_slice(line);
            kept.put_u8(b'\n');
        }
    }
    Ok(kept.freeze())
}

/// How long the piece is that `bytes` begins with, if that can be said.
type Next = fn(&[u8]) -> Option<usize>;

/// The frame.
fn next_of_frames(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [stream, _, _, _, a, b, c, d, ..] if *stream <= LAST_STREAM => {
            let length = u32::from_be_bytes([*a, *b, *c, *d]);
            Some(HEADER.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)))
        }
        _ => None,
    }
}

/// The frame, or the line of a terminal.
fn next_of_log(bytes: &[u8]) -> Option<usize> {
    match bytes.first() {
        Some(first) if *first > LAST_STREAM => memchr::memchr(b'\n', bytes).map(|end| end + 1),
        _ => next_of_frames(bytes),
    }
}

impl Frames {
    fn push(&mut self, bytes: Bytes, next: Next) -> Result<Bytes, Wrong> {
        // What was looked through for the end of a line is not looked through again.
        let is_line = self.rest.first().is_some_and(|first| *first > LAST_STREAM);
        if is_line && memchr::memchr(b'\n', &bytes).is_none() {
            self.rest.extend_from_slice(&bytes);
            at_most(self.rest.len(), limits::PIECE, A_PIECE)?;
            return Ok(Bytes::new());
        }
        let bytes = if self.rest.is_empty() {
            bytes
        } else {
            self.rest.extend_from_slice(&bytes);
            self.rest.split().freeze()
        };
        let mut end = 0;
        while let Some(length) = next(&bytes[end..]) {
            at_most(length, limits::PIECE + HEADER, A_PIECE)?;
            if bytes.len() - end < length {
                break;
            }
            end += length;
        }
        let rest = &bytes[end..];
        at_most(rest.len(), limits::PIECE + HEADER, A_PIECE)?;
        self.rest = BytesMut::from(rest);
        Ok(bytes.slice(..end))
    }
}

/// In frames: what bollard takes for a header or not depends else on where a piece happens to begin.
fn framed(raw: &[u8]) -> Bytes {
    let mut all = BytesMut::with_capacity(raw.len() + HEADER);
    for part in raw.chunks(limits::PIECE) {
        all.put_slice(&[OUTPUT, 0, 0, 0]);
        // A part is far shorter than what fits.
        all.put_u32(u32::try_from(part.len()).unwrap_or(u32::MAX));
        all.put_slice(part);
    }
    all.freeze()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(stream: u8, text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&[stream, 0, 0, 0][..], &length, text].concat()
    }

    /// What is let through of `bytes`, come in pieces of that many.
    fn through(form: Form, bytes: &[u8], piece: usize) -> Result<Vec<Bytes>, Wrong> {
        let mut cutter = Cutter::of(form);
        let mut all = Vec::new();
        for piece in bytes.chunks(piece) {
            all.push(cutter.push(Bytes::copy_from_slice(piece))?);
        }
        all.push(cutter.finish()?);
        all.retain(|piece| !piece.is_empty());
        Ok(all)
    }

    #[test]
    fn lines_come_whole_and_blank_ones_not_at_all() {
        let text = b"{\"a\":1}\r\n\n\r\n{\"b\":\"\\n\"}\n  \n{\"c\":3}";
        for piece in [1, 2, 3, 7, 100] {
            let all = through(Form::Lines, text, piece).unwrap();
            assert_eq!(
                all.concat(),
                b"{\"a\":1}\r\n{\"b\":\"\\n\"}\n{\"c\":3}\n"[..all.concat().len()]
            );
            for lines in &all[..all.len() - 1] {
                assert!(lines.ends_with(b"\n"), "{lines:?}");
            }
        }
    }

    #[test]
    fn what_is_not_json_is_not_let_through() {
        for line in [
            "{\n\"a\":1}\n",
            "[1,\n",
            "<html>\n",
            "{\"a\":1}{\"b\":2}\n",
            "{\"a\":\n\n\n\n1}\n",
        ] {
            let wrong = through(Form::Lines, line.as_bytes(), 3).unwrap_err();
            assert!(matches!(wrong, Wrong::Strange(_)), "{wrong:?}");
        }
    }

    #[test]
    fn what_never_ends_is_given_up() {
        for (form, first, again) in [
            (Form::Lines, &b"{\"a\":\""[..], &b"a"[..]),
            (Form::Lines, b"{\"a\":\"", &[b'a'; 1000]),
            (Form::Log, b"", &[b'a'; 1000]),
            (Form::Log, &[1, 0, 0, 0, 255, 255, 255, 255], &[b'a'; 1000]),
            (Form::Log, &[1, 0, 0, 0, 0, 64, 0, 1], b"a"),
            (Form::Output, &[2, 0, 0, 0, 255, 255, 255, 255], b"a"),
        ] {
            let mut cutter = Cutter::of(form);
            let mut given = cutter.push(Bytes::copy_from_slice(first));
            for _ in 0..=limits::PIECE / again.len() + 1 {
                if given.is_err() {
                    break;
                }
                given = cutter.push(Bytes::from_static(again));
            }
            assert!(matches!(given, Err(Wrong::Long { .. })), "{form:?} {first:?}");
        }
    }

    #[test]
    fn a_line_of_nothing_but_objects_is_too_heavy() {
        let line = format!("[{}{{}}]\n", "{},".repeat(limits::WEIGHT_OF_LINE / weight::OBJECT));
        assert!(line.len() < limits::LINE);
        let wrong = through(Form::Lines, line.as_bytes(), 1 << 16).unwrap_err();
        assert!(matches!(wrong, Wrong::Heavy { .. }), "{wrong:?}");
    }

    #[test]
    fn what_is_not_framed_becomes_so() {
        let text = [frame(1, b"hello\n"), b"OCI runtime exec failed\x01\x00".to_vec()].concat();
        for piece in [1, 2, 9, 15, 100] {
            let all = through(Form::Output, &text, piece).unwrap().concat();
            let mut rest = &all[..];
            let mut said = Vec::new();
            while let Some(length) = next_of_frames(rest) {
                said.extend_from_slice(&rest[HEADER..length]);
                rest = &rest[length..];
            }
            assert!(rest.is_empty());
            assert_eq!(said, b"hello\nOCI runtime exec failed\x01\x00");
        }
    }

    proptest! {
        /// Nothing of a log is lost, doubled or changed, and each piece is whole.
        #[test]
        fn a_log_comes_as_it_is(
            pieces in proptest::collection::vec((0..4u8, proptest::collection::vec(any::<u8>(), 0..30)), 0..20),
            piece in 1..40usize,
        ) {
            let mut bytes = Vec::new();
            for (stream, text) in &pieces {
                if *stream <= LAST_STREAM {
                    bytes.extend(frame(*stream, text));
                } else {
                    let line = text.iter().filter(|byte| **byte != b'\n');
                    bytes.push(b'x');
                    bytes.extend(line);
                    bytes.push(b'\n');
                }
            }
            let all = through(Form::Log, &bytes, piece).unwrap();
            prop_assert_eq!(all.concat(), bytes);
            for piece in &all {
                let mut rest = &piece[..];
                while let Some(length) = next_of_log(rest) {
                    prop_assert!(length <= rest.len());
                    rest = &rest[length..];
                }
                prop_assert!(rest.is_empty());
            }
        }
    }
}
