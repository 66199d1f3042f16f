//! What an engine can do, for people and programs to read.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::capabilities::{ApiVersion, Capabilities, Feature};

use super::{About, Engine, EngineError, version};

/// How many events a Docker Engine keeps for those who ask later.
const EVENTS_KEPT: usize = 256;

/// What builds images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Builder {
    /// BuildKit: Dockerfiles with `RUN --mount` and other frontends.
    #[default]
    BuildKit,
    /// The builder before it.
    Classic,
}

/// Where images are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageStore {
    /// In the storage driver; an image's id is the digest of its configuration.
    #[default]
    StorageDriver,
    /// In containerd; an image's id is the digest of its manifest or index.
    Containerd,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Table {
    /// The engine's version: `28.5.2`.
    pub version: String,
    /// The version of the API that is spoken with it.
    pub api: ApiVersion,
    /// Where it keeps images.
    pub image_store: ImageStore,
    /// The storage driver, or containerd's snapshotter: `overlay2`.
    pub storage_driver: String,
    /// What builds images.
    pub builder: Builder,
    /// Whether its log files can be read here, which is faster than asking it for logs.
    pub log_files: bool,
    /// How many events it keeps; nothing where that is not known.
    pub event_history: Option<usize>,
    /// Whether it is a node of a swarm.
    pub swarm: bool,
    /// Whether it limits the system calls of containers.
    pub seccomp: bool,
    /// Whether it runs as an ordinary user.
    pub rootless: bool,
    /// What depends on the version of its API.
    pub features: BTreeMap<Feature, bool>,
}

impl Table {
    /// That of an engine which says this of itself.
    pub fn of(about: &About, can: Capabilities) -> Self {
        Self {
            version: about.version.clone(),
            api: can.api(),
            image_store: about.image_store,
            storage_driver: about.storage_driver.clone(),
            builder: about.builder,
            log_files: about.log_files,
            event_history: (about.builder == Builder::BuildKit).then_some(EVENTS_KEPT),
            swarm: about.swarm,
            seccomp: about.seccomp,
            rootless: about.rootless,
            features: Feature::ALL
                .into_iter()
                .map(|feature| (feature, can.can(feature)))
                .collect(),
        }
    }

    /// As lines: what, and how it is.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let images = match self.image_store {
            ImageStore::StorageDriver => format!("in the storage driver {}", self.storage_driver),
            ImageStore::Containerd => format!("in containerd's store ({})", self.storage_driver),
        };
        let builder = match self.builder {
            Builder::BuildKit => "BuildKit",
            Builder::Classic => "the classic builder",
        };
        let history = self
            .event_history
            .map_or_else(|| "unknown".to_owned(), |kept| format!("{kept} events"));
        let mut rows = vec![
            ("engine", format!("{} (API {})", self.version, self.api)),
            ("images", images),
            ("builds", builder.to_owned()),
            ("log files can be read", yes(self.log_files)),
            ("event history", history),
            ("swarm", yes(self.swarm)),
            ("seccomp", yes(self.seccomp)),
            ("rootless", yes(self.rootless)),
        ];
        rows.extend(self.features.iter().map(|(feature, can)| (feature.label(), yes(*can))));
        rows
    }
}

impl Engine {
    /// What builds images: every Docker Engine that we support has BuildKit; Podman's socket doesn't.
    pub(super) async fn builder(&self) -> Result<Builder, EngineError> {
        let version = self.docker.version().await.map_err(|error| self.error(error))?;
        Ok(
            if !version::names_podman(&version) && version.os.as_deref() == Some("linux") {
                Builder::BuildKit
            } else {
                Builder::Classic
            },
        )
    }
}
