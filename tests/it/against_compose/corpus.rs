//! What is made of the files of the corpus: every field of containers, networks and volumes, as the engine tells them. `make
//! test` runs a sample; with `EVERY_CASE=1` in the environment it is every case:
//! `EVERY_CASE=1 cargo test --locked --features engine-tests --test it against_compose::corpus -- --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use magicctl::compose::{self, FileSource, MountKind, Stack};

use crate::corpus::REFUSED;
use crate::corpus::case::{Case, cases};
use crate::corpus::differences::{Differs, of};
use crate::support::own_engine::OwnEngine;
use crate::support::share::{every_case, share};
use crate::support::{Done, LIGHT_IMAGE, Project};

use super::fields::{differences, fields};

/// Case (all when empty), the end of a field's path, and why it is as it should be.
pub const ACCEPTED: &[(&str, &str, &str)] = &[
    (
        "",
        ".HostConfig.VolumesFrom",
        "Compose loses the mode of `volumes_from`",
    ),
    (
        "specification/07-depends-conditions",
        ".RW",
        "Compose loses the `:ro` of `volumes_from`",
    ),
    (
        "specification/08-healthchecks",
        ".Config.StopTimeout",
        "magicctl rounds up to whole seconds, so that no container is killed too early",
    ),
    ("apps/old-style", ".RW", "Compose loses the `:ro` of `volumes_from`"),
    (
        "units/duration-2h45m30.5s.yaml",
        ".Config.StopTimeout",
        "magicctl rounds up to whole seconds, so that no container is killed too early",
    ),
    (
        "specification/15-process-identity",
        ".Config.StopTimeout",
        "magicctl rounds up to whole seconds, so that no container is killed too early",
    ),
    (
        "units/duration-0.5s.yaml",
        ".Config.StopTimeout",
        "half a second becomes a second; Compose makes it zero, and kills at once",
    ),
    (
        "units/duration-500ms.yaml",
        ".Config.StopTimeout",
        "half a second becomes a second; Compose makes it zero, and kills at once",
    ),
];

/// What only we refuse to make, and why.
pub const ONLY_WE_REFUSE: &[(&str, &str)] = &[
    (
        "apps/magicproxy",
        "`up` first has its images read its files, and this test uses other images; `tests/it/stack.rs` starts it with the real ones, with both programs",
    ),
    (
        "apps/reverse-proxy",
        "it mounts the socket of another engine than the one in use; `--no-check` allows it",
    ),
    (
        "extends/same-file",
        "two services publish the same port: the second couldn't start",
    ),
    (
        "interpolation/in-numbers.yaml",
        "two containers publish the same port: the second couldn't start",
    ),
    (
        "merge/ports-other-ip",
        "one port is published twice: the container couldn't start",
    ),
];

/// What came of all cases: the engine, and how many were the same, accepted, made by neither and left out.
pub const CAME_OF_ALL: [(&str, [usize; 4]); 2] = [("20.10", [498, 13, 39, 6]), ("28.5", [497, 13, 40, 6])];

/// Engines side by side, each with one case at a time: names, ports and addresses that a file fixes can be had once.
const ENGINES: usize = 2;

/// What came of a case.
#[derive(Debug)]
enum Outcome {
    Same,
    /// Neither makes it.
    Refused,
    /// In the tables above.
    Accepted,
    /// It would leave something behind on this machine, outside of its folder.
    LeftOut,
    Different(String),
}

#[test]
fn the_corpus_makes_the_same_containers() {
    let engines: Option<Vec<OwnEngine>> = (0..ENGINES).map(|_| OwnEngine::start()).collect();
    if let Some(engines) = engines {
        compare(
            &engines,
            |case, number| (case.group == "specification" && number % 3 == 0) || number % 25 == 0,
            CAME_OF_ALL[0].1,
        );
    }
}

