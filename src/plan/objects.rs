//! Networks and volumes: made when missing, used when there, never changed silently.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes;
use crate::compose::{Stack, network_hash, volume_hash};
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::labels;
use crate::observed::{Container, Network, Observed};
use crate::shell::ShellCommand;

use super::reason::Reason;
use super::step::{Action, Plan, StepId, target_of};

/// What the plan does about networks.
#[derive(Debug, Default)]
pub(super) struct Networks {
    /// The steps that make them, by key.
    pub made: BTreeMap<String, StepId>,
    /// The steps after which a container that was taken off one is on it again, by container id. It was stopped for that.
    pub joined: BTreeMap<ContainerId, Vec<StepId>>,
}

/// Adds a step for each missing network that services of `order` use, and those that replace one which the file wants
/// otherwise.
pub(super) fn plan_networks(
    plan: &mut Plan,
    stack: &Stack,
    observed: &Observed,
    order: &[ServiceName],
) -> Result<Networks, Failure> {
    let used = order.iter().flat_map(|name| stack.services[name].networks.keys());
    let unused = stack.networks.keys().filter(|_| stack.all_resources);
    let used: BTreeSet<&String> = used.chain(unused).collect();
    let named = observed.networks.iter().map(|network| (network.name.as_str(), network));
    let named: BTreeMap<&str, _> = named.collect();
    let mut networks = Networks::default();
    for key in used {
        let Some(network) = stack.networks.get(key) else {
            continue;
        };
        let there = named.get(network.name.as_str());
        match (there, network.external) {
            (Some(_), true) => {}
            (None, true) => {
                return Err(Failure::failed(format!("network {} doesn't exist", network.name))
                    .because(format!(
                        "{key} is external in the Compose file, so magicctl doesn't create it"
                    ))
                    .hint(format!(
                        "create it{} or remove `external: true`",
                        ShellCommand::aside(ShellCommand::of("docker network create").operand(&network.name))
                    )));
            }
            (Some(there), false) => {
                if there.labels.get(labels::PROJECT) != Some(&stack.name) {
                    return Err(Failure::failed(format!(
                        "network {} exists, but belongs to another project",
                        network.name
                    ))
                    .because(owner(there.labels.get(labels::PROJECT)))
                    .hint(format!(
                        "to share it, set `external: true` under networks.{key}; otherwise give it another `name:`"
                    )));
                }
                let hash = there.labels.get(labels::CONFIG_HASH);
                if hash.is_some_and(|hash| *hash != network_hash(network)) {
                    refuse_guests(stack, observed, key, there)?;
                    make_anew(plan, stack, observed, key, there, &mut networks);
                }
            }
            (None, false) => {
                let action = Action::CreateNetwork {
                    key: key.clone(),
                    name: network.name.clone(),
                };
                let step = plan.push(None, action, Reason::Missing, Vec::new());
                networks.made.insert(key.clone(), step);
            }
        }
    }
    Ok(networks)
}

/// A network that others are connected to can't be removed. That is seen before the project's own containers are stopped for it.
fn refuse_guests(stack: &Stack, observed: &Observed, key: &str, network: &Network) -> Result<(), Failure> {
    let is_guest = |container: &&Container| {
        let joined = container.networks.get(&network.name);
        let is_on_it = joined.is_some_and(|id| *id == network.id) && container.has_process();
        is_on_it && container.project() != Some(&stack.name)
    };
    let Some(guest) = observed.containers.iter().find(is_guest) else {
        return Ok(());
    };
    let (network, guest) = (&network.name, &guest.name);
    let mut failure = Failure::failed(format!(
        "network {network} can't be replaced: container {guest} is connected to it"
    ))
    .coded(&codes::IN_USE)
    .because(format!(
        "networks.{key} differs from the existing network, which has to be removed to change it; {guest} is not \
         part of this project, so magicctl doesn't disconnect it"
    ))
    .hint("disconnect that container, then run the command again");
    let disconnect = ShellCommand::of("docker network disconnect").operand(network);
    failure
        .run
        .extend(disconnect.and_then(|disconnect| disconnect.operand(guest)));
    Err(failure)
}

