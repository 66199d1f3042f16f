//! Whether anything but this machine reaches a service.

use std::net::IpAddr;

use crate::compose::{Port, Service};

/// How a service is reached from other machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Through the published port with this index.
    Port(usize),
    /// It has the host's own network: all that it listens on is the host's.
    Host,
}

/// How other machines reach `service`; nothing when they don't. The first open port stands for all of them.
pub(super) fn beyond_this_machine(service: &Service) -> Option<Reach> {
    match service.network_mode.as_deref() {
        // Published ports mean nothing there.
        Some("host") => Some(Reach::Host),
        Some("none") => None,
        _ => service
            .ports
            .iter()
            .position(|port| is_beyond(port.host_ip.as_deref()))
            .map(Reach::Port),
    }
}

/// Whether other machines reach what listens at `address`; without one the engine takes all of this machine's.
pub(super) fn is_beyond(address: Option<&str>) -> bool {
    let text = address.unwrap_or_default().trim_matches(['[', ']']);
    // What isn't an address the engine refuses.
    text.is_empty() || text.parse::<IpAddr>().is_ok_and(|ip| !ip.to_canonical().is_loopback())
}

/// `port 8001`, also where the engine chooses or a range is given.
pub(super) fn shown(port: &Port) -> String {
    match port.published.as_deref() {
        None | Some("" | "0") => format!("a port chosen by the engine (for {})", port.target),
        Some(published) => format!("port {published}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_stays_on_this_machine() {
        for (address, beyond) in [
            (None, true),
            (Some(""), true),
            (Some("0.0.0.0"), true),
            (Some("::"), true),
            (Some("[::]"), true),
            (Some("0:0:0:0:0:0:0:0"), true),
            (Some("::ffff:0.0.0.0"), true),
            (Some("192.168.1.5"), true),
            (Some("fd00::5"), true),
            (Some("127.0.0.1"), false),
            (Some("127.8.9.1"), false),
            (Some("::1"), false),
            (Some("[::1]"), false),
            (Some("::ffff:127.0.0.1"), false),
            (Some("nonsense"), false),
        ] {
            assert_eq!(is_beyond(address), beyond, "{address:?}");
        }
    }
}
