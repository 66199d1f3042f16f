//! An engine that means ill, or is broken, harms nobody: whatever it answers, every command ends by itself or by Ctrl-C, with an exit
//! code of its own, within bounded memory and without a panic.

mod honest;
mod misbehaviour;
mod run;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::Project;
use crate::support::fake_engine::{Call, FakeEngine};
use crate::support::share::{every_case, share};

pub use honest::COMPOSE;
use honest::World;
use misbehaviour::Misbehaviour;
use run::{IMPATIENT, PATIENT, Ran, run};

/// Commands that ask the engine, and whether they may last as long as it lets them.
const COMMANDS: [(&[&str], bool); 44] = [
    (&["status"], false),
    (&["ps", "--output", "json"], false),
    (&["ps", "-q"], false),
    (&["logs", "--tail", "5"], true),
    (&["logs", "--source", "engine", "--summary"], true),
    (&["logs", "--output", "json"], true),
    (&["logs", "-f"], true),
    (&["up", "--wait-timeout", "3s"], true),
    (&["up", "--build", "--progress", "json", "--wait-timeout", "3s"], true),
    (&["plan"], false),
    (&["down"], false),
    (&["down", "--volumes", "--rmi", "all"], false),
    (&["check"], false),
    (&["check", "--deep"], false),
    (&["images"], false),
    (&["top"], false),
    (&["events", "--since", "1h", "--until", "1s"], true),
    (&["events", "--json"], true),
    (&["stats", "--no-stream"], false),
    (&["ls"], false),
    (&["volumes"], false),
    (&["port", "app", "80"], false),
    (&["cp", "app:/file", "out"], true),
    (&["cp", "-L", "app:/file", "."], true),
    (&["cp", "file", "app:/tmp"], true),
    (&["exec", "-T", "app", "true"], true),
    (&["exec", "-d", "app", "true"], true),
    (&["run", "--rm", "-T", "app", "true"], true),
    (&["run", "-d", "app", "true"], true),
    (&["wait", "app"], true),
    (&["pull"], true),
    (&["push"], true),
    (&["build"], true),
    (&["rebuild"], true),
    (&["create", "--force-recreate"], true),
    (&["start"], false),
    (&["stop"], false),
    (&["restart"], false),
    (&["kill"], false),
    (&["pause"], false),
    (&["unpause"], false),
    (&["rm", "-sf"], false),
    (&["scale", "made=2"], true),
    (&["attach", "--no-stdin", "app"], true),
];

/// Cases at once: most of them wait.
const AT_ONCE: usize = 4;
/// The same where all are done, which would take hours otherwise.
const AT_ONCE_OF_ALL: usize = 12;
/// After so many of them it is said how far it is.
const SAID_EACH: usize = 500;

/// A project of the engine that the tests make up.
fn project() -> (Project, World) {
    let project = Project::of("hostile", COMPOSE);
    project.write("Dockerfile", "FROM scratch\nCMD [\"app\"]\n");
    project.write("file", "content\n");
    let world = World {
        project: project.name.clone(),
        folder: project.dir.display().to_string(),
    };
    (project, world)
}

/// An engine that means well.
pub fn honest_engine(project: &Project) -> FakeEngine {
    let world = World {
        project: project.name.clone(),
        folder: project.dir.display().to_string(),
    };
    engine(&world, "", None)
}

/// An engine that answers `endpoint` (every call: `*`) as `misbehaviour` says, and everything else well.
fn engine(world: &World, endpoint: &str, misbehaviour: Option<Misbehaviour>) -> FakeEngine {
    let (world, endpoint) = (world.clone(), endpoint.to_owned());
    FakeEngine::start(move |call| {
        let reply = world.reply(call);
        match misbehaviour {
            Some(misbehaviour) if endpoint == "*" || call.endpoint() == endpoint => misbehaviour.answer(reply),
            _ => reply.answer(),
        }
    })
}

/// One command against one wrong answer.
#[derive(Debug, Clone)]
struct Case {
    args: &'static [&'static str],
    may_last: bool,
    endpoint: String,
    misbehaviour: Misbehaviour,
}

