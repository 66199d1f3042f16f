//! Host ports that two services of the file want.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::check::finding::{Finding, MOST_FINDINGS};
use crate::check::project::Project;
use crate::codes;
use crate::compose::{Port, Written};

pub(in crate::check) fn twice(project: &Project) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut seen: HashMap<(&str, &str), Holders<'_>> = HashMap::new();
    let mut findings = Vec::new();
    for service in project.services() {
        for (index, port) in service.ports.iter().enumerate() {
            let published = port.published.as_deref().unwrap_or_default();
            if findings.len() >= MOST_FINDINGS || published.parse::<u16>().is_err() || published == "0" {
                continue;
            }
            let holders = seen.entry((published, &port.protocol)).or_default();
            if let Some(other) = holders.of(address(port)) {
                let what = if service.name == other {
                    format!("{other} publishes port {published} twice")
                } else {
                    format!("{other} and {} both publish port {published}", service.name)
                };
                let place = stack
                    .places
                    .ports
                    .get(&service.name)
                    .and_then(|places| places.get(index));
                findings.push(
                    Finding::new(&codes::PORT_TWICE, what)
                        .at(place.map(Written::place))
                        .in_file(),
                );
            }
            holders.add(address(port), service.name.as_str());
        }
    }
    findings
}

/// The services that publish one port of one protocol, by their addresses. Of several the first is reported.
#[derive(Default)]
struct Holders<'s> {
    count: usize,
    /// On whichever address.
    first: Option<(usize, &'s str)>,
    /// Without an address.
    anywhere: Option<(usize, &'s str)>,
    /// On all addresses of IPv4, and of IPv6.
    unspecified: [Option<(usize, &'s str)>; 2],
    /// On one or all addresses of IPv4, and of IPv6.
    of_kind: [Option<(usize, &'s str)>; 2],
    at: HashMap<IpAddr, (usize, &'s str)>,
}

impl<'s> Holders<'s> {
    fn add(&mut self, address: Option<IpAddr>, service: &'s str) {
        let holder = (self.count, service);
        self.count += 1;
        self.first.get_or_insert(holder);
        let Some(ip) = address else {
            self.anywhere.get_or_insert(holder);
            return;
        };
        let kind = usize::from(ip.is_ipv6());
        self.of_kind[kind].get_or_insert(holder);
        if ip.is_unspecified() {
            self.unspecified[kind].get_or_insert(holder);
        }
        self.at.entry(ip).or_insert(holder);
    }

    /// The first with which only one of two can be had: on the same address, or where one has all of its kind.
    fn of(&self, address: Option<IpAddr>) -> Option<&'s str> {
        let Some(ip) = address else {
            return self.first.map(|(_, service)| service);
        };
        let kind = usize::from(ip.is_ipv6());
        let alike = if ip.is_unspecified() {
            self.of_kind[kind]
        } else {
            let unspecified = self.unspecified[kind];
            [self.at.get(&ip).copied(), unspecified].into_iter().flatten().min()
        };
        [alike, self.anywhere]
            .into_iter()
            .flatten()
            .min()
            .map(|(_, service)| service)
    }
}

fn address(port: &Port) -> Option<IpAddr> {
    port.host_ip.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether only one of two can be had: on the same address, or on all of its kind.
    fn collide(one: Option<IpAddr>, other: Option<IpAddr>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => {
                one == other || (one.is_ipv4() == other.is_ipv4() && (one.is_unspecified() || other.is_unspecified()))
            }
            _ => true,
        }
    }

    proptest! {
        #[test]
        fn the_first_that_collides_is_found(picks in proptest::collection::vec(0..7usize, 0..12)) {
            let ips = ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::2", "::", ""];
            let names: Vec<String> = (0..picks.len()).map(|number| number.to_string()).collect();
            let mut holders = Holders::default();
            let mut before: Vec<(Option<IpAddr>, &str)> = Vec::new();
            for (pick, name) in picks.iter().zip(&names) {
                let ip = ips[*pick].parse().ok();
                let wanted = before.iter().find(|(other, _)| collide(*other, ip)).map(|(_, name)| *name);
                prop_assert_eq!(holders.of(ip), wanted);
                holders.add(ip, name);
                before.push((ip, name));
            }
        }
    }
}
