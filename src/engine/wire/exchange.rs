//! One request and its answer, over a connection of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bollard::BollardRequest;
use bollard::errors::Error;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, UPGRADE};
use hyper::http::response::Parts;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;

use super::address::Address;
use super::cutter::Cutter;
use super::head::Head;
use super::line::{Line, Pieces};
use super::terms::{Form, Terms};
use super::{Complaints, Wrong, limits, relay, weight};

/// An answer, as far as it has to be there before it is handed on.
enum Answer {
    Whole(Parts, Bytes),
    Stream(Response<Incoming>, Line),
    /// Something else than HTTP is spoken from now on.
    Upgraded(Response<Incoming>, Line),
}

/// Asks, and gives what is answered, within `terms`. What is wrong with a stream later goes to `complaints`.
pub(super) async fn exchange(
    address: &Address,
    terms: Terms,
    request: BollardRequest,
    complaints: &Complaints,
    places: &Semaphore,
) -> Result<Response<Incoming>, Error> {
    let _place = match terms.form {
        // The semaphore is never closed.
        Form::Whole => places.acquire().await.ok(),
        _ => None,
    };
    let asks_upgrade = request.headers().contains_key(UPGRADE);
    let sent = Arc::new(AtomicU64::new(0));
    let request = addressed(request)?;
    let counted = sent.clone();
    let request = request.map(|body| {
        body.map_frame(move |frame| {
            counted.fetch_add(1, Ordering::Relaxed);
            frame
        })
    });
    let answering = async {
        let (response, mut line) = ask(address, request).await?;
        let status = response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return if asks_upgrade {
                Ok(Answer::Upgraded(response, line))
            } else {
                Err(Wrong::Strange("it switched to another protocol without a request".to_owned()).into_error())
            };
        }
        let is_error = !status.is_success() && status != StatusCode::NOT_MODIFIED;
        if !is_error && terms.form != Form::Whole {
            return Ok(Answer::Stream(response, line));
        }
        let (parts, body) = response.into_parts();
        let body = if is_error {
            in_time(line.driven(whole(body, limits::ERROR)), terms.error_within).await?
        } else {
            json_or_other(&parts, line.driven(whole(body, limits::WHOLE)).await?)?
        };
        Ok(Answer::Whole(parts, body))
    };
    match patiently(answering, terms.within, &sent).await? {
        Answer::Whole(parts, body) => relay::body(Response::from_parts(parts, Full::new(body))).await,
        Answer::Stream(response, line) => {
            let pieces = |body| Pieces::of(body, line, Cutter::of(terms.form), complaints.clone());
            relay::body(response.map(|body| StreamBody::new(pieces(body)))).await
        }
        Answer::Upgraded(response, line) => {
            line.by_itself();
            match terms.form {
                Form::Output => relay::upgraded(response, Cutter::of(Form::Output), complaints.clone()).await,
                // BuildKit's session is HTTP/2, which has limits of its own.
                _ => Ok(response),
            }
        }
    }
}

/// With its path alone, and the host in a header: as a server wants it.
fn addressed(mut request: BollardRequest) -> Result<BollardRequest, Error> {
    let uri = request.uri();
    let host = uri.authority().map_or("docker", |authority| authority.as_str());
    let host = HeaderValue::from_str(host).map_err(hyper::http::Error::from)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let path: Uri = path.parse()?;
    request.headers_mut().insert(HOST, host);
    *request.uri_mut() = path;
    Ok(request)
}

async fn ask<B>(address: &Address, request: Request<B>) -> Result<(Response<Incoming>, Line), Error>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let answered = Arc::new(AtomicBool::new(false));
    let connection = TokioIo::new(Head::new(address.connect().await?, answered.clone()));
    let (mut sender, connection) = http1::Builder::new()
        .max_header_size(limits::HEAD)
        .max_headers(limits::HEADERS)
        .handshake(connection)
        .await?;
    let mut line = Line::of(connection.with_upgrades());
    let response = line.driven(sender.send_request(request)).await?;
    answered.store(true, Ordering::Relaxed);
    Ok((response, line))
}

/// All of a body of at most `most` bytes.
async fn whole(mut body: Incoming, most: usize) -> Result<Bytes, Error> {
    const WHAT: &str = "its answer";
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            if all.len() + data.len() > most {
                return Err(Wrong::Long { what: WHAT, most }.into_error());
            }
            all.extend_from_slice(&data);
        }
    }
    if weight::of(&all) > limits::WEIGHT {
        let most = limits::WEIGHT;
        return Err(Wrong::Heavy { what: WHAT, most }.into_error());
    }
    Ok(all.into())
}

/// What says that it is JSON has to be: else it was cut or mixed up on the way, and may be whole the next time.
fn json_or_other(parts: &Parts, body: Bytes) -> Result<Bytes, Error> {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    if parts.headers.get(CONTENT_TYPE).is_some_and(is_json) && !body.is_empty() {
        serde_json::from_slice::<IgnoredAny>(&body).map_err(|error| Wrong::Garbled(error.to_string()).into_error())?;
    }
    Ok(body)
}

async fn in_time<T>(work: impl Future<Output = Result<T, Error>>, within: Duration) -> Result<T, Error> {
    tokio::time::timeout(within, work)
        .await
        .unwrap_or_else(|_elapsed| Err(Wrong::Silent(within).into_error()))
}

/// Waits for an answer. While something is still being sent, the time begins again.
async fn patiently<T>(
    work: impl Future<Output = Result<T, Error>>,
    within: Option<Duration>,
    sent: &AtomicU64,
) -> Result<T, Error> {
    let Some(within) = within else {
        return work.await;
    };
    let mut work = std::pin::pin!(work);
    loop {
        let before = sent.load(Ordering::Relaxed);
        match tokio::time::timeout(within, &mut work).await {
            Ok(done) => return done,
            Err(_elapsed) if sent.load(Ordering::Relaxed) != before => {}
            Err(_elapsed) => return Err(Wrong::Silent(within).into_error()),
        }
    }
}
