//! Asks the engine what the checks want to know, everything at once, each question within its time.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::{Duration, Instant};

use crate::codes;
use crate::engine::{Engine, EngineError, ImageFacts, Inside};
use crate::failure::Failure;

use super::compose::images;
use super::engine_state::{EngineAnswers, EngineState, Resolves};
use super::project::Project;
use super::run::Took;
use super::{Finding, config, lookup, remains};

/// How long one question may take.
const ANSWERS_WITHIN: Duration = Duration::from_millis(1500);

/// More images are not asked for.
const MOST_ASKED: usize = 50;

/// How long one may take with `--deep`.
const DEEP_WITHIN: Duration = Duration::from_secs(30);

/// Connects and asks. `Err` when the engine can't be reached.
pub(super) async fn all(
    engine: impl Future<Output = Result<Engine, Failure>>,
    project: &Project,
    deep: bool,
    took: &mut Vec<Took>,
) -> Result<(EngineState, EngineAnswers), Failure> {
    let began = Instant::now();
    let engine = engine.await?;
    let (observed, about) = futures_util::future::join(
        engine.observe(),
        in_time("reading the engine's own information", engine.about()),
    )
    .await;
    let observed = observed?;
    let name = project.stack().map(|stack| stack.name.as_str());
    let there = EngineState::of(&engine, observed, name.unwrap_or_default()).await?;
    took.push(since("asking the engine", began));

    let inside = timed("inspecting images", async {
        let images = in_time("the engine's images", images(&engine, project, &there)).await;
        let tools = match &images {
            // What is made for it is also removed, so this keeps to its time by itself.
            Ok(images) => lookup::tools(&engine, project, images).await.map_err(Failure::from),
            Err(failure) => Err(failure.clone()),
        };
        (images, tools)
    });
    let verified = timed("checking files with their programs", async {
        // It starts containers.
        if deep {
            config::verify(&engine, &there.observed, project, DEEP_WITHIN).await
        } else {
            Ok(Vec::new())
        }
    });
    let data = timed("inspecting volumes", async {
        data(&engine, project, &there).await.map_err(Failure::from)
    });
    let names = timed("resolving names", async {
        if deep {
            names(&engine, project, &there).await
        } else {
            None
        }
    });
    let withheld = timed("asking registries", withheld(&engine, project, &there));
    let asked = futures_util::future::join5(inside, verified, data, names, withheld);
    let (inside, verified, data, names, withheld) = Box::pin(asked).await;
    took.extend([inside.1, verified.1, data.1, names.1, withheld.1]);
    let (images, tools) = inside.0;
    let more = EngineAnswers {
        about,
        images,
        tools,
        verified: verified.0,
        data: data.0,
        withheld: withheld.0,
        names: names.0,
    };
    Ok((there, more))
}

/// The images that are not here and that a registry says it doesn't have, or that can't be asked for: each with why. Whoever
/// wants a login, or gives no answer in time, has said nothing.
async fn withheld(engine: &Engine, project: &Project, there: &EngineState) -> BTreeMap<String, String> {
    let Some(stack) = project.stack() else {
        return BTreeMap::new();
    };
    let wanted: BTreeSet<String> = project
        .services()
        .filter(|service| images::is_awaited(service) && service.pull_policy.as_deref() != Some("never"))
        .map(|service| service.image_ref(&stack.name))
        .filter(|image| there.observed.image_id(image).is_none())
        .take(MOST_ASKED)
        .collect();
    let asked = wanted.into_iter().map(|image| async move {
        let answer = tokio::time::timeout(ANSWERS_WITHIN, engine.in_registry(&image))
            .await
            .ok()?;
        let why = match answer.err()? {
            EngineError::NotFound(said) | EngineError::Conflict(said) | EngineError::Refused(said) => said,
            EngineError::Name { why, .. } => return Some((image, why)),
            _ => return None,
        };
        let is_open = [
            "denied",
            "nauthorized",
            "authentication",
            "toomanyrequests",
            "rate limit",
            "imeout",
            "deadline",
        ];
        (!is_open.iter().any(|word| why.contains(word))).then(|| (image, why.trim_end_matches('.').to_owned()))
    });
    futures_util::future::join_all(asked)
        .await
        .into_iter()
        .flatten()
        .collect()
}

