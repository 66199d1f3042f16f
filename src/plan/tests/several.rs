//! Several containers of one service.

use std::collections::BTreeMap;

use super::{images, names, of, options, planned, play, shown, stack, told, up};
use crate::compose::Stack;
use crate::ids::ContainerId;
use crate::observed::{Container, Health, Observed, State};
use crate::plan::{Contents, Plan, UpOptions};

const WORKERS: &str = "services:\n  app: {image: kafka, depends_on: [worker]}\n  worker: {image: redis, scale: 3}\n";

fn asked(stack: &Stack, observed: &Observed, count: u32) -> Plan {
    let options = UpOptions {
        scale: BTreeMap::from([("worker".into(), count)]),
        ..options(stack)
    };
    up(stack, observed, &Contents::new(), &options).unwrap()
}

fn running() -> (Stack, Observed) {
    let stack = stack(WORKERS);
    let mut observed = images();
    let plan = asked(&stack, &observed, 3);
    play(&stack, &plan, &mut observed);
    (stack, observed)
}

#[test]
fn as_many_as_wanted_are_made_and_the_second_time_nothing_is_done() {
    let (stack, observed) = running();
    assert_eq!(names(&observed), ["p-app-1", "p-worker-1", "p-worker-2", "p-worker-3"]);
    assert!(asked(&stack, &observed, 3).changes_nothing());
}

#[test]
fn fewer_leave_the_low_numbers_and_more_fill_the_gaps() {
    let (stack, mut observed) = running();
    let fewer = asked(&stack, &observed, 1);
    play(&stack, &fewer, &mut observed);
    assert_eq!(names(&observed), ["p-app-1", "p-worker-1"]);
    let more = asked(&stack, &observed, 4);
    play(&stack, &more, &mut observed);
    observed.containers.retain(|container| container.name != "p-worker-2");
    let again = asked(&stack, &observed, 4);
    assert!(
        told(&again)[0].starts_with("create container p-worker-2"),
        "{:?}",
        told(&again)
    );
    assert_eq!(again.steps().iter().filter(|step| step.action.changes()).count(), 2);
}

#[test]
fn numbers_that_are_there_stay_and_outdated_ones_go_first() {
    let (stack, mut observed) = running();
    // As Compose numbers them after the first was removed.
    of(&mut observed, "worker")
        .labels
        .insert(crate::labels::CONTAINER_NUMBER.to_owned(), "4".to_owned());
    of(&mut observed, "worker").name = "p-worker-4".to_owned();
    assert!(
        asked(&stack, &observed, 3).changes_nothing(),
        "{:?}",
        told(&asked(&stack, &observed, 3))
    );
    let outdated = observed
        .containers
        .iter_mut()
        .find(|container| container.name == "p-worker-2");
    outdated.unwrap().state = State::Dead;
    let fewer = asked(&stack, &observed, 2);
    play(&stack, &fewer, &mut observed);
    assert_eq!(names(&observed), ["p-app-1", "p-worker-3", "p-worker-4"]);
}

#[test]
fn none_is_a_number_too() {
    let (stack, mut observed) = running();
    let none = asked(&stack, &observed, 0);
    play(&stack, &none, &mut observed);
    assert_eq!(names(&observed), ["p-app-1"]);
}

#[test]
fn names_that_were_exchanged_by_hand_are_given_back() {
    let (stack, mut observed) = running();
    for container in &mut observed.containers {
        container.name = match container.name.as_str() {
            "p-worker-1" => "p-worker-2".to_owned(),
            "p-worker-2" => "p-worker-1".to_owned(),
            other => other.to_owned(),
        };
    }
    let plan = asked(&stack, &observed, 3);
    play(&stack, &plan, &mut observed);
    assert_eq!(names(&observed), ["p-app-1", "p-worker-1", "p-worker-2", "p-worker-3"]);
    for container in &observed.containers {
        assert!(container.name.ends_with(&format!("-{}", container.number())));
    }
    assert!(asked(&stack, &observed, 3).changes_nothing());
}

