//! What the user asked of `up` and of what is like it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::compose::{OneOff, Service};
use crate::ids::ServiceName;
use crate::image::ImageRef;

/// What the user asked of `up`, `create`, `scale` and `run`.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct UpOptions {
    /// The services, with all that they depend on.
    pub services: BTreeSet<ServiceName>,
    /// Those that the user named, when some were named; the others only come with them.
    pub named: BTreeSet<ServiceName>,
    /// Images to build even when they are there.
    pub build: BTreeSet<ServiceName>,
    /// Build nothing, also what is missing.
    pub no_build: bool,
    /// Build without the cache.
    pub no_cache: bool,
    /// When to pull images, and base images of builds.
    pub pull: Pull,
    /// Images that this command has already built or pulled: it doesn't again.
    pub brought: BTreeSet<ImageRef>,
    /// How long a container that can't be asked has to be alive, instead of what its label says.
    pub settle: Option<Duration>,
    /// Don't wait for services to be ready, beyond what dependents need.
    pub no_wait: bool,
    /// Only make containers.
    pub no_start: bool,
    /// What happens to containers of named services.
    pub recreate: Recreate,
    /// What happens to containers of the others.
    pub recreate_dependencies: Recreate,
    /// New anonymous volumes for containers that are replaced.
    pub renew_anonymous_volumes: bool,
    /// Remove containers of services that the file no longer names.
    pub remove_orphans: bool,
    /// Say nothing of such containers.
    pub ignore_orphans: bool,
    /// How many containers of a service, instead of what the file says.
    pub scale: BTreeMap<ServiceName, u32>,
    /// Seconds before a container that is replaced is killed, instead of its own grace period.
    pub timeout: Option<u32>,
}

/// When to pull.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pull {
    /// As each service's `pull_policy` says.
    #[default]
    Policy,
    /// Also when the image is there.
    Always,
    /// When the image is not there.
    Missing,
    /// Not even then.
    Never,
    /// Build what can be built instead.
    Build,
}

/// Which containers are replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recreate {
    /// Those that are not up to date.
    #[default]
    Diverged,
    /// All.
    Force,
    /// None.
    Never,
}

impl UpOptions {
    /// How many containers of `service` are wanted.
    pub fn replicas(&self, service: &Service) -> u32 {
        let asked = self.scale.get(&service.name).copied();
        asked.unwrap_or_else(|| service.replicas())
    }

    /// What happens to containers of `service`.
    pub(super) fn recreate(&self, service: &ServiceName) -> Recreate {
        if self.named.is_empty() || self.named.contains(service) {
            self.recreate
        } else {
            self.recreate_dependencies
        }
    }
}

/// A container that is run once.
#[derive(Debug, Clone)]
pub struct Once {
    /// Of which service. The stack has it as this container wants it.
    pub service: ServiceName,
    /// The container's name.
    pub name: String,
    /// 64 hexadecimal digits that tell it from others of its kind.
    pub slug: String,
    /// What it has that others don't.
    pub one_off: OneOff,
}
