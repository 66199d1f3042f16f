//! A service's `build` (`build.md`).

use crate::compose::at::At;
use crate::compose::model::{Build, OptionalMap};
use crate::failure::Failure;

const KNOWN: [&str; 14] = [
    "args",
    "cache_from",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "extra_hosts",
    "labels",
    "network",
    "no_cache",
    "platforms",
    "pull",
    "shm_size",
    "tags",
    "target",
];

const REFUSED: [(&str, &str); 10] = [
    ("additional_contexts", "the engine's build call takes one context"),
    ("cache_to", "the engine's build call exports no cache"),
    ("entitlements", "the engine's build call takes none"),
    ("isolation", "it is for Windows containers"),
    ("privileged", "the engine's build call takes none"),
    ("provenance", "the engine's build call makes no attestations"),
    ("sbom", "the engine's build call makes no attestations"),
    ("secrets", "magicctl hands no secrets to builds"),
    ("ssh", "magicctl forwards no ssh agent to builds"),
    ("ulimits", "magicctl does not set them for builds"),
];

/// Reads `build`, the short form (a context) and the long one.
pub(super) fn build(at: &At<'_>) -> Result<Build, Failure> {
    if !at.is_map() {
        return Ok(Build {
            context: context(at)?,
            dockerfile: "Dockerfile".to_owned(),
            ..Build::default()
        });
    }
    at.only(&KNOWN, &REFUSED)?;
    let string = |key: &str| at.get(key).map(|at| at.string()).transpose();
    let strings = |key: &str| at.get(key).map_or_else(|| Ok(Vec::new()), |at| at.strings());
    let boolean = |key: &str| at.get(key).map(|at| at.bool()).transpose();
    if let (Some(_), Some(inline)) = (at.get("dockerfile"), at.get("dockerfile_inline")) {
        return Err(inline.wrong("can't be beside `dockerfile`"));
    }
    Ok(Build {
        context: match at.get("context") {
            Some(at) => context(&at)?,
            None => at.resolve("."),
        },
        dockerfile: string("dockerfile")?.unwrap_or_else(|| "Dockerfile".to_owned()),
        dockerfile_inline: string("dockerfile_inline")?,
        args: at
            .get("args")
            .map_or_else(|| Ok(OptionalMap::new()), |at| at.optional_map())?,
        cache_from: strings("cache_from")?,
        extra_hosts: strings("extra_hosts")?,
        labels: at
            .get("labels")
            .map(|at| at.string_map())
            .transpose()?
            .unwrap_or_default(),
        network: string("network")?,
        no_cache: boolean("no_cache")?,
        pull: boolean("pull")?,
        shm_size: at.get("shm_size").map(|at| at.bytes()).transpose()?,
        tags: strings("tags")?,
        target: string("target")?,
        platforms: strings("platforms")?,
    })
}

fn context(at: &At<'_>) -> Result<std::path::PathBuf, Failure> {
    let text = at.string()?;
    let remote = ["http://", "https://", "git://", "ssh://", "git@", "github.com/"]
        .iter()
        .any(|start| text.starts_with(start));
    if remote {
        return Err(at
            .wrong("a context on another machine is not supported")
            .hint("clone it and name the folder"));
    }
    Ok(at.resolve(&text))
}
