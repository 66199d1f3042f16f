//! The engine's events, handed to every wait that is going on.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use tokio::sync::{broadcast, watch};

use crate::engine::{Detail, Engine, EngineError, EngineEvent};
use crate::ids::ContainerId;
use crate::observed::State;

use super::budget::Budget;

/// How many events a slow wait may lag; past that it looks at the container itself.
const BACKLOG: usize = 1024;

/// What the waits of a command share: one subscription to the engine's events of the project, and how many
/// healthchecks may be run.
#[derive(Debug)]
pub struct EngineEvents {
    pub(super) budget: Budget,
    engine_is_busy: watch::Sender<bool>,
    /// How often the engine had started each container again before this command.
    restarts_before: RefCell<BTreeMap<ContainerId, u32>>,
    sender: broadcast::Sender<EngineEvent>,
    pump: tokio::task::JoinHandle<()>,
}

impl EngineEvents {
    /// Subscribes; when this returns, no later event is missed.
    pub async fn subscribe(engine: &Engine, project: &str) -> Result<Self, EngineError> {
        let mut events = Box::pin(engine.subscribe(project).await?);
        let (sender, _) = broadcast::channel(BACKLOG);
        let publish = sender.clone();
        let pump = tokio::spawn(async move {
            // The stream ends when the engine goes away; the waits see that by their own calls.
            while let Some(Ok(event)) = events.next().await {
                // No wait is listening: nobody needs the event.
                let _unheard = publish.send(event);
            }
        });
        Ok(Self {
            budget: Budget::new(),
            engine_is_busy: watch::Sender::new(false),
            restarts_before: RefCell::default(),
            sender,
            pump,
        })
    }

    /// Whether the engine has containers to make or to start, and could begin with them now.
    pub fn engine_is_busy(&self, busy: bool) {
        self.engine_is_busy
            .send_if_modified(|was| std::mem::replace(was, busy) != busy);
    }

    /// Returns when the engine is not busy.
    pub(super) async fn engine_has_time(&self) {
        let mut busy = self.engine_is_busy.subscribe();
        // The sender lives as long as this.
        let _seen = busy.wait_for(|busy| !busy).await;
    }

    /// How often the process of container `id` has ended since the command began, by the engine's count. That starts again at zero with
    /// every start that was asked for, as that of one that `was_started` by the command.
    pub(super) fn ends(&self, id: &ContainerId, was_started: bool, detail: &Detail) -> u32 {
        let mut all = self.restarts_before.borrow_mut();
        let count = if was_started { 0 } else { detail.restart_count };
        let before = all.entry(id.clone()).or_insert(count);
        // Somebody else has started it.
        *before = (*before).min(detail.restart_count);
        let has_ended = matches!(detail.state, State::Exited { .. } | State::Dead);
        detail.restart_count - *before + u32::from(has_ended)
    }

    /// The events from now on.
    pub fn listen(&self) -> broadcast::Receiver<EngineEvent> {
        self.sender.subscribe()
    }
}

impl Drop for EngineEvents {
    fn drop(&mut self) {
        self.pump.abort();
    }
}
