//! What looks like an engine with nothing on it, on a socket of its own: it keeps what it was asked and pulls what it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};

/// The stand-in.
pub struct FakeEngine {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<String>>>,
}

impl FakeEngine {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let seen = seen.clone();
                // A client that hangs up ends its connection only.
                std::thread::spawn(move || while serve(&stream, &seen).is_some() {});
            }
        });
        Self { folder, asked }
    }

    /// For `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}/engine.sock", self.folder.path().display())
    }

    /// Method and path of what was asked since the last time, without the version that a client may put first; what every command
    /// asks of an engine is left out.
    pub fn take(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().expect("no panic"));
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
        asked.retain(|line| !general.iter().any(|path| line.ends_with(path)));
        asked
    }
}

/// Answers one request; `None` when there are no more of this connection.
fn serve(stream: &UnixStream, seen: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let goes_on = words.next()?.trim_end() == "HTTP/1.1";
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    let path = target.split('?').next()?;
    let path = match path
        .strip_prefix("/v1.")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]))
    {
        Some(rest) => rest,
        None => path,
    };
    seen.lock().expect("no panic").push(format!("{method} {path}"));
    let (status, body) = match path {
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
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} As asked\r\nApi-Version: 1.46\r\nOSType: linux\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    let body = if method == "HEAD" { "" } else { body };
    let mut stream = stream;
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    goes_on.then_some(())
}
