//! The whole: what the files of one project want.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::failure::{Failure, Place};
use crate::ids::ServiceName;
use crate::yaml::Span;

use super::super::variables::Variable;
use super::images::BadImages;
use super::object::{FileObject, Network, Volume};
use super::service::Service;

/// Everything that is wanted: the result of reading the Compose files of one project.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stack {
    /// The project's name, normalised (`[a-z0-9][a-z0-9_-]*`).
    pub name: String,
    /// The enabled services (no profile, or an active one), by name.
    pub services: BTreeMap<ServiceName, Service>,
    /// Networks that enabled services use, by key; `default` among them if any service uses it.
    pub networks: BTreeMap<String, Network>,
    /// Named volumes that enabled services use, by key.
    pub volumes: BTreeMap<String, Volume>,
    /// Configs, by key.
    pub configs: BTreeMap<String, FileObject>,
    /// Secrets, by key.
    pub secrets: BTreeMap<String, FileObject>,
    /// Networks and volumes that no service uses are to be made, too.
    pub all_resources: bool,
    /// Services left out because none of their profiles is active.
    pub disabled: BTreeMap<ServiceName, Service>,
    /// The directory that relative paths of the file start from; absolute.
    pub working_dir: PathBuf,
    /// The Compose files read, absolute, in merge order.
    pub files: Vec<PathBuf>,
    /// The `.env`/`--env-file` files read, absolute.
    pub env_files: Vec<PathBuf>,
    /// All that is written in them, by name, also what no Compose file uses.
    pub written_in_env_files: Vec<(String, String)>,
    /// Where `.env` is looked for; absolute.
    pub env_dir: PathBuf,
    /// Whether those were named, by `--env-file` or `COMPOSE_ENV_FILES`; else it is the `.env` that lies there.
    pub env_files_named: bool,
    /// The variables that the files use, by name.
    pub interpolation: Vec<Variable>,
    /// What is worth a word: variables that are not set, keys without effect.
    pub warnings: Vec<String>,
    /// Where services, ports and mounts were written.
    pub places: Places,
    /// By service, why its containers can't be made: an env file that isn't there, a secret's variable that isn't set. Everything else can
    /// be done with the stack.
    pub unmakeable: BTreeMap<ServiceName, Failure>,
    /// What the file names that can't be an image's name.
    pub bad_images: BadImages,
}

impl Stack {
    /// Whether containers of `service` can be made, as far as the file goes.
    ///
    /// # Errors
    /// Why not, at its line.
    pub fn makeable(&self, service: &ServiceName) -> Result<(), Failure> {
        self.unmakeable.get(service).cloned().map_or(Ok(()), Err)
    }
}

/// Where things were written, for errors that are found after reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Places {
    /// A service's key.
    pub services: BTreeMap<ServiceName, Place>,
    /// Where each of a service's ports was written.
    pub ports: BTreeMap<ServiceName, Vec<Written>>,
    /// A service's `volumes`.
    pub mounts: BTreeMap<ServiceName, Vec<Written>>,
    /// A service's keys, such as `image`.
    pub keys: BTreeMap<ServiceName, BTreeMap<String, Written>>,
    /// The variables of a service's `environment`.
    pub environment: BTreeMap<ServiceName, BTreeMap<String, Written>>,
}

/// Where a key and its value were written: in the last file that gives it one.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub(in crate::compose) key: Span,
    /// Of a value that may stand on the key's line.
    pub(in crate::compose) value: Option<Span>,
    pub(in crate::compose) variables: Vec<Arc<BTreeSet<String>>>,
}

impl Written {
    pub(in crate::compose) fn is_at(&self, span: &Span) -> bool {
        self.key == *span
    }

    /// The key with its value, as far as that stands on its line.
    pub fn place(&self) -> Place {
        self.key.through(self.value.as_ref()).place(false)
    }

    /// The names of the variables that have a part in the value.
    pub fn variables(&self) -> BTreeSet<&str> {
        self.variables
            .iter()
            .flat_map(|names| names.iter())
            .map(String::as_str)
            .collect()
    }
}
