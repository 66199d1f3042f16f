//! A file by which one process at a time is at work. The lock is the kernel's: it goes with the process, however that ends.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};

use super::{Refused, Root};

/// A longer text in the file is not one of ours.
const LONGEST: u64 = 64;

/// The file, not locked yet. What it says is only for people.
#[derive(Debug)]
pub struct LockFile(File);

/// The file, locked until this is dropped.
#[derive(Debug)]
pub struct Locked(File);

impl Root {
    /// The file called `name` in this folder, which is to be a [private](super::private) one; made when it is missing.
    pub fn lock_file(&self, name: &str) -> Result<LockFile, Refused> {
        self.own_file(name).map(LockFile)
    }
}

impl LockFile {
    /// Locks it, and writes `holder` into it. `Err` with the file itself: another process holds it.
    ///
    /// # Errors
    /// The outer one: the system refused.
    pub fn lock(mut self, holder: &str) -> io::Result<Result<Locked, Self>> {
        match self.0.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => return Ok(Err(self)),
        }
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(holder.as_bytes())?;
        Ok(Ok(Locked(self.0)))
    }

    /// What the one that holds it wrote; empty for a moment after it was locked, or when it is not one of ours.
    pub fn holder(&mut self) -> String {
        let mut text = String::new();
        let read = self
            .0
            .rewind()
            .and_then(|()| (&mut self.0).take(LONGEST).read_to_string(&mut text));
        read.map(|_| text).unwrap_or_default()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Nobody is at work any more. What it says is only for people, so that it failed to be taken back harms nobody.
        let _old = self.0.set_len(0);
    }
}
