//! An engine that may only be looked at: what asks is handed on, what changes anything is refused.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The largest head of a request.
const LONGEST_HEAD: usize = 64 << 10;

/// Listens until the test ends.
pub struct Gate {
    pub socket: PathBuf,
}

impl Gate {
    /// In front of the machine's engine.
    pub fn at(folder: &Path) -> Self {
        let socket = folder.join("gate.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o666)).expect("its rights");
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client that is gone is nobody to tell.
                std::thread::spawn(move || drop(hand_on(client)));
            }
        });
        Self { socket }
    }

    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

/// One request and its answer; then the connection is closed.
fn hand_on(mut client: UnixStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let read = client.read(&mut piece)?;
        if read == 0 || request.len() > LONGEST_HEAD {
            return Ok(());
        }
        request.extend_from_slice(&piece[..read]);
    };
    let only_asks = request.starts_with(b"GET ") || request.starts_with(b"HEAD ");
    if !only_asks {
        let body = r#"{"message":"nothing may be changed here"}"#;
        let head = format!(
            "HTTP/1.1 500 No\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        client.write_all(head.as_bytes())?;
        return client.write_all(body.as_bytes());
    }
    let mut engine = UnixStream::connect("/var/run/docker.sock")?;
    engine.write_all(&request[..end])?;
    engine.write_all(b"\r\nConnection: close\r\n\r\n")?;
    std::io::copy(&mut engine, &mut client)?;
    client.shutdown(Shutdown::Both)
}
