//! What one thread writes, as the stream of pieces that the engine's client sends.

use std::io::{self, Write};

use bytes::Bytes;
use tokio::sync::mpsc;

/// How many pieces may be ahead of the engine.
pub(super) const AHEAD: usize = 16;
/// Bytes a piece.
const PIECE: usize = 64 * 1024;

/// Hands what is written to the other side in pieces.
pub(super) struct Pipe {
    buffer: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Pipe {
    pub(super) fn new(sender: mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self {
            buffer: Vec::with_capacity(PIECE),
            sender,
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE));
        self.sender
            .blocking_send(Ok(piece.into()))
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the engine stopped listening"))
    }
}
