//! Logs: what the containers wrote, all of it, once and in order, from every source.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::support::loki::{Loki, now};
use crate::support::{Done, LIGHT_IMAGE, Project, until};

/// Lines that are hard on a reader: long, empty, with carriage returns, binary, on both streams, unfinished.
const HARD: &str = r#"printf 'plain\n\n\n'; printf 'dos\r\n'; printf '10%%\r50%%\r100%%\n'; printf 'nul \0 and \377\376 bytes\n'; printf '\033[31mred\033[0m\n'; echo err >&2;
head -c 1000000 /dev/zero | tr '\0' x; echo; head -c 40000 /dev/zero | tr '\0' '"'; echo;
echo '{"level": "ERROR", "message": "a \"quoted\" <text> & more"}'; echo 'Traceback (most recent call last):' >&2; echo '  File "x"' >&2; echo 'E: y' >&2;
i=0; while [ $$i -lt 300 ]; do i=$$((i+1)); echo "line $$i"; echo "error $$i" >&2; done; printf 'no end'"#;

pub fn writer(name: &str, script: &str, more: &str) -> String {
    let script = script.replace('\n', "\n        ");
    format!(
        "  {name}:\n    image: {LIGHT_IMAGE}\n    network_mode: none\n    tmpfs: /data\n    entrypoint: []\n    command:\n      - sh\n      - -c\n      - |\n        {script}\n{more}"
    )
}

/// The lines of bytes, sorted.
pub fn sorted(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.retain(|line| !line.is_empty());
    lines.sort();
    lines
}

/// What the Docker client gives of a container, both streams.
pub fn docker_logs(project: &Project, service: &str, more: &[&str]) -> Vec<u8> {
    let id = project.container(service);
    let out = Command::new("docker")
        .args([&["logs"], more, &[&id]].concat())
        .output()
        .expect("docker runs");
    assert!(out.status.success(), "{out:?}");
    // The last line of one may have no end.
    [out.stdout, out.stderr].join(&b'\n')
}

