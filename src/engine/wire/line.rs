//! What comes over one connection. It is driven by who waits for what comes, so that what an engine sends in small parts, a line of a log
//! each, comes in large ones.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use hyper::body::{Body as _, Frame, Incoming};

use super::cutter::Cutter;
use super::{Complaints, Wrong};

/// Bytes that are handed on at a time, if there are this many.
const AT_A_TIME: usize = 64 << 10;

/// A connection that has to be driven.
pub(super) struct Line(Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>);

impl Line {
    pub(super) fn of(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        Self(Some(Box::pin(connection)))
    }

    fn drive(&mut self, context: &mut Context<'_>) {
        // What is wrong with it is known to who waits for what comes.
        if let Some(connection) = &mut self.0
            && connection.as_mut().poll(context).is_ready()
        {
            self.0 = None;
        }
    }

    /// Does `work`, which waits for what comes.
    pub(super) async fn driven<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            self.drive(context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Goes on by itself from now on.
    pub(super) fn by_itself(self) {
        if let Some(connection) = self.0 {
            tokio::spawn(connection);
        }
    }
}

/// What is whole of a body, as it comes.
pub(super) struct Pieces {
    body: Incoming,
    line: Line,
    /// `None`: it is over.
    cutter: Option<Cutter>,
    complaints: Complaints,
    wrong: Option<Wrong>,
}

impl Pieces {
    pub(super) fn of(body: Incoming, line: Line, cutter: Cutter, complaints: Complaints) -> Self {
        Self {
            body,
            line,
            cutter: Some(cutter),
            complaints,
            wrong: None,
        }
    }

    /// Takes the next part of the body into `all`. False when there is none yet.
    fn take(&mut self, context: &mut Context<'_>, all: &mut BytesMut) -> bool {
        let mut next = Pin::new(&mut self.body).poll_frame(context);
        if next.is_pending() {
            self.line.drive(context);
            next = Pin::new(&mut self.body).poll_frame(context);
        }
        let Poll::Ready(next) = next else {
            return false;
        };
        let whole = match (next, &mut self.cutter) {
            (Some(Ok(frame)), Some(cutter)) => match frame.into_data() {
                Ok(data) => cutter.push(data),
                Err(_trailers) => Ok(Bytes::new()),
            },
            (Some(Err(error)), _) => Err(Wrong::Broken(error.to_string())),
            _ => self.cutter.take().map_or(Ok(Bytes::new()), Cutter::finish),
        };
        match whole {
            Ok(whole) => all.extend_from_slice(&whole),
            Err(wrong) => {
                self.cutter = None;
                self.wrong = Some(wrong);
            }
        }
        true
    }
}

impl Stream for Pieces {
    type Item = Result<Frame<Bytes>, Wrong>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let mut all = BytesMut::new();
        while this.cutter.is_some() && all.len() < AT_A_TIME {
            if !this.take(context, &mut all) {
                break;
            }
        }
        if !all.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(all.freeze()))));
        }
        if let Some(wrong) = this.wrong.take() {
            this.complaints.add(wrong.clone());
            return Poll::Ready(Some(Err(wrong)));
        }
        if this.cutter.is_some() {
            Poll::Pending
        } else {
            Poll::Ready(None)
        }
    }
}
