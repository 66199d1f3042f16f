//! Every fix works: what a card proposes is done, word by word, and then the failure is gone or the card of the next cause
//! is there. A card without an entry here fails its test.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Done, Project};

use super::{PYTHON, cards_of, light};

/// What is done besides the card's commands.
enum Fix {
    /// Nothing.
    Commands,
    /// First, by hand, what the card says in words.
    ByHand(fn(&Project)),
    /// The same, after the commands.
    AfterThem(fn(&Project)),
    /// It can't be done here: why.
    NotHere(&'static str),
}

/// What the same command says then.
enum Then {
    /// Nothing: it is well.
    Well,
    /// That the program has another fault, which a card names in these words.
    Next(&'static str),
}

use Fix::{AfterThem, ByHand, Commands, NotHere};
use Then::{Next, Well};

/// Its program runs to its end, as a job does.
const ENDS: Then = Well;
const LOGIN: Fix = NotHere("`docker login` asks for a password at a terminal");
const DEBIAN: Fix = NotHere("installs from Debian's archive");
const KILLS_ITSELF: Fix =
    NotHere("nothing is wrong in the project: it is killed from outside, here by itself, each time");

/// By the names of the cards.
const FIXES: [(&str, Fix, Then); 80] = [
    ("addresses-used-up", Commands, Well),
    ("app-command", ByHand(names_run_py), Well),
    ("app-ends", ByHand(serves), Well),
    ("app-exception", ByHand(serves), Well),
    ("app-file", ByHand(serves), Well),
    ("app-host", ByHand(serves), Well),
    ("app-json", ByHand(serves), Well),
    ("app-key-file", Commands, ENDS),
    (
        "app-module",
        Commands,
        Next("Dockerfile doesn't install requirements.txt"),
    ),
    ("app-module-not-installed", ByHand(installs), ENDS),
    ("app-name", ByHand(serves), Well),
    ("app-number", ByHand(serves), Well),
    ("app-own-module", ByHand(copies_tools), ENDS),
    ("app-permission", Commands, ENDS),
    ("app-port-twice", ByHand(serves), Well),
    (
        "app-read-only",
        ByHand(mounts_writable),
        Next("its user can't write to keys_pool"),
    ),
    ("app-read-only-no-more", Commands, ENDS),
    ("app-refused", ByHand(serves), Well),
    ("app-says-why", ByHand(serves), Well),
    ("app-syntax", ByHand(serves), Well),
    ("app-variable", ByHand(sets_the_variable), ENDS),
    ("app-write", ByHand(owns_the_folder), ENDS),
    ("build-apt", DEBIAN, ENDS),
    ("build-base", ByHand(builds_on_python), ENDS),
    ("build-copy", ByHand(copies_nothing_more), ENDS),
    ("build-dockerfile", ByHand(runs_true), ENDS),
    ("build-ignored", Commands, ENDS),
    ("build-no-dockerfile", ByHand(has_a_dockerfile), ENDS),
    ("build-package", ByHand(requires_redis), ENDS),
    ("build-requirement", ByHand(requires_redis), ENDS),
    ("build-step", ByHand(without_the_step), ENDS),
    ("build-tool", DEBIAN, ENDS),
    ("build-version", Commands, ENDS),
    ("device", ByHand(sleeps), Well),
    ("disk-full", ByHand(writes_less), Well),
    ("engine-too-old", NotHere("an engine is upgraded on its host"), Well),
    ("exit-137", KILLS_ITSELF, Well),
    ("exit-139", KILLS_ITSELF, Well),
    ("exit-143", KILLS_ITSELF, Well),
    ("exit-42", ByHand(sleeps), Well),
    ("health-fails", ByHand(is_healthy), Well),
    ("health-other-port", ByHand(asks_port_8000), Well),
    ("health-refused", ByHand(listens), Well),
    ("health-silent", ByHand(is_healthy), Well),
    ("health-times-out", ByHand(is_healthy), Well),
    ("health-tool", ByHand(is_healthy), Well),
    ("health-tool-in-a-shell", ByHand(is_healthy), Well),
    (
        "health-tool-other",
        ByHand(asks_with_bash),
        Next("nothing listens on port 8001"),
    ),
    ("kafka-advertised", ByHand(names_the_inner_listener), ENDS),
    ("kafka-cluster-id", Commands, Well),
    ("kafka-heap", Commands, Well),
    ("kafka-listeners", ByHand(names_a_listener), Well),
    ("kafka-oom", ByHand(has_more_memory), Well),
    ("log-driver", ByHand(sleeps), Well),
    ("loki-permission", Commands, Well),
    ("loki-wget", ByHand(loki_asks_itself), Well),
    ("memory-limit", ByHand(sleeps), Well),
    ("mount-device", Commands, Well),
    ("mount-folder-on-file", AfterThem(has_a_file), Well),
    ("mount-root", ByHand(sleeps), Well),
    ("network-overlaps", ByHand(has_another_subnet), Well),
    ("no-such-command", ByHand(sleeps), Well),
    ("no-such-command-in-a-shell", ByHand(sleeps), Well),
    ("no-such-command-without-init", ByHand(sleeps), Well),
    ("not-executable", ByHand(sleeps), Well),
    ("not-executable-without-init", ByHand(sleeps), Well),
    ("oom", ByHand(may_use_more), ENDS),
    ("pull-away", ByHand(sleeps), Well),
    ("pull-denied", LOGIN, Well),
    ("pull-login", LOGIN, Well),
    ("pull-name", ByHand(sleeps), Well),
    ("pull-no-host", ByHand(sleeps), Well),
    ("pull-not-well", ByHand(sleeps), Well),
    ("pull-rate-limit", LOGIN, Well),
    ("pull-tag", ByHand(sleeps), Well),
    ("redis-settings", ByHand(has_a_limit), Well),
    ("restart-loop", ByHand(goes_on), Well),
    ("restart-loop-of-a-dependency", ByHand(goes_on), Well),
    ("runtime", ByHand(sleeps), Well),
    ("user", ByHand(sleeps), Well),
];

/// What a test may run of what a card proposes, each with what that does; with a `sudo` before it, as tests run as root.
const ALLOWED: [&str; 14] = [
    "chmod", "chown", "curl", "docker", "echo", "findmnt", "free", "getent", "magicctl", "mkdir", "printf", "rmdir",
    "sed", "touch",
];
/// What only looks, and takes a shell to do so.
const LOOKS: [&str; 1] = ["docker network inspect $(docker network ls -q) | grep -E 'Name|Subnet'"];
/// What takes two commands. The engine is the test's own.
const PRUNES: &str = "docker builder prune -f; docker image prune -f";

/// Does what the cards that `done` shows propose after `magicctl {args}`, and holds what follows against the table.
#[track_caller]
pub fn follow(name: &str, project: &mut Project, args: &[&str], done: &Done) {
    let entry = FIXES.iter().find(|(card, ..)| *card == name);
    let (_, fix, then) = entry.unwrap_or_else(|| panic!("{name}: no entry says what its fix leads to"));
    let commands = proposed(done);
    if let NotHere(why) = fix {
        assert!(!why.is_empty());
        return;
    }
    if let ByHand(correct) = fix {
        correct(project);
    }
    for command in &commands {
        run(name, project, command);
    }
    if let AfterThem(correct) = fix {
        correct(project);
    }
    // What is well has time to become so.
    let args: Vec<&str> = args.iter().map(|arg| if *arg == "6s" { "60s" } else { *arg }).collect();
    let then_said = project.magicctl(&args);
    match then {
        Well => assert_eq!(then_said.code, 0, "{name}, after {commands:?}: {}", then_said.all()),
        Next(cause) => {
            let was = cards_of(done);
            assert!(!was.contains(cause), "{name} is its own next cause: {was}");
            let is = cards_of(&then_said);
            assert!(
                is.contains(cause),
                "{name}, after {commands:?}: exit code {}: {}",
                then_said.code,
                then_said.all()
            );
        }
    }
}

fn proposed(done: &Done) -> Vec<String> {
    let cards = cards_of(done);
    let commands = cards.lines().filter_map(|line| line.trim_start().strip_prefix("$ "));
    commands.map(ToOwned::to_owned).collect()
}

/// Runs one command as its words; `> file` and `>> file` at its end are what they are for a shell.
#[track_caller]
fn run(name: &str, project: &mut Project, command: &str) {
    if LOOKS.contains(&command) || command == PRUNES {
        let looked = project.plain("sh", &["-c", command]).output().expect("sh runs");
        assert!(looked.status.success(), "{name}: {command}: {looked:?}");
        return;
    }
    let words = shlex::split(command).unwrap_or_else(|| panic!("{name}: {command} is not whole"));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = words.strip_prefix(&["sudo"]).unwrap_or(&words);
    if let ["unset", variable] = words {
        project.env.remove(*variable);
        return;
    }
    let (words, to) = match words {
        [words @ .., ">", file] => (words, Some((*file, false))),
        [words @ .., ">>", file] => (words, Some((*file, true))),
        words => (words, None),
    };
    let (program, arguments) = words.split_first().unwrap_or_else(|| panic!("{name}: nothing to run"));
    assert!(
        ALLOWED.contains(program),
        "{name}: {program} is not on the list: {command}"
    );
    let is_operator = |word: &&str| {
        matches!(*word, "|" | "||" | "&" | "&&" | "<")
            || word.ends_with(';')
            || word.contains("$(")
            || word.contains('`')
    };
    assert!(!words.iter().any(is_operator), "{name}: {command} takes a shell");
    let mut child = match *program {
        "magicctl" => project.command(arguments),
        program => project.plain(program, arguments),
    };
    // Who is asked whether they are sure, is.
    let mut running = child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {command}: {error}"));
    let mut stdin = running.stdin.take().expect("a pipe");
    // It may ask nothing and be over.
    let _unread = stdin.write_all(b"y\n");
    drop(stdin);
    let output = running.wait_with_output().expect("it ends");
    let Some((file, appends)) = to else { return };
    assert!(output.status.success(), "{name}: {command}: {output:?}");
    let file = project.path(file);
    let before = if appends {
        fs::read(&file).unwrap_or_default()
    } else {
        Vec::new()
    };
    fs::write(file, [before, output.stdout].concat()).expect("a file");
}

/// Every card that is held against a snapshot is in the table, and nothing else is.
#[test]
fn each_card_has_its_entry() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cards/snapshots");
    let files = fs::read_dir(folder).expect("the snapshots");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let mut cards: Vec<String> = names
        .filter_map(|name| Some(name.strip_prefix("it__cards__")?.strip_suffix(".snap")?.to_owned()))
        // That of another module, which is not made by `card`.
        .filter(|name| name != "process__status")
        .collect();
    cards.sort();
    let mut entries: Vec<&str> = FIXES.iter().map(|(name, ..)| *name).collect();
    entries.sort_unstable();
    assert_eq!(cards, entries);
}

/// Serves both ports until it is stopped.
fn serves(project: &Project) {
    project.write(
        "run.py",
        "import http.server, threading\nfor port in (8001, 8002):\n    \
         server = http.server.HTTPServer(('', port), http.server.BaseHTTPRequestHandler)\n    \
         threading.Thread(target=server.serve_forever).start()\n",
    );
}

fn names_run_py(project: &Project) {
    project.edit("Dockerfile", "server.py", "run.py");
    serves(project);
}

fn installs(project: &Project) {
    let copy = "COPY requirements.txt ./\n";
    let install = "RUN pip install --no-cache-dir -r requirements.txt\n";
    project.edit("Dockerfile", copy, &format!("{copy}{install}"));
}

fn copies_tools(project: &Project) {
    project.edit("Dockerfile", "CMD", "COPY tools ./tools\nCMD");
}

fn mounts_writable(project: &Project) {
    project.edit("docker-compose.yml", "/app/keys_pool:ro", "/app/keys_pool");
}

fn sets_the_variable(project: &Project) {
    let under = "    environment:\n";
    let set = "      TAVILY_API_KEY: ${TAVILY_API_KEY}\n";
    project.edit("docker-compose.yml", under, &format!("{under}{set}"));
    project.write(".env", "TAVILY_API_KEY=x\n");
}

fn owns_the_folder(project: &Project) {
    project.edit(
        "Dockerfile",
        "USER",
        "RUN mkdir -p /var/log && chown 10001 /var/log\nUSER",
    );
}

fn builds_on_python(project: &Project) {
    project.edit("Dockerfile", "127.0.0.1:1/python:3.12-slim", PYTHON);
}

fn copies_nothing_more(project: &Project) {
    project.edit("Dockerfile", "COPY magic_proxy ./magic_proxy\n", "");
}

fn runs_true(project: &Project) {
    project.edit("Dockerfile", "RUNN pip install redis", "RUN true");
}

fn has_a_dockerfile(project: &Project) {
    project.write(
        "Dockerfile",
        &format!("FROM {PYTHON}\nCOPY run.py ./\nCMD [\"python\", \"run.py\"]\n"),
    );
}

fn requires_redis(project: &Project) {
    project.write("requirements.txt", "redis==8.1.0\n");
}

fn without_the_step(project: &Project) {
    let dockerfile = fs::read_to_string(project.path("Dockerfile")).expect("a file");
    let kept: Vec<&str> = dockerfile.lines().filter(|line| !line.starts_with("RUN")).collect();
    project.write("Dockerfile", &kept.join("\n"));
}

/// What is wrong with the light service is taken out.
fn sleeps(project: &Project) {
    project.write("docker-compose.yml", &light("[sleep, '600']", ""));
}

fn writes_less(project: &Project) {
    project.edit("Dockerfile", "600M", "10M");
}

fn is_healthy(project: &Project) {
    let check = "    healthcheck: {test: [CMD, 'true'], interval: 1s}\n";
    project.write("docker-compose.yml", &light("[sleep, '600']", check));
}

fn asks_port_8000(project: &Project) {
    project.edit("docker-compose.yml", "127.0.0.1/8001", "127.0.0.1/8000");
}

fn listens(project: &Project) {
    project.edit(
        "docker-compose.yml",
        "[sleep, '600']",
        "[python, -m, http.server, '8001']",
    );
}

fn asks_with_bash(project: &Project) {
    let (curl, bash) = (
        "[CMD, curl, -f, 'http://localhost:8001/health']",
        "[CMD, bash, -c, ': </dev/tcp/127.0.0.1/8001']",
    );
    project.edit("docker-compose.yml", curl, bash);
}

fn names_the_inner_listener(project: &Project) {
    project.edit(
        "docker-compose.yml",
        "KAFKA_BROKER: kafka:9092",
        "KAFKA_BROKER: kafka:9093",
    );
}

fn names_a_listener(project: &Project) {
    project.edit(
        "docker-compose.yml",
        "\"OUTSIDE://localhost:",
        "\"EXTERNAL://localhost:",
    );
}

fn has_more_memory(project: &Project) {
    project.edit("docker-compose.yml", "mem_limit: 120m", "mem_limit: 768m");
}

fn loki_asks_itself(project: &Project) {
    project.edit(
        "docker-compose.yml",
        "[\"CMD\", \"wget\", \"-q\", \"-O-\", \"http://localhost:3100/ready\"]",
        "[\"CMD\", \"/usr/bin/loki\", \"-health\"]",
    );
}

fn has_a_file(project: &Project) {
    project.write("settings", "root:x:0:0:root:/root:/bin/sh\n");
}

fn has_another_subnet(project: &Project) {
    project.edit("docker-compose.yml", "10.213.77.0", "10.213.78.0");
}

fn may_use_more(project: &Project) {
    project.edit("docker-compose.yml", "mem_limit: 64m", "mem_limit: 512m");
}

fn has_a_limit(project: &Project) {
    project.edit("docker-compose.yml", "lots", "100mb");
}

fn goes_on(project: &Project) {
    let loops = "[sh, -c, 'echo can not open the index >&2; exit 2']";
    project.edit("docker-compose.yml", loops, "[sleep, '600']");
}
