//! A proxy between magicctl and the engine that goes wrong once, at a call that a test names.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::fake_engine::Call;

/// The engine behind it.
const ENGINE: &str = "/var/run/docker.sock";
/// The longest that an answer which is to be lost is waited for: some are streams without an end.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection ends before the engine hears of the call.
    DropBefore,
    /// The engine does it, and its answer is lost.
    DropAfter,
    /// Another proxy in front of the engine says that it isn't there.
    BadGateway,
    /// The engine does it, and what is heard of it is cut off in the middle.
    Garble,
    /// Nothing is ever answered, and the engine hears nothing.
    Stall,
    /// magicctl is killed before the engine hears of the call.
    Kill,
    /// magicctl is killed when the engine has done it.
    KillAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::DropBefore,
        Self::DropAfter,
        Self::BadGateway,
        Self::Garble,
        Self::Stall,
        Self::Kill,
        Self::KillAfter,
    ];

    /// Whether magicctl is killed.
    pub fn kills(self) -> bool {
        matches!(self, Self::Kill | Self::KillAfter)
    }
}

struct Shared {
    heard: Mutex<BTreeSet<String>>,
    /// The only kinds of calls that are handed on; without them all are.
    allowed: Mutex<Option<BTreeSet<String>>>,
    /// What goes wrong at which call; taken by the first such call.
    armed: Mutex<Option<(String, Fault)>>,
    /// magicctl's process; 0: none.
    victim: AtomicU32,
    ended: AtomicBool,
}

/// The proxy. Its socket goes when it goes out of scope.
pub struct FaultProxy {
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
}

impl FaultProxy {
    /// One through which everything goes well.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            allowed: Mutex::default(),
            armed: Mutex::default(),
            victim: AtomicU32::new(0),
            ended: AtomicBool::new(false),
        });
        let theirs = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if theirs.ended.load(Ordering::Relaxed) {
                    return;
                }
                let shared = theirs.clone();
                std::thread::spawn(move || {
                    // Either side may hang up whenever it likes.
                    let _hung_up = serve(&stream, &shared);
                });
            }
        });
        Self { folder, shared }
    }

    /// As `--host` takes it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }

    /// The kinds of calls since the last time.
    pub fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.shared.heard.lock().expect("the calls"))
    }

    /// From now on other kinds of calls are refused, as a proxy does that guards an engine.
    pub fn allow(&self, calls: BTreeSet<String>) {
        *self.shared.allowed.lock().expect("the calls") = Some(calls);
    }

    /// The first call of that kind goes wrong.
    pub fn arm(&self, endpoint: &str, fault: Fault) {
        *self.shared.armed.lock().expect("the fault") = Some((endpoint.to_owned(), fault));
    }

    /// Whether the fault has happened; none waits after that.
    pub fn disarm(&self) -> bool {
        self.shared.victim.store(0, Ordering::Relaxed);
        self.shared.armed.lock().expect("the fault").take().is_none()
    }

    /// Whom a killing fault kills.
    pub fn victim(&self, pid: u32) {
        self.shared.victim.store(pid, Ordering::Relaxed);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // The listener sees it at its next connection.
        let _gone = UnixStream::connect(self.folder.path().join("engine.sock"));
    }
}

