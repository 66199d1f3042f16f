//! What the checks look at of the project: its files as settings and templates make them, and the stack that they want.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::compose::{Build, Service, Stack};
use crate::failure::{Failure, Place};
use crate::render::{Rendered, State};

/// The project as far as it could be read.
#[derive(Debug)]
pub struct Project {
    /// Its root, absolute.
    pub root: PathBuf,
    /// What the Compose file wants.
    pub stack: Result<Stack, Failure>,
    /// The files that `render` writes, and what is on disk in their place.
    pub rendered: Result<Vec<(Rendered, State)>, Failure>,
    /// The services in question.
    pub services: BTreeSet<String>,
    /// The caller's environment.
    pub environment: BTreeMap<String, String>,
}

impl Project {
    /// The stack, if it could be read: what is wrong with it is one check's business alone.
    pub(super) fn stack(&self) -> Option<&Stack> {
        self.stack.as_ref().ok()
    }

    /// The services in question.
    pub(super) fn services(&self) -> impl Iterator<Item = &Service> {
        let stack = self.stack();
        self.services.iter().filter_map(move |name| stack?.services.get(name))
    }

    /// Whether this is a `MagicProxy` project and its app is in question, not any other stack.
    pub(super) fn has_app(&self) -> bool {
        match self.stack() {
            Some(stack) => {
                let is_app = |service: &Service| {
                    service.name == "app-runner"
                        || service
                            .build
                            .as_ref()
                            .is_some_and(|build| build.context == stack.working_dir)
                            && self.root.join("proxy_config.yaml").is_file()
                };
                self.services().any(is_app)
            }
            None => self.root.join("proxy_config.yaml").exists(),
        }
    }

    /// The app: the service that is built from the project's folder.
    pub(super) fn app(&self) -> Option<&Service> {
        let built = || self.services().filter(|service| service.build.is_some());
        built()
            .find(|service| service.name == "app-runner")
            .or_else(|| built().next())
            .filter(|_| self.has_app())
    }

    /// Services in question whose image is built, each with how.
    pub(super) fn built(&self) -> impl Iterator<Item = (&Service, &Build)> {
        self.services()
            .filter_map(|service| Some((service, service.build.as_ref()?)))
    }

    /// Whether the Compose file in use is the one that `render` writes, so that `up` writes missing files by itself.
    pub(super) fn is_rendered(&self) -> bool {
        self.stack()
            .is_none_or(|stack| stack.files.first() == Some(&self.root.join("docker-compose.yml")))
    }

    /// Whether `path`, absolute, is not there yet and `up` writes it.
    pub(super) fn is_to_be_rendered(&self, path: &Path) -> bool {
        let (true, Ok(rendered)) = (self.is_rendered(), &self.rendered) else {
            return false;
        };
        // A Compose file that the user edited keeps `up` from rendering anything beside it.
        let edited = rendered.first().is_some_and(|(_, state)| *state == State::Edited);
        !edited
            && rendered
                .iter()
                .any(|(file, state)| *state == State::Missing && self.root.join(file.path).starts_with(path))
    }

    /// Where a service was written.
    pub(super) fn place_of(&self, service: &str) -> Option<Place> {
        self.stack()?.places.services.get(service).cloned()
    }

    /// `path` as the user names it: from the project's root.
    pub(super) fn shown<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
