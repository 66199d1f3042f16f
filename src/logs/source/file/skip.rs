//! Leaves out lines in which `--grep` can't match and that belong to no record in which it may: those between two lines that
//! surely begin records.

use super::json_file;
use crate::logs::grep_prefilter::GrepPrefilter;

/// What to do with a line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Do {
    /// Read it, after those kept back.
    Read,
    /// It is kept back, or nothing is to be known of it.
    Leave,
}

/// Keeps back the last line of each stream that began a record, in case the next one continues it.
#[derive(Debug)]
pub(super) struct Skipping<'l> {
    prefilter: &'l GrepPrefilter,
    kept: [Kept; 2],
    next: u64,
    /// Of these streams a line was begun and has no end yet.
    pub partial: [bool; 2],
}

#[derive(Debug, Default)]
struct Kept {
    line: Vec<u8>,
    number: Option<u64>,
}

impl<'l> Skipping<'l> {
    pub(super) fn new(prefilter: &'l GrepPrefilter) -> Self {
        Self {
            prefilter,
            kept: Default::default(),
            next: 0,
            partial: [false; 2],
        }
    }

    pub(super) fn look(&mut self, line: &[u8]) -> Do {
        let Some((log, _, stderr)) = json_file::quick(line) else {
            return Do::Read;
        };
        let stream = usize::from(stderr);
        if self.partial[stream] || !surely_begins_a_record(log) || self.prefilter.may_be_in(log) {
            return Do::Read;
        }
        let kept = &mut self.kept[stream];
        kept.line.clear();
        kept.line.extend_from_slice(line);
        kept.number = Some(self.next);
        self.next += 1;
        Do::Leave
    }

    /// The lines kept back, in their order, which come before one that is read.
    pub(super) fn release(&mut self, take: &mut impl FnMut(&[u8]) -> bool) -> bool {
        self.kept.sort_by_key(|kept| kept.number);
        for kept in &mut self.kept {
            if kept.number.take().is_some() && !take(&kept.line) {
                return false;
            }
        }
        true
    }
}

/// Whole lines that begin with a brace or with `[` and a digit continue nothing, whatever was before.
fn surely_begins_a_record(log: &[u8]) -> bool {
    let whole = log.ends_with(br"\n") && !log.ends_with(br"\\n");
    whole && matches!(log, [b'{', ..] | [b'[', b'0'..=b'9', ..])
}
