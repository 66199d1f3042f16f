//! Host ports that two services of the file want.

use std::net::IpAddr;

use crate::check::Finding;
use crate::check::project::Project;
use crate::codes;
use crate::compose::Port;

pub(in crate::check) fn twice(project: &Project) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut seen: Vec<(&str, &Port)> = Vec::new();
    let mut findings = Vec::new();
    for service in project.services() {
        for (index, port) in service.ports.iter().enumerate() {
            if port
                .published
                .as_ref()
                .is_none_or(|text| text.parse::<u16>().is_err() || text == "0")
            {
                continue;
            }
            if let Some((other, _)) = seen.iter().find(|(_, other)| collide(other, port)) {
                let number = port.published.as_deref().unwrap_or_default();
                let what = if *other == service.name {
                    format!("{other} publishes port {number} twice")
                } else {
                    format!("{other} and {} both publish port {number}", service.name)
                };
                let place = stack
                    .places
                    .ports
                    .get(&service.name)
                    .and_then(|places| places.get(index));
                findings.push(Finding::new(&codes::PORT_TWICE, what).at(place.cloned()).in_file());
            }
            seen.push((&service.name, port));
        }
    }
    findings
}

/// Whether only one of two can be had: the same port and protocol, on the same address or on all of its kind.
fn collide(one: &Port, other: &Port) -> bool {
    let address = |port: &Port| port.host_ip.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok());
    let same_address = match (address(one), address(other)) {
        (Some(one), Some(other)) => {
            one == other || (one.is_ipv4() == other.is_ipv4() && (one.is_unspecified() || other.is_unspecified()))
        }
        _ => true,
    };
    one.published == other.published && one.protocol == other.protocol && same_address
}
