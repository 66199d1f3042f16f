//! The labels of what we make: Compose's own, so that Compose sees our stack, and the drift record.

use std::collections::BTreeMap;

use crate::compose::{Condition, Service, Stack};
use crate::labels;
use crate::observed::Container;

use super::spec::Spec;

/// How the label says that a service has to end first.
const COMPLETED: &str = "service_completed_successfully";

/// All labels of container `number` of `service`: the file's, Compose's and ours.
pub fn of_container(
    stack: &Stack,
    service: &Service,
    number: u32,
    spec: &Spec,
    image_id: Option<&str>,
) -> BTreeMap<String, String> {
    let mut all = service.labels.clone();
    let mut put = |key: &str, value: String| {
        all.insert(key.to_owned(), value);
    };
    put(labels::PROJECT, stack.name.clone());
    put(labels::SERVICE, service.name.to_string());
    put(labels::CONTAINER_NUMBER, number.to_string());
    put(labels::ONEOFF, "False".to_owned());
    put(labels::CONFIG_HASH, service.config_hash.clone());
    put(labels::WORKING_DIR, stack.working_dir.to_string_lossy().into_owned());
    put(labels::CONFIG_FILES, joined(&stack.files));
    if stack.env_files_named {
        put(labels::ENVIRONMENT_FILE, joined(&stack.env_files));
    }
    put(labels::DEPENDS_ON, depends_on(service));
    put(labels::VERSION, labels::COMPOSE_VERSION.to_owned());
    put(labels::SPEC, serde_json::json!(spec).to_string());
    if let Some(id) = image_id {
        put(labels::IMAGE, id.to_owned());
    }
    all
}

/// All labels of a container of `run`. It has no number, and no drift record: nothing is held against it later.
pub fn of_one_off(
    stack: &Stack,
    service: &Service,
    slug: &str,
    spec: &Spec,
    image_id: Option<&str>,
) -> BTreeMap<String, String> {
    let mut all = of_container(stack, service, 0, spec, image_id);
    all.remove(labels::CONTAINER_NUMBER);
    all.remove(labels::SPEC);
    all.insert(labels::ONEOFF.to_owned(), "True".to_owned());
    all.insert(labels::SLUG.to_owned(), slug.to_owned());
    all
}

fn joined(paths: &[std::path::PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.to_string_lossy())
        .collect::<Vec<_>>()
        .join(",")
}

/// `kafka:service_healthy:false,redis:service_started:true`, as Compose writes it.
fn depends_on(service: &Service) -> String {
    service
        .depends_on
        .iter()
        .map(|(name, dependency)| {
            let condition = match dependency.condition {
                Condition::ServiceStarted => "service_started",
                Condition::ServiceHealthy => "service_healthy",
                Condition::ServiceCompletedSuccessfully => COMPLETED,
            };
            format!("{name}:{condition}:{}", dependency.restart)
        })
        .collect::<Vec<_>>()
        .join(",")
}

/// What a container's `depends_on` label says of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DependsOn<'l> {
    /// Which.
    pub name: &'l str,
    /// It has to end first, with 0.
    pub completed: bool,
    /// The container is to be restarted with it.
    pub restart: bool,
}

/// The `depends_on` label of `container`.
pub fn depends_on_of(container: &Container) -> impl Iterator<Item = DependsOn<'_>> + Clone {
    let label = container.labels.get(labels::DEPENDS_ON);
    let entries = label.into_iter().flat_map(|label| label.split(','));
    let parsed = entries.map(|entry| {
        let mut parts = entry.split(':');
        DependsOn {
            name: parts.next().unwrap_or_default(),
            completed: parts.next() == Some(COMPLETED),
            restart: parts.next() == Some("true"),
        }
    });
    parsed.filter(|entry| !entry.name.is_empty())
}
