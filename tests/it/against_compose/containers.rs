//! What is brought up from one and the same file: every field of containers that run, networks and volumes, as the engine tells
//! them. `make test` does a third; with `EVERY_CASE=1` in the environment it is all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use crate::support::own_engine::OwnEngine;
use crate::support::share::{every_case, share};
use crate::support::{LIGHT_IMAGE, Project};

use super::fields::{differences, fields};
use super::files::FILES;

/// How many files at once.
const AT_ONCE: usize = 3;

/// A field that differs, in which file (all when empty), and why that is as it should be.
const ACCEPTED: &[(&str, &str, &str)] = &[
    ("shared", ".VolumesFrom", "Compose forgets the `:ro` of `volumes_from`"),
    ("shared", ".Mounts[0].RW", "Compose forgets the `:ro` of `volumes_from`"),
];

#[test]
fn the_same_file_makes_the_same_containers() {
    let Some(engine) = OwnEngine::start() else {
        return;
    };
    engine.load(LIGHT_IMAGE);
    let files: Vec<_> = FILES.iter().step_by(if every_case() { 1 } else { 3 }).collect();
    let different = Mutex::new(BTreeMap::new());
    share(
        AT_ONCE,
        |_| (),
        &files,
        |(), (name, service, rest)| {
            let told = of_both(&engine, name, service, rest);
            if !told.is_empty() {
                different.lock().expect("a lock").insert((*name).to_owned(), told);
            }
        },
    );
    let different = different.into_inner().expect("a lock");
    let mut text = String::new();
    for (name, told) in &different {
        writeln!(text, "{name}:\n{told}").expect("a String");
    }
    assert!(
        different.is_empty(),
        "{} of {} files:\n{text}",
        different.len(),
        files.len()
    );
}

/// What differs, a line each.
fn of_both(engine: &OwnEngine, name: &str, service: &str, rest: &str) -> String {
    let made = |who: &str| {
        let mut project = Project::empty(&format!("{name}-{who}"));
        project.on(engine);
        let indented: String = service.lines().flat_map(|line| ["    ", line, "\n"]).collect();
        let text = format!(
            "services:\n  app:\n    image: {LIGHT_IMAGE}\n{indented}  db:\n    image: {LIGHT_IMAGE}\n    \
             volumes: ['/data']\n    ipc: shareable\n    healthcheck: {{test: [CMD, 'true']}}\n{rest}\n"
        );
        project.write("docker-compose.yml", &text.replace("PROJECT", &project.name));
        project.write("here/x", "x\n");
        project
    };
    let mut states = Vec::new();
    for who in ["c", "m"] {
        // One after the other: fixed addresses and ports can be had once.
        let project = made(who);
        let done = if who == "c" {
            project.compose(&["create"])
        } else {
            project.magicctl(&["create"])
        };
        if done.code != 0 {
            return format!("  {who} failed: {}\n", done.all());
        }
        states.push(fields(&project));
    }
    let [theirs, ours] = &states[..] else {
        unreachable!("two")
    };
    differences(theirs, ours, |field| {
        ACCEPTED
            .iter()
            .any(|(file, end, _)| (file.is_empty() || *file == name) && field.ends_with(end))
    })
}
