//! `logs -f`: each line exactly once, in order, to the end, whatever happens to the containers and the engine meanwhile.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use magicctl::stamp::{SECOND, Stamp};
use serde_json::Value;

use crate::logs::{docker_logs, json, raw, sorted, writer};
use crate::support::own_engine::OwnEngine;
use crate::support::{Done, LIGHT_IMAGE, Project, Running, until};

/// Writes numbered lines until it is told to stop; each start has a name of its own.
const NUMBERS: &str =
    r#"run=$$(date +%s%N); i=0; trap 'exit 0' TERM; while :; do i=$$((i+1)); echo "n $$run $$i"; sleep 0.01; done"#;

/// `logs -f` in the background, its records collected into a file.
fn following(project: &Project, args: &[&str]) -> (Running, std::path::PathBuf) {
    let path = project.path("followed");
    let file = std::fs::File::create(&path).expect("a file");
    let mut command = project.command(&[&["--output", "json", "logs", "-f"], args].concat());
    command.stdout(file).stderr(Stdio::null());
    (Running(command.spawn().expect("it starts")), path)
}

/// The messages that were followed, by container.
fn followed(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let file = std::fs::File::open(path).expect("the file");
    for line in BufReader::new(file).lines() {
        // The last line may be half written.
        let Ok(record) = serde_json::from_str::<Value>(&line.expect("a line")) else {
            continue;
        };
        let container = record["container"].as_str().expect("a name").to_owned();
        messages
            .entry(container)
            .or_default()
            .push(record["message"].as_str().expect("a message").to_owned());
    }
    messages
}

/// Every run's numbers are there from 1 on, each once, in order; gives how many runs there were and how many lines.
#[track_caller]
fn complete(messages: &[String]) -> (usize, usize) {
    let mut runs: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for message in messages {
        let words: Vec<&str> = message.split(' ').collect();
        runs.entry(words[1])
            .or_default()
            .push(words[2].parse().expect("a number"));
    }
    for (run, numbers) in &runs {
        let wanted: Vec<u32> = (1..=u32::try_from(numbers.len()).expect("few")).collect();
        assert!(
            *numbers == wanted,
            "run {run} is not complete or not in order: {numbers:?}"
        );
    }
    (runs.len(), messages.len())
}

#[test]
fn following_files_gives_each_line_once_over_restart_kill_replacement_and_new_containers() {
    over_restarts("files");
}

#[test]
fn following_the_engine_gives_each_line_once_over_restart_kill_replacement_and_new_containers() {
    over_restarts("engine");
}

fn over_restarts(source: &str) {
    let more = "    restart: always\n    stop_grace_period: 1s\n";
    let compose = format!(
        "services:\n{}{}",
        writer("numbers", NUMBERS, more),
        writer("second", NUMBERS, more)
    );
    let project = Project::of(&format!("seam-{source}"), &compose);
    project.magicctl(&["up", "--no-wait", "numbers"]).ok();
    let lines = |path: &Path| followed(path).values().map(Vec::len).sum::<usize>();
    until("lines before it follows", 20, || {
        docker_logs(&project, "numbers", &[]).len() > 500
    });
    let (running, path) = following(&project, &["--source", source]);
    until("lines come", 20, || lines(&path) > 30);
    let more_lines = |what: &str| {
        let before = lines(&path);
        until(what, 30, || lines(&path) > before + 30);
    };
    project.magicctl(&["restart", "numbers"]).ok();
    more_lines("lines after a restart");
    // Killed from within, as a crash: the engine starts it again.
    let id = project.container("numbers");
    let pid = project.inspect("numbers", "{{.State.Pid}}");
    assert!(
        Command::new("kill")
            .args(["-9", &pid])
            .status()
            .expect("kill runs")
            .success()
    );
    more_lines("lines after a kill");
    // Replaced, because the file changed.
    project.edit("docker-compose.yml", "sleep 0.01", "sleep 0.011");
    project.magicctl(&["up", "--no-wait", "numbers"]).ok();
    assert_ne!(id, project.container("numbers"));
    more_lines("lines of the replacement");
    // A service that had no container.
    project.magicctl(&["up", "--no-wait"]).ok();
    until("lines of a new service", 30, || followed(&path).len() > 1);
    project.magicctl(&["stop"]).ok();
    // What Docker has of the containers that are left is what was followed of them, to the last line.
    let name = |service: &str| project.inspect(service, "{{.Name}}").trim_start_matches('/').to_owned();
    for service in ["numbers", "second"] {
        let all = String::from_utf8(docker_logs(&project, service, &[])).expect("text");
        let last = all.lines().rfind(|line| !line.is_empty()).expect("a line").to_owned();
        until("the last line", 20, || {
            followed(&path)
                .get(&name(service))
                .is_some_and(|messages| messages.contains(&last))
        });
    }
    drop(running);
    let messages = followed(&path);
    let (runs, _) = complete(&messages[&name("numbers")]);
    assert_eq!(runs, 4, "start, restart, kill, replacement");
    complete(&messages[&name("second")]);
}