#[test]
fn and_so_it_does_on_a_newer_engine() {
    let engines: Option<Vec<OwnEngine>> = (0..ENGINES).map(|_| OwnEngine::newer("trixie")).collect();
    if let Some(engines) = engines {
        compare(&engines, |_, number| number % 40 == 10, CAME_OF_ALL[1].1);
    }
}

/// Does the cases that `sample` chooses, by their numbers, on engines of one version; or all, and then it came of them what the
/// page says.
fn compare(engines: &[OwnEngine], sample: fn(&Case, usize) -> bool, came_of_all: [usize; 4]) {
    let all = every_case();
    let accepted = cases()
        .into_iter()
        .filter(|case| !REFUSED.contains(&case.group.as_str()));
    let chosen = accepted
        .enumerate()
        .filter(|(number, case)| all || sample(case, *number));
    let cases: Vec<Case> = chosen.map(|(_, case)| case).collect();
    let outcomes = Mutex::new(BTreeMap::new());
    let begin = |number: usize| {
        engines[number].load(LIGHT_IMAGE);
        (&engines[number], BTreeSet::new())
    };
    share(engines.len(), begin, &cases, |(engine, images), case| {
        let outcome = of_both(engine, images, case);
        outcomes.lock().expect("a lock").insert(case.name.clone(), outcome);
    });
    let outcomes = outcomes.into_inner().expect("a lock");
    assert_eq!(outcomes.len(), cases.len());
    let count = |which: fn(&Outcome) -> bool| outcomes.values().filter(|outcome| which(outcome)).count();
    let came = [
        count(|outcome| matches!(outcome, Outcome::Same)),
        count(|outcome| matches!(outcome, Outcome::Accepted)),
        count(|outcome| matches!(outcome, Outcome::Refused)),
        count(|outcome| matches!(outcome, Outcome::LeftOut)),
    ];
    println!(
        "{} cases, the same, accepted, made by neither, left out: {came:?}",
        cases.len()
    );
    let mut text = String::new();
    for (name, outcome) in &outcomes {
        if let Outcome::Different(why) = outcome {
            writeln!(text, "{name}:\n{why}").expect("a String");
        }
    }
    assert!(text.is_empty(), "{text}");
    assert!(
        !all || came == came_of_all,
        "docs/compose-compatibility.md says {came_of_all:?}"
    );
}

fn of_both(engine: &OwnEngine, images: &mut BTreeSet<String>, original: &Case) -> Outcome {
    let mut project = Project::empty("corpus");
    project.on(engine);
    project.env.remove("CONTAINER_PREFIX");
    let root = project.dir.clone();
    let case = original.copied(&root);
    project.env.extend(case.environment().clone());
    case.dir().clone_into(&mut project.dir);
    // What is refused by its model is for the model's own comparison.
    let Ok(stack) = compose::load(&case.request()) else {
        return Outcome::Refused;
    };
    if !completed(&stack, &root) {
        return Outcome::LeftOut;
    }
    project.name.clone_from(&stack.name);
    prepare(&project, images, &stack);
    let made = |program: &str| {
        let done = create(&project, &case, program);
        let found = fields(&project);
        clear(&project);
        (done, found)
    };
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/docker-compose");
    let (their_end, theirs) = made(&compose.display().to_string());
    let (our_end, ours) = made(env!("CARGO_BIN_EXE_magicctl"));
    remove_external(&project, &stack);

    let listed = |table: &[(&str, &str)]| table.iter().any(|(name, _)| *name == case.name);
    match (their_end.code, our_end.code) {
        (0, 0) => {}
        (0, _) if listed(ONLY_WE_REFUSE) => return Outcome::Accepted,
        (0, _) => return Outcome::Different(format!("  only we fail: {}", our_end.all())),
        (_, 0) if of(&case.name) == Some(Differs::OnlyTheyRefuse) => return Outcome::Accepted,
        (_, 0) => return Outcome::Different(format!("  only Compose fails: {}", their_end.all())),
        _ => return Outcome::Refused,
    }
    let known = |field: &str| {
        ACCEPTED
            .iter()
            .any(|(name, end, _)| (name.is_empty() || *name == case.name) && field.ends_with(end))
    };
    let text = differences(&theirs, &ours, known);
    if !text.is_empty() {
        Outcome::Different(text)
    } else if theirs == ours {
        Outcome::Same
    } else {
        Outcome::Accepted
    }
}

