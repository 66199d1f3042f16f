//! A step that did not work and may work soon is done again. Each looks first whether it is done already, so that one whose answer
//! was lost is not done twice.

use std::time::Duration;

use crate::engine::EngineError;
use crate::event::Event;
use crate::plan::{Action, Step, StepId};

use super::act::Trouble;
use super::graph::Execution;

/// The pauses before what the engine refused, for a reason that no card knows, is tried again: what is in its way may be about to go.
const REFUSED: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];

impl Execution<'_> {
    /// Does a step, repeatedly while that may help. Whether anything was changed.
    pub(super) async fn done(&self, id: StepId, step: &Step) -> Result<bool, Trouble> {
        let (service, action) = (step.service.as_ref(), &step.action);
        let began_before = self.last_start(action).await?;
        let mut again = self.engine.again();
        let mut refused = REFUSED.iter();
        let mut error = match self.call(id, step).await {
            Err(Trouble::Engine(error)) => error,
            other => return other,
        };
        loop {
            let goes_on = if !is_repeatable(action) {
                false
            } else if error.may_pass() {
                self.tell_repetition(&error);
                again.pause().await
            } else if may_be_refused_by_chance(action, &error) && !self.explain.is_known(service, action, &error) {
                match refused.next() {
                    Some(pause) => {
                        tokio::time::sleep(*pause).await;
                        true
                    }
                    None => false,
                }
            } else {
                false
            };
            if !goes_on {
                return Err(error.into());
            }
            if began_before.is_some() && self.last_start(action).await? != began_before {
                return Ok(true);
            }
            error = match self.call(id, step).await {
                // It was done by the call whose answer was lost.
                Ok(_) => return Ok(true),
                Err(Trouble::Engine(error)) => error,
                other => return other,
            };
        }
    }

    /// When a container that is to be restarted was last started: what can't be seen from what it is now.
    async fn last_start(&self, action: &Action) -> Result<Option<String>, Trouble> {
        let Action::RestartContainer { container, .. } = action else {
            return Ok(None);
        };
        Ok(self.engine.started_at(&self.resolve(container)?).await?)
    }

    /// Once a command is enough.
    fn tell_repetition(&self, error: &EngineError) {
        let text = format!("{error}; retrying");
        if self.warned.borrow_mut().insert(text.clone()) {
            (self.emit)(Event::Warning { text });
        }
    }
}

/// A signal is sent once: nobody can see whether it has arrived.
fn is_repeatable(action: &Action) -> bool {
    !matches!(action, Action::KillContainer { .. })
}

/// Registries and Dockerfiles say no for reasons that a second does not change.
fn may_be_refused_by_chance(action: &Action, error: &EngineError) -> bool {
    matches!(error, EngineError::Refused(_))
        && !matches!(
            action,
            Action::PullImage { .. } | Action::PushImage { .. } | Action::BuildImage { .. }
        )
}
