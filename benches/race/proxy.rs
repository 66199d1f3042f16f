//! Stands between a program and the engine, counts the calls and keeps the bodies of those that make something.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// A call that was seen.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// Without the version.
    pub path: String,
    pub body: Value,
    /// Bytes of the body, as sent.
    pub sent: u64,
}

impl Call {
    /// Whether it may change something: a probe's exec and a negotiation don't.
    pub fn changes(&self) -> bool {
        let probe = self.path.contains("/exec");
        !matches!(self.method.as_str(), "GET" | "HEAD" | "UPGRADED") && !probe
    }
}

/// Listening until dropped; what is connected then goes on.
pub struct Proxy {
    pub socket: PathBuf,
    seen: Arc<Mutex<Vec<Call>>>,
    _folder: tempfile::TempDir,
}

impl Proxy {
    /// In front of the engine at `engine`.
    pub fn before(engine: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("proxy.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let engine = engine.to_owned();
        let shared = seen.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (engine, seen) = (engine.clone(), shared.clone());
                // A connection that breaks is the program's business.
                thread::spawn(move || drop(serve(client, &engine, &seen)));
            }
        });
        Self {
            socket,
            seen,
            _folder: folder,
        }
    }

    /// For `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.seen.lock().expect("no panic").clone()
    }
}

fn serve(client: UnixStream, engine: &Path, seen: &Mutex<Vec<Call>>) -> io::Result<()> {
    let mut engine = UnixStream::connect(engine)?;
    let (mut answers, mut back) = (engine.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _broken = io::copy(&mut answers, &mut back);
        // Whoever waits for more must learn that there is none.
        let _closed = back.shutdown(Shutdown::Write);
    });
    let mut requests = BufReader::new(client);
    while let Some(head) = head(&mut requests)? {
        engine.write_all(head.as_bytes())?;
        let field = |name: &str| {
            head.lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let mut first = head.split_whitespace();
        let method = first.next().unwrap_or_default().to_owned();
        let path = unversioned(first.next().unwrap_or_default());
        let raw = field("upgrade").is_some();
        let mut body = Vec::new();
        let mut sent = 0;
        if field("transfer-encoding").is_some_and(|how| how.eq_ignore_ascii_case("chunked")) {
            sent = chunks(&mut requests, &mut engine)?;
        } else {
            let length = field("content-length")
                .and_then(|length| length.parse().ok())
                .unwrap_or(0);
            (&mut requests).take(length).read_to_end(&mut body)?;
            engine.write_all(&body)?;
            sent += length;
        }
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let call = Call {
            method,
            path,
            body,
            sent,
        };
        seen.lock().expect("no panic").push(call);
        if raw {
            // BuildKit's files go this way with Compose; nothing is asked on this connection any more.
            let more = io::copy(&mut requests, &mut engine)?;
            let call = Call {
                method: "UPGRADED".to_owned(),
                path: String::new(),
                body: Value::Null,
                sent: more,
            };
            seen.lock().expect("no panic").push(call);
            break;
        }
    }
    engine.shutdown(Shutdown::Write)
}

/// A request's head, whole; `None` at the end.
fn head(requests: &mut impl io::BufRead) -> io::Result<Option<String>> {
    let mut head = String::new();
    loop {
        if requests.read_line(&mut head)? == 0 {
            return Ok(None);
        }
        if head.ends_with("\r\n\r\n") {
            return Ok(Some(head));
        }
    }
}

/// Passes a chunked body on, and gives its size.
fn chunks(requests: &mut impl io::BufRead, engine: &mut impl io::Write) -> io::Result<u64> {
    let mut sent = 0;
    loop {
        let mut line = String::new();
        requests.read_line(&mut line)?;
        engine.write_all(line.as_bytes())?;
        let size = u64::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16).unwrap_or(0);
        let mut chunk = Vec::new();
        requests.take(size + 2).read_to_end(&mut chunk)?;
        engine.write_all(&chunk)?;
        sent += size;
        if size == 0 {
            return Ok(sent);
        }
    }
}

fn unversioned(path: &str) -> String {
    match path.strip_prefix("/v1.").and_then(|rest| rest.split_once('/')) {
        Some((_, rest)) => format!("/{rest}"),
        None => path.to_owned(),
    }
}
