//! What the flags of `up` and `down` ask for.

use std::collections::BTreeSet;

use super::{CORE, images, of, options, play, running, stack, told, up};
use crate::ids::ContainerId;
use crate::image::ImageRef;
use crate::labels;
use crate::observed::{BuiltImage, Observed, State};
use crate::plan::{Contents, DownOptions, Images, Plan, Pull, Recreate, UpOptions, down};

fn with(stack: &crate::compose::Stack, observed: &Observed, change: impl FnOnce(&mut UpOptions)) -> Plan {
    let mut options = options(stack);
    change(&mut options);
    up(stack, observed, &Contents::new(), &options).unwrap()
}

fn set<T: for<'t> From<&'t str> + Ord>(names: &[&str]) -> BTreeSet<T> {
    names.iter().map(|name| T::from(name)).collect()
}

fn made(plan: &Plan) -> Vec<String> {
    let made = told(plan)
        .into_iter()
        .filter(|step| step.starts_with("create container"));
    made.map(|step| step.split(" <-").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn force_replaces_what_was_named_and_only_always_recreate_deps_the_rest() {
    let (stack, observed) = running();
    let named = with(&stack, &observed, |options| {
        options.named = set(&["app"]);
        options.recreate = Recreate::Force;
    });
    assert_eq!(made(&named).len(), 1);
    let all = with(&stack, &observed, |options| {
        options.named = set(&["app"]);
        options.recreate_dependencies = Recreate::Force;
    });
    assert_eq!(made(&all).len(), 2, "{:?}", told(&all));
    let every = with(&stack, &observed, |options| options.recreate = Recreate::Force);
    assert_eq!(made(&every).len(), 3);
}

#[test]
fn no_recreate_leaves_an_outdated_container_and_makes_a_missing_one() {
    let (_, mut observed) = running();
    let edited = stack(&CORE.replace("A: '1'", "A: '2'"));
    observed
        .containers
        .retain(|container| container.service().is_none_or(|service| *service != "redis"));
    let plan = with(&edited, &observed, |options| {
        options.recreate = Recreate::Never;
        options.recreate_dependencies = Recreate::Never;
    });
    assert_eq!(made(&plan), ["create container p-redis-1"]);
}

#[test]
fn no_start_makes_and_starts_nothing() {
    let stack = stack(CORE);
    let plan = with(&stack, &images(), |options| options.no_start = true);
    assert_eq!(made(&plan).len(), 3);
    let starts = |step: &String| step.starts_with("start") || step.starts_with("wait");
    assert!(!told(&plan).iter().any(starts), "{:?}", told(&plan));
}

#[test]
fn new_anonymous_volumes_are_not_handed_on() {
    let (stack, observed) = running();
    for (renew, handed_on) in [(false, true), (true, false)] {
        let plan = with(&stack, &observed, |options| {
            options.recreate = Recreate::Force;
            options.renew_anonymous_volumes = renew;
        });
        let inherits = |step: &crate::plan::Step| {
            matches!(
                &step.action,
                crate::plan::Action::CreateContainer { inherit: Some(_), .. }
            )
        };
        assert_eq!(plan.steps().iter().any(inherits), handed_on);
    }
}

#[test]
fn orphans_go_when_asked_and_ended_one_off_containers_with_them() {
    let (_, mut observed) = running();
    let fewer = stack("services:\n  kafka: {image: kafka}\n  redis: {image: redis}\n");
    let one_off = of(&mut observed, "redis").clone();
    for (id, state) in [("live", one_off.state), ("over", State::Exited { code: 0 })] {
        let mut container = one_off.clone();
        container.id = ContainerId::new(id);
        container.name = id.to_owned();
        container.state = state;
        container.labels.insert(labels::ONEOFF.to_owned(), "True".to_owned());
        observed.containers.push(container);
    }
    let told_of = with(&fewer, &observed, |_| {});
    assert!(told_of.notes[0].contains("app"), "{:?}", told_of.notes);
    let quiet = with(&fewer, &observed, |options| options.ignore_orphans = true);
    assert!(quiet.notes.is_empty());
    let plan = with(&fewer, &observed, |options| options.remove_orphans = true);
    let removed: Vec<String> = told(&plan)
        .into_iter()
        .filter(|step| step.starts_with("remove container p-app-1") || step.starts_with("remove container over"))
        .collect();
    assert_eq!(removed.len(), 2, "{:?}", told(&plan));
    assert!(!told(&plan).iter().any(|step| step.contains("live")));
}

#[test]
fn a_secret_whose_variable_is_not_set_only_keeps_a_container_from_being_made() {
    let file = |variable: &str, extra: &str| {
        stack(&format!(
            "services:\n  app: {{image: redis, secrets: [tok]{extra}}}\nsecrets: {{tok: {{environment: {variable}}}}}\n"
        ))
    };
    let (set, unset) = (file("KEY", ""), file("NOT_SET_HERE", ""));
    let mut observed = images();
    let refused = |stack: &crate::compose::Stack, observed: &Observed, options: UpOptions| {
        up(stack, observed, &Contents::new(), &options).unwrap_err().what
    };
    let why = "secrets.tok.environment: NOT_SET_HERE is not set";
    assert_eq!(refused(&unset, &observed, options(&unset)), why);
    let first = with(&set, &observed, |_| {});
    play(&set, &first, &mut observed);
    assert_eq!(
        made(&with(&file("OTHER_KEY", ""), &observed, |_| {})).len(),
        1,
        "another value is a reason"
    );
    for recreate in [Recreate::Diverged, Recreate::Never] {
        let plan = with(&unset, &observed, |options| options.recreate = recreate);
        assert_eq!(told(&plan), Vec::<String>::new());
        assert_eq!(
            plan.notes,
            [format!(
                "the container of app is kept: secret tok can't be compared: {why}"
            )]
        );
    }
    let force = UpOptions {
        recreate: Recreate::Force,
        ..options(&unset)
    };
    assert_eq!(refused(&unset, &observed, force), why);
    let drifted = file("NOT_SET_HERE", ", user: '5'");
    assert_eq!(refused(&drifted, &observed, options(&drifted)), why);
}

#[test]
fn images_are_brought_as_asked_and_once() {
    let stack = stack(
        "services:\n  a: {image: redis, pull_policy: always}\n  b: {build: ., pull_policy: build}\n  c: {image: none}\n",
    );
    let mut observed = images();
    observed.images.insert("p-b:latest".to_owned(), "sha256:b".to_owned());
    let brings = |pull, brought: &[&str]| -> Vec<String> {
        let plan = with(&stack, &observed, |options| {
            options.pull = pull;
            options.brought = brought.iter().map(|name| ImageRef::parse(name).unwrap()).collect();
        });
        told(&plan)
            .into_iter()
            .filter(|step| !step.starts_with("create") && step.contains(" image "))
            .collect()
    };
    assert_eq!(
        brings(Pull::Policy, &[]),
        ["build image p-b", "pull image redis", "pull image none"]
    );
    assert_eq!(brings(Pull::Policy, &["p-b", "redis", "none"]), Vec::<String>::new());
    assert_eq!(brings(Pull::Missing, &[]), ["pull image none"]);
    assert_eq!(brings(Pull::Never, &[]), Vec::<String>::new());
    assert_eq!(brings(Pull::Always, &[]), ["pull image redis", "pull image none"]);
    assert_eq!(brings(Pull::Build, &[]), ["build image p-b", "pull image none"]);
}

#[test]
fn no_build_with_an_image_that_is_not_there_is_refused() {
    let stack = stack("services:\n  b: {build: .}\n");
    let mut options = options(&stack);
    options.no_build = true;
    let failure = up(&stack, &images(), &Contents::new(), &options).unwrap_err();
    assert!(failure.to_string().contains("--no-build"), "{failure}");
}

#[test]
fn down_of_a_service_takes_what_depends_on_it_and_leaves_what_others_use() {
    let (stack, mut observed) = running();
    for container in &mut observed.containers {
        container.addresses.insert("p_default".into(), "10.0.0.2".to_owned());
    }
    of(&mut observed, "kafka").volumes = vec!["p_data".into()];
    let asked = DownOptions {
        services: set(&["redis"]),
        volumes: true,
        ..DownOptions::default()
    };
    let plan = down("p", &observed, &asked);
    let gone: Vec<String> = told(&plan)
        .into_iter()
        .filter(|step| step.starts_with("remove"))
        .collect();
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(gone[0].contains("p-redis-1") && gone[1].contains("p-app-1"), "{gone:?}");
    assert_eq!(plan.notes.len(), 2, "{:?}", plan.notes);
    play(&stack, &plan, &mut observed);
    assert_eq!(observed.containers.len(), 1);
}

#[test]
fn images_go_with_down_as_asked() {
    let (_, mut observed) = running();
    observed.built.push(BuiltImage {
        id: "sha256:a".to_owned(),
        names: vec!["p-app:latest".to_owned()],
        labels: {
            let mut labels = super::ours();
            labels.insert(labels::SERVICE.to_owned(), "app".to_owned());
            labels
        },
    });
    for (images, wanted) in [
        (None, vec![]),
        (Some(Images::Local), vec!["remove image p-app:latest"]),
        (
            Some(Images::All),
            vec!["remove image kafka", "remove image p-app:latest", "remove image redis"],
        ),
    ] {
        let asked = DownOptions {
            images,
            named_images: set(&["kafka", "redis", "not-there"]),
            ..DownOptions::default()
        };
        let plan = down("p", &observed, &asked);
        let removed: Vec<String> = told(&plan)
            .into_iter()
            .filter(|step| step.starts_with("remove image"))
            .map(|step| step.split(" <-").next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(removed, wanted);
    }
}

#[test]
fn names_of_one_image_go_one_after_the_other() {
    let mut observed = Observed::default();
    observed.built.push(BuiltImage {
        id: "sha256:a".to_owned(),
        names: vec!["p-app:latest".to_owned(), "p-other:latest".to_owned()],
        labels: super::ours(),
    });
    let asked = DownOptions {
        images: Some(Images::All),
        ..DownOptions::default()
    };
    let plan = down("p", &observed, &asked);
    assert_eq!(
        told(&plan),
        [
            "remove image p-app:latest",
            "remove image p-other:latest <- (remove image p-app:latest)"
        ]
    );
}