/// A network can't be changed: its containers are stopped and taken off it, and join the one that takes its place.
fn make_anew(
    plan: &mut Plan,
    stack: &Stack,
    observed: &Observed,
    key: &str,
    network: &Network,
    networks: &mut Networks,
) {
    let reason = || Reason::NetworkDiffers(key.to_owned());
    let on_it: Vec<&Container> = observed
        .of_project(&stack.name)
        .filter(|container| container.networks.contains_key(&network.name))
        .collect();
    let mut left = Vec::new();
    for container in &on_it {
        let stop = Action::StopContainer {
            container: target_of(container),
            timeout: None,
        };
        let stopped = plan.push(container.service(), stop, reason(), Vec::new());
        let leave = Action::DisconnectNetwork {
            container: target_of(container),
            network: network.name.clone(),
        };
        left.push(plan.push(container.service(), leave, reason(), vec![stopped]));
    }
    let remove = Action::RemoveNetwork {
        id: network.id.clone(),
        name: network.name.clone(),
    };
    let removed = plan.push(None, remove, reason(), left);
    let create = Action::CreateNetwork {
        key: key.to_owned(),
        name: network.name.clone(),
    };
    let made = plan.push(None, create, reason(), vec![removed]);
    networks.made.insert(key.to_owned(), made);
    let still_on_it = |container: &&&Container| {
        let service = container.service().and_then(|service| stack.services.get(service));
        service.is_some_and(|service| service.networks.contains_key(key))
    };
    for container in on_it.iter().filter(still_on_it) {
        let join = Action::ConnectNetwork {
            container: target_of(container),
            number: container.number(),
            key: key.to_owned(),
            network: network.name.clone(),
        };
        let step = plan.push(container.service(), join, reason(), vec![made]);
        networks.joined.entry(container.id.clone()).or_default().push(step);
    }
}

/// Adds a step for each missing named volume that services of `order` use; gives the steps by volume key.
pub(super) fn plan_volumes(
    plan: &mut Plan,
    stack: &Stack,
    observed: &Observed,
    order: &[ServiceName],
) -> Result<BTreeMap<String, StepId>, Failure> {
    let used: BTreeSet<&String> = order
        .iter()
        .flat_map(|name| &stack.services[name].volumes)
        .filter_map(|mount| mount.source.as_ref())
        .filter(|source| stack.volumes.contains_key(*source))
        .chain(stack.volumes.keys().filter(|_| stack.all_resources))
        .collect();
    let named = observed.volumes.iter().map(|volume| (volume.name.as_str(), volume));
    let named: BTreeMap<&str, _> = named.collect();
    let mut steps = BTreeMap::new();
    for key in used {
        let volume = &stack.volumes[key];
        let there = named.get(volume.name.as_str());
        match (there, volume.external) {
            (Some(_), true) => {}
            (None, true) => {
                return Err(Failure::failed(format!("volume {} doesn't exist", volume.name))
                    .because(format!(
                        "{key} is external in the Compose file, so magicctl doesn't create it"
                    ))
                    .hint(format!(
                        "create it{} or remove `external: true`",
                        ShellCommand::aside(ShellCommand::of("docker volume create").operand(&volume.name))
                    )));
            }
            (Some(there), false) => {
                let project = there.labels.get(labels::PROJECT);
                if project != Some(&stack.name) {
                    plan.notes.push(format!(
                        "volume {} already exists ({}) and is used unchanged",
                        volume.name,
                        owner(project)
                    ));
                }
                let hash = there.labels.get(labels::CONFIG_HASH);
                if hash.is_some_and(|hash| *hash != volume_hash(volume)) {
                    let remove = ShellCommand::of("docker volume rm").operand(&volume.name);
                    let remove =
                        remove.map(|remove| format!(" (to replace it anyway: `{remove}` after `magicctl down`)"));
                    plan.notes.push(format!(
                        "volume {} differs from the Compose file; it is kept, because replacing it would delete its data{}",
                        volume.name,
                        remove.unwrap_or_default()
                    ));
                }
            }
            (None, false) => {
                let action = Action::CreateVolume {
                    key: key.clone(),
                    name: volume.name.clone(),
                };
                steps.insert(key.clone(), plan.push(None, action, Reason::Missing, Vec::new()));
            }
        }
    }
    Ok(steps)
}

fn owner(project: Option<&String>) -> String {
    match project {
        Some(project) => format!("it belongs to project {project}"),
        None => "it was created by hand, outside any project".to_owned(),
    }
}
