//! Looks into the project's folder for what a card can name: the file that was meant, or that there is none.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::engine::Ignore;
use crate::files::Kind;
use crate::secrets;

use super::dockerfile::{copy_instruction, is_instruction};
use super::fill::Filled;
use super::reach::climbs;
use super::surroundings::{Surroundings, words};

/// How many files and folders are looked at. The nearest come first.
const MOST: usize = 5000;
/// How many names a card tells.
const MOST_NAMES: usize = 5;
/// A longer ignore file is not looked into: each of its lines is a regular expression.
const LONGEST_IGNORE: usize = 8 << 10;
/// Folders that hold what others wrote. Hidden ones are left out too.
const FOREIGN: [&str; 4] = ["__pycache__", "node_modules", "site-packages", "venv"];

impl Surroundings<'_> {
    /// The one file or folder of the project that is called as the end of `path` is; none when there are several. Where keys
    /// are kept is never meant: it belongs in no image.
    pub(super) fn elsewhere(&self, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        let wanted = path.file_name().filter(|_| !secrets::are_in(path))?;
        let mut found = None;
        let mut folders = VecDeque::from([self.stack?.working_dir.clone()]);
        let mut seen = 0;
        while let Some(folder) = folders.pop_front() {
            for (path, is_folder) in self.own_entries(&folder) {
                seen += 1;
                if path.file_name() == Some(wanted) && found.replace(path.clone()).is_some() {
                    return None;
                }
                if seen > MOST {
                    return None;
                }
                if is_folder {
                    folders.push_back(path);
                }
            }
        }
        found
    }

    /// The same, as a path in the build context, where the Dockerfile can copy it from.
    pub(super) fn elsewhere_in_context(&self, service: &str, path: &str) -> Option<String> {
        self.in_context_as(service, &self.elsewhere(path)?)
    }

    /// The command that lets `path` of the build context through to the builder.
    pub(super) fn let_in(&self, service: &str, path: &str) -> Option<Filled> {
        // A line of .dockerignore is a pattern: a name that is one, too, would let in more than itself.
        let is_pattern = path.contains(['*', '?', '[', '\\']) || path.trim() != path;
        let is_secret = secrets::are_in(Path::new(path));
        self.in_context(service, path).filter(|_| !is_secret)?;
        let ignore = self.ignore_file(service)?;
        Some(Filled::of(if is_pattern {
            None
        } else {
            self.append(&format!("!{path}"), &ignore)
        }))
    }

    /// The `.dockerignore` that holds for the build of `service`: the Dockerfile's own goes before that of the context.
    fn ignore_file(&self, service: &str) -> Option<PathBuf> {
        let build = self.service(service)?.build.as_ref()?;
        let names = [format!("{}.dockerignore", build.dockerfile), ".dockerignore".to_owned()];
        let mut files = names.iter().map(|name| build.context.join(name));
        files.find(|file| self.kind(file) == Some(Kind::File))
    }

    /// The file of the build context that is meant for `path` of the image.
    fn meant_for(&self, service: &str, path: &str) -> Option<PathBuf> {
        let is_secret = secrets::are_in(Path::new(path));
        self.copied(service, path).filter(|_| !is_secret)
    }

    /// The line for the Dockerfile that copies what the project has for `path` of the container there.
    pub(super) fn copy_line(&self, service: &str, path: &str) -> Option<String> {
        let there = self.meant_for(service, path).or_else(|| self.elsewhere(path))?;
        copy_instruction(&self.in_context_as(service, &there)?, path)
    }

    /// The file of the build context for `path` of the container that .dockerignore keeps from the builder.
    pub(super) fn left_out(&self, service: &str, path: &str) -> Option<String> {
        let there = self.meant_for(service, path)?;
        let ignore = self
            .read(&self.ignore_file(service)?)
            .filter(|text| text.len() <= LONGEST_IGNORE)?;
        let name = self.in_context_as(service, &there)?;
        Ignore::parse(&ignore)
            .ok()?
            .leaves_out(Path::new(&name))
            .then_some(name)
    }

    /// The Python files at the top of the build context.
    pub(super) fn scripts(&self, service: &str) -> Option<String> {
        let names = self.python_files(service).into_iter().take(MOST_NAMES);
        let names: Vec<String> = names.filter_map(|path| self.in_context_as(service, &path)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Where one of these, or another line of the Dockerfile, names `path`: by its name, or as a module.
    pub(super) fn named_in(&self, service: &str, path: &str) -> Option<String> {
        let name = Path::new(path).file_name()?.to_str()?;
        let names = |line: &str| words(line).any(|word| word == name || word.split('.').next() == Some(name));
        let in_file = |path: PathBuf, is_asked: fn(&str) -> bool| {
            let index = self
                .read(&path)?
                .lines()
                .position(|line| is_asked(line) && names(line))?;
            Some(format!("{}:{}", self.shown(&path), index + 1))
        };
        let mut code = self.python_files(service).into_iter();
        code.find_map(|path| in_file(path, |_| true)).or_else(|| {
            in_file(self.dockerfile(service)?, |line| {
                !is_instruction(line, &["COPY", "ADD"])
            })
        })
    }

    fn python_files(&self, service: &str) -> Vec<PathBuf> {
        let build = self.service(service).and_then(|service| service.build.as_ref());
        let all = build.map(|build| self.own_entries(&build.context)).unwrap_or_default();
        let is_python = |path: &PathBuf| path.extension().is_some_and(|end| end == "py");
        let files = all.into_iter().filter(|(_, is_folder)| !is_folder);
        files.map(|(path, _)| path).filter(is_python).collect()
    }

    /// What is in a folder, but for the folders that hold what others wrote.
    fn own_entries(&self, folder: &Path) -> Vec<(PathBuf, bool)> {
        let mut all = self.entries(folder, MOST);
        all.retain(|(path, is_folder)| !is_folder || !is_foreign(path));
        all
    }

    fn in_context_as(&self, service: &str, path: &Path) -> Option<String> {
        let context = &self.service(service)?.build.as_ref()?.context;
        let path = path.strip_prefix(context).ok().filter(|path| !climbs(path))?;
        path.to_str().map(ToOwned::to_owned)
    }
}

fn is_foreign(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || FOREIGN.contains(&&*name)
}
