//! Cards of the steps that went wrong, each made when it happens.

use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::cards::{self, SeenOfContainer, Stage, Surroundings, Symptoms};
use crate::engine::{Detail, Engine, EngineError};
use crate::execute::{Explain, StepFailure};
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::plan::Action;
use crate::ready::Waited;

/// Makes them from what the engine shows, and from what is `around`.
pub(super) struct Explainer<'a> {
    pub engine: &'a Engine,
    pub around: Surroundings<'a>,
}

impl Explain for Explainer<'_> {
    fn is_known(&self, service: Option<&ServiceName>, action: &Action, error: &EngineError) -> bool {
        symptoms_of(service, action, error).is_none_or(|symptoms| cards::knows(&symptoms, &self.around))
    }

    fn explain<'e>(&'e self, service: Option<&'e ServiceName>, wrong: StepFailure<'e>) -> LocalBoxFuture<'e, Failure> {
        async move {
            match wrong {
                StepFailure::Refused { action, error } => self.refused(service, action, &error).await,
                StepFailure::NotReady {
                    id,
                    again,
                    waited,
                    within,
                } => {
                    let (stage, seen) = match waited {
                        Waited::Impossible(failure) => return *failure,
                        Waited::Exited(detail) => (Stage::Exited { was_ready: Some(again) }, seen(*detail)),
                        Waited::NotCompleted(detail) => (Stage::NotCompleted, seen(*detail)),
                        Waited::Loop(detail) => (Stage::Loop, seen(*detail)),
                        Waited::Unanswerable { probe } => (Stage::Unhealthy, SeenOfContainer { probe, detail: None }),
                        Waited::TimedOut { probe } => {
                            (Stage::TimedOut(within), SeenOfContainer { probe, detail: None })
                        }
                    };
                    self.of_container(&service.cloned().unwrap_or_default(), id, stage, seen)
                        .await
                }
            }
        }
        .boxed_local()
    }
}

impl Explainer<'_> {
    /// The card of container `id` of `service`, which failed at `stage`.
    pub(super) async fn of_container(
        &self,
        service: &ServiceName,
        id: &ContainerId,
        stage: Stage,
        seen: SeenOfContainer,
    ) -> Failure {
        let symptoms = cards::look(self.engine, id, service, stage, seen).await;
        cards::card(&symptoms, &self.around)
    }

    /// That of a call that did not work.
    async fn refused(&self, service: Option<&ServiceName>, action: &Action, error: &EngineError) -> Failure {
        let Some(mut symptoms) = symptoms_of(service, action, error) else {
            return error.failure();
        };
        let said = symptoms.said.to_lowercase();
        if let Action::PullImage { image, .. } = action
            && (said.contains("denied") || said.contains("does not exist"))
        {
            symptoms.has_login = Some(self.engine.has_login(image).await);
        }
        if symptoms.stage == Stage::Start
            && let Some(image) = self.around.image_of(symptoms.service.as_str())
        {
            symptoms.image_command = cards::command_of_image(self.engine, &image).await;
        }
        cards::card(&symptoms, &self.around)
    }
}

fn seen(detail: Detail) -> SeenOfContainer {
    SeenOfContainer {
        detail: Some(detail),
        probe: None,
    }
}

/// What is seen of a call that the engine refused; `None`: our own error says it all.
fn symptoms_of(service: Option<&ServiceName>, action: &Action, error: &EngineError) -> Option<Symptoms> {
    let stage = match action {
        Action::StartContainer { .. } | Action::RestartContainer { .. } | Action::UnpauseContainer { .. } => {
            Stage::Start
        }
        Action::CreateContainer { .. } | Action::RenameContainer { .. } => Stage::Create,
        Action::PullImage { image, .. } => Stage::Pull {
            image: image.to_string(),
        },
        Action::BuildImage { .. } => Stage::Build,
        _ => Stage::Other(format!("{} {}", action.verb(), action.target())),
    };
    let mut symptoms = Symptoms::new(service.cloned().unwrap_or_default(), stage);
    symptoms.said = match error {
        EngineError::NotFound(message) | EngineError::Conflict(message) | EngineError::Refused(message) => {
            message.clone()
        }
        EngineError::Build { message, step, exit } => {
            symptoms.step.clone_from(step);
            symptoms.step_exit = *exit;
            message.clone()
        }
        EngineError::Dockerfile { path, why } => {
            symptoms.unreadable = Some((path.clone(), why.clone()));
            error.to_string()
        }
        EngineError::Local { what, why } => format!("{what}: {why}"),
        _ => return None,
    };
    Some(symptoms)
}
