//! The Compose file: what it says, and what lies in wait in it.

pub(super) mod bind;
mod client_key;
pub(super) mod health;
pub(super) mod images;
pub(super) mod open;
pub(super) mod ports;
mod reach;
pub(super) mod volumes;

use crate::codes;
use crate::settings;

use super::Finding;
use super::project::Project;

/// Whether it is valid, and what is worth a word in it.
pub(super) fn file(project: &Project) -> Vec<Finding> {
    match &project.stack {
        Err(failure) => {
            let in_settings = failure
                .place
                .as_ref()
                .is_some_and(|place| place.file.ends_with(settings::FILE));
            let code = if in_settings {
                &codes::SETTINGS_INVALID
            } else {
                &codes::COMPOSE_INVALID
            };
            vec![Finding::of(code, failure)]
        }
        Ok(stack) => {
            let advice = stack.warnings.iter();
            let advice = advice.map(|text| Finding::new(&codes::COMPOSE_ADVICE, text.clone()));
            let images = project.services().flat_map(|service| {
                let (makeable, image) = (stack.makeable(&service.name), stack.image_of(service));
                [makeable.err(), image.err(), stack.tags_of(service).err()]
            });
            let images = images
                .flatten()
                .map(|failure| Finding::of(&codes::COMPOSE_INVALID, &failure));
            advice.chain(images).collect()
        }
    }
}
