//! The calls of the API that are used. Only here is bollard's client within reach: what it would put into a path as it is comes
//! from a [`Part`] or an [`ImageRef`], and nowhere else from.

mod container;
mod exec;
mod image;
mod network;
mod volume;

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::{
    BuildInfo, ContainerCreateBody, ContainerSummary, CreateImageInfo, EventMessage, ImageSummary, Network,
    NetworkCreateRequest, SystemInfo, SystemVersion, VolumeCreateRequest, VolumeListResponse,
};
use bollard::query_parameters::{
    BuildImageOptions, CreateContainerOptions, CreateImageOptions, EventsOptions, ListContainersOptions,
    ListImagesOptions, ListNetworksOptions, ListVolumesOptions,
};
use bollard::{API_DEFAULT_VERSION, ClientVersion, Docker};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use crate::ids::{ContainerId, VolumeName};
use crate::image::ImageRef;

use super::part::{Object, Part};
use super::wire::{self, Complaints, Patience};
use super::{Endpoint, EngineError};

use container::OneContainer;
pub(super) use exec::OneExec;
use image::OneImage;
use network::OneNetwork;
use volume::OneVolume;

/// A connection. What needs no name is asked here; what is about one object, at that object.
#[derive(Debug, Clone)]
pub(super) struct Client {
    docker: Docker,
    /// Podman's socket speaks Docker's API, but not always as Docker does.
    is_podman: bool,
}

impl Client {
    /// Connects, to speak that version of the API. Every answer has the limits of [`wire`]. `answered`: the engine is known to be there.
    pub fn open(
        endpoint: &Endpoint,
        version: &ClientVersion,
        patience: Patience,
        complaints: &Complaints,
        answered: bool,
    ) -> Result<Self, Error> {
        let (transport, base) = wire::transport(endpoint, patience, complaints, answered)?;
        let docker = Docker::connect_with_custom_transport(transport, Some(base), wire::NEVER, version)?;
        Ok(Self {
            docker,
            is_podman: false,
        })
    }

    /// The newest version of the API that we know.
    pub fn newest() -> &'static ClientVersion {
        API_DEFAULT_VERSION
    }

    /// Asks for the engine's version, and speaks that one if it is older.
    pub async fn negotiated(self) -> Result<Self, Error> {
        Ok(Self {
            docker: self.docker.negotiate_version().await?,
            ..self
        })
    }

    /// The same, knowing whether the engine is Podman.
    pub fn of_podman(self, is_podman: bool) -> Self {
        Self { is_podman, ..self }
    }

    /// Whether the engine is Podman.
    pub fn is_podman(&self) -> bool {
        self.is_podman
    }

    /// The version that is spoken.
    pub fn version_spoken(&self) -> ClientVersion {
        self.docker.client_version()
    }

    /// A container.
    pub fn container(&self, id: &ContainerId) -> Result<OneContainer<'_>, EngineError> {
        Ok(OneContainer::new(
            &self.docker,
            self.is_podman,
            Part::of(Object::Container, id.as_str())?,
        ))
    }

    /// A command in a container, by id.
    pub fn exec(&self, id: &str) -> Result<OneExec<'_>, EngineError> {
        Ok(OneExec::new(&self.docker, Part::of(Object::Exec, id)?))
    }

    /// A network, by id or name.
    pub fn network(&self, name: &str) -> Result<OneNetwork<'_>, EngineError> {
        Ok(OneNetwork::new(&self.docker, Part::of(Object::Network, name)?))
    }

    /// A volume.
    pub fn volume(&self, name: &VolumeName) -> Result<OneVolume<'_>, EngineError> {
        Ok(OneVolume::new(&self.docker, Part::of(Object::Volume, name.as_str())?))
    }

    /// An image.
    pub fn image<'a>(&'a self, image: &'a ImageRef) -> OneImage<'a> {
        OneImage::new(&self.docker, image)
    }

    pub async fn version(&self) -> Result<SystemVersion, Error> {
        self.docker.version().await
    }

    pub async fn info(&self) -> Result<SystemInfo, Error> {
        self.docker.info().await
    }

    pub fn events(&self, options: EventsOptions) -> impl Stream<Item = Result<EventMessage, Error>> + use<> {
        self.docker.events(Some(options))
    }

    pub async fn list_containers(&self, options: ListContainersOptions) -> Result<Vec<ContainerSummary>, Error> {
        let ask = async || self.docker.list_containers(Some(options.clone())).await;
        Box::pin(in_known_state(self.is_podman, ask)).await
    }

    pub async fn list_networks(&self, options: ListNetworksOptions) -> Result<Vec<Network>, Error> {
        self.docker.list_networks(Some(options)).await
    }

    pub async fn list_volumes(&self) -> Result<VolumeListResponse, Error> {
        self.docker.list_volumes(None::<ListVolumesOptions>).await
    }

    pub async fn list_images(&self) -> Result<Vec<ImageSummary>, Error> {
        self.docker.list_images(None::<ListImagesOptions>).await
    }

    pub async fn create_container(
        &self,
        options: Option<CreateContainerOptions>,
        body: ContainerCreateBody,
    ) -> Result<ContainerId, Error> {
        let created = self.docker.create_container(options, body).await?;
        Ok(ContainerId::new(created.id))
    }

    pub async fn create_network(&self, request: NetworkCreateRequest) -> Result<(), Error> {
        self.docker.create_network(request).await.map(|_| ())
    }

    pub async fn create_volume(&self, request: VolumeCreateRequest) -> Result<(), Error> {
        self.docker.create_volume(request).await.map(|_| ())
    }

    pub fn pull(
        &self,
        options: CreateImageOptions,
        credentials: Option<DockerCredentials>,
    ) -> impl Stream<Item = Result<CreateImageInfo, Error>> + use<> {
        self.docker.create_image(Some(options), None, credentials)
    }

    pub fn build(
        &self,
        options: BuildImageOptions,
        credentials: HashMap<String, DockerCredentials>,
        context: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> impl Stream<Item = Result<BuildInfo, Error>> + '_ {
        self.docker
            .build_image(options, Some(credentials), Some(bollard::body_try_stream(context)))
    }
}

/// Podman calls a container `stopped` between its end and its clean-up. Docker's API has no such state, so the answer can't be read; it is
/// soon over.
async fn in_known_state<T>(is_podman: bool, ask: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    let mut left = if is_podman { 20 } else { 0 };
    loop {
        match ask().await {
            Err(Error::JsonDataError { .. }) if left > 0 => {
                left -= 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            other => return other,
        }
    }
}

/// The stream that was asked for, or the reason why it could not be, as its only item.
pub(super) fn stream_or_error<T, S: Stream<Item = Result<T, EngineError>>>(
    made: Result<S, EngineError>,
) -> impl Stream<Item = Result<T, EngineError>> {
    match made {
        Ok(stream) => stream.left_stream(),
        Err(error) => futures_util::stream::once(std::future::ready(Err(error))).right_stream(),
    }
}
