//! Whether containers find each other by name: two are made for it on a network of the project, and removed again.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, EndpointSettings, HostConfig, NetworkCreateRequest, NetworkingConfig};

use crate::ids::ContainerId;
use crate::labels;

use super::once::{confined, no_healthcheck};
use super::{Engine, EngineError, ExecOutcome};

/// The name that one has and the other asks for.
const NAME: &str = "magicctl-probe";
/// Longer than the asking takes.
const LIVES_FOR: &str = "30";
/// What `sleep` and `getent` may take: bytes of memory, processes.
const MEMORY: i64 = 32 << 20;
const PROCESSES: i64 = 16;
/// How long the asking may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

impl Engine {
    /// Has a container of `image` ask for another's name. `network` is the project's when it is there; else one is made for it.
    /// The image needs `sleep` and `getent`.
    pub async fn resolve_names(
        &self,
        project: &str,
        image: &str,
        network: Option<&str>,
    ) -> Result<ExecOutcome, EngineError> {
        let own = format!("{project}_magicctl-probe");
        if network.is_none() {
            let request = NetworkCreateRequest {
                name: own.clone(),
                labels: Some(HashMap::from([(labels::PROJECT.to_owned(), project.to_owned())])),
                ..NetworkCreateRequest::default()
            };
            let made = self
                .docker
                .create_network(request)
                .await
                .map_err(|error| self.error(error));
            if !matches!(made, Ok(()) | Err(EngineError::Conflict(_))) {
                made?;
            }
        }
        let asked = self.ask_on(project, image, network.unwrap_or(&own)).await;
        if network.is_none() {
            let removed = self.docker.network(&own)?.remove().await;
            removed.map_err(|error| self.error(error))?;
        }
        asked
    }

    async fn ask_on(&self, project: &str, image: &str, network: &str) -> Result<ExecOutcome, EngineError> {
        let wanted = self.sleeper(project, image, network, Some(NAME)).await?;
        let asking = match self.sleeper(project, image, network, None).await {
            Ok(asking) => asking,
            Err(error) => {
                self.remove_container(&wanted, true).await?;
                return Err(error);
            }
        };
        let command = ["getent", "hosts", NAME].map(ToOwned::to_owned);
        let asked = self.exec_probe(&asking, &command, ANSWERS_WITHIN).await;
        let removed = [&wanted, &asking].map(|id| self.remove_container(id, true));
        futures_util::future::try_join_all(removed).await?;
        asked
    }

    async fn sleeper(
        &self,
        project: &str,
        image: &str,
        network: &str,
        alias: Option<&str>,
    ) -> Result<ContainerId, EngineError> {
        let endpoint = EndpointSettings {
            aliases: alias.map(|alias| vec![alias.to_owned()]),
            ..EndpointSettings::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(vec!["sleep".to_owned()]),
            cmd: Some(vec![LIVES_FOR.to_owned()]),
            labels: Some(HashMap::from([
                (labels::PROJECT.to_owned(), project.to_owned()),
                (labels::SERVICE.to_owned(), NAME.to_owned()),
                (labels::ONEOFF.to_owned(), "True".to_owned()),
            ])),
            healthcheck: Some(no_healthcheck()),
            host_config: Some(HostConfig {
                network_mode: Some(network.to_owned()),
                ..confined(MEMORY, PROCESSES)
            }),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(network.to_owned(), endpoint)])),
            }),
            ..ContainerCreateBody::default()
        };
        let created = self.docker.create_container(None, body).await;
        let id = created.map_err(|error| self.error(error))?;
        let started = self.docker.container(&id)?.start().await;
        if let Err(error) = started {
            self.remove_container(&id, true).await?;
            return Err(self.error(error));
        }
        Ok(id)
    }
}