async fn timed<T>(what: &'static str, work: impl Future<Output = T>) -> (T, Took) {
    let began = Instant::now();
    let done = work.await;
    (done, since(what, began))
}

fn since(check: &'static str, began: Instant) -> Took {
    Took {
        check,
        ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

async fn in_time<T>(what: &str, answer: impl Future<Output = Result<T, EngineError>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWERS_WITHIN, answer).await {
        Ok(answer) => answer.map_err(Failure::from),
        Err(_elapsed) => Err(Failure::failed(format!(
            "{what}: no answer within {} s",
            ANSWERS_WITHIN.as_secs_f32()
        ))),
    }
}

/// The images of the services in question that are here.
async fn images(
    engine: &Engine,
    project: &Project,
    there: &EngineState,
) -> Result<BTreeMap<String, ImageFacts>, EngineError> {
    let Some(stack) = project.stack() else {
        return Ok(BTreeMap::new());
    };
    let here = project
        .services()
        .map(|service| service.image_ref(&stack.name))
        .filter(|reference| there.observed.image_id(reference).is_some());
    let asked = here.map(|reference| async move {
        let facts = engine.image_facts(&reference).await?;
        Ok::<_, EngineError>((reference, facts))
    });
    let answers = futures_util::future::try_join_all(asked).await?;
    Ok(answers.into_iter().collect())
}

/// The beginning of the files that say what a volume holds, of services that are about to use one.
async fn data(
    engine: &Engine,
    project: &Project,
    there: &EngineState,
) -> Result<BTreeMap<String, Vec<u8>>, EngineError> {
    let Some(stack) = project.stack() else {
        return Ok(BTreeMap::new());
    };
    let mut found = BTreeMap::new();
    for file in &remains::DATA_FILES {
        let Some(service) = project.services().find(|service| service.name == file.service) else {
            continue;
        };
        let runs = there.observed.of_project(&stack.name).any(|container| {
            container.service().is_some_and(|service| *service == file.service) && container.is_running()
        });
        let image = service.image_ref(&stack.name);
        let Some(volume) = remains::volume_of(project, service) else {
            continue;
        };
        let is_there = there.observed.volumes.iter().any(|there| there.name == volume.0);
        if runs || !is_there || there.observed.image_id(&image).is_none() {
            continue;
        }
        let inside = Inside {
            project: &stack.name,
            service: file.service,
            image: &image,
            volume: Some(volume),
        };
        let path = format!("{}/{}", volume.1, file.path);
        let follow = |text: &[u8]| {
            let next = (file.leads_to?)(&String::from_utf8_lossy(text))?;
            Some(format!("{}/{next}", volume.1))
        };
        if let Some(bytes) = engine.file_inside(&inside, &path, follow).await? {
            found.insert(file.service.to_owned(), bytes);
        }
    }
    Ok(found)
}

/// Has one container ask for another by name; nothing where no image is here that could. What is run is the collector's image:
/// any other is whatever the Compose file calls so.
async fn names(engine: &Engine, project: &Project, there: &EngineState) -> Option<Result<Resolves, Failure>> {
    let stack = project.stack()?;
    let image = stack
        .services
        .values()
        .filter(|service| config::has_tools(stack, service))
        .map(|service| service.image_ref(&stack.name))
        .find(|image| there.observed.image_id(image).is_some())?;
    let network = stack.networks.get("default").map(|network| network.name.as_str());
    let network = network.filter(|name| there.observed.networks.iter().any(|there| there.name == *name));
    let asked = engine.resolve_names(&stack.name, &image, network).await;
    Some(match asked {
        Ok(ended) if ended.exit_code == Some(0) => Ok(Resolves::Yes),
        Ok(ended) if matches!(ended.exit_code, Some(126 | 127)) => {
            Err(Failure::failed(format!("{image} has no getent")).because(ended.output))
        }
        Ok(ended) => Ok(Resolves::No(if ended.output.trim().is_empty() {
            "`getent hosts NAME` found nothing".to_owned()
        } else {
            ended.output
        })),
        Err(error) => Err(error.into()),
    })
}

/// The engine can't be reached.
pub(super) fn unreachable(failure: &Failure) -> Finding {
    let mut others = [&codes::NOT_PERMITTED, &codes::ENGINE_OLD].into_iter();
    let code = others.find(|code| failure.code == Some(*code));
    Finding::of(code.unwrap_or(&codes::NO_ENGINE), failure)
}
