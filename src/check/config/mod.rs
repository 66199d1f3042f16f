//! config/: what `render` writes, as it is on disk, and whether its programs can read it.

mod program;
mod syntax;

use std::path::Path;
use std::time::Duration;

use crate::codes;
use crate::engine::{Engine, Once};
use crate::failure::Failure;
use crate::observed::Observed;
use crate::render::State;

use super::project::Project;
use super::there::{More, There};
use super::{Finding, Looked};

use program::Verification;

/// Whether each file is as `render` would write it, and can be read at all.
pub(super) fn files(project: &Project) -> Vec<Finding> {
    let rendered = match &project.rendered {
        Ok(rendered) => rendered,
        // The Compose file's check has told it.
        Err(failure) if project.stack.as_ref().err() == Some(failure) => return Vec::new(),
        Err(failure) => return vec![Finding::of(&codes::SETTINGS_INVALID, failure)],
    };
    let mut findings = Vec::new();
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
                    syntax::syntax(&project.root, file.path)
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
        }
    }
    findings
}

/// What the programs said of their edited files.
pub(super) fn programs(_: &Project, _: &There, more: &More) -> Looked {
    let failures = more.verified.clone()?;
    Ok(failures
        .iter()
        .map(|failure| Finding::of(&codes::CONFIG_INVALID, failure))
        .collect())
}

/// Has the programs whose configuration the user edited say whether they can read it, run once in their own image, each for at
/// most `within`. Without its image, or on an engine elsewhere, a program is not asked.
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
        let Some(verification) = Verification::of(&stack.name, service) else {
            continue;
        };
        let shown = verification
            .file
            .strip_prefix(&project.root)
            .unwrap_or(&verification.file);
        let edited = rendered
            .iter()
            .any(|(file, state)| file.path == shown && *state == State::Edited);
        let readable = || syntax::syntax(&project.root, shown).is_none();
        if !edited || observed.image_id(&verification.image).is_none() || !readable() {
            continue;
        }
        let file = verification.file.to_string_lossy();
        let once = Once {
            project: &stack.name,
            service: &service.name,
            image: &verification.image,
            command: &verification.command,
            env: &verification.env,
            file: (&file, &verification.target),
            within,
        };
        let ended = engine.run_once(&once).await.map_err(|error| error.failure())?;
        match ended.exit_code {
            Some(0) => {}
            Some(_) => failures.push(verification.failure(shown, &ended.output)),
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
