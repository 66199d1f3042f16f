//! Images that are another tomorrow.

use crate::check::Finding;
use crate::check::project::Project;
use crate::codes;
use crate::image::ImageRef;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let findings = project
        .services()
        .filter(|service| service.build.is_none())
        .filter_map(|service| {
            // One that is not valid is told of by another check.
            let image = ImageRef::parse(service.image.as_deref()?).ok()?;
            if image.digest().is_some() || image.is_id() {
                return None;
            }
            let what = match image.tag() {
                None => format!("{}: the image {image} has no tag", service.name),
                Some("latest") => format!("{}: the image {image} is whatever is newest", service.name),
                Some(_) => return None,
            };
            Some(Finding::new(&codes::UNPINNED_IMAGE, what).at(project.place_of(&service.name)))
        });
    findings.collect()
}
