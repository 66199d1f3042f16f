//! The smallest client that talks to an engine: one connection a call, nothing between us and the socket.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

/// The oldest API that is supported, so that every engine understands it.
const API: &str = "/v1.41";

/// An engine's socket.
#[derive(Debug, Clone)]
pub struct Client(pub PathBuf);

impl Client {
    /// Status and body of a call.
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = UnixStream::connect(&self.0)?;
        let body = body.map(Value::to_string).unwrap_or_default();
        // HTTP/1.0: the answer ends with the connection.
        write!(
            stream,
            "{method} {API}{path} HTTP/1.0\r\nHost: engine\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let head = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap_or(answer.len());
        let status = String::from_utf8_lossy(&answer[..head])
            .split_whitespace()
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Ok((status, answer.split_off((head + 4).min(answer.len()))))
    }

    /// A call that must succeed; its JSON, `null` when there is none.
    pub fn must(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self
            .call(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        // 304: it is so already.
        assert!(
            (200..300).contains(&status) || status == 304,
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&answer)
        );
        serde_json::from_slice(&answer).unwrap_or_default()
    }
}
