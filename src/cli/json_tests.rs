//! What each command prints with `--output json`: the table of docs/json.md, against which the integration tests check the program.

use std::fmt::Write as _;

use super::args;

/// How a command's JSON looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One object, with these keys besides `version`.
    Document(&'static [&'static str]),
    /// One such object per line, as they come.
    Lines(&'static [&'static str]),
    /// What happens, as it happens: one event per line.
    Events,
    /// The unchanged output of another program.
    Theirs(&'static str),
}

use Form::{Document, Events, Lines, Theirs};

/// Each command; with a flag, where the flag changes the form of the answer.
const FORMS: &[(&str, Form)] = &[
    ("init", Document(&["directory", "written", "kept", "left_alone"])),
    (
        "check",
        Document(&["ok", "checklist", "findings", "looked_at", "fixed", "took"]),
    ),
    ("explain", Document(&["codes"])),
    ("config", Document(&["config", "warnings"])),
    ("config --services", Document(&["services", "warnings"])),
    ("config --images", Document(&["images", "warnings"])),
    ("config --volumes", Document(&["volumes", "warnings"])),
    ("config --networks", Document(&["networks", "warnings"])),
    ("config --profiles", Document(&["profiles", "warnings"])),
    ("config --hash", Document(&["hashes", "warnings"])),
    ("config --environment", Document(&["environment", "warnings"])),
    ("config --settings", Document(&["settings", "warnings"])),
    ("render", Document(&["ok", "files", "pins"])),
    ("render --check", Document(&["ok", "files"])),
    ("render --diff", Document(&["diff"])),
    ("plan", Document(&["project", "steps", "notes", "again"])),
    ("up", Events),
    ("status", Document(&["project", "containers", "failures", "notes"])),
    ("status --watch", Lines(&["project", "containers", "failures", "notes"])),
    ("status --services", Document(&["project", "services"])),
    (
        "logs",
        Lines(&[
            "time",
            "service",
            "container",
            "stream",
            "level",
            "message",
            "fields",
            "exception",
        ]),
    ),
    (
        "logs --summary",
        Lines(&["count", "first", "last", "services", "level", "fingerprint", "example"]),
    ),
    ("rebuild", Events),
    ("restart", Events),
    ("stop", Events),
    ("start", Events),
    ("exec", Theirs("what the command prints")),
    ("open", Document(&["url"])),
    ("down", Events),
    ("create", Events),
    ("scale", Events),
    (
        "run",
        Theirs("what the container prints, after the events of its preparation"),
    ),
    ("run --detach", Events),
    ("rm", Events),
    ("build", Events),
    ("pull", Events),
    ("push", Events),
    ("images", Document(&["images"])),
    ("top", Document(&["project", "processes"])),
    ("port", Document(&["service", "container", "ports"])),
    (
        "events",
        Lines(&["time", "type", "service", "id", "action", "attributes"]),
    ),
    ("kill", Events),
    ("pause", Events),
    ("unpause", Events),
    ("wait", Lines(&["container", "service", "exit_code"])),
    ("cp", Document(&["copied", "left_out"])),
    ("ls", Document(&["projects"])),
    ("volumes", Document(&["project", "volumes"])),
    (
        "stats",
        Lines(&[
            "container",
            "cpu_percent",
            "memory",
            "memory_limit",
            "received",
            "sent",
            "read",
            "written",
            "pids",
        ]),
    ),
    ("attach", Theirs("what the container prints")),
    ("compose-help", Document(&["commands"])),
    ("completions", Document(&["script"])),
    ("version", Document(&["magicctl", "engine", "why"])),
    ("man", Document(&["page"])),
];

/// Each event, with its keys besides `version` and `event`.
const EVENTS: &[(&str, &[&str])] = &[
    ("planned", &["project", "services", "steps", "notes"]),
    ("step_started", &["step", "service", "action", "target"]),
    ("progress", &["step", "service", "text", "current", "total"]),
    ("output", &["step", "service", "line"]),
    ("step_done", &["step", "service", "took_ms", "changed"]),
    ("step_failed", &["step", "service", "failure"]),
    ("step_skipped", &["step", "service", "because"]),
    ("waiting", &["service", "text"]),
    ("ready", &["service", "by", "after_ms"]),
    ("lost", &["service", "failure"]),
    ("note", &["text"]),
    ("warning", &["text"]),
    ("interrupted", &["services"]),
    ("detached", &["container", "id"]),
    (
        "finished",
        &["command", "project", "ok", "took_ms", "changed", "services", "next"],
    ),
    ("failed", &["failure"]),
];

