//! What services want of an engine that not every engine can do.

use std::collections::BTreeMap;

use crate::capabilities::{Capabilities, Feature};
use crate::codes;
use crate::failure::{Failure, Place};

use super::model::{Attachment, Service, Stack, VolumeOptions, Written};

impl Stack {
    /// The features that `service` uses, each with its place in the file as far as that is known.
    pub fn features_of(&self, service: &Service) -> BTreeMap<Feature, Option<Place>> {
        let keys = self.places.keys.get(&service.name);
        let key = |name: &str| keys.and_then(|keys| keys.get(name)).map(Written::place);
        let mut found = BTreeMap::new();
        if service
            .healthcheck
            .as_ref()
            .is_some_and(|check| check.start_interval.is_some())
        {
            found.insert(Feature::StartInterval, key("healthcheck"));
        }
        if let Some(index) = service
            .volumes
            .iter()
            .position(|mount| subpath(mount.volume.as_ref()).is_some())
        {
            let mounts = self.places.mounts.get(&service.name);
            let place = mounts.and_then(|mounts| mounts.get(index)).map(Written::place);
            found.insert(Feature::VolumeSubpath, place);
        }
        let mut attachments = service.networks.values().flatten();
        if attachments.any(|attachment: &Attachment| attachment.gw_priority.is_some_and(|priority| priority != 0)) {
            found.insert(Feature::GatewayPriority, key("networks"));
        }
        let mut networks = service.networks.keys().filter_map(|name| self.networks.get(name));
        if networks.any(|network| !network.external && network.enable_ipv4 == Some(false)) {
            found.insert(Feature::NetworkWithoutIpv4, key("networks"));
        }
        found
    }

    /// Whether containers of `service` can be made on such an engine as the file wants them.
    ///
    /// # Errors
    /// Why not, at its line: without `subpath` the container would see, and could change, all of the volume.
    pub fn fits(&self, service: &Service, engine: Capabilities) -> Result<(), Failure> {
        let feature = Feature::VolumeSubpath;
        match self.features_of(service).remove(&feature) {
            Some(place) if !engine.can(feature) => {
                let what = format!("{}: this engine can't mount only one folder of a volume", service.name);
                Err(Failure::failed(what)
                    .because(format!(
                        "it speaks API {}, and would mount the whole volume",
                        engine.api()
                    ))
                    .hint(format!(
                        "upgrade the engine to {} or later, or remove `subpath`",
                        feature.engine()
                    ))
                    .coded(&codes::SUBPATH)
                    .at(place))
            }
            _ => Ok(()),
        }
    }
}

fn subpath(volume: Option<&VolumeOptions>) -> Option<&str> {
    volume?.subpath.as_deref().filter(|path| !path.is_empty())
}
