//! Images that are another tomorrow.

use crate::check::Finding;
use crate::check::project::Project;
use crate::codes;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let findings = project
        .services()
        .filter(|service| service.build.is_none())
        .filter_map(|service| {
            let image = service.image.as_deref()?;
            if image.contains('@') {
                return None;
            }
            let last = image.rsplit('/').next().unwrap_or(image);
            let what = match last.split_once(':') {
                None => format!("{}: the image {image} has no tag", service.name),
                Some((_, "latest")) => format!("{}: the image {image} is whatever is newest", service.name),
                Some(_) => return None,
            };
            Some(Finding::new(&codes::UNPINNED_IMAGE, what).at(project.place_of(&service.name)))
        });
    findings.collect()
}
