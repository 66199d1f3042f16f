//! Ports that the whole network reaches, of services that ask for no password or for one that everybody knows.

use crate::check::Finding;
use crate::check::project::Project;
use crate::codes;
use crate::compose::Service;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for service in project.services() {
        let Some(why) = unguarded(service) else { continue };
        let everywhere = |ip: Option<&str>| ip.is_none_or(|ip| matches!(ip, "0.0.0.0" | "::" | "[::]" | ""));
        let open = service
            .ports
            .iter()
            .position(|port| everywhere(port.host_ip.as_deref()) && port.published.is_some());
        if let Some(index) = open {
            let published = service.ports[index].published.as_deref().unwrap_or_default();
            let what = format!("{} is open to the network on port {published}", service.name);
            let place = stack
                .places
                .ports
                .get(&service.name)
                .and_then(|places| places.get(index));
            findings.push(Finding::new(&codes::OPEN_PORT, what).because(why).at(place.cloned()));
        }
    }
    findings
}

/// Why anybody who reaches `service` may use it; nothing when that is not sure.
fn unguarded(service: &Service) -> Option<String> {
    let image = service.image.as_deref().unwrap_or_default();
    let repository = image.split(['@', ':']).next().unwrap_or_default();
    let program = repository.rsplit('/').next().unwrap_or_default();
    let is = |name: &str| program == name || (service.name == name && service.build.is_none());
    let variable = |name: &str| service.environment.get(name).and_then(|value| value.as_deref());
    if is("grafana") {
        let from_file = variable("GF_SECURITY_ADMIN_PASSWORD__FILE").is_some();
        let known = variable("GF_SECURITY_ADMIN_PASSWORD").is_none_or(|password| matches!(password, "" | "admin"));
        let other = variable("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION").is_some();
        return (known && !from_file && !other).then(|| "its password is admin, as everybody knows".to_owned());
    }
    if is("redis") {
        let command = service.command.clone().unwrap_or_default().join(" ");
        let guarded = ["requirepass", "aclfile", ".conf"]
            .iter()
            .any(|word| command.contains(word));
        return (!guarded).then(|| "it asks for no password".to_owned());
    }
    if is("kafka") {
        let guarded = service
            .environment
            .values()
            .flatten()
            .any(|value| value.contains("SASL") || value.contains("SSL:"));
        return (!guarded).then(|| "its listeners ask for no password".to_owned());
    }
    is("loki").then(|| "it asks for no password".to_owned())
}
