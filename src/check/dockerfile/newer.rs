//! Files that were changed after the image was built that they are copied into: `up` goes on with the old ones.

use crate::check::Finding;
use crate::check::engine_state::EngineState;
use crate::check::project::Project;
use crate::codes;
use crate::shell::ShellCommand;

use super::{MOST_BYTES, Recipe, each, walk};

pub(in crate::check) fn look(project: &Project, there: &EngineState) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut left = MOST_BYTES;
    let Some(stack) = project.stack() else {
        return findings;
    };
    // Another machine's clock is another clock.
    if there.socket.is_none() {
        return findings;
    }
    for (service, build) in project.built() {
        let image = there.observed.image_id(&service.image_ref(&stack.name));
        let Some(built_at) = image.and_then(|id| there.built_at.get(id)) else {
            continue;
        };
        let found = each(project, service, build, &mut left, |recipe| {
            newer(project, recipe, *built_at).into_iter().collect()
        });
        findings.extend(found.unwrap_or_default());
    }
    findings
}

fn newer(project: &Project, recipe: &Recipe<'_, '_>, built_at: i64) -> Option<Finding> {
    let service = recipe.service;
    let dockerfile = recipe.build.dockerfile.clone().into();
    let mut changed = std::iter::once(dockerfile).chain(walk::files(recipe)).filter(|path| {
        let about = recipe.context.rights(path);
        about.is_ok_and(|about| about.changed_at > built_at)
    });
    let first = changed.next()?;
    let others = match changed.count() {
        0 => String::new(),
        1 => " and 1 other file".to_owned(),
        count => format!(" and {count} other files"),
    };
    let full = recipe.build.context.join(&first);
    let what = format!(
        "{}: {}{others} changed after its image was built",
        service.name,
        recipe.text.word(&project.shown(&full).to_string()),
    );
    let rebuild = ShellCommand::of("magicctl rebuild").operand(&service.name);
    let finding = Finding::new(&codes::SOURCE_NEWER, what);
    Some(match rebuild {
        Some(rebuild) => finding.fix(format!("`{rebuild}`")),
        None => finding,
    })
}
