//! Makes a container: what is wanted, in the engine's words.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bollard::models::{ContainerCreateBody, HealthConfig};
use bollard::query_parameters::{CreateContainerOptions, UploadToContainerOptions};

use crate::compose::{FileObject, FileReference, Healthcheck, Nanos, Service, Stack};
use crate::ids::ContainerId;

use super::host_config::{Inherited, host_config};
use super::networking::Networking;
use super::new_container::{NewContainer, target_of};
use super::{Engine, EngineError};

/// How long a create that nobody waits for any more may take.
const UNFINISHED_CREATE: Duration = Duration::from_secs(20);
/// How often to look whether it has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Engine {
    /// Makes a container and gives its id. It is not started. One of that name that carries the same labels, left by a
    /// run that was cut off between the call and its answer, is taken as made.
    pub async fn create_container(&self, new: &NewContainer<'_>) -> Result<ContainerId, EngineError> {
        let inherited = match new.inherit {
            Some(old) => self.anonymous_volumes(old).await?,
            None => Inherited::new(),
        };
        let networking = Networking::of(self, new).await?;
        let body = Self::body(new, &inherited, &networking)?;
        let options = CreateContainerOptions {
            name: Some(new.name.to_owned()),
            platform: new.service.platform.clone().unwrap_or_default(),
        };
        let id = self.create_or_take(new, &options, &body).await?;
        let finished = self.finish(new, &id, &networking).await;
        if let Err(error) = finished {
            // Half made it would be taken for made.
            self.remove_container(&id, true).await?;
            return Err(error);
        }
        Ok(id)
    }

    /// What create could not do in one call.
    async fn finish(
        &self,
        new: &NewContainer<'_>,
        id: &ContainerId,
        networking: &Networking,
    ) -> Result<(), EngineError> {
        networking.connect_rest(self, id).await?;
        self.write_inline(new.stack, new.service, id).await
    }

    /// Writes the configs and secrets that are in no file of the host into a container of `service`, as they are now.
    pub async fn write_inline(&self, stack: &Stack, service: &Service, id: &ContainerId) -> Result<(), EngineError> {
        let files = inline_files(stack, service);
        if files.is_empty() {
            return Ok(());
        }
        let archive = archive(&files).map_err(|error| EngineError::Local {
            what: format!("configs and secrets of {} can't be packed", service.name),
            why: error.to_string(),
        })?;
        let options = UploadToContainerOptions {
            path: "/".to_owned(),
            ..UploadToContainerOptions::default()
        };
        let container = self.docker.container(id)?;
        let uploaded = container.upload(options, archive).await;
        uploaded.map_err(|error| self.error(error))
    }

    fn body(
        new: &NewContainer<'_>,
        inherited: &Inherited,
        networking: &Networking,
    ) -> Result<ContainerCreateBody, EngineError> {
        let service = new.service;
        let published = service
            .ports
            .iter()
            .map(|port| format!("{}/{}", port.target, port.protocol));
        let exposed = service.expose.iter().map(|port| {
            if port.contains('/') {
                port.clone()
            } else {
                format!("{port}/tcp")
            }
        });
        let mut ports: Vec<String> = published.chain(exposed).collect();
        ports.sort();
        ports.dedup();
        let host_config = host_config(new, inherited, networking)?;
        Ok(ContainerCreateBody {
            hostname: service.hostname.clone(),
            domainname: service.domainname.clone(),
            user: service.user.clone(),
            exposed_ports: (!ports.is_empty()).then_some(ports),
            attach_stdin: new.one_off.map(|one_off| one_off.attach_stdin),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: service.tty,
            open_stdin: service.stdin_open,
            stdin_once: new
                .one_off
                .map(|one_off| one_off.attach_stdin && service.stdin_open == Some(true)),
            env: Some(
                service
                    .environment
                    .iter()
                    .map(|(name, value)| match value {
                        Some(value) => format!("{name}={value}"),
                        // A name alone takes away what the image says.
                        None => name.clone(),
                    })
                    .collect(),
            ),
            cmd: service.command.clone(),
            healthcheck: service.healthcheck.as_ref().map(health_config),
            image: Some(new.image.to_owned()),
            working_dir: service.working_dir.clone(),
            entrypoint: service.entrypoint.clone(),
            labels: Some(new.labels.clone().into_iter().collect()),
            stop_signal: service.stop_signal.clone(),
            stop_timeout: service.stop_grace_period.map(whole_seconds),
            host_config: Some(host_config),
            networking_config: networking.at_create(),
            ..ContainerCreateBody::default()
        })
    }

    /// Creates, or takes the one that is there. A run that was cut off may have left its call to the engine: then the
    /// name is taken some time before the container is listed.
    async fn create_or_take(
        &self,
        new: &NewContainer<'_>,
        options: &CreateContainerOptions,
        body: &ContainerCreateBody,
    ) -> Result<ContainerId, EngineError> {
        let deadline = Instant::now() + UNFINISHED_CREATE;
        loop {
            let created = self.docker.create_container(Some(options.clone()), body.clone()).await;
            let message = match created.map_err(|error| self.error(error)) {
                Ok(id) => return Ok(id),
                Err(EngineError::Conflict(message)) => message,
                // Of the name whose container is not listed yet.
                Err(EngineError::NotFound(message)) if message.trim_end().ends_with("container:") => message,
                Err(other) => return Err(other),
            };
            let there = self.observe_containers(&new.stack.name).await?;
            match there.into_iter().find(|container| container.name == new.name) {
                Some(container) if has_all(&container.labels, &new.labels) => return Ok(container.id),
                None if Instant::now() < deadline => tokio::time::sleep(LOOK_AGAIN).await,
                _ => return Err(EngineError::Conflict(message)),
            }
        }
    }

    /// The anonymous volumes of a container, by where they are mounted.
    async fn anonymous_volumes(&self, id: &ContainerId) -> Result<Inherited, EngineError> {
        let inspected = self.docker.container(id)?.inspect().await;
        let inspected = match inspected.map_err(|error| self.error(error)) {
            Ok(inspected) => inspected,
            Err(EngineError::NotFound(_)) => return Ok(Inherited::new()),
            Err(other) => return Err(other),
        };
        Ok(inspected
            .mounts
            .unwrap_or_default()
            .into_iter()
            .filter_map(|mount| Some((mount.destination?, mount.name?)))
            .filter(|(_, name)| is_anonymous(name))
            .collect())
    }
}