/// Every command with every call that it makes of an engine that means well.
fn calls() -> Vec<(&'static [&'static str], bool, String)> {
    let found = Mutex::new(Vec::new());
    share(
        AT_ONCE,
        |_| project(),
        &COMMANDS,
        |(project, world), (args, may_last)| {
            let engine = engine(world, "", None);
            let ran = run(project, &engine.host(), PATIENT, args, *may_last);
            assert!(ran.wrong(*may_last).is_none(), "{args:?}: {ran:?}");
            assert!(ran.interrupted || ran.code != Some(3), "{args:?}: {ran:?}");
            let heard: BTreeSet<String> = engine.heard().iter().map(Call::endpoint).collect();
            assert!(heard.contains("GET /_ping"), "{args:?} asks nothing: {heard:?}");
            let mut found = found.lock().expect("the calls");
            found.extend(
                heard
                    .into_iter()
                    .chain(["*".to_owned()])
                    .map(|heard| (*args, *may_last, heard)),
            );
        },
    );
    let mut found = found.into_inner().expect("the calls");
    found.sort();
    found
}

/// All cases, or of each call of each command one.
fn cases() -> Vec<Case> {
    let calls = calls();
    let all = misbehaviour::ALL;
    let mut cases = Vec::new();
    for (number, (args, may_last, endpoint)) in calls.into_iter().enumerate() {
        let chosen: Vec<Misbehaviour> = if every_case() {
            all.to_vec()
        } else {
            vec![all[number * 11 % all.len()]]
        };
        cases.extend(chosen.into_iter().map(|misbehaviour| Case {
            args,
            may_last,
            endpoint: endpoint.clone(),
            misbehaviour,
        }));
    }
    cases
}

