//! Images by their names, and by the requests that the engine makes for them.

use std::sync::LazyLock;

use regex::Regex;

/// The registry and the image that a request of the engine was for, by its address.
pub(super) fn asked_for(said: &str) -> Option<(String, String)> {
    static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#""https?://(?P<registry>[^/"]+)/v2/(?:(?P<name>[^"]+)/(?:manifests|blobs)/(?P<tag>[^"]+))?"#).ok()
    });
    let found = ADDRESS.as_ref()?.captures(said)?;
    let registry = match &found["registry"] {
        "registry-1.docker.io" => "docker.io",
        registry => registry,
    };
    let image = match (found.name("name"), found.name("tag")) {
        (Some(name), Some(tag)) => format!("{registry}/{}:{}", name.as_str(), tag.as_str()),
        _ => registry.to_owned(),
    };
    Some((registry.to_owned(), image))
}

/// The registry that an image's name begins with.
pub(super) fn registry_of(image: &str) -> String {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first.to_owned(),
        _ => "docker.io".to_owned(),
    }
}
