//! Decisions and texts, taken from the bytes of an input one after the other.

pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Zero where there are no more.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// Less than `bound`, which is at most 256.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    /// So many, or what is left.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The bytes up to a line feed, without it.
    pub fn line(&mut self) -> &'a [u8] {
        let line = self.0.split(|byte| *byte == b'\n').next().unwrap_or_default();
        self.0 = self.0.get(line.len() + 1..).unwrap_or_default();
        line
    }
}
