//! A plan as people read it: a container that is created, replaced or removed is one row, however many steps that takes.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::ServiceName;

use super::step::{Action, Plan, Which};

/// What happens to one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The service that it is for; none for networks, volumes and what belongs to no service.
    pub service: Option<ServiceName>,
    /// What is done.
    pub verb: &'static str,
    /// To what kind of thing.
    pub noun: &'static str,
    /// Its name.
    pub target: String,
    /// Why.
    pub reason: String,
}

/// The rows of `plan`, in its order. What creates a container says all of it: that it is started and waited for then goes
/// without saying.
pub fn rows(plan: &Plan) -> Vec<Row> {
    let removed: BTreeSet<&str> = plan.steps().iter().filter_map(|step| removes(&step.action)).collect();
    let created = created(plan);
    let names: BTreeSet<&str> = created.values().copied().collect();
    let mut rows = Vec::new();
    for (id, step) in plan.iter() {
        let mut target = step.action.target();
        let (verb, noun) = match &step.action {
            Action::Await { .. } => continue,
            Action::CreateContainer { .. } => {
                target = created.get(&id.index()).copied().unwrap_or(target);
                let verb = if removed.contains(target) { "replace" } else { "create" };
                (verb, "container")
            }
            action if is_of_container(action) && names.contains(target) => continue,
            Action::StopContainer { .. } if removed.contains(target) => continue,
            action => action.words(),
        };
        rows.push(Row {
            service: step.service.clone(),
            verb,
            noun,
            target: target.to_owned(),
            reason: step.reason.to_string(),
        });
    }
    rows
}

/// How many things of which kind: `replace 1 container, pull 2 images`.
pub fn total(rows: &[Row]) -> String {
    let mut counts: Vec<((&str, &str), usize)> = Vec::new();
    for row in rows {
        let what = (row.verb, row.noun);
        match counts.iter_mut().find(|(counted, _)| *counted == what) {
            Some((_, count)) => *count += 1,
            None => counts.push((what, 1)),
        }
    }
    let part = |((verb, noun), count): &((&str, &str), usize)| {
        let s = if *count == 1 { "" } else { "s" };
        format!("{verb} {count} {noun}{s}")
    };
    counts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn removes(action: &Action) -> Option<&str> {
    match action {
        Action::RemoveContainer { container, .. } => Some(&container.name),
        _ => None,
    }
}

/// By the steps that create a container, the name that it has in the end.
fn created(plan: &Plan) -> BTreeMap<usize, &str> {
    let mut names = BTreeMap::new();
    for (id, step) in plan.iter() {
        match &step.action {
            Action::CreateContainer { name, .. } => {
                names.insert(id.index(), name.as_str());
            }
            Action::RenameContainer { container, name } => {
                if let Which::MadeBy(creates) = container.which {
                    names.insert(creates.index(), name);
                }
            }
            _ => {}
        }
    }
    names
}

/// Whether its target is a container.
fn is_of_container(action: &Action) -> bool {
    matches!(
        action,
        Action::RenameContainer { .. }
            | Action::StartContainer { .. }
            | Action::StopContainer { .. }
            | Action::RemoveContainer { .. }
            | Action::DisconnectNetwork { .. }
            | Action::ConnectNetwork { .. }
    )
}
