//! What exists on the engine, in one list call per kind of object.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::{ListContainersOptions, ListNetworksOptions};

use crate::ids::{ContainerId, NetworkName, ServiceName, VolumeName};
use crate::labels;
use crate::observed::{BuiltImage, Container, Health, Network, Observed, PublishedPort, State, Volume};

use super::create::is_anonymous;
use super::{Engine, EngineError};

impl Engine {
    /// Everything of the engine that plans look at.
    pub async fn observe(&self) -> Result<Observed, EngineError> {
        let docker = &self.docker;
        let (containers, networks, volumes, images) = futures_util::future::try_join4(
            docker.list_containers(all_containers(None)),
            docker.list_networks(ListNetworksOptions::default()),
            docker.list_volumes(),
            docker.list_images(),
        )
        .await
        .map_err(|error| self.error(error))?;
        let mut names = BTreeMap::new();
        let mut built = Vec::new();
        for mut image in images {
            if docker.is_podman() {
                let short: Vec<String> = image.repo_tags.iter().map(|name| shortened(name).to_owned()).collect();
                names.extend(image.repo_tags.into_iter().map(|name| (name, image.id.clone())));
                image.repo_tags = short;
            }
            if image.labels.contains_key(labels::PROJECT) {
                let mut names = image.repo_tags.clone();
                names.retain(|name| name != "<none>:<none>");
                built.push(BuiltImage {
                    id: image.id.clone(),
                    names,
                    labels: image.labels.into_iter().collect(),
                });
            }
            for name in image.repo_tags.into_iter().chain(image.repo_digests) {
                names.insert(name, image.id.clone());
            }
            names.insert(image.id.clone(), image.id);
        }
        Ok(Observed {
            containers: containers.into_iter().map(container).collect(),
            networks: networks
                .into_iter()
                .map(|network| Network {
                    id: network.id.unwrap_or_default(),
                    name: NetworkName::new(network.name.unwrap_or_default()),
                    labels: sorted(network.labels),
                })
                .collect(),
            volumes: volumes
                .volumes
                .unwrap_or_default()
                .into_iter()
                .map(|volume| Volume {
                    name: VolumeName::new(volume.name),
                    driver: volume.driver,
                    mountpoint: volume.mountpoint,
                    scope: volume
                        .scope
                        .map_or_else(|| "local".to_owned(), |scope| scope.to_string()),
                    labels: volume.labels.into_iter().collect(),
                })
                .collect(),
            images: names,
            built,
            capabilities: self.capabilities(),
        })
    }

    /// The containers of `project`, running or not.
    pub async fn observe_containers(&self, project: &str) -> Result<Vec<Container>, EngineError> {
        let containers = self
            .docker
            .list_containers(all_containers(Some(project)))
            .await
            .map_err(|error| self.error(error))?;
        Ok(containers.into_iter().map(container).collect())
    }
}

/// A container with what only its entry in the engine's list says.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The container.
    pub container: Container,
    /// What it runs: entry point and arguments as one line.
    pub command: String,
    /// The names of the volumes that it mounts, and of other mounts where they come from.
    pub mounts: Vec<String>,
    /// How many of those the engine keeps itself.
    pub local_volumes: usize,
}

impl Engine {
    /// The containers of `project`, running or not, as listed.
    pub async fn list(&self, project: &str) -> Result<Vec<Listed>, EngineError> {
        let containers = self.docker.list_containers(all_containers(Some(project))).await;
        let containers = containers.map_err(|error| self.error(error))?;
        Ok(containers.into_iter().map(listed).collect())
    }
}

fn listed(summary: ContainerSummary) -> Listed {
    let mounts = summary.mounts.clone().unwrap_or_default();
    let local = mounts.iter().filter(|mount| mount.driver.as_deref() == Some("local"));
    Listed {
        command: summary.command.clone().unwrap_or_default(),
        local_volumes: local.count(),
        mounts: mounts
            .into_iter()
            .filter_map(|mount| mount.name.filter(|name| !name.is_empty()).or(mount.source))
            .collect(),
        container: container(summary),
    }
}

fn all_containers(project: Option<&str>) -> ListContainersOptions {
    let filters =
        project.map(|project| HashMap::from([("label".to_owned(), vec![format!("{}={project}", labels::PROJECT)])]));
    ListContainersOptions {
        all: true,
        filters,
        ..ListContainersOptions::default()
    }
}

fn sorted(labels: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    labels.unwrap_or_default().into_iter().collect()
}

/// An image's name as Docker lists it. Podman lists the registry, too, and `localhost` for what was built or loaded; asked for the short
/// name, it finds either.
fn shortened(listed: &str) -> &str {
    let hosts = ["localhost/", "docker.io/library/", "docker.io/"];
    hosts
        .iter()
        .find_map(|host| listed.strip_prefix(host))
        .unwrap_or(listed)
}

