//! Which programs an image has. An image never changes under its digest, so what was once looked up is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::engine::{Engine, EngineError, ImageFacts, Inside};
use crate::files::{self, Root};

use super::compose::health;
use super::project::Project;

type Paths = BTreeMap<String, bool>;

/// What is known of an image is a few lines.
const LARGEST: u64 = 1 << 20;

/// By image: whether it has each program that the healthchecks of its services call.
pub(super) async fn tools(
    engine: &Engine,
    project: &Project,
    images: &BTreeMap<String, ImageFacts>,
) -> Result<BTreeMap<String, Paths>, EngineError> {
    let Some(stack) = project.stack() else {
        return Ok(BTreeMap::new());
    };
    let cache = Cache::of(project);
    let asked = images.iter().filter_map(|(reference, image)| {
        let services = project
            .services()
            .filter(|service| service.image_ref(&stack.name) == *reference);
        let mut wanted = BTreeSet::new();
        let mut mounts = Vec::new();
        let mut first = None;
        for service in services {
            wanted.extend(health::called(service));
            mounts.extend(service.volumes.iter().map(|mount| mount.target.clone()));
            first = first.or(Some(&service.name));
        }
        let service = first.filter(|_| !wanted.is_empty())?;
        let inside = Inside {
            project: &stack.name,
            service: service.as_str(),
            image: reference,
            volume: None,
        };
        let candidates = health::candidates(image, &wanted);
        let cache = &cache;
        Some(async move {
            let known = has(engine, cache, image, &inside, &candidates).await?;
            // What is mounted over a program is not the image's.
            let found =
                |path: &String| known.get(path) == Some(&true) || mounts.iter().any(|mount| path.starts_with(mount));
            let tools = candidates
                .iter()
                .map(|(tool, paths)| (tool.clone(), paths.iter().any(found)));
            Ok::<_, EngineError>((reference.clone(), tools.collect()))
        })
    });
    Ok(futures_util::future::try_join_all(asked).await?.into_iter().collect())
}

async fn has(
    engine: &Engine,
    cache: &Cache,
    image: &ImageFacts,
    inside: &Inside<'_>,
    candidates: &BTreeMap<String, Vec<String>>,
) -> Result<Paths, EngineError> {
    let mut known = cache.read(&image.id);
    let unknown: Vec<String> = candidates
        .values()
        .flatten()
        .filter(|path| !known.contains_key(*path))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        known.extend(engine.paths_inside(inside, &unknown).await?);
        cache.write(&image.id, &known);
    }
    Ok(known)
}

/// A folder with a file for each image. What can't be read or written there is looked up again.
struct Cache {
    folder: Option<Root>,
}

impl Cache {
    fn of(project: &Project) -> Self {
        let set = |name: &str| project.environment.get(name).filter(|value| value.starts_with('/'));
        let home = || set("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let base = set("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
        let folder = base.and_then(|base| {
            let folder = base.join("magicctl/images");
            files::make_folder(&folder).ok()?;
            Root::open(&folder).ok()
        });
        Self { folder }
    }

    fn read(&self, image: &str) -> Paths {
        let text = self
            .folder
            .as_ref()
            .and_then(|folder| folder.text(&file_of(image), LARGEST).ok());
        text.and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    fn write(&self, image: &str, known: &Paths) {
        let written = || {
            let text = serde_json::to_string(known).ok()?;
            self.folder.as_ref()?.write(&file_of(image), text.as_bytes()).ok()
        };
        // The next check looks again.
        let _kept = written();
    }
}

fn file_of(image: &str) -> PathBuf {
    let name: String = image
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    PathBuf::from(format!("{name}.json"))
}
