//! Images that are there.

use bollard::query_parameters::RemoveImageOptions;

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

    /// Removes an image's name, and the image with it when no other name and no container holds it; false when it is gone
    /// already.
    pub async fn remove_image(&self, reference: &str) -> Result<bool, EngineError> {
        let removed = self
            .docker
            .remove_image(reference, None::<RemoveImageOptions>, None)
            .await;
        match removed.map_err(|error| self.error(error)) {
            Ok(_) => Ok(true),
            Err(EngineError::NotFound(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }
}
