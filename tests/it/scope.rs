//! Which file is meant, and which of a project's containers a command may touch.

use crate::support::{Done, LIGHT_IMAGE, Project};

/// One service that sleeps.
fn sleeps(name: &str, more: &str) -> String {
    format!("  {name}: {{image: '{LIGHT_IMAGE}', init: true, stop_signal: SIGKILL, command: [sleep, '600']{more}}}\n")
}

/// The project's containers and their states, as the engine says them.
fn states(project: &Project) -> String {
    let label = format!("label=com.docker.compose.project={}", project.name);
    let format = "{{.Label \"com.docker.compose.service\"}} {{.State}}";
    let listed = project.docker(&["ps", "-a", "--filter", &label, "--format", format]);
    let mut lines: Vec<&str> = listed.lines().collect();
    lines.sort_unstable();
    lines.join(", ")
}

#[track_caller]
fn failed(done: &Done, code: i32, text: &str) {
    assert!(
        done.code == code && done.stderr.contains(text),
        "{code} {text}: {}",
        done.all()
    );
}

#[test]
fn no_verb_touches_what_the_file_or_the_active_profiles_do_not_name() {
    let tool = sleeps("tool", ", profiles: [x]");
    let all = format!("services:\n{}{}{tool}", sleeps("back", ""), sleeps("front", ""));
    let project = Project::of("scope", &all);
    project.write("only.yaml", &format!("services:\n{}{tool}", sleeps("back", "")));
    project.magicctl(&["--profile", "x", "up", "--no-wait"]).ok();
    let only = |args: &[&str]| {
        let name = project.name.as_str();
        project
            .magicctl(&[&["-p", name, "-f", "only.yaml"], args].concat())
            .ok()
    };
    only(&["pause"]);
    assert_eq!(states(&project), "back paused, front running, tool running");
    only(&["unpause"]);
    only(&["stop", "-t", "0"]);
    assert_eq!(states(&project), "back exited, front running, tool running");
    project.magicctl(&["--profile", "x", "stop", "-t", "0"]).ok();
    only(&["start"]);
    assert_eq!(states(&project), "back running, front exited, tool exited");
    only(&["kill"]);
    only(&["restart", "-t", "0"]);
    assert_eq!(states(&project), "back running, front exited, tool exited");
    only(&["rm", "-sf"]);
    assert_eq!(states(&project), "front exited, tool exited");
    // What is shown is all that there is.
    assert!(only(&["ps", "-a"]).stdout.contains("front"));
    // The network stays with the container that uses it; what was named is taken.
    let down = project.magicctl(&["down", "-t", "0"]).ok();
    assert_eq!(states(&project), "tool exited", "{}", down.all());
    project.magicctl(&["down", "tool"]).ok();
    assert_eq!(states(&project), "");
}

#[test]
fn a_file_that_was_asked_for_is_never_taken_for_none() {
    let project = Project::empty("asked");
    let name = project.name.clone();
    project.write("sub/main.yaml", &format!("services:\n{}", sleeps("web", "")));
    project.write("sub/broken.yaml", "services: {web: {imagee: x}}\n");
    project
        .magicctl(&["-p", &name, "-f", "sub/main.yaml", "up", "--no-wait"])
        .ok();
    for verb in ["ps", "stop", "down"] {
        failed(
            &project.magicctl(&["-p", &name, "-f", "typo.yaml", verb]),
            2,
            "typo.yaml",
        );
        failed(
            &project.magicctl(&["-p", &name, "-f", "sub/broken.yaml", verb]),
            4,
            "imagee",
        );
    }
    project.write(".env", "COMPOSE_FILE=sub/typo.yaml\n");
    failed(&project.magicctl(&["-p", &name, "down"]), 2, "typo.yaml");
    assert_eq!(states(&project), "web running");
    // By its .env alone the folder is a project.
    project.write(".env", "COMPOSE_FILE=sub/main.yaml\n");
    let services = project.magicctl(&["config", "--services"]).ok();
    assert_eq!(services.stdout, "web\n");
    std::fs::remove_file(project.path(".env")).expect("a file");
    project.magicctl(&["-p", &name, "down", "-t", "0"]).ok();
    assert_eq!(states(&project), "");
}

