//! One HTTP request to this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Context as _;

/// Status and body of `GET path` on a local port; `None` when nobody answers.
pub fn get(port: u16, path: &str) -> Option<(u16, String)> {
    ask(port, &format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"))
}

/// Status and body of `METHOD path` without a body, for whoever has `key`.
pub fn with_key(port: u16, method: &str, path: &str, key: &str) -> Option<(u16, String)> {
    let head = format!("Host: localhost\r\nAuthorization: Bearer {key}\r\nContent-Length: 0");
    ask(port, &format!("{method} {path} HTTP/1.0\r\n{head}\r\n\r\n"))
}

/// Status and body of `POST path` with a JSON body.
pub fn post(port: u16, path: &str, body: &str) -> Option<(u16, String)> {
    let length = body.len();
    let head = "Host: localhost\r\nContent-Type: application/json";
    ask(
        port,
        &format!("POST {path} HTTP/1.0\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}"),
    )
}

fn ask(port: u16, request: &str) -> Option<(u16, String)> {
    let answer = || -> anyhow::Result<_> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(request.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let status = text.split_whitespace().nth(1).context("no status")?.parse()?;
        let body = text.split_once("\r\n\r\n").context("no head")?.1.to_owned();
        Ok((status, body))
    };
    answer().ok()
}