fn container(summary: ContainerSummary) -> Container {
    let status = summary.status.unwrap_or_default();
    let networks = summary.network_settings.and_then(|settings| settings.networks);
    let mounts = summary.mounts.into_iter().flatten();
    let volumes: Vec<VolumeName> = mounts
        .filter_map(|mount| mount.name.filter(|name| !name.is_empty()))
        .map(VolumeName::new)
        .collect();
    let mode = summary.host_config.and_then(|host_config| host_config.network_mode);
    let name = summary.names.unwrap_or_default().into_iter().next().unwrap_or_default();
    let labels = sorted(summary.labels);
    Container {
        id: ContainerId::new(summary.id.unwrap_or_default()),
        name: name.trim_start_matches('/').to_owned(),
        image_id: summary.image_id.unwrap_or_default(),
        image: summary.image.unwrap_or_default(),
        service: labels.get(labels::SERVICE).map(ServiceName::new),
        state: state(summary.state, &status),
        status,
        labels,
        ports: summary
            .ports
            .unwrap_or_default()
            .into_iter()
            .map(|port| PublishedPort {
                ip: port.ip,
                public: port.public_port,
                private: port.private_port,
                protocol: port.typ.map(|kind| kind.to_string()).unwrap_or_default(),
            })
            .collect(),
        networks: networks
            .iter()
            .flatten()
            .map(|(name, endpoint)| {
                // Podman gives the name in its place.
                let id = endpoint.network_id.clone().filter(|id| id != name);
                (NetworkName::new(name), id.unwrap_or_default())
            })
            .collect(),
        addresses: networks
            .into_iter()
            .flatten()
            .filter_map(|(name, endpoint)| {
                Some((NetworkName::new(name), endpoint.ip_address.filter(|ip| !ip.is_empty())?))
            })
            .collect(),
        anonymous_volumes: volumes
            .iter()
            .filter(|name| is_anonymous(name.as_str()))
            .cloned()
            .collect(),
        volumes,
        network_of: mode.and_then(|mode| mode.strip_prefix("container:").map(ContainerId::new)),
        created: summary.created.unwrap_or_default(),
    }
}

/// The list call says a container's health and exit code only in its words for people.
fn state(state: Option<ContainerSummaryStateEnum>, status: &str) -> State {
    match state {
        Some(ContainerSummaryStateEnum::RUNNING | ContainerSummaryStateEnum::STOPPING) => State::Running {
            health: match status {
                _ if status.ends_with("(healthy)") => Health::Healthy,
                _ if status.ends_with("(unhealthy)") => Health::Unhealthy,
                _ if status.ends_with("(health: starting)") => Health::Starting,
                _ => Health::None,
            },
        },
        Some(ContainerSummaryStateEnum::PAUSED) => State::Paused,
        Some(ContainerSummaryStateEnum::RESTARTING) => State::Restarting,
        Some(ContainerSummaryStateEnum::EXITED) => State::Exited {
            code: exit_code(status).unwrap_or(-1),
        },
        Some(ContainerSummaryStateEnum::REMOVING) => State::Removing,
        Some(ContainerSummaryStateEnum::DEAD) => State::Dead,
        Some(ContainerSummaryStateEnum::CREATED | ContainerSummaryStateEnum::EMPTY) | None => State::Created,
    }
}

/// `Exited (137) 2 minutes ago` → 137.
fn exit_code(status: &str) -> Option<i64> {
    status.split_once('(')?.1.split_once(')')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_health_and_exit_code_from_the_engines_words() {
        use ContainerSummaryStateEnum as Word;
        let running = |health| State::Running { health };
        for (word, status, wanted) in [
            (Word::RUNNING, "Up 5 minutes", running(Health::None)),
            (Word::RUNNING, "Up 5 minutes (healthy)", running(Health::Healthy)),
            (Word::RUNNING, "Up 5 minutes (unhealthy)", running(Health::Unhealthy)),
            (
                Word::RUNNING,
                "Up 1 second (health: starting)",
                running(Health::Starting),
            ),
            (Word::EXITED, "Exited (137) 2 minutes ago", State::Exited { code: 137 }),
            (Word::EXITED, "gone", State::Exited { code: -1 }),
            (Word::PAUSED, "Up 5 minutes (Paused)", State::Paused),
            (Word::CREATED, "Created", State::Created),
        ] {
            assert_eq!(state(Some(word), status), wanted, "{status}");
        }
    }

    #[test]
    fn podmans_names_are_read_as_dockers() {
        for (listed, wanted) in [
            ("localhost/shop/app:latest", "shop/app:latest"),
            ("docker.io/library/redis:7", "redis:7"),
            ("docker.io/grafana/loki:3.7.8", "grafana/loki:3.7.8"),
            ("localhost:5000/app:1", "localhost:5000/app:1"),
            ("quay.io/app:1", "quay.io/app:1"),
        ] {
            assert_eq!(shortened(listed), wanted);
        }
        let networks = r#"{"NetworkSettings": {"Networks": {"shop_back": {"NetworkID": "shop_back"}, "shop_front": {"NetworkID": "5202"}}}}"#;
        let read = container(serde_json::from_str(networks).unwrap()).networks;
        let id = |name: &str| read[&NetworkName::new(name)].as_str();
        assert_eq!((id("shop_back"), id("shop_front")), ("", "5202"));
    }
}
