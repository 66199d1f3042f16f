//! Networks and volumes: made when missing, used when there, never changed behind the user's back.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::Stack;
use crate::failure::Failure;
use crate::labels;
use crate::observed::Observed;

use super::step::{Action, Plan, StepId};

/// Adds a step for each missing network that services of `order` use; gives the steps by network key.
pub(super) fn plan_networks(
    plan: &mut Plan,
    stack: &Stack,
    observed: &Observed,
    order: &[String],
) -> Result<BTreeMap<String, StepId>, Failure> {
    let used: BTreeSet<&String> = order
        .iter()
        .flat_map(|name| stack.services[name].networks.keys())
        .collect();
    let named = observed.networks.iter().map(|network| (network.name.as_str(), network));
    let named: BTreeMap<&str, _> = named.collect();
    let mut steps = BTreeMap::new();
    for key in used {
        let Some(network) = stack.networks.get(key) else {
            continue;
        };
        let there = named.get(network.name.as_str());
        match (there, network.external) {
            (Some(_), true) => {}
            (None, true) => {
                return Err(Failure::failed(format!("network {} is not there", network.name))
                    .because(format!(
                        "the file says that {key} is external, so magicctl doesn't make it"
                    ))
                    .hint(format!(
                        "make it (`docker network create {}`) or take `external: true` out",
                        network.name
                    )));
            }
            (Some(there), false) => {
                if there.labels.get(labels::PROJECT) != Some(&stack.name) {
                    return Err(
                        Failure::failed(format!("network {} exists and is not this project's", network.name))
                            .because(owner(there.labels.get(labels::PROJECT)))
                            .hint(format!(
                                "to share it say `external: true` under networks.{key}; else give it another `name:`"
                            )),
                    );
                }
            }
            (None, false) => {
                let action = Action::CreateNetwork {
                    key: key.clone(),
                    name: network.name.clone(),
                };
                steps.insert(key.clone(), plan.push(None, action, "it is not there", Vec::new()));
            }
        }
    }
    Ok(steps)
}

/// Adds a step for each missing named volume that services of `order` use; gives the steps by volume key.
pub(super) fn plan_volumes(
    plan: &mut Plan,
    stack: &Stack,
    observed: &Observed,
    order: &[String],
) -> Result<BTreeMap<String, StepId>, Failure> {
    let used: BTreeSet<&String> = order
        .iter()
        .flat_map(|name| &stack.services[name].volumes)
        .filter_map(|mount| mount.source.as_ref())
        .filter(|source| stack.volumes.contains_key(*source))
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
                return Err(Failure::failed(format!("volume {} is not there", volume.name))
                    .because(format!(
                        "the file says that {key} is external, so magicctl doesn't make it"
                    ))
                    .hint(format!(
                        "make it (`docker volume create {}`) or take `external: true` out",
                        volume.name
                    )));
            }
            (Some(there), false) => {
                let project = there.labels.get(labels::PROJECT);
                if project != Some(&stack.name) {
                    plan.notes.push(format!(
                        "volume {} was there before ({}): it is used as it is",
                        volume.name,
                        owner(project)
                    ));
                }
            }
            (None, false) => {
                let action = Action::CreateVolume {
                    key: key.clone(),
                    name: volume.name.clone(),
                };
                steps.insert(key.clone(), plan.push(None, action, "it is not there", Vec::new()));
            }
        }
    }
    Ok(steps)
}

fn owner(project: Option<&String>) -> String {
    match project {
        Some(project) => format!("it belongs to project {project}"),
        None => "it was made by hand, outside any project".to_owned(),
    }
}
