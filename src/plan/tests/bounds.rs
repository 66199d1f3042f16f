//! Numbers that nobody means, and stacks as large as they may be.

use std::collections::{BTreeMap, BTreeSet};

use super::{images, options, stack, up};
use crate::compose::Stack;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::labels;
use crate::observed::{Container, Health, Network, Observed, State};
use crate::plan::{Action, Contents, DownOptions, Plan, Scope, UpOptions, down, restart, start, stop};

const RUNNING: State = State::Running { health: Health::None };

fn scaled(stack: &Stack, counts: &[(&str, u32)]) -> Result<Plan, Failure> {
    let options = UpOptions {
        scale: counts
            .iter()
            .map(|(name, count)| (ServiceName::new(*name), *count))
            .collect(),
        ..options(stack)
    };
    up(stack, &images(), &Contents::new(), &options)
}

#[test]
fn no_number_of_containers_takes_all_memory() {
    let stack = stack("services:\n  app: {image: kafka}\n  web: {image: redis, ports: ['8080:80']}\n");
    for count in [10_001, 4_000_000_000, u32::MAX] {
        let failure = scaled(&stack, &[("app", count)]).unwrap_err();
        assert!(failure.to_string().contains("at most 10000"), "{failure:?}");
        assert_eq!(failure.place.unwrap().line, 2);
        let failure = scaled(&stack, &[("web", count)]).unwrap_err();
        assert!(failure.to_string().contains("at most 10000"), "{failure:?}");
    }
    let plan = scaled(&stack, &[("app", 10_000), ("web", 0)]).unwrap();
    let made = |step: &&crate::plan::Step| matches!(step.action, Action::CreateContainer { .. });
    assert_eq!(plan.steps().iter().filter(made).count(), 10_000);
}

#[test]
fn a_range_of_ports_beyond_the_last_one_is_not_proposed() {
    let stack = stack("services:\n  a: {image: redis, ports: ['8080:80']}\n  b: {image: redis, ports: ['65535:80']}\n");
    let hint = |name, count| scaled(&stack, &[(name, count)]).unwrap_err().hint.unwrap();
    assert!(hint("a", 3).starts_with("publish a range (`8080-8082:80`), or remove"));
    assert!(hint("b", 2).starts_with("remove the host port"));
    assert!(hint("a", 10_000).contains("8080-18079:80"));
}

#[test]
fn what_each_container_waits_for_and_carries_is_counted() {
    let two =
        "services:\n  a: {image: kafka, scale: 10000}\n  b:\n    image: redis\n    scale: 10000\n    depends_on: [a]\n";
    let failure = scaled(&stack(two), &[]).unwrap_err();
    assert!(
        failure.what.contains("10000 containers of b are too many"),
        "{failure:?}"
    );
    assert_eq!(failure.place.clone().unwrap().line, 3);
    for link in [
        "links: [a, 'a:x', 'a:y']",
        "network_mode: 'service:a'",
        "volumes_from: [a]",
    ] {
        let failure = scaled(&stack(&two.replace("depends_on: [a]", link)), &[]).unwrap_err();
        assert!(failure.what.contains("are too many"), "{link}: {failure:?}");
    }
    let label = "x".repeat(1 << 20);
    let failure = scaled(
        &stack(&format!(
            "services: {{a: {{image: redis, scale: 1000, labels: {{l: {label}}}}}}}"
        )),
        &[],
    );
    assert!(failure.unwrap_err().what.contains("1000 containers of a are too many"));
    // A thousand that wait for a thousand are not.
    let plan = scaled(&stack(two), &[("a", 1_000), ("b", 1_000)]).unwrap();
    assert!(plan.steps().len() >= 4_000);
}

/// A running container of the project.
fn of_project(id: &str, name: &str, service: &str, number: usize) -> Container {
    let labels = [
        (labels::PROJECT, "p".to_owned()),
        (labels::SERVICE, service.to_owned()),
        (labels::CONTAINER_NUMBER, number.to_string()),
    ];
    Container {
        service: Some(service.into()),
        labels: labels
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..Container::bare(id, name, RUNNING)
    }
}

/// `count` containers of each of `services`, each of which depends on the one before it.
fn running(services: &[&str], count: usize) -> Observed {
    let mut observed = images();
    for (index, service) in services.iter().enumerate() {
        for number in 1..=count {
            let name = format!("p-{service}-{number}");
            let mut one = of_project(&name, &name, service, number);
            if let Some(before) = index.checked_sub(1) {
                let needs = format!("{}:service_started:true", services[before]);
                one.labels.insert(labels::DEPENDS_ON.to_owned(), needs);
            }
            observed.containers.push(one);
        }
    }
    observed
}

