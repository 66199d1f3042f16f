//! Calls about one network.

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{NetworkConnectRequest, NetworkDisconnectRequest};

use crate::engine::part::Part;

/// A network whose name may stand in a path.
#[derive(Debug)]
pub(in crate::engine) struct OneNetwork<'a> {
    docker: &'a Docker,
    name: Part,
}

impl<'a> OneNetwork<'a> {
    pub(super) fn new(docker: &'a Docker, name: Part) -> Self {
        Self { docker, name }
    }

    pub async fn connect(&self, request: NetworkConnectRequest) -> Result<(), Error> {
        self.docker.connect_network(self.name.as_str(), request).await
    }

    pub async fn disconnect(&self, request: NetworkDisconnectRequest) -> Result<(), Error> {
        self.docker.disconnect_network(self.name.as_str(), request).await
    }

    pub async fn remove(&self) -> Result<(), Error> {
        self.docker.remove_network(self.name.as_str()).await
    }
}
