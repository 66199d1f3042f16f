//! The API version that an engine speaks, and whether it is Podman, found out cheaply. `/version`, which clients ask for it, has the
//! engine look at its parts and takes 5 ms on 20.10; every answer to `/_ping` names the version and takes a tenth of that.

use std::path::Path;

use bollard::ClientVersion;
use bollard::models::SystemVersion;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Without a version in the path, which every engine answers; the connection ends with the answer.
const PING: &[u8] = b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n";
/// The answer has a few lines; whoever sends more is not an engine.
const LONGEST_ANSWER: u64 = 8 << 10;

/// What the answer to a ping says of an engine.
pub(super) struct Answer {
    /// The newest version of the API that it speaks.
    pub version: ClientVersion,
    /// It is Podman, which names the version of its own API, too.
    pub is_podman: bool,
}

/// What the engine at `socket` says to a ping. `None`: it does not answer as an engine does; asking it in the long way tells why.
pub(super) async fn of_socket(socket: &Path) -> Option<Answer> {
    let mut stream = UnixStream::connect(socket).await.ok()?;
    stream.write_all(PING).await.ok()?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await.ok()?;
    in_answer(&String::from_utf8_lossy(&answer))
}

fn in_answer(answer: &str) -> Option<Answer> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?;
    if !status.starts_with("HTTP/1.") || status.split(' ').nth(1) != Some("200") {
        return None;
    }
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let (_, version) = header("api-version")?;
    let (major, minor) = version.trim().split_once('.')?;
    Some(Answer {
        version: ClientVersion {
            major_version: major.parse().ok()?,
            minor_version: minor.parse().ok()?,
        },
        is_podman: header("libpod-api-version").is_some(),
    })
}

/// Whether an engine that was asked in the long way is Podman.
pub(super) fn names_podman(version: &SystemVersion) -> bool {
    let mut components = version.components.iter().flatten();
    components.any(|component| component.name.to_lowercase().contains("podman"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_ping_names_the_version() {
        let version = |answer: &str| {
            in_answer(answer).map(|found| {
                (
                    found.version.major_version,
                    found.version.minor_version,
                    found.is_podman,
                )
            })
        };
        let engine = "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n\r\nOK";
        assert_eq!(version(engine), Some((1, 41, false)));
        assert_eq!(
            version("HTTP/1.1 200 OK\r\napi-version:1.51\r\n\r\n"),
            Some((1, 51, false))
        );
        let podman = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n\r\nOK";
        assert_eq!(version(podman), Some((1, 41, true)));
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
