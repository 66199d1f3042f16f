//! `ports` and `expose`, short and long forms, ranges expanded.

use crate::compose::at::At;
use crate::compose::model::Port;
use crate::failure::Failure;

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// Reads `ports` of the service at `at`.
pub(in crate::compose) fn ports(at: &At<'_>) -> Result<Vec<Port>, Failure> {
    let mut ports = Vec::new();
    for item in at.get("ports").map_or_else(|| Ok(Vec::new()), |at| at.list())? {
        if item.is_map() {
            ports.push(long(&item)?);
        } else {
            ports.extend(short(&item)?);
        }
    }
    Ok(ports)
}

/// Reads `expose`.
pub(super) fn exposed(at: &At<'_>) -> Result<Vec<String>, Failure> {
    at.list()?
        .iter()
        .map(|item| {
            let text = item.string()?;
            let (range_text, protocol) = protocol(item, &text)?;
            range(item, range_text)?;
            Ok(if text.contains('/') {
                format!("{range_text}/{protocol}")
            } else {
                text
            })
        })
        .collect()
}

fn long(at: &At<'_>) -> Result<Port, Failure> {
    at.only(
        &[
            "target",
            "published",
            "host_ip",
            "protocol",
            "mode",
            "name",
            "app_protocol",
        ],
        &[],
    )?;
    let target = at.get("target").ok_or_else(|| at.wrong("`target` is missing"))?;
    let text = target.string()?;
    let published = match at.get("published") {
        Some(at) => {
            let text = at.string()?;
            range(&at, &text)?;
            Some(text)
        }
        None => None,
    };
    let string = |key: &str| at.get(key).map(|at| at.string()).transpose();
    Ok(Port {
        mode: at
            .get("mode")
            .map_or_else(|| Ok("ingress".to_owned()), |at| at.one_of(&["host", "ingress"]))?,
        host_ip: at.get("host_ip").map(|at| host_ip(&at, &at.string()?)).transpose()?,
        target: number(&target, &text)?,
        published,
        protocol: at
            .get("protocol")
            .map_or_else(|| Ok("tcp".to_owned()), |at| at.one_of(&PROTOCOLS))?,
        name: string("name")?,
        app_protocol: string("app_protocol")?,
    })
}

/// `[[IP:]PUBLISHED:]TARGET[/PROTOCOL]`; an IPv6 address in brackets.
fn short(at: &At<'_>) -> Result<Vec<Port>, Failure> {
    let text = at.string()?;
    let (rest, protocol) = protocol(at, &text)?;
    let (before, target) = match rest.rsplit_once(':') {
        Some((before, target)) => (Some(before), target),
        None => (None, rest),
    };
    let (ip, published) = match before {
        None => (None, None),
        Some(before) => match before.rsplit_once(':') {
            Some((ip, published)) => (Some(ip), Some(published)),
            // `[::1]:80` has no published port; `127.0.0.1::80` neither.
            None => (None, Some(before)),
        },
    };
    let host_ip = ip
        .filter(|ip| !ip.is_empty())
        .map(|ip| self::host_ip(at, ip))
        .transpose()?;
    let targets = range(at, target)?;
    let published = published.filter(|published| !published.is_empty());
    let port = |target, published| Port {
        mode: "ingress".to_owned(),
        host_ip: host_ip.clone(),
        target,
        published,
        protocol: protocol.to_owned(),
        name: None,
        app_protocol: None,
    };
    let Some(published) = published else {
        return Ok(targets.map(|target| port(target, None)).collect());
    };
    let host = range(at, published)?;
    if length(&targets) == 1 {
        // A range on the host for one port in the container: the engine takes a free one.
        return Ok(targets.map(|target| port(target, Some(published.to_owned()))).collect());
    }
    if length(&host) != length(&targets) {
        return Err(at.wrong(format!("{published} and {target} are ranges of different lengths")));
    }
    Ok(targets
        .zip(host)
        .map(|(target, host)| port(target, Some(host.to_string())))
        .collect())
}

fn protocol<'t>(at: &At<'_>, text: &'t str) -> Result<(&'t str, &'t str), Failure> {
    let (rest, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if PROTOCOLS.contains(&protocol) {
        return Ok((rest, protocol));
    }
    Err(at.wrong(format!("`{protocol}` is none of tcp, udp, sctp")))
}

/// `8000` or `8000-8010`.
fn range(at: &At<'_>, text: &str) -> Result<std::ops::RangeInclusive<u16>, Failure> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(at, first)?, number(at, last)?);
    if last < first {
        return Err(at.wrong(format!("{text} ends before it begins")));
    }
    Ok(first..=last)
}

fn number(at: &At<'_>, text: &str) -> Result<u16, Failure> {
    match text.trim().parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(at
            .wrong(format!("`{text}` is no port"))
            .hint("ports go from 1 to 65535")),
    }
}

fn host_ip(at: &At<'_>, text: &str) -> Result<String, Failure> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(_) => Ok(bare.to_owned()),
        Err(_) => Err(at
            .wrong(format!("`{text}` is no IP address"))
            .hint("a port is written `PUBLISHED:TARGET` or `IP:PUBLISHED:TARGET`")),
    }
}

fn length(range: &std::ops::RangeInclusive<u16>) -> usize {
    usize::from(range.end() - range.start()) + 1
}
