//! What the checks look at of the engine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engine::{About, ImageFacts};
use crate::failure::Failure;
use crate::observed::Observed;

/// The engine and its objects.
#[derive(Debug)]
pub struct There {
    /// Its objects.
    pub observed: Observed,
    /// Its socket, when it is on this machine: its files and ports are ours to look at.
    pub socket: Option<PathBuf>,
    /// Its address and how that was found.
    pub address: String,
}

/// What is asked of the engine beyond that, each with a call or more of its own. An answer that did not come says why.
#[derive(Debug)]
pub struct More {
    /// What it says of itself.
    pub about: Result<About, Failure>,
    /// The images of the services in question that are here, by the reference that the services use.
    pub images: Result<BTreeMap<String, ImageFacts>, Failure>,
    /// For each image: which of the programs that healthchecks call it has.
    pub tools: Result<BTreeMap<String, BTreeMap<String, bool>>, Failure>,
    /// What Loki and Promtail say of their edited files.
    pub verified: Result<Vec<Failure>, Failure>,
    /// The beginning of files in volumes that services wait to use, by service.
    pub data: Result<BTreeMap<String, Vec<u8>>, Failure>,
    /// With `--deep`: whether containers find each other by name.
    pub names: Option<Result<Resolves, Failure>>,
}

/// Whether one container found another by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolves {
    /// It did.
    Yes,
    /// It did not; what it said.
    No(String),
}
