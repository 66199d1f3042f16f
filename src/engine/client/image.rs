//! Calls about one image.

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::{DistributionInspect, ImageInspect, PushImageInfo};
use bollard::query_parameters::{PushImageOptions, RemoveImageOptions, TagImageOptions};
use futures_util::Stream;

use crate::image::ImageRef;

/// An image whose name may stand in a path.
#[derive(Debug)]
pub(in crate::engine) struct OneImage<'a> {
    docker: &'a Docker,
    image: &'a ImageRef,
}

impl<'a> OneImage<'a> {
    pub(super) fn new(docker: &'a Docker, image: &'a ImageRef) -> Self {
        Self { docker, image }
    }

    pub async fn inspect(&self) -> Result<ImageInspect, Error> {
        self.docker.inspect_image(self.image.as_str()).await
    }

    /// What its registry says of it.
    pub async fn in_registry(&self, credentials: Option<DockerCredentials>) -> Result<DistributionInspect, Error> {
        let name = self.image.as_str();
        self.docker.inspect_registry_image(name, credentials).await
    }

    pub async fn remove(&self) -> Result<(), Error> {
        let options = None::<RemoveImageOptions>;
        let removed = self.docker.remove_image(self.image.as_str(), options, None).await;
        removed.map(|_| ())
    }

    /// Gives it the name `other` too.
    pub async fn tag(&self, other: &ImageRef) -> Result<(), Error> {
        let options = TagImageOptions {
            repo: Some(other.name().to_owned()),
            tag: Some(other.tag().unwrap_or("latest").to_owned()),
        };
        self.docker.tag_image(self.image.as_str(), Some(options)).await
    }

    /// Pushes it under its name and tag.
    pub fn push(
        &self,
        credentials: Option<DockerCredentials>,
    ) -> impl Stream<Item = Result<PushImageInfo, Error>> + use<> {
        let options = PushImageOptions {
            tag: Some(self.image.tag().unwrap_or("latest").to_owned()),
            ..PushImageOptions::default()
        };
        self.docker.push_image(self.image.name(), Some(options), credentials)
    }
}
