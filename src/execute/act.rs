//! One step: the engine call that it stands for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::codes;
use crate::compose::{Service, Stack};
use crate::engine::{BuildProgress, EngineError, Logins, NewContainer, PullProgress};
use crate::event::Event;
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::labels;
use crate::plan::{Action, Step, StepId, Target, Which};
use crate::ready::Wait;
use crate::shell::ShellCommand;

use super::graph::{Execution, StepResult};
use super::silence::{LastHeard, telling};
use super::step_failure::StepFailure;

/// That many times as long as the engine may take to answer anything else, a pull or build may say nothing before that is reported.
const SILENT_FOR: u32 = 2;

/// A healthcheck that passed once is run again after that long, if the command still goes on then.
const CONFIRM_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

/// Why a step's call did not do what it should.
pub(super) enum Trouble {
    /// The engine's answer.
    Engine(EngineError),
    /// What we know better.
    Own(Failure),
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Own(failure)
    }
}

impl Execution<'_> {
    /// Does step `id`; a wait may be done `again`.
    pub(super) async fn step(&self, id: StepId, again: bool) -> Result<StepResult, Failure> {
        let step = &self.plan.steps()[id.index()];
        let service = step.service.as_ref();
        (self.emit)(Event::StepStarted {
            step: id.index(),
            service: step.service.clone(),
            action: step.action.verb(),
            target: step.action.target().to_owned(),
        });
        if let (Action::Await { container, .. }, Some(service)) = (&step.action, service) {
            return self.wait(id, service, container, again).await;
        }
        let called = self.done(id, step).await;
        tracing::debug!(
            step = id.index(),
            action = step.action.verb(),
            target = step.action.target(),
            well = called.is_ok(),
            "step"
        );
        match called {
            Ok(changed) => Ok(StepResult { changed, ready: None }),
            Err(trouble) => {
                let failure = match trouble {
                    Trouble::Own(failure) => failure,
                    Trouble::Engine(error) => {
                        let action = &step.action;
                        self.explain
                            .explain(service, StepFailure::Refused { action, error })
                            .await
                    }
                };
                Err(with_service(failure, service))
            }
        }
    }

    pub(super) async fn call(&self, id: StepId, step: &Step) -> Result<bool, Trouble> {
        let (engine, service) = (self.engine, step.service.as_ref());
        let heard = LastHeard::now();
        let mut layers = |progress: PullProgress| {
            heard.again();
            self.tell_layers(id, service, progress);
        };
        let done = match &step.action {
            Action::PullImage {
                image,
                platform,
                best_effort,
            } => {
                let logins = self.heard(engine.logins_of(image).await);
                let pulling = engine.pull(image, platform.as_deref(), &logins, &mut layers);
                let pulled = self.telling_silence(pulling, &heard, service).await;
                self.unless_best_effort(pulled, *best_effort, "pulled", image.as_str())
            }
            Action::BuildImage { image, no_cache, pull } => {
                let (stack, wanted) = self.wanted(service)?;
                let logins = self.logins_of_build(wanted).await;
                let mut tell = |progress: BuildProgress| {
                    heard.again();
                    self.tell_build(id, service, progress);
                };
                let building = engine.build(&stack.name, wanted, image, *no_cache, *pull, &logins, &mut tell);
                self.telling_silence(building, &heard, service).await.map(|()| true)
            }
            Action::PushImage { image, best_effort } => {
                let logins = self.heard(engine.logins_of(image).await);
                let pushing = engine.push(image, &logins, &mut layers);
                let pushed = self.telling_silence(pushing, &heard, service).await;
                self.unless_best_effort(pushed, *best_effort, "pushed", image.as_str())
            }
            Action::RemoveImage { image } => match engine.remove_image(image).await {
                Err(EngineError::Conflict(why)) => {
                    (self.emit)(Event::Warning {
                        text: format!("image {image} stays: {why}"),
                    });
                    Ok(false)
                }
                other => other,
            },
            Action::CreateNetwork { key, .. } => engine.create_network(self.stack()?, key).await,
            Action::DisconnectNetwork { container, network } => {
                engine.leave_network(&self.resolve(container)?, network).await
            }
            Action::ConnectNetwork {
                container, number, key, ..
            } => {
                let (stack, service) = self.wanted(service)?;
                let id = self.resolve(container)?;
                engine.join_network(stack, service, *number, key, &id).await
            }
            Action::CreateVolume { key, .. } => engine.create_volume(self.stack()?, key).await,
            Action::RemoveNetwork { id, .. } => engine.remove_network(id).await,
            Action::RemoveVolume { name } => engine.remove_volume(name).await,
            Action::CreateContainer {
                name,
                number,
                labels,
                inherit,
                shares,
                one_off,
            } => {
                let (stack, service) = self.wanted(service)?;
                let image = stack.image_of(service)?;
                let new = NewContainer {
                    stack,
                    service,
                    number: *number,
                    name,
                    image: image.as_str(),
                    labels: labels.clone(),
                    inherit: inherit.as_ref(),
                    shares: self.resolved(shares)?,
                    one_off: *one_off,
                };
                return self.create(id, new).await;
            }
            Action::RenameContainer { container, name } => engine.rename(&self.resolve(container)?, name).await,
            Action::StartContainer { container } => engine.start(&self.written_again(service, container).await?).await,
            Action::StopContainer { container, timeout } => engine.stop(&self.resolve(container)?, *timeout).await,
            Action::RestartContainer { container, timeout } => {
                engine
                    .restart(&self.written_again(service, container).await?, *timeout)
                    .await
            }
            Action::KillContainer { container, signal } => engine.kill(&self.resolve(container)?, signal).await,
            Action::PauseContainer { container } => engine.pause(&self.resolve(container)?).await,
            Action::UnpauseContainer { container } => engine.unpause(&self.resolve(container)?).await,
            Action::RemoveContainer { container, volumes } => {
                engine.remove_container(&self.resolve(container)?, *volumes).await
            }
            Action::Await { .. } => Ok(false),
        };
        Ok(done?)
    }

    /// The id of a container that is about to be started. One that was made before gets the configs and secrets that are in no file of
    /// the host as they are now.
    async fn written_again(&self, service: Option<&ServiceName>, container: &Target) -> Result<ContainerId, Trouble> {
        if let (Which::Id(id), Ok((stack, service))) = (&container.which, self.wanted(service))
            // What was written before stays when it isn't known now.
            && stack.makeable(&service.name).is_ok()
        {
            self.engine.write_inline(stack, service, id).await?;
        }
        Ok(self.resolve(container)?)
    }

    /// The logins that building `service` needs.
    async fn logins_of_build(&self, service: &Service) -> Logins {
        match &service.build {
            Some(build) => self.heard(self.engine.logins_of_build(build).await),
            None => Logins::default(),
        }
    }

    /// Says that the engine says nothing, while it does.
    async fn telling_silence<T>(
        &self,
        work: impl Future<Output = T>,
        heard: &LastHeard,
        service: Option<&ServiceName>,
    ) -> T {
        let after = self.engine.patience().saturating_mul(SILENT_FOR);
        telling(work, heard, after, service, self.emit).await
    }

    async fn create(&self, id: StepId, mut new: NewContainer<'_>) -> Result<bool, Trouble> {
        if !new.labels.contains_key(labels::IMAGE) {
            let image_id = self.engine.image_id(new.image).await.map_err(|error| match error {
                EngineError::NotFound(_) => Trouble::Own(missing_image(new.service, new.image, self.plan.never_pulls)),
                other => Trouble::Engine(other),
            })?;
            new.labels.insert(labels::IMAGE.to_owned(), image_id);
        }
        if !new.shares.is_empty() {
            let shares = new.shares.iter().map(|(service, id)| format!("{service}={id}"));
            let shares = shares.collect::<Vec<_>>().join(",");
            new.labels.insert(labels::SHARES.to_owned(), shares);
        }
        let container = self.engine.create_container(&new).await?;
        self.made.borrow_mut().insert(id, container);
        Ok(true)
    }

    /// Runs the healthcheck of a service that one run has found ready again, a while later: what it said then, if it
    /// fails now.
    pub(super) async fn confirm(&self, id: StepId) -> (StepId, Option<String>) {
        tokio::time::sleep(CONFIRM_AFTER).await;
        (id, self.fails_now(id).await)
    }

    async fn fails_now(&self, id: StepId) -> Option<String> {
        let step = &self.plan.steps()[id.index()];
        let Action::Await { container, .. } = &step.action else {
            return None;
        };
        let container = self.resolve(container).ok()?;
        let wait = self.wait_for(id, &container).ok()?;
        wait.fails_now().await
    }

    fn wait_for<'a>(&'a self, step: StepId, id: &'a ContainerId) -> Result<Wait<'a>, Failure> {
        let Step { action, service, .. } = &self.plan.steps()[step.index()];
        let (
            Some(engine_events),
            Some(service),
            Action::Await {
                until, page, settle, ..
            },
        ) = (self.engine_events, service, action)
        else {
            return Err(Failure::failed("can't wait without the engine's events"));
        };
        Ok(Wait {
            engine: self.engine,
            engine_events,
            id,
            service,
            until: *until,
            page: page.as_ref(),
            settle: *settle,
            was_started: self.starts_container(step),
            timeout: self.timeout,
            probe: RefCell::default(),
            page_is_out_of_reach: std::cell::Cell::new(false),
        })
    }

    /// Whether the plan starts the container that `step` waits for.
    fn starts_container(&self, step: StepId) -> bool {
        let needs = &self.plan.steps()[step.index()].needs;
        needs.iter().any(|need| {
            let action = &self.plan.steps()[need.index()].action;
            matches!(action, Action::StartContainer { .. } | Action::RestartContainer { .. })
        })
    }

    async fn wait(
        &self,
        step: StepId,
        service: &ServiceName,
        container: &Target,
        again: bool,
    ) -> Result<StepResult, Failure> {
        let id = self.resolve(container)?;
        let wait = self.wait_for(step, &id)?;
        let tell = |text| {
            (self.emit)(Event::Waiting {
                service: service.to_owned(),
                text,
            });
        };
        match wait.run(&tell).await {
            Ok(by) => Ok(StepResult {
                changed: false,
                ready: Some((id, by)),
            }),
            Err(waited) => {
                let wrong = StepFailure::NotReady {
                    id: &id,
                    again,
                    waited,
                    within: self.timeout,
                };
                Err(self.explain.explain(Some(service), wrong).await)
            }
        }
    }

    /// Says what kept a login from being looked up, once however many images need it.
    fn heard(&self, logins: Logins) -> Logins {
        for text in &logins.warnings {
            if self.warned.borrow_mut().insert(text.clone()) {
                (self.emit)(Event::Warning { text: text.clone() });
            }
        }
        logins
    }

    /// A failure that was asked to be no more than a word.
    fn unless_best_effort(
        &self,
        done: Result<(), EngineError>,
        best_effort: bool,
        what: &str,
        image: &str,
    ) -> Result<bool, EngineError> {
        match done {
            Ok(()) => Ok(true),
            Err(error) if best_effort && !error.is_unreachable() => {
                (self.emit)(Event::Warning {
                    text: format!("{image} could not be {what}: {error}"),
                });
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn tell_layers(&self, id: StepId, service: Option<&ServiceName>, progress: PullProgress) {
        (self.emit)(Event::Progress {
            step: id.index(),
            service: service.map(ToOwned::to_owned),
            text: progress.text,
            current: progress.current,
            total: progress.total,
        });
    }

    fn tell_build(&self, id: StepId, service: Option<&ServiceName>, progress: BuildProgress) {
        let service = service.map(ToOwned::to_owned);
        (self.emit)(match progress {
            BuildProgress::Step { text, current, total } => Event::Progress {
                step: id.index(),
                service,
                text,
                current,
                total,
            },
            BuildProgress::Line(line) => Event::Output {
                step: id.index(),
                service,
                line,
            },
        });
    }

    fn stack(&self) -> Result<&Stack, Failure> {
        self.stack
            .ok_or_else(|| Failure::failed("a plan that creates something needs a Compose file"))
    }

    fn wanted(&self, service: Option<&ServiceName>) -> Result<(&Stack, &Service), Failure> {
        let stack = self.stack()?;
        service
            .and_then(|name| stack.services.get(name))
            .map(|service| (stack, service))
            .ok_or_else(|| Failure::failed("a step for a service that is not in the Compose file"))
    }

    /// The ids of several.
    fn resolved(&self, targets: &BTreeMap<ServiceName, Target>) -> Result<BTreeMap<ServiceName, ContainerId>, Failure> {
        let ids = targets.iter();
        ids.map(|(service, target)| Ok((service.clone(), self.resolve(target)?)))
            .collect()
    }

    /// The id of a container that is there or was made by an earlier step.
    pub(super) fn resolve(&self, target: &Target) -> Result<ContainerId, Failure> {
        match &target.which {
            Which::Id(id) => Ok(id.clone()),
            Which::MadeBy(step) => self
                .made
                .borrow()
                .get(step)
                .cloned()
                .ok_or_else(|| Failure::failed(format!("{} was not created", target.name))),
        }
    }
}

fn with_service(mut failure: Failure, service: Option<&ServiceName>) -> Failure {
    if failure.service.is_none() {
        failure.service = service.map(ToOwned::to_owned);
    }
    failure
}

fn missing_image(service: &Service, image: &str, never_pulls: bool) -> Failure {
    let failure = Failure::failed(format!(
        "{} can't be created: its image {image} is missing",
        service.name
    ))
    .coded(&codes::NO_SUCH_IMAGE);
    let mut failure = match service.pull_policy.as_deref() {
        _ if never_pulls => failure
            .because("`--pull never` was given")
            .hint("pull it yourself, or drop `--pull never`"),
        Some(policy) => failure
            .because(format!("pull_policy of {} is {policy}", service.name))
            .hint("pull it yourself, or remove pull_policy from the service"),
        None => failure
            .because("it was removed while the command was running")
            .hint("pull it yourself, or run the command again"),
    };
    failure.run.extend(ShellCommand::of("docker pull").operand(image));
    failure
}

#[cfg(test)]
mod tests {
    use super::missing_image;
    use crate::compose::Service;

    #[test]
    fn a_missing_image_is_explained_by_what_forbade_to_pull_it() {
        let service = |pull_policy: Option<&str>| Service {
            name: "app".into(),
            pull_policy: pull_policy.map(ToOwned::to_owned),
            ..Service::default()
        };
        for (policy, never_pulls, why, fix) in [
            (None, true, "`--pull never` was given", "drop `--pull never`"),
            (Some("missing"), true, "`--pull never` was given", "drop `--pull never`"),
            (
                Some("never"),
                false,
                "pull_policy of app is never",
                "remove pull_policy",
            ),
            (None, false, "was removed", "again"),
        ] {
            let failure = missing_image(&service(policy), "redis:none", never_pulls);
            let said = format!("{failure:?}");
            assert!(said.contains(why) && said.contains(fix), "{said}");
        }
    }
}
