//! Reads a log forward from a place in it.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memrchr};

use super::skip::{Do, Skipping};
use super::{Driver, History, json_file, local};
use crate::logs::grep_prefilter::GrepPrefilter;
use crate::logs::{Piece, Stamp};

/// A line of the file longer than this is not an entry of the engine's: it is shown in parts.
const LONGEST_LINE: usize = 16 << 20;

/// A place in a log: a part, and how far into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Start {
    pub(super) part: usize,
    pub(super) offset: u64,
}

impl History {
    /// Gives all pieces from `start` on, reading `chunk` bytes at a time, until `take` says false. With `likely`, records in
    /// which nothing can match may be left out.
    ///
    /// # Errors
    /// A part can't be read; what came before was given, and what comes after a compressed part that was cut.
    pub fn read(
        &self,
        start: Start,
        chunk: usize,
        prefilter: Option<&GrepPrefilter>,
        take: &mut impl FnMut(Piece<'_>) -> bool,
    ) -> io::Result<()> {
        self.read_parts(start, chunk, prefilter, take, &|| false)
    }

    /// The same, and goes on at the end of the newest part for as long as `wait` says true.
    ///
    /// # Errors
    /// A part can't be read; what came before was given.
    pub fn read_on(
        &self,
        start: Start,
        chunk: usize,
        take: &mut impl FnMut(Piece<'_>) -> bool,
        wait: &dyn Fn() -> bool,
    ) -> io::Result<()> {
        self.read_parts(start, chunk, None, take, wait)
    }

    fn read_parts(
        &self,
        start: Start,
        chunk: usize,
        prefilter: Option<&GrepPrefilter>,
        take: &mut impl FnMut(Piece<'_>) -> bool,
        wait: &dyn Fn() -> bool,
    ) -> io::Result<()> {
        let newest = self.parts.len() - 1;
        let mut skipping = prefilter.map(Skipping::new);
        let mut scratch = Vec::new();
        let mut last = Stamp::MIN;
        let mut broken = None;
        for (index, part) in self.parts.iter().enumerate().skip(start.part) {
            let offset = if index == start.part { start.offset } else { 0 };
            let file = part.file.read_from(offset);
            let mut reader: Box<dyn Read> = if part.compressed {
                Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(
                    chunk.min(64 << 10),
                    file,
                )))
            } else {
                Box::new(file)
            };
            let end = End {
                wait: if index == newest { wait } else { &|| false },
                is_newest: index == newest,
            };
            let read = match self.driver {
                Driver::JsonFile => {
                    let mut partial = [false; 2];
                    let mut one = |line: &[u8], partial: &mut [bool; 2]| {
                        let piece = json_file::entry(line, &mut scratch);
                        if let Some(piece) = &piece {
                            partial[usize::from(piece.stderr)] = !piece.ends;
                        }
                        take_or_garbage(piece, line, &mut last, take)
                    };
                    let more = lines(reader.as_mut(), chunk, &end, &mut |line| {
                        let Some(skipping) = &mut skipping else {
                            return one(line, &mut partial);
                        };
                        if skipping.look(line) == Do::Leave {
                            return true;
                        }
                        let mut partial = skipping.partial;
                        let more = skipping.release(&mut |kept| one(kept, &mut partial)) && one(line, &mut partial);
                        skipping.partial = partial;
                        more
                    });
                    match &mut skipping {
                        // A line that nothing goes on may part records of the other stream by its time.
                        Some(skipping) if index == newest => {
                            more.map(|more| more && skipping.release(&mut |kept| one(kept, &mut partial)))
                        }
                        _ => more,
                    }
                }
                Driver::Local => entries(reader.as_mut(), chunk, &end, &mut |found| match found {
                    Ok(piece) => take_or_garbage(Some(piece), &[], &mut last, take),
                    Err(garbage) => take_or_garbage(None, garbage, &mut last, take),
                }),
            };
            match read {
                Ok(true) => {}
                Ok(false) => break,
                // A compressed part that was cut gives what it has, and the newer ones are whole still.
                Err(error) if part.compressed => {
                    broken = broken.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        broken.map_or(Ok(()), Err)
    }
}

/// What is not an entry is shown as it is, at the time of what came before it.
fn take_or_garbage(
    piece: Option<Piece<'_>>,
    raw: &[u8],
    last: &mut Stamp,
    take: &mut impl FnMut(Piece<'_>) -> bool,
) -> bool {
    if let Some(piece) = piece {
        *last = piece.time;
        return take(piece);
    }
    if raw.iter().all(|byte| *byte == 0) {
        // What a power cut leaves says nothing.
        return true;
    }
    let time = if *last == Stamp::MIN { Stamp::default() } else { *last };
    // A line feed inside would make two lines of one.
    let lines = raw.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    for bytes in lines {
        let piece = Piece {
            time,
            stderr: false,
            bytes,
            ends: true,
        };
        if !take(piece) {
            return false;
        }
    }
    true
}

/// What is at the end of a part.
struct End<'w> {
    /// Waits a little; false when nothing more comes.
    wait: &'w dyn Fn() -> bool,
    /// What has no end there may be being written at this moment. In an older part it is what a cut left.
    is_newest: bool,
}

/// What a look after what was read has found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    Bytes,
    /// Nothing yet.
    Pause,
    /// Nothing, for good.
    No,
}

/// Reads after what is `filled`.
fn more(reader: &mut dyn Read, buffer: &mut [u8], filled: &mut usize, end: &End<'_>) -> io::Result<More> {
    loop {
        return match reader.read(&mut buffer[*filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
            Ok(0) if (end.wait)() => Ok(More::Pause),
            Ok(0) => Ok(More::No),
            Ok(read) => {
                *filled += read;
                Ok(More::Bytes)
            }
        };
    }
}

/// Gives each line that has its end.
fn lines(reader: &mut dyn Read, chunk: usize, end: &End<'_>, take: &mut impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
    let mut buffer = vec![0; chunk];
    let mut filled = 0;
    loop {
        let new = filled;
        match more(reader, &mut buffer, &mut filled, end)? {
            More::Bytes => {}
            More::Pause => continue,
            More::No if filled == 0 || end.is_newest => return Ok(true),
            More::No => return Ok(take(&buffer[..filled])),
        }
        let whole = match memrchr(b'\n', &buffer[new..filled]) {
            Some(at) => new + at + 1,
            None if filled >= LONGEST_LINE => filled,
            None => {
                if filled == buffer.len() {
                    buffer.resize(2 * filled, 0);
                }
                continue;
            }
        };
        let mut rest = &buffer[..whole];
        while !rest.is_empty() {
            let (line, after) = match memchr(b'\n', rest) {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            if !take(line) {
                return Ok(false);
            }
            rest = after;
        }
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

/// Gives each entry of the `local` driver, and what lies between entries.
fn entries(
    reader: &mut dyn Read,
    chunk: usize,
    end: &End<'_>,
    take: &mut impl FnMut(Result<Piece<'_>, &[u8]>) -> bool,
) -> io::Result<bool> {
    let mut buffer = vec![0; chunk];
    let mut filled = 0;
    let mut before = More::Bytes;
    loop {
        let more = more(reader, &mut buffer, &mut filled, end)?;
        // The engine writes an entry at once: half of one, with nothing following after a pause, was cut.
        let is_still = more == More::No || (more, before) == (More::Pause, More::Pause);
        before = more;
        let mut at = 0;
        while at < filled {
            let next = match local::next(&buffer[at..filled]) {
                local::Next::Entry(piece, length) => {
                    if !take(Ok(piece)) {
                        return Ok(false);
                    }
                    at += length;
                    continue;
                }
                local::Next::More if !is_still => break,
                // Its length is wrong, or its end was cut, if there is another after its beginning.
                local::Next::More => match local::first_whole(&buffer[..filled], at + 1) {
                    Some(next) => next,
                    None if more == More::No && !end.is_newest => filled,
                    None => break,
                },
                local::Next::Garbage => match local::first(&buffer[..filled], at + 1) {
                    Some(next) => next,
                    None if more == More::No => filled,
                    // The last few bytes may begin one.
                    None => match filled.saturating_sub(local::HEAD - 1) {
                        next if next > at => next,
                        _ => break,
                    },
                },
            };
            if !take(Err(&buffer[at..next])) {
                return Ok(false);
            }
            at = next;
        }
        if more == More::No {
            return Ok(true);
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
    }
}
