//! `local`: each entry is a length, a protocol buffer (`LogEntry` of the engine's `entry.proto`), and the length again, both
//! big-endian in four bytes.

use crate::logs::{Piece, Stamp};

/// What is longer is not an entry: the engine splits lines at 16 KiB.
const LONGEST: usize = 1 << 20;
const LENGTH: usize = 4;
/// An entry begins with its source, field 1: "stdout" or "stderr".
const SOURCE: &[u8] = b"\x0a\x06std";
/// This many bytes tell that an entry may begin with them.
pub(super) const HEAD: usize = LENGTH + SOURCE.len();

/// The next entry of `bytes`.
pub(super) enum Next<'b> {
    /// An entry, and how long it is with its lengths.
    Entry(Piece<'b>, usize),
    /// It may go on after what was read.
    More,
    /// There is none here.
    Garbage,
}

pub(super) fn next(bytes: &[u8]) -> Next<'_> {
    let Some(length) = length(bytes) else {
        return Next::More;
    };
    if length > LONGEST {
        return Next::Garbage;
    }
    let body = &bytes[LENGTH..];
    if !body.starts_with(&SOURCE[..SOURCE.len().min(body.len())]) {
        return Next::Garbage;
    }
    let whole = length + 2 * LENGTH;
    if bytes.len() < whole {
        return Next::More;
    }
    if self::length(&body[length..]) != Some(length) {
        return Next::Garbage;
    }
    match piece(&body[..length]) {
        Some(piece) => Next::Entry(piece, whole),
        None => Next::Garbage,
    }
}

/// Where the first entry at or after `from` begins, which may go on after `bytes`.
pub(super) fn first(bytes: &[u8], from: usize) -> Option<usize> {
    candidates(bytes, from).find(|at| !matches!(next(&bytes[*at..]), Next::Garbage))
}

/// Where the first entry at or after `from` begins that ends within `bytes`.
pub(super) fn first_whole(bytes: &[u8], from: usize) -> Option<usize> {
    candidates(bytes, from).find(|at| matches!(next(&bytes[*at..]), Next::Entry(..)))
}

/// Where entries at or after `from` may begin.
fn candidates(bytes: &[u8], from: usize) -> impl Iterator<Item = usize> {
    let behind = bytes.get(from + LENGTH..).unwrap_or_default();
    memchr::memmem::find_iter(behind, SOURCE).map(move |at| from + at)
}

fn length(bytes: &[u8]) -> Option<usize> {
    let bytes: [u8; LENGTH] = bytes.get(..LENGTH)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

fn piece(mut bytes: &[u8]) -> Option<Piece<'_>> {
    let mut time = None;
    let mut source: &[u8] = b"";
    let mut line: &[u8] = b"";
    let mut partial = false;
    let mut last = false;
    while !bytes.is_empty() {
        match field(&mut bytes)? {
            (1, Field::Bytes(name)) => source = name,
            (2, Field::Number(nanos)) => time = Some(Stamp(nanos.cast_signed())),
            (3, Field::Bytes(text)) => line = text,
            (4, Field::Number(flag)) => partial = flag != 0,
            (5, Field::Bytes(mut metadata)) => {
                while !metadata.is_empty() {
                    if let (1, Field::Number(flag)) = field(&mut metadata)? {
                        last = flag != 0;
                    }
                }
            }
            _ => {}
        }
    }
    Some(Piece {
        time: time?,
        stderr: source == b"stderr",
        bytes: line,
        ends: !partial || last,
    })
}

fn field<'b>(bytes: &mut &'b [u8]) -> Option<(u64, Field<'b>)> {
    let key = varint(bytes)?;
    let field = match key & 7 {
        0 => Field::Number(varint(bytes)?),
        1 => Field::Bytes(take(bytes, 8)?),
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            Field::Bytes(take(bytes, length)?)
        }
        5 => Field::Bytes(take(bytes, 4)?),
        _ => return None,
    };
    Some((key >> 3, field))
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(to: &mut Vec<u8>, mut value: u64) {
        while value >= 0x80 {
            to.push(u8::try_from(value & 0x7F).unwrap() | 0x80);
            value >>= 7;
        }
        to.push(u8::try_from(value).unwrap());
    }

    /// An entry as the engine writes it.
    pub(in super::super) fn written(time: i64, stderr: bool, text: &[u8], partial: Option<bool>) -> Vec<u8> {
        let mut body = vec![0x0A, 6];
        body.extend(if stderr { b"stderr" } else { b"stdout" });
        body.push(0x10);
        put(&mut body, time.cast_unsigned());
        body.push(0x1A);
        put(&mut body, text.len() as u64);
        body.extend(text);
        if let Some(last) = partial {
            body.extend([0x20, 1, 0x2A, 6, 8, u8::from(last), 0x12, 0, 0x18, 3]);
        }
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length[..], &body, &length].concat()
    }

    proptest! {
        #[test]
        fn reads_what_was_written(time in 0..i64::MAX, stderr in any::<bool>(), text in proptest::collection::vec(any::<u8>(), 0..300), partial in proptest::option::of(any::<bool>())) {
            let bytes = written(time, stderr, &text, partial);
            let Next::Entry(piece, length) = next(&bytes) else { panic!("no entry") };
            prop_assert_eq!(length, bytes.len());
            prop_assert_eq!(piece, Piece { time: Stamp(time), stderr, bytes: &text, ends: partial != Some(false) });
        }

        /// From any place the next entry is found.
        #[test]
        fn finds_the_next_entry(lengths in proptest::collection::vec(0..200usize, 2..10), from in 0..1000usize) {
            let mut bytes = Vec::new();
            let mut begins = Vec::new();
            for (time, length) in (0..).zip(lengths) {
                begins.push(bytes.len());
                bytes.extend(written(time, false, &vec![b'\n'; length], None));
            }
            let wanted = begins.into_iter().find(|begin| *begin >= from);
            prop_assert_eq!(first(&bytes, from), wanted);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _any = next(&bytes);
            let _any = piece(&bytes);
            let _any = first(&bytes, 0);
        }
    }
}
