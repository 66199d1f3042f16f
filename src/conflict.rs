//! What a plan can't get around: somebody else holds what we need.

use crate::compose::Stack;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::observed::Container;
use crate::shell::ShellCommand;

/// Where a container's name comes from, and so how another is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The Compose file.
    File,
    /// `run --name`.
    Run,
}

/// The container name that `service` needs is held by `container`, which is not ours.
pub fn name_taken(stack: &Stack, service: &ServiceName, container: &Container, by: NamedBy) -> Failure {
    let name = &container.name;
    let owner = match (container.project(), container.service()) {
        (Some(project), Some(other)) => format!(
            "it belongs to service {other} of project {project} ({})",
            container.status
        ),
        _ => format!("it was created by hand from {} ({})", container.image, container.status),
    };
    let fix = if let Some(project) = container.project().filter(|project| *project != stack.name) {
        let down = ShellCommand::of("magicctl -p").value(project);
        let down = down.map(|down| down.syntax("down"));
        format!("stop that project{}", ShellCommand::aside(down))
    } else {
        let remove = ShellCommand::of("docker rm -f").operand(name);
        format!("remove it if you don't need it{}", ShellCommand::aside(remove))
    };
    // The rendered file puts this variable before each name.
    let prefixed = stack
        .interpolation
        .iter()
        .any(|variable| variable.name == "CONTAINER_PREFIX");
    let other = match by {
        NamedBy::Run => "choose another name with `--name`",
        NamedBy::File if prefixed => "set CONTAINER_PREFIX to give this stack's containers other names",
        NamedBy::File => "give the service another container_name",
    };
    Failure::failed(format!(
        "{service} can't be created: the container name {name} is already in use"
    ))
    .because(owner)
    .hint(format!("{fix}, or {other}"))
    .at(stack
        .places
        .services
        .get(service)
        .filter(|_| by == NamedBy::File)
        .cloned())
}
