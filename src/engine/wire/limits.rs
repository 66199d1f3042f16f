//! How long, how much and how many: every limit on what an engine answers. `docs/engine-limits.md` lists them for users.

use std::time::Duration;

/// Bytes of an answer that is read whole: the list of a few thousand containers has some ten million.
pub(super) const WHOLE: usize = 32 << 20;
/// Bytes of an answer that says what went wrong.
pub(super) const ERROR: usize = 256 << 10;
/// Bytes of a line of a stream of JSON. BuildKit puts little more than a mebibyte of output into one, in base64, in which its smallest
/// step takes three bytes, and two hundred of memory.
pub(super) const LINE: usize = 3 << 19;
/// Bytes of a piece of a log: the engine cuts lines at 16 KiB, other log drivers at a million bytes at most; only what a terminal shows
/// comes in lines of any length.
pub(super) const PIECE: usize = 4 << 20;
/// Bytes of memory that an answer may take once it is read, by [`super::weight::of`].
pub(super) const WEIGHT: usize = 128 << 20;
/// The same of one line of a stream.
pub(super) const WEIGHT_OF_LINE: usize = 32 << 20;
/// Bytes of the headers of an answer.
pub(super) const HEAD: usize = 64 << 10;
/// Bytes that may come before an answer is there, with what is read ahead of its body: an engine may say `100 Continue` any number of times.
pub(super) const BEFORE_ANSWER: usize = 1 << 20;
/// How many headers.
pub(super) const HEADERS: usize = 100;
/// Calls at once whose answers are read whole; more wait their turn. Each takes a file descriptor, of which a process has 1024.
pub(super) const AT_ONCE: usize = 256;

/// How many times longer a change may take than a look.
const CHANGES_TAKE: u32 = 8;

/// How long an engine may take to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Patience(pub Duration);

impl Patience {
    /// With what the engine only has to look up.
    pub fn look(self) -> Duration {
        self.0
    }

    /// How long what failed and may pass is asked again, from the first failure on.
    pub fn again(self) -> Duration {
        self.0
    }

    /// With what it has to do.
    pub fn change(self) -> Duration {
        self.0.saturating_mul(CHANGES_TAKE)
    }
}
