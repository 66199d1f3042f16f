//! A plan is a list of steps, each one engine call with its reason; a step needs only earlier ones.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::compose::OneOff;
use crate::ids::{ContainerId, NetworkName, ServiceName, VolumeName};
use crate::image::ImageRef;
use crate::observed::Container;
use crate::ready_page::ReadyPage;
use crate::verdict::Until;

use super::reason::Reason;

/// A step's place in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(usize);

impl StepId {
    /// The step at that position, from 0.
    pub(crate) fn of(index: usize) -> Self {
        Self(index)
    }

    /// The position, from 0.
    pub fn index(self) -> usize {
        self.0
    }
}

/// One engine call (or one wait), why, and after what.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// The service it is for; none for networks, volumes and orphans.
    pub service: Option<ServiceName>,
    /// Why.
    pub reason: Reason,
    /// Steps that must have succeeded before.
    pub needs: Vec<StepId>,
    /// Steps that must have ended before, well or not (`required: false`, stop order).
    pub after: Vec<StepId>,
}

/// What a step does. Each can be done again without harm.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Pull `image`.
    PullImage {
        /// Its name.
        image: ImageRef,
        /// `os/arch[/variant]`.
        platform: Option<String>,
        /// When that fails it is said, and the rest goes on.
        best_effort: bool,
    },
    /// Build the service's image and tag it `image`.
    BuildImage {
        /// Its name.
        image: ImageRef,
        /// Without the cache.
        no_cache: bool,
        /// Pull base images even when they are there.
        pull: bool,
    },
    /// Push the image to its registry.
    PushImage {
        /// Its name.
        image: ImageRef,
        /// When that fails it is said, and the rest goes on.
        best_effort: bool,
    },
    /// Remove an image's name, and the image when that was its last.
    RemoveImage {
        /// Reference or id.
        image: String,
    },
    /// Make the network with key `key`.
    CreateNetwork {
        /// Key in the stack.
        key: String,
        /// Name on the engine.
        name: NetworkName,
    },
    /// Remove a network.
    RemoveNetwork {
        /// Id or name.
        id: String,
        /// Name on the engine.
        name: NetworkName,
    },
    /// Take a container off a network.
    DisconnectNetwork {
        /// Which.
        container: Target,
        /// The network's name.
        network: NetworkName,
    },
    /// Let a container of the step's service join the network with key `key`.
    ConnectNetwork {
        /// Which.
        container: Target,
        /// Its number within the service.
        number: u32,
        /// Key in the stack.
        key: String,
        /// The network's name.
        network: NetworkName,
    },
    /// Make the volume with key `key`.
    CreateVolume {
        /// Key in the stack.
        key: String,
        /// Name on the engine.
        name: VolumeName,
    },
    /// Remove a volume.
    RemoveVolume {
        /// Name.
        name: VolumeName,
    },
    /// Make container number `number` of the step's service.
    CreateContainer {
        /// Name; a temporary one while the container that it replaces still has the right one.
        name: String,
        /// Number within the service.
        number: u32,
        /// All its labels, the drift record ([`crate::labels::SPEC`]) among them.
        labels: BTreeMap<String, String>,
        /// Carry over the anonymous volumes of this container.
        inherit: Option<ContainerId>,
        /// By service, the containers whose namespaces it lives in or whose volumes it takes.
        shares: BTreeMap<ServiceName, Target>,
        /// It is one of `run`.
        one_off: Option<OneOff>,
    },
    /// Give a container its right name.
    RenameContainer {
        /// Which.
        container: Target,
        /// New name.
        name: String,
    },
    /// Start a container.
    StartContainer {
        /// Which.
        container: Target,
    },
    /// Stop a container, with its own grace period unless one is given.
    StopContainer {
        /// Which.
        container: Target,
        /// Seconds before it is killed.
        timeout: Option<u32>,
    },
    /// Stop and start a container.
    RestartContainer {
        /// Which.
        container: Target,
        /// Seconds before it is killed.
        timeout: Option<u32>,
    },
    /// Send a signal to a container's process.
    KillContainer {
        /// Which.
        container: Target,
        /// `SIGKILL`, `HUP`, `9`.
        signal: String,
    },
    /// Freeze a container.
    PauseContainer {
        /// Which.
        container: Target,
    },
    /// Unfreeze a container.
    UnpauseContainer {
        /// Which.
        container: Target,
    },
    /// Remove a container.
    RemoveContainer {
        /// Which.
        container: Target,
        /// With its anonymous volumes.
        volumes: bool,
    },
    /// Wait until a container is ready.
    Await {
        /// Which.
        container: Target,
        /// For what.
        until: Until,
        /// What says so when there is no healthcheck.
        page: Option<ReadyPage>,
        /// How long it has to be alive when there is neither.
        settle: Duration,
    },
}

/// A container that is there, or one that an earlier step makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name to show; the final one.
    pub name: String,
    /// What to address: its id, or the step that makes it.
    pub which: Which,
}

