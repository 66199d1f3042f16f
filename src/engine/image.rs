//! Images that are there.

use time::format_description::well_known::Rfc3339;

use crate::image::ImageRef;

use super::part::{Object, unusable};
use super::{Engine, EngineError};

/// What is known of a local image.
#[derive(Debug, Clone, Default)]
pub struct ImageDetail {
    /// `linux/amd64`.
    pub platform: String,
    /// Bytes.
    pub size: i64,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// When it was last given a name here, RFC 3339.
    pub tagged: Option<String>,
}

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFacts {
    /// Its id, `sha256:…`.
    pub id: String,
    /// The processor that it is for: `amd64`.
    pub architecture: String,
    /// Its healthcheck; empty: none.
    pub healthcheck: Vec<String>,
    /// Where programs are looked for, in this order.
    pub path: Vec<String>,
    /// What it runs when nobody names a command: CMD, else ENTRYPOINT.
    pub command: Vec<String>,
}

/// Where programs are when an image does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Engine {
    /// What is known of a local image; nothing when it has been removed since.
    pub async fn image(&self, reference: &str) -> Result<ImageDetail, EngineError> {
        let inspected = self.docker.image(&parsed(reference)?).inspect().await;
        let image = match inspected.map_err(|error| self.error(error)) {
            Ok(image) => image,
            Err(EngineError::NotFound(_)) => return Ok(ImageDetail::default()),
            Err(other) => return Err(other),
        };
        let parts = [
            image.os,
            image.architecture,
            image.variant.filter(|variant| !variant.is_empty()),
        ];
        let created = image.created.and_then(|time| time.format(&Rfc3339).ok());
        Ok(ImageDetail {
            platform: parts.into_iter().flatten().collect::<Vec<_>>().join("/"),
            size: image.size.unwrap_or(0),
            created,
            tagged: (image.metadata.and_then(|metadata| metadata.last_tag_time))
                .and_then(|time| time.format(&Rfc3339).ok()),
        })
    }

    /// The id of a local image.
    pub async fn image_id(&self, reference: &str) -> Result<String, EngineError> {
        Ok(self.image_facts(reference).await?.id)
    }

    /// What a local image says of itself.
    pub async fn image_facts(&self, reference: &str) -> Result<ImageFacts, EngineError> {
        let inspected = self.docker.image(&parsed(reference)?).inspect().await;
        let inspected = inspected.map_err(|error| self.error(error))?;
        let config = inspected.config.unwrap_or_default();
        let env = config.env.unwrap_or_default();
        let path = env.iter().find_map(|variable| variable.strip_prefix("PATH="));
        let healthcheck = config.healthcheck.and_then(|check| check.test).unwrap_or_default();
        Ok(ImageFacts {
            id: inspected
                .id
                .ok_or_else(|| EngineError::NotFound(format!("image {reference} has no id")))?,
            architecture: inspected.architecture.unwrap_or_default(),
            healthcheck: match healthcheck.first().map(String::as_str) {
                Some("NONE") => Vec::new(),
                _ => healthcheck,
            },
            command: [config.cmd, config.entrypoint]
                .into_iter()
                .flatten()
                .find(|words| !words.is_empty())
                .unwrap_or_default(),
            path: path.unwrap_or(DEFAULT_PATH).split(':').map(ToOwned::to_owned).collect(),
        })
    }

    /// When a local image was built or pulled last, in nanoseconds since 1970. Of a build that changed nothing the engine keeps
    /// when it was given its name.
    pub async fn built_at(&self, id: &str) -> Result<Option<i64>, EngineError> {
        let inspected = self.docker.image(&parsed(id)?).inspect().await;
        let image = inspected.map_err(|error| self.error(error))?;
        let named = image.metadata.and_then(|metadata| metadata.last_tag_time);
        let latest = image.created.into_iter().chain(named).max();
        Ok(latest.and_then(|time| i64::try_from(time.unix_timestamp_nanos()).ok()))
    }

    /// Asks the registry of an image whether it has it, as far as it says so to everybody.
    pub async fn in_registry(&self, reference: &str) -> Result<(), EngineError> {
        let asked = self.docker.image(&parsed(reference)?).in_registry(None).await;
        asked.map(|_found| ()).map_err(|error| self.error(error))
    }

    /// Removes an image's name, and the image with it when no other name and no container holds it; false when it is gone
    /// already.
    pub async fn remove_image(&self, reference: &str) -> Result<bool, EngineError> {
        let removed = self.docker.image(&parsed(reference)?).remove().await;
        self.unless_gone(removed)
    }
}

/// An image by a name or id that was not parsed when it was read: one of the engine's.
fn parsed(reference: &str) -> Result<ImageRef, EngineError> {
    ImageRef::parse(reference).map_err(|bad| unusable(Object::Image, reference, &bad.to_string()))
}
