//! Pulls an image, with the progress of its layers.

use std::collections::BTreeMap;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::{CreateImageOptions, PushImageOptions};
use futures_util::StreamExt as _;

use super::credentials::Credentials;
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

/// The layers of one pull, by id.
#[derive(Debug, Default)]
struct Layers(BTreeMap<String, Layer>);

impl Engine {
    /// Pulls `image`; `tell` hears how far it is.
    pub async fn pull(
        &self,
        image: &str,
        platform: Option<&str>,
        tell: &mut dyn FnMut(PullProgress),
    ) -> Result<(), EngineError> {
        let options = CreateImageOptions {
            from_image: Some(with_tag(image)),
            platform: platform.unwrap_or_default().to_owned(),
            ..CreateImageOptions::default()
        };
        let credentials = Credentials::load().of_image(image);
        let mut stream = std::pin::pin!(self.docker.create_image(Some(options), None, credentials));
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
    /// Pushes `image` to its registry; `tell` hears how far it is.
    pub async fn push(&self, image: &str, tell: &mut dyn FnMut(PullProgress)) -> Result<(), EngineError> {
        let full = with_tag(image);
        let (name, tag) = full.rsplit_once(':').unwrap_or((&full, "latest"));
        let options = PushImageOptions {
            tag: Some(tag.to_owned()),
            ..PushImageOptions::default()
        };
        let credentials = Credentials::load().of_image(image);
        let mut stream = std::pin::pin!(self.docker.push_image(name, Some(options), credentials));
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

/// Without a tag or digest the engine would pull every tag.
fn with_tag(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    if name.contains(':') || name.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

impl Layers {
    /// False when nothing was learned.
    fn hear(&mut self, info: CreateImageInfo) -> bool {
        let (Some(id), Some(status)) = (info.id, info.status) else {
            return false;
        };
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
        let done = self.0.values().filter(|layer| layer.done).count();
        PullProgress {
            text: format!("{done} of {} layers", self.0.len()),
            current: self.0.values().map(|layer| layer.current).sum(),
            total: self.0.values().map(|layer| layer.total).sum(),
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
    fn a_name_without_a_tag_means_latest() {
        for (image, wanted) in [
            ("redis", "redis:latest"),
            ("redis:8", "redis:8"),
            ("127.0.0.1:5000/x", "127.0.0.1:5000/x:latest"),
            ("x@sha256:ab", "x@sha256:ab"),
        ] {
            assert_eq!(with_tag(image), wanted);
        }
    }
}