/// Says something when it is asked to, and at its end.
const ANSWERS: &str = r"trap 'echo new' USR1; trap 'echo bye; exit 0' TERM; echo old; while :; do sleep 0.05; done";

#[test]
fn following_ends_when_nothing_is_left_and_a_tail_of_nothing_shows_nothing_old() {
    let more = "    stop_grace_period: 2s\n";
    let services = [
        writer("answers", ANSWERS, more),
        // One that has ended before doesn't keep it.
        writer("ended", "echo old", more),
    ];
    let project = Project::of("left", &format!("services:\n{}", services.concat()));
    let done = project.magicctl(&["logs", "-f"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""), "{}", done.stderr);
    project.magicctl(&["up", "--no-wait"]);
    until("both have written", 20, || {
        ["answers", "ended"]
            .iter()
            .all(|service| docker_logs(&project, service, &[]).starts_with(b"old"))
    });
    let mut following: Vec<(Running, std::path::PathBuf)> = ["files", "engine"]
        .iter()
        .map(|source| {
            let path = project.path(source);
            let mut command = project.command(&["--output", "raw", "logs", "-f", "--tail", "0", "--source", source]);
            command
                .stdout(std::fs::File::create(&path).expect("a file"))
                .stderr(Stdio::null());
            (Running(command.spawn().expect("it starts")), path)
        })
        .collect();
    let text = |path: &Path| std::fs::read_to_string(path).expect("the file");
    until("both follow", 30, || {
        project.magicctl(&["kill", "--signal", "USR1", "answers"]).ok();
        following.iter().all(|(_, path)| text(path).contains("new"))
    });
    // Another of its own kind in its place is followed.
    project.magicctl(&["restart", "answers"]).ok();
    until("it follows on", 20, || {
        following.iter().all(|(_, path)| text(path).contains("old\n"))
    });
    for (_, path) in &following {
        assert!(!text(path).starts_with("old"), "{}", text(path));
    }
    project.magicctl(&["stop"]).ok();
    for (running, path) in &mut following {
        until("it ends by itself", 20, || {
            running.0.try_wait().expect("its state").is_some()
        });
        assert!(running.0.wait().expect("it ended").success());
        assert!(text(path).ends_with("bye\n"), "{}", text(path));
        assert_eq!(text(path).matches("bye\n").count(), 2, "{}", text(path));
        assert_eq!(text(path).matches("old\n").count(), 1, "{}", text(path));
    }
}

