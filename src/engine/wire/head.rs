//! What may come before an answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::address::Connection;
use super::{Wrong, limits};

/// A connection over which not any amount comes before the answer is there.
pub(super) struct Head {
    inner: Box<dyn Connection>,
    read: usize,
    answered: Arc<AtomicBool>,
}

impl Head {
    /// `answered` is set when the answer is there.
    pub(super) fn new(inner: Box<dyn Connection>, answered: Arc<AtomicBool>) -> Self {
        Self {
            inner,
            read: 0,
            answered,
        }
    }
}

impl AsyncRead for Head {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if !self.answered.load(Ordering::Relaxed) {
            self.read += buffer.filled().len() - before;
            if self.read > limits::BEFORE_ANSWER {
                let wrong = Wrong::Long {
                    what: "the header of its answer",
                    most: limits::BEFORE_ANSWER,
                };
                return Poll::Ready(Err(wrong.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Head {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
