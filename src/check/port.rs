//! Host ports that somebody else has.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use crate::compose::{Port, Service, Stack};
use crate::failure::{Failure, Place};
use crate::observed::{Container, Observed};

use super::port_owner;

/// The first host port of `service` that is taken.
pub(super) fn taken(stack: &Stack, service: &Service, observed: &Observed) -> Option<Failure> {
    service.ports.iter().enumerate().find_map(|(index, port)| {
        let number: u16 = port.published.as_ref()?.parse().ok()?;
        // A container of this project that has it may be about to give it up; if not, the engine says so.
        let ours = observed
            .of_project(&stack.name)
            .any(|container| holds(container, port, number));
        if ours {
            return None;
        }
        let owner = owner(observed, port, number)?;
        let place = stack
            .places
            .ports
            .get(&service.name)
            .and_then(|places| places.get(index));
        Some(failure(service, port, number, &owner, place))
    })
}

fn holds(container: &Container, port: &Port, number: u16) -> bool {
    container
        .ports
        .iter()
        .any(|there| there.public == Some(number) && there.protocol == port.protocol)
}

/// Who has the port; `None` when it is free.
fn owner(observed: &Observed, port: &Port, number: u16) -> Option<String> {
    if is_free(port, number) {
        return None;
    }
    let container = observed
        .containers
        .iter()
        .find(|container| holds(container, port, number));
    Some(match container {
        Some(container) => match (container.project(), container.service()) {
            (Some(project), Some(service)) => {
                format!("container {} has it ({service} of project {project})", container.name)
            }
            _ => format!("container {} has it", container.name),
        },
        None => match port_owner::of(number, &port.protocol) {
            Some(process) => format!("{process} has it"),
            None => "another program has it".to_owned(),
        },
    })
}

/// Tries it. Only a plain "in use" counts: a port that this user may not open the engine may.
fn is_free(port: &Port, number: u16) -> bool {
    let ip = port
        .host_ip
        .as_ref()
        .and_then(|ip| ip.parse().ok())
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let address = SocketAddr::new(ip, number);
    let opened = match port.protocol.as_str() {
        "tcp" => TcpListener::bind(address).map(drop),
        "udp" => UdpSocket::bind(address).map(drop),
        _ => return true,
    };
    !opened.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

fn failure(service: &Service, port: &Port, number: u16, owner: &str, place: Option<&Place>) -> Failure {
    let variable = place.and_then(|place| place.source.as_deref()).and_then(variable_of);
    let hint = match variable {
        Some(variable) => {
            let other = number.checked_add(10_000).unwrap_or(number - 10_000);
            format!("stop that one, or move ours: `{variable}={other} magicctl up`, or the same line in .env")
        }
        None => format!(
            "stop that one, or publish port {} of {} elsewhere",
            port.target, service.name
        ),
    };
    let failure = Failure::failed(format!(
        "{} needs port {number} of this machine, which is taken",
        service.name
    ))
    .because(owner)
    .hint(hint);
    match place {
        Some(place) => failure.at(place.clone()),
        None => failure,
    }
}

/// The variable that holds the port in a line such as `"${BIND_ADDRESS:-127.0.0.1}:${KAFKA_PORT:-9092}:9092"`.
fn variable_of(line: &str) -> Option<&str> {
    line.split("${")
        .skip(1)
        .map(|rest| rest.split([':', '-', '}', '?', '+']).next().unwrap_or_default())
        .find(|name| name.contains("PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_variable_that_moves_the_port() {
        let line = r#"      - "${BIND_ADDRESS:-127.0.0.1}:${KAFKA_PORT:-9092}:9092""#;
        assert_eq!(variable_of(line), Some("KAFKA_PORT"));
        assert_eq!(variable_of("- 80:80"), None);
    }

    fn tcp(number: u16) -> Port {
        Port {
            mode: "ingress".to_owned(),
            host_ip: Some("127.0.0.1".to_owned()),
            target: 80,
            published: Some(number.to_string()),
            protocol: "tcp".to_owned(),
            name: None,
            app_protocol: None,
        }
    }

    #[test]
    fn a_port_that_this_very_process_holds_is_taken_and_says_by_whom() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = listener.local_addr().unwrap().port();
        let owner = owner(&Observed::default(), &tcp(number), number).unwrap();
        assert!(owner.contains(&format!("pid {}", std::process::id())), "{owner}");
    }

    #[test]
    fn a_port_that_nobody_holds_is_free() {
        // Anybody may take one port between the two lines; nobody takes twenty.
        let free = (0..20).any(|_| {
            let number = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            owner(&Observed::default(), &tcp(number), number).is_none()
        });
        assert!(free);
    }
}
