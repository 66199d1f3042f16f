//! A program run once in an image, for what it says: with nothing but a copy of one file, and no way out.

use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType, MountVolumeOptions,
};
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;

use crate::ids::ContainerId;
use crate::labels;

use super::kept::End;
use super::{Engine, EngineError, ExecOutcome};

/// What such a program may take: bytes of memory, and processes and threads.
const MEMORY: i64 = 256 << 20;
const PROCESSES: i64 = 256;
/// More of its words, from the end, are not read.
const LAST_LINES: usize = 50;
/// Bytes of these that are kept.
const KEPT: usize = 32 << 10;

/// What to run.
#[derive(Debug, Clone)]
pub struct Once<'a> {
    /// The project that it is for: what is left of it after a crash goes with `down`.
    pub project: &'a str,
    /// The service that it is for.
    pub service: &'a str,
    /// The image; it must be there.
    pub image: &'a str,
    /// What to run, after the image's entry point.
    pub command: &'a [String],
    /// Variables, `NAME=value`.
    pub env: &'a [String],
    /// Where the program finds its file, in a folder of the file's own, and what is in it.
    pub file: (&'a str, &'a str),
    /// How long it may take.
    pub within: Duration,
}

/// What holds for each container that is made for what a program in it says: no rights, no files of the machine, no more than
/// `memory` bytes and `processes` processes and threads.
pub(super) fn confined(memory: i64, processes: i64) -> HostConfig {
    HostConfig {
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        memory: Some(memory),
        memory_swap: Some(memory),
        pids_limit: Some(processes),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some([("max-size".to_owned(), "1m".to_owned())].into()),
        }),
        ..HostConfig::default()
    }
}

/// Its image may have a healthcheck, which is one more program.
pub(super) fn no_healthcheck() -> HealthConfig {
    HealthConfig {
        test: Some(vec!["NONE".to_owned()]),
        ..HealthConfig::default()
    }
}

impl Engine {
    /// Runs `once` without a network, without rights and without anything of this machine, and gives its exit code and the end of
    /// what it printed.
    pub async fn run_once(&self, once: &Once<'_>) -> Result<ExecOutcome, EngineError> {
        let (folder, _) = once.file.0.rsplit_once('/').unwrap_or_default();
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
            healthcheck: Some(no_healthcheck()),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                // An empty volume that goes with the container: what is not on one can't be written before the start either.
                mounts: Some(vec![Mount {
                    typ: Some(MountType::VOLUME),
                    target: Some(folder.to_owned()),
                    volume_options: Some(MountVolumeOptions {
                        no_copy: Some(true),
                        ..MountVolumeOptions::default()
                    }),
                    ..Mount::default()
                }]),
                ..confined(MEMORY, PROCESSES)
            }),
            ..ContainerCreateBody::default()
        };
        let created = self.docker.create_container(None, body).await;
        let id = created.map_err(|error| self.error(error))?;
        let ended = tokio::time::timeout(once.within, self.run_to_its_end(&id, once.file)).await;
        // With its anonymous volumes; whatever happened to it.
        self.remove_container(&id, true).await?;
        ended.unwrap_or_else(|_elapsed| {
            Ok(ExecOutcome {
                exit_code: None,
                output: format!("it did not end within {} s", once.within.as_secs_f32()),
            })
        })
    }

    async fn run_to_its_end(&self, id: &ContainerId, file: (&str, &str)) -> Result<ExecOutcome, EngineError> {
        let (folder, name) = file.0.rsplit_once('/').unwrap_or_default();
        let (name, text) = (name.to_owned(), file.1.to_owned());
        let pack = move |writer: &mut dyn std::io::Write| {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o444);
            let mut archive = tar::Builder::new(writer);
            archive.append_data(&mut header, &name, text.as_bytes())?;
            archive.finish()
        };
        self.upload(id, folder, false, pack).await?;
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
            tail: LAST_LINES.to_string(),
            ..LogsOptions::default()
        };
        let mut pieces = container.logs(options);
        let mut kept = End::of(KEPT);
        while let Some(piece) = pieces.next().await {
            kept.push(&piece.map_err(|error| self.error(error))?.into_bytes());
        }
        Ok(ExecOutcome {
            exit_code,
            output: kept.text(),
        })
    }
}
