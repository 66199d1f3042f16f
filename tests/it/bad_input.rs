//! What goes wrong, as the user reads it: place, cause, fix, exit code; and nothing changed.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::not_run::not_run;
use crate::support::{Done, LIGHT_IMAGE, Project, Running, until};

/// Whoever is not root.
const NOBODY: u32 = 65_534;

/// A service that runs until it is told to stop.
fn sleeper(more: &str) -> String {
    format!(
        "services:\n  app:\n    image: {LIGHT_IMAGE}\n    command: [sleep, '600']\n    init: true\n    tmpfs: /data\n{more}"
    )
}

#[track_caller]
fn snapshot(name: &str, project: &Project, done: &Done) {
    let text = format!(
        "exit {}\n--- stdout\n{}\n--- stderr\n{}",
        done.code,
        done.stdout.trim_end(),
        done.stderr.trim_end()
    );
    insta::assert_snapshot!(name, project.stable(&text));
}

/// Runs `up` on a file and snapshots what it says; nothing may be left.
#[track_caller]
fn refused(name: &str, compose: &str) {
    let project = Project::of(name, compose);
    let done = project.magicctl(&["up"]);
    snapshot(name, &project, &done);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn files_that_make_no_sense() {
    for (name, compose) in [
        (
            "broken-yaml",
            "services:\n  app:\n    image: x\n   ports: []\n".to_owned(),
        ),
        ("wrong-type", sleeper("    ports: eighty\n")),
        ("unknown-key", sleeper("    enviroment: {A: 1}\n")),
        ("port-out-of-range", sleeper("    ports: ['70000:80']\n")),
        ("missing-env-file", sleeper("    env_file: secrets.env\n")),
        (
            "missing-bind-source",
            sleeper("    volumes: ['./settings.yaml:/settings.yaml:ro']\n"),
        ),
        ("not-supported", sleeper("    deploy: {placement: {constraints: []}}\n")),
    ] {
        refused(name, &compose);
    }
}

#[test]
fn no_engine() {
    let project = Project::of("no-engine", &sleeper(""));
    let done = project.magicctl(&["--host", "unix:///nowhere/docker.sock", "up"]);
    snapshot("no-engine", &project, &done);
    let done = project.magicctl(&["--host", "ftp://x", "status"]);
    snapshot("no-engine-address", &project, &done);
}

#[test]
fn an_unknown_service() {
    let project = Project::of("unknown-service", &sleeper(""));
    let done = project.magicctl(&["up", "ap"]);
    snapshot("unknown-service", &project, &done);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn an_image_that_cannot_be_had() {
    let project = Project::of("no-image", &sleeper("").replace(LIGHT_IMAGE, "127.0.0.1:1/none/such:1"));
    let done = project.magicctl(&["up"]);
    snapshot("no-image", &project, &done);
    assert!(!project.left().iter().any(|left| left.starts_with("container")));
}

#[test]
fn a_container_name_that_a_stranger_has() {
    let project = Project::empty("name-taken");
    let name = format!("{}-taken", project.name);
    project.write("docker-compose.yml", &sleeper(&format!("    container_name: {name}\n")));
    project.docker(&["create", "--name", &name, LIGHT_IMAGE]);
    let done = project.magicctl(&["up"]);
    project.docker(&["rm", "-fv", &name]);
    snapshot("name-taken", &project, &done);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn a_port_that_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut project = Project::of("port-taken", &sleeper("    ports: ['127.0.0.1:${APP_PORT:-80}:80']\n"));
    project.env.insert("APP_PORT".to_owned(), port.to_string());
    let mut done = project.magicctl(&["up"]);
    let other = port.checked_add(10_000).unwrap_or_else(|| port - 10_000);
    done.stderr = done
        .stderr
        .replace(&other.to_string(), "<another>")
        .replace("a_port_that_is_", "<this test>");
    snapshot("port-taken", &project, &done);
    assert_eq!(project.left(), Vec::<String>::new());
    drop(listener);
    project.magicctl(&["up"]).ok();
}

#[test]
fn a_build_that_fails() {
    let project = Project::of("build", "services:\n  app:\n    build: .\n");
    project.write(
        "Dockerfile",
        &format!("FROM {LIGHT_IMAGE}\nRUN echo building >&2; echo it broke >&2; exit 3\n"),
    );
    let done = project.magicctl(&["up"]);
    snapshot("build-fails", &project, &done);
    assert!(!project.left().iter().any(|left| left.starts_with("container")));
}

#[test]
fn an_app_that_exits_at_once_is_told_at_once() {
    let compose = sleeper("    healthcheck: {test: [CMD, 'true'], interval: 5s}\n").replace(
        "[sleep, '600']",
        "[sh, -c, 'echo loading >&2; echo ModuleNotFoundError: no module named x >&2; exit 3']",
    );
    let project = Project::of("exits", &compose);
    let began = Instant::now();
    let done = project.magicctl(&["up", "--wait-timeout", "60s"]);
    snapshot("exits-at-once", &project, &done);
    // Far from the time-out: not a measurement.
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_restart_loop_is_told_as_one() {
    let compose = sleeper("    restart: always\n    healthcheck: {test: [CMD, 'false'], interval: 5s}\n")
        .replace("[sleep, '600']", "[sh, -c, 'echo again; exit 1']");
    let project = Project::of("loop", &compose);
    let done = project.magicctl(&["--quiet", "up", "--wait-timeout", "60s"]);
    assert_eq!(done.code, 1);
    assert!(done.all().contains("is crash-looping"), "{}", done.all());
}

/// Runs magicctl as somebody who is not root, from a copy that such a user may run.
pub fn as_nobody(project: &Project, args: &[&str]) -> Done {
    let folder = tempfile::tempdir().expect("a folder");
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path(), open.clone()).expect("permissions");
    let copy = folder.path().join("magicctl");
    // Not by this process: what another test starts meanwhile would hold the copy open for writing, and what is can't be run.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_magicctl"))
        .arg(&copy)
        .status();
    assert!(copied.expect("cp runs").success());
    for path in project.dir.ancestors().take(2) {
        fs::set_permissions(path, open.clone()).expect("permissions");
    }
    Command::new(copy)
        .args(args)
        .current_dir(&project.dir)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .expect("it runs")
        .into()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

#[test]
fn a_socket_that_may_not_be_opened_and_a_folder_that_may_not_be_written() {
    if !is_root() {
        not_run("only root can run a program as another user");
        return;
    }
    let project = Project::of("nobody", &sleeper(""));
    let done = as_nobody(&project, &["up"]);
    snapshot("socket-not-readable", &project, &done);

    let bare = Project::empty("read-only");
    bare.write("proxy_config.yaml", "");
    let done = as_nobody(&bare, &["up"]);
    snapshot("read-only-folder", &bare, &done);
    assert_eq!(fs::read_dir(&bare.dir).expect("the folder").count(), 1);
}

#[test]
fn a_terminal_of_40_columns() {
    let project = Project::of("narrow", &sleeper("    healthcheck: {test: [CMD, 'true']}\n"));
    let magicctl = env!("CARGO_BIN_EXE_magicctl");
    let script = format!("stty cols 40 rows 24; {magicctl} up && {magicctl} down");
    let mut command = project.command(&[]);
    let mut pty = Command::new("script");
    pty.args(["-qec", &script, "/dev/null"])
        .current_dir(&project.dir)
        .env_clear()
        .env("TERM", "xterm-256color");
    for (name, value) in command.envs(&project.env).get_envs() {
        if let Some(value) = value {
            pty.env(name, value);
        }
    }
    let done: Done = pty.output().expect("script runs").into();
    assert_eq!(done.code, 0, "{}", done.all());
    // What stays on the screen; the live lines, which begin with a spinner, are drawn over each other.
    let text = console::strip_ansi_codes(&done.stdout).replace('\r', "\n");
    let live = |line: &str| line.trim().is_empty() || line.starts_with(|c| ('\u{2800}'..='\u{28ff}').contains(&c));
    let kept: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("up:"))
        .filter(|line| !live(line))
        .collect();
    let kept = kept.join("\n");
    insta::assert_snapshot!("terminal-of-40-columns", project.stable(&kept));
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let project = Project::of("head", &sleeper(""));
    project.magicctl(&["up"]).ok();
    let magicctl = env!("CARGO_BIN_EXE_magicctl");
    for command in ["config", "status", "plan", "logs", "--help"] {
        let script = format!("set -o pipefail; {magicctl} {command} 2>&1 | head -n 0");
        let done: Done = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&project.dir)
            .output()
            .expect("bash runs")
            .into();
        assert!(!done.all().contains("panicked"), "{command}: {}", done.all());
        assert!(matches!(done.code, 0 | 141), "{command}: {} {}", done.code, done.all());
    }
    let script = format!("{magicctl} config | head -n 3");
    let done: Done = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&project.dir)
        .output()
        .expect("bash runs")
        .into();
    snapshot("stdout-closed", &project, &done);
}

#[test]
fn an_interrupt_leaves_containers_as_they_are() {
    let project = Project::of(
        "interrupt",
        &sleeper("    healthcheck: {test: [CMD, 'false'], interval: 60s}\n"),
    );
    let told = project.path("told");
    let mut command = project.command(&["up"]);
    command
        .stderr(fs::File::create(&told).expect("a file"))
        .stdout(Stdio::piped());
    let running = Running(command.spawn().expect("it starts"));
    until("the container runs", 30, || {
        !project.container("app").is_empty() && project.inspect("app", "{{.State.Running}}") == "true"
    });
    let pid = running.0.id().to_string();
    // The signal in the middle of a start is another test's business.
    until("it waits", 30, || {
        fs::read_to_string(&told).is_ok_and(|text| text.contains("wait until ready"))
    });
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .expect("kill runs")
            .success()
    );
    let mut done = running.finish();
    done.stderr = fs::read_to_string(&told).expect("what it told");
    snapshot("interrupt", &project, &done);
    assert_eq!(project.inspect("app", "{{.State.Running}}"), "true");
    assert!(Path::new(&project.dir).exists());
}
