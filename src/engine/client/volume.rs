//! Calls about one volume.

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::RemoveVolumeOptions;

use crate::engine::part::Part;

/// A volume whose name may stand in a path.
#[derive(Debug)]
pub(in crate::engine) struct OneVolume<'a> {
    docker: &'a Docker,
    name: Part,
}

impl<'a> OneVolume<'a> {
    pub(super) fn new(docker: &'a Docker, name: Part) -> Self {
        Self { docker, name }
    }

    pub async fn remove(&self) -> Result<(), Error> {
        let options = None::<RemoveVolumeOptions>;
        self.docker.remove_volume(self.name.as_str(), options).await
    }
}
