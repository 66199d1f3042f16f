//! How a stack was brought up is remembered by the labels of its containers: its env files are read again, the rest is told.

use std::fs;

use crate::support::{Done, LIGHT_IMAGE, Project};

fn compose(more: &str) -> String {
    format!(
        "services:\n  app:\n    image: {LIGHT_IMAGE}\n    command: [sleep, infinity]\n    init: true\n    stop_signal: SIGKILL\n    \
         tmpfs: /data\n    environment: {{MODE: \"${{MODE:-none}}\"}}\n{more}"
    )
}

fn mode(project: &Project) -> String {
    let env = project.inspect("app", "{{range .Config.Env}}{{println .}}{{end}}");
    let found = env.lines().find_map(|line| line.strip_prefix("MODE="));
    found.expect("MODE").to_owned()
}

#[track_caller]
fn says(done: &Done, text: &str) {
    assert!(done.stderr.contains(text), "{text}: {}", done.all());
}

#[test]
fn env_files_of_up_are_read_again() {
    let mut project = Project::of("env-again", &compose(""));
    project.write("prod.env", "MODE=prod\n");
    project.write("other.env", "MODE=other\n");
    let up = project.magicctl(&["--env-file", "prod.env", "up", "--no-wait"]).ok();
    assert!(!up.stderr.contains("note: using"), "{}", up.all());
    assert_eq!(mode(&project), "prod");
    let id = project.container("app");
    let read = "note: using prod.env, the env file that the stack was brought up with";
    for command in [
        &["plan"] as &[&str],
        &["up"],
        &["ps"],
        &["logs"],
        &["create"],
        &["port", "app"],
        &["exec", "app", "true"],
    ] {
        let done = project.magicctl(command).ok();
        assert_eq!(done.stderr.matches(read).count(), 1, "{command:?}: {}", done.all());
    }
    assert!(project.magicctl(&["plan"]).ok().stdout.contains("nothing to do"));
    assert_eq!(project.container("app"), id);
    for quiet in [&["-q", "up"] as &[&str], &["--output", "json", "up"]] {
        assert_eq!(project.magicctl(quiet).ok().stderr, "", "{quiet:?}");
    }
    // What asks no engine goes by the files alone.
    let config = project.magicctl(&["config"]).ok();
    assert!(
        config.stdout.contains("MODE: none") && config.stderr.is_empty(),
        "{}",
        config.all()
    );

    // Another one that is named wins, and so does what the file says by now.
    let drift = |done: Done| assert!(done.stdout.contains("environment.MODE changed"), "{}", done.all());
    let named = project.magicctl(&["--env-file", "other.env", "plan"]).ok();
    assert!(!named.stderr.contains("note: using"), "{}", named.all());
    drift(named);
    project
        .env
        .insert("COMPOSE_ENV_FILES".to_owned(), "other.env".to_owned());
    drift(project.magicctl(&["plan"]).ok());
    project.env.remove("COMPOSE_ENV_FILES");
    project.write("prod.env", "MODE=newer\n");
    drift(project.magicctl(&["plan"]).ok());

    // The last one that made a container is remembered.
    project.magicctl(&["--env-file", "other.env", "up", "--no-wait"]).ok();
    says(&project.magicctl(&["up"]).ok(), "note: using other.env");
    assert_eq!(mode(&project), "other");
    fs::remove_file(project.path("other.env")).expect("a file");
    let missing = project.magicctl(&["plan"]).ok();
    says(
        &missing,
        "the env file other.env, which can't be used: it doesn't exist",
    );
    drift(missing);
}

