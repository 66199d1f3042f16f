//! Has the programs whose configuration the user edited say whether they can read it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::check::{self, Verification};
use crate::compose::Stack;
use crate::engine::{Engine, Once};
use crate::failure::Failure;
use crate::observed::Observed;
use crate::render::{self, State};

use super::session::Session;

/// What is wrong with edited files under config/ that `services` read. Without an engine, or without a program's image,
/// only their syntax is looked at.
pub(crate) async fn failures(
    session: &Session,
    stack: &Stack,
    services: &BTreeSet<String>,
    there: Option<(&Engine, &Observed)>,
) -> Result<Vec<Failure>, Failure> {
    let root = session.root()?;
    let edited = edited(session, &root)?;
    let mut failures: Vec<Failure> = edited
        .iter()
        .filter(|path| reads(stack, services, &root.join(path)))
        .filter_map(|path| check::syntax(&root, path))
        .collect();
    let Some((engine, observed)) = there.filter(|(engine, _)| engine.is_local() && failures.is_empty()) else {
        return Ok(failures);
    };
    for name in services {
        let verification = stack
            .services
            .get(name)
            .and_then(|service| Verification::of(&stack.name, service));
        let Some(verification) = verification else {
            continue;
        };
        let shown = verification.file.strip_prefix(&root).unwrap_or(&verification.file);
        if !edited.iter().any(|path| path == shown) || observed.image_id(&verification.image).is_none() {
            continue;
        }
        let file = verification.file.to_string_lossy();
        let once = Once {
            project: &stack.name,
            service: name,
            image: &verification.image,
            command: &verification.command,
            env: &verification.env,
            file: (&file, &verification.target),
        };
        let ended = engine.run_once(&once).await.map_err(|error| error.failure())?;
        if ended.exit_code != Some(0) {
            failures.push(verification.failure(shown, &ended.output));
        }
    }
    Ok(failures)
}

/// The rendered files that are no longer as rendered, but for the Compose file.
fn edited(session: &Session, root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let states = render::states(root, &session.settings()?)?;
    let edited = states
        .into_iter()
        .filter(|(file, state)| *state == State::Edited && file.path.starts_with("config"));
    Ok(edited.map(|(file, _)| file.path.to_owned()).collect())
}

/// Whether one of `services` mounts `path`, or a folder that holds it.
fn reads(stack: &Stack, services: &BTreeSet<String>, path: &Path) -> bool {
    let mut chosen = services.iter().filter_map(|name| stack.services.get(name));
    chosen.any(|service| stack.binds_of(service).any(|(source, _)| path.starts_with(source)))
}
