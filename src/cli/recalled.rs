//! What the labels of the containers say of how the stack was brought up.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::compose::Stack;
use crate::ids::ServiceName;

/// What the labels say.
#[derive(Debug, Default)]
pub(crate) struct Recalled {
    /// The env files, with their texts.
    pub env_files: Vec<(PathBuf, String)>,
    /// The services that have containers.
    pub services: BTreeSet<ServiceName>,
}

impl Recalled {
    /// The profiles that the stack was brought up with and that are not active in `stack`, as a line.
    pub(crate) fn inactive(&self, stack: &Stack) -> Option<String> {
        let left: Vec<String> = stack
            .disabled
            .values()
            .filter(|service| self.services.contains(&service.name))
            .map(|service| format!("{} ({})", service.name, service.profiles.join(", ")))
            .collect();
        (!left.is_empty()).then(|| {
            format!(
                "the stack was brought up with profiles that are not active now: {}; `--profile NAME` activates one",
                left.join(", ")
            )
        })
    }
}
