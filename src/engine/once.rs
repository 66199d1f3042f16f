//! A program run once in an image, for what it says.

use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType};
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;

use crate::labels;

use super::{Engine, EngineError, ExecOutcome};

/// What to run.
#[derive(Debug, Clone)]
pub struct Once<'a> {
    /// The project that it is for: what is left of it after a crash goes with `down`.
    pub project: &'a str,
    /// The service that it is for.
    pub service: &'a str,
    /// The image; it must be there.
    pub image: &'a str,
    /// What to run, behind the image's entry point.
    pub command: &'a [String],
    /// Variables, `NAME=value`.
    pub env: &'a [String],
    /// A file of this machine, and where the program finds it.
    pub file: (&'a str, &'a str),
    /// How long it may take.
    pub within: Duration,
}

impl Engine {
    /// Runs `once` without a network and gives its exit code and what it printed.
    pub async fn run_once(&self, once: &Once<'_>) -> Result<ExecOutcome, EngineError> {
        let (source, target) = once.file;
        let owned = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Some(pairs.collect())
        };
        let body = ContainerCreateBody {
            image: Some(once.image.to_owned()),
            cmd: Some(once.command.to_vec()),
            env: Some(once.env.to_vec()),
            labels: owned(&[
                (labels::PROJECT, once.project),
                (labels::SERVICE, once.service),
                (labels::ONEOFF, "True"),
            ]),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                mounts: Some(vec![Mount {
                    typ: Some(MountType::BIND),
                    source: Some(source.to_owned()),
                    target: Some(target.to_owned()),
                    read_only: Some(true),
                    ..Mount::default()
                }]),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let created = self.docker.create_container(None, body).await;
        let id = created.map_err(|error| self.error(error))?.id;
        let ended = tokio::time::timeout(once.within, self.run_to_its_end(&id)).await;
        // With its anonymous volumes; whatever happened to it.
        self.remove_container(&id, true).await?;
        ended.unwrap_or_else(|_elapsed| {
            Ok(ExecOutcome {
                exit_code: None,
                output: format!("it did not end within {} s", once.within.as_secs_f32()),
            })
        })
    }

    async fn run_to_its_end(&self, id: &str) -> Result<ExecOutcome, EngineError> {
        let container = self.docker.container(id)?;
        let started = container.start().await;
        started.map_err(|error| self.error(error))?;
        let mut waiting = container.wait();
        let exit_code = match waiting.next().await {
            Some(Ok(ended)) => Some(ended.status_code),
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Some(code),
            Some(Err(error)) => return Err(self.error(error)),
            None => None,
        };
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            tail: "50".to_owned(),
            ..LogsOptions::default()
        };
        let mut pieces = container.logs(options);
        let mut text = Vec::new();
        while let Some(piece) = pieces.next().await {
            text.extend(piece.map_err(|error| self.error(error))?.into_bytes());
        }
        Ok(ExecOutcome {
            exit_code,
            output: String::from_utf8_lossy(&text).into_owned(),
        })
    }
}