fn serve(client: &UnixStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let Some((call, head)) = head(&mut reader)? else {
        return Ok(());
    };
    let endpoint = call.endpoint();
    shared.heard.lock().expect("the calls").insert(endpoint.clone());
    let allowed = shared.allowed.lock().expect("the calls").clone();
    if allowed.is_some_and(|allowed| !allowed.contains(&endpoint)) {
        let mut to = client;
        return to.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let fault = {
        let mut armed = shared.armed.lock().expect("the fault");
        let hits = armed.as_ref().is_some_and(|(kind, _)| *kind == endpoint);
        if hits {
            armed.take().map(|(_, fault)| fault)
        } else {
            None
        }
    };
    let mut to = client;
    match fault {
        None => pass(client, reader, &head),
        Some(Fault::DropBefore) => client.shutdown(Shutdown::Both),
        Some(Fault::Kill) => {
            kill(shared);
            client.shutdown(Shutdown::Both)
        }
        Some(Fault::Stall) => {
            // Until the other side has had enough.
            io::copy(&mut reader, &mut io::sink()).map(|_| ())
        }
        Some(Fault::BadGateway) => to.write_all(
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 24\r\nConnection: close\r\n\r\n<html>bad gateway</html>",
        ),
        Some(lost) => {
            let answer = answered(client, reader, &head)?;
            match lost {
                Fault::KillAfter => kill(shared),
                Fault::Garble => to.write_all(&garbled(&answer))?,
                _ => {}
            }
            client.shutdown(Shutdown::Both)
        }
    }
}

/// The call, and its head as it came, but that the connection ends with the answer. `None`: nothing came.
fn head(reader: &mut BufReader<UnixStream>) -> io::Result<Option<(Call, Vec<u8>)>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let call = Call::of(method, target);
    let mut head = line.into_bytes();
    loop {
        let mut line = String::new();
        let read = reader.read_line(&mut line)?;
        if read == 0 || line.trim().is_empty() {
            head.extend_from_slice(b"\r\n");
            return Ok(Some((call, head)));
        }
        head.extend_from_slice(line.as_bytes());
    }
}

/// The engine, told the head and from now on what else comes.
fn engine(reader: BufReader<UnixStream>, head: &[u8]) -> io::Result<UnixStream> {
    let mut engine = UnixStream::connect(ENGINE)?;
    engine.write_all(head)?;
    let mut to = engine.try_clone()?;
    std::thread::spawn(move || {
        let mut reader = reader;
        // What was read ahead goes first.
        let _hung_up = io::copy(&mut reader, &mut to);
        let _gone = to.shutdown(Shutdown::Write);
    });
    Ok(engine)
}

fn pass(client: &UnixStream, reader: BufReader<UnixStream>, head: &[u8]) -> io::Result<()> {
    let mut engine = engine(reader, head)?;
    let mut to = client;
    let copied = io::copy(&mut engine, &mut to);
    client.shutdown(Shutdown::Both)?;
    // The other thread reads from the client, which is gone now.
    engine.shutdown(Shutdown::Both)?;
    copied.map(|_| ())
}

/// What the engine answers, read to its end.
fn answered(client: &UnixStream, reader: BufReader<UnixStream>, head: &[u8]) -> io::Result<Vec<u8>> {
    let mut engine = engine(reader, head)?;
    engine.set_read_timeout(Some(ANSWERED_WITHIN))?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    // The connection stays open when the client did not ask for its end: then silence is the end.
    while !whole(&answer) {
        match engine.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
    }
    // Ends the thread that reads from the client.
    client.shutdown(Shutdown::Read)?;
    Ok(answer)
}

/// Whether an answer is there to its end.
fn whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    match length {
        Some(length) => body.len() >= length,
        None if head.contains("transfer-encoding: chunked") => body.ends_with("0\r\n\r\n"),
        None => head.starts_with("http/1.1 204") || head.starts_with("http/1.1 304"),
    }
}

/// The same with the second half of its body cut off, in a way that only who reads it sees.
fn garbled(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let status = text.lines().next().unwrap_or("HTTP/1.1 200 OK");
    let status = if status.contains(" 204 ") {
        "HTTP/1.1 200 OK"
    } else {
        status
    };
    let body = "{\"Id\": \"8d0f, \x00";
    format!(
        "{status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn kill(shared: &Shared) {
    let pid = shared.victim.swap(0, Ordering::Relaxed);
    assert_ne!(pid, 0, "nobody is to be killed");
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .status();
    assert!(killed.is_ok_and(|status| status.success()), "{pid} is killed");
}
