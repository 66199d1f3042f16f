//! The commands that Compose users type, each end to end, and what they say when it can't be.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Done, LIGHT_IMAGE, Project, Running, free_ports, until};

fn compose(more: &str) -> String {
    format!(
        "services:\n  web:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    stop_signal: SIGKILL\n    command: [sleep, '600']\n    \
         environment: {{FROM: file}}\n{more}  db:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    stop_signal: SIGKILL\n    \
         command: [sleep, '600']\n    healthcheck: {{test: [CMD, 'true'], interval: 30s}}\n"
    )
}

fn failed(done: &Done, code: i32, text: &str) {
    assert!(
        done.code == code && done.stderr.contains(text),
        "{code} {text}: {}",
        done.all()
    );
}

#[test]
fn run_is_a_container_of_its_own_with_what_the_command_line_says() {
    let [port] = free_ports(1)[..] else { panic!("a port") };
    let ports = format!("    depends_on: {{db: {{condition: service_healthy}}}}\n    ports: ['127.0.0.1:{port}:80']\n");
    let project = Project::of("run", &compose(&ports));
    project.write("more.env", "B=file\nC='c d'\n");
    project.write("here/x", "mounted");
    let script = "echo $FROM $A $B $C; id -u; pwd; cat /mnt/x; echo err >&2; exit 7";
    let args = [
        "run",
        "--rm",
        "-T",
        "-e",
        "A=a",
        "-e",
        "FROM=here",
        "--env-from-file",
        "more.env",
        "-v",
        "./here:/mnt:ro",
        "--user",
        "1",
        "-w",
        "/tmp",
        "web",
        "sh",
        "-c",
        script,
    ];
    let done = project.magicctl(&args);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (7, "here a file c d\n1\n/tmp\nmounted"),
        "{}",
        done.all()
    );
    assert!(done.stderr.ends_with("err\n"), "{}", done.stderr);
    assert_eq!(
        project.inspect("db", "{{.State.Running}}"),
        "true",
        "what it depends on runs"
    );
    let label = format!("label=com.docker.compose.project={}", project.name);
    let all = project.docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", &label]);
    assert_eq!(all.lines().count(), 1, "it is gone: {all}");

    let mut typed = project.command(&["run", "--rm", "--no-deps", "--entrypoint", "cat -", "web"]);
    let mut child = typed
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(b"typed\n")
        .expect("it reads");
    let done: Done = child.wait_with_output().expect("it ends").into();
    assert_eq!(done.ok().stdout, "typed\n");

    let done = project
        .magicctl(&[
            "run",
            "-d",
            "--service-ports",
            "--name",
            &format!("{}-mine", project.name),
            "web",
            "sleep",
            "600",
        ])
        .ok();
    let id = done.stdout.trim().to_owned();
    assert_eq!(id.len(), 64, "{}", done.all());
    assert_eq!(project.docker(&["port", &id, "80"]), format!("127.0.0.1:{port}"));
    let label = |name: &str| {
        project.docker(&[
            "inspect",
            "--format",
            &format!("{{{{index .Config.Labels \"com.docker.compose.{name}\"}}}}"),
            &id,
        ])
    };
    assert_eq!(
        (
            label("oneoff").as_str(),
            label("slug").len(),
            label("container-number").as_str()
        ),
        ("True", 64, "")
    );
    let second = project.magicctl(&["run", "-d", "web", "sleep", "600"]).ok();
    let name = project.docker(&["inspect", "--format", "{{.Name}}", second.stdout.trim()]);
    let digits = name
        .strip_prefix(&format!("/{}-web-run-", project.name))
        .expect("Compose's name");
    assert!(
        digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{name}"
    );
    project.magicctl(&["down"]).ok();
    assert_eq!(project.left(), Vec::<String>::new(), "one-off containers go too");
}

