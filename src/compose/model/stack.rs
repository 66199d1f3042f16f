//! The whole: what the files of one project want.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::failure::Place;

use super::super::interpolate::Variable;
use super::object::{FileObject, Network, Volume};
use super::service::Service;

/// A map whose values may be absent (`KEY` without a value: taken from the caller's environment, else dropped).
pub type OptionalMap = BTreeMap<String, Option<String>>;

/// Everything that is wanted: the result of reading the Compose files of one project.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Stack {
    /// The project's name, normalised (`[a-z0-9][a-z0-9_-]*`).
    pub name: String,
    /// The enabled services (no profile, or an active one), by name.
    pub services: BTreeMap<String, Service>,
    /// Networks that enabled services use, by key; `default` among them if any service uses it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, Network>,
    /// Named volumes that enabled services use, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<String, Volume>,
    /// Configs, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, FileObject>,
    /// Secrets, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, FileObject>,
    /// Top-level `x-` keys, kept as they are.
    #[serde(flatten)]
    pub extensions: BTreeMap<String, serde_json::Value>,
    /// Services left out because none of their profiles is active.
    #[serde(skip)]
    pub disabled: BTreeMap<String, Service>,
    /// The directory that relative paths of the file start from; absolute.
    #[serde(skip)]
    pub working_dir: PathBuf,
    /// The Compose files read, absolute, in merge order.
    #[serde(skip)]
    pub files: Vec<PathBuf>,
    /// The `.env`/`--env-file` files read, absolute.
    #[serde(skip)]
    pub env_files: Vec<PathBuf>,
    /// The variables that the files use, by name.
    #[serde(skip)]
    pub interpolation: Vec<Variable>,
    /// What is worth a word: variables that are not set, keys without effect.
    #[serde(skip)]
    pub warnings: Vec<String>,
    /// Where services, ports and mounts were written.
    #[serde(skip)]
    pub places: Places,
}

/// Where things were written, for errors that are found after reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Places {
    /// A service's key.
    pub services: BTreeMap<String, Place>,
    /// A service's `ports`, as written (ranges are one entry).
    pub ports: BTreeMap<String, Vec<Place>>,
    /// A service's `volumes`.
    pub mounts: BTreeMap<String, Vec<Place>>,
}
