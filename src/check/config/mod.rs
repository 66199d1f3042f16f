//! config/: what `render` writes, as it is on disk, and whether its programs can read it.

mod program;
mod syntax;
mod verification;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::codes;
use crate::compose::{Service, Stack};
use crate::engine::{Engine, Once};
use crate::failure::Failure;
use crate::observed::Observed;
use crate::rendered::State;

use super::engine_state::{EngineAnswers, EngineState};
use super::project::Project;
use super::text::{LARGEST, led_out, unreadable};
use super::{CheckResult, Finding};

use program::Program;
use verification::Verification;

/// Whether each file is as `render` would write it, and can be read at all.
pub(super) fn files(project: &Project) -> Vec<Finding> {
    let rendered = match &project.rendered {
        Ok(rendered) => rendered,
        // The Compose file's check has told it.
        Err(failure) if project.stack.as_ref().err() == Some(failure) => return Vec::new(),
        Err(failure) => return vec![Finding::of(&codes::SETTINGS_INVALID, failure)],
    };
    let mut findings = Vec::new();
    // One link may lead to all of them.
    let mut led_away: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for (file, state) in rendered {
        let is_compose = file.path == Path::new("docker-compose.yml");
        if (is_compose && !project.is_rendered()) || (!is_compose && !reads(project, file.path)) {
            continue;
        }
        let shown = file.path.display();
        match state {
            State::Missing | State::Current => {}
            State::Outdated => findings.push(
                Finding::new(&codes::CONFIG_OUTDATED, format!("{shown} is outdated"))
                    .because("magicctl.yaml, or magicctl itself, has changed since it was written")
                    .fix("`magicctl render` brings it up to date"),
            ),
            State::Edited => {
                findings.extend(
                    syntax::syntax(&project.folder, file.path)
                        .filter(|_| !is_compose)
                        .map(|failure| {
                            let failure = failure.hint("`magicctl render --diff` shows what was edited");
                            Finding::of(&codes::CONFIG_INVALID, &failure)
                        }),
                );
                findings.push(
                    Finding::new(&codes::CONFIG_EDITED, format!("{shown} was edited"))
                        .because("magicctl keeps it as it is")
                        .fix("`magicctl render --diff` shows how it differs"),
                );
            }
            // The Compose file is read where the link leads, as Compose reads it; what is wrong then, its own check tells.
            State::Linked { .. } | State::Unreadable { .. } if is_compose => {}
            State::Linked { why } => led_away.entry(why).or_default().push(file.path),
            State::Unreadable { why, denied } => findings.push(unreadable(&shown.to_string(), why, *denied)),
        }
    }
    findings.extend(led_away.into_iter().map(|(why, paths)| {
        let first = paths[0].display();
        let shown = match paths.len() {
            1 => first.to_string(),
            more => format!("{first}, with {} more,", more - 1),
        };
        led_out(&shown, why)
    }));
    findings
}

/// Whether the image of `service` is one of a program that is known, and has `sleep` and `getent`.
pub(super) fn has_tools(stack: &Stack, service: &Service) -> bool {
    Program::of(&service.image_ref(&stack.name), stack).is_some_and(Program::has_tools)
}

/// What the programs said of their edited files.
pub(super) fn programs(_: &Project, _: &EngineState, more: &EngineAnswers) -> CheckResult {
    let failures = more.verified.clone()?;
    Ok(failures
        .iter()
        .map(|failure| Finding::of(&codes::CONFIG_INVALID, failure))
        .collect())
}

/// Has the programs whose configuration the user edited say whether they can read it, run once in their own image, each for at
/// most `within`. Only images that are surely Loki's or the collector's are run, with arguments of ours and a copy of the file.
/// Without its image, or on an engine elsewhere, a program is not asked.
pub async fn verify(
    engine: &Engine,
    observed: &Observed,
    project: &Project,
    within: Duration,
) -> Result<Vec<Failure>, Failure> {
    let (Some(stack), Ok(rendered)) = (project.stack(), &project.rendered) else {
        return Ok(Vec::new());
    };
    let mut failures = Vec::new();
    for service in project.services().filter(|_| engine.is_local()) {
        let Some(verification) = Verification::of(project, stack, service) else {
            continue;
        };
        let file = Path::new(verification.program.file);
        let edited = rendered
            .iter()
            .any(|(rendered, state)| rendered.path == file && *state == State::Edited);
        if !edited || observed.image_id(&verification.image).is_none() {
            continue;
        }
        // What can't be read, or isn't what its name says, the check of the files tells.
        let Ok(text) = project.folder.text(file, LARGEST) else {
            continue;
        };
        if syntax::of(file, &text).is_some() {
            continue;
        }
        let once = Once {
            project: &stack.name,
            service: service.name.as_str(),
            image: &verification.image,
            command: &verification.command(),
            env: &verification.env(&text),
            file: (verification.program.inside, &text),
            within,
        };
        let ended = engine.run_once(&once).await?;
        match ended.exit_code {
            Some(0) => {}
            Some(_) => failures.push(verification.failure(&text, &ended.output)),
            // It says nothing about the file.
            None => return Err(Failure::failed(format!("{}: {}", service.name, ended.output))),
        }
    }
    Ok(failures)
}

/// Whether a service in question mounts `path`, or a folder that holds it.
fn reads(project: &Project, path: &Path) -> bool {
    let full = project.root.join(path);
    project.stack().is_some_and(|stack| {
        project
            .services()
            .any(|service| stack.binds_of(service).any(|(source, _)| full.starts_with(source)))
    })
}
