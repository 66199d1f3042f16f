//! Images that are another tomorrow: each kind is one finding, however many they are.

use std::collections::BTreeSet;

use crate::check::engine_state::{EngineAnswers, EngineState};
use crate::check::project::Project;
use crate::check::{CheckResult, Finding};
use crate::codes;
use crate::compose::Service;
use crate::image::ImageRef;

/// How exactly an image is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// No tag, or `latest`: whatever is newest.
    Newest,
    /// By a tag, which can be given to another image.
    Tag,
    /// By digest: this image and no other.
    Digest,
}

impl Named {
    /// Nothing of what is not a valid name: another check tells of it.
    fn of(image: &str) -> Option<Self> {
        let image = ImageRef::parse(image).ok()?;
        Some(match image.tag() {
            _ if image.digest().is_some() || image.is_id() => Self::Digest,
            None | Some("latest") => Self::Newest,
            Some(_) => Self::Tag,
        })
    }
}

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let pulled = project.services().filter(|service| service.build.is_none());
    let images: Vec<(&Service, &str)> = pulled
        .filter_map(|service| Some((service, service.image.as_deref()?)))
        .collect();
    let named = |kind: Named| -> Vec<(&Service, &str)> {
        let of_kind = images.iter().filter(|(_, image)| Named::of(image) == Some(kind));
        of_kind.copied().collect()
    };
    let newest = named(Named::Newest);
    let by_tag = named(Named::Tag);
    let mut findings = Vec::new();
    if let Some((first, _)) = newest.first() {
        let what = match newest.as_slice() {
            [(service, image)] => format!("{}: the image {image} isn't pinned to a version", service.name),
            _ => format!(
                "{} images aren't pinned to a version: {}",
                newest.len(),
                listed(&newest)
            ),
        };
        findings.push(Finding::new(&codes::UNPINNED_IMAGE, what).at(project.place_of(&first.name)));
    }
    if !by_tag.is_empty() {
        let count = by_tag.len();
        let are = if count == 1 { "image is" } else { "images are" };
        let what = format!("{count} {are} referenced by tag, not by digest: {}", listed(&by_tag));
        let finding = Finding::new(&codes::IMAGE_BY_TAG, what);
        findings.push(if project.is_rendered() {
            finding
        } else {
            finding.fix("write the digest after the tag (`docker image inspect` shows it as RepoDigests)")
        });
    }
    findings
}

/// Images that are not here, that nothing builds and that can't be pulled.
#[expect(clippy::unnecessary_wraps, reason = "the signature of the table")]
pub(in crate::check) fn to_be_had(project: &Project, there: &EngineState, more: &EngineAnswers) -> CheckResult {
    let Some(stack) = project.stack() else {
        return Ok(Vec::new());
    };
    let mut told = BTreeSet::new();
    let findings = project
        .services()
        .filter(|service| is_awaited(service))
        .filter_map(|service| {
            let image = service.image_ref(&stack.name);
            if there.observed.image_id(&image).is_some() || !told.insert(image.clone()) {
                return None;
            }
            let is_never_pulled = service.pull_policy.as_deref() == Some("never");
            let why = match more.withheld.get(&image) {
                _ if is_never_pulled => "`pull_policy` is never, and the service has no `build`",
                Some(why) => why,
                None => return None,
            };
            let what = format!("{}: the image {image} is missing and can't be pulled", service.name);
            let finding = Finding::new(&codes::IMAGE_UNAVAILABLE, what)
                .because(why.to_owned())
                .at(project.place_of(&service.name));
            // The recipes of a MagicProxy clone build what no registry has.
            let is_local =
                image.starts_with("magicproxy/") && project.holds("images/local.env") && project.holds("Makefile");
            Some(match (is_local, is_never_pulled) {
                (true, _) => finding.fix("`make images`"),
                (false, true) => finding.fix("load the image (`docker load`), or remove `pull_policy`"),
                (false, false) => finding,
            })
        });
    Ok(findings.collect())
}

/// Whether `up` would pull the image of `service` if it isn't here.
pub(in crate::check) fn is_awaited(service: &Service) -> bool {
    service.build.is_none() && service.image.is_some()
}

/// `redis (redis:latest), web (nginx)`.
fn listed(images: &[(&Service, &str)]) -> String {
    let all: Vec<String> = images
        .iter()
        .map(|(service, image)| format!("{} ({image})", service.name))
        .collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn a_registrys_port_is_not_a_tag() {
        for (image, named) in [
            ("redis", Named::Newest),
            ("redis:latest", Named::Newest),
            ("localhost:5000/redis", Named::Newest),
            ("localhost:5000/redis:8", Named::Tag),
            ("redis:8.10-alpine", Named::Tag),
            (
                "redis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                Named::Digest,
            ),
            (
                "localhost:5000/redis:8@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                Named::Digest,
            ),
        ] {
            assert_eq!(Named::of(image), Some(named), "{image}");
        }
    }
}
