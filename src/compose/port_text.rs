//! The short form of a port: `[[IP:]PUBLISHED:]TARGET[/PROTOCOL]`, ranges expanded.

use std::net::IpAddr;
use std::ops::RangeInclusive;

/// One published port.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PortText {
    pub host_ip: String,
    pub target: u16,
    /// A port, a range to choose from, or nothing: the engine chooses.
    pub published: String,
    pub protocol: String,
}

/// What one text publishes: a port, or as many as its range has.
#[derive(Debug)]
pub(super) struct PortRange {
    host_ip: String,
    targets: RangeInclusive<u16>,
    /// As many as `targets`, or a range to choose from for the only one of them.
    hosts: Option<RangeInclusive<u16>>,
    protocol: String,
}

impl PortRange {
    /// How many ports it has.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Each of its ports, sorted as Compose sorts them.
    pub fn ports(&self) -> Vec<PortText> {
        let (first, last) = (*self.targets.start(), *self.targets.end());
        let wide = last > first;
        let mut ports: Vec<PortText> = self
            .targets
            .clone()
            .map(|target| PortText {
                host_ip: self.host_ip.clone(),
                target,
                published: match &self.hosts {
                    None => String::new(),
                    // A range on the host for one port in the container: the engine takes a free one.
                    Some(hosts) if !wide && hosts.end() > hosts.start() => format!("{}-{}", hosts.start(), hosts.end()),
                    Some(hosts) => (u32::from(*hosts.start()) + u32::from(target - first)).to_string(),
                },
                protocol: self.protocol.clone(),
            })
            .collect();
        // As text: 10 before 9.
        ports.sort_by_cached_key(|port| port.target.to_string());
        ports
    }
}

/// Takes `text` apart; the error says why it can't be.
pub(super) fn parse(text: &str) -> Result<PortRange, String> {
    let pieces: Vec<&str> = text.split(':').collect();
    let (ip, host, container) = match pieces.as_slice() {
        [container] => (String::new(), "", *container),
        [host, container] => (String::new(), *host, *container),
        [ip @ .., host, container] => (ip.join(":"), *host, *container),
        [] => return Err("the port is missing".to_owned()),
    };
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    if container.is_empty() {
        return Err("the port is missing".to_owned());
    }
    let protocol = match protocol.to_lowercase().as_str() {
        "" => "tcp".to_owned(),
        known @ ("tcp" | "udp" | "sctp") => known.to_owned(),
        other => return Err(format!("`{other}` is not one of tcp, udp, sctp")),
    };
    let ip = match ip.strip_prefix('[') {
        Some(inside) => inside.strip_suffix(']').unwrap_or(&ip).to_owned(),
        None => ip,
    };
    if !ip.is_empty() && ip.parse::<IpAddr>().is_err() {
        return Err(format!("`{ip}` is not a valid IP address"));
    }
    let targets = range(container)?;
    let hosts = if host.is_empty() { None } else { Some(range(host)?) };
    if let Some(hosts) = &hosts
        && targets.len() > 1
        && hosts.len() != targets.len()
    {
        return Err(format!("the ranges {host} and {container} have different lengths"));
    }
    Ok(PortRange {
        host_ip: ip,
        targets,
        hosts,
        protocol,
    })
}

/// `8000` or `8000-8010`.
pub(super) fn range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (start, end) = (number(first)?, number(last)?);
    if end < start {
        return Err(format!("{text} ends before it begins"));
    }
    Ok(start..=end)
}

fn number(text: &str) -> Result<u16, String> {
    text.strip_prefix('+')
        .unwrap_or(text)
        .parse()
        .map_err(|_| format!("`{text}` is not a valid port"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;

    proptest! {
        #[test]
        fn any_text_is_ports_or_none(
            text in "(\\[?[0-9a-f.:]{0,9}\\]?:)?([+0-9-]{0,11}:)?[+0-9-]{0,11}(/(tcp|udp|x)?)?|[0-9:/.\\[\\]+é-]{0,12}",
        ) {
            if let Ok(range) = parse(&text) {
                prop_assert!((1..=65_536).contains(&range.len()));
                let ports = range.ports();
                prop_assert_eq!(ports.len(), range.len());
                for port in ports {
                    let ends = port.published.split('-').filter(|end| !end.is_empty());
                    prop_assert!(ends.map(str::parse::<u16>).all(|end| end.is_ok()), "{:?}", port);
                }
            }
        }
    }

    #[test]
    fn every_form() {
        let told = |text: &str| {
            let ports = parse(text)?.ports();
            Ok::<Vec<String>, String>(
                ports
                    .iter()
                    .map(|port| format!("{}|{}|{}|{}", port.host_ip, port.published, port.target, port.protocol))
                    .collect(),
            )
        };
        for (text, wanted) in [
            ("80", vec!["||80|tcp"]),
            ("8080:80/UDP", vec!["|8080|80|udp"]),
            ("127.0.0.1::80", vec!["127.0.0.1||80|tcp"]),
            ("[::1]:1:2", vec!["::1|1|2|tcp"]),
            ("::1:1:2", vec!["::1|1|2|tcp"]),
            ("8000-8010:80", vec!["|8000-8010|80|tcp"]),
            ("109-110:9-10", vec!["|110|10|tcp", "|109|9|tcp"]),
            ("80/", vec!["||80|tcp"]),
            ("0:0", vec!["|0|0|tcp"]),
        ] {
            assert_eq!(told(text).unwrap(), wanted, "{text}");
        }
        for text in ["", "a", "70000", "1-2:3-5", "9-8", "x:1:2", "1/icmp", "1:", "[::1:1:2"] {
            assert!(told(text).is_err(), "{text}");
        }
    }
}
