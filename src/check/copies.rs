//! Another copy of the project: it holds names and ports one by one, and that is one fact.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes;
use crate::labels;
use crate::observed::Container;
use crate::shell::ShellCommand;

use super::finding::Finding;

/// More names, and more ports, are only counted.
const MOST_NAMED: usize = 10;

/// What a container of another Compose project holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldByProject {
    project: String,
    /// Where that project lies.
    folder: Option<String>,
    thing: Thing,
}

/// Of which there is one on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    /// A container's name.
    Name(String),
    /// A host port.
    Port(u16),
}

impl HeldByProject {
    /// `None` when `container` is of no Compose project.
    pub(super) fn by(container: &Container, thing: Thing) -> Option<Self> {
        Some(Self {
            project: container.project()?.to_owned(),
            folder: container.labels.get(labels::WORKING_DIR).cloned(),
            thing,
        })
    }
}

/// Makes one finding, in the place of the first, of those that blame the same project.
pub(super) fn together(findings: Vec<Finding>) -> Vec<Finding> {
    let mut of_project: BTreeMap<String, Vec<HeldByProject>> = BTreeMap::new();
    for held in findings.iter().filter_map(|finding| finding.held.as_ref()) {
        of_project.entry(held.project.clone()).or_default().push(held.clone());
    }
    of_project.retain(|_, held| held.len() > 1);
    let mut kept = Vec::new();
    for finding in findings {
        let project = finding.held.as_ref().map(|held| held.project.clone());
        match project.and_then(|project| of_project.get_mut(&project)) {
            None => kept.push(finding),
            // Told with the first.
            Some(held) if held.is_empty() => {}
            Some(held) => kept.extend(one(&std::mem::take(held))),
        }
    }
    kept
}

/// The first of `all`, and how many more there are.
fn listed(all: &[String]) -> String {
    let shown = all[..all.len().min(MOST_NAMED)].join(", ");
    match all.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn one(held: &[HeldByProject]) -> Option<Finding> {
    let first = held.first()?;
    let mut names = BTreeSet::new();
    let mut ports = BTreeSet::new();
    for held in held {
        match &held.thing {
            Thing::Name(name) => names.insert(name.clone()),
            Thing::Port(port) => ports.insert(*port),
        };
    }
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let names: Vec<String> = names.into_iter().collect();
    let things: Vec<String> = [("container name", names), ("port", ports)]
        .into_iter()
        .filter(|(_, all)| !all.is_empty())
        .map(|(word, all)| format!("{word}{} {}", if all.len() > 1 { "s" } else { "" }, listed(&all)))
        .collect();
    let project = &first.project;
    let folder = first.folder.as_ref();
    let from = folder.map_or_else(String::new, |folder| format!(" (from {folder})"));
    let down = ShellCommand::of("magicctl -p").value(project);
    let down = ShellCommand::aside(down.map(|down| down.syntax("down")));
    let finding = Finding::new(
        &codes::ANOTHER_COPY,
        format!("project {project} uses names or ports that this project needs: {}", things.join("; ")),
    )
    .because(format!(
        "{project}{from} is on this engine, probably another copy of this project; each name and port can be used only once"
    ))
    .fix(format!(
        "stop that project{down}, or give this one other names and ports: CONTAINER_PREFIX and the ports' \
         variables in .env, or container_name and ports in the Compose file"
    ));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(project: &str, thing: Thing) -> Finding {
        let held = HeldByProject {
            project: project.to_owned(),
            folder: None,
            thing,
        };
        Finding::new(&codes::NAME_TAKEN, format!("{held:?}")).held_by(Some(held))
    }

    #[test]
    fn what_one_project_holds_is_one_finding_and_the_rest_stays_as_it_is() {
        let name = |name: &str| Thing::Name(name.to_owned());
        let findings = vec![
            held("copy", Thing::Port(8001)),
            held("other", Thing::Port(1)),
            held("copy", Thing::Port(9092)),
            Finding::new(&codes::PORT_TAKEN, "nginx"),
            held("copy", name("kafka")),
        ];
        let what = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.what).collect::<Vec<_>>();
        let alone = what(vec![findings[1].clone()]);
        assert_eq!(
            what(together(findings)),
            [
                "project copy uses names or ports that this project needs: container name kafka; ports 8001, 9092",
                alone[0].as_str(),
                "nginx",
            ]
        );
    }

    #[test]
    fn of_very_many_the_first_are_named() {
        let findings = (1..=100).map(|port| held("copy", Thing::Port(port))).collect();
        let one = together(findings);
        assert_eq!(one.len(), 1);
        assert!(
            one[0].what.ends_with("ports 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 90 more"),
            "{}",
            one[0].what
        );
    }
}
