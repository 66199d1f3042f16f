//! Keys that get into the image, or to the builder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::check::Finding;
use crate::check::project::Project;
use crate::check::repair::Repair;
use crate::codes;

use super::{Recipe, copied};

pub(super) fn look(project: &Project, recipe: &Recipe<'_, '_>) -> Vec<Finding> {
    let sent: Vec<PathBuf> = project
        .keys()
        .files()
        .filter_map(|path| path.strip_prefix(&recipe.build.context).ok().map(Path::to_owned))
        .filter(|path| !recipe.ignore.leaves_out(path))
        .collect();
    let Some(first) = sent.first() else {
        return Vec::new();
    };
    let sources = copied::sources(recipe);
    // By its path, the first that names it.
    let mut named: HashMap<&Path, usize> = HashMap::new();
    for (index, copied) in sources.iter().enumerate() {
        named.entry(&copied.path).or_insert(index);
    }
    let taken_by = |path: &Path| {
        let first = path.ancestors().filter_map(|above| named.get(above)).min()?;
        Some(&sources[*first])
    };
    let lines: Vec<String> = ["keys_pool", "env", ".env"]
        .into_iter()
        .filter(|name| sent.iter().any(|path| path.starts_with(name)))
        .map(|name| {
            if name == ".env" {
                name.to_owned()
            } else {
                format!("{name}/")
            }
        })
        .collect();
    let by_hand = format!("add {} to {}", lines.join(", "), recipe.ignore_path.display());
    let repair = project.repairable(Repair::AddLines {
        path: recipe.ignore_path.clone(),
        lines,
    });
    let repaired = |finding: Finding| match &repair {
        Ok(repair) => finding.repaired_by(repair.clone()),
        Err(why) => finding.fix(format!("{by_hand}; `--fix` can't: {why}")),
    };
    let Some((path, copied)) = sent.iter().find_map(|path| Some((path, taken_by(path)?))) else {
        let what = format!("{} is sent to the builder of {}", first.display(), recipe.service.name);
        return vec![repaired(Finding::new(&codes::KEYS_IN_CONTEXT, what))];
    };
    let what = format!(
        "{} ends up in the image of {}: the Dockerfile copies {}",
        path.display(),
        recipe.service.name,
        recipe.text.word(&copied.written)
    );
    let finding = Finding::new(&codes::COPIES_KEYS, what).at(recipe.text.place(&copied.span));
    // Without the folder the line itself would fail, and an app that finds its keys nowhere else would find none.
    let is_whole = copied.path.as_os_str().is_empty();
    let mounted = project.stack().is_some_and(|stack| {
        sent.iter().all(|path| {
            let full = recipe.build.context.join(path);
            stack
                .binds_of(recipe.service)
                .any(|(source, _)| full.starts_with(source))
                || path == Path::new(".env")
        })
    });
    vec![if is_whole && mounted {
        repaired(finding)
    } else {
        finding.fix("copy only what the app needs, and mount keys_pool/ and env/ read-only in the Compose file")
    }]
}
