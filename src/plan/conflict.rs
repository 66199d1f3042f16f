//! What a plan can't get around: somebody else holds what we need.

use crate::failure::Failure;
use crate::observed::Container;

/// The container name that `service` needs is held by `container`, which is not ours.
pub fn name_taken(service: &str, container: &Container) -> Failure {
    let name = &container.name;
    let owner = match (container.project(), container.service()) {
        (Some(project), Some(other)) => format!("it is {other} of project {project} ({})", container.status),
        _ => format!("it was made by hand from {} ({})", container.image, container.status),
    };
    let fix = match container.project() {
        Some(project) => format!("stop that project (`magicctl -p {project} down`)"),
        None => format!("remove it if it is not needed (`docker rm -f {name}`)"),
    };
    Failure::failed(format!("{service} can't be made: the container name {name} is taken"))
        .because(owner)
        .hint(format!(
            "{fix}, or set CONTAINER_PREFIX to give this stack's containers other names"
        ))
}
