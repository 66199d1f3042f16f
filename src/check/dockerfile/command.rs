//! What the app's container runs.

use std::ops::Range;
use std::path::Path;

use parse_dockerfile::{Command, Instruction};

use crate::check::Finding;
use crate::check::project::Project;
use crate::codes;

use super::Recipe;

/// Servers that somebody starts in place of run.py.
const SERVERS: [&str; 3] = ["uvicorn", "gunicorn", "hypercorn"];

pub(super) fn look(project: &Project, recipe: &Recipe<'_, '_>) -> Vec<Finding> {
    if project.app().is_none_or(|app| app.name != recipe.service.name) {
        return Vec::new();
    }
    let Some((words, span)) = command(recipe) else {
        return Vec::new();
    };
    let place = || {
        span.as_ref()
            .map(|span| recipe.text.place(span))
            .or_else(|| project.place_of(&recipe.service.name))
    };
    let runs_py = words
        .iter()
        .any(|word| word.split([' ', '/']).any(|part| part == "run.py"));
    if runs_py {
        // Where the code comes from a base image or another stage, nothing can be said.
        let copies_all = super::copied::sources(recipe)
            .iter()
            .any(|copied| copied.path.as_os_str().is_empty());
        if copies_all && matches!(recipe.context.kind(Path::new("run.py")), Ok(None)) {
            let what = format!("{} runs run.py, which doesn't exist", recipe.service.name);
            return vec![Finding::new(&codes::RUN_PY_MISSING, what).at(place()).in_file()];
        }
        return Vec::new();
    }
    let server = words
        .iter()
        .flat_map(|word| word.split([' ', '/']))
        .find(|part| SERVERS.contains(part));
    match server {
        Some(server) => {
            let what = format!("{} starts {server} directly, not run.py", recipe.service.name);
            vec![Finding::new(&codes::NOT_RUN_PY, what).at(place())]
        }
        None => Vec::new(),
    }
}

/// What the container runs: the Compose file's words win over the Dockerfile's.
fn command(recipe: &Recipe<'_, '_>) -> Option<(Vec<String>, Option<Range<usize>>)> {
    let given: Vec<String> = [&recipe.service.entrypoint, &recipe.service.command]
        .into_iter()
        .flatten()
        .flatten()
        .cloned()
        .collect();
    if recipe.service.command.is_some() || recipe.service.entrypoint.is_some() {
        return Some((given, None));
    }
    let stage = recipe.stages().pop()?;
    let mut words = Vec::new();
    let mut place = None;
    for instruction in stage.instructions {
        let arguments = match instruction {
            Instruction::Cmd(cmd) => &cmd.arguments,
            Instruction::Entrypoint(entrypoint) => &entrypoint.arguments,
            _ => continue,
        };
        match arguments {
            Command::Exec(list) => {
                words.extend(list.value.iter().map(|word| word.value.clone().into_owned()));
                place = Some(list.span.clone());
            }
            Command::Shell(text) => {
                words.push(text.value.to_owned());
                place = Some(text.span.clone());
            }
            _ => {}
        }
    }
    (!words.is_empty()).then_some((words, place))
}
