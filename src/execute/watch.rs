//! Whether services that were found ready stay so, as long as the command goes on.

use std::collections::BTreeMap;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::engine::{EngineEvent, EngineEventKind};
use crate::event::ReadyBy;
use crate::ids::ContainerId;
use crate::plan::StepId;
use crate::ready::EngineEvents;

/// The containers that were found ready, by id, with the waits that found it.
#[derive(Debug)]
pub(super) struct Watch {
    events: Option<Receiver<EngineEvent>>,
    ready: BTreeMap<ContainerId, StepId>,
}

impl Watch {
    pub(super) fn new(engine_events: Option<&EngineEvents>) -> Self {
        Self {
            events: engine_events.map(EngineEvents::listen),
            ready: BTreeMap::new(),
        }
    }

    /// From now on `container` should stay as it is. One that has completed has nothing to stay.
    pub(super) fn keep(&mut self, wait: StepId, container: &ContainerId, by: ReadyBy) {
        if by != ReadyBy::Completed {
            self.ready.insert(container.clone(), wait);
        }
    }

    /// Its wait has begun again, and hears all events by itself.
    pub(super) fn forget(&mut self, wait: StepId) {
        self.ready.retain(|_, other| *other != wait);
    }

    /// The next container that is lost: its wait, and what happened. It is watched no more.
    pub(super) async fn lost(&mut self) -> (StepId, String) {
        loop {
            let event = match &mut self.events {
                Some(events) => events.recv().await,
                None => std::future::pending().await,
            };
            let event = match event {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => continue,
                // Who still waits for something will find the engine gone.
                Err(RecvError::Closed) => {
                    self.events = None;
                    continue;
                }
            };
            let why = match event.kind {
                EngineEventKind::Die { code } => format!("exited with {code}"),
                EngineEventKind::Unhealthy => "is now unhealthy".to_owned(),
                _ => continue,
            };
            if let Some(wait) = self.ready.remove(&event.id) {
                return (wait, why);
            }
        }
    }
}
