//! The files that a Dockerfile copies into the image, as far as they are named without variables and patterns.

use std::path::{Path, PathBuf};

use crate::files::Kind;

use super::Recipe;
use super::copied::sources;

/// As many files and folders of one build are looked at.
const MOST: usize = 3_000;
/// A folder deeper than this below the context is not source code.
const DEEPEST: usize = 12;

/// Files below the context, each once, in the order of the instructions; links are left alone.
pub(super) fn files(recipe: &Recipe<'_, '_>) -> Vec<PathBuf> {
    let mut walk = Walk {
        recipe,
        left: MOST,
        found: Vec::new(),
    };
    for copied in sources(recipe) {
        walk.add(&copied.path, 0);
    }
    let mut seen = std::collections::HashSet::new();
    walk.found.retain(|path| seen.insert(path.clone()));
    walk.found
}

struct Walk<'w, 'r, 't> {
    recipe: &'w Recipe<'r, 't>,
    left: usize,
    found: Vec<PathBuf>,
}

impl Walk<'_, '_, '_> {
    fn add(&mut self, path: &Path, depth: usize) {
        // What programs leave beside the code changes without it.
        let is_left_behind = path
            .file_name()
            .is_some_and(|name| name == "__pycache__" || name == ".git");
        if self.left == 0 || depth > DEEPEST || is_left_behind {
            return;
        }
        self.left -= 1;
        let ignore = self.recipe.ignore;
        let is_out = !path.as_os_str().is_empty() && ignore.leaves_out(path);
        match self.recipe.context.own_kind(path) {
            Ok(Some(Kind::File)) if !is_out => self.found.push(path.to_owned()),
            Ok(Some(Kind::Folder)) if !is_out || ignore.may_want_of(path) => {
                let Ok(entries) = self.recipe.context.entries(path, self.left) else {
                    return;
                };
                for entry in entries.all {
                    self.add(&path.join(entry.name), depth + 1);
                }
            }
            _ => {}
        }
    }
}
