//! The commands on a light stack: what they do, and what they say.

use std::net::TcpListener;

use serde_json::Value;

use crate::support::{LIGHT_IMAGE, Project, Running, until};

/// `talker` says five lines, one of them an error with a traceback; `quiet` depends on it.
fn two() -> String {
    let says = r#"echo one; echo '{"level": "INFO", "message": "two"}'; echo '{"level": "ERROR", "message": "three"}'; echo 'Traceback (most recent call last):'; echo '  File \"x.py\", line 1'; echo 'ValueError: no'; touch /tmp/said; sleep 600"#;
    format!(
        "services:\n  talker:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    command:\n      - sh\n      - -c\n      - |\n        {}\n    \
         healthcheck: {{test: [CMD, test, -e, /tmp/said], interval: 30s}}\n  quiet:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    \
         command: [sleep, '600']\n    depends_on: {{talker: {{condition: service_healthy}}}}\n",
        says.replace("\\\"", "\"")
    )
}

#[test]
fn logs_are_filtered_by_service_tail_text_and_level() {
    let project = Project::of("logs", &two());
    project.magicctl(&["up"]).ok();
    let lines = |args: &[&str]| -> Vec<String> {
        let done = project.magicctl(&[&["logs"], args].concat()).ok();
        done.stdout.lines().map(ToOwned::to_owned).collect()
    };
    assert_eq!(lines(&[]).len(), 6);
    assert!(lines(&[])[0].starts_with("talker | one"), "{:?}", lines(&[]));
    // Records: an error with its traceback is one.
    assert_eq!(lines(&["--tail", "2"]).len(), 5);
    assert_eq!(lines(&["--grep", "tw[o]"]).len(), 1);
    assert_eq!(lines(&["quiet"]), Vec::<String>::new());
    let errors = lines(&["--errors"]);
    assert!(
        errors[0].contains("three") && errors.last().expect("a line").contains("ValueError: no"),
        "{errors:?}"
    );
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(lines(&["--since", "1h"]).len() == 6 && lines(&["--until", "1h"]).is_empty());
    let stamped = lines(&["-t", "--tail", "1"]);
    assert!(stamped[0].contains('T') && stamped[0].contains("Z "), "{stamped:?}");
    let done = project.magicctl(&["--output", "json", "logs", "--errors"]).ok();
    let first: Value = serde_json::from_str(done.stdout.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (&first["service"], &first["level"]),
        (&"talker".into(), &"error".into()),
        "{first}"
    );
}

#[test]
fn open_says_when_nothing_listens_there() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let compose = format!(
        "services:\n  grafana:\n    image: {LIGHT_IMAGE}\n    ports: ['127.0.0.1:{port}:3000']\n  app:\n    image: {LIGHT_IMAGE}\n"
    );
    let project = Project::of("open", &compose);
    let address = format!("http://localhost:{port}");
    let both: [&[&str]; 2] = [&["open"], &["open", "logs", "app"]];
    for args in both {
        assert!(project.magicctl(args).ok().stdout.starts_with(&address), "{args:?}");
    }
    drop(listener);
    for args in both {
        let done = project.magicctl(args);
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{args:?}");
        assert!(
            done.stderr.contains(&format!("nothing listens at {address}")),
            "{}",
            done.stderr
        );
        assert!(done.stderr.contains("`magicctl up grafana`"), "{}", done.stderr);
    }
    // Who asks for the address alone gets it.
    assert_eq!(project.magicctl(&["open", "--print"]).ok().stdout.trim(), address);
}

#[test]
fn init_leaves_a_compose_file_of_another_name_alone() {
    for name in ["compose.yaml", "compose.yml", "docker-compose.yaml"] {
        let project = Project::empty("init");
        project.write(name, "services: {}\n");
        let done = project.magicctl(&["init", "."]);
        assert_eq!(done.code, 1, "{}", done.all());
        assert!(done.stderr.contains(name) && done.stdout.is_empty(), "{}", done.all());
        let files = std::fs::read_dir(&project.dir).expect("the folder");
        assert_eq!(files.count(), 1, "{name}");
    }
}