/// What has to be there on the machine: sources of mounts, configs and secrets, and Dockerfiles.
fn needed(stack: &Stack) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let objects = stack.configs.values().chain(stack.secrets.values());
    let named = objects.filter_map(|object| match &object.source {
        FileSource::File(path) => Some(path.clone()),
        _ => None,
    });
    let mounts = stack.services.values().flat_map(|service| &service.volumes);
    let folders = mounts
        .filter(|mount| mount.kind == MountKind::Bind)
        .filter_map(|mount| mount.source.as_ref());
    let builds = stack.services.values().filter_map(|service| service.build.as_ref());
    let files = builds
        .filter(|build| build.dockerfile_inline.is_none() && build.context.is_absolute())
        .map(|build| build.context.join(&build.dockerfile));
    let missing = |path: &PathBuf| !path.exists();
    (
        folders.map(PathBuf::from).chain(named).filter(missing).collect(),
        files.filter(missing).collect(),
    )
}

/// Makes the folders and files that nobody wrote for the corpus; false when they would be outside of `root`.
pub fn completed(stack: &Stack, root: &Path) -> bool {
    let (folders, files) = needed(stack);
    if folders.iter().chain(&files).any(|path| !path.starts_with(root)) {
        return false;
    }
    let (named_like_files, folders): (Vec<_>, Vec<_>) =
        folders.into_iter().partition(|path| path.extension().is_some());
    for folder in folders {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    for (path, text) in files
        .iter()
        .map(|path| (path, "FROM scratch\n"))
        .chain(named_like_files.iter().map(|path| (path, "")))
    {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    true
}

/// Gives the engine what the files take for granted: images under their names, and external networks and volumes.
pub fn prepare(project: &Project, images: &mut BTreeSet<String>, stack: &Stack) {
    for (name, service) in &stack.services {
        let image = service
            .image
            .clone()
            .unwrap_or_else(|| format!("{}-{name}", stack.name));
        if !image.contains('@') && images.insert(image.clone()) {
            project.docker(&["tag", LIGHT_IMAGE, &image]);
        }
    }
    for network in stack.networks.values().filter(|network| network.external) {
        project.docker(&["network", "create", network.name.as_str()]);
    }
    for volume in stack.volumes.values().filter(|volume| volume.external) {
        project.docker(&["volume", "create", volume.name.as_str()]);
    }
}

fn remove_external(project: &Project, stack: &Stack) {
    for network in stack.networks.values().filter(|network| network.external) {
        project.docker(&["network", "rm", network.name.as_str()]);
    }
    for volume in stack.volumes.values().filter(|volume| volume.external) {
        project.docker(&["volume", "rm", volume.name.as_str()]);
    }
}

fn create(project: &Project, case: &Case, program: &str) -> Done {
    let mut args: Vec<&str> = case.args().iter().map(String::as_str).collect();
    args.extend(["create", "--no-build", "--pull", "missing"]);
    project.plain(program, &args).output().expect("it runs").into()
}

/// Takes away what was made, for the next who makes it.
fn clear(project: &Project) {
    let filter = format!("--filter label=com.docker.compose.project={}", project.name);
    let script = format!(
        "docker ps -aq {filter} | xargs -r docker rm -fv; docker network ls -q {filter} | xargs -r docker network rm; \
         docker volume ls -q {filter} | xargs -r docker volume rm"
    );
    let done: Done = project.plain("sh", &["-c", &script]).output().expect("sh runs").into();
    done.ok();
}
