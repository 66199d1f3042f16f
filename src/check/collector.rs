//! What keeps the collector from finding the logs: an engine socket elsewhere, a log driver that can't be read.

use std::path::Path;

use crate::codes;
use crate::files;
use crate::services;

use super::Finding;
use super::engine_state::EngineState;
use super::finding::with_variable;
use super::project::Project;

/// Log drivers whose lines the engine gives out again.
pub(super) const READABLE: [&str; 3] = ["json-file", "local", "journald"];

/// Whether a mount's source is named as sockets are.
pub(super) fn is_socket(source: &str) -> bool {
    Path::new(source)
        .extension()
        .is_some_and(|extension| extension == "sock")
}

/// The service that collects the logs, if the stack has one.
pub(super) fn collector(project: &Project) -> Option<&'static str> {
    let stack = project.stack()?;
    services::COLLECTORS
        .into_iter()
        .find(|name| stack.services.contains_key(*name))
}

/// Services that mount an engine's socket which is not that of the engine in use.
pub(super) fn socket_elsewhere(project: &Project, there: &EngineState) -> Vec<Finding> {
    let (Some(stack), Some(engine)) = (project.stack(), &there.socket) else {
        return Vec::new();
    };
    let real = |path: &Path| files::real(path).ok();
    let sockets = project.services().filter_map(|service| {
        let (source, place) = stack.binds_of(service).find(|(source, _)| is_socket(source))?;
        Some((service, source, place))
    });
    let elsewhere = sockets.filter_map(|(service, source, place)| {
        let mounted = real(Path::new(source));
        if mounted.is_some() && mounted == real(engine) {
            return None;
        }
        let what = if mounted.is_none() {
            format!(
                "{} mounts the engine's socket {source}, which doesn't exist",
                service.name
            )
        } else {
            format!("{} mounts the socket of another engine: {source}", service.name)
        };
        Some(
            Finding::new(&codes::SOCKET_ELSEWHERE, what)
                .because(format!(
                    "the engine in use listens on {} (rootless, or another context)",
                    engine.display()
                ))
                .fix(with_variable("DOCKER_SOCKET", &engine.to_string_lossy()))
                .at(place),
        )
    });
    elsewhere.collect()
}

/// Services whose log driver keeps their lines from any collector, when the stack has one.
pub(super) fn unreadable(project: &Project) -> Vec<Finding> {
    let Some(collector) = collector(project) else {
        return Vec::new();
    };
    let drivers = project.services().filter_map(|service| {
        let driver = service.logging.as_ref()?.driver.as_deref()?;
        (!READABLE.contains(&driver)).then_some((service, driver))
    });
    let findings = drivers.map(|(service, driver)| {
        Finding::new(
            &codes::LOG_DRIVER,
            format!(
                "{}: the engine can't read back logs of the log driver {driver}",
                service.name
            ),
        )
        .because(format!("{collector} and `magicctl logs` can't show its logs"))
        .fix("use json-file, local or journald")
        .at(project.place_of(&service.name))
    });
    findings.collect()
}
