//! Volumes and networks that are somebody else's, or should be and are not.

use crate::check::Finding;
use crate::check::project::Project;
use crate::check::there::There;
use crate::codes;
use crate::compose::MountKind;
use crate::labels;
use crate::shell::ShellCommand;

pub(in crate::check) fn look(project: &Project, there: &There) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mounter = |key: &String| {
        project.services().find(|service| {
            let mut mounts = service.volumes.iter().filter(|mount| mount.kind == MountKind::Volume);
            mounts.any(|mount| mount.source.as_ref() == Some(key))
        })
    };
    for (key, volume) in &stack.volumes {
        let Some(user) = mounter(key) else { continue };
        let found = there.observed.volumes.iter().find(|found| found.name == volume.name);
        match found {
            None if volume.external => findings.push(
                Finding::new(
                    &codes::EXTERNAL_MISSING,
                    format!(
                        "{} uses the external volume {}, which is not there",
                        user.name, volume.name
                    ),
                )
                .fix(format!(
                    "{}, or take `external: true` out",
                    ShellCommand::or(
                        ShellCommand::of("docker volume create").operand(&volume.name),
                        "make it"
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
    for (key, network) in &stack.networks {
        let user = project.services().find(|service| service.networks.contains_key(key));
        let is_there = there
            .observed
            .networks
            .iter()
            .any(|found| found.name == network.name || found.id == network.name);
        if let (Some(user), true, false) = (user, network.external, is_there) {
            findings.push(
                Finding::new(
                    &codes::EXTERNAL_MISSING,
                    format!(
                        "{} joins the external network {}, which is not there",
                        user.name, network.name
                    ),
                )
                .fix(format!(
                    "{}, or take `external: true` out",
                    ShellCommand::or(
                        ShellCommand::of("docker network create").operand(&network.name),
                        "make it"
                    )
                )),
            );
        }
    }
    findings
}