/// A container's labels are those asked for and the image's own.
fn has_all(labels: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
}

/// The engine names anonymous volumes with 64 hexadecimal digits.
pub(super) fn is_anonymous(volume: &str) -> bool {
    volume.len() == 64 && volume.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn health_config(check: &Healthcheck) -> HealthConfig {
    let nanoseconds = |value: Option<Nanos>| value.map(|value| i64::try_from(value.0).unwrap_or(i64::MAX));
    let test = if check.disable {
        Some(vec!["NONE".to_owned()])
    } else {
        (!check.test.is_empty()).then(|| check.test.clone())
    };
    HealthConfig {
        test,
        interval: nanoseconds(check.interval),
        timeout: nanoseconds(check.timeout),
        retries: check.retries.map(i64::from),
        start_period: nanoseconds(check.start_period),
        start_interval: nanoseconds(check.start_interval),
    }
}

fn whole_seconds(value: Nanos) -> i64 {
    i64::try_from(value.0.div_ceil(1_000_000_000)).unwrap_or(i64::MAX)
}

/// A file that is copied into the container because it is nowhere on the host.
struct InlineFile {
    path: PathBuf,
    content: String,
    uid: u64,
    gid: u64,
    mode: u32,
}

fn inline_files(stack: &Stack, service: &Service) -> Vec<InlineFile> {
    let of = |references: &[FileReference], objects: &BTreeMap<String, FileObject>, folder: &str| {
        references
            .iter()
            .filter_map(|reference| {
                let content = objects.get(&reference.source)?.inline()?.to_owned();
                let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok()).unwrap_or(0);
                let mode = reference
                    .mode
                    .as_ref()
                    .and_then(|mode| u32::from_str_radix(mode, 8).ok());
                Some(InlineFile {
                    path: target_of(reference, folder),
                    content,
                    uid: number(&reference.uid),
                    gid: number(&reference.gid),
                    mode: mode.unwrap_or(0o444),
                })
            })
            .collect::<Vec<_>>()
    };
    let mut files = of(&service.configs, &stack.configs, "/");
    files.extend(of(&service.secrets, &stack.secrets, "/run/secrets"));
    files
}

fn archive(files: &[InlineFile]) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(file.mode);
        header.set_uid(file.uid);
        header.set_gid(file.gid);
        let path = file.path.strip_prefix("/").unwrap_or(&file.path);
        builder.append_data(&mut header, path, file.content.as_bytes())?;
    }
    builder.into_inner()
}
