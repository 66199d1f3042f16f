//! Hands an answer on to bollard. It takes none but what came over a connection, so there is one, within the process.

use std::sync::Mutex;

use bollard::errors::Error;
use bytes::{Bytes, BytesMut};
use http_body_util::Empty;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::cutter::Cutter;
use super::{Complaints, Wrong};

/// Bytes that are on their way within the process.
const PIPE: usize = 256 << 10;
/// Bytes that are read at a time of what is no longer HTTP.
const AT_A_TIME: usize = 32 << 10;

/// What a connection says of itself, and of how a body comes over it.
const OF_THE_CONNECTION: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE];

/// An answer with a body.
pub(super) async fn body<B>(mut response: Response<B>) -> Result<Response<Incoming>, Error>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    for name in OF_THE_CONNECTION {
        response.headers_mut().remove(name);
    }
    over_a_pipe(response, |_request| {}).await
}

/// An answer with which something else than HTTP begins. What comes is cut by `cutter`.
pub(super) async fn upgraded(
    mut response: Response<Incoming>,
    cutter: Cutter,
    complaints: Complaints,
) -> Result<Response<Incoming>, Error> {
    let engine = hyper::upgrade::on(&mut response);
    let mut answer = Response::new(Empty::<Bytes>::new());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    answer
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("upgrade"));
    answer.headers_mut().insert(UPGRADE, HeaderValue::from_static("tcp"));
    over_a_pipe(answer, move |request| {
        let inner = hyper::upgrade::on(request);
        tokio::spawn(async move {
            if let (Ok(engine), Ok(inner)) = (engine.await, inner.await) {
                join(TokioIo::new(engine), TokioIo::new(inner), cutter, &complaints).await;
            }
        });
    })
    .await
}

/// Copies both ways, until the engine has nothing more to say.
async fn join<E, I>(engine: E, inner: I, mut cutter: Cutter, complaints: &Complaints)
where
    E: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
{
    let (mut from_engine, mut to_engine) = tokio::io::split(engine);
    let (mut from_inner, mut to_inner) = tokio::io::split(inner);
    let typed = tokio::spawn(async move {
        // When there is nothing more to type, the process is told so, and may go on to print.
        let _ended = tokio::io::copy(&mut from_inner, &mut to_engine).await;
        let _gone = to_engine.shutdown().await;
    });
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(AT_A_TIME);
        match from_engine.read_buf(&mut buffer).await {
            Ok(1..) => {}
            // Which of both is seen by what the process ended with.
            Ok(0) | Err(_) => break,
        }
        match cutter.push(buffer.split().freeze()) {
            Ok(whole) => {
                if to_inner.write_all(&whole).await.is_err() {
                    break;
                }
            }
            Err(wrong) => {
                complaints.add(wrong);
                typed.abort();
                return;
            }
        }
    }
    let _gone = to_inner.shutdown().await;
    typed.abort();
}

/// Asks for nothing in particular over a pipe whose other end answers `response`; `asked` sees the question.
async fn over_a_pipe<B>(
    response: Response<B>,
    asked: impl FnOnce(&mut Request<Incoming>) + Send + 'static,
) -> Result<Response<Incoming>, Error>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (ours, theirs) = tokio::io::duplex(PIPE);
    let once = Mutex::new(Some((response, asked)));
    let answer = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let once = once.lock().ok().and_then(|mut once| once.take());
        let response = once.map(|(response, asked)| {
            asked(&mut request);
            response
        });
        // Nobody asks twice.
        std::future::ready(response.ok_or(Wrong::Strange("it was requested twice".to_owned())))
    });
    let server = hyper::server::conn::http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(ours), answer);
    tokio::spawn(async move {
        // A stream that is broken off, by either side, is not news here.
        let _ended = server.with_upgrades().await;
    });
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(theirs)).await?;
    tokio::spawn(async move {
        let _ended = connection.with_upgrades().await;
    });
    let mut question = Request::new(Empty::<Bytes>::new());
    question
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("upgrade"));
    question.headers_mut().insert(UPGRADE, HeaderValue::from_static("tcp"));
    Ok(sender.send_request(question).await?)
}
