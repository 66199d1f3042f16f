//! Calls about one command in a container.

use bollard::Docker;
use bollard::errors::Error;
use bollard::exec::{ResizeExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ExecInspectResponse;

use crate::engine::part::Part;

/// A command whose id may stand in a path.
#[derive(Debug)]
pub(in crate::engine) struct OneExec<'a> {
    docker: &'a Docker,
    id: Part,
}

impl<'a> OneExec<'a> {
    pub(super) fn new(docker: &'a Docker, id: Part) -> Self {
        Self { docker, id }
    }

    pub async fn start(&self, options: Option<StartExecOptions>) -> Result<StartExecResults, Error> {
        self.docker.start_exec(self.id.as_str(), options).await
    }

    pub async fn inspect(&self) -> Result<ExecInspectResponse, Error> {
        self.docker.inspect_exec(self.id.as_str()).await
    }

    pub async fn resize(&self, size: ResizeExecOptions) -> Result<(), Error> {
        self.docker.resize_exec(self.id.as_str(), size).await
    }
}
