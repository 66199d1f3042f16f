//! What the checks look at of the project: its files as settings and templates make them, and the stack that they want.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::compose::{Build, Service, Stack};
use crate::failure::{Failure, Place};
use crate::files::{Kind, Refused, Root};
use crate::ids::ServiceName;
use crate::rendered::{Rendered, State};
use crate::services;
use crate::settings;
use crate::yaml::Node;

use super::keys::Keys;
use super::repair::Repair;

/// The project as far as it could be read.
#[derive(Debug)]
pub struct Project {
    /// Its root, absolute.
    pub root: PathBuf,
    /// The same, opened: what the checks choose to look at is looked at below it.
    pub(super) folder: Root,
    /// What the Compose file wants.
    pub stack: Result<Stack, Failure>,
    /// The files that `render` writes, and what is on disk in their place.
    pub rendered: Result<Vec<(Rendered, State)>, Failure>,
    /// The services in question.
    pub services: BTreeSet<ServiceName>,
    /// The caller's environment.
    pub environment: BTreeMap<String, String>,
    /// The files of keys, read when the first check asks for them.
    pub(super) keys: OnceLock<Keys>,
    /// `proxy_config.yaml`, likewise.
    pub(super) proxy: OnceLock<Option<Result<Node, Failure>>>,
}

impl Project {
    /// The project in `root`. `services` are those in question; without, all of them.
    pub fn new(
        root: PathBuf,
        stack: Result<Stack, Failure>,
        rendered: Result<Vec<(Rendered, State)>, Failure>,
        services: Option<&BTreeSet<ServiceName>>,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let folder = settings::folder(&root)?;
        let all = || stack.as_ref().map(|stack| stack.services.keys().cloned().collect());
        Ok(Self {
            services: services.map_or_else(|| all().unwrap_or_default(), Clone::clone),
            root,
            folder,
            stack,
            rendered,
            environment,
            keys: OnceLock::new(),
            proxy: OnceLock::new(),
        })
    }

    /// `repair`, if it changes nothing but this project's own files; else why it is left to the user.
    pub(super) fn repairable(&self, repair: Repair) -> Result<Repair, String> {
        let path = repair.path();
        if let Some(link) = self.folder.link_on(path) {
            return Err(format!("{} is a symbolic link", link.display()));
        }
        match self.folder.rights(path) {
            Ok(about) if about.kind == Kind::File && about.names > 1 => Err(Refused::HardLink.to_string()),
            Ok(_) | Err(Refused::Missing) => Ok(repair),
            Err(Refused::Outside) => Err("it is outside the project's folder".to_owned()),
            Err(refused) => Err(refused.to_string()),
        }
    }

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
                    service.name == services::APP
                        || service
                            .build
                            .as_ref()
                            .is_some_and(|build| build.context == stack.working_dir)
                            && self.holds("proxy_config.yaml")
                };
                self.services().any(is_app)
            }
            None => self.holds("proxy_config.yaml"),
        }
    }

    /// Whether something lies at `path`, or a link that leads somewhere else.
    pub(super) fn holds(&self, path: &str) -> bool {
        !matches!(self.folder.kind(Path::new(path)), Ok(None))
    }

    /// The app: the service that is built from the project's folder.
    pub(super) fn app(&self) -> Option<&Service> {
        let built = || self.services().filter(|service| service.build.is_some());
        built()
            .find(|service| service.name == services::APP)
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
        let edited = rendered.first().is_some_and(|(_, state)| state.is_of_the_user());
        !edited
            && rendered
                .iter()
                .any(|(file, state)| *state == State::Missing && self.root.join(file.path).starts_with(path))
    }

    /// Where a service was written.
    pub(super) fn place_of(&self, service: &ServiceName) -> Option<Place> {
        self.stack()?.places.services.get(service).cloned()
    }

    /// `path` as the user names it: from the project's root.
    pub(super) fn shown<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        self.relative(path).display()
    }

    /// The same as a path.
    pub(super) fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}
