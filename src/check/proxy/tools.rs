//! Whether `mcp_server_url` leads to something in this stack. Only what surely leads nowhere is reported.

use url::{Host, Url};

use crate::check::Finding;
use crate::check::project::Project;
use crate::codes;
use crate::compose::{Port, Service};
use crate::services;
use crate::yaml::Node;

use super::place;

pub(super) fn look(project: &Project, node: &Node) -> Option<Finding> {
    let at = node.get("agent_settings")?.get("mcp_server_url")?;
    let url = Url::parse(at.text()?).ok()?;
    let port = url.port_or_known_default()?;
    let why = match url.host()? {
        Host::Domain("localhost") => own(project, port)?,
        Host::Ipv4(ip) if ip.is_loopback() || ip.is_unspecified() => own(project, port)?,
        Host::Ipv6(ip) if ip.is_loopback() => own(project, port)?,
        Host::Domain(name) => other(project, name, port)?,
        _ => return None,
    };
    Some(
        Finding::new(
            &codes::PROXY_MCP,
            "nothing in this stack answers at agent_settings.mcp_server_url",
        )
        .because(why)
        .fix(format!(
            "from the gateway, mcp-server is at `http://localhost:{}`",
            services::named("mcp-server").1
        ))
        .at(place(&at.span))
        .in_file(),
    )
}

/// In the app's own container. A port of an app's own making may be anything, so only ports that are surely others' count.
fn own(project: &Project, port: u16) -> Option<String> {
    let app = project.app()?;
    let targets = |port: u16| app.ports.iter().any(|published| published.target == port);
    if port == services::named("magic-proxy").1 && targets(services::named("mcp-server").1) {
        return Some(format!("port {port} of that container is the gateway itself"));
    }
    if targets(port) {
        return None;
    }
    let publishes = |published: &&Port| published.published.as_deref() == Some(port.to_string().as_str());
    if let Some(published) = app.ports.iter().find(publishes) {
        return Some(format!(
            "{port} is the port on this machine; inside the container it is {}",
            published.target
        ));
    }
    let stack = project.stack()?;
    let others = || stack.services.values().filter(|service| service.name != app.name);
    let taken = others().find(|service| {
        service
            .ports
            .iter()
            .any(|other| other.target == port || publishes(&other))
    });
    taken.map(|service| {
        format!(
            "localhost is the gateway's own container, but port {port} belongs to {}",
            service.name
        )
    })
}

/// In another container.
fn other(project: &Project, name: &str, port: u16) -> Option<String> {
    let stack = project.stack()?;
    let app = project.app()?;
    let called = |service: &&Service| {
        let aliases = service.networks.values().flatten().flat_map(|network| &network.aliases);
        service.name == name
            || service.container_name.as_deref() == Some(name)
            || service.hostname.as_deref() == Some(name)
            || aliases.into_iter().any(|alias| alias == name)
    };
    if let Some(service) = stack.services.values().find(called) {
        let known: Vec<u16> = service.ports.iter().map(|published| published.target).collect();
        let exposes = service.expose.iter().any(|text| text.contains(&port.to_string()));
        return (!known.is_empty() && !known.contains(&port) && !exposes && service.name != app.name)
            .then(|| format!("{name} listens on {known:?}, not on {port}"));
    }
    // A name with dots, or one that the container knows, may be anywhere.
    let is_told = app.extra_hosts.iter().any(|host| host.starts_with(name))
        || app
            .external_links
            .iter()
            .chain(&app.links)
            .any(|link| link.ends_with(name));
    let joins_others = stack.networks.values().any(|network| network.external);
    (!name.contains('.') && !is_told && !joins_others)
        .then(|| format!("no service of the Compose file is called {name}"))
}
