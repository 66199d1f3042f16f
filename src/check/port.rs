//! Host ports that somebody else has.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use crate::codes::{self, Code};
use crate::compose::{Port, Service};
use crate::failure::Place;
use crate::observed::Container;

use super::finding::{Finding, MOST_FINDINGS};
use super::port_owner;
use super::project::Project;
use super::there::There;

/// Host ports of the services in question that are taken, on an engine of this machine.
pub(super) fn taken(project: &Project, there: &There) -> Vec<Finding> {
    let (Some(stack), Some(_)) = (project.stack(), &there.socket) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let ours = Published::of(there.observed.of_project(&stack.name));
    let all = Published::of(there.observed.containers.iter());
    for service in project.services() {
        for (index, port) in service.ports.iter().enumerate() {
            if findings.len() >= MOST_FINDINGS {
                return findings;
            }
            let Some(number) = port.published.as_ref().and_then(|text| text.parse().ok()) else {
                continue;
            };
            // A container of this project that has it may be about to give it up; if not, the engine says so.
            if ours.holder(port, number).is_some() {
                continue;
            }
            if let Some(owner) = owner(&all, port, number) {
                let places = stack.places.ports.get(&service.name);
                let place = places.and_then(|places| places.get(index));
                findings.push(finding(service, port, number, &owner, place));
            }
        }
    }
    findings
}

/// Who has a port.
#[derive(Debug)]
struct Owner {
    code: &'static Code,
    words: String,
}

/// Who publishes which host port, by number and protocol; of several the first.
struct Published<'o>(HashMap<(u16, &'o str), &'o Container>);

impl<'o> Published<'o> {
    fn of(containers: impl Iterator<Item = &'o Container>) -> Self {
        let mut all = HashMap::new();
        for container in containers {
            for port in &container.ports {
                if let Some(number) = port.public {
                    all.entry((number, port.protocol.as_str())).or_insert(container);
                }
            }
        }
        Self(all)
    }

    fn holder(&self, port: &Port, number: u16) -> Option<&'o Container> {
        self.0.get(&(number, port.protocol.as_str())).copied()
    }
}

/// Who has the port; `None` when it is free.
fn owner(all: &Published<'_>, port: &Port, number: u16) -> Option<Owner> {
    if is_free(port, number) {
        return None;
    }
    let container = all.holder(port, number);
    let Some(container) = container else {
        let process = port_owner::of(number, &port.protocol);
        return Some(Owner {
            code: &codes::PORT_TAKEN,
            words: format!("{} has it", process.as_deref().unwrap_or("another program")),
        });
    };
    Some(Owner {
        code: &codes::PORT_TAKEN_BY_CONTAINER,
        words: match (container.project(), container.service()) {
            (Some(project), Some(service)) => {
                format!("container {} has it ({service} of project {project})", container.name)
            }
            _ => format!("container {} has it", container.name),
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

fn finding(service: &Service, port: &Port, number: u16, owner: &Owner, place: Option<&Place>) -> Finding {
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
    Finding::new(
        owner.code,
        format!("{} needs port {number} of this machine, which is taken", service.name),
    )
    .because(owner.words.clone())
    .fix(hint)
    .at(place.cloned())
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
        let owner = owner(&Published::of([].iter()), &tcp(number), number).unwrap();
        assert!(
            owner.words.contains(&format!("pid {}", std::process::id())),
            "{owner:?}"
        );
    }

    #[test]
    fn a_port_that_nobody_holds_is_free() {
        // Anybody may take one port between the two lines; nobody takes twenty.
        let free = (0..20).any(|_| {
            let number = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            owner(&Published::of([].iter()), &tcp(number), number).is_none()
        });
        assert!(free);
    }
}