#[test]
fn run_hands_signals_on_and_ends_with_its_container() {
    let project = Project::of("runsig", &compose(""));
    let script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done";
    let mut command = project.command(&["run", "--rm", "web", "sh", "-c", script]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "ready");
    project
        .plain("kill", &["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert_eq!(lines.next().expect("a line").expect("text"), "caught");
    assert_eq!(child.wait().expect("it ends").code(), Some(9));
    assert_eq!(
        project
            .left()
            .iter()
            .filter(|left| left.starts_with("container"))
            .count(),
        0
    );

    // Nobody reads any more.
    let head = format!(
        "{} run --rm -T web sh -c 'while :; do echo y; done' | head -n 1",
        env!("CARGO_BIN_EXE_magicctl")
    );
    let done: Done = project.plain("sh", &["-c", &head]).output().expect("sh runs").into();
    assert_eq!(done.stdout, "y\n");
    until("the container is gone", 20, || {
        project.left().iter().all(|left| !left.starts_with("container"))
    });
}

#[test]
fn run_says_why_it_can_not() {
    let project = Project::of("runbad", &compose(""));
    failed(&project.magicctl(&["run", "wep", "true"]), 2, "did you mean `web`?");
    failed(
        &project.magicctl(&["run", "-p", "x:y", "web", "true"]),
        2,
        "`y` is not a valid port",
    );
    failed(
        &project.magicctl(&["run", "-v", "./gone:/x", "web", "true"]),
        1,
        "gone, which doesn't exist",
    );
    failed(
        &project.magicctl(&["run", "-e", "=x", "web", "true"]),
        2,
        "the name before the `=` is missing",
    );
    failed(
        &project.magicctl(&["run", "--entrypoint", "'x", "web", "true"]),
        2,
        "quote",
    );
    failed(
        &project.magicctl(&["run", "-p", "1:1", "--service-ports", "web"]),
        2,
        "cannot be used with",
    );
    failed(
        &project.magicctl(&["run", "--rm", "-w", "/dev/null", "web", "true"]),
        1,
        "can't be created",
    );
    project.edit("docker-compose.yml", "init: true", "init: false");
    failed(
        &project.magicctl(&["run", "--rm", "--entrypoint", "no-such-program", "web"]),
        1,
        "can't start",
    );
    assert!(
        project.left().iter().all(|left| !left.starts_with("container")),
        "{:?}",
        project.left()
    );
    let name = format!("{}-held", project.name);
    project
        .magicctl(&["run", "-d", "--name", &name, "web", "sleep", "600"])
        .ok();
    failed(
        &project.magicctl(&["run", "--name", &name, "web", "true"]),
        1,
        "is already in use",
    );
}

#[test]
fn looking_at_what_runs() {
    let [port] = free_ports(1)[..] else { panic!("a port") };
    let project = Project::of(
        "look",
        &compose(&format!("    ports: ['127.0.0.1:{port}:80']\n    expose: [81]\n")),
    );
    project.magicctl(&["up"]).ok();
    let out = |args: &[&str]| project.magicctl(args).ok().stdout;
    assert_eq!(out(&["port", "web", "80"]), format!("127.0.0.1:{port}\n"));
    assert_eq!(out(&["port", "web"]), format!("80/tcp -> 127.0.0.1:{port}\n"));
    failed(
        &project.magicctl(&["port", "web", "81"]),
        1,
        "the published ports are 80/tcp",
    );
    failed(
        &project.magicctl(&["port", "web", "80", "--index", "2"]),
        1,
        "its containers are",
    );
    failed(&project.magicctl(&["port", "wep", "80"]), 2, "did you mean `web`?");
    let top = out(&["top", "web"]);
    assert!(top.starts_with("SERVICE") && top.contains("sleep 600"), "{top}");
    let images = out(&["images"]);
    assert!(
        images.contains("web-1") && images.contains("magicproxy/redis") && images.contains("linux/"),
        "{images}"
    );
    let rows: Value = serde_json::from_str(&out(&["images", "--format", "json"])).expect("JSON");
    assert_eq!(rows[1]["Tag"], "7.0", "{rows}");
    assert_eq!(out(&["images", "-q"]).trim().len(), 64);
    let ls = out(&["ls", "--filter", &format!("name=^{}$", project.name)]);
    assert!(ls.contains("running(2)") && ls.contains("docker-compose.yml"), "{ls}");
    failed(
        &project.magicctl(&["ls", "--filter", "state=x"]),
        2,
        "only name can be filtered",
    );
    let stats = out(&["stats", "--no-stream", "--format", "json", "web"]);
    let usage: Value = serde_json::from_str(stats.trim()).expect("JSON");
    assert!(
        usage["memory"].as_u64().expect("bytes") > 0 && usage["pids"].as_u64().expect("a count") > 0,
        "{usage}"
    );
    project.docker(&["stop", &project.container("web")]);
    failed(&project.magicctl(&["port", "web", "80"]), 1, "is not running");
    failed(&project.magicctl(&["attach", "web"]), 1, "is not running");
}

#[test]
fn stopping_in_every_way() {
    let project = Project::of("ends", &compose(""));
    failed(&project.magicctl(&["start", "web"]), 1, "magicctl up web");
    for verb in ["stop", "kill", "pause", "unpause", "restart"] {
        failed(&project.magicctl(&[verb]), 0, "has no container to");
        failed(&project.magicctl(&[verb, "web"]), 0, "web has no container to");
    }
    for verb in ["top", "stats"] {
        project.magicctl(&[verb]).ok();
    }
    failed(
        &project.magicctl(&["start"]),
        1,
        "`magicctl up` creates missing containers",
    );
    failed(&project.magicctl(&["wait", "web"]), 1, "has no container");
    project.magicctl(&["up"]).ok();
    let state = |service: &str| project.inspect(service, "{{.State.Status}} {{.State.ExitCode}}");
    project.magicctl(&["pause", "web"]).ok();
    assert_eq!(state("web"), "paused 0");
    project.magicctl(&["unpause"]).ok();
    assert_eq!(state("web"), "running 0");
    let waiting = Running::start(project.command(&["wait", "web"]));
    project.magicctl(&["kill", "-s", "SIGTERM", "web"]).ok();
    let waited = waiting.finish();
    assert_eq!(
        (waited.code, waited.stdout.contains("exited with status code 143")),
        (143, true),
        "{}",
        waited.all()
    );
    failed(
        &project.magicctl(&["kill", "-s", "NONSENSE", "db"]),
        2,
        "unknown signal; use a name such as SIGTERM or HUP, or a number from 1 to 64",
    );
    let refused = project.magicctl(&["rm", "web"]).ok();
    assert!(refused.stdout.contains("nothing was removed"), "{}", refused.all());
    project.magicctl(&["rm", "-f", "-v"]).ok();
    assert_eq!(project.container("web"), "");
    assert_eq!(state("db"), "running 0");
    let running = project.magicctl(&["rm", "-f", "db"]).ok();
    assert!(running.stdout.contains("--stop stops them first"), "{}", running.all());
    project.magicctl(&["rm", "-fs", "db"]).ok();
    assert_eq!(project.container("db"), "");
    project.magicctl(&["up"]).ok();
    let waiting = Running::start(project.command(&["wait", "--down-project", "web"]));
    project.docker(&["kill", &project.container("web")]);
    assert_eq!(waiting.finish().code, 137);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn events_as_they_happen_until_interrupted() {
    let project = Project::of("events", &compose(""));
    project.magicctl(&["up"]).ok();
    let mut command = project.command(&["events", "--json", "web"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (sender, receiver) = std::sync::mpsc::channel();
    // The pipe stays open: who has no reader left ends by itself.
    std::thread::spawn(move || sender.send((lines.next(), lines)));
    let mut told = None;
    until("an event is told", 20, || {
        // It may not listen yet.
        project.docker(&["kill", "-s", "WINCH", &project.container("web")]);
        told = receiver.try_recv().ok();
        told.is_some()
    });
    let (line, _open) = told.expect("an answer");
    let line = line.expect("a line").expect("text");
    let event: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        (&event["service"], &event["action"]),
        (&"web".into(), &"kill".into()),
        "{event}"
    );
    assert!(event["attributes"]["com.docker.compose.project"].is_null(), "{event}");
    project
        .plain("kill", &["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let past = project
        .magicctl(&["events", "--since", "10m", "--until", "1s", "web"])
        .ok();
    assert!(past.stdout.contains(" container start "), "{}", past.stdout);
}

#[test]
fn files_in_and_out() {
    let project = Project::of("cp", &compose("    deploy: {replicas: 2}\n"));
    project.magicctl(&["up", "web"]).ok();
    let ids = project.container("web");
    let inside = |command: &str| -> Vec<String> {
        ids.lines()
            .map(|id| project.docker(&["exec", id, "sh", "-c", command]))
            .collect()
    };
    project.write("d/one", "one\n");
    project.write("d/sub/two", "two\n");
    project.magicctl(&["cp", "d", "web:/tmp"]).ok();
    assert_eq!(
        inside("cat /tmp/d/one /tmp/d/sub/two"),
        ["one\ntwo"; 2],
        "to all of them"
    );
    project
        .magicctl(&["cp", "--index", "2", "d/one", "web:/tmp/renamed"])
        .ok();
    assert_eq!(inside("ls /tmp").join(" ").matches("renamed").count(), 1);
    project.magicctl(&["cp", "web:/tmp/d/.", "out"]).ok();
    assert_eq!(
        std::fs::read_to_string(project.path("out/sub/two")).expect("it"),
        "two\n"
    );
    project.magicctl(&["cp", "web:/tmp/d", "out"]).ok();
    assert!(project.path("out/d/one").exists());
    let tar: Done = project
        .plain(
            "sh",
            &[
                "-c",
                &format!("{} cp web:/tmp/d - | tar -t", env!("CARGO_BIN_EXE_magicctl")),
            ],
        )
        .output()
        .expect("sh runs")
        .into();
    assert!(tar.stdout.contains("d/sub/two"), "{}", tar.all());
    let script = format!(
        "tar -c d | {} cp --index 1 - web:/var/tmp",
        env!("CARGO_BIN_EXE_magicctl")
    );
    let packed: Done = project.plain("sh", &["-c", &script]).output().expect("sh runs").into();
    assert_eq!(packed.code, 0, "{}", packed.all());
    assert_eq!(inside("cat /var/tmp/d/one 2>/dev/null").join(""), "one");
    inside("ln -sf /tmp/d/one /tmp/link");
    project.magicctl(&["cp", "-L", "web:/tmp/link", "plain"]).ok();
    assert_eq!(std::fs::read_to_string(project.path("plain")).expect("it"), "one\n");

    for (args, code, why) in [
        (["web:/gone", "x"], 1, "there is no /gone"),
        (["gone", "web:/tmp"], 1, "No such file"),
        (["d", "web:/tmp/renamed2/"], 0, ""),
        (["d/one", "web:/nowhere/x"], 1, "nowhere"),
        (["d", "web:/etc/hostname"], 1, "is a file"),
        (["web:/tmp/d", "plain"], 1, "plain is a file"),
        (["web:/tmp/d/one", "no/such/folder"], 1, "no directory"),
        (["web:/a", "web:/b"], 2, "are both services"),
        (["a", "b"], 2, "neither side"),
        (["wep:/a", "b"], 2, "did you mean `web`?"),
        (["-", "web:/tmp"], 2, "--index"),
        (["d/one", "web:/dev/null"], 1, "neither a file nor a directory"),
    ] {
        let done = project.magicctl(&["cp", args[0], args[1]]);
        failed(&done, code, why);
    }
    let names: Vec<String> = std::fs::read_dir(&project.dir)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().all(|name| !name.starts_with(".magicctl")), "{names:?}");
}

#[test]
fn every_one_says_when_the_engine_is_away() {
    let mut project = Project::of("away", &compose(""));
    project
        .env
        .insert("DOCKER_HOST".to_owned(), "unix:///nowhere/docker.sock".to_owned());
    for line in [
        "create",
        "scale web=2",
        "run web true",
        "rm -f",
        "pull",
        "images",
        "top",
        "port web 80",
        "events",
        "kill",
        "pause",
        "unpause",
        "wait web",
        "cp web:/a b",
        "ls",
        "volumes",
        "stats",
        "attach web",
        "down -v",
        "up -d",
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let done = project.magicctl(&args);
        assert!(
            done.code == 3 && done.stderr.contains("can't be reached"),
            "{line}: {}",
            done.all()
        );
    }
}

#[test]
fn every_one_says_which_service_is_not_there() {
    let project = Project::of("unknown", &compose(""));
    for line in [
        "create wep",
        "scale wep=2",
        "run wep true",
        "rm -f wep",
        "build wep",
        "pull wep",
        "push wep",
        "images wep",
        "top wep",
        "port wep 80",
        "events wep",
        "kill wep",
        "pause wep",
        "unpause wep",
        "wait wep",
        "cp wep:/a b",
        "volumes wep",
        "stats wep",
        "attach wep",
        "down wep",
        "stop wep",
        "start wep",
        "restart wep",
        "exec wep true",
        "up wep",
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        failed(&project.magicctl(&args), 2, "did you mean `web`?");
    }
    assert_eq!(project.left(), Vec::<String>::new());
}
