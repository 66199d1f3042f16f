//! Services that other machines reach, and that ask for no password or for one that everybody knows.

use std::path::Path;

use crate::check::Finding;
use crate::check::project::Project;
use crate::codes;
use crate::compose::{Service, Written};
use crate::image::ImageRef;
use crate::services;

use super::client_key;
use super::reach::{self, Reach};

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for service in project.services() {
        let Some(reach) = reach::beyond_this_machine(service) else {
            continue;
        };
        let Some(program) = Program::of(project, service) else {
            continue;
        };
        let Some(unguarded) = program.unguarded(project, service) else {
            continue;
        };
        let (where_to, place) = match reach {
            Reach::Port(index) => {
                let places = stack.places.ports.get(&service.name);
                let place = places.and_then(|places| places.get(index)).map(Written::place);
                (reach::shown(&service.ports[index]), place)
            }
            Reach::Host if program.listens_everywhere(service) => (
                "the host's own network (network_mode: host)".to_owned(),
                project.place_of(&service.name),
            ),
            Reach::Host => continue,
        };
        let what = format!("{} is open to other machines on {where_to}", service.name);
        findings.push(
            Finding::new(&codes::OPEN_PORT, what)
                .because(unguarded.why)
                .fix(unguarded.fix)
                .at(place),
        );
    }
    findings
}

/// Programs of which it is known who may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Gateway,
    Grafana,
    Redis,
    Kafka,
    Loki,
}

/// Why anybody may use a service, and what to do about it.
struct Unguarded {
    why: &'static str,
    fix: &'static str,
}

const ON_LOOPBACK: &str = "publish it on 127.0.0.1 (BIND_ADDRESS), or not at all";

impl Program {
    /// What `service` runs, where that is known.
    fn of(project: &Project, service: &Service) -> Option<Self> {
        let is_app = service.name == services::APP || project.app().is_some_and(|app| app.name == service.name);
        if is_app && project.folder.is_file(Path::new("proxy_config.yaml")) {
            return Some(Self::Gateway);
        }
        let image = service.image.as_deref().and_then(|image| ImageRef::parse(image).ok());
        let program = image.as_ref().and_then(|image| image.name().rsplit('/').next());
        let is = |name: &str| program == Some(name) || (service.name == name && service.build.is_none());
        [
            ("grafana", Self::Grafana),
            ("redis", Self::Redis),
            ("kafka", Self::Kafka),
            ("loki", Self::Loki),
        ]
        .into_iter()
        .find_map(|(name, program)| is(name).then_some(program))
    }

    /// Why anybody who reaches `service` may use it; nothing when that is not sure.
    fn unguarded(self, project: &Project, service: &Service) -> Option<Unguarded> {
        let no_password = Unguarded {
            why: "it has no password",
            fix: ON_LOOPBACK,
        };
        match self {
            Self::Gateway => client_key::is_missing(project, service).then_some(Unguarded {
                why: "anyone who can reach it can use your providers' keys: env/gateway.env doesn't set GATEWAY_API_KEY",
                fix: "put `GATEWAY_API_KEY=…` into env/gateway.env, or publish it on 127.0.0.1 (BIND_ADDRESS)",
            }),
            Self::Grafana => {
                let known = variable(service, "GF_SECURITY_ADMIN_PASSWORD")
                    .is_none_or(|password| matches!(password, "" | "admin"));
                let other = variable(service, "GF_SECURITY_ADMIN_PASSWORD__FILE").is_some()
                    || variable(service, "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION").is_some();
                (known && !other).then_some(Unguarded {
                    why: "its password is the default, admin",
                    fix: "set GRAFANA_PASSWORD in .env, or publish it on 127.0.0.1 (BIND_ADDRESS)",
                })
            }
            Self::Redis => {
                let command = service.command.clone().unwrap_or_default().join(" ");
                let guards = ["requirepass", "aclfile", ".conf"];
                let is_guarded = guards.iter().any(|word| command.contains(word));
                (!is_guarded).then_some(Unguarded {
                    fix: "publish it on 127.0.0.1, or not at all; or set a password (`--requirepass`)",
                    ..no_password
                })
            }
            Self::Kafka => {
                let mut values = service.environment.values().flatten();
                let is_guarded = values.any(|value| value.contains("SASL") || value.contains("SSL:"));
                (!is_guarded).then_some(Unguarded {
                    why: "its listeners need no password",
                    ..no_password
                })
            }
            Self::Loki => Some(no_password),
        }
    }

    /// Whether it listens on all addresses that it finds, as is each one's default; false when that is not sure.
    fn listens_everywhere(self, service: &Service) -> bool {
        let command = service.command.clone().unwrap_or_default().join(" ");
        match self {
            Self::Gateway => variable(service, "LISTEN_ADDRESS").is_none_or(|address| reach::is_beyond(Some(address))),
            Self::Grafana => variable(service, "GF_SERVER_HTTP_ADDR").is_none_or(str::is_empty),
            Self::Redis => !command.contains("bind"),
            Self::Kafka => variable(service, "KAFKA_LISTENERS")
                .is_none_or(|listeners| listeners.contains("://:") || listeners.contains("://0.0.0.0:")),
            Self::Loki => !command.contains("listen-address"),
        }
    }
}

fn variable<'s>(service: &'s Service, name: &str) -> Option<&'s str> {
    service.environment.get(name)?.as_deref()
}
