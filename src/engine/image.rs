//! Images that are there.

use super::{Engine, EngineError};

impl Engine {
    /// The id of a local image.
    pub async fn image_id(&self, reference: &str) -> Result<String, EngineError> {
        let image = self
            .docker
            .inspect_image(reference)
            .await
            .map_err(|error| self.error(error))?;
        image
            .id
            .ok_or_else(|| EngineError::NotFound(format!("image {reference} has no id")))
    }
}