/// How many steps wait for how many.
fn waits(plan: &Plan) -> usize {
    plan.steps()
        .iter()
        .map(|step| step.needs.len() + step.after.len())
        .sum()
}

/// The steps about containers of `service`, and those before them.
fn before<'p>(plan: &'p Plan, service: &str) -> BTreeMap<&'p str, BTreeSet<usize>> {
    let mut all: Vec<BTreeSet<usize>> = Vec::new();
    let mut found = BTreeMap::new();
    for (id, step) in plan.iter() {
        let mut earlier = BTreeSet::from([id.index()]);
        for need in step.needs.iter().chain(&step.after) {
            earlier.extend(&all[need.index()]);
        }
        if step.service.as_ref().is_some_and(|name| *name == service) {
            found.insert(step.action.target(), earlier.clone());
        }
        all.push(earlier);
    }
    found
}

#[test]
fn thousands_of_containers_don_t_each_wait_for_each() {
    let all = Scope::Everything;
    let observed = running(&["a", "b"], 1_500);
    for plan in [
        stop("p", &observed, &all, None),
        restart("p", &observed, &all, Some(&all), None),
        down("p", &observed, &DownOptions::default()),
    ] {
        assert!(waits(&plan) < 20_000, "{}", waits(&plan));
    }
    let mut stopped = observed.clone();
    stopped
        .containers
        .iter_mut()
        .for_each(|one| one.state = State::Exited { code: 0 });
    assert!(waits(&start("p", &stopped, &all)) < 20_000);
    // The order is the same: every container of `a` stops after all of `b`.
    let plan = stop("p", &running(&["a", "b"], 1_100), &all, None);
    let stops = before(&plan, "a");
    assert_eq!(stops.len(), 1_100);
    assert!(stops.values().all(|earlier| earlier.len() > 1_100));
}

#[test]
fn what_goes_last_waits_for_all_containers_once() {
    let mut observed = running(&["a"], 2_000);
    for number in 0..2_000 {
        observed.networks.push(Network {
            id: format!("n{number}"),
            name: format!("p_{number}").as_str().into(),
            labels: BTreeMap::from([(labels::PROJECT.to_owned(), "p".to_owned())]),
        });
    }
    let plan = down("p", &observed, &DownOptions::default());
    assert!(waits(&plan) < 1_100_000, "{}", waits(&plan));
    let removes = |step: &&crate::plan::Step| matches!(step.action, Action::RemoveNetwork { .. });
    let removals: Vec<_> = plan.steps().iter().filter(removes).collect();
    assert_eq!(removals.len(), 2_000);
    assert!(
        removals
            .iter()
            .all(|step| !step.needs.is_empty() || !step.after.is_empty())
    );
}

#[test]
fn a_chain_of_labels_may_be_as_long_as_the_list() {
    let names: Vec<String> = (0..20_000).map(|number| format!("s{number:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut observed = running(&names, 1);
    // And a circle: labels may say anything.
    let needs = "s19999:service_started:true".to_owned();
    observed.containers[0]
        .labels
        .insert(labels::DEPENDS_ON.to_owned(), needs);
    let all = Scope::Everything;
    let first = BTreeSet::from(["s00000".into()]);
    assert_eq!(stop("p", &observed, &all, None).steps().len(), 20_000);
    assert!(
        restart("p", &observed, &Scope::Services(first.clone()), Some(&all), None)
            .steps()
            .len()
            >= 40_000
    );
    let options = DownOptions {
        services: first,
        ..DownOptions::default()
    };
    assert!(down("p", &observed, &options).steps().len() >= 40_000);
}

#[test]
fn names_of_thousands_of_containers_are_looked_up() {
    let stack = stack("services: {a: {image: redis, scale: 5000}}");
    let mut observed = images();
    for number in 1..=5_000 {
        // Each has the name of the next one.
        let name = format!("p-a-{}", number + 1);
        observed
            .containers
            .push(of_project(&format!("{number:012}"), &name, "a", number));
    }
    let plan = up(&stack, &observed, &Contents::new(), &options(&stack)).unwrap();
    let renames = |step: &&crate::plan::Step| matches!(step.action, Action::RenameContainer { .. });
    assert!(plan.steps().iter().filter(renames).count() >= 4_999);
}