/// Runs `cases`, and gives those in which something is wrong by `judge`.
fn wrong(cases: &[Case], judge: impl Fn(&Case, &Ran) -> Option<String> + Sync) -> Vec<String> {
    let wrong = Mutex::new(Vec::new());
    let done = AtomicUsize::new(0);
    share(
        if every_case() { AT_ONCE_OF_ALL } else { AT_ONCE },
        |_| project(),
        cases,
        |(project, world), case| {
            let engine = engine(world, &case.endpoint, Some(case.misbehaviour));
            let ran = run(project, &engine.host(), IMPATIENT, case.args, case.may_last);
            if let Some(why) = judge(case, &ran) {
                let text = format!(
                    "{:?} {} {:?}: {why}: {ran:?}",
                    case.args, case.endpoint, case.misbehaviour
                );
                if every_case() {
                    eprintln!("{text}");
                }
                wrong.lock().expect("the failures").push(text);
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(SAID_EACH) {
                eprintln!("{done} of {}", cases.len());
            }
        },
    );
    wrong.into_inner().expect("the failures")
}

#[test]
fn every_command_ends_well_whatever_the_engine_answers() {
    let wrong = wrong(&cases(), |case, ran| ran.wrong(case.may_last));
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_engine_that_cant_be_understood_is_one_that_cant_be_reached() {
    use Misbehaviour as M;
    let misbehaviours = [
        M::Garbage,
        M::NotJson,
        M::Closed,
        M::ClosedAfterHead,
        M::Silent,
        M::Endless,
        M::EndlessHead,
        M::Huge,
        M::VersionText,
        M::VersionZero,
        M::Redirect,
    ];
    let commands: Vec<_> = COMMANDS.iter().collect();
    let mut cases = Vec::new();
    for (number, (args, may_last)) in commands.into_iter().enumerate() {
        for (other, misbehaviour) in misbehaviours.into_iter().enumerate() {
            // `check` tells of the engine as of everything else that is wrong.
            if args[0] != "check" && (every_case() || number % misbehaviours.len() == other) {
                cases.push(Case {
                    args,
                    may_last: *may_last,
                    endpoint: "*".to_owned(),
                    misbehaviour,
                });
            }
        }
    }
    let wrong = wrong(&cases, |case, ran| {
        ran.wrong(case.may_last)
            .or_else(|| (ran.code != Some(3)).then(|| "not 3".to_owned()))
    });
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is told in text holds nothing that a terminal obeys; JSON has it escaped, and what containers print is theirs.
#[test]
fn what_the_engine_says_does_nothing_to_the_terminal() {
    use Misbehaviour as M;
    let misbehaviours = [
        M::Escapes,
        M::EscapesEverywhere,
        M::EscapesInError,
        M::Ids,
        M::Garbage,
        M::VersionText,
    ];
    let mut cases = Vec::new();
    for (number, (args, may_last, endpoint)) in calls().into_iter().enumerate() {
        let is_raw = matches!(args[0], "exec" | "run" | "attach")
            && (endpoint == "*" || endpoint.ends_with("/start") || endpoint.ends_with("/attach"));
        if is_raw {
            continue;
        }
        for (other, misbehaviour) in misbehaviours.into_iter().enumerate() {
            if every_case() || number % misbehaviours.len() == other || other == 0 {
                cases.push(Case {
                    args,
                    may_last,
                    endpoint: endpoint.clone(),
                    misbehaviour,
                });
            }
        }
    }
    let wrong = wrong(&cases, |case, ran| {
        let is_json = case.args.iter().any(|arg| matches!(*arg, "json" | "--json"));
        let stdout = if is_json { "" } else { &ran.stdout };
        let control = stdout
            .chars()
            .chain(ran.stderr.chars())
            .find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        control.map(|control| format!("a control character: {control:?}"))
    });
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_pull_push_or_build_of_which_nothing_is_heard_is_told_and_ends_by_ctrl_c() {
    let (project, world) = project();
    for (args, endpoint) in [
        (&["pull", "app", "--progress", "plain"][..], "POST /images/create"),
        (&["push", "made", "--progress", "plain"], "POST /images/*/push"),
        (&["build", "made", "--progress", "plain"], "POST /build"),
    ] {
        for misbehaviour in [Misbehaviour::Silent, Misbehaviour::SilentBody, Misbehaviour::Drip] {
            let engine = engine(&world, endpoint, Some(misbehaviour));
            let ran = run(&project, &engine.host(), IMPATIENT, args, true);
            assert!(
                ran.interrupted && ran.code == Some(130),
                "{args:?} {misbehaviour:?}: {ran:?}"
            );
            let told = ran.stderr.matches("has reported nothing for 0.6 s").count();
            assert_eq!(told, 1, "{args:?} {misbehaviour:?}: {ran:?}");
        }
    }
}

/// A time limit that is given holds for what is only looked up; changes have eight times as long.
#[test]
fn the_time_limit_is_what_was_asked_for_and_is_said() {
    let (project, world) = project();
    for (args, endpoint, within) in [
        (&["status"][..], "GET /containers/json", "0.3 s"),
        (&["kill", "app"], "POST /containers/*/kill", "2.4 s"),
        (&["status"], "*", "0.3 s"),
    ] {
        let engine = engine(&world, endpoint, Some(Misbehaviour::Silent));
        let ran = run(&project, &engine.host(), IMPATIENT, args, false);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(
            ran.all().contains(&format!("did not answer within {within}")),
            "{ran:?}"
        );
        assert!(ran.all().contains("--engine-timeout"), "{ran:?}");
    }
}

/// The worst for each kind of answer, whatever the sample of the others is.
#[test]
fn no_stream_fills_the_memory() {
    use Misbehaviour as M;
    let mut cases = Vec::new();
    for (args, endpoint, misbehaviours) in [
        (
            &["build"][..],
            "POST /build",
            &[M::ManySteps, M::EndlessSteps, M::EndlessInBytes][..],
        ),
        (&["pull"], "POST /images/create", &[M::EndlessSteps, M::EndlessLineEnds]),
        (
            &["logs", "-f"],
            "GET /containers/*/logs",
            &[M::EndlessLine, M::EndlessRecord],
        ),
        (
            &["logs", "--source", "engine", "--summary"],
            "GET /containers/*/logs",
            &[M::HugeFrame, M::EndlessLine, M::EndlessRecord, M::EndlessInBytes],
        ),
        (
            &["events", "--json"],
            "GET /events",
            &[M::EndlessObjects, M::EndlessLineEnds, M::Endless],
        ),
        (
            &["exec", "-T", "app", "true"],
            "POST /exec/*/start",
            &[M::HugeFrame, M::Endless],
        ),
        (
            &["attach", "--no-stdin", "app"],
            "POST /containers/*/attach",
            &[M::HugeFrame, M::EndlessInBytes],
        ),
        (
            &["wait", "app"],
            "POST /containers/*/wait",
            &[M::EndlessLineEnds, M::EndlessInBytes],
        ),
        (
            &["cp", "app:/file", "out"],
            "GET /containers/*/archive",
            &[M::Garbage, M::EndlessLineEnds],
        ),
        (
            &["status"],
            "GET /containers/json",
            &[
                M::Huge,
                M::ManyObjects,
                M::EndlessInBytes,
                M::Thousands,
                M::LongTexts,
                M::EndlessContinue,
            ],
        ),
    ] {
        let known = COMMANDS.iter().find(|(known, _)| *known == args).expect("a command");
        cases.extend(misbehaviours.iter().map(|misbehaviour| Case {
            args: known.0,
            may_last: known.1,
            endpoint: endpoint.to_owned(),
            misbehaviour: *misbehaviour,
        }));
    }
    let wrong = wrong(&cases, |case, ran| ran.wrong(case.may_last));
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
