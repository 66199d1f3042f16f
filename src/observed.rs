//! What exists on the engine: the engine's objects as plain values, read in a few list calls. Plans are made from it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::capabilities::Capabilities;
use crate::ids::{ContainerId, NetworkName, ServiceName, VolumeName};

/// The engine's objects that matter to one project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// All containers of the engine, of this project and of others (for names and ports taken).
    pub containers: Vec<Container>,
    /// All networks.
    pub networks: Vec<Network>,
    /// All volumes.
    pub volumes: Vec<Volume>,
    /// Every local image's id (`sha256:…`) by each of its names (`repo:tag`, `repo@sha256:…`) and by its id.
    pub images: BTreeMap<String, String>,
    /// The local images that carry a Compose project's label.
    pub built: Vec<BuiltImage>,
    /// What the engine can do.
    pub capabilities: Capabilities,
}

/// An image that was built for a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltImage {
    /// `sha256:…`.
    pub id: String,
    /// `repo:tag`; none when another image has taken its name over.
    pub names: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// A container.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// Full id.
    pub id: ContainerId,
    /// Name without the leading slash.
    pub name: String,
    /// Id of the image that it was made from, `sha256:…`.
    pub image_id: String,
    /// Image as named at create.
    pub image: String,
    /// The Compose service that its label names, of one of `run` too.
    pub service: Option<ServiceName>,
    /// State.
    pub state: State,
    /// The engine's words: `Up 5 minutes (healthy)`.
    pub status: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Published ports.
    pub ports: Vec<PublishedPort>,
    /// Addresses by network name, of a running container.
    pub addresses: BTreeMap<NetworkName, String>,
    /// The networks that it is connected to, running or not: ids by name. Empty ids until its first start.
    pub networks: BTreeMap<NetworkName, String>,
    /// The volumes that it mounts.
    pub volumes: Vec<VolumeName>,
    /// Those of them that have no name of their own.
    pub anonymous_volumes: Vec<VolumeName>,
    /// The id of the container whose network it lives in.
    pub network_of: Option<ContainerId>,
    /// When it was made, Unix seconds.
    pub created: i64,
}

#[cfg(test)]
impl Container {
    /// For tests: with nothing but an id, a name and a state.
    pub(crate) fn bare(id: &str, name: &str, state: State) -> Self {
        Self {
            id: ContainerId::new(id),
            service: None,
            name: name.to_owned(),
            image_id: String::new(),
            image: String::new(),
            state,
            status: String::new(),
            labels: BTreeMap::new(),
            ports: Vec::new(),
            addresses: BTreeMap::new(),
            networks: BTreeMap::new(),
            volumes: Vec::new(),
            anonymous_volumes: Vec::new(),
            network_of: None,
            created: 0,
        }
    }
}

/// A container's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Made, never started.
    Created,
    /// Its process runs.
    Running {
        /// What its healthcheck last said.
        health: Health,
    },
    /// Frozen.
    Paused,
    /// Between an exit and the engine's next start of it.
    Restarting,
    /// Its process ended.
    Exited {
        /// The exit code.
        code: i64,
    },
    /// Being removed.
    Removing,
    /// The engine could not remove it.
    Dead,
}

/// What the engine says of a container's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// No healthcheck.
    None,
    /// Not yet known.
    Starting,
    /// The last probe passed.
    Healthy,
    /// As many probes in a row failed as `retries` allows.
    Unhealthy,
}

/// A published port of a running container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedPort {
    /// Host address.
    pub ip: Option<String>,
    /// Host port.
    pub public: Option<u16>,
    /// Container port.
    pub private: u16,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: String,
}

/// A network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Id.
    pub id: String,
    /// Name.
    pub name: NetworkName,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Name.
    pub name: VolumeName,
    /// Who keeps it: `local`, or a plugin.
    pub driver: String,
    /// Where it lies on the engine's host.
    pub mountpoint: String,
    /// `local`, or `global` in a cluster.
    pub scope: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

impl State {
    /// The engine's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running { .. } => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited { .. } => "exited",
            Self::Removing => "removing",
            Self::Dead => "dead",
        }
    }
}

impl Container {
    /// The Compose project that it belongs to.
    pub fn project(&self) -> Option<&str> {
        self.labels.get(crate::labels::PROJECT).map(String::as_str)
    }

    /// The id of the container of `service` whose namespaces or volumes it was given at its making, as its label says.
    pub fn shares_of(&self, service: &ServiceName) -> Option<ContainerId> {
        let label = self.labels.get(crate::labels::SHARES)?;
        let mut entries = label.split(',').filter_map(|entry| entry.split_once('='));
        entries
            .find(|(name, _)| *name == service.as_str())
            .map(|(_, id)| ContainerId::new(id))
    }

