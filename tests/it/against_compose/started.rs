//! The files that were written from the specification alone, brought up and taken down: the state after each command. `make test`
//! does a few; with `EVERY_CASE=1` in the environment it is all of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use magicctl::compose::{self, Condition, Stack};
use magicctl::ids::ServiceName;

use crate::corpus::case::{Case, cases};
use crate::support::own_engine::OwnEngine;
use crate::support::share::{every_case, share};
use crate::support::{LIGHT_IMAGE, Project};

use super::corpus::{completed, prepare};
use super::sequence::{Both, same_on};

/// Beside the files of a case: what lets each of its services run here, whatever its image would do.
const RUNS_HERE: &str = "runs-here.yaml";

/// Neighbours, each with an engine for either program: a file fixes names, ports and addresses, which can be had once.
const AT_ONCE: usize = 2;

#[test]
fn files_from_the_specification() {
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.group == "specification")
        .enumerate()
        .filter_map(|(number, case)| (every_case() || number % 12 == 3).then_some(case))
        .collect();
    assert!(cases.len() >= AT_ONCE);
    let different = Mutex::new(Vec::new());
    // Older ones are refused some of what these files say.
    let engine = || {
        let engine = OwnEngine::newer("trixie")?;
        engine.load(LIGHT_IMAGE);
        Some((engine, BTreeSet::new()))
    };
    share(
        AT_ONCE,
        |_| engine().zip(engine()),
        &cases,
        |engines, case| {
            let Some(((ours, our_images), (theirs, their_images))) = engines else {
                return;
            };
            let (ours, begin, has_jobs) = project(ours, our_images, case);
            let (theirs, ..) = project(theirs, their_images, case);
            let mut lines = vec![
                "up -d --no-build",
                "stop",
                "start",
                "restart",
                "rm -fs",
                "up -d --no-build",
                "down -v",
            ];
            if !has_jobs {
                // What `up` makes of a job that is done is meant to be better, and has a sequence of its own.
                lines.insert(0, "up -d --no-build");
            }
            let lines: Vec<String> = lines.into_iter().map(|line| format!("{begin} {line}")).collect();
            let steps: Vec<_> = lines.iter().map(|line| Both(line)).collect();
            // One that differs keeps no other from being looked at.
            let same = catch_unwind(AssertUnwindSafe(|| same_on(&ours, &theirs, &steps)));
            if same.is_err() {
                different.lock().expect("a lock").push(case.name.clone());
            }
        },
    );
    assert_eq!(different.into_inner().expect("a lock"), Vec::<String>::new());
}

/// A copy of the case for that engine, what its command lines begin with, and whether it has jobs.
fn project(engine: &OwnEngine, images: &mut BTreeSet<String>, original: &Case) -> (Project, String, bool) {
    let mut project = Project::empty("started");
    project.on(engine);
    project.env.remove("CONTAINER_PREFIX");
    let case = original.copied(&project.dir);
    let root = project.dir.clone();
    project.env.extend(case.environment().clone());
    case.dir().clone_into(&mut project.dir);
    let stack = compose::load(&case.request()).expect("an accepted case");
    assert!(completed(&stack, &root), "{} would write elsewhere", case.name);
    project.name.clone_from(&stack.name);
    prepare(&project, images, &stack);
    let jobs = jobs(&stack);
    project.write(RUNS_HERE, &runs_here(&stack, &jobs));
    let mut begin = case.args().join(" ");
    if !case.args().iter().any(|arg| arg == "-f" || arg == "--file") {
        for file in &stack.files {
            let file = file.strip_prefix(case.dir()).unwrap_or(file);
            write!(begin, " -f {}", file.display()).expect("a String");
        }
    }
    (project, format!("{begin} -f {RUNS_HERE}"), !jobs.is_empty())
}

fn jobs(stack: &Stack) -> BTreeSet<&ServiceName> {
    let dependencies = stack.services.values().flat_map(|service| &service.depends_on);
    dependencies
        .filter(|(_, dependency)| dependency.condition == Condition::ServiceCompletedSuccessfully)
        .map(|(name, _)| name)
        .collect()
}

fn runs_here(stack: &Stack, jobs: &BTreeSet<&ServiceName>) -> String {
    let mut text = "services:\n".to_owned();
    for name in stack.services.keys() {
        let script = if jobs.contains(name) {
            "exit 0"
        } else {
            "exec sleep 600"
        };
        writeln!(
            text,
            "  {name}: {{entrypoint: [sh, -c, '{script}'], init: true, stop_signal: SIGKILL, healthcheck: {{test: [CMD, 'true'], interval: 1s}}}}"
        )
        .expect("a String");
    }
    text
}
