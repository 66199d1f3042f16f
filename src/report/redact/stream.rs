//! Masking what comes in chunks: a key may lie across the border of two.

use std::io::{self, Write};
use std::sync::Arc;

use super::Redactor;
use super::lookalike::{Lookalikes, is_of_a_key};

/// A word longer than this is no key; without a bound a stream without spaces would be held back for ever.
const LONGEST_HELD: usize = 64 << 10;

/// A writer that masks keys on their way to another.
///
/// What could still become a key is held back until more comes, `flush_held` or `finish`.
#[derive(Debug)]
pub struct RedactedStream<W> {
    redactor: Arc<Redactor>,
    to: W,
    held: Vec<u8>,
}

impl<W: Write> RedactedStream<W> {
    /// Masks on the way to `to`.
    pub fn new(redactor: Arc<Redactor>, to: W) -> Self {
        Self {
            redactor,
            to,
            held: Vec::new(),
        }
    }

    /// Writes what is held back too: nothing more comes, or somebody waits to see it.
    pub fn flush_held(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        self.to.write_all(&self.redactor.mask_bytes(&held))?;
        self.to.flush()
    }

    /// Writes everything and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush_held()?;
        Ok(self.to)
    }
}

impl<W: Write> Write for RedactedStream<W> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(chunk);
        let cut = cut(&self.held);
        if cut > 0 {
            self.to.write_all(&self.redactor.mask_bytes(&self.held[..cut]))?;
            self.held.drain(..cut);
        }
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// How much of `held` can't be part of a key that goes on: keys hold no line end.
fn cut(held: &[u8]) -> usize {
    if let Some(end) = memchr::memrchr2(b'\n', b'\r', held) {
        return end + 1;
    }
    if held.len() <= LONGEST_HELD {
        return 0;
    }
    // A line without end: all but its last two words, of which the first may announce the second (`Bearer …`).
    let end = held.len() - Lookalikes::longest_begin();
    let between = |end: usize| held[..end].iter().rposition(|byte| !is_of_a_key(*byte));
    between(end).and_then(between).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However a text is cut into chunks, what comes out is the text masked as a whole.
        #[test]
        fn no_canary_survives_any_chunking(
            words in proptest::collection::vec("[a-z]{0,6}|canary-0123456789|sk-abcdefghijklmnop0123|Bearer 0123456789abcdef|\n", 1..40),
            cuts in proptest::collection::vec(1..12usize, 1..200),
        ) {
            let redactor = Arc::new(Redactor::of(vec!["canary-0123456789".to_owned()]));
            let text = words.join(" ");
            let mut stream = RedactedStream::new(redactor.clone(), Vec::new());
            let mut rest = text.as_bytes();
            let mut cuts = cuts.into_iter().cycle();
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                stream.write_all(chunk).unwrap();
                rest = after;
            }
            let out = String::from_utf8(stream.finish().unwrap()).unwrap();
            prop_assert!(!out.contains("canary-") && !out.contains("ghijklmnop0123") && !out.contains("9abcdef"), "{}", out);
            prop_assert_eq!(out, redactor.mask(&text));
        }
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let redactor = Arc::new(Redactor::of(vec!["canary-0123456789".to_owned()]));
        let mut stream = RedactedStream::new(redactor, Vec::new());
        for _ in 0..40 {
            stream.write_all(&b"words and canary-0123456789 ".repeat(100)).unwrap();
            assert!(stream.held.len() <= LONGEST_HELD + 3000);
        }
        let out = String::from_utf8(stream.finish().unwrap()).unwrap();
        assert_eq!(out.matches("********").count(), 4000);
        assert!(!out.contains("canary"));
    }
}
