//! The images that a Dockerfile begins from.

use std::collections::HashSet;
use std::ops::Range;

use crate::check::Finding;
use crate::check::finding::MOST_FINDINGS;
use crate::codes;
use crate::dockerfile::{expand, global};
use crate::image::ImageRef;
use crate::observed::Observed;

use super::Recipe;

/// The base images by their whole names, each with where it was written; those of other forms are left out.
fn bases(recipe: &Recipe<'_, '_>) -> Vec<(String, Range<usize>)> {
    let values = global(recipe.file.global_args(), &recipe.build.args);
    let mut stages = HashSet::new();
    let mut bases = Vec::new();
    for stage in recipe.stages() {
        if let Some(image) = expand(&stage.from.image.value, &values)
            && image != "scratch"
            && !stages.contains(&image.to_ascii_lowercase())
        {
            bases.push((image, stage.from.image.span.clone()));
        }
        if let Some((_, name)) = &stage.from.as_ {
            stages.insert(name.value.to_ascii_lowercase());
        }
    }
    bases
}

/// Base images without a name, or with one that no image can have.
pub(super) fn named(recipe: &Recipe<'_, '_>) -> Vec<Finding> {
    let wrong = bases(recipe).into_iter().filter_map(|(image, span)| {
        let why = if image.is_empty() {
            "it is empty once its build arguments are filled in".to_owned()
        } else {
            let bad = ImageRef::parse(&image).err()?;
            format!("`{}` is not a valid image name: {bad}", recipe.text.word(&image))
        };
        let what = format!("{}: the base image's name is not valid", recipe.service.name);
        Some(
            Finding::new(&codes::BASE_IMAGE_EMPTY, what)
                .because(why)
                .at(recipe.text.place(&span))
                .in_file(),
        )
    });
    wrong.take(MOST_FINDINGS).collect()
}

/// Base images that are not here.
pub(super) fn absent(recipe: &Recipe<'_, '_>, observed: &Observed) -> Vec<Finding> {
    let absent = bases(recipe)
        .into_iter()
        .filter(|(image, _)| ImageRef::parse(image).is_ok() && observed.image_id(image).is_none());
    let findings = absent.map(|(image, span)| {
        let image = recipe.text.word(&image);
        let what = format!("the base image {image} is missing: the build pulls it");
        Finding::new(&codes::BASE_IMAGE_ABSENT, what).at(recipe.text.place(&span))
    });
    findings.take(MOST_FINDINGS).collect()
}
