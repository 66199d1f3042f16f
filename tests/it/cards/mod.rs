//! Failure cards: each failure is made for real, on a real engine with the real services, and its card held against a
//! snapshot. Without a terminal a card's lines are as long as `COLUMNS` says: so long that no line is broken where a text
//! differs from run to run.

mod app;
mod build;
mod engine;
mod fixes;
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

/// Runs a command that fails, holds its cards against the snapshot `name`, and does what they propose ([`fixes`]).
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
    fixes::follow(name, project, args, &done);
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
