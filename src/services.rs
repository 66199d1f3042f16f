//! What is known of the sample project's services, in one table: for settings and templates, pages, checks and cards.

/// A service of the sample project, by its name in the Compose file.
#[derive(Debug)]
pub struct SampleService {
    /// Its name.
    pub name: &'static str,
    /// What it wants in memory when nothing limits it, after some days; in megabytes.
    pub memory: u64,
    /// Its image's size on disk, in megabytes.
    pub disk: u64,
}

/// Where a service listens in its container.
#[derive(Debug)]
pub struct Port {
    /// What `ports` of magicctl.yaml calls it, and what listens there; `None`: it is not published.
    pub name: Option<&'static str>,
    /// Whose it is.
    pub service: &'static str,
    /// In the container; on this machine the same unless a setting or variable says otherwise.
    pub number: u16,
    /// Whether a browser can be pointed at it.
    pub is_http: bool,
    /// Whether the number alone says what listens there, in any project.
    pub tells: bool,
}

/// The service that is built from the project's folder.
pub const APP: &str = "app-runner";
/// Those that can ship the logs, of which a project has one.
pub const COLLECTORS: [&str; 2] = ["promtail", "alloy"];

/// All of them, the collectors both.
pub const SERVICES: [SampleService; 7] = [
    known(APP, 120, 300),
    known("kafka", 800, 450),
    known("redis", 300, 50),
    known("loki", 150, 130),
    known(COLLECTORS[0], 80, 200),
    known(COLLECTORS[1], 150, 450),
    known("grafana", 150, 700),
];

/// All of them; of a service's the last is what other containers use.
pub const PORTS: [Port; 7] = [
    port(Some("magic-proxy"), APP, 8001, true, false),
    port(Some("mcp-server"), APP, 8002, true, false),
    port(Some("kafka"), "kafka", 9092, false, true),
    port(None, "kafka", 9093, false, true),
    port(None, "redis", 6379, false, true),
    port(Some("loki"), "loki", 3100, true, true),
    port(Some("grafana"), "grafana", 3000, true, false),
];

const fn known(name: &'static str, memory: u64, disk: u64) -> SampleService {
    SampleService { name, memory, disk }
}

const fn port(name: Option<&'static str>, service: &'static str, number: u16, is_http: bool, tells: bool) -> Port {
    Port {
        name,
        service,
        number,
        is_http,
        tells,
    }
}

/// The service called `name`.
pub fn of(name: &str) -> Option<&'static SampleService> {
    SERVICES.iter().find(|service| service.name == name)
}

/// Each port that has a name: that name, its service, its number.
pub fn published() -> impl Iterator<Item = (&'static str, &'static str, u16)> {
    PORTS
        .iter()
        .filter_map(|port| Some((port.name?, port.service, port.number)))
}

/// The service and the number of the port called `name`, which is in the table.
pub fn named(name: &str) -> (&'static str, u16) {
    let found = published().find(|(port, ..)| *port == name);
    found.map_or(("", 0), |(_, service, number)| (service, number))
}

/// Whether a port of that number may speak HTTP.
pub fn may_be_http(number: u16) -> bool {
    PORTS.iter().all(|port| port.is_http || port.number != number)
}

/// The variable that holds the port in a line such as `"${BIND_ADDRESS:-127.0.0.1}:${KAFKA_PORT:-9092}:9092"`.
pub fn variable_of(line: &str) -> Option<&str> {
    line.split("${")
        .skip(1)
        .map(|rest| rest.split([':', '-', '}', '?', '+']).next().unwrap_or_default())
        .find(|name| name.contains("PORT"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ids::ServiceName;

    #[test]
    fn the_table_is_of_the_rendered_project() {
        for collector in COLLECTORS {
            let flags = [("collector".to_owned(), collector.to_owned())];
            let folder = tempfile::tempdir().unwrap();
            let settings = crate::settings::load(folder.path(), &std::collections::BTreeMap::new(), &flags).unwrap();
            let files = crate::render::files(&settings).unwrap();
            crate::render::write(folder.path(), &files, false).unwrap();
            let request = crate::compose::Request {
                start_dir: folder.path().to_owned(),
                ..Default::default()
            };
            let stack = crate::compose::load(&request).unwrap();
            let others = COLLECTORS.iter().filter(|other| **other != collector);
            let mut known: BTreeSet<&str> = SERVICES.iter().map(|service| service.name).collect();
            others.for_each(|other| assert!(known.remove(other)));
            assert_eq!(
                stack.services.keys().map(ServiceName::as_str).collect::<BTreeSet<_>>(),
                known
            );
            assert!(stack.services[APP].build.is_some());
            let published: BTreeSet<(&str, u16)> = published().map(|(_, service, port)| (service, port)).collect();
            let in_file = stack.services.values().flat_map(|service| {
                let ports = service.ports.iter();
                ports.map(|port| (service.name.as_str(), port.target))
            });
            assert_eq!(in_file.collect::<BTreeSet<_>>(), published);
        }
    }

    #[test]
    fn finds_the_variable_that_moves_the_port() {
        let line = r#"      - "${BIND_ADDRESS:-127.0.0.1}:${KAFKA_PORT:-9092}:9092""#;
        assert_eq!(variable_of(line), Some("KAFKA_PORT"));
        assert_eq!(variable_of("- 80:80"), None);
    }

    #[test]
    fn what_speaks_no_http_is_known_by_its_number() {
        assert_eq!(
            [9092, 6379, 8001, 3100, 12345].map(may_be_http),
            [false, false, true, true, true]
        );
        assert_eq!(named("mcp-server"), (APP, 8002));
    }
}
