//! What the checks look at of the engine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engine::{About, Engine, EngineError, ImageFacts};
use crate::failure::Failure;
use crate::ids::ContainerId;
use crate::labels;
use crate::observed::{Container, Observed, PublishedPort, State};

/// The engine and its objects.
#[derive(Debug)]
pub struct EngineState {
    /// Its objects.
    pub observed: Observed,
    /// Its socket, when it is on this machine: its files and ports are ours to look at.
    pub socket: Option<PathBuf>,
    /// Its address and how that was found.
    pub address: String,
    /// The ports that containers were made to publish, by id, of those that the engine lists without them: one that is
    /// between an exit and its next start holds them all the same.
    pub bound: BTreeMap<ContainerId, Vec<PublishedPort>>,
    /// When the images that were built for the project were built last, by id, in nanoseconds since 1970. A build that changed
    /// nothing counts.
    pub built_at: BTreeMap<String, i64>,
}

/// More containers are not asked for their ports, nor more images for their age.
const MOST_ASKED: usize = 200;

impl EngineState {
    /// What checks of `project` look at.
    ///
    /// # Errors
    /// The engine's.
    pub async fn of(engine: &Engine, observed: Observed, project: &str) -> Result<Self, EngineError> {
        let may_hold = |container: &&Container| {
            let lists_none = container.ports.iter().all(|port| port.public.is_none());
            let is_ours = container.project() == Some(project);
            lists_none && (container.state == State::Restarting || is_ours && !container.is_running())
        };
        let asked = observed.containers.iter().filter(may_hold).take(MOST_ASKED);
        let asked = asked.map(|container| async move {
            let ports = match engine.bound_ports(&container.id).await {
                // It was removed meanwhile.
                Err(EngineError::NotFound(_)) => Vec::new(),
                ports => ports?,
            };
            Ok::<_, EngineError>((container.id.clone(), ports))
        });
        let built = observed.built.iter();
        let built = built.filter(|image| image.labels.get(labels::PROJECT).map(String::as_str) == Some(project));
        let built = built.take(MOST_ASKED).map(|image| async move {
            let built_at = match engine.built_at(&image.id).await {
                Err(EngineError::NotFound(_)) => None,
                built_at => built_at?,
            };
            Ok::<_, EngineError>(built_at.map(|built_at| (image.id.clone(), built_at)))
        });
        let (bound, built) = futures_util::future::try_join(
            futures_util::future::try_join_all(asked),
            futures_util::future::try_join_all(built),
        )
        .await?;
        Ok(Self {
            socket: engine.socket().map(ToOwned::to_owned),
            address: engine.address(),
            bound: bound.into_iter().filter(|(_, ports)| !ports.is_empty()).collect(),
            built_at: built.into_iter().flatten().collect(),
            observed,
        })
    }
}

/// What is asked of the engine beyond that, each with a call or more of its own. An answer that did not come says why.
#[derive(Debug)]
pub struct EngineAnswers {
    /// What it says of itself.
    pub about: Result<About, Failure>,
    /// The images of the services in question that are here, by the reference that the services use.
    pub images: Result<BTreeMap<String, ImageFacts>, Failure>,
    /// For each image: which of the programs that healthchecks call it has.
    pub tools: Result<BTreeMap<String, BTreeMap<String, bool>>, Failure>,
    /// What Loki and Promtail say of their edited files.
    pub verified: Result<Vec<Failure>, Failure>,
    /// The beginning of files in volumes that services wait to use, by service.
    pub data: Result<BTreeMap<String, Vec<u8>>, Failure>,
    /// Images that are not here and that their registry doesn't give: why not, by the reference that services use.
    pub withheld: BTreeMap<String, String>,
    /// With `--deep`: whether containers find each other by name.
    pub names: Option<Result<Resolves, Failure>>,
}

/// Whether one container found another by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolves {
    /// It did.
    Yes,
    /// It did not; what it said.
    No(String),
}
