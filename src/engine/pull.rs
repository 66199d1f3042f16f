//! Pulls an image, with the progress of its layers.

use std::collections::BTreeMap;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptions;
use futures_util::StreamExt as _;

use crate::image::ImageRef;

use super::credentials::Logins;
use super::part::{Object, unusable};
use super::{Engine, EngineError};

/// How far a pull is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullProgress {
    /// `3 of 7 layers`.
    pub text: String,
    /// Bytes so far.
    pub current: u64,
    /// Of how many, as far as known; it grows while layers are announced.
    pub total: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Layer {
    current: u64,
    total: u64,
    done: bool,
}

/// No image has more than 127; of more than this nothing is reported.
const MOST_LAYERS: usize = 1000;
/// Bytes of what a layer is known by: twelve digits.
const LONGEST_ID: usize = 128;

/// The layers of one pull, by id.
#[derive(Debug, Default)]
struct Layers(BTreeMap<String, Layer>);

impl Engine {
    /// Pulls `image` with the login among `logins`; `tell` hears how far it is.
    pub async fn pull(
        &self,
        image: &ImageRef,
        platform: Option<&str>,
        logins: &Logins,
        tell: &mut dyn FnMut(PullProgress),
    ) -> Result<(), EngineError> {
        if image.is_id() {
            return Err(unusable(
                Object::Image,
                image.as_str(),
                "an image can't be pulled by its id",
            ));
        }
        // Without a tag or digest the engine would pull every tag.
        let options = CreateImageOptions {
            from_image: Some(image.with_tag()),
            platform: platform.unwrap_or_default().to_owned(),
            ..CreateImageOptions::default()
        };
        let mut stream = std::pin::pin!(self.docker.pull(options, logins.of_image(image)));
        let mut layers = Layers::default();
        while let Some(info) = stream.next().await {
            let info = info.map_err(|error| self.error(error))?;
            if let Some(message) = info.error_detail.and_then(|detail| detail.message) {
                return Err(EngineError::Refused(message));
            }
            let heard = CreateImageInfo {
                error_detail: None,
                ..info
            };
            if layers.hear(heard) {
                tell(layers.progress());
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Pushes `image` to its registry with the login among `logins`; `tell` hears how far it is.
    pub async fn push(
        &self,
        image: &ImageRef,
        logins: &Logins,
        tell: &mut dyn FnMut(PullProgress),
    ) -> Result<(), EngineError> {
        if image.is_id() || image.digest().is_some() {
            let why = "push an image by name and tag; the registry sets the digest";
            return Err(unusable(Object::Image, image.as_str(), why));
        }
        let mut stream = std::pin::pin!(self.docker.image(image).push(logins.of_image(image)));
        while let Some(info) = stream.next().await {
            let info = info.map_err(|error| self.error(error))?;
            if let Some(message) = info.error_detail.and_then(|detail| detail.message) {
                return Err(EngineError::Refused(message));
            }
            let bytes = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
            let detail = info.progress_detail.unwrap_or_default();
            if let Some(text) = info.status {
                tell(PullProgress {
                    text,
                    current: bytes(detail.current),
                    total: bytes(detail.total),
                });
            }
        }
        Ok(())
    }
}

impl Engine {
    /// The digest that `image`'s tag stands for in its registry today, for all platforms; asked by the engine with the login among
    /// `logins`, nothing is pulled.
    pub async fn registry_digest(&self, image: &ImageRef, logins: &Logins) -> Result<String, EngineError> {
        let asked = self.docker.image(image).in_registry(logins.of_image(image)).await;
        let told = asked.map_err(|error| self.error(error))?.descriptor.digest;
        told.ok_or_else(|| EngineError::Refused(format!("the registry gave no digest for {image}")))
    }
}

impl Layers {
    /// False when nothing was learned.
    fn hear(&mut self, info: CreateImageInfo) -> bool {
        let (Some(id), Some(status)) = (info.id, info.status) else {
            return false;
        };
        if id.len() > LONGEST_ID || (self.0.len() >= MOST_LAYERS && !self.0.contains_key(&id)) {
            return false;
        }
        let detail = info.progress_detail.unwrap_or_default();
        let bytes = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
        match status.as_str() {
            "Pulling fs layer" | "Waiting" => {
                self.0.entry(id).or_default();
            }
            "Downloading" => {
                let layer = self.0.entry(id).or_default();
                layer.current = bytes(detail.current);
                layer.total = bytes(detail.total).max(layer.total);
            }
            "Download complete" | "Extracting" | "Verifying Checksum" => {
                let layer = self.0.entry(id).or_default();
                layer.current = layer.total;
            }
            "Pull complete" | "Already exists" => {
                let layer = self.0.entry(id).or_default();
                layer.current = layer.total;
                layer.done = true;
            }
            _ => return false,
        }
        true
    }

    fn progress(&self) -> PullProgress {
        let sum = |of: fn(&Layer) -> u64| self.0.values().map(of).fold(0, u64::saturating_add);
        let done = self.0.values().filter(|layer| layer.done).count();
        PullProgress {
            text: format!("{done} of {} layers", self.0.len()),
            current: sum(|layer| layer.current),
            total: sum(|layer| layer.total),
        }
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    fn said(id: &str, status: &str, current: i64, total: i64) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn layers_add_up_and_a_finished_one_counts_whole() {
        let mut layers = Layers::default();
        layers.hear(said("a", "Downloading", 10, 100));
        layers.hear(said("b", "Downloading", 5, 50));
        layers.hear(said("a", "Pull complete", 0, 0));
        assert!(!layers.hear(said("redis", "Pulling from library/redis", 0, 0)));
        let progress = layers.progress();
        assert_eq!(
            (progress.current, progress.total, progress.text.as_str()),
            (105, 150, "1 of 2 layers")
        );
    }

    #[test]
    fn a_pull_that_never_ends_fills_no_memory_and_counts_no_further_than_it_can() {
        let mut layers = Layers::default();
        for number in 0..2 * MOST_LAYERS {
            layers.hear(said(&number.to_string(), "Downloading", i64::MAX, i64::MAX));
        }
        assert!(!layers.hear(said(&"x".repeat(LONGEST_ID + 1), "Waiting", 0, 0)));
        let progress = layers.progress();
        assert_eq!((layers.0.len(), progress.current), (MOST_LAYERS, u64::MAX));
    }
}