/// One that is there.
pub(super) fn target_of(container: &Container) -> Target {
    Target {
        name: container.name.clone(),
        which: Which::Id(container.id.clone()),
    }
}

/// How a container is addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// It is there.
    Id(ContainerId),
    /// That step's result.
    MadeBy(StepId),
}

/// Steps in an order that respects their needs. A cycle can't be written down: a step is pushed after the
/// steps whose ids it holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    steps: Vec<Step>,
    /// Things worth knowing that are no step.
    pub notes: Vec<String>,
    /// The rest depends on what these steps bring (an image's new id): look again and plan again after them.
    pub again: bool,
    /// No image is pulled, whatever the file says: `--pull never` was given.
    pub never_pulls: bool,
}

impl Plan {
    /// Adds a step and gives its id.
    pub fn push(
        &mut self,
        service: Option<&ServiceName>,
        action: Action,
        reason: Reason,
        needs: Vec<StepId>,
    ) -> StepId {
        debug_assert!(needs.iter().all(|need| need.0 < self.steps.len()));
        self.steps.push(Step {
            action,
            service: service.map(ToOwned::to_owned),
            reason,
            needs,
            after: Vec::new(),
        });
        StepId(self.steps.len() - 1)
    }

    /// Lets `step` begin only once `earlier` have ended, well or not. Ids not before `step` are left out,
    /// which keeps the plan free of cycles.
    pub fn order_after(&mut self, step: StepId, earlier: impl IntoIterator<Item = StepId>) {
        let earlier = earlier.into_iter().filter(|id| id.0 < step.0);
        self.steps[step.0].after.extend(earlier);
    }

    /// The steps; a step's id is its index.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The ids with their steps.
    pub fn iter(&self) -> impl Iterator<Item = (StepId, &Step)> {
        self.steps.iter().enumerate().map(|(i, step)| (StepId(i), step))
    }

    /// Whether nothing on the engine would change (waits may be left).
    pub fn changes_nothing(&self) -> bool {
        self.steps.iter().all(|step| !step.action.changes())
    }
}

impl Action {
    /// What it does, in the field's words.
    pub(super) fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::PullImage { .. } => ("pull", "image"),
            Self::BuildImage { .. } => ("build", "image"),
            Self::PushImage { .. } => ("push", "image"),
            Self::RemoveImage { .. } => ("remove", "image"),
            Self::CreateNetwork { .. } => ("create", "network"),
            Self::RemoveNetwork { .. } => ("remove", "network"),
            Self::DisconnectNetwork { .. } => ("disconnect", "container"),
            Self::ConnectNetwork { .. } => ("connect", "container"),
            Self::CreateVolume { .. } => ("create", "volume"),
            Self::RemoveVolume { .. } => ("remove", "volume"),
            Self::CreateContainer { .. } => ("create", "container"),
            Self::RenameContainer { .. } => ("rename", "container"),
            Self::StartContainer { .. } => ("start", "container"),
            Self::StopContainer { .. } => ("stop", "container"),
            Self::RestartContainer { .. } => ("restart", "container"),
            Self::KillContainer { .. } => ("kill", "container"),
            Self::PauseContainer { .. } => ("pause", "container"),
            Self::UnpauseContainer { .. } => ("unpause", "container"),
            Self::RemoveContainer { .. } => ("remove", "container"),
            Self::Await { until, .. } => match until {
                Until::Ready => ("wait until ready", ""),
                Until::Healthy => ("wait until healthy", ""),
                Until::Completed => ("wait until completed", ""),
            },
        }
    }

    /// The same as one text: `create container`.
    pub fn verb(&self) -> String {
        let (verb, noun) = self.words();
        format!("{verb} {noun}").trim_end().to_owned()
    }

    /// On what: a name.
    pub fn target(&self) -> &str {
        match self {
            Self::PullImage { image, .. } | Self::BuildImage { image, .. } | Self::PushImage { image, .. } => {
                image.as_str()
            }
            Self::RemoveImage { image } => image,
            Self::CreateNetwork { name, .. } | Self::RemoveNetwork { name, .. } => name.as_str(),
            Self::CreateVolume { name, .. } | Self::RemoveVolume { name } => name.as_str(),
            Self::CreateContainer { name, .. } => name,
            Self::RenameContainer { container, .. }
            | Self::StartContainer { container }
            | Self::StopContainer { container, .. }
            | Self::RestartContainer { container, .. }
            | Self::DisconnectNetwork { container, .. }
            | Self::ConnectNetwork { container, .. }
            | Self::KillContainer { container, .. }
            | Self::PauseContainer { container }
            | Self::UnpauseContainer { container }
            | Self::RemoveContainer { container, .. }
            | Self::Await { container, .. } => &container.name,
        }
    }

    /// Whether it changes something on the engine; a wait doesn't.
    pub fn changes(&self) -> bool {
        !matches!(self, Self::Await { .. })
    }
}
