//! Volumes and networks that are somebody else's, or should be and are not.

use std::collections::{HashMap, HashSet};

use crate::check::Finding;
use crate::check::engine_state::EngineState;
use crate::check::project::Project;
use crate::codes;
use crate::compose::{MountKind, Service};
use crate::labels;
use crate::shell::ShellCommand;

pub(in crate::check) fn look(project: &Project, there: &EngineState) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mut mounters: HashMap<&str, &Service> = HashMap::new();
    let mut members: HashMap<&str, &Service> = HashMap::new();
    for service in project.services() {
        for mount in service.volumes.iter().filter(|mount| mount.kind == MountKind::Volume) {
            if let Some(source) = &mount.source {
                mounters.entry(source).or_insert(service);
            }
        }
        for key in service.networks.keys() {
            members.entry(key).or_insert(service);
        }
    }
    let all = there.observed.volumes.iter().rev();
    let named: HashMap<&str, _> = all.map(|found| (found.name.as_str(), found)).collect();
    for (key, volume) in &stack.volumes {
        let Some(user) = mounters.get(key.as_str()) else {
            continue;
        };
        match named.get(volume.name.as_str()) {
            None if volume.external => findings.push(
                Finding::new(
                    &codes::EXTERNAL_MISSING,
                    format!(
                        "{} uses the external volume {}, which doesn't exist",
                        user.name, volume.name
                    ),
                )
                .fix(format!(
                    "{}, or remove `external: true`",
                    ShellCommand::or(
                        ShellCommand::of("docker volume create").operand(&volume.name),
                        "create it"
                    )
                )),
            ),
            Some(found) if !volume.external => {
                let owner = found.labels.get(labels::PROJECT).filter(|owner| **owner != stack.name);
                findings.extend(owner.map(|owner| {
                    let what = format!(
                        "{} mounts the volume {}, which belongs to project {owner}",
                        user.name, volume.name
                    );
                    Finding::new(&codes::VOLUME_OF_ANOTHER, what)
                }));
            }
            _ => {}
        }
    }
    let all = there.observed.networks.iter();
    let known: HashSet<&str> = all.flat_map(|found| [found.name.as_str(), found.id.as_str()]).collect();
    for (key, network) in &stack.networks {
        let user = members.get(key.as_str());
        let is_there = known.contains(network.name.as_str());
        if let (Some(user), true, false) = (user, network.external, is_there) {
            findings.push(
                Finding::new(
                    &codes::EXTERNAL_MISSING,
                    format!(
                        "{} joins the external network {}, which doesn't exist",
                        user.name, network.name
                    ),
                )
                .fix(format!(
                    "{}, or remove `external: true`",
                    ShellCommand::or(
                        ShellCommand::of("docker network create").operand(&network.name),
                        "create it"
                    )
                )),
            );
        }
    }
    findings
}
