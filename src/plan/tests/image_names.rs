//! Services whose images have impossible names: refused where the image is needed, and nowhere else.

use crate::plan::{Images, PullOptions, build, pull, push};

use super::*;

const BAD: &str = "services:\n  good: {image: redis}\n  bad: {image: '../volumes/prune?'}\n  built: {build: ., image: 'p-built', depends_on: [good]}\n  \
    untagged: {build: {context: ., tags: ['x/../y']}, image: 'p-untagged'}\n  misnamed: {build: ., image: 'Mis named'}\n";

fn only(names: &[&str]) -> BTreeSet<ServiceName> {
    names.iter().map(|name| ServiceName::new(*name)).collect()
}

/// Whether a failure is the one of that field, at its line.
#[track_caller]
fn is_of(failure: &Failure, field: &str) {
    assert!(failure.what.starts_with(field), "{failure:?}");
    assert!(failure.place.is_some(), "{failure:?}");
    assert_eq!(failure.exit.code(), 4);
}

#[test]
fn up_needs_the_images_of_its_services_only() {
    let stack = stack(BAD);
    let mut options = UpOptions {
        services: only(&["good", "built"]),
        ..UpOptions::default()
    };
    up(&stack, &images(), &Contents::new(), &options).unwrap();
    for (service, field) in [
        ("bad", "services.bad.image"),
        ("untagged", "services.untagged.build.tags[0]"),
        ("misnamed", "services.misnamed.image"),
    ] {
        options.services = only(&["good", service]);
        is_of(&up(&stack, &images(), &Contents::new(), &options).unwrap_err(), field);
    }
}

#[test]
fn what_is_there_can_be_stopped_and_removed_whatever_its_image_is_called_now() {
    let options = DownOptions {
        images: Some(Images::All),
        named_images: BTreeSet::from(["../volumes/prune?".to_owned()]),
        ..DownOptions::default()
    };
    let plan = down("p", &images(), &options);
    assert!(plan.steps().is_empty(), "{plan:?}");
}

#[test]
fn pull_build_and_push_refuse_it_or_go_on_without_it_as_they_are_told() {
    let stack = stack(BAD);
    let mut options = PullOptions {
        services: only(&["good", "bad"]),
        ..PullOptions::default()
    };
    is_of(&pull(&stack, &images(), &options).unwrap_err(), "services.bad.image");
    options.ignore_failures = true;
    let plan = pull(&stack, &images(), &options).unwrap();
    assert_eq!((plan.steps().len(), plan.notes.len()), (1, 1), "{plan:?}");
    // What can be built need not be pulled.
    options = PullOptions {
        services: only(&["misnamed"]),
        ..PullOptions::default()
    };
    assert_eq!(pull(&stack, &images(), &options).unwrap().notes.len(), 1);

    assert_eq!(
        build(&stack, &only(&["built"]), false, false, true)
            .unwrap()
            .steps()
            .len(),
        2
    );
    for (service, field) in [
        ("untagged", "services.untagged.build.tags[0]"),
        ("misnamed", "services.misnamed.image"),
    ] {
        is_of(
            &build(&stack, &only(&[service]), false, false, false).unwrap_err(),
            field,
        );
        is_of(&push(&stack, &only(&[service]), false).unwrap_err(), field);
        let plan = push(&stack, &only(&["built", service]), true).unwrap();
        assert_eq!((plan.steps().len(), plan.notes.len()), (1, 1), "{plan:?}");
    }
}
