//! `down`: stops dependents before dependencies, removes containers and networks; volumes stay unless asked for.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use crate::compose::Stack;
use crate::event::Event;
use crate::ids::{ContainerId, ServiceName};
use crate::observed::Observed;
use crate::plan::{self, Action, DownOptions, InFile, Plan, Which};

use super::Ended;
use super::plan_run::PlanRun;
use super::session::Session;

/// `down`.
#[derive(Debug, Clone, Args)]
pub struct DownArgs {
    /// Only these services and their dependents; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// Also remove the project's volumes and their data
    #[arg(short, long)]
    pub volumes: bool,
    /// Also remove images: those built for the project (local), or all that its services use
    #[arg(long, value_enum, value_name = "WHICH")]
    pub rmi: Option<Rmi>,
    /// Accepted for compatibility; orphans are always removed and reported
    #[arg(long)]
    pub remove_orphans: bool,
    /// How long a container may take to stop before it is killed (10s) [default: its own grace period]
    #[arg(short, long, value_name = "DURATION", value_parser = super::duration::parse_grace, allow_negative_numbers = true)]
    pub timeout: Option<std::time::Duration>,
}

impl DownArgs {
    /// As `down` without a flag.
    pub(super) fn of_everything() -> Self {
        Self {
            services: Vec::new(),
            volumes: false,
            rmi: None,
            remove_orphans: true,
            timeout: None,
        }
    }
}

/// `down --rmi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rmi {
    /// Images built for the project.
    Local,
    /// All images that its services use.
    All,
}

pub(crate) async fn run(session: &Session, args: &DownArgs) -> Ended {
    let (project, stack) = session.project_with(&args.services)?;
    let engine = session.engine().await?;
    let _lock = super::lock::take(session, &project).await?;
    let observed = engine.observe().await?;
    if let Some(stack) = &stack {
        stack.select(&args.services, false)?;
    }
    let options = DownOptions {
        services: args.services.iter().cloned().collect(),
        images: args.rmi.map(|which| match which {
            Rmi::Local => plan::Images::Local,
            Rmi::All => plan::Images::All,
        }),
        named_images: stack
            .iter()
            .flat_map(|stack| stack.services.values())
            .filter(|service| args.services.is_empty() || args.services.contains(&service.name))
            .filter_map(|service| service.image.clone())
            .collect(),
        volumes: args.volumes,
        timeout: super::lifecycle::seconds(args.timeout),
        file: stack.as_ref().map(|stack| in_file(stack, &args.services)),
        inactive: stack.iter().flat_map(|stack| stack.disabled.keys()).cloned().collect(),
    };
    let plan = plan::down(&project, &observed, &options);
    let plan_run = PlanRun::new(session, &engine, "down", &project, stack.as_ref());
    if let Some(text) = going(&plan, &observed) {
        plan_run.emit(&Event::Warning { text });
    }
    let of_project = observed.of_project(&project);
    let orphans = of_project.filter(|container| options.is_orphan(container));
    let orphans: BTreeSet<&ContainerId> = orphans.map(|container| &container.id).collect();
    for step in plan.steps() {
        if let Action::RemoveContainer { container, .. } = &step.action
            && matches!(&container.which, Which::Id(id) if orphans.contains(id))
        {
            plan_run.emit(&Event::Note {
                text: format!("{} is removed too: it is no longer in the Compose file", container.name),
            });
        }
    }
    let services = observed
        .of_project(&project)
        .filter_map(|container| container.service())
        .map(ToOwned::to_owned)
        .collect::<BTreeSet<_>>();
    plan_run.run(&plan, services.into_iter().collect()).await?;
    plan_run.finish(&BTreeSet::new(), Vec::new()).await
}

/// What the file names of `asked` services, of all when there are none.
fn in_file(stack: &Stack, asked: &[ServiceName]) -> InFile {
    let names_all = asked.is_empty();
    let services = stack.services.values().filter(|service| asked.contains(&service.name));
    let mounted: BTreeSet<&String> = services
        .flat_map(|service| &service.volumes)
        .filter_map(|mount| mount.source.as_ref())
        .collect();
    let volumes = stack.volumes.iter();
    InFile {
        services: stack.services.keys().chain(stack.disabled.keys()).cloned().collect(),
        volumes: volumes
            .filter(|(key, volume)| !volume.external && (names_all || mounted.contains(key)))
            .map(|(_, volume)| volume.name.clone())
            .collect(),
    }
}

/// Which volumes go, before they go.
fn going(plan: &Plan, observed: &Observed) -> Option<String> {
    let volumes: Vec<&str> = plan
        .steps()
        .iter()
        .filter_map(|step| match &step.action {
            Action::RemoveVolume { name } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let is_anonymous = |name: &str| {
        let mut all = observed
            .containers
            .iter()
            .flat_map(|container| &container.anonymous_volumes);
        all.any(|volume| volume == name)
    };
    let (anonymous, mut named): (Vec<&str>, Vec<&str>) = volumes.into_iter().partition(|name| is_anonymous(name));
    let count = format!("{} anonymous", anonymous.len());
    if !anonymous.is_empty() {
        named.push(&count);
    }
    (!named.is_empty()).then(|| {
        format!(
            "--volumes: these volumes and their data are deleted: {}",
            named.join(", ")
        )
    })
}
