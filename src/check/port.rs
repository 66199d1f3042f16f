//! Host ports that somebody else has.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use crate::codes;
use crate::compose::{Port, Service, Written};
use crate::observed::Container;

use super::copies::{HeldByProject, Thing};
use super::engine_state::EngineState;
use super::finding::{Finding, MOST_FINDINGS};
use super::port_owner::{self, Process};
use super::project::Project;

/// Host ports of the services in question that are taken, on an engine of this machine.
pub(super) fn taken(project: &Project, there: &EngineState) -> Vec<Finding> {
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
            if ours.holder(port, number).is_some() || is_free(port, number) {
                continue;
            }
            let process = || port_owner::of(number, &port.protocol);
            let whose = whose(
                all.holder(port, number),
                &made_to_hold(there, port, number),
                &stack.name,
                process,
            );
            let Some(owner) = whose else { continue };
            let places = stack.places.ports.get(&service.name);
            let place = places.and_then(|places| places.get(index));
            let variable = stack.port_variable(service, index);
            findings.push(finding(service, port, number, &owner, variable).at(place.map(Written::place)));
        }
    }
    findings
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

/// The containers that were made to publish a port and are not listed with it.
fn made_to_hold<'o>(there: &'o EngineState, port: &Port, number: u16) -> Vec<&'o Container> {
    let holds = |container: &&Container| {
        let bound = there.bound.get(&container.id).into_iter().flatten();
        bound
            .into_iter()
            .any(|bound| bound.public == Some(number) && bound.protocol == port.protocol)
    };
    there.observed.containers.iter().filter(holds).collect()
}

/// Who else has a port.
#[derive(Debug, PartialEq)]
enum Owner<'o> {
    Container(&'o Container),
    Program(Option<Process>),
}

/// Who has a port that is taken; `None` when it is `project` itself. `listed` is the container that publishes it, `made` those
/// that were made to and may be between an exit and their next start, `process` looks who listens.
fn whose<'o>(
    listed: Option<&'o Container>,
    made: &[&'o Container],
    project: &str,
    process: impl FnOnce() -> Option<Process>,
) -> Option<Owner<'o>> {
    if let Some(container) = listed {
        return Some(Owner::Container(container));
    }
    let process = process();
    // What can't be seen may be the engine's: then its own answer at the start counts.
    let may_be_of_engine = process.as_ref().is_none_or(Process::is_of_engine);
    if may_be_of_engine {
        if made.iter().any(|container| container.project() == Some(project)) {
            return None;
        }
        if let Some(container) = made.first() {
            return Some(Owner::Container(container));
        }
    }
    Some(Owner::Program(process))
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

fn finding(service: &Service, port: &Port, number: u16, owner: &Owner<'_>, variable: Option<&str>) -> Finding {
    let hint = match variable {
        Some(variable) => {
            let other = number.checked_add(10_000).unwrap_or(number - 10_000);
            format!("stop it, or use another port: `{variable}={other} magicctl up`, or set {variable} in .env")
        }
        None => format!(
            "stop it, or publish port {} of {} on another port",
            port.target, service.name
        ),
    };
    let (code, words, held) = match owner {
        Owner::Program(None) => (&codes::PORT_TAKEN, "another program uses it".to_owned(), None),
        Owner::Program(Some(process)) => (&codes::PORT_TAKEN, format!("{process} uses it"), None),
        Owner::Container(container) => {
            let words = match (container.project(), container.service()) {
                (Some(project), Some(service)) => {
                    format!("container {} uses it ({service} of project {project})", container.name)
                }
                _ => format!("container {} uses it", container.name),
            };
            let held = HeldByProject::by(container, Thing::Port(number));
            (&codes::PORT_TAKEN_BY_CONTAINER, words, held)
        }
    };
    Finding::new(
        code,
        format!(
            "{} needs port {number} of this machine, which is already in use",
            service.name
        ),
    )
    .because(words)
    .fix(hint)
    .held_by(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::container_of as container;
    use crate::observed::State;

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
        assert!(!is_free(&tcp(number), number));
        let owner = whose(None, &[], "ours", || port_owner::of(number, "tcp"));
        let Some(Owner::Program(Some(process))) = owner else {
            panic!("{owner:?}");
        };
        assert!(process.to_string().contains(&format!("pid {}", std::process::id())));
    }

    #[test]
    fn a_port_that_nobody_holds_is_free() {
        // Anybody may take one port between the two lines; nobody takes twenty.
        let free = (0..20).any(|_| {
            let number = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            is_free(&tcp(number), number)
        });
        assert!(free);
    }

    #[test]
    fn a_port_of_our_own_container_is_no_conflict_whatever_it_is_doing() {
        let ours = container("ours-app-1", "ours", State::Exited { code: 1 });
        let restarting = container("ours-app-1", "ours", State::Restarting);
        let other = container("theirs-app-1", "theirs", State::Restarting);
        let proxy = || Some(Process::named("docker-proxy"));
        let program = || Some(Process::named("nginx"));
        for made in [&ours, &restarting] {
            assert_eq!(whose(None, &[made], "ours", proxy), None);
            assert_eq!(whose(None, &[made], "ours", || None), None, "who listens can't be seen");
            assert_eq!(
                whose(None, &[made], "ours", program),
                Some(Owner::Program(program())),
                "a program took it while ours did not run"
            );
            assert_eq!(
                whose(None, &[&other, made], "ours", proxy),
                None,
                "one of the two, maybe ours"
            );
        }
        assert_eq!(whose(None, &[&other], "ours", proxy), Some(Owner::Container(&other)));
        assert_eq!(
            whose(Some(&other), &[&ours], "ours", proxy),
            Some(Owner::Container(&other))
        );
        assert_eq!(whose(None, &[], "ours", proxy), Some(Owner::Program(proxy())));
    }
}