#[test]
fn exec_takes_a_variable_of_the_caller_by_its_name() {
    let mut project = Project::of("execenv", &format!("services:\n{}", sleeps("app", "")));
    project.env.insert("FOO".to_owned(), "caller".to_owned());
    project.env.insert("EMPTY".to_owned(), String::new());
    project.magicctl(&["up", "--no-wait"]).ok();
    let script = "echo [$FOO] [$A] [${EMPTY-unset}] [${NONE-unset}]";
    let flags = [
        "exec", "-T", "-e", "FOO", "-e", "A=b=c", "-e", "EMPTY", "-e", "NONE", "app", "sh", "-c", script,
    ];
    assert_eq!(project.magicctl(&flags).ok().stdout, "[caller] [b=c] [] [unset]\n");
}

#[test]
fn a_fault_of_one_service_leaves_the_others_alone() {
    let other = sleeps("other", ", env_file: [here.env], secrets: [tok]");
    let services = format!("services:\n{}{other}", sleeps("good", ""));
    let mut project = Project::of("fault", &format!("{services}secrets: {{tok: {{environment: TOK}}}}\n"));
    project.write("here.env", "A=1\n");
    project.env.insert("TOK".to_owned(), "1".to_owned());
    project.magicctl(&["up", "--no-wait"]).ok();
    let rest = |project: &Project| {
        for args in [
            ["ps"].as_slice(),
            &["logs"],
            &["exec", "-T", "good", "true"],
            &["stop", "-t", "0", "good"],
            &["up", "--no-wait", "good"],
            &["run", "--rm", "-T", "good", "true"],
            &["config", "--services"],
            &["restart", "-t", "0", "other"],
        ] {
            let done = project.magicctl(args).ok();
            assert!(
                !done.stderr.contains("can't be run") || args[0] == "config",
                "{args:?}: {}",
                done.all()
            );
        }
    };
    project.env.remove("TOK");
    rest(&project);
    let up = project.magicctl(&["up", "--no-wait"]).ok();
    assert!(up.stderr.contains("secret tok can't be compared"), "{}", up.all());
    failed(&project.magicctl(&["up", "--force-recreate"]), 4, "TOK is not set");
    failed(
        &project.magicctl(&["create", "--force-recreate", "other"]),
        4,
        "docker-compose.yml:4",
    );
    failed(&project.magicctl(&["run", "-T", "other", "true"]), 4, "TOK is not set");
    // Compose prints such a file, too.
    assert!(project.magicctl(&["config"]).ok().stdout.contains("TOK"));
    // What was written before is kept.
    let kept = project
        .magicctl(&["exec", "-T", "other", "cat", "/run/secrets/tok"])
        .ok();
    assert_eq!(kept.stdout, "1");

    project.env.insert("TOK".to_owned(), "2".to_owned());
    std::fs::remove_file(project.path("here.env")).expect("the file");
    rest(&project);
    failed(&project.magicctl(&["up"]), 4, "the file");
    failed(&project.magicctl(&["config"]), 4, "the file");
    let check = project.magicctl(&["check", "--only", "compose"]);
    assert!(check.code == 4 && check.stdout.contains("the file"), "{}", check.all());
    assert_eq!(states(&project), "good running, other running");
    project.env.remove("TOK");
    project.magicctl(&["down", "-t", "0"]).ok();
    assert_eq!(states(&project), "");
}

#[test]
fn quiet_config_prints_nothing_and_says_whether_it_makes_sense() {
    let project = Project::of(
        "quiet",
        "services:\n  a: {image: x, environment: {PASSWORD: hunter2}}\n",
    );
    for args in [["config", "-q"].as_slice(), &["-q", "config"], &["config", "--quiet"]] {
        assert_eq!(project.magicctl(args).ok().stdout, "", "{args:?}");
    }
    assert_eq!(project.magicctl(&["config", "-q", "--services"]).ok().stdout, "a\n");
    project.write("docker-compose.yml", "services:\n  a: {imagee: x}\n");
    failed(&project.magicctl(&["config", "-q"]), 4, "imagee");
}
