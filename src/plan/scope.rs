//! The services that a verb acts on.

use std::collections::BTreeSet;

use crate::compose::Stack;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::observed::Container;

/// With a Compose file these are its services that are enabled, or those of them that were named: leaving the names out never reaches more
/// than naming could. A project that is only known by its name has no file to go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Whatever the project has.
    Everything,
    /// These and no other; none at all when there are none.
    Services(BTreeSet<ServiceName>),
}

impl Scope {
    /// What a verb acts on that was given the services `named`, or none.
    ///
    /// # Errors
    /// A name that no service of the file has.
    pub fn of(stack: Option<&Stack>, named: &[ServiceName]) -> Result<Self, Failure> {
        Ok(match stack {
            Some(stack) => Self::Services(stack.select(named, false)?),
            None if named.is_empty() => Self::Everything,
            None => Self::Services(named.iter().cloned().collect()),
        })
    }

    /// Whether containers of `service` are acted on.
    pub fn covers(&self, service: &ServiceName) -> bool {
        match self {
            Self::Everything => true,
            Self::Services(services) => services.contains(service),
        }
    }

    /// Whether `container` is acted on: it belongs to a service, and to one of these.
    pub fn takes(&self, container: &Container) -> bool {
        container.service().is_some_and(|service| self.covers(service))
    }
}
