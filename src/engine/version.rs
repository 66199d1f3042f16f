//! The API version that an engine speaks, found out cheaply. `/version`, which clients ask for it, has the engine look at its
//! parts and takes 5 ms on 20.10; every answer to `/_ping` names the version and takes a tenth of that.

use std::path::Path;

use bollard::ClientVersion;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Without a version in the path, which every engine answers; the connection ends with the answer.
const PING: &[u8] = b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n";
/// The answer has a few lines; whoever sends more is not an engine.
const LONGEST_ANSWER: u64 = 8 << 10;

/// What the engine at `socket` says to a ping. `None`: it does not answer as an engine does; asking it in the long way tells why.
pub(super) async fn of_socket(socket: &Path) -> Option<ClientVersion> {
    let mut stream = UnixStream::connect(socket).await.ok()?;
    stream.write_all(PING).await.ok()?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await.ok()?;
    in_answer(&String::from_utf8_lossy(&answer))
}

fn in_answer(answer: &str) -> Option<ClientVersion> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?;
    if !status.starts_with("HTTP/1.") || status.split(' ').nth(1) != Some("200") {
        return None;
    }
    let version = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("api-version").then_some(value.trim())
    })?;
    let (major, minor) = version.split_once('.')?;
    Some(ClientVersion {
        major_version: major.parse().ok()?,
        minor_version: minor.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_ping_names_the_version() {
        let version = |answer: &str| in_answer(answer).map(|found| (found.major_version, found.minor_version));
        let engine = "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n\r\nOK";
        assert_eq!(version(engine), Some((1, 41)));
        assert_eq!(version("HTTP/1.1 200 OK\r\napi-version:1.51\r\n\r\n"), Some((1, 51)));
        for other in [
            "",
            "HTTP/1.0 200 OK\r\nServer: nginx\r\n\r\n",
            "HTTP/1.0 500 Internal Server Error\r\nApi-Version: 1.41\r\n\r\n",
            "HTTP/1.0 200 OK\r\nApi-Version: new\r\n\r\n",
            "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\n",
        ] {
            assert_eq!(version(other), None, "{other}");
        }
    }
}
