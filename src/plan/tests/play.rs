//! What the steps of a plan make of an engine, when all goes well.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::ids::NetworkName;

/// No id is given twice.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// What the steps of `plan` make of `observed`, when all goes well; `made` holds ids of containers that steps made.
#[expect(clippy::too_many_lines, reason = "one arm an action")]
pub(super) fn play(stack: &Stack, plan: &Plan, observed: &mut Observed) {
    let mut made: BTreeMap<StepId, ContainerId> = BTreeMap::new();
    let find = |made: &BTreeMap<StepId, ContainerId>, target: &Target| match &target.which {
        Which::Id(id) => id.clone(),
        Which::MadeBy(step) => made[step].clone(),
    };
    for (id, step) in plan.iter() {
        let mut set = |made: &BTreeMap<StepId, ContainerId>, target: &Target, state: State| {
            let wanted = find(made, target);
            let container = observed.containers.iter_mut().find(|container| container.id == wanted);
            container.expect("a step is about a container that is there").state = state;
        };
        let running = State::Running {
            health: Health::Healthy,
        };
        match &step.action {
            Action::StartContainer { container } => {
                set(&made, container, running);
                join(observed, &find(&made, container));
            }
            Action::UnpauseContainer { container } | Action::RestartContainer { container, .. } => {
                set(&made, container, running);
            }
            Action::StopContainer { container, .. } => set(&made, container, State::Exited { code: 143 }),
            Action::Await { container, .. } => set(&made, container, running),
            Action::CreateContainer {
                name, labels, shares, ..
            } => {
                let service = &stack.services[step.service.as_ref().unwrap()];
                assert!(
                    observed.containers.iter().all(|container| container.name != *name),
                    "{name} is taken"
                );
                let mut labels = labels.clone();
                let shared: Vec<String> = shares
                    .iter()
                    .map(|(other, target)| format!("{other}={}", find(&made, target)))
                    .collect();
                if !shared.is_empty() {
                    labels.insert(labels::SHARES.to_owned(), shared.join(","));
                }
                let networks: BTreeSet<&NetworkName> = (service.networks.keys())
                    .filter_map(|key| Some(&stack.networks.get(key)?.name))
                    .collect();
                if networks.len() > 1 {
                    let is_there = |name: &&NetworkName| observed.networks.iter().any(|network| network.name == **name);
                    assert!(networks.iter().all(is_there), "{networks:?}");
                }
                let container = Container {
                    id: ContainerId::new(format!("{:012}", NEXT.fetch_add(1, Ordering::Relaxed))),
                    name: name.clone(),
                    image_id: observed.image_id(&service.image_ref("p")).unwrap().to_owned(),
                    service: step.service.clone(),
                    labels,
                    // Until its first start it has only the names.
                    networks: (networks.into_iter())
                        .map(|name| (name.clone(), String::new()))
                        .collect(),
                    network_of: (service.network_mode.as_deref())
                        .and_then(|mode| Some(find(&made, &shares[mode.strip_prefix("service:")?]))),
                    volumes: service
                        .volumes
                        .iter()
                        .filter_map(|mount| stack.volumes.get(mount.source.as_ref()?))
                        .map(|volume| volume.name.clone())
                        .collect(),
                    ..Container::bare("", "", State::Created)
                };
                made.insert(id, container.id.clone());
                observed.containers.push(container);
            }
            Action::RemoveContainer { container, .. } => {
                let wanted = find(&made, container);
                observed.containers.retain(|container| container.id != wanted);
            }
            Action::RenameContainer { container, name } => {
                assert!(
                    observed.containers.iter().all(|container| container.name != *name),
                    "{name} is taken"
                );
                let wanted = find(&made, container);
                observed
                    .containers
                    .iter_mut()
                    .find(|container| container.id == wanted)
                    .unwrap()
                    .name
                    .clone_from(name);
            }
            Action::CreateNetwork { name, key } => {
                let mut labels = ours();
                labels.insert(labels::CONFIG_HASH.to_owned(), network_hash(&stack.networks[key]));
                let id = format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
                observed.networks.push(Network {
                    id,
                    name: name.clone(),
                    labels,
                });
            }
            Action::CreateVolume { name, .. } => observed.volumes.push(Volume {
                name: name.clone(),
                driver: String::new(),
                mountpoint: String::new(),
                scope: String::new(),
                labels: ours(),
            }),
            Action::RemoveNetwork { name, .. } => {
                let on_it = |container: &Container| container.has_process() && container.networks.contains_key(name);
                assert!(!observed.containers.iter().any(on_it), "{name} is in use");
                observed.networks.retain(|network| network.name != *name);
            }
            Action::RemoveImage { image } => observed.images.retain(|name, _| name != image),
            Action::KillContainer { container, .. } => set(&made, container, State::Exited { code: 137 }),
            Action::PauseContainer { container } => set(&made, container, State::Paused),
            Action::PushImage { .. } => {}
            Action::DisconnectNetwork { container, network } => {
                let wanted = find(&made, container);
                let off = observed.containers.iter_mut().find(|container| container.id == wanted);
                off.expect("it is there").networks.remove(network);
            }
            Action::ConnectNetwork { container, network, .. } => {
                let wanted = find(&made, container);
                let on = observed.containers.iter_mut().find(|container| container.id == wanted);
                let id = observed.networks.iter().find(|there| there.name == *network);
                let id = id.expect("a network to join exists").id.clone();
                on.expect("it is there").networks.insert(network.clone(), id);
            }
            Action::RemoveVolume { name } => observed.volumes.retain(|volume| volume.name != *name),
            Action::BuildImage { image, .. } | Action::PullImage { image, .. } => {
                observed
                    .images
                    .insert(format!("{image}:latest"), format!("sha256:new-{image}"));
            }
        }
    }
}

/// A container that starts joins the networks that are called as it says, and the namespaces of the very containers.
fn join(observed: &mut Observed, id: &ContainerId) {
    let there: BTreeMap<NetworkName, String> = (observed.networks.iter())
        .map(|network| (network.name.clone(), network.id.clone()))
        .collect();
    let ids: BTreeSet<ContainerId> = (observed.containers.iter())
        .map(|container| container.id.clone())
        .collect();
    let container = observed.containers.iter_mut().find(|container| container.id == *id);
    let container = container.expect("it is there");
    for (name, joined) in &mut container.networks {
        let now = there.get(name).unwrap_or_else(|| panic!("network {name} is gone"));
        assert!(joined.is_empty() || joined == now, "its network {name} is gone");
        joined.clone_from(now);
    }
    assert!(
        container.network_of.iter().all(|of| ids.contains(of)),
        "it lives in a container that is gone"
    );
}