pub fn raw(project: &Project, args: &[&str]) -> Vec<u8> {
    let out = project
        .command(&[&["--output", "raw", "logs"], args].concat())
        .output()
        .expect("magicctl runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

pub fn json(project: &Project, args: &[&str]) -> Vec<Value> {
    let done = project.magicctl(&[&["--output", "json", "logs"], args].concat()).ok();
    done.stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn ended(project: &Project, services: &[&str]) {
    until("the writers have ended", 60, || {
        services
            .iter()
            .all(|service| project.inspect(service, "{{.State.Status}}") == "exited")
    });
}

#[test]
fn every_source_gives_what_docker_logs_gives() {
    let drivers = [
        ("jsonfile", "    logging: {driver: json-file}\n"),
        (
            "rotated",
            "    logging: {driver: json-file, options: {max-size: 100k, max-file: '30', compress: 'true'}}\n",
        ),
        (
            "local",
            "    logging: {driver: local, options: {max-size: 60k, max-file: '40'}}\n",
        ),
        (
            "labelled",
            "    logging: {driver: json-file, options: {env: WHO}}\n    environment: {WHO: \"a \\\"b\\\"\"}\n",
        ),
        ("terminal", "    tty: true\n"),
    ];
    let services: Vec<String> = drivers.iter().map(|(name, more)| writer(name, HARD, more)).collect();
    let project = Project::of("sources", &format!("services:\n{}", services.concat()));
    project.magicctl(&["up", "--no-wait"]);
    let names = drivers.map(|(name, _)| name);
    ended(&project, &names);
    for name in names {
        let given = sorted(&docker_logs(&project, name, &[]));
        assert!(given.len() > 600, "{name}: {}", given.len());
        for source in ["files", "engine", "auto"] {
            let got = sorted(&raw(&project, &["--source", source, name]));
            // The engine's reader of its `local` files forgets the end of a line that was kept in parts; the files have it, and
            // every writer wrote the same.
            let wanted = match (name, source) {
                ("local", "files" | "auto") => sorted(&docker_logs(&project, "jsonfile", &[])),
                _ => given.clone(),
            };
            assert_eq!(got.len(), wanted.len(), "{name} from {source}");
            // `json-file` keeps no bytes that are no text; `local` does.
            let text = |lines: &[Vec<u8>]| {
                lines
                    .iter()
                    .map(|line| String::from_utf8_lossy(line).into_owned())
                    .collect::<BTreeSet<_>>()
            };
            // Empty lines, too: the Docker client's two streams were joined by one line feed.
            let line_feeds = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
            if name == "jsonfile" {
                let (raw, wanted) = (
                    raw(&project, &["--source", source, name]),
                    docker_logs(&project, name, &[]),
                );
                assert_eq!(line_feeds(&raw) + 1, line_feeds(&wanted), "{source}");
            }
            let same = got == wanted || (name == "local" && text(&got) == text(&wanted));
            assert!(same, "{name} from {source} differs");
        }
    }
    // Which was used is said.
    let told = project.magicctl(&["-v", "logs", "--tail", "1"]).ok().stderr;
    assert!(
        names.iter().all(|name| told.contains(&format!("{name}-1 from /"))),
        "{told}"
    );
    // All together: by the engine's time, each container in its own order.
    for source in ["files", "engine"] {
        let records = json(
            &project,
            &["--source", source, "jsonfile", "rotated", "labelled", "terminal"],
        );
        // A container's two streams may be a little out of order in its own log, which is kept as it is.
        let mut latest: BTreeMap<&str, &str> = BTreeMap::new();
        let times: Vec<&str> = records
            .iter()
            .map(|record| {
                let time = record["time"].as_str().expect("a time");
                let latest = latest.entry(record["container"].as_str().expect("a name")).or_default();
                *latest = time.max(latest);
                *latest
            })
            .collect();
        assert!(times.is_sorted(), "{source}");
        let mut numbers: BTreeMap<(String, String), u32> = BTreeMap::new();
        for record in &records {
            let message = record["message"].as_str().expect("a message");
            let number = message.strip_prefix("line ").or_else(|| message.strip_prefix("error "));
            if let Some(number) = number.and_then(|number| number.trim().parse::<u32>().ok()) {
                let kind = message.split(' ').next().expect("a word");
                let last = numbers
                    .entry((record["service"].to_string(), kind.to_owned()))
                    .or_default();
                assert_eq!(number, *last + 1, "{source}: {record}");
                *last = number;
            }
        }
        assert_eq!(numbers.len(), 8, "{numbers:?}");
        assert!(numbers.values().all(|last| *last == 300), "{numbers:?}");
    }
    the_same_part_from_files_and_engine(&project);
}

fn the_same_part_from_files_and_engine(project: &Project) {
    let all = json(project, &["jsonfile"]);
    let middle = all[all.len() / 2]["time"].as_str().expect("a time").to_owned();
    for args in [
        &["--tail", "7"][..],
        &["--tail", "0"],
        &["--tail", "3", "--errors"],
        &["--tail", "100000"],
        &["--since", &middle],
        &["--until", &middle],
        &["--grep", "LINE 29", "-i"],
        &["--grep", "line", "--invert"],
        &["--errors", "-C", "2"],
        &["--errors", "--tail", "2", "-B", "1"],
    ] {
        // The engine leaves a compressed part out whole when the line that was written to it last is older than `--since`, also
        // when others in it are not; both streams take turns at that.
        let all = ["jsonfile", "labelled", "terminal", "rotated"];
        let services = if args[0] == "--since" { &all[..3] } else { &all };
        let of = |source: &str| json(project, &[&["--source", source], args, services].concat());
        assert_eq!(of("files"), of("engine"), "{args:?}");
    }
    let tail = |args: &[&str]| json(project, &[args, &["local"]].concat()).len();
    assert_eq!((tail(&["--tail", "7"]), tail(&["--tail", "0"])), (7, 0));
    // Equal to the Docker client where both can say it; `--since` not of rotated parts, for the same reason.
    for name in ["jsonfile", "labelled"] {
        let since = sorted(&docker_logs(project, name, &["--since", &middle]));
        let got = sorted(&raw(project, &["--since", &middle, name]));
        assert!(
            got == since,
            "{name} since {middle}: {} lines, not {}",
            got.len(),
            since.len()
        );
    }
}

#[test]
fn a_hundred_thousand_short_lines_are_all_there_once_and_in_order() {
    let script = "awk 'BEGIN { for (i = 1; i <= 100000; i++) print i }'".replace('$', "$$");
    let project = Project::of("short", &format!("services:\n{}", writer("counter", &script, "")));
    project.magicctl(&["up", "--no-wait"]);
    ended(&project, &["counter"]);
    let mut wanted = (1..=100_000)
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join("\n");
    wanted.push('\n');
    for source in ["files", "engine"] {
        let got = String::from_utf8(raw(&project, &["--source", source])).expect("text");
        assert!(got == wanted, "{source}");
    }
    let last = raw(&project, &["--tail", "2"]);
    assert_eq!(last, b"99999\n100000\n");
}

#[test]
fn errors_are_folded_and_context_is_of_all_services() {
    // Each waits for the other's word; the pause is for the engine, which has to read it before the next.
    let wait = |step: u32| format!("until [ -e /steps/{step} ]; do sleep 0.05; done; sleep 0.2;");
    let error = |number: u32| format!(r#"echo '{{"level": "ERROR", "message": "request {number} failed"}}';"#);
    let app = format!(
        "{} {} touch /steps/2; {} {} echo fine; touch /steps/4",
        wait(1),
        error(17),
        wait(3),
        error(18)
    );
    let db = format!(
        "echo 'going down'; touch /steps/1; {} echo 'still down'; touch /steps/3; {} echo 'up again'",
        wait(2),
        wait(4)
    );
    let steps = "    volumes: [\"steps:/steps\"]\n";
    let services = [writer("app", &app, steps), writer("db", &db, steps)].concat();
    let project = Project::of("folded", &format!("services:\n{services}volumes:\n  steps: {{}}\n"));
    project.magicctl(&["up", "--no-wait"]);
    ended(&project, &["app", "db"]);
    let folded = project.magicctl(&["logs", "--errors", "--summary"]).ok().stdout;
    assert!(folded.starts_with("2x app  "), "{folded}");
    assert!(
        folded.contains("request 18 failed") && !folded.contains("request 17"),
        "{folded}"
    );
    let groups = json(&project, &["--summary"]);
    assert_eq!(
        (groups.len(), &groups[0]["count"], &groups[0]["fingerprint"]),
        (1, &2.into(), &"request # failed".into())
    );
    let around = project.magicctl(&["logs", "--errors", "-B", "1"]).ok().stdout;
    let said: Vec<&str> = around
        .lines()
        .map(|line| line.split(" | ").nth(1).unwrap_or(line))
        .collect();
    assert_eq!(said[0], "going down", "{around}");
    assert_eq!(said[2], "still down", "{around}");
    assert_eq!(said.len(), 4, "{around}");
}

#[test]
fn which_containers_are_shown_and_how_they_are_told_apart() {
    let three = "i=0; while [ $$i -lt 3 ]; do i=$$((i+1)); echo line $$i; done";
    let project = Project::of(
        "which",
        &format!(
            "services:\n{}{}{}",
            writer("app", three, "    scale: 2\n"),
            writer("noisy", "echo noise", "    attach: false\n"),
            writer("tool", "echo tool", "    profiles: [t]\n"),
        ),
    );
    project.magicctl(&["up", "--no-wait", "app", "noisy", "tool"]);
    ended(&project, &["noisy", "tool"]);
    until("both have written", 20, || {
        project.magicctl(&["logs", "app"]).stdout.lines().count() == 6
    });
    let lines = |args: &[&str]| -> Vec<String> {
        let done = project.magicctl(&[&["logs"], args].concat()).ok();
        let mut lines: Vec<String> = done.stdout.lines().map(ToOwned::to_owned).collect();
        lines.sort();
        lines
    };
    let last = ["app-1 | line 3", "app-2 | line 3"];
    // Each container has its own end.
    assert_eq!(lines(&["--tail", "1", "app"]), last);
    // What is detached, or of a profile that is not active, is shown when it is named.
    assert_eq!(lines(&["--tail", "1"]), last);
    assert_eq!(lines(&["noisy"]), ["noisy | noise"]);
    assert_eq!(lines(&["tool"]), ["tool | tool"]);
    assert_eq!(lines(&["--index", "2", "--tail", "1", "app"]), ["app-2 | line 3"]);
    for (args, code, words) in [
        (&["logs", "--index", "2"][..], 2, "one service"),
        (&["logs", "--index", "2", "app", "noisy"], 2, "one service"),
        (&["logs", "--index", "3", "app"], 1, "app has no container 3"),
    ] {
        let done = project.magicctl(args);
        assert_eq!(done.code, code, "{args:?}: {}", done.all());
        assert!(done.stderr.contains(words), "{args:?}: {}", done.stderr);
    }
    // What `date +%s` prints, of now and of an hour ago.
    let now: u64 = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let (later, before) = ((now + 1).to_string(), format!("{}.5", now - 3600));
    for (args, count) in [
        (["--since", &later], 0),
        (["--since", &before], 6),
        (["--until", &before], 0),
        (["--until", &later], 6),
    ] {
        assert_eq!(lines(&[&args[..], &["app"]].concat()).len(), count, "{args:?}");
    }
}

#[test]
fn without_a_name_they_are_those_of_the_file_and_the_active_profiles() {
    let tool = writer("tool", "echo of tool", "    profiles: [x]\n");
    let all = format!(
        "services:\n{}{}{tool}",
        writer("app", "echo of app", ""),
        writer("gone", "echo of gone", "")
    );
    let project = Project::of("whose", &all);
    project.write(
        "less.yml",
        &format!("services:\n{}{tool}", writer("app", "echo of app", "")),
    );
    project.magicctl(&["--profile", "x", "up", "--no-wait"]);
    ended(&project, &["app", "gone", "tool"]);
    let name = project.name.clone();
    for (flags, services) in [
        (&["-f", "docker-compose.yml"] as &[&str], "app gone"),
        (&["--profile", "x"], "app gone tool"),
        (&["-f", "less.yml"], "app"),
        (&["-f", "less.yml", "--profile", "x"], "app tool"),
    ] {
        let ours = project
            .magicctl(&[&["-p", &name, "--output", "raw"], flags, &["logs"]].concat())
            .ok();
        let theirs = project
            .compose(&[flags, &["logs", "--no-log-prefix", "--no-color"]].concat())
            .ok();
        let sorted = |done: &Done| {
            let mut lines: Vec<String> = done.stdout.lines().map(|line| line.replace("of ", "")).collect();
            lines.sort();
            lines.join(" ")
        };
        assert_eq!(
            (sorted(&ours).as_str(), sorted(&theirs).as_str()),
            (services, services),
            "{flags:?}"
        );
    }
    // One that is named is shown.
    assert_eq!(project.magicctl(&["logs", "tool"]).ok().stdout, "tool | of tool\n");
    project.magicctl(&["--profile", "x", "down"]).ok();
    for args in [&["logs"] as &[&str], &["logs", "app"], &["logs", "-f"]] {
        let (ours, theirs) = (project.magicctl(args).ok(), project.compose(args).ok());
        assert_eq!((ours.stdout.as_str(), theirs.stdout.as_str()), ("", ""), "{args:?}");
        assert!(
            ours.stderr.contains("has no container to show logs of"),
            "{}",
            ours.all()
        );
    }
}

#[test]
fn what_is_wrong_is_said() {
    let project = Project::of(
        "wrong",
        &format!(
            "services:\n{}{}",
            writer("silent", "echo never kept", "    logging: {driver: none}\n"),
            writer("talker", "echo hello", "")
        ),
    );
    project.magicctl(&["up", "--no-wait"]);
    ended(&project, &["silent", "talker"]);
    let done = project.magicctl(&["logs"]).ok();
    assert_eq!(done.stdout, "talker | hello\n");
    assert_eq!(
        done.stderr.matches("its log driver is `none`").count(),
        1,
        "{}",
        done.stderr
    );
    for (args, code, words) in [
        (&["logs", "talkr"][..], 2, "did you mean `talker`?"),
        (&["logs", "--grep", "a(b"], 2, "    a(b\n"),
        (&["logs", "--since", "someday"], 2, "yesterday"),
        (&["logs", "--tail", "few"], 2, "`all`"),
        (&["logs", "--no-redact"], 2, "on a terminal only"),
        (&["--output", "raw", "status"], 2, "`logs`"),
    ] {
        let done = project.magicctl(args);
        assert_eq!(done.code, code, "{args:?}: {}", done.all());
        assert!(done.stderr.contains(words), "{args:?}: {}", done.stderr);
    }
    let caret = project.magicctl(&["logs", "--grep", "a(b"]).stderr;
    let lines: Vec<&str> = caret.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.ends_with("a(b"))
        .expect("the pattern");
    assert_eq!(lines[at].find('('), lines[at + 1].find('^'), "{caret}");
}

#[test]
fn a_reader_that_stops_ends_it_quietly() {
    let script = "awk 'BEGIN { for (i = 1; i <= 200000; i++) print i }'";
    let project = Project::of("head", &format!("services:\n{}", writer("counter", script, "")));
    project.magicctl(&["up", "--no-wait"]);
    ended(&project, &["counter"]);
    for source in ["files", "engine"] {
        let command = format!(
            "set -o pipefail; {} logs --source {source} | head -n 2",
            env!("CARGO_BIN_EXE_magicctl")
        );
        let done: Done = Command::new("bash")
            .args(["-c", &command])
            .current_dir(&project.dir)
            .output()
            .expect("bash runs")
            .into();
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{source}");
        assert_eq!(done.stdout, "counter | 1\ncounter | 2\n");
    }
}

#[test]
fn loki_gives_what_was_shipped_also_of_containers_that_are_gone() {
    let project = Project::sample("shipped");
    let away = project.magicctl(&["logs", "--source", "loki"]);
    assert_eq!(away.code, 1, "{}", away.all());
    assert!(
        away.stderr.contains("can't be queried") && away.stderr.contains("engine"),
        "{}",
        away.stderr
    );

    project.magicctl(&["up", "loki"]).ok();
    let loki = Loki(project.port("LOKI_PORT"));
    let stream = |container: &str, service: &str, stream: &str| {
        serde_json::json!({
            "project": project.name, "container_name": container, "service": service, "stream": stream,
        })
    };
    // More than one answer of Loki's holds, on two streams; a traceback is one entry.
    let start = now() - 3600 * 1_000_000_000;
    let texts: Vec<String> = (0..5200).map(|number| format!("line {number}")).collect();
    let lines: Vec<(u128, &str)> = texts
        .iter()
        .zip(0..)
        .map(|(text, number)| (start + number * 2, text.as_str()))
        .collect();
    loki.push(&stream("gone-1", "gone", "stdout"), &lines);
    let trace = "Traceback (most recent call last):\n  File \"x\", line 1\nValueError: no";
    loki.push(
        &stream("gone-1", "gone", "stderr"),
        &[(start + 1, "first"), (start + 9001, trace)],
    );
    loki.push(&stream("other-1", "other", "stdout"), &[(start + 3, "between")]);

    let all = || json(&project, &["--source", "loki"]);
    until("Loki has all", 20, || all().len() == 5203);
    let records = all();
    let times: Vec<&str> = records
        .iter()
        .map(|record| record["time"].as_str().expect("a time"))
        .collect();
    assert!(times.is_sorted());
    let messages: Vec<&str> = records[..4]
        .iter()
        .map(|record| record["message"].as_str().expect("a message"))
        .collect();
    assert_eq!(messages, ["line 0", "first", "line 1", "between"]);
    let errors = json(&project, &["--source", "loki", "--errors", "gone"]);
    assert_eq!((errors.len(), &errors[0]["exception"]), (1, &trace.into()));
    let tail = json(&project, &["--source", "loki", "--tail", "2", "gone"]);
    let tail: Vec<&Value> = tail.iter().map(|record| &record["message"]).collect();
    assert_eq!(tail, ["line 5198", "line 5199"]);
    let unknown = project.magicctl(&["logs", "--source", "loki", "gon"]);
    assert!(
        unknown.code == 2 && unknown.stderr.contains("did you mean `gone`?"),
        "{}",
        unknown.all()
    );
    let follow = project.magicctl(&["logs", "-f", "--source", "loki"]);
    assert_eq!(follow.code, 2, "{}", follow.all());
}

/// What a terminal of so many columns shows, escapes made visible.
fn pane(project: &Project, columns: u32, args: &str) -> String {
    let script = format!("stty cols {columns} rows 30; {} {args}", env!("CARGO_BIN_EXE_magicctl"));
    let mut pty = Command::new("script");
    pty.args(["-qec", &script, "/dev/null"])
        .current_dir(&project.dir)
        .env_clear()
        .env("TERM", "xterm-256color")
        .env("TZ", "UTC")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let done: Done = pty.output().expect("script runs").into();
    assert_eq!(done.code, 0, "{}", done.all());
    done.stdout.replace('\r', "").replace('\u{1b}', "␛")
}

#[test]
fn panes_of_80_and_200_columns_with_and_without_colour() {
    let app = r#"printf '%s\n' '{"level": "INFO", "message": "started", "name": "app", "workers": 4}'; printf '%s\n' '{"level": "ERROR", "message": "request 17 failed", "name": "app", "exception": "Traceback (most recent call last):\n  File \"run.py\", line 3, in handle\nKeyError: model"}';
echo 'Traceback (most recent call last):'; echo '  File "run.py", line 1'; echo 'ModuleNotFoundError: no module named x'; printf '10%%\r55%%\r100%% done\n'; printf '\033[2J\033[31mred\033[0m and \033]0;title\007plain\n';
echo 'a long plain line that says much about very little, goes on and on, and does not end before the pane of eighty columns does'; echo 'key sk-test-0123456789abcdef'"#;
    let project = Project::of("panes", &format!("services:\n{}", writer("app", app, "")));
    project.magicctl(&["up", "--no-wait"]);
    ended(&project, &["app"]);
    let panes = [
        (80, "--color never logs"),
        (80, "--color never logs --cut"),
        (80, "logs --wrap"),
        (200, "--color never logs --wrap"),
        (200, "logs"),
        (80, "--color never logs --summary"),
        (80, "--color never logs --no-redact --tail 1"),
    ]
    .map(|(columns, args)| format!("--- {columns}: {args}\n{}", pane(&project, columns, args)))
    .concat();
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\dT[\d:.]+Z").expect("a pattern");
    insta::assert_snapshot!("logs-panes", times.replace_all(&panes, "<time>"));
}
