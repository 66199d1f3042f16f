//! A container to be made: what is wanted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::compose::{FileReference, OneOff, Service, Stack};
use crate::ids::{ContainerId, ServiceName};

/// A container to be made.
#[derive(Debug)]
pub struct NewContainer<'a> {
    /// What is wanted.
    pub stack: &'a Stack,
    /// Which service.
    pub service: &'a Service,
    /// Its number within the service.
    pub number: u32,
    /// Its name.
    pub name: &'a str,
    /// Its image.
    pub image: &'a str,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// A container whose anonymous volumes it takes over.
    pub inherit: Option<&'a ContainerId>,
    /// By service, the ids of the containers whose namespaces it lives in or whose volumes it takes.
    pub shares: BTreeMap<ServiceName, ContainerId>,
    /// It is one of `run`.
    pub one_off: Option<OneOff>,
}

/// Where a config or secret appears in the container.
pub(super) fn target_of(reference: &FileReference, folder: &str) -> PathBuf {
    PathBuf::from(folder).join(reference.target.as_deref().unwrap_or(&reference.source))
}
