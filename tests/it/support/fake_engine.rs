//! An engine that isn't one: a small HTTP server on a socket, which answers each call as a test wants it to.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A call that was heard.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// Without the version and the query.
    pub path: String,
    pub query: String,
}

impl Call {
    /// What the first line of a request names.
    pub fn of(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let version = |part: &str| part.starts_with('v') && part[1..].starts_with(|c: char| c.is_ascii_digit());
        let path = match path.trim_start_matches('/').split_once('/') {
            Some((first, rest)) if version(first) => format!("/{rest}"),
            _ => path.to_owned(),
        };
        Self {
            method: method.to_owned(),
            path,
            query: query.to_owned(),
        }
    }

    /// The call with `*` for names and ids: `GET /containers/*/json`.
    pub fn endpoint(&self) -> String {
        let parts: Vec<&str> = self.path.split('/').skip(1).collect();
        let path = match parts.as_slice() {
            [kind, "json" | "create" | "prune"] => format!("/{kind}/{}", parts[1]),
            ["images", .., "json" | "push" | "tag"] => format!("/images/*/{}", parts[parts.len() - 1]),
            ["images", ..] => "/images/*".to_owned(),
            [kind, _] => format!("/{kind}/*"),
            [kind, _, rest @ ..] => format!("/{kind}/*/{}", rest.join("/")),
            _ => self.path.clone(),
        };
        format!("{} {path}", self.method)
    }
}

/// What a call is answered with, written to the socket as it is.
pub type Answer = Box<dyn FnOnce(&mut Wire) -> io::Result<()> + Send>;

/// The connection that an answer is written to.
pub struct Wire {
    pub stream: UnixStream,
    ended: Arc<AtomicBool>,
}

impl Wire {
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// A piece of a body without a length.
    pub fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        write!(self.stream, "{:x}\r\n", bytes.len())?;
        self.stream.write_all(bytes)?;
        self.stream.write_all(b"\r\n")
    }

    /// Says nothing more until the other side has gone, or the test is over.
    pub fn hold(&mut self) -> io::Result<()> {
        self.stream
            .set_read_timeout(Some(std::time::Duration::from_millis(50)))?;
        let mut byte = [0; 512];
        while !self.is_over() {
            match self.stream.read(&mut byte) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether the test is over.
    pub fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// The server. It ends, and its socket goes, when it goes out of scope.
pub struct FakeEngine {
    folder: tempfile::TempDir,
    heard: Arc<Mutex<Vec<Call>>>,
    ended: Arc<AtomicBool>,
}

impl FakeEngine {
    /// Answers each call with what `answer` gives for it.
    pub fn start(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let engine = Self {
            folder,
            heard: heard.clone(),
            ended: ended.clone(),
        };
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (heard, ended, answer) = (heard.clone(), ended.clone(), answer.clone());
                std::thread::spawn(move || {
                    // A client may hang up whenever it likes.
                    let _hung_up = serve(stream, &heard, ended, &*answer);
                });
            }
        });
        engine
    }

    /// An engine with nothing on it, which pulls and pushes what it is told to.
    pub fn with_nothing() -> Self {
        Self::answering(|_| None)
    }

    /// The same, with a status and a body of its own for the paths that `own` gives them for.
    pub fn answering(own: fn(&str) -> Option<(u16, String)>) -> Self {
        Self::start(move |call| {
            let (status, body) = match call.path.as_str() {
                "/_ping" => (200, "OK"),
                "/version" => (
                    200,
                    r#"{"Version":"27.0","ApiVersion":"1.46","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64"}"#,
                ),
                "/info" => (
                    200,
                    r#"{"ServerVersion":"27.0","OSType":"linux","Architecture":"x86_64"}"#,
                ),
                "/containers/json" | "/networks" | "/images/json" => (200, "[]"),
                "/volumes" => (200, r#"{"Volumes":[]}"#),
                "/images/create" => (200, "{\"status\":\"done\"}\n"),
                "/events" => (200, ""),
                path if path.ends_with("/push") => (200, "{\"status\":\"done\"}\n"),
                _ => (404, r#"{"message":"no such thing"}"#),
            };
            let (status, body) = own(&call.path).unwrap_or((status, body.to_owned()));
            let head = format!(
                "HTTP/1.1 {status} As asked\r\nApi-Version: 1.46\r\nOSType: linux\r\nContent-Type: application/json\r\n\
                 Connection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let body = if call.method == "HEAD" { String::new() } else { body };
            Box::new(move |wire| wire.write(format!("{head}{body}").as_bytes()))
        })
    }

    /// As `--host` takes it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }

    /// Method and path of the calls since the last time; what every command asks of an engine is left out.
    pub fn take(&self) -> Vec<String> {
        let calls = std::mem::take(&mut *self.heard.lock().expect("the calls"));
        let general = [
            "/_ping",
            "/version",
            "/info",
            "/events",
            "/containers/json",
            "/networks",
            "/volumes",
            "/images/json",
        ];
        let asked = calls.iter().map(|call| format!("{} {}", call.method, call.path));
        asked
            .filter(|line| !general.iter().any(|path| line.ends_with(path)))
            .collect()
    }

    /// The calls so far.
    pub fn heard(&self) -> Vec<Call> {
        self.heard.lock().expect("the calls").clone()
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // The listener sees it at its next connection.
        let _gone = UnixStream::connect(self.folder.path().join("engine.sock"));
    }
}

fn serve(
    stream: UnixStream,
    heard: &Mutex<Vec<Call>>,
    ended: Arc<AtomicBool>,
    answer: &dyn Fn(&Call) -> Answer,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(());
    };
    let call = Call::of(method, target);
    let (mut length, mut chunked) = (0_u64, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        chunked |= line.starts_with("transfer-encoding:");
    }
    if chunked {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).unwrap_or(0);
            io::copy(&mut reader.by_ref().take(size + 2), &mut io::sink())?;
            if size == 0 {
                break;
            }
        }
    } else {
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
    }
    let answer = answer(&call);
    heard.lock().expect("the calls").push(call);
    answer(&mut Wire { stream, ended })
}
