//! The images that a Dockerfile begins from.

use std::ops::Range;

use crate::check::Finding;
use crate::codes;
use crate::observed::Observed;

use super::{Recipe, variables};

/// The base images by their whole names, each with where it was written; those of other forms are left out.
fn bases(recipe: &Recipe<'_, '_>) -> Vec<(String, Range<usize>)> {
    let values = variables::global(recipe.file.global_args(), recipe.build);
    let mut stages = Vec::new();
    let mut bases = Vec::new();
    for stage in recipe.stages() {
        if let Some(image) = variables::expand(&stage.from.image.value, &values) {
            let is_stage = stages.iter().any(|name: &String| name.eq_ignore_ascii_case(&image));
            if image != "scratch" && !is_stage {
                bases.push((image, stage.from.image.span.clone()));
            }
        }
        if let Some((_, name)) = &stage.from.as_ {
            stages.push(name.value.clone().into_owned());
        }
    }
    bases
}

/// Base images without a name, or with one that no image can have.
pub(super) fn named(recipe: &Recipe<'_, '_>) -> Vec<Finding> {
    let wrong = bases(recipe).into_iter().filter_map(|(image, span)| {
        let why = if image.is_empty() {
            "nothing is left of it once its build arguments are put in".to_owned()
        } else if !is_reference(&image) {
            format!("`{}` is not a valid image name", recipe.text.word(&image))
        } else {
            return None;
        };
        let what = format!("{}: the base image has no valid name", recipe.service.name);
        Some(
            Finding::new(&codes::BASE_IMAGE_EMPTY, what)
                .because(why)
                .at(recipe.text.place(&span))
                .in_file(),
        )
    });
    wrong.collect()
}

/// Base images that are not here.
pub(super) fn absent(recipe: &Recipe<'_, '_>, observed: &Observed) -> Vec<Finding> {
    let absent = bases(recipe)
        .into_iter()
        .filter(|(image, _)| is_reference(image) && observed.image_id(image).is_none());
    let findings = absent.map(|(image, span)| {
        let image = recipe.text.word(&image);
        let what = format!("the base image {image} is not here yet: the build pulls it");
        Finding::new(&codes::BASE_IMAGE_ABSENT, what).at(recipe.text.place(&span))
    });
    findings.collect()
}

/// Roughly the grammar of the distribution project: what it lets through may still not exist.
pub(in crate::check) fn is_reference(image: &str) -> bool {
    let (name, digest) = image
        .split_once('@')
        .map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or(name);
    let (repository, tag) = match last.split_once(':') {
        Some((_, tag)) => (&name[..name.len() - tag.len() - 1], Some(tag)),
        None => (name, None),
    };
    let word = |text: &str, upper: bool| {
        !text.is_empty()
            && text.chars().all(|c| {
                c.is_ascii_digit()
                    || c.is_ascii_lowercase()
                    || (upper && c.is_ascii_uppercase())
                    || matches!(c, '.' | '_' | '-')
            })
    };
    let mut parts = repository.split('/').collect::<Vec<_>>();
    let host_like = |text: &str| text.contains(['.', ':']) || text == "localhost";
    if parts.len() > 1 && host_like(parts[0]) {
        let host = parts.remove(0);
        if !host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_' | '[' | ']'))
        {
            return false;
        }
    }
    parts.iter().all(|part| word(part, false))
        && tag.is_none_or(|tag| word(tag, true))
        && digest.is_none_or(|digest| digest.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_an_image() {
        for (image, wanted) in [
            ("python:3.12-slim", true),
            ("python", true),
            ("localhost:5000/a/b:v1", true),
            ("127.0.0.1:5000/a", true),
            ("ghcr.io/astral-sh/uv:0.9", true),
            ("redis@sha256:abc", true),
            ("Python:3", false),
            ("python:", false),
            ("a b", false),
            ("", false),
            (":tag", false),
        ] {
            assert_eq!(is_reference(image), wanted, "{image}");
        }
    }
}
