//! Services by the names that the user typed.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::nearest::nearest;

use super::model::Stack;

impl Stack {
    /// The services called `names`, with all that they depend on if `with_dependencies`; all when `names` is empty.
    ///
    /// # Errors
    /// A name that is in no service, with what it may have been meant to be.
    pub fn select(&self, names: &[ServiceName], with_dependencies: bool) -> Result<BTreeSet<ServiceName>, Failure> {
        if names.is_empty() {
            return Ok(self.services.keys().cloned().collect());
        }
        let mut selected = BTreeSet::new();
        let mut next: Vec<&ServiceName> = Vec::new();
        for name in names {
            if !self.services.contains_key(name) {
                return Err(self.unknown(name));
            }
            next.push(name);
        }
        while let Some(name) = next.pop() {
            if selected.insert(name.clone()) && with_dependencies {
                let service = self.services.get(name);
                next.extend(service.into_iter().flat_map(|service| service.depends_on.keys()));
            }
        }
        Ok(selected)
    }

    fn unknown(&self, name: &ServiceName) -> Failure {
        if let Some(service) = self.disabled.get(name) {
            return Failure::usage(format!("the profile of service `{name}` is not active"))
                .hint(format!("activate it with `--profile`: {}", service.profiles.join(", ")));
        }
        let names: Vec<&str> = self.services.keys().map(ServiceName::as_str).collect();
        let hint = match nearest(name.as_str(), names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the services are {}", names.join(", ")),
        };
        Failure::usage(format!("there is no service `{name}`")).hint(hint)
    }
}
