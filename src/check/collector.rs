//! What keeps the collector from finding the logs: an engine socket elsewhere, a log driver that can't be read.

use std::path::Path;

use crate::compose::{Service, Stack};
use crate::failure::Failure;

/// Log drivers whose lines the engine gives out again.
const READABLE: [&str; 3] = ["json-file", "local", "journald"];

/// Whether a mount's source is named as sockets are.
pub(super) fn is_socket(source: &str) -> bool {
    Path::new(source)
        .extension()
        .is_some_and(|extension| extension == "sock")
}

/// `service` mounts an engine's socket, and that is not the one that runs it.
pub(super) fn socket_elsewhere(stack: &Stack, service: &Service, engine: Option<&Path>) -> Option<Failure> {
    let engine = engine?;
    let (source, place) = stack.binds_of(service).find(|(source, _)| is_socket(source))?;
    let real = |path: &Path| path.canonicalize().ok();
    let mounted = real(Path::new(source));
    if mounted.is_some() && mounted == real(engine) {
        return None;
    }
    let what = if mounted.is_none() {
        format!(
            "{} mounts the engine's socket {source}, which is not there",
            service.name
        )
    } else {
        format!("{} mounts the socket of another engine: {source}", service.name)
    };
    let failure = Failure::failed(what)
        .because(format!(
            "the engine in use listens on {} (rootless, or another context)",
            engine.display()
        ))
        .hint(format!(
            "`DOCKER_SOCKET={} magicctl up`, or the same line in .env",
            engine.display()
        ));
    Some(match place {
        Some(place) => failure.at(place),
        None => failure,
    })
}

/// Services whose log driver keeps their lines from any collector, when the stack has one.
pub fn unreadable(stack: &Stack) -> Vec<String> {
    let collector = ["promtail", "alloy"]
        .iter()
        .find(|name| stack.services.contains_key(**name));
    let Some(collector) = collector else {
        return Vec::new();
    };
    let services = stack.services.values();
    services
        .filter_map(|service| {
            let driver = service.logging.as_ref()?.driver.as_deref()?;
            (!READABLE.contains(&driver)).then(|| {
                format!(
                    "{}: the engine can't give out the lines of log driver {driver}, so {collector} and `magicctl logs` won't see them; \
                     use json-file, local or journald",
                    service.name
                )
            })
        })
        .collect()
}
