//! `GET` of pages that are no engine's, in HTTP 1.0: a service's page that says whether it is ready, Loki's API. No more of an answer
//! is read than was asked for.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A status line is not longer.
const STATUS_LINE: usize = 64;

/// An answer whose status has been read.
pub struct Answer {
    /// 200.
    pub status: u16,
    /// What was read so far.
    read: Vec<u8>,
    stream: TcpStream,
}

/// Asks for `path` of `host` through `stream`.
///
/// # Errors
/// The connection fails, or the answer is not valid HTTP.
pub async fn get(mut stream: TcpStream, host: &str, path: &str) -> io::Result<Answer> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::new();
    while read.len() < STATUS_LINE && !read.contains(&b'\n') {
        let mut buffer = [0; STATUS_LINE];
        match stream.read(&mut buffer).await? {
            0 => break,
            more => read.extend(&buffer[..more]),
        }
    }
    let line = String::from_utf8_lossy(&read);
    let status = line.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(wrong)?;
    Ok(Answer { status, read, stream })
}

impl Answer {
    /// What comes after the head; in HTTP 1.0 it ends with the connection. `None` when the whole answer is longer than `largest` bytes.
    ///
    /// # Errors
    /// The connection fails, or there is no head.
    pub async fn body(mut self, largest: u64) -> io::Result<Option<Vec<u8>>> {
        let left = (largest + 1).saturating_sub(self.read.len() as u64);
        self.stream.take(left).read_to_end(&mut self.read).await?;
        if self.read.len() as u64 > largest {
            return Ok(None);
        }
        let end = memchr::memmem::find(&self.read, b"\r\n\r\n").ok_or_else(wrong)?;
        Ok(Some(self.read.split_off(end + 4)))
    }
}

fn wrong() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the answer is not valid HTTP")
}