#[test]
fn what_only_one_can_have_is_refused_for_several() {
    for (service, why) in [
        ("container_name: one", "container_name is one"),
        ("ports: ['8080:80']", "host port 8080"),
        ("networks: {default: {ipv4_address: 10.0.0.2}}", "10.0.0.2"),
    ] {
        let stack = stack(&format!("services:\n  worker:\n    image: redis\n    {service}\n"));
        let several = UpOptions {
            scale: BTreeMap::from([("worker".into(), 2)]),
            ..options(&stack)
        };
        let failure = up(&stack, &images(), &Contents::new(), &several).unwrap_err();
        assert!(failure.to_string().contains(why), "{failure}");
        assert!(up(&stack, &images(), &Contents::new(), &options(&stack)).is_ok());
    }
    let range = stack("services:\n  worker: {image: redis, ports: ['8080-8090:80', '81']}\n");
    let several = UpOptions {
        scale: BTreeMap::from([("worker".into(), 2)]),
        ..options(&range)
    };
    assert!(up(&range, &images(), &Contents::new(), &several).is_ok());
}

#[test]
fn a_network_that_the_file_wants_otherwise_is_made_anew_under_its_containers() {
    let text = |internal: &str| format!("{WORKERS}networks: {{default: {{internal: {internal}}}}}\n");
    let before = stack(&text("false"));
    let mut observed = images();
    let plan = asked(&before, &observed, 1);
    play(&before, &plan, &mut observed);
    let ids: Vec<ContainerId> = observed
        .containers
        .iter()
        .map(|container| container.id.clone())
        .collect();
    let after = stack(&text("true"));
    let plan = asked(&after, &observed, 1);
    play(&after, &plan, &mut observed);
    let now: Vec<ContainerId> = observed
        .containers
        .iter()
        .map(|container| container.id.clone())
        .collect();
    assert_eq!(ids, now, "they stay what they are");
    assert!(observed.containers.iter().all(Container::is_running));
    assert!(
        observed
            .containers
            .iter()
            .all(|container| container.networks.contains_key("p_default"))
    );
    assert!(asked(&after, &observed, 1).changes_nothing());
}

#[test]
fn a_container_is_made_after_those_that_it_has_links_to() {
    let linked = "services:\n  app: {image: kafka, links: ['worker:w']}\n  worker: {image: redis}\n";
    let stack = stack(linked);
    let plan = up(&stack, &images(), &Contents::new(), &options(&stack)).unwrap();
    let made = told(&plan)
        .into_iter()
        .find(|step| step.starts_with("create container p-app-1"));
    assert!(
        made.as_ref().unwrap().contains("create container p-worker-1"),
        "{made:?}"
    );
}

#[test]
fn a_container_whose_network_is_gone_is_replaced_whatever_its_state() {
    let stack = stack("services: {a: {image: kafka}}");
    let mut there = images();
    let first = planned(&stack, &there);
    play(&stack, &first, &mut there);
    let gone = |there: &Observed, networks: &[(&str, &str)], state: State| {
        let mut there = there.clone();
        there.containers[0].networks = networks
            .iter()
            .map(|(name, id)| ((*name).into(), (*id).to_owned()))
            .collect();
        there.containers[0].state = state;
        told(&planned(&stack, &there))
    };
    let states = [
        State::Created,
        State::Exited { code: 1 },
        State::Running { health: Health::None },
    ];
    let id = there.networks[0].id.clone();
    for state in states {
        for networks in [&[][..], &[("p_default", "another")]] {
            let told = gone(&there, networks, state);
            assert!(
                told.iter().any(|step| step.starts_with("create container")),
                "{state:?} {networks:?}: {told:?}"
            );
        }
        let told = gone(&there, &[("p_default", &id)], state);
        assert!(
            !told.iter().any(|step| step.starts_with("create container")),
            "{state:?}: {told:?}"
        );
    }
    // It was made beside its network, and the network was never made: it starts once that is there.
    there.networks.clear();
    let told = gone(&there, &[("p_default", "")], State::Created);
    assert_eq!(
        told,
        [
            "create network p_default",
            "start container p-a-1 <- create network p_default",
            "wait until ready p-a-1 <- start container p-a-1"
        ]
    );
}

#[test]
fn replicas_beyond_what_is_wanted_go_and_orphans_are_told() {
    let three = stack("services: {a: {image: redis, scale: 3}}\n");
    let mut observed = images();
    let plan = planned(&three, &observed);
    play(&three, &plan, &mut observed);
    let one = stack("services: {a: {image: redis}}\n");
    insta::assert_snapshot!(shown(&planned(&one, &observed)), @r"
    STEP  SERVICE  ACTION            TARGET  AFTER  WHY
    0     a        stop container    p-a-2          a should have 1
    1     a        remove container  p-a-2   0      a should have 1
    2     a        stop container    p-a-3          a should have 1
    3     a        remove container  p-a-3   2      a should have 1
    ");
    let other = stack("services: {b: {image: redis}}\n");
    assert!(planned(&other, &observed).notes[0].contains("no longer in the Compose file: a"));
}
