//! What may pass is asked again: a connection that was cut, refused or timed out, an answer that was garbled, a proxy that finds no
//! engine that it forwards to.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use bollard::BollardRequest;
use bollard::errors::Error;
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Response, StatusCode};

use super::Wrong;
use super::limits::Patience;

/// The pause before the first repetition. Each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The pauses between repetitions, and when to give up.
#[derive(Debug)]
pub struct Again {
    budget: Duration,
    first_failed: Option<Instant>,
    pause: Duration,
}

impl Again {
    /// Of one call or step, to an engine that may take that long.
    pub(in crate::engine) fn of(patience: Patience) -> Self {
        Self {
            budget: patience.again(),
            first_failed: None,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits a while; false when it is time to give up.
    pub async fn pause(&mut self) -> bool {
        let first_failed = *self.first_failed.get_or_insert_with(Instant::now);
        if first_failed.elapsed() + self.pause > self.budget {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
        true
    }
}

/// The same request again, if it may be sent any number of times: it only looks.
pub(super) fn repeatable(request: &BollardRequest) -> Option<impl Fn() -> BollardRequest + Send + use<>> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return None;
    }
    let (method, uri, headers) = (
        request.method().clone(),
        request.uri().clone(),
        request.headers().clone(),
    );
    Some(move || {
        let mut request = BollardRequest::new(Either::Left(Full::new(Bytes::new())));
        *request.method_mut() = method.clone();
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers.clone();
        request
    })
}

/// Whether another answer is to be expected soon.
pub(super) fn may_pass(answer: &Result<Response<Incoming>, Error>) -> bool {
    match answer {
        Ok(response) => {
            let unavailable = [
                StatusCode::BAD_GATEWAY,
                StatusCode::SERVICE_UNAVAILABLE,
                StatusCode::GATEWAY_TIMEOUT,
            ];
            // An engine that says so itself, in its own JSON, means it.
            let is_json = response
                .headers()
                .get(CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
            unavailable.contains(&response.status()) && !is_json
        }
        Err(error) => match Wrong::of(error) {
            Some(wrong) => matches!(wrong, Wrong::Silent(_) | Wrong::Broken(_) | Wrong::Garbled(_)),
            None => is_cut(error),
        },
    }
}

/// Whether the connection could not be made, or was cut.
fn is_cut(error: &Error) -> bool {
    match error {
        Error::IOError { err } => matches!(
            err.kind(),
            ErrorKind::NotFound
                | ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
                | ErrorKind::TimedOut
        ),
        Error::HyperResponseError { err } => err.is_incomplete_message() || err.is_closed() || err.is_canceled(),
        _ => false,
    }
}