    /// Whether it is one of `run`.
    pub fn is_one_off(&self) -> bool {
        let label = self.labels.get(crate::labels::ONEOFF);
        label.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The Compose service that it belongs to; none for one-off containers.
    pub fn service(&self) -> Option<&ServiceName> {
        self.service.as_ref().filter(|_| !self.is_one_off())
    }

    /// Its number within the service, 1 when the label is missing or odd.
    pub fn number(&self) -> u32 {
        self.labels
            .get(crate::labels::CONTAINER_NUMBER)
            .and_then(|value| value.parse().ok())
            .unwrap_or(1)
    }

    /// Whether it has a process, which may be frozen or about to be started again.
    pub fn has_process(&self) -> bool {
        matches!(self.state, State::Running { .. } | State::Paused | State::Restarting)
    }

    /// How long its process has been alive, at least. The engine says so in words, in whole seconds up to a minute:
    /// `Up 3 seconds`.
    pub fn up_for(&self) -> Duration {
        let Some(words) = self.status.strip_prefix("Up ").filter(|_| self.is_running()) else {
            return Duration::ZERO;
        };
        let mut words = words.split(' ');
        match (words.next().and_then(|count| count.parse().ok()), words.next()) {
            (Some(seconds), Some("second" | "seconds")) => Duration::from_secs(seconds),
            // `Less than a second`.
            (None, Some("than")) | (_, None) => Duration::ZERO,
            (_, Some(_)) => Duration::from_secs(60),
        }
    }

    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }
}

impl Observed {
    /// The containers of `project`, one-offs too.
    pub fn of_project<'a>(&'a self, project: &'a str) -> impl Iterator<Item = &'a Container> {
        self.containers
            .iter()
            .filter(move |container| container.project() == Some(project))
    }

    /// The id of the image that `reference` names, if it is there. `redis` means `redis:latest`, and the
    /// engine's own short forms (`docker.io/library/redis`) are the same image.
    pub fn image_id(&self, reference: &str) -> Option<&str> {
        let short = reference
            .strip_prefix("docker.io/library/")
            .or_else(|| reference.strip_prefix("docker.io/"))
            .unwrap_or(reference);
        // The engine lists what was pulled by digest without the tag beside it, which means nothing then.
        if let Some((name, digest)) = short.split_once('@') {
            let path = name.rfind('/').map_or(0, |slash| slash + 1);
            let name = name[path..].find(':').map_or(name, |colon| &name[..path + colon]);
            let id = self.images.get(&format!("{name}@{digest}"));
            return id.map(String::as_str);
        }
        let name_part = short.rsplit('/').next().unwrap_or(short);
        let full = if name_part.contains(':') {
            short.to_owned()
        } else {
            format!("{short}:latest")
        };
        self.images
            .get(&full)
            .or_else(|| self.images.get(reference))
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_found_by_every_form_of_its_name() {
        let names = ["redis:8", "redis@sha256:11", "127.0.0.1:5000/a/b@sha256:22", "x:latest"];
        let observed = Observed {
            images: names
                .iter()
                .map(|name| ((*name).to_owned(), (*name).to_owned()))
                .collect(),
            ..Observed::default()
        };
        for (reference, found) in [
            ("redis:8", Some("redis:8")),
            ("docker.io/library/redis:8", Some("redis:8")),
            ("x", Some("x:latest")),
            ("redis", None),
            ("redis@sha256:11", Some("redis@sha256:11")),
            // With a digest the tag means nothing.
            ("redis:8@sha256:11", Some("redis@sha256:11")),
            ("docker.io/library/redis:9@sha256:11", Some("redis@sha256:11")),
            ("redis:8@sha256:22", None),
            ("127.0.0.1:5000/a/b:2@sha256:22", Some("127.0.0.1:5000/a/b@sha256:22")),
            ("127.0.0.1:5000/a/b@sha256:22", Some("127.0.0.1:5000/a/b@sha256:22")),
        ] {
            assert_eq!(observed.image_id(reference), found, "{reference}");
        }
    }

    #[test]
    fn how_long_it_is_up_is_never_told_as_more() {
        for (status, seconds) in [
            ("Up Less than a second", 0),
            ("Up 1 second", 1),
            ("Up 2 seconds (health: starting)", 2),
            ("Up 59 seconds", 59),
            ("Up About a minute", 60),
            ("Up 2 minutes (healthy)", 60),
            ("Up 3 weeks", 60),
            ("Up", 0),
            ("Exited (0) 3 hours ago", 0),
        ] {
            let container = Container {
                status: status.to_owned(),
                ..Container::bare("id", "name", State::Running { health: Health::None })
            };
            assert_eq!(container.up_for(), Duration::from_secs(seconds), "{status}");
        }
    }
}
