//! Calls about one container.

use std::io;

use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput, PathStatResponse};
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, CreateExecResults};
use bollard::models::{ContainerInspectResponse, ContainerStatsResponse, ContainerTopResponse, ContainerWaitResponse};
use bollard::query_parameters::{
    AttachContainerOptions, ContainerArchiveInfoOptions, DownloadFromContainerOptions, InspectContainerOptions,
    KillContainerOptions, LogsOptions, RemoveContainerOptions, RenameContainerOptions, ResizeContainerTTYOptions,
    RestartContainerOptions, StartContainerOptions, StatsOptions, StopContainerOptions, TopOptions,
    UploadToContainerOptions, WaitContainerOptions,
};
use bytes::Bytes;
use futures_util::Stream;

use crate::engine::part::Part;

use super::in_known_state;

/// A container whose id may stand in a path.
#[derive(Debug)]
pub(in crate::engine) struct OneContainer<'a> {
    docker: &'a Docker,
    is_podman: bool,
    id: Part,
}

impl<'a> OneContainer<'a> {
    pub(super) fn new(docker: &'a Docker, is_podman: bool, id: Part) -> Self {
        Self { docker, is_podman, id }
    }

    pub async fn start(&self) -> Result<(), Error> {
        let options = None::<StartContainerOptions>;
        self.docker.start_container(self.id.as_str(), options).await
    }

    pub async fn stop(&self, options: StopContainerOptions) -> Result<(), Error> {
        self.docker.stop_container(self.id.as_str(), Some(options)).await
    }

    pub async fn restart(&self, options: RestartContainerOptions) -> Result<(), Error> {
        self.docker.restart_container(self.id.as_str(), Some(options)).await
    }

    pub async fn kill(&self, options: KillContainerOptions) -> Result<(), Error> {
        self.docker.kill_container(self.id.as_str(), Some(options)).await
    }

    pub async fn pause(&self) -> Result<(), Error> {
        self.docker.pause_container(self.id.as_str()).await
    }

    pub async fn unpause(&self) -> Result<(), Error> {
        self.docker.unpause_container(self.id.as_str()).await
    }

    pub async fn rename(&self, options: RenameContainerOptions) -> Result<(), Error> {
        self.docker.rename_container(self.id.as_str(), options).await
    }

    pub async fn remove(&self, options: RemoveContainerOptions) -> Result<(), Error> {
        self.docker.remove_container(self.id.as_str(), Some(options)).await
    }

    pub async fn inspect(&self) -> Result<ContainerInspectResponse, Error> {
        let ask = async || {
            let options = None::<InspectContainerOptions>;
            self.docker.inspect_container(self.id.as_str(), options).await
        };
        Box::pin(in_known_state(self.is_podman, ask)).await
    }

    pub async fn top(&self) -> Result<ContainerTopResponse, Error> {
        let options = None::<TopOptions>;
        self.docker.top_processes(self.id.as_str(), options).await
    }

    pub fn wait(&self) -> impl Stream<Item = Result<ContainerWaitResponse, Error>> + use<> {
        let options = None::<WaitContainerOptions>;
        self.docker.wait_container(self.id.as_str(), options)
    }

    pub fn logs(&self, options: LogsOptions) -> impl Stream<Item = Result<LogOutput, Error>> + use<> {
        self.docker.logs(self.id.as_str(), Some(options))
    }

    pub fn stats(&self, options: StatsOptions) -> impl Stream<Item = Result<ContainerStatsResponse, Error>> + use<> {
        self.docker.stats(self.id.as_str(), Some(options))
    }

    pub async fn attach(&self, options: AttachContainerOptions) -> Result<AttachContainerResults, Error> {
        self.docker.attach_container(self.id.as_str(), Some(options)).await
    }

    pub async fn resize(&self, size: ResizeContainerTTYOptions) -> Result<(), Error> {
        self.docker.resize_container_tty(self.id.as_str(), size).await
    }

    pub async fn create_exec(&self, config: CreateExecOptions<String>) -> Result<CreateExecResults, Error> {
        self.docker.create_exec(self.id.as_str(), config).await
    }

    /// What the file at a path is, and where it leads.
    pub async fn path_info(&self, options: ContainerArchiveInfoOptions) -> Result<PathStatResponse, Error> {
        let id = self.id.as_str();
        self.docker.get_container_archive_info(id, Some(options)).await
    }

    pub fn download(&self, options: DownloadFromContainerOptions) -> impl Stream<Item = Result<Bytes, Error>> + use<> {
        self.docker.download_from_container(self.id.as_str(), Some(options))
    }

    pub async fn upload(&self, options: UploadToContainerOptions, archive: Vec<u8>) -> Result<(), Error> {
        let (id, archive) = (self.id.as_str(), bollard::body_full(archive.into()));
        self.docker.upload_to_container(id, Some(options), archive).await
    }

    /// The same, of an archive that is made while it is sent.
    pub async fn upload_stream(
        &self,
        options: UploadToContainerOptions,
        archive: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<(), Error> {
        let (id, archive) = (self.id.as_str(), bollard::body_try_stream(archive));
        self.docker.upload_to_container(id, Some(options), archive).await
    }
}
