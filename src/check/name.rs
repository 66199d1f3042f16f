//! Container names that somebody else has.

use crate::codes;
use crate::plan;

use super::Finding;
use super::project::Project;
use super::there::There;

/// Names of the services in question that belong to another project's container, or to one made by hand.
pub(super) fn taken(project: &Project, there: &There) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for service in project.services() {
        for number in 1..=service.replicas() {
            let name = service.container_name(&stack.name, number);
            let stranger = there.observed.containers.iter().find(|container| {
                container.name == name
                    && (container.project() != Some(&stack.name) || container.service() != Some(&service.name))
            });
            if let Some(container) = stranger {
                let failure = plan::name_taken(stack, &service.name, container);
                findings.push(Finding::of(&codes::NAME_TAKEN, &failure));
            }
        }
    }
    findings
}
