//! What can't be had, and what is said of it.

use crate::capabilities::{ApiVersion, Capabilities};
use crate::codes;

use super::*;

#[test]
fn what_can_not_be_had_is_refused() {
    let refused = |services: &str, observed: &Observed| -> Failure {
        let stack = stack(services);
        up(&stack, observed, &Contents::new(), &options(&stack)).unwrap_err()
    };
    let external = "services: {a: {image: redis, networks: [n], volumes: ['vol:/v']}}\nnetworks: {n: {external: true}}\nvolumes: {vol: {external: true}}\n";
    assert!(refused(external, &images()).what.contains("network n doesn't exist"));
    let mut observed = images();
    observed.networks.push(Network {
        id: "n".to_owned(),
        name: "n".into(),
        labels: BTreeMap::new(),
    });
    assert!(refused(external, &observed).what.contains("volume vol doesn't exist"));
    observed.networks[0].name = "p_default".into();
    assert!(
        refused("services: {a: {image: redis}}\n", &observed)
            .what
            .contains("belongs to another project")
    );
    observed.networks.clear();
    observed.containers.push(Container::bare("x", "mine", State::Created));
    assert!(
        refused("services: {a: {image: redis, container_name: mine}}\n", &observed)
            .what
            .contains("is already in use")
    );
}

#[test]
fn names_of_others_are_words_of_a_command() {
    let stack = stack("services: {a: {image: redis}}\n");
    let hint = |project: Option<&str>, name: &str| {
        let mut held = Container::bare("1", name, State::Created);
        let labels = project.map(|project| (labels::PROJECT.to_owned(), project.to_owned()));
        held.labels.extend(labels);
        name_taken(&stack, &"a".into(), &held, NamedBy::File).hint.unwrap()
    };
    // A name of `run --name` is given on the command line, not in the file.
    let mut held = Container::bare("1", "mine", State::Created);
    held.labels.insert(labels::PROJECT.to_owned(), stack.name.clone());
    let failure = name_taken(&stack, &"a".into(), &held, NamedBy::Run);
    assert_eq!(
        failure.hint.as_deref(),
        Some("remove it if you don't need it (`docker rm -f mine`), or choose another name with `--name`")
    );
    assert_eq!(failure.place, None);
    for (project, name, part) in [
        (Some("other"), "a", "(`magicctl -p other down`)"),
        (Some("x; reboot #"), "a", "(`magicctl -p 'x; reboot #' down`)"),
        (None, "a $(reboot)", "(`docker rm -f 'a $(reboot)'`)"),
        (None, "--all", "(`docker rm -f -- --all`)"),
        // No option, and nothing that a terminal would act on.
        (Some("--help"), "a", "stop that project, or"),
        (None, "a\u{1b}]0;x\u{7}", "if you don't need it, or"),
    ] {
        let hint = hint(project, name);
        assert!(hint.contains(part), "{hint}");
    }
}

/// Without it the container would see all of the volume: an old engine ignores it without a word.
#[test]
fn a_folder_of_a_volume_is_not_mounted_by_an_engine_that_would_mount_all_of_it() {
    let file = "services: {a: {image: redis, volumes: [{type: volume, source: v, target: /v, volume: {subpath: x}}]}}\nvolumes: {v: }\n";
    let stack = stack(file);
    let on = |api| {
        let observed = Observed {
            capabilities: Capabilities::of(api).unwrap(),
            ..images()
        };
        up(&stack, &observed, &Contents::new(), &options(&stack))
    };
    let refused = on(ApiVersion(1, 44)).unwrap_err();
    assert_eq!(refused.code, Some(&codes::SUBPATH));
    assert!(refused.place.is_some() && refused.hint.unwrap().contains("26.0"));
    assert!(on(ApiVersion(1, 45)).is_ok());
}
