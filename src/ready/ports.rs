//! Whether a container's ports are open, as this machine sees them: the cheapest sign that it may be ready. It decides
//! only when the healthcheck is worth a run, never that a service is ready.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;

use super::pace::Sign;

/// A container on this machine is connected to, or refuses, in less than a millisecond.
const CONNECT_WITHIN: Duration = Duration::from_millis(500);

/// As many ports of a container are looked at. An image may name all there are.
const MOST: usize = 32;

/// What a container's ports were last seen to be.
#[derive(Debug)]
pub(super) struct Ports {
    address: String,
    closed: Vec<u16>,
    sign: Sign,
}

impl Ports {
    /// Of a container at `address`, none if it can't be reached, that names `ports`.
    pub(super) fn of(address: Option<&String>, ports: &[u16]) -> Self {
        let known = address.filter(|_| !ports.is_empty());
        Self {
            address: known.cloned().unwrap_or_default(),
            closed: ports.iter().copied().take(MOST).collect(),
            sign: if known.is_some() { Sign::Closed } else { Sign::Unknown },
        }
    }

    pub(super) fn sign(&self) -> Sign {
        self.sign
    }

    /// Whether a look may tell something new.
    pub(super) fn may_change(&self) -> bool {
        self.sign != Sign::Unknown && !self.closed.is_empty()
    }

    /// Looks; true when a port has opened since the last look.
    pub(super) async fn look(&mut self) -> bool {
        if self.sign == Sign::Unknown {
            return false;
        }
        let mut opened = false;
        let mut closed = Vec::new();
        for port in std::mem::take(&mut self.closed) {
            let connecting = TcpStream::connect((self.address.as_str(), port));
            match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
                Ok(Ok(_connected)) => opened = true,
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => closed.push(port),
                // An engine in a virtual machine, or a firewall: nothing is to be learned here.
                Ok(Err(_)) | Err(_) => {
                    self.sign = Sign::Unknown;
                    return false;
                }
            }
        }
        self.closed = closed;
        if self.closed.is_empty() {
            self.sign = Sign::Open;
        } else if opened {
            self.sign = Sign::Opening;
        }
        opened
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const HERE: &str = "127.0.0.1";

    #[tokio::test]
    async fn a_port_that_opens_is_told_once() {
        let listener = TcpListener::bind((HERE, 0)).unwrap();
        let open = listener.local_addr().unwrap().port();
        // Free again at once: refused.
        let later = TcpListener::bind((HERE, 0)).unwrap().local_addr().unwrap().port();
        let mut ports = Ports::of(Some(&HERE.to_owned()), &[open, later]);
        assert_eq!(ports.sign(), Sign::Closed);
        assert!(ports.look().await);
        assert_eq!(ports.sign(), Sign::Opening);
        assert!(!ports.look().await);
        let _late = TcpListener::bind((HERE, later)).unwrap();
        assert!(ports.look().await);
        assert_eq!(ports.sign(), Sign::Open);
        assert!(!ports.may_change());
    }

    #[tokio::test]
    async fn where_nothing_can_be_seen_nothing_is_said() {
        let mut none = Ports::of(None, &[80]);
        assert_eq!(none.sign(), Sign::Unknown);
        assert!(!none.may_change());
        assert!(!none.look().await);
        // An address that no interface here can reach.
        let mut far = Ports::of(Some(&"255.255.255.255".to_owned()), &[80]);
        assert!(!far.look().await);
        assert_eq!(far.sign(), Sign::Unknown);
    }
}
