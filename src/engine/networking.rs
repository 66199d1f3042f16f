//! Which networks a container joins, under which names and addresses.

use std::collections::BTreeMap;

use bollard::models::{
    EndpointIpamConfig, EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest, NetworkingConfig,
};

use crate::capabilities::Feature;
use crate::compose::{Attachment, Service, Stack};
use crate::ids::{ContainerId, NetworkName};

use super::new_container::NewContainer;
use super::{Engine, EngineError};

/// A container's networks, the one with the highest priority first.
#[derive(Debug)]
pub(super) struct Networking {
    endpoints: Vec<(NetworkName, EndpointSettings)>,
    /// How many of them create takes.
    at_create: usize,
}

impl Networking {
    pub(super) async fn of(engine: &Engine, new: &NewContainer<'_>) -> Result<Self, EngineError> {
        let links = links(engine, new).await?;
        let endpoints: Vec<_> = attachments(new.service)
            .into_iter()
            .filter_map(|(key, attachment)| {
                let name = new.stack.networks.get(key)?.name.clone();
                Some((name, endpoint(new, attachment, &links)))
            })
            .collect();
        let at_create = if engine.capabilities().can(Feature::NetworksAtCreate) {
            endpoints.len()
        } else {
            1
        };
        Ok(Self { endpoints, at_create })
    }

    /// The network that the container is made in; `none` for `networks: {}`.
    pub(super) fn mode(&self) -> String {
        match self.endpoints.first() {
            Some((name, _)) => name.to_string(),
            None => "none".to_owned(),
        }
    }

    pub(super) fn at_create(&self) -> Option<NetworkingConfig> {
        if self.endpoints.is_empty() {
            return None;
        }
        let taken = self.endpoints.iter().take(self.at_create);
        let endpoints = taken.map(|(name, endpoint)| (name.to_string(), endpoint.clone()));
        Some(NetworkingConfig {
            endpoints_config: Some(endpoints.collect()),
        })
    }

    /// Joins the networks that create could not take.
    pub(super) async fn connect_rest(&self, engine: &Engine, id: &ContainerId) -> Result<(), EngineError> {
        for (name, endpoint) in self.endpoints.iter().skip(self.at_create) {
            let request = NetworkConnectRequest {
                container: id.to_string(),
                endpoint_config: Some(endpoint.clone()),
            };
            let connected = engine.docker.network(name.as_str())?.connect(request).await;
            match connected.map_err(|error| engine.error(error)) {
                Ok(()) => {}
                Err(EngineError::Conflict(message) | EngineError::Refused(message))
                    if message.contains("already exists") => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Takes a container off a network; false when it is not on it, or the network is gone.
    pub async fn leave_network(&self, id: &ContainerId, network: &NetworkName) -> Result<bool, EngineError> {
        let request = NetworkDisconnectRequest {
            container: id.to_string(),
            force: Some(true),
        };
        let left = self.docker.network(network.as_str())?.disconnect(request).await;
        match left.map_err(|error| self.error(error)) {
            Ok(()) => Ok(true),
            Err(EngineError::NotFound(_)) => Ok(false),
            Err(EngineError::Refused(message) | EngineError::Conflict(message))
                if message.contains("is not connected") =>
            {
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    /// Lets container `number` of `service` join the network with key `key`, as it would have at its making.
    pub async fn join_network(
        &self,
        stack: &Stack,
        service: &Service,
        number: u32,
        key: &str,
        id: &ContainerId,
    ) -> Result<bool, EngineError> {
        let new = NewContainer {
            stack,
            service,
            number,
            name: "",
            image: "",
            labels: BTreeMap::new(),
            inherit: None,
            shares: BTreeMap::new(),
            one_off: None,
        };
        let attachment = attachments(service).into_iter().find(|(name, _)| *name == key);
        let attachment = attachment.map(|(_, attachment)| attachment).unwrap_or_default();
        let endpoint = endpoint(&new, attachment, &links(self, &new).await?);
        let networking = Networking {
            endpoints: vec![(stack.networks[key].name.clone(), endpoint)],
            at_create: 0,
        };
        networking.connect_rest(self, id).await.map(|()| true)
    }
}

/// The networks of `service` by their keys, that in which it is made first.
fn attachments(service: &Service) -> Vec<(&str, Attachment)> {
    let networks = service.networks.iter();
    let mut all: Vec<_> = networks
        .map(|(key, attachment)| (key.as_str(), attachment.clone().unwrap_or_default()))
        .collect();
    all.sort_by_key(|(_, attachment)| std::cmp::Reverse(attachment.priority.unwrap_or(0)));
    // The service's own address is for the first: on two networks it would be there twice.
    if let Some((_, main)) = all.first_mut() {
        main.mac_address = main.mac_address.take().or_else(|| service.mac_address.clone());
    }
    all
}

fn endpoint(new: &NewContainer<'_>, attachment: Attachment, links: &[String]) -> EndpointSettings {
    // Its own name first, as in Compose: also while it is called something else until the old one has gone.
    let own = match new.one_off {
        Some(_) => new.name.to_owned(),
        None => new.service.container_name(&new.stack.name, new.number),
    };
    let mut aliases = vec![own];
    if new.one_off.is_none_or(|one_off| one_off.use_aliases) {
        aliases.push(new.service.name.to_string());
        aliases.extend(attachment.aliases);
    }
    let fixed =
        attachment.ipv4_address.is_some() || attachment.ipv6_address.is_some() || !attachment.link_local_ips.is_empty();
    EndpointSettings {
        aliases: Some(aliases),
        ipam_config: fixed.then_some(EndpointIpamConfig {
            ipv4_address: attachment.ipv4_address,
            ipv6_address: attachment.ipv6_address,
            link_local_ips: Some(attachment.link_local_ips),
        }),
        links: (!links.is_empty()).then(|| links.to_vec()),
        mac_address: attachment.mac_address,
        driver_opts: (!attachment.driver_opts.is_empty()).then(|| attachment.driver_opts.into_iter().collect()),
        gw_priority: attachment.gw_priority,
        ..EndpointSettings::default()
    }
}

/// `SERVICE[:ALIAS]` → `CONTAINER:ALIAS` for each container of the service, and two further names that Compose gives it;
/// `external_links` as they are.
async fn links(engine: &Engine, new: &NewContainer<'_>) -> Result<Vec<String>, EngineError> {
    let service = new.service;
    let mut all = Vec::new();
    if !service.links.is_empty() {
        let project = &new.stack.name;
        let number = new.number;
        let containers = engine.observe_containers(project).await?;
        for link in &service.links {
            let (other, alias) = link.split_once(':').unwrap_or((link, link));
            let linked = containers
                .iter()
                .filter(|container| container.service().is_some_and(|service| service.as_str() == other));
            for name in linked.map(|container| &container.name) {
                all.push(format!("{name}:{alias}"));
                all.push(format!("{name}:{other}-{number}"));
                all.push(format!("{name}:{project}-{other}-{number}"));
            }
        }
    }
    all.extend(service.external_links.iter().map(|link| {
        if link.contains(':') {
            link.clone()
        } else {
            format!("{link}:{link}")
        }
    }));
    Ok(all)
}
