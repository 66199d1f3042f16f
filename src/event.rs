//! What happens, as it happens. Every reporter gets these and nothing else; `--output json` is these, one a line.

use serde::Serialize;

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::observed::State;
use crate::verdict::Verdict;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The plan is made and starts. `steps` is empty when there is nothing to do.
    Planned {
        /// The project.
        project: String,
        /// Services that the command is about, in start order.
        services: Vec<ServiceName>,
        /// The steps, in an order that respects their needs.
        steps: Vec<PlannedStep>,
        /// Things worth knowing that are no step.
        notes: Vec<String>,
    },
    /// A step begins.
    StepStarted {
        /// Its number.
        step: usize,
        /// The service that it is for, if one.
        service: Option<ServiceName>,
        /// What it does: `create container`, `pull image`…
        action: String,
        /// On what: a container's, image's, network's or volume's name.
        target: String,
    },
    /// How far a pull or build is.
    Progress {
        /// The step.
        step: usize,
        /// The service.
        service: Option<ServiceName>,
        /// What is going on right now.
        text: String,
        /// Done so far, in bytes for pulls and steps for builds.
        current: u64,
        /// Of how much, 0 when unknown.
        total: u64,
    },
    /// A line that the builder or the engine said.
    Output {
        /// The step.
        step: usize,
        /// The service.
        service: Option<ServiceName>,
        /// The line.
        line: String,
    },
    /// A step is done.
    StepDone {
        /// The step.
        step: usize,
        /// The service.
        service: Option<ServiceName>,
        /// Milliseconds since it began.
        took_ms: u64,
        /// False when it found nothing left to do.
        changed: bool,
    },
    /// A step failed.
    StepFailed {
        /// The step.
        step: usize,
        /// The service.
        service: Option<ServiceName>,
        /// What it is known by, why, and what to do.
        failure: Box<Failure>,
    },
    /// A step is left out because what it needs failed.
    StepSkipped {
        /// The step.
        step: usize,
        /// The service.
        service: Option<ServiceName>,
        /// The service, or step target, that failed.
        because: String,
    },
    /// Waiting and still not ready: what the engine or the probe says now.
    Waiting {
        /// The service.
        service: ServiceName,
        /// `healthcheck fails: …`, `unhealthy, may recover`, …
        text: String,
    },
    /// A service is ready, or runs where nothing can be asked, or has completed: `by` says which.
    Ready {
        /// The service.
        service: ServiceName,
        /// Who said so first: the engine's event, our own run of the healthcheck, or its mere running.
        by: ReadyBy,
        /// Milliseconds since the command began.
        after_ms: u64,
    },
    /// A service that was found ready is so no more when the command is over.
    Lost {
        /// The service.
        service: ServiceName,
        /// What it is known by, why, and what to do.
        failure: Box<Failure>,
    },
    /// Something worth knowing.
    Note {
        /// The text.
        text: String,
    },
    /// Something to look at.
    Warning {
        /// The text.
        text: String,
    },
    /// The user interrupted the command; containers are left as they are.
    Interrupted {
        /// Services that are not ready yet.
        services: Vec<ServiceName>,
    },
    /// The command is over.
    Finished {
        /// Which command.
        command: String,
        /// The project.
        project: String,
        /// Whether all of it worked.
        ok: bool,
        /// Milliseconds since the command began.
        took_ms: u64,
        /// How many steps changed something.
        changed: usize,
        /// One line a service.
        services: Vec<ServiceSummary>,
        /// What to do next, as sentences with a command each.
        next: Vec<String>,
    },
}

/// A step as it is announced.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedStep {
    /// Its number, from 0.
    pub step: usize,
    /// The service.
    pub service: Option<ServiceName>,
    /// What it does.
    pub action: String,
    /// On what.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Steps that must be done before.
    pub needs: Vec<usize>,
}

/// Who found out that a service is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadyBy {
    /// It was before we came.
    Already,
    /// The engine's health event.
    Engine,
    /// Our own run of its healthcheck.
    Probe,
    /// The page that it names, asked from the host.
    Page,
    /// There is nothing to ask, and it has been alive for the settle time.
    Running,
    /// It ran and exited with 0.
    Completed,
}

impl ReadyBy {
    /// What that makes of the service: `ready`, `running`, `completed`.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Already | Self::Engine | Self::Probe | Self::Page => Verdict::Ready,
            Self::Running => Verdict::Running,
            Self::Completed => Verdict::Completed,
        }
    }
}

/// How a service ended up.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceSummary {
    /// The service.
    pub service: ServiceName,
    /// Its container.
    pub container: String,
    /// Its state; absent when there is no container.
    pub state: Option<State>,
    /// What became of it: `ready`, `running`, `completed`, `starting`, `paused`, `stopped`, `failed`.
    pub verdict: Verdict,
    /// Whether it has been proven ready: its healthcheck or page says so.
    pub ready: bool,
    /// Milliseconds from the command's begin to ready, running or completed, when that happened now.
    pub ready_ms: Option<u64>,
    /// Where it can be reached from the host: `http://localhost:8001`, `localhost:9092`.
    pub urls: Vec<String>,
}