const INTRODUCTION: &str = "# `--output json`

*Generated from a table in the program; tests check every command against it.*

Every command takes `--output json`. Then stdout is for programs:

- A command that answers a question prints one object on one line. Its first key is `version`, which is 1. It goes up when a key is removed
  or gets another meaning; new keys may be added without a new version.
- A command that keeps running (`logs`, `events`, `stats`, `wait`) or does something (`up` and everything else that changes containers) prints such
  objects as they come, one per line. Each line has its own `version`, so it can be read by itself.
- All keys are in `snake_case`, except in maps whose keys aren't magicctl's own: labels and `attributes`, variables, the `fields` of a log line or of the
  engine's `ps`, names of services, and the Compose model below `config`, whose keys are those of the Compose file.
- The last line of a command that fails is `{\"version\":1,\"event\":\"failed\",\"failure\":{…}}`. The exit code is the same with and without JSON.
  Mistakes in the command line itself are reported as text on stderr.
- Warnings and remarks on stderr are left out, except that `logs` still says there what it can't show. Where they matter, the object has them
  (`warnings`, `notes`). `-q` changes nothing.

What Docker Compose prints as JSON is printed as Compose prints it, without `version` and with Compose's keys: `config --format json`,
`images --format json`, `ls --format json`, `ps --format json`, `version --format json`, `volumes --format json`, `events --json`. A command with
`--dry-run` prints what `plan` prints.
";

/// docs/json.md.
fn document() -> String {
    let listed = |keys: &[&str]| -> String {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        keys.join(", ")
    };
    let mut text = String::from(INTRODUCTION);
    text.push_str("\n## Commands\n\n| command | form | keys besides `version` |\n| --- | --- | --- |\n");
    for (command, form) in FORMS {
        let (form, keys) = match form {
            Document(keys) => ("one object", listed(keys)),
            Lines(keys) => ("an object per line", listed(keys)),
            Events => ("an event per line", "those of its event, see below".to_owned()),
            Theirs(what) => ("unchanged", (*what).to_owned()),
        };
        writeln!(text, "| `{command}` | {form} | {keys} |").unwrap();
    }
    text.push_str("\n## Events\n\n| `event` | keys besides `version` and `event` |\n| --- | --- |\n");
    for (event, keys) in EVENTS {
        writeln!(text, "| `{event}` | {} |", listed(keys)).unwrap();
    }
    text
}

#[test]
fn every_command_has_its_form() {
    fn walk(command: &clap::Command, before: &str, all: &mut Vec<String>) {
        for command in command.get_subcommands() {
            let name = format!("{before}{}", command.get_name());
            walk(command, &format!("{name} "), all);
            all.push(name);
        }
    }
    let mut commands = Vec::new();
    walk(&args::command(), "", &mut commands);
    let mut declared: Vec<&str> = FORMS
        .iter()
        .map(|(command, _)| *command)
        .filter(|command| !command.contains(" --"))
        .collect();
    commands.sort_unstable();
    declared.sort_unstable();
    assert_eq!(
        commands, declared,
        "a command without a form here, or the other way round"
    );
}

#[test]
fn flags_that_change_the_form_are_there() {
    for (command, _) in FORMS {
        let line = ["magicctl"].into_iter().chain(command.split(' '));
        let parsed = args::command().try_get_matches_from(line);
        let is_unknown = |error: &clap::Error| {
            matches!(
                error.kind(),
                clap::error::ErrorKind::UnknownArgument | clap::error::ErrorKind::InvalidSubcommand
            )
        };
        assert!(!parsed.is_err_and(|error| is_unknown(&error)), "{command}");
    }
}

#[test]
fn the_document_is_current() {
    crate::docs_tests::is_current("docs/json.md", &document(), "--lib json_tests");
}