#[test]
fn what_a_label_names_is_read_below_the_project_only() {
    let project = Project::of("env-evil", "services: {app: {image: \"${CANARY:?is not set}\"}}\n");
    let outside = project.dir.parent().expect("a folder").join("outside.env");
    fs::write(&outside, "CANARY=leaked\n").expect("a file");
    std::os::unix::fs::symlink(&outside, project.path("link.env")).expect("a link");
    let huge = fs::File::create(project.path("huge.env")).expect("a file");
    huge.set_len(1 << 30).expect("a large file");
    let made = project.plain("mkfifo", &["pipe.env"]).status().expect("mkfifo runs");
    assert!(made.success());
    let pipe = project.path("pipe.env");
    let outside = outside.to_str().expect("UTF-8");
    let many = vec!["/none"; 5_000].join(",");
    for (label, why) in [
        (outside, "it is outside the project"),
        ("../outside.env", "it is outside the project"),
        ("/proc/self/environ", "it is outside the project"),
        ("link.env", "leads out of the project's folder"),
        ("huge.env", "it is larger than 4 MB"),
        (pipe.to_str().expect("UTF-8"), "not a regular file"),
        (".", "it is a folder"),
        ("none\u{1b}[2J.env", "it doesn't exist"),
        (&many, "it is outside the project"),
    ] {
        let id = stranger(&project, label);
        let plan = project.magicctl(&["plan"]);
        project.docker(&["rm", "-f", &id]);
        says(&plan, "which can't be used: ");
        says(&plan, why);
        // Nothing of it is known: the command goes on without it.
        assert_eq!(plan.code, 4, "{label:.50}: {}", plan.all());
        says(&plan, "is not set");
        assert!(
            !plan.stderr.contains(['\u{1b}']) && plan.stderr.lines().count() < 40,
            "{}",
            plan.all()
        );
    }
    // The same where all is well.
    project.write("own.env", "CANARY=x\n");
    let id = stranger(&project, "own.env");
    let plan = project.magicctl(&["plan"]);
    project.docker(&["rm", "-f", &id]);
    says(&plan, "note: using own.env");
    assert!(!plan.stderr.contains("is not set"), "{}", plan.all());
}

/// A container that somebody else made under the project's name.
fn stranger(project: &Project, env_file: &str) -> String {
    let labels = [
        format!("com.docker.compose.project={}", project.name),
        "com.docker.compose.service=other".to_owned(),
        "com.docker.compose.oneoff=False".to_owned(),
        format!("com.docker.compose.project.environment_file={env_file}"),
    ];
    let labels = labels.iter().flat_map(|label| ["--label", label]);
    let words: Vec<&str> = ["create"]
        .into_iter()
        .chain(labels)
        .chain([LIGHT_IMAGE, "true"])
        .collect();
    let id = project.docker(&words);
    assert_eq!(id.len(), 64, "{id}");
    id
}

#[test]
fn other_files_and_profiles_are_told() {
    let tool = format!(
        "  tool: {{image: '{LIGHT_IMAGE}', command: [sleep, infinity], init: true, stop_signal: SIGKILL, tmpfs: /data, profiles: [x]}}\n"
    );
    let project = Project::of("told", &compose(&tool));
    project.write("other.yml", &compose(""));
    project.magicctl(&["--profile", "x", "up", "--no-wait"]).ok();
    let profiles = "profiles that are not active now: tool (x)";
    let files = "the stack was brought up with docker-compose.yml, but this command uses other.yml";
    for command in ["plan", "status", "up", "logs", "stop"] {
        let done = project.magicctl(&[command]).ok();
        assert_eq!(done.stderr.matches(profiles).count(), 1, "{command}: {}", done.all());
        assert!(!done.stderr.contains("this command uses"), "{command}: {}", done.all());
    }
    let name = project.name.as_str();
    let other = project.magicctl(&["-p", name, "-f", "other.yml", "status"]).ok();
    assert_eq!(other.stderr.matches(files).count(), 1, "{}", other.all());
    for silent in [
        &["--profile", "x", "status"] as &[&str],
        &["status", "tool"],
        &["config"],
        &["-q", "status"],
        &["--output", "json", "status"],
    ] {
        let done = project.magicctl(silent).ok();
        assert!(!done.stderr.contains("brought up"), "{silent:?}: {}", done.all());
    }
}
