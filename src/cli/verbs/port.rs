//! `port`: where a port of a container is published on the host.

use clap::Args;
use serde_json::json;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::observed::{Container, PublishedPort};

use super::project_containers::ProjectContainers;

/// `port`.
#[derive(Debug, Clone, Args)]
pub struct PortArgs {
    /// The service
    service: ServiceName,
    /// The port in the container; all published ports by default
    #[arg(value_name = "PRIVATE_PORT")]
    port: Option<u16>,
    /// tcp, udp or sctp; tcp by default when a port is named
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<String>,
    /// The container's number
    #[arg(long, value_name = "N")]
    index: Option<u32>,
}

pub(crate) async fn run(session: &Session, args: &PortArgs) -> Ended {
    let project = ProjectContainers::of(session, std::slice::from_ref(&args.service)).await?;
    let container = project.one_running(&args.service, args.index)?;
    let default = args.port.map(|_| "tcp".to_owned());
    let protocol = args
        .protocol
        .as_ref()
        .map(|protocol| protocol.to_lowercase())
        .or(default);
    let is_meant = |port: &&PublishedPort| {
        args.port.is_none_or(|private| port.private == private)
            && protocol.as_ref().is_none_or(|protocol| port.protocol == *protocol)
    };
    let mut published: Vec<(&PublishedPort, &str, u16)> = container
        .ports
        .iter()
        .filter(is_meant)
        .filter_map(|port| Some((port, port.ip.as_deref().unwrap_or("0.0.0.0"), port.public?)))
        .collect();
    if let Some(port) = args.port {
        if published.is_empty() {
            return Err(not_published(container, port, &protocol.unwrap_or_default()));
        }
        // One for IPv4, one for IPv6: the first leads to the service.
        published.truncate(1);
    }
    if session.json() {
        // As the Compose file names them.
        let object = |(port, ip, public): (&PublishedPort, &str, u16)| json!({ "target": port.private, "protocol": port.protocol, "host_ip": ip, "published": public });
        let ports: Vec<_> = published.into_iter().map(object).collect();
        session
            .out
            .answer(&json!({ "service": args.service, "container": container.name, "ports": ports }));
        return Ok(None);
    }
    session.out.lines(published.into_iter().map(|(port, ip, public)| {
        let address = address(ip, public);
        match args.port {
            Some(_) => address,
            None => format!("{}/{} -> {address}", port.private, port.protocol),
        }
    }));
    Ok(None)
}

fn address(ip: &str, public: u16) -> String {
    if ip.contains(':') {
        format!("[{ip}]:{public}")
    } else {
        format!("{ip}:{public}")
    }
}

fn not_published(container: &Container, port: u16, protocol: &str) -> Failure {
    let service = container.service().map_or("", ServiceName::as_str);
    let all = &container.ports;
    let published: Vec<String> = all
        .iter()
        .filter(|port| port.public.is_some())
        .map(|port| format!("{}/{}", port.private, port.protocol))
        .collect();
    let exposed = all
        .iter()
        .any(|known| known.private == port && known.protocol == protocol);
    let failure = Failure::failed(format!("port {port}/{protocol} of {service} is not published"));
    let failure = if exposed {
        failure.because("the image or the Compose file only exposes it to other containers")
    } else {
        failure
    };
    if published.is_empty() {
        failure.hint(format!(
            "{service} publishes no ports: add it under `ports` (`127.0.0.1:{port}:{port}`)"
        ))
    } else {
        failure.hint(format!("the published ports are {}", published.join(", ")))
    }
}
