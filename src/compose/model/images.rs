//! The names of the images that services run, build and push.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::image::{self, ImageRef};

use super::service::Service;
use super::stack::Stack;

/// Why a service can't have its image or its `build.tags`, at their lines. Compose prints, stops and removes a stack whose
/// images have impossible names, so it is said only when the image is needed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BadImages {
    /// By service: of its `image`, or of the name that it would have without one.
    pub images: BTreeMap<ServiceName, Failure>,
    /// By service: of one of its `build.tags`.
    pub tags: BTreeMap<ServiceName, Failure>,
}

impl Stack {
    /// The image that `service` runs: as named, or `PROJECT-SERVICE` for a built service without a name.
    ///
    /// # Errors
    /// What the file says can't be an image's name, at its line.
    pub fn image_of(&self, service: &Service) -> Result<ImageRef, Failure> {
        match self.bad_images.images.get(&service.name) {
            Some(failure) => Err(failure.clone()),
            None => parsed(&service.image_ref(&self.name), service),
        }
    }

    /// The further names that `service` gives to the image that it builds.
    ///
    /// # Errors
    /// As for [`Self::image_of`].
    pub fn tags_of(&self, service: &Service) -> Result<Vec<ImageRef>, Failure> {
        match (self.bad_images.tags.get(&service.name), &service.build) {
            (Some(failure), _) => Err(failure.clone()),
            (None, Some(build)) => build.tags.iter().map(|tag| parsed(tag, service)).collect(),
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// A name that the file was not asked about when it was read.
fn parsed(text: &str, service: &Service) -> Result<ImageRef, Failure> {
    ImageRef::parse(text).map_err(|bad| {
        Failure::invalid(format!(
            "{}: `{}` is not a valid image name",
            service.name,
            text.escape_debug()
        ))
        .because(bad.to_string())
        .hint(image::ALLOWED)
    })
}
