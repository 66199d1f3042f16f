//! What is inside an image or a volume, seen without running anything: a container is made, looked into and removed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType};
use futures_util::StreamExt as _;

use crate::ids::ContainerId;
use crate::labels;

use super::{Engine, EngineError};

/// More than this of an archive is not taken: what is looked at are a few lines at its beginning.
const MOST_OF_AN_ARCHIVE: usize = 64 << 10;

/// The timeout for one inspection.
const LOOKS_WITHIN: Duration = Duration::from_millis(1200);

/// Where to look.
#[derive(Debug, Clone)]
pub struct Inside<'a> {
    /// The project that it is for: what is left of it after a crash goes with `down`.
    pub project: &'a str,
    /// The service that it is for.
    pub service: &'a str,
    /// The image; it must be there.
    pub image: &'a str,
    /// A volume and where it is mounted.
    pub volume: Option<(&'a str, &'a str)>,
}

impl Engine {
    /// Which of `paths` there are.
    pub async fn paths_inside(
        &self,
        inside: &Inside<'_>,
        paths: &[String],
    ) -> Result<BTreeMap<String, bool>, EngineError> {
        let id = self.make_to_look_into(inside).await?;
        let found = self.in_time(self.paths_of(&id, paths)).await;
        self.remove_container(&id, true).await?;
        found
    }

    async fn paths_of(&self, id: &ContainerId, paths: &[String]) -> Result<BTreeMap<String, bool>, EngineError> {
        let mut found = BTreeMap::new();
        for path in paths {
            let is_there = self.path_info(id, path).await?.is_some();
            found.insert(path.clone(), is_there);
        }
        Ok(found)
    }

    /// Gives up in time for the container to be removed.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, EngineError>>) -> Result<T, EngineError> {
        tokio::time::timeout(LOOKS_WITHIN, work)
            .await
            .unwrap_or_else(|_elapsed| Err(EngineError::Refused("inspecting it took too long".to_owned())))
    }

    /// The beginning of the file at `path`, or of the one that its text leads to; nothing when there is none.
    pub async fn file_inside(
        &self,
        inside: &Inside<'_>,
        path: &str,
        leads_to: impl Fn(&[u8]) -> Option<String>,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let id = self.make_to_look_into(inside).await?;
        let found = self.in_time(async {
            let found = self.beginning(&id, path).await?;
            match found.as_deref().and_then(&leads_to) {
                Some(next) => self.beginning(&id, &next).await,
                None => Ok(found),
            }
        });
        let found = found.await;
        self.remove_container(&id, true).await?;
        found
    }

    async fn make_to_look_into(&self, inside: &Inside<'_>) -> Result<ContainerId, EngineError> {
        let labels = [
            (labels::PROJECT, inside.project),
            (labels::SERVICE, inside.service),
            (labels::ONEOFF, "True"),
        ];
        let mount = |(source, target): (&str, &str)| {
            vec![Mount {
                typ: Some(MountType::VOLUME),
                source: Some(source.to_owned()),
                target: Some(target.to_owned()),
                read_only: Some(true),
                ..Mount::default()
            }]
        };
        let body = ContainerCreateBody {
            image: Some(inside.image.to_owned()),
            // It is never run, but an image without a command of its own can't be made without one.
            cmd: Some(vec!["-".to_owned()]),
            labels: Some(labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                mounts: inside.volume.map(mount),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let created = self.docker.create_container(None, body).await;
        created.map_err(|error| self.error(error))
    }

    /// The beginning of a file in a container; nothing when there is none.
    async fn beginning(&self, id: &ContainerId, path: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let mut pieces = std::pin::pin!(self.download(id, path));
        let mut archive = Vec::new();
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => archive.extend_from_slice(&piece),
                Err(EngineError::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
            if archive.len() >= MOST_OF_AN_ARCHIVE {
                break;
            }
        }
        let mut text = Vec::new();
        let mut archive = tar::Archive::new(archive.as_slice());
        if let Ok(mut entries) = archive.entries()
            && let Some(Ok(mut entry)) = entries.next()
        {
            // Cut off in the middle: what was read is still the beginning.
            let _cut = entry.read_to_end(&mut text);
        }
        Ok(Some(text))
    }
}
