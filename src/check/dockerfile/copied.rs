//! What `COPY` and `ADD` take from the build context.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use parse_dockerfile::{Flag, Instruction, Source};

use crate::check::finding::MOST_FINDINGS;
use crate::check::project::Project;
use crate::check::{Finding, checklist};
use crate::codes;
use crate::files::{Kind, Root};
use crate::nearest::nearest;
use crate::secrets;

use super::Recipe;

/// In a folder with more names none is suggested from the rest.
const MOST_NAMES: usize = 1000;

/// A source as written and as a path below the context; empty: all of it.
pub(super) struct Copied {
    pub written: String,
    pub path: PathBuf,
    pub span: Range<usize>,
}

/// The sources in the context that are named without variables or patterns.
pub(super) fn sources(recipe: &Recipe<'_, '_>) -> Vec<Copied> {
    let mut copied = Vec::new();
    for stage in recipe.stages() {
        for instruction in stage.instructions {
            let (options, sources, adds): (&[Flag<'_>], &[Source<'_>], bool) = match instruction {
                Instruction::Copy(copy) => (&copy.options, &copy.src, false),
                Instruction::Add(add) => (&add.options, &add.src, true),
                _ => continue,
            };
            if options.iter().any(|option| option.name.value == "from") {
                continue;
            }
            for source in sources {
                let Source::Path(path) = source else { continue };
                let text = path.value.as_ref();
                let elsewhere = adds && (text.contains("://") || text.starts_with("git@"));
                if elsewhere || text.contains(['$', '?', '[', '{']) {
                    continue;
                }
                // `*` alone takes everything but hidden files; any other pattern is the builder's business.
                let text = if text == "*" || text == "./*" { "." } else { text };
                if text.contains('*') {
                    continue;
                }
                copied.push(Copied {
                    written: path.value.clone().into_owned(),
                    path: inside(text),
                    span: path.span.clone(),
                });
            }
        }
    }
    copied
}

/// As the builder sees a path: from the context's root, which nothing leads out of.
fn inside(text: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in Path::new(text).components() {
        match part {
            std::path::Component::Normal(part) => path.push(part),
            std::path::Component::ParentDir => {
                path.pop();
            }
            _ => {}
        }
    }
    path
}

pub(super) fn look(project: &Project, recipe: &Recipe<'_, '_>) -> Vec<Finding> {
    let mut seen = HashSet::new();
    let wrong = sources(recipe).into_iter().filter_map(|copied| {
        if copied.path.as_os_str().is_empty() || !seen.insert(copied.path.clone()) {
            return None;
        }
        let Copied { written, path, span } = &copied;
        let full = recipe.build.context.join(path);
        let place = recipe.text.place(span);
        // The builder gets a link as it is; what one that leads out leads to it does not get.
        let is_there = matches!(recipe.context.own_kind(path), Ok(Some(_)));
        if !is_there && checklist::tells_of(project, &full) {
            return None;
        }
        let written = recipe.text.word(written);
        if !is_there {
            let finding = Finding::new(
                &codes::COPY_MISSING,
                format!("the Dockerfile copies {written}, which doesn't exist"),
            )
            .at(place)
            .in_file();
            return Some(match like(recipe.context, path) {
                Some(near) if recipe.text.quotable => {
                    finding.fix(format!("did you mean `{}`?", path.with_file_name(near).display()))
                }
                _ => finding.fix(format!(
                    "create it, or correct the path, which is relative to {}",
                    recipe.build.context.display()
                )),
            });
        }
        let is_folder = || matches!(recipe.context.kind(path), Ok(Some(Kind::Folder)));
        let out = recipe.ignore.leaves_out(path) && !(is_folder() && recipe.ignore.may_want_of(path));
        let shown = path.display().to_string();
        let shown = recipe.text.word(&shown);
        out.then(|| {
            Finding::new(
                &codes::COPY_IGNORED,
                format!("the Dockerfile copies {written}, which .dockerignore excludes"),
            )
            .fix(if secrets::are_in(path) {
                format!(
                    "remove the line, and mount {shown} read-only in the Compose file: keys don't belong in an image"
                )
            } else {
                format!("add `!{shown}` at the end of .dockerignore")
            })
            .at(place)
            .in_file()
        })
    });
    wrong.take(MOST_FINDINGS).collect()
}

/// What lies beside a path that is not there and has nearly its name.
fn like(context: &Root, path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let entries = context.entries(path.parent()?, MOST_NAMES).ok()?.all;
    let there: Vec<String> = entries
        .into_iter()
        .filter_map(|entry| entry.name.into_string().ok())
        .collect();
    nearest(name, there.iter().map(String::as_str)).map(ToOwned::to_owned)
}
