//! Looks into the project's folder for what a card can name: the file that was meant, or that there is none.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::Ignore;
use crate::secrets;

use super::dockerfile::is_instruction;
use super::surroundings::{Surroundings, read, words};

/// How many files and folders are looked at. The nearest come first.
const MOST: usize = 5000;
/// How many names a card tells.
const MOST_NAMES: usize = 5;
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
            for (path, is_folder) in entries(&folder) {
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
    pub(super) fn let_in(&self, service: &str, path: &str) -> Option<String> {
        self.in_context(service, path)
            .filter(|_| !secrets::are_in(Path::new(path)))?;
        let ignore = self.ignore_file(service).filter(|file| file.is_file())?;
        Some(self.append(&format!("!{path}"), &ignore))
    }

    fn ignore_file(&self, service: &str) -> Option<PathBuf> {
        let build = self.service(service)?.build.as_ref()?;
        Some(Ignore::file_of(&build.context, &build.dockerfile))
    }

    /// The file of the build context that is meant for `path` of the image.
    fn meant_for(&self, service: &str, path: &str) -> Option<PathBuf> {
        let is_secret = secrets::are_in(Path::new(path));
        self.copied(service, path).filter(|_| !is_secret)
    }

    /// The line for the Dockerfile that copies what the project has for `path` of the container there.
    pub(super) fn copy_line(&self, service: &str, path: &str) -> Option<String> {
        let there = self.meant_for(service, path).or_else(|| self.elsewhere(path))?;
        Some(format!("COPY {} {path}", self.in_context_as(service, &there)?))
    }

    /// The file of the build context for `path` of the container that .dockerignore keeps from the builder.
    pub(super) fn left_out(&self, service: &str, path: &str) -> Option<String> {
        let there = self.meant_for(service, path)?;
        let ignore = read(&self.ignore_file(service)?)?;
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
            let index = read(&path)?.lines().position(|line| is_asked(line) && names(line))?;
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
        let all = build.map(|build| entries(&build.context)).unwrap_or_default();
        let is_python = |path: &PathBuf| path.extension().is_some_and(|end| end == "py");
        let files = all.into_iter().filter(|(_, is_folder)| !is_folder);
        files.map(|(path, _)| path).filter(is_python).collect()
    }

    fn in_context_as(&self, service: &str, path: &Path) -> Option<String> {
        let context = &self.service(service)?.build.as_ref()?.context;
        Some(path.strip_prefix(context).ok()?.display().to_string())
    }
}

/// What is in a folder, in order, and whether each is a folder.
fn entries(folder: &Path) -> Vec<(PathBuf, bool)> {
    let mut all: Vec<(PathBuf, bool)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(MOST)
        .map(|entry| (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir())))
        .filter(|(path, is_folder)| !is_folder || !is_foreign(path))
        .collect();
    all.sort();
    all
}

fn is_foreign(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || FOREIGN.contains(&&*name)
}
