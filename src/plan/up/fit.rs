//! Whether an existing container is up to date, and what differs.

use crate::compose::Service;
use crate::ids::ServiceName;
use crate::labels;
use crate::observed::{Container, State};
use crate::plan::options::Recreate;
use crate::plan::reason::{Difference, Reason};
use crate::plan::replica::Fit;
use crate::plan::spec::{Spec, differences, unknown};

use super::Planner;
use super::held::namespaces_of;
use super::names::short;

impl Planner<'_> {
    /// Whether `container` may stay.
    pub(super) fn fit(&self, service: &Service, container: &Container, wanted: &Spec, image_id: Option<&str>) -> Fit {
        if matches!(container.state, State::Dead | State::Removing) {
            return Fit::Differs(Reason::HalfRemoved);
        }
        match self.options.recreate(&service.name) {
            Recreate::Never => return Fit::AsWanted,
            Recreate::Force => return Fit::Differs(Reason::CommandLine),
            Recreate::Diverged => {}
        }
        let mut why = match container.labels.get(labels::SPEC) {
            Some(label) => {
                let mut was: Spec = serde_json::from_str(label).unwrap_or_default();
                // What isn't known now can't be compared.
                let unknown = unknown(self.stack, service);
                was.retain(|field, _| !unknown.contains_key(field));
                differences(&was, wanted)
            }
            // Compose made it, and says by a hash what from.
            None if container.labels.get(labels::CONFIG_HASH) == Some(&service.config_hash) => Vec::new(),
            None => vec![Difference::Configuration],
        };
        why.extend(self.taken_off(service, container));
        if let Some(id) = image_id.filter(|id| *id != container.image_id) {
            why.push(image_change(container, service.image_ref(&self.stack.name), id));
        }
        why.extend(self.parted(service, container));
        if why.is_empty() {
            Fit::AsWanted
        } else {
            Fit::Differs(Reason::Differs(why))
        }
    }

    /// What somebody did to a container since it was made: off a network, or a volume that has another name now.
    fn taken_off(&self, service: &Service, container: &Container) -> Option<Difference> {
        let is_there = |name, id: &str| self.existing.networks.contains(&(name, id));
        let mut networks = service.networks.keys().filter_map(|key| self.stack.networks.get(key));
        // Until its first start it only has the network's name, and joins whatever is called so then.
        let off = networks.find(|network| match container.networks.get(&network.name) {
            Some(id) => !id.is_empty() && !is_there(&network.name, id),
            None => true,
        });
        if let Some(network) = off {
            return Some(Difference::Network(network.name.clone()));
        }
        let keys = service.volumes.iter().filter_map(|mount| mount.source.as_ref());
        let mut volumes = keys.filter_map(|key| self.stack.volumes.get(key));
        let missing = volumes.find(|volume| !container.volumes.contains(&volume.name));
        missing.map(|volume| Difference::Volume(volume.name.clone()))
    }

    /// A container that lives in another's network, IPC or PID namespace, or on its volumes, holds on to that very container. Why it
    /// can't any more.
    fn parted(&self, service: &Service, container: &Container) -> Option<Difference> {
        let is_new = |other: &ServiceName| self.services.get(other).is_some_and(|made| !made.created.is_empty());
        if let Some(other) = namespaces_of(service).find(is_new) {
            return Some(Difference::NewNeighbour(other));
        }
        let network = service
            .network_mode
            .as_deref()
            .and_then(|mode| mode.strip_prefix("service:"));
        let gone = |other: &ServiceName| {
            let of_network = container.network_of.clone().filter(|_| network == Some(other.as_str()));
            let held = of_network.or_else(|| container.shares_of(other));
            held.is_some_and(|held| !self.ids_of(other).any(|id| *id == held))
        };
        let other = namespaces_of(service).find(gone)?;
        Some(Difference::GoneNeighbour(other))
    }
}

/// From which image to which: by name where that changed, else by id.
fn image_change(container: &Container, wanted: String, id: &str) -> Difference {
    // An image without a name any more is listed by its id.
    let had_name = !container.image.starts_with("sha256:") && !container.image_id.contains(&container.image);
    if had_name && container.image != wanted {
        Difference::Image(container.image.clone(), wanted)
    } else {
        Difference::ImageId(wanted, short(&container.image_id).to_owned(), short(id).to_owned())
    }
}
