//! What went wrong with a step, for whoever knows what that means.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::engine::EngineError;
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::plan::Action;
use crate::ready::Waited;

/// What went wrong, as it was seen at that moment.
#[derive(Debug)]
pub enum StepFailure<'a> {
    /// The engine did not do what it was asked for.
    Refused {
        /// What it was asked for.
        action: &'a Action,
        /// What it answered.
        error: EngineError,
    },
    /// A container did not become what was waited for.
    NotReady {
        /// Its id.
        id: &'a ContainerId,
        /// Whether it had been found ready before, and was waited for again.
        again: bool,
        /// What the wait saw.
        waited: Waited,
        /// How long it was to wait.
        within: Duration,
    },
}

/// Knows what it means that a step went wrong. It may ask the engine: a container that failed may be another one a moment later.
pub trait Explain {
    /// Whether it is known why the engine answered `error` to `action`: then it does so again.
    fn is_known(&self, service: Option<&ServiceName>, action: &Action, error: &EngineError) -> bool;

    /// What is reported to the user about a step of `service` that went wrong.
    fn explain<'e>(&'e self, service: Option<&'e ServiceName>, wrong: StepFailure<'e>) -> LocalBoxFuture<'e, Failure>;
}
