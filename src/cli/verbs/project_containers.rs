//! The containers that a command is about, and what to say when there is none.

use std::collections::BTreeSet;

use crate::cli::session::Session;
use crate::compose::Stack;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::observed::{Container, Observed};
use crate::plan::Scope;
use crate::shell::ShellCommand;

/// The project and the containers that it has.
pub(crate) struct ProjectContainers {
    pub engine: Engine,
    pub name: String,
    pub stack: Option<Stack>,
    /// What a verb that changes something acts on.
    pub scope: Scope,
    /// One-off ones too, by service and number.
    pub containers: Vec<Container>,
}

impl ProjectContainers {
    /// Of the project in hand. `services` must be in the file, where there is one.
    pub(crate) async fn of(session: &Session, services: &[ServiceName]) -> Result<Self, Failure> {
        let (name, stack) = session.project_with(services)?;
        let scope = Scope::of(stack.as_ref(), services)?;
        let engine = session.engine().await?;
        let mut project = Self {
            engine,
            name,
            stack,
            scope,
            containers: Vec::new(),
        };
        project.look().await?;
        Ok(project)
    }

    /// Looks again.
    pub(crate) async fn look(&mut self) -> Result<(), Failure> {
        self.containers = self.engine.observe_containers(&self.name).await?;
        self.containers.sort_by(|a, b| {
            let key = |container: &Container| (container.service().map(ToOwned::to_owned), container.number());
            key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
        });
        Ok(())
    }

    /// Those of `services`, of all when empty, to be shown; never one-off ones.
    pub(crate) fn chosen(&self, services: &[ServiceName]) -> Vec<&Container> {
        let is_chosen = |container: &&Container| {
            let service = container.service();
            service.is_some_and(|service| services.is_empty() || services.iter().any(|name| name == service))
        };
        self.containers.iter().filter(is_chosen).collect()
    }

    /// The running ones of `services`.
    pub(crate) fn running(&self, services: &[ServiceName]) -> Vec<&Container> {
        let mut chosen = self.chosen(services);
        chosen.retain(|container| container.is_running());
        chosen
    }

    /// Each of `services` must have a container.
    pub(crate) fn require(&self, services: &[ServiceName]) -> Result<(), Failure> {
        let missing = services
            .iter()
            .find(|name| self.chosen(std::slice::from_ref(name)).is_empty());
        missing.map_or(Ok(()), |missing| Err(none_of(missing)))
    }

    /// The services that have a container which is acted on.
    pub(crate) fn acted_on(&self) -> BTreeSet<ServiceName> {
        let containers = self.containers.iter().filter(|container| self.scope.takes(container));
        let services = containers.filter_map(Container::service);
        services.map(ToOwned::to_owned).collect()
    }

    /// What it would be without a name.
    pub(crate) fn scope_of_all(&self) -> Scope {
        let services = |stack: &Stack| Scope::Services(stack.services.keys().cloned().collect());
        self.stack.as_ref().map_or(Scope::Everything, services)
    }

    /// That `command` has nothing to do, as a line; it is not a failure, so that a script may say `stop` twice.
    pub(crate) fn idle(&self, command: &str, services: &[ServiceName]) -> String {
        let whose = match services {
            [] => format!("project {}", self.name),
            services => services.join(", "),
        };
        format!("{command}: {whose} has no container to {command}")
    }

    /// Container `index` of `service`, the first when none is asked for.
    pub(crate) fn one(&self, service: &ServiceName, index: Option<u32>) -> Result<&Container, Failure> {
        let all: Vec<&Container> = self
            .containers
            .iter()
            .filter(|container| container.service() == Some(service))
            .collect();
        let Some(index) = index.filter(|index| *index > 0) else {
            // One that runs can be used; without any the first one says best what is wrong.
            let first = all.iter().find(|container| container.is_running()).or(all.first());
            return first.copied().ok_or_else(|| none_of(service));
        };
        all.iter()
            .find(|container| container.number() == index)
            .copied()
            .ok_or_else(|| {
                let numbers: Vec<String> = all.iter().map(|container| container.number().to_string()).collect();
                let failure = Failure::failed(format!("{service} has no container number {index}"));
                if numbers.is_empty() {
                    failure.hint(up(service, "creates one"))
                } else {
                    failure.hint(format!("its containers are {}", numbers.join(", ")))
                }
            })
    }

    /// The same, and it must run.
    pub(crate) fn one_running(&self, service: &ServiceName, index: Option<u32>) -> Result<&Container, Failure> {
        let container = self.one(service, index)?;
        if container.is_running() {
            return Ok(container);
        }
        Err(Failure::failed(format!("{service} is not running"))
            .because(format!("{} is {}", container.name, container.status))
            .hint(up(service, "starts it")))
    }

    /// The containers as plans look at them.
    pub(crate) fn observed(&self) -> Observed {
        Observed {
            containers: self.containers.clone(),
            ..Observed::default()
        }
    }
}

fn none_of(service: &ServiceName) -> Failure {
    Failure::failed(format!("{service} has no container")).hint(up(service, "creates it"))
}

/// What `magicctl up` does for `service`, as a hint.
pub(crate) fn up(service: &ServiceName, what: &str) -> String {
    let command = ShellCommand::of("magicctl up").operand(service);
    format!(
        "`{}` {what}",
        command.unwrap_or_else(|| ShellCommand::of("magicctl up"))
    )
}
