//! Whether a page answers, and with which status.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The status that `GET path` is answered with within that time; no more than that is read.
pub fn status(address: (&str, u16), path: &str, within: Duration) -> Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(within))?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
    let mut line = [0; 12];
    stream.read_exact(&mut line)?;
    let status = line.strip_prefix(b"HTTP/1.").and_then(|line| line.get(2..));
    Ok(std::str::from_utf8(status.context("no HTTP")?)?.parse()?)
}
