//! Reads a file from a position on, without moving anybody's.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;

pub(super) struct At<'f> {
    pub file: &'f File,
    pub offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