#[test]
fn stop_start_restart_and_exec() {
    let project = Project::of("life", &two());
    project.magicctl(&["up"]).ok();
    let id = project.container("talker");
    let running = |service: &str| project.inspect(service, "{{.State.Running}}") == "true";

    let stopped = project.magicctl(&["--progress", "plain", "stop"]).ok();
    let order: Vec<usize> = ["quiet", "talker"]
        .map(|name| {
            stopped
                .stderr
                .find(&format!("stop container {}-{name}", project.name))
                .expect("it is told")
        })
        .into();
    assert!(order[0] < order[1], "{}", stopped.stderr);
    assert!(!running("talker") && !running("quiet"));
    let status = project.magicctl(&["status"]).ok();
    assert_eq!(status.stdout.matches("exited").count(), 2, "{}", status.stdout);

    project.magicctl(&["start"]).ok();
    assert!(running("talker") && running("quiet"));
    assert_eq!(id, project.container("talker"));
    let before = project.inspect("quiet", "{{.State.StartedAt}}");
    project.magicctl(&["restart", "quiet", "--timeout", "1s"]).ok();
    assert_ne!(before, project.inspect("quiet", "{{.State.StartedAt}}"));

    let done = project.magicctl(&[
        "exec",
        "-e",
        "X=y",
        "quiet",
        "sh",
        "-c",
        "echo out $X; echo err >&2; exit 7",
    ]);
    assert_eq!((done.code, done.stdout.trim(), done.stderr.trim()), (7, "out y", "err"));
    project.docker(&["pause", &id]);
    let up = project.magicctl(&["--progress", "plain", "up"]).ok();
    assert!(up.stderr.contains("unpause container"), "{}", up.stderr);
    let missing = project.magicctl(&["restart", "talkr"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("did you mean `talker`?"),
        "{}",
        missing.all()
    );
}

#[test]
fn that_a_source_is_newer_than_its_image_is_said() {
    let project = Project::of(
        "newer",
        &format!(
            "services:\n  app: {{build: ., init: true, stop_signal: SIGKILL, tmpfs: /data, command: [sleep, '600']}}\n  other: {{image: '{LIGHT_IMAGE}', init: true, stop_signal: SIGKILL, tmpfs: /data, command: [sleep, '600']}}\n"
        ),
    );
    project.write("Dockerfile", &format!("FROM {LIGHT_IMAGE}\nCOPY app.py /\n"));
    // No cache has it.
    project.write("app.py", &project.name);
    project.magicctl(&["up", "--no-wait"]).ok();
    let note = "app: app.py changed after its image was built (MC119: `magicctl rebuild app`)";
    for command in ["plan", "status", "up"] {
        let done = project.magicctl(&[command]).ok();
        assert!(!done.all().contains("MC119"), "{command}: {}", done.all());
    }
    until("the file is newer", 30, || {
        project.write("app.py", "changed");
        project
            .magicctl(&["plan"])
            .ok()
            .stdout
            .contains(&format!("note: {note}\n"))
    });
    let status = project.magicctl(&["status"]).ok();
    assert!(status.stderr.contains(note), "{}", status.all());
    for command in ["plan", "status"] {
        let done = project.magicctl(&["--output", "json", command]).ok();
        let answer: Value = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!(answer["notes"][0], note, "{answer}");
    }
    // Where there is nothing to do, where there is something, and not of what it is not about.
    let up = |args: &[&str]| project.magicctl(&[&["up", "--no-wait"], args].concat()).ok().stderr;
    assert!(up(&[]).contains(note));
    assert!(!up(&["other"]).contains("MC119"));
    project.docker(&["rm", "-f", &project.container("app")]);
    assert!(up(&[]).contains(note));
    project.magicctl(&["rebuild"]).ok();
    for command in ["plan", "status", "up"] {
        let done = project.magicctl(&[command]).ok();
        assert!(!done.all().contains("MC119"), "{command}: {}", done.all());
    }
}

#[test]
fn json_is_events_and_nothing_else() {
    let project = Project::of("json", &two());
    let done = project.magicctl(&["--output", "json", "up"]).ok();
    assert_eq!(done.stderr, "");
    let events: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(
        (names.first(), names.last()),
        (Some(&"planned"), Some(&"finished")),
        "{names:?}"
    );
    assert_eq!(names.iter().filter(|name| **name == "ready").count(), 2, "{names:?}");
    let finished = events.last().expect("an event");
    assert_eq!(
        (&finished["ok"], &finished["services"][0]["verdict"]),
        (&true.into(), &"running".into()),
        "{finished}"
    );
    let status: Value =
        serde_json::from_str(&project.magicctl(&["--output", "json", "status"]).ok().stdout).expect("JSON");
    let containers = status["containers"].as_array().expect("containers");
    let verdicts: Vec<&Value> = containers.iter().map(|container| &container["verdict"]).collect();
    assert_eq!(verdicts, ["running", "ready"], "{status}");
}

#[test]
fn two_at_once_on_one_project_take_turns() {
    let slow = two().replace("test, -e, /tmp/said", "test, -e, /tmp/go");
    let project = Project::of("lock", &slow);
    let first = Running::start(project.command(&["up"]));
    until("the first is at work", 30, || !project.container("talker").is_empty());
    let second = project.magicctl(&["--no-lock-wait", "up"]);
    assert_eq!(second.code, 1);
    let holder = format!("magicctl up (pid {})", first.0.id());
    assert!(second.stderr.contains(&holder), "{}", second.stderr);
    let waiting = Running::start(project.command(&["status"]));
    assert_eq!(waiting.finish().code, 0, "looking needs no lock");
    let third = Running::start(project.command(&["up"]));
    until("the container runs", 30, || {
        project.inspect("talker", "{{.State.Running}}") == "true"
    });
    project.docker(&["exec", &project.container("talker"), "touch", "/tmp/go"]);
    first.finish().ok();
    let third = third.finish().ok();
    assert!(third.stdout.contains("nothing to do"), "{}", third.all());
}

#[test]
fn a_project_without_its_file_is_still_taken_down() {
    let project = Project::of("fileless", &two());
    project.magicctl(&["up"]).ok();
    std::fs::remove_file(project.path("docker-compose.yml")).expect("the file");
    let lost = project.magicctl(&["down"]);
    assert_eq!(lost.code, 4, "{}", lost.all());
    project.magicctl(&["-p", &project.name, "down"]).ok();
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn what_the_file_no_longer_names_is_told_and_goes_with_down() {
    let project = Project::of("orphan", &two());
    project.magicctl(&["up"]).ok();
    let text = two();
    project.write(
        "docker-compose.yml",
        &text[..text.find("  quiet:").expect("the service")],
    );
    let up = project.magicctl(&["up"]).ok();
    assert!(
        up.stderr.contains("no longer in the Compose file: quiet"),
        "{}",
        up.stderr
    );
    let down = project.magicctl(&["down"]).ok();
    assert!(down.stderr.contains("quiet-1 is removed too"), "{}", down.stderr);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn files_are_named_from_where_the_user_is() {
    let project = Project::of("below", &two().replace(LIGHT_IMAGE, "${IMAGE}"));
    project.write("deep/er/my.env", &format!("IMAGE={LIGHT_IMAGE}\n"));
    let mut command = project.command(&["--env-file", "my.env", "config", "--images"]);
    let done: crate::support::Done = command
        .current_dir(project.path("deep/er"))
        .output()
        .expect("it runs")
        .into();
    assert!(done.ok().stdout.contains(LIGHT_IMAGE));
    let bad = project.magicctl(&["-C", "/", "-p", "Not_Good", "status"]);
    assert!(
        bad.code == 2 && bad.stderr.contains("is not a valid project name"),
        "{}",
        bad.all()
    );
}
