//! A stand-in for an engine, on a socket of its own: it answers every request in one way and keeps what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::engine::{Endpoint, Engine};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// `POST /containers/x/start?t=1`, as it came.
    pub line: String,
    /// The headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The method and the path, without what follows a `?`.
    pub fn path(&self) -> &str {
        self.line.split('?').next().unwrap_or_default()
    }

    /// What follows the `?`, decoded.
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.line.split_once('?').map(|(_, query)| query).unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Answers with a status and a body.
type Answer = dyn Fn(&Asked) -> (u16, String) + Send + Sync;

/// The stand-in. It goes when it is dropped.
pub(super) struct Recorder {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorder {
    /// Answers as `answer` says.
    pub fn answering(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("engine.sock")).unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, answer): (_, Arc<Answer>) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (seen.clone(), answer.clone());
                // A connection that ends early is the client's business.
                std::thread::spawn(move || serve(&stream, &seen, &*answer));
            }
        });
        Self { folder, asked }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("engine.sock")
    }

    /// A client of it, whose user has no logins.
    pub async fn engine(&self) -> Engine {
        self.engine_of_client(self.folder.path()).await
    }

    /// A client of it, whose user has the Docker client's folder `client`.
    pub async fn engine_of_client(&self, client: &Path) -> Engine {
        let address = format!("unix://{}", self.socket().display());
        let environment = BTreeMap::from([("DOCKER_CONFIG".to_owned(), client.display().to_string())]);
        let endpoint = Endpoint::resolve(Some(&address), &environment).unwrap();
        Engine::connect(&endpoint, std::time::Duration::from_secs(15))
            .await
            .unwrap()
    }

    /// What was asked since the last time, without the pings that agree on a version.
    pub fn take(&self) -> Vec<Asked> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.retain(|asked| !asked.line.contains("/_ping"));
        asked
    }
}

fn serve(stream: &UnixStream, seen: &Mutex<Vec<Asked>>, answer: &Answer) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    // `POST PATH HTTP/1.1`
    let line = line.trim_end().rsplit_once(' ')?.0.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked {
        line,
        headers,
        body: Vec::new(),
    };
    asked.body = body(&mut reader, &asked)?;
    let (status, text) = if asked.line.contains("/_ping") {
        (200, "OK".to_owned())
    } else {
        answer(&asked)
    };
    let length = text.len();
    let text = if asked.line.starts_with("HEAD ") {
        String::new()
    } else {
        text
    };
    seen.lock().unwrap().push(asked);
    let head = format!(
        "HTTP/1.1 {status} As asked\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let mut stream = stream;
    stream.write_all((head + &text).as_bytes()).ok()
}

/// A body of a known length, or one in chunks.
fn body(reader: &mut impl std::io::BufRead, asked: &Asked) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    if let Some(length) = asked.header("content-length") {
        reader.take(length.parse().ok()?).read_to_end(&mut whole).ok()?;
    } else if asked.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = u64::from_str_radix(size.trim_end(), 16).ok()?;
            reader.take(size).read_to_end(&mut whole).ok()?;
            let mut end = String::new();
            reader.read_line(&mut end).ok()?;
            if size == 0 {
                break;
            }
        }
    }
    Some(whole)
}
