//! Networks and volumes.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{Ipam, IpamConfig, Network, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::ListNetworksOptions;

use crate::compose::{self, Stack, network_hash, volume_hash};
use crate::ids::{NetworkName, VolumeName};
use crate::labels;

use super::{Engine, EngineError};

impl Engine {
    /// Makes the network with that key of `stack`; false when one of that name is there. The engine itself would make a second one.
    pub async fn create_network(&self, stack: &Stack, key: &str) -> Result<bool, EngineError> {
        let network = &stack.networks[key];
        if !self.networks_named(&network.name).await?.is_empty() {
            return Ok(false);
        }
        let request = NetworkCreateRequest {
            name: network.name.to_string(),
            driver: network.driver.clone(),
            internal: Some(network.internal),
            attachable: Some(network.attachable),
            ipam: ipam(network),
            enable_ipv4: network.enable_ipv4,
            enable_ipv6: network.enable_ipv6,
            options: Some(unsorted(&network.driver_opts)),
            labels: Some(own_labels(
                &stack.name,
                labels::NETWORK,
                key,
                network_hash(network),
                &network.labels,
            )),
            ..NetworkCreateRequest::default()
        };
        match self
            .docker
            .create_network(request)
            .await
            .map_err(|error| self.error(error))
        {
            Ok(()) => {
                self.leave_one(&network.name).await?;
                Ok(true)
            }
            Err(EngineError::Conflict(message)) if message.contains("already exists") => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The networks of exactly that name.
    async fn networks_named(&self, name: &NetworkName) -> Result<Vec<Network>, EngineError> {
        let filters = HashMap::from([("name".to_owned(), vec![name.to_string()])]);
        let options = ListNetworksOptions { filters: Some(filters) };
        let listed = self.docker.list_networks(options).await;
        let mut networks = listed.map_err(|error| self.error(error))?;
        networks.retain(|network| network.name.as_deref() == Some(name.as_str()));
        Ok(networks)
    }

    /// A run that was cut off may have left its call to the engine, which makes a second network of the name if both are at it at once;
    /// no container starts on either then. The older one stays.
    async fn leave_one(&self, name: &NetworkName) -> Result<(), EngineError> {
        let mut all = self.networks_named(name).await?;
        all.sort_by(|one, other| (&one.created, &one.id).cmp(&(&other.created, &other.id)));
        for surplus in all.into_iter().skip(1).filter_map(|network| network.id) {
            self.remove_network(&surplus).await?;
        }
        Ok(())
    }

    /// Makes the volume with that key of `stack`. The engine takes one of that name that is there for made.
    pub async fn create_volume(&self, stack: &Stack, key: &str) -> Result<bool, EngineError> {
        let volume = &stack.volumes[key];
        let request = VolumeCreateRequest {
            name: Some(volume.name.to_string()),
            driver: volume.driver.clone(),
            driver_opts: Some(unsorted(&volume.driver_opts)),
            labels: Some(own_labels(
                &stack.name,
                labels::VOLUME,
                key,
                volume_hash(volume),
                &volume.labels,
            )),
            ..VolumeCreateRequest::default()
        };
        self.docker
            .create_volume(request)
            .await
            .map(|()| true)
            .map_err(|error| self.error(error))
    }

    /// Whether something was removed; false when it was gone already.
    pub(super) fn unless_gone(&self, removed: Result<(), bollard::errors::Error>) -> Result<bool, EngineError> {
        match removed.map_err(|error| self.error(error)) {
            Ok(()) => Ok(true),
            Err(EngineError::NotFound(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Removes a network; false when it is gone already.
    pub async fn remove_network(&self, id: &str) -> Result<bool, EngineError> {
        let removed = self.docker.network(id)?.remove().await;
        self.unless_gone(removed)
    }

    /// Removes a volume; false when it is gone already.
    pub async fn remove_volume(&self, name: &VolumeName) -> Result<bool, EngineError> {
        let removed = self.docker.volume(name)?.remove().await;
        self.unless_gone(removed)
    }
}

fn own_labels(
    project: &str,
    kind: &str,
    key: &str,
    hash: String,
    wanted: &BTreeMap<String, String>,
) -> HashMap<String, String> {
    let mut all = unsorted(wanted);
    all.insert(labels::CONFIG_HASH.to_owned(), hash);
    all.insert(labels::PROJECT.to_owned(), project.to_owned());
    all.insert(kind.to_owned(), key.to_owned());
    all.insert(labels::VERSION.to_owned(), labels::COMPOSE_VERSION.to_owned());
    all
}

fn unsorted(map: &BTreeMap<String, String>) -> HashMap<String, String> {
    map.clone().into_iter().collect()
}

fn ipam(network: &compose::Network) -> Option<Ipam> {
    let wanted = &network.ipam;
    if wanted.driver.is_none() && wanted.config.is_empty() && wanted.options.is_empty() {
        return None;
    }
    Some(Ipam {
        driver: wanted.driver.clone(),
        config: Some(
            wanted
                .config
                .iter()
                .map(|pool| IpamConfig {
                    subnet: pool.subnet.clone(),
                    ip_range: pool.ip_range.clone(),
                    gateway: pool.gateway.clone(),
                    auxiliary_addresses: Some(unsorted(&pool.aux_addresses)),
                })
                .collect(),
        ),
        options: Some(unsorted(&wanted.options)),
    })
}