#[test]
fn following_ends_at_until_and_begins_at_since_or_with_nothing() {
    let compose = format!(
        "services:\n{}",
        writer("numbers", NUMBERS, "    stop_grace_period: 1s\n")
    );
    let project = Project::of("until", &compose);
    project.magicctl(&["up", "--no-wait"]).ok();
    let id = project.container("numbers");
    until("lines come", 20, || {
        docker_logs(&project, "numbers", &["--tail", "20"]).len() > 200
    });
    let from_now = |seconds: i64| {
        let since_1970 = UNIX_EPOCH.elapsed().expect("after 1970");
        Stamp(i64::try_from(since_1970.as_nanos()).expect("a time")).plus(seconds * SECOND)
    };
    for source in ["files", "engine"] {
        // To its end, with the history: what Docker has up to then.
        let end = from_now(2);
        let followed = raw(&project, &["-f", "--source", source, "--until", &end.utc()]);
        let wanted = docker_logs(&project, "numbers", &["--until", &end.utc()]);
        assert_eq!(sorted(&followed), sorted(&wanted), "{source}");
        // An end that is over already ends it at once.
        let over = raw(&project, &["-f", "--source", source, "--until", "1h"]);
        assert!(over.is_empty(), "{source}");
        // Nothing of the history, and of the future only what is asked for.
        let (begin, end) = (from_now(1), from_now(2));
        let args = [
            "-f",
            "--tail",
            "0",
            "--source",
            source,
            "--since",
            &begin.utc(),
            "--until",
            &end.utc(),
        ];
        let records = json(&project, &args);
        let time = |record: &Value| Stamp::parse(record["time"].as_str().expect("a time").as_bytes()).expect("a time");
        assert!(
            !records.is_empty() && records.iter().all(|record| (begin..=end).contains(&time(record))),
            "{source}: {records:?}"
        );
        let numbers: Vec<String> = records
            .iter()
            .map(|record| record["message"].as_str().expect("text").to_owned())
            .collect();
        assert!(numbers.is_sorted_by_key(|line| {
            line.split(' ')
                .next_back()
                .and_then(|number| number.parse::<u64>().ok())
        }));
        // A beginning that is not yet shows nothing.
        assert!(json(&project, &["--source", source, "--since", &from_now(600).utc()]).is_empty());
    }
    // Nor does one whose reader stops go on.
    let command = format!(
        "set -o pipefail; {} logs -f | head -n 3",
        env!("CARGO_BIN_EXE_magicctl")
    );
    let stopped: Done = Command::new("bash")
        .args(["-c", &command])
        .current_dir(&project.dir)
        .output()
        .expect("bash runs")
        .into();
    assert_eq!(
        (stopped.code, stopped.stderr.as_str(), stopped.stdout.lines().count()),
        (0, "", 3)
    );
    assert_eq!(id, project.container("numbers"), "it ran all the time");
}

#[test]
fn following_gives_each_line_once_while_the_log_is_rotated() {
    let script = "sleep 2; i=0; while [ $$i -lt 4000 ]; do i=$$((i+1)); echo \"n 1 $$i of a log in many small files\"; done; echo end; sleep 600";
    let more = "    logging: {driver: json-file, options: {max-size: 20k, max-file: '100'}}\n    init: true\n";
    let project = Project::of("rotate", &format!("services:\n{}", writer("numbers", script, more)));
    project.magicctl(&["up", "--no-wait"]).ok();
    let (running, path) = following(&project, &[]);
    let messages = || followed(&path).into_values().next().unwrap_or_default();
    until("the last line", 30, || {
        messages().last().is_some_and(|message| message == "end")
    });
    drop(running);
    let mut messages = messages();
    messages.pop();
    assert_eq!(complete(&messages), (1, 4000));
}

#[test]
fn following_goes_on_over_an_engine_that_restarts() {
    // One after the other: each has an engine of its own.
    for source in ["files", "engine"] {
        over_an_engine(source);
    }
}

fn over_an_engine(source: &str) {
    let Some(mut engine) = OwnEngine::start() else {
        return;
    };
    engine.load(LIGHT_IMAGE);
    let more = "    restart: always\n    stop_grace_period: 1s\n";
    let mut project = Project::of(
        &format!("away-{source}"),
        &format!("services:\n{}", writer("numbers", NUMBERS, more)),
    );
    project.env.insert("DOCKER_HOST".to_owned(), engine.host());
    project.magicctl(&["up", "--no-wait"]).ok();
    let (running, path) = following(&project, &["--tail", "5", "--source", source]);
    let lines = || followed(&path).values().map(Vec::len).sum::<usize>();
    until("lines come", 20, || lines() > 30);
    engine.restart();
    let before = lines();
    until("lines after the engine's restart", 60, || lines() > before + 30);
    drop(running);
    let messages = followed(&path);
    assert_eq!(messages.len(), 1);
    let messages = messages.into_values().next().expect("one container");
    // It began with a tail: the first run has no beginning.
    let first = messages[0].clone();
    let run = first.split(' ').nth(1).expect("a run");
    let (first_run, later): (Vec<String>, Vec<String>) =
        messages.into_iter().partition(|message| message.contains(run));
    let numbers: Vec<u32> = first_run
        .iter()
        .map(|message| message.split(' ').nth(2).expect("a number").parse().expect("a number"))
        .collect();
    assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1), "{numbers:?}");
    assert_eq!(complete(&later).0, 1);
    project.magicctl(&["down"]).ok();
}
