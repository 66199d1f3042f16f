//! Failure cards: each failure is made for real, on a real engine with the real services, and its card held against a
//! snapshot. Without a terminal a card's lines are as long as `COLUMNS` says: so long that no line is broken where a text
//! differs from run to run.

mod app;
mod build;
mod engine;
mod keys;
mod process;
mod registry;
mod services;

use std::fs;
use std::path::PathBuf;

use crate::support::{Done, LIGHT_IMAGE, Project};

/// The real Python.
const PYTHON: &str = "magicproxy/python:3.11";
/// Where cards are written as a user sees them, for readings by people.
const WRITE_TO: &str = "MAGICCTL_WRITE_CARDS";

/// Runs a command that fails and holds its cards against the snapshot `name`.
#[track_caller]
fn card(name: &str, project: &mut Project, args: &[&str]) {
    card_but(name, project, args, |text| text);
}

/// The same, with more of what differs from run to run replaced.
#[track_caller]
fn card_but(name: &str, project: &mut Project, args: &[&str], more: impl Fn(String) -> String) {
    let folder = std::env::var_os(WRITE_TO).map(PathBuf::from);
    if folder.is_none() {
        project.env.insert("COLUMNS".to_owned(), "2000".to_owned());
    }
    let done = project.magicctl(args);
    assert_ne!(done.code, 0, "{name}: {}", done.all());
    if let Some(folder) = folder {
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("{name}.txt")), cards_of(&done)).expect("a file");
        return;
    }
    let text = more(stable(project, &cards_of(&done)));
    insta::assert_snapshot!(name, text);
}

/// Does what the cards of `name` propose, command by command as a user pastes them, after `by_hand` has done what they say in
/// words; gives how the last one went. Each card must propose something.
#[track_caller]
fn fix(name: &str, project: &mut Project, args: &[&str], by_hand: impl Fn(&Project)) -> Done {
    project.env.insert("COLUMNS".to_owned(), "2000".to_owned());
    let done = project.magicctl(args);
    assert_ne!(done.code, 0, "{name}: {}", done.all());
    by_hand(project);
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_magicctl"));
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", programs.parent().expect("a folder").display());
    let mut last = None;
    for line in cards_of(&done).lines() {
        let Some(command) = line.trim_start().strip_prefix("$ ") else {
            continue;
        };
        // Tests that need root run as root.
        let command = command.trim_start_matches("sudo ");
        let mut shell = project.plain("sh", &["-c", command]);
        shell.env("PATH", &path).envs(&project.env);
        last = Some(Done::from(shell.output().expect("sh runs")));
    }
    last.unwrap_or_else(|| panic!("{name} proposes nothing: {}", done.all()))
}

/// Every fix works: what a card proposes takes the failure away, or leads to the next cause.
#[test]
fn what_cards_propose_helps() {
    let key = "from pathlib import Path\n\nkeys = Path('keys_pool/keys_pool_google.env').read_text().split()\nprint(len(keys))\n";
    let serve = "import http.server, threading\nfor port in (8001, 8002):\n    server = http.server.HTTPServer(('', port), http.server.BaseHTTPRequestHandler)\n    \
                 threading.Thread(target=server.serve_forever).start()\n";
    let nothing = |_: &Project| {};
    // The key file is there: the app runs on.
    let mut project = app("fix-key", &format!("{key}{serve}"), "");
    let done = fix("app-key-file", &mut project, &["--quiet", "up"], nothing);
    assert_eq!(done.code, 0, "{}", done.all());
    // May be read: the same.
    let mut project = app("fix-perm", &format!("{}{serve}", key.replace("google", "mistral")), "");
    project.write("keys_pool/keys_pool_mistral.env", "k\n");
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(project.path("keys_pool/keys_pool_mistral.env"), closed).expect("permissions");
    let done = fix("app-permission", &mut project, &["--quiet", "up"], nothing);
    assert_eq!(done.code, 0, "{}", done.all());
    // What .dockerignore kept out is let in.
    let mut project = app("fix-ignored", serve, "");
    project.edit("Dockerfile", "USER", "COPY settings.yaml ./\nUSER");
    project.write("settings.yaml", "");
    project.write(".dockerignore", "*\n!run.py\n!requirements.txt\n");
    let done = fix("build-ignored", &mut project, &["--quiet", "up", "--no-check"], nothing);
    assert_eq!(done.code, 0, "{}", done.all());
    // What is corrected by hand is taken up by the command that follows.
    let mut project = Project::of(
        "fix-command",
        &light(
            "[magic-server]",
            "    healthcheck: {test: [CMD, 'true'], interval: 1s}\n",
        ),
    );
    let done = fix("no-such-command", &mut project, &["--quiet", "up"], |project| {
        project.edit("docker-compose.yml", "[magic-server]", "[sleep, '60']");
    });
    assert_eq!(done.code, 0, "{}", done.all());
    // One cause after the other: the file is there, and then what is in it is wrong.
    let mut project = app("fix-next", &format!("{key}assert keys == ['mine'], 'not my key'\n"), "");
    let done = fix("app-next", &mut project, &["--quiet", "up"], nothing);
    assert!(done.code != 0 && done.stderr.contains("not my key"), "{}", done.all());
}

/// From the first card on.
fn cards_of(done: &Done) -> String {
    let lines = done.stderr.lines().skip_while(|line| !line.starts_with("error"));
    lines.collect::<Vec<_>>().join("\n")
}

fn stable(project: &Project, text: &str) -> String {
    let mut text = project.stable(text);
    let patterns = [
        (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}:\d{4,5}\b", "<address>"),
        (r"\b172\.\d+\.\d+\.\d+\b", "<ip>"),
        (r"\b127\.0\.0\.1:\d{5}\b", "<address>"),
        (r"0x[0-9a-f]+", "0x<number>"),
        (r"has started it \d+ times", "has started it <number> times"),
        // What a package index knows changes by the day.
        (r"from versions: [^)]*\d[^)]*", "from versions: <versions>"),
    ];
    for (pattern, name) in patterns {
        let regex = regex::Regex::new(pattern).expect("a pattern");
        text = regex.replace_all(&text, name).into_owned();
    }
    text
}

/// As the sample's app has it.
const HEALTH: &str = "    healthcheck: {test: [CMD, bash, -c, ': </dev/tcp/127.0.0.1/8001'], interval: 10s}\n";

/// A service of the light image that runs `command`.
fn light(command: &str, more: &str) -> String {
    format!(
        "services:\n  app:\n    image: {LIGHT_IMAGE}\n    command: {command}\n    init: true\n    tmpfs: /data\n{more}"
    )
}

/// An app as the sample's: built from its folder, its keys mounted.
fn app(hint: &str, run_py: &str, more: &str) -> Project {
    let compose = format!(
        "services:\n  app-runner:\n    build: .\n    init: true\n    environment:\n      REDIS_URL: redis://redis:6379/0\n    \
         volumes:\n      - ./keys_pool:/app/keys_pool:ro\n{HEALTH}{more}"
    );
    let project = Project::of(hint, &compose);
    project.write(
        "Dockerfile",
        &format!("FROM {PYTHON}\nWORKDIR /app\nCOPY requirements.txt ./\nCOPY run.py ./\nUSER 10001\nCMD [\"python\", \"run.py\"]\n"),
    );
    project.write("requirements.txt", "redis==8.1.0\n");
    project.write("run.py", run_py);
    project.write("keys_pool/keys_pool_openai.env", "");
    project
}
