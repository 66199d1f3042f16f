//! From whatever state each object was left in, one `up` leads to what the file says or refuses and touches nothing.

use super::*;
use crate::codes;
use crate::compose::volume_hash;
use crate::ids::VolumeName;

const STACK: &str = "services:\n  app:\n    image: kafka\n    depends_on: {dep: {condition: service_healthy}}\n    volumes: ['data:/data']\n  \
    dep: {image: redis, healthcheck: {test: [CMD, 'true']}}\n  \
    side: {image: redis, network_mode: 'service:dep', volumes_from: [app]}\nvolumes: {data: }\n";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Thing {
    Absent,
    There,
    Drifted,
    Foreign,
    /// Drifted, and somebody else uses it.
    Guest,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Left {
    Absent,
    Running,
    Stopped,
    NeverStarted,
    Drifted,
    DriftedAndStopped,
    /// A replacement by a third configuration was cut off before the old one went.
    TwoDrifted,
    /// A replacement by this configuration was cut off before the old one went.
    NewBesideOld,
    /// The same, after the old one went and before the new one got its name.
    NewUnderInterimName,
    Foreign,
}

use Left::{
    Absent, Drifted, DriftedAndStopped, Foreign, NeverStarted, NewBesideOld, NewUnderInterimName, Running, Stopped,
    TwoDrifted,
};

const LEFT: [Left; 10] = [
    Absent,
    Running,
    Stopped,
    NeverStarted,
    Drifted,
    DriftedAndStopped,
    TwoDrifted,
    NewBesideOld,
    NewUnderInterimName,
    Foreign,
];

fn drift(container: &mut Container) {
    let other = r#"{"environment.A":"old"}"#.to_owned();
    container.labels.insert(labels::SPEC.to_owned(), other);
}

fn leave(observed: &mut Observed, service: &str, left: Left) {
    let container = of(observed, service);
    let new = Container {
        id: ContainerId::new(format!("new{}", container.id)),
        name: format!("{}_{}", container.id, container.name),
        state: State::Created,
        ..container.clone()
    };
    match left {
        Running => {}
        Absent => {
            let id = container.id.clone();
            observed.containers.retain(|container| container.id != id);
        }
        Stopped => container.state = State::Exited { code: 137 },
        NeverStarted => container.state = State::Created,
        Drifted => drift(container),
        DriftedAndStopped => {
            drift(container);
            container.state = State::Exited { code: 0 };
        }
        TwoDrifted => {
            drift(container);
            let mut new = new;
            drift(&mut new);
            observed.containers.insert(0, new);
        }
        NewBesideOld => {
            drift(container);
            observed.containers.insert(0, new);
        }
        NewUnderInterimName => *container = new,
        Foreign => {
            container.labels = BTreeMap::from([(labels::PROJECT.to_owned(), "other".to_owned())]);
        }
    }
}

fn spoil(observed: &mut Observed, network: Thing, volume: Thing, image: Thing) {
    let drifted = (labels::CONFIG_HASH.to_owned(), "other".to_owned());
    let foreign = (labels::PROJECT.to_owned(), "other".to_owned());
    match network {
        Thing::Absent => observed.networks.clear(),
        Thing::There => {}
        Thing::Drifted => observed.networks[0].labels.extend([drifted.clone()]),
        Thing::Foreign => observed.networks[0].labels.extend([foreign.clone()]),
        Thing::Guest => {
            observed.networks[0].labels.extend([drifted.clone()]);
            let mut guest = Container::bare("guest", "guest", State::Paused);
            let joined = (observed.networks[0].name.clone(), observed.networks[0].id.clone());
            guest.networks.extend([joined]);
            observed.containers.push(guest);
        }
    }
    match volume {
        Thing::Absent => observed.volumes.clear(),
        Thing::There => {}
        Thing::Drifted | Thing::Guest => observed.volumes[0].labels.extend([drifted]),
        Thing::Foreign => observed.volumes[0].labels.extend([foreign]),
    }
    match image {
        Thing::Absent => observed.images.clear(),
        Thing::There => {}
        _ => {
            let other = ("kafka:latest".to_owned(), "sha256:other".to_owned());
            observed.images.extend([other]);
        }
    }
}

/// The stack as it is once it is up.
fn up_once(stack: &Stack) -> Observed {
    let mut observed = images();
    let plan = planned(stack, &observed);
    play(stack, &plan, &mut observed);
    let volume = &stack.volumes["data"];
    observed.volumes[0]
        .labels
        .insert(labels::CONFIG_HASH.to_owned(), volume_hash(volume));
    observed
}

/// What `up` does until it has nothing more to plan.
fn bring_up(stack: &Stack, observed: &mut Observed) -> Result<(), Failure> {
    for _ in 0..2 {
        let plan = up(stack, observed, &Contents::new(), &options(stack))?;
        play(stack, &plan, observed);
        if !plan.again {
            return Ok(());
        }
    }
    panic!("it never stops planning");
}

fn assert_whole(stack: &Stack, observed: &Observed, case: &str) {
    let ours: Vec<&Container> = observed.of_project("p").collect();
    let mut names: Vec<&str> = ours.iter().map(|container| container.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["p-app-1", "p-dep-1", "p-side-1"], "{case}");
    assert!(ours.iter().all(|container| container.is_running()), "{case}");
    let network = &observed.networks[0];
    let id = |name: &str| &ours.iter().find(|container| container.name == name).unwrap().id;
    for container in &ours {
        if container.name == "p-side-1" {
            assert_eq!(container.network_of.as_ref(), Some(id("p-dep-1")), "{case}");
            assert_eq!(
                container.shares_of(&"app".into()),
                Some(id("p-app-1").clone()),
                "{case}"
            );
        } else {
            assert_eq!(container.networks.get("p_default"), Some(&network.id), "{case}");
        }
    }
    assert_eq!(told(&planned(stack, observed)), Vec::<String>::new(), "{case}");
}

#[test]
fn every_state_converges_in_one_up_or_is_refused_untouched() {
    let things = [
        Thing::Absent,
        Thing::There,
        Thing::Drifted,
        Thing::Foreign,
        Thing::Guest,
    ];
    let stack = stack(STACK);
    let whole = up_once(&stack);
    let (mut converged, mut left_alone) = (0, 0);
    // Nothing that is done about a volume depends on anything else: they take turns.
    let mut volumes = things[..4].iter().copied().cycle();
    for network in things {
        for image in &things[..3] {
            for (app, dep) in LEFT.iter().flat_map(|app| LEFT.map(|dep| (*app, dep))) {
                let volume = volumes.next().unwrap();
                let case = format!("network {network:?}, volume {volume:?}, image {image:?}, app {app:?}, dep {dep:?}");
                let mut observed = whole.clone();
                spoil(&mut observed, network, volume, *image);
                leave(&mut observed, "app", app);
                leave(&mut observed, "dep", dep);
                let before = observed.volumes.clone();
                let done = bring_up(&stack, &mut observed);
                let taken = app == Foreign || dep == Foreign;
                let refuses = taken || matches!(network, Thing::Foreign | Thing::Guest);
                assert_eq!(done.is_err(), refuses, "{case}: {done:?}");
                if refuses {
                    left_alone += 1;
                    continue;
                }
                converged += 1;
                assert_whole(&stack, &observed, &case);
                if volume != Thing::Absent {
                    assert_eq!(observed.volumes, before, "{case}");
                }
            }
        }
    }
    assert_eq!((converged, left_alone), (729, 771));
}

/// With no service of theirs in the plan, sharers get the container that is there, and with it in the plan the new one.
#[test]
fn sharers_get_the_container_that_is_there_in_the_end() {
    let stack = stack(STACK);
    let mut observed = up_once(&stack);
    leave(&mut observed, "dep", TwoDrifted);
    let alone = UpOptions {
        services: BTreeSet::from(["side".into()]),
        ..options(&stack)
    };
    of(&mut observed, "side").network_of = Some(ContainerId::new("gone"));
    let plan = up(&stack, &observed, &Contents::new(), &alone).unwrap();
    assert_eq!(
        plan.steps()[0].reason.to_string(),
        "it shares a namespace with a removed container of dep"
    );
    play(&stack, &plan, &mut observed);
    let running = observed.containers.iter().find(|container| container.name == "p-dep-1");
    let side = observed
        .containers
        .iter()
        .find(|container| container.name == "p-side-1");
    assert_eq!(side.unwrap().network_of.as_ref(), Some(&running.unwrap().id));
    bring_up(&stack, &mut observed).unwrap();
    assert_whole(&stack, &observed, "after all");
}

/// The engine's list says nothing of IPC and PID namespaces and of volumes taken: our own label does.
#[test]
fn a_sharer_of_any_kind_whose_container_is_gone_is_made_again() {
    for shares in ["ipc: 'service:dep'", "pid: 'service:dep'", "volumes_from: ['dep:ro']"] {
        let stack = stack(&format!(
            "services:\n  dep: {{image: redis}}\n  side: {{image: redis, {shares}}}\n"
        ));
        let mut observed = images();
        let plan = planned(&stack, &observed);
        play(&stack, &plan, &mut observed);
        assert_eq!(told(&planned(&stack, &observed)), Vec::<String>::new());
        // Somebody removed `dep`, and another one was made in its place.
        of(&mut observed, "dep").id = ContainerId::new("another");
        let plan = planned(&stack, &observed);
        assert_eq!(
            plan.steps()[0].reason.to_string(),
            "it shares a namespace with a removed container of dep",
            "{shares}"
        );
        play(&stack, &plan, &mut observed);
        assert_eq!(told(&planned(&stack, &observed)), Vec::<String>::new());
    }
}

#[test]
fn a_running_sharer_is_restarted_when_the_namespace_it_lives_in_is_started() {
    let stack = stack(STACK);
    let mut observed = up_once(&stack);
    of(&mut observed, "dep").state = State::Exited { code: 0 };
    let plan = told(&planned(&stack, &observed));
    assert!(
        plan.iter()
            .any(|step| step.starts_with("restart container p-side-1 <- start container p-dep-1")),
        "{plan:?}"
    );
    // With `restart` of what it lives in, too.
    let plan = told(&restart(
        "p",
        &observed,
        &scope(&["dep"]),
        Some(&Scope::Everything),
        None,
    ));
    assert!(
        plan.iter().any(|step| step.starts_with("restart container p-side-1")),
        "{plan:?}"
    );
}

#[test]
fn a_guest_on_a_changed_network_is_named_with_what_takes_it_off() {
    let stack = stack(STACK);
    let mut observed = up_once(&stack);
    spoil(&mut observed, Thing::Guest, Thing::There, Thing::There);
    let failure = bring_up(&stack, &mut observed).unwrap_err();
    assert_eq!(failure.code, Some(&codes::IN_USE));
    assert_eq!(failure.run[0].to_string(), "docker network disconnect p_default guest");
    // A guest that doesn't run doesn't hold up the engine.
    observed.containers.last_mut().unwrap().state = State::Exited { code: 0 };
    bring_up(&stack, &mut observed).unwrap();
    assert_whole(&stack, &observed, "the guest has stopped");
}

#[test]
fn an_inline_config_and_a_secret_of_the_environment_are_part_of_what_a_container_is() {
    let text = "services: {a: {image: redis, configs: [motd, named], secrets: [tok]}}\nconfigs: {motd: {content: hello}, named: {environment: GREET}}\n\
        secrets: {tok: {environment: KEY}}\n";
    let first = stack(text);
    let mut observed = images();
    let plan = planned(&first, &observed);
    play(&first, &plan, &mut observed);
    assert_eq!(told(&planned(&first, &observed)), Vec::<String>::new());
    for (changed, reason) in [
        (text.replace("hello", "bye"), "the content of motd changed"),
        (text.replace("KEY", "OTHER_KEY"), "the content of tok changed"),
        (text.replace("GREET", "OTHER_KEY"), "the content of named changed"),
    ] {
        assert_eq!(
            planned(&stack(&changed), &observed).steps()[0].reason.to_string(),
            reason
        );
    }
    let label = &of(&mut observed, "a").labels[labels::SPEC];
    assert!(!label.contains("hello"), "{label}");
}

#[test]
fn down_takes_the_volumes_that_the_file_names_and_no_others() {
    let (_, mut observed) = running();
    let mut other = observed.volumes[0].clone();
    other.name = "p_kept".into();
    observed.volumes.push(other);
    let (ours, theirs) = ("a".repeat(64), "b".repeat(64));
    of(&mut observed, "app").anonymous_volumes.push(ours.as_str().into());
    of(&mut observed, "redis")
        .anonymous_volumes
        .push(theirs.as_str().into());
    let set = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).into())
            .collect::<BTreeSet<VolumeName>>()
    };
    let file = InFile {
        services: BTreeSet::from(["app".into(), "kafka".into()]),
        volumes: set(&["p_data"]),
    };
    let gone = |file: Option<InFile>| {
        let asked = DownOptions {
            volumes: true,
            file,
            ..DownOptions::default()
        };
        let plan = down("p", &observed, &asked);
        let steps = plan.steps().iter();
        let named = steps.clone().filter_map(|step| match &step.action {
            Action::RemoveVolume { name } => Some(name.clone()),
            _ => None,
        });
        let with = steps.filter_map(|step| match &step.action {
            Action::RemoveContainer {
                container,
                volumes: true,
            } => Some(container.name.clone()),
            _ => None,
        });
        (
            named.collect::<BTreeSet<_>>(),
            with.collect::<BTreeSet<_>>(),
            plan.notes,
        )
    };
    let (named, with, notes) = gone(Some(file));
    assert_eq!(named, set(&["p_data", &ours]));
    assert_eq!(with, BTreeSet::from(["p-app-1".to_owned(), "p-kafka-1".to_owned()]));
    assert!(notes.iter().any(|note| note.ends_with(": p_kept")), "{notes:?}");
    // A file that names nothing takes nothing.
    let (named, with, _) = gone(Some(InFile::default()));
    assert!(named.is_empty() && with.is_empty(), "{named:?} {with:?}");
    // Without a file, the labels say what is the project's.
    let (named, with, _) = gone(None);
    assert_eq!(named, set(&["p_data", "p_kept", &ours, &theirs]));
    assert_eq!(with.len(), 3);
}
