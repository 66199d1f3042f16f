//! Asks a service's page whether it can be used, from the host.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::http;
use crate::ready_page::ReadyPage;

/// A container on this machine is connected to, or refuses, in less than a millisecond.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// A page that takes longer is not a sign of readiness.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200.
    Ready,
    /// Something else, or nothing yet: what.
    NotYet(String),
    /// The container's address can't be reached from here (an engine in a virtual machine or far away): nothing is known.
    Unreachable,
}

/// Asks `page` of the container at the first of `addresses`.
pub async fn ask(page: &ReadyPage, addresses: &[String]) -> Answer {
    let Some(address) = addresses.first() else {
        return Answer::Unreachable;
    };
    let connecting = TcpStream::connect((address.as_str(), page.port));
    let stream = match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            return Answer::NotYet(format!("nothing listens on its port {} yet", page.port));
        }
        Ok(Err(_)) | Err(_) => return Answer::Unreachable,
    };
    let asked = tokio::time::timeout(ANSWER_WITHIN, http::get(stream, address, &page.path)).await;
    match asked {
        Ok(Ok(answer)) if answer.status == 200 => Answer::Ready,
        Ok(Ok(answer)) => Answer::NotYet(format!("GET {} says {}", page.path, answer.status)),
        Ok(Err(error)) => Answer::NotYet(format!("GET {}: {error}", page.path)),
        Err(_elapsed) => Answer::NotYet(format!("no answer to GET {}", page.path)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Asks a server that answers with `text`.
    fn asked(text: &'static str) -> Answer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let page = ReadyPage {
            port: listener.local_addr().unwrap().port(),
            path: "/ready".to_owned(),
        };
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let answer = run(ask(&page, &["127.0.0.1".to_owned()]));
        assert!(server.join().unwrap().starts_with("GET /ready HTTP/1.0\r\n"));
        answer
    }

    fn run<T>(asking: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(asking)
    }

    #[test]
    fn only_a_200_is_ready() {
        assert_eq!(asked("HTTP/1.1 200 OK\r\n\r\nready"), Answer::Ready);
        assert_eq!(
            asked("HTTP/1.1 503 Service Unavailable\r\n\r\n"),
            Answer::NotYet("GET /ready says 503".to_owned())
        );
        assert_eq!(
            asked("nonsense\r\n"),
            Answer::NotYet("GET /ready: the answer is not valid HTTP".to_owned())
        );
    }

    #[test]
    fn a_closed_port_is_not_yet_and_no_address_is_not_known() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let page = ReadyPage {
            port,
            path: "/".to_owned(),
        };
        let answer = run(ask(&page, &["127.0.0.1".to_owned()]));
        assert_eq!(
            answer,
            Answer::NotYet(format!("nothing listens on its port {port} yet"))
        );
        assert_eq!(run(ask(&page, &[])), Answer::Unreachable);
    }
}
