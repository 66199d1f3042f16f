//! Plans without an engine: what a plan does to what exists is played on plain values.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::{self, Stack, network_hash};
use crate::conflict::{NamedBy, name_taken};
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::labels;
use crate::observed::{Container, Health, Network, Observed, State, Volume};

use super::{
    Action, Contents, DownOptions, InFile, Plan, Scope, StepId, Target, UpOptions, Which, down, kill, pause, remove,
    restart, start, stop, up,
};

mod asked;
mod bounds;
mod changes;
mod converges;
mod downs;
mod image_names;
mod play;
mod refused;
mod rows;
mod several;
mod states;
mod verbs;

use play::play;

/// Reads `services` (YAML) of a project called `p`.
fn stack(services: &str) -> Stack {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), services).unwrap();
    std::fs::write(folder.path().join(".env"), "KEY=one\nOTHER_KEY=two\nGREET=hey\n").unwrap();
    let request = compose::Request {
        start_dir: folder.path().to_owned(),
        project_name: Some("p".to_owned()),
        ..compose::Request::default()
    };
    compose::load(&request).unwrap()
}

const CORE: &str = "services:\n  app:\n    build: .\n    depends_on: {kafka: {condition: service_healthy}, redis: {condition: service_healthy}}\n    \
    environment: {A: '1'}\n  kafka: {image: kafka, volumes: ['data:/data'], healthcheck: {test: [CMD, 'true']}}\n  \
    redis: {image: redis, healthcheck: {test: [CMD, 'true']}}\nvolumes: {data: }\n";

/// Images that are there, nothing else.
fn images() -> Observed {
    let images = [
        ("p-app:latest", "sha256:a"),
        ("kafka:latest", "sha256:k"),
        ("redis:latest", "sha256:r"),
    ];
    Observed {
        images: images
            .iter()
            .map(|(name, id)| ((*name).to_owned(), (*id).to_owned()))
            .collect(),
        ..Observed::default()
    }
}

fn options(stack: &Stack) -> UpOptions {
    UpOptions {
        services: stack.services.keys().cloned().collect(),
        ..UpOptions::default()
    }
}

fn planned(stack: &Stack, observed: &Observed) -> Plan {
    up(stack, observed, &Contents::new(), &options(stack)).unwrap()
}

fn scope(services: &[&str]) -> Scope {
    Scope::Services(services.iter().map(|name| ServiceName::new(*name)).collect())
}

/// The plan as text, without the ids of one run.
fn shown(plan: &Plan) -> String {
    let id = regex::Regex::new(r"\b[0-9]{12}").unwrap();
    id.replace_all(&plan.to_string(), "000000000000").into_owned()
}

/// `verb target <- needs` a step; what it comes after without needing it is in parentheses.
fn told(plan: &Plan) -> Vec<String> {
    let name = |id: &StepId| {
        let action = &plan.steps()[id.index()].action;
        format!("{} {}", action.verb(), action.target())
    };
    plan.iter()
        .map(|(id, step)| {
            let needs: Vec<String> = step.needs.iter().map(name).collect();
            let after: Vec<String> = step.after.iter().map(|id| format!("({})", name(id))).collect();
            let all = [needs, after].concat().join(", ");
            if all.is_empty() {
                name(&id)
            } else {
                format!("{} <- {all}", name(&id))
            }
        })
        .collect()
}

fn ours() -> BTreeMap<String, String> {
    BTreeMap::from([(labels::PROJECT.to_owned(), "p".to_owned())])
}

/// The core stack, up.
fn running() -> (Stack, Observed) {
    let stack = stack(CORE);
    let mut observed = images();
    let plan = planned(&stack, &observed);
    play(&stack, &plan, &mut observed);
    (stack, observed)
}

fn of<'o>(observed: &'o mut Observed, service: &str) -> &'o mut Container {
    let found = observed
        .containers
        .iter_mut()
        .find(|container| container.service().is_some_and(|name| *name == service));
    found.expect("it has a container")
}

/// Of all containers, sorted.
fn names(observed: &Observed) -> Vec<&str> {
    let mut names: Vec<&str> = observed
        .containers
        .iter()
        .map(|container| container.name.as_str())
        .collect();
    names.sort_unstable();
    names
}
