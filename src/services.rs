//! What is known of the sample project's services, in one table: for settings and templates, pages, checks and cards.

/// A service of the sample project.
#[derive(Debug)]
pub struct Known {
    /// Its name in the Compose file.
    pub name: &'static str,
    /// What it wants in memory when nothing limits it, after some days; in megabytes.
    pub memory: u64,
    /// Its image's size on disk, in megabytes.
    pub disk: u64,
    /// Where it listens in its container; what other containers use comes last.
    pub ports: &'static [Port],
}

/// A port in a service's container.
#[derive(Debug)]
pub struct Port {
    /// What `ports` of magicctl.yaml calls it, and what listens there; `None`: it is not published.
    pub name: Option<&'static str>,
    /// In the container; on this machine the same unless a setting or variable says otherwise.
    pub number: u16,
    /// Whether a browser can be pointed at it.
    pub is_http: bool,
    /// Whether the number alone says what listens there, in any project.
    pub is_telling: bool,
}

/// The service that is built from the project's folder.
pub const APP: &str = "app-runner";
/// Those that can ship the logs, of which a project has one.
pub const COLLECTORS: [&str; 2] = ["promtail", "alloy"];

/// All of them, the collectors both.
pub const SERVICES: [Known; 7] = [
    known(APP, 120, 300, &[page("magic-proxy", 8001), page("mcp-server", 8002)]),
    known(
        "kafka",
        800,
        450,
        &[
            Port {
                name: Some("kafka"),
                ..raw(9092)
            },
            raw(9093),
        ],
    ),
    known("redis", 300, 50, &[raw(6379)]),
    known(
        "loki",
        150,
        130,
        &[Port {
            is_telling: true,
            ..page("loki", 3100)
        }],
    ),
    known("promtail", 80, 200, &[]),
    known("alloy", 150, 450, &[]),
    known("grafana", 150, 700, &[page("grafana", 3000)]),
];

const fn known(name: &'static str, memory: u64, disk: u64, ports: &'static [Port]) -> Known {
    Known {
        name,
        memory,
        disk,
        ports,
    }
}

const fn page(name: &'static str, number: u16) -> Port {
    Port {
        name: Some(name),
        number,
        is_http: true,
        is_telling: false,
    }
}

/// A port that speaks a protocol of its own.
const fn raw(number: u16) -> Port {
    Port {
        name: None,
        number,
        is_http: false,
        is_telling: true,
    }
}

/// The service called `name`.
pub fn of(name: &str) -> Option<&'static Known> {
    SERVICES.iter().find(|service| service.name == name)
}

/// Each port that has a name: that name, its service, its number.
pub fn published() -> impl Iterator<Item = (&'static str, &'static str, u16)> {
    let ports = SERVICES
        .iter()
        .flat_map(|service| service.ports.iter().map(|port| (service.name, port)));
    ports.filter_map(|(service, port)| Some((port.name?, service, port.number)))
}

/// The service and the number of the port called `name`, which is in the table.
pub fn port(name: &str) -> (&'static str, u16) {
    let found = published().find(|(port, ..)| *port == name);
    found.map_or(("", 0), |(_, service, number)| (service, number))
}

/// Whether a port of that number may speak HTTP.
pub fn may_be_http(number: u16) -> bool {
    let mut ports = SERVICES.iter().flat_map(|service| service.ports);
    ports.all(|port| port.is_http || port.number != number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
                stack.services.keys().map(String::as_str).collect::<BTreeSet<_>>(),
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
    fn what_speaks_no_http_is_known_by_its_number() {
        assert_eq!(
            [9092, 6379, 8001, 3100, 12345].map(may_be_http),
            [false, false, true, true, true]
        );
        assert_eq!(port("mcp-server"), (APP, 8002));
    }
}
