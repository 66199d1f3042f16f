//! `--output json`: every command gives what docs/json.md says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::support::{Done, LIGHT_IMAGE, Project, Running, free_ports};

/// Maps below these keys are somebody else's.
const THEIRS: [&str; 5] = ["attributes", "config", "environment", "fields", "hashes"];

/// docs/json.md: the form and keys of each command, and the keys of each event.
struct Declared {
    commands: BTreeMap<String, (String, BTreeSet<String>)>,
    events: BTreeMap<String, BTreeSet<String>>,
}

impl Declared {
    fn read() -> Self {
        let mut commands = BTreeMap::new();
        let mut events = BTreeMap::new();
        for line in include_str!("../../docs/json.md").lines() {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let keys = |cell: &str| -> BTreeSet<String> {
                cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
            };
            let name = cells[0].trim_matches('`').to_owned();
            match cells.as_slice() {
                [first, form, last] if first.starts_with('`') => {
                    commands.insert(name, ((*form).to_owned(), keys(last)));
                }
                [first, last] if first.starts_with('`') && *first != "`event`" => {
                    events.insert(name, keys(last));
                }
                _ => {}
            }
        }
        assert!(commands.len() > 40 && events.len() > 10, "the tables are not found");
        Self { commands, events }
    }

    /// `done` is what `command` gives: the objects of its stdout.
    #[track_caller]
    fn hold(&self, command: &str, done: &Done) -> Vec<Value> {
        let (form, keys) = self.commands.get(command).expect("the table has it");
        let lines: Vec<&str> = done.stdout.lines().collect();
        let objects: Vec<Value> = lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{command}: {error}: {line}")))
            .collect();
        for object in &objects {
            let map = object.as_object().expect("an object");
            assert_eq!(
                map.iter().next(),
                Some((&"version".to_owned(), &1.into())),
                "{command}: {object}"
            );
            spelled(command, map);
            let mut found: BTreeSet<String> = map.keys().filter(|key| *key != "version").cloned().collect();
            let event = object["event"]
                .as_str()
                .filter(|event| self.events.contains_key(*event));
            match event {
                Some(event) => {
                    found.remove("event");
                    assert_eq!(found, self.events[event], "{command}: {object}");
                    assert!(form == "an event per line" || event == "failed", "{command}: {object}");
                }
                None => assert_eq!(&found, keys, "{command}: {object}"),
            }
        }
        if form == "one object" {
            assert_eq!(objects.len(), 1, "{command}: {}", done.all());
        } else {
            assert!(!objects.is_empty(), "{command}: {}", done.all());
        }
        objects
    }
}

/// All keys are in `snake_case`, but for maps of others.
#[track_caller]
fn spelled(command: &str, map: &Map<String, Value>) {
    for (key, value) in map {
        let is_of_a_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(key.chars().all(is_of_a_key), "{command}: {key}");
        if THEIRS.contains(&key.as_str()) {
            continue;
        }
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(map) => spelled(command, map),
                Value::Array(values) => waiting.extend(values),
                _ => {}
            }
        }
    }
}

/// A command and what follows it on the line.
type Line = (&'static str, &'static [&'static str]);

const OF_FILES: [Line; 12] = [
    ("check", &[]),
    ("explain", &["MC101"]),
    ("config --images", &[]),
    ("config --volumes", &[]),
    ("config --networks", &[]),
    ("config --profiles", &[]),
    ("config --environment", &[]),
    ("config --settings", &[]),
    ("compose-help", &["up"]),
    ("completions", &["bash"]),
    ("man", &[]),
    ("version", &[]),
];

const OF_A_STACK: [Line; 23] = [
    ("status", &[]),
    ("status --services", &[]),
    ("logs", &[]),
    ("logs --summary", &[]),
    ("open", &["--print"]),
    ("top", &[]),
    ("stats", &["--no-stream"]),
    ("images", &[]),
    ("ls", &["--all"]),
    ("volumes", &[]),
    ("events", &["--since", "1h", "--until", "0s"]),
    ("cp", &["grafana:/etc/hostname", "out"]),
    ("cp", &["out", "grafana:/tmp/"]),
    ("scale", &["grafana=1"]),
    ("rebuild", &[]),
    ("pause", &[]),
    ("unpause", &[]),
    // Once more there is nothing to do, and that is told as all else is.
    ("unpause", &[]),
    ("restart", &["-t", "0"]),
    ("pull", &["--policy", "missing", "--ignore-buildable"]),
    // Nothing listens there: it fails.
    ("push", &[]),
    ("run --detach", &["--rm", "grafana"]),
    ("port", &["grafana"]),
];

const OF_ITS_END: [Line; 10] = [
    ("kill", &[]),
    ("kill", &[]),
    ("wait", &["grafana"]),
    // It doesn't run: it fails.
    ("attach", &["grafana"]),
    ("start", &["grafana"]),
    ("stop", &["-t", "0"]),
    ("stop", &[]),
    ("rm", &["--force"]),
    ("rm", &["--force"]),
    ("down", &["--volumes", "-t", "0"]),
];

/// What is tried, one command after the other.
struct Trial {
    declared: Declared,
    tried: BTreeSet<String>,
}

impl Trial {
    #[track_caller]
    fn run(&mut self, project: &Project, command: &str, more: &[&str]) -> Vec<Value> {
        let words: Vec<&str> = command.split(' ').chain(more.iter().copied()).collect();
        let done = project.magicctl(&[&["--output", "json"], words.as_slice()].concat());
        assert_ne!(done.code, 2, "{command}: {}", done.all());
        self.tried.insert(command.to_owned());
        self.declared.hold(command, &done)
    }

    #[track_caller]
    fn all(&mut self, project: &Project, lines: &[Line]) {
        for (command, more) in lines {
            self.run(project, command, more);
        }
    }

    /// The files of a new project.
    fn files(&mut self) {
        let fresh = Project::empty("json-fresh");
        let init = self.run(&fresh, "init", &["."]);
        assert!(init[0]["written"].as_array().is_some_and(|written| written.len() > 10));
        fresh.edit("docker-compose.yml", "services:", "# mine\nservices:");
        let diff = self.run(&fresh, "render --diff", &[]);
        assert!(diff[0]["diff"].as_str().is_some_and(|diff| diff.contains("-# mine")));
        assert_eq!(self.run(&fresh, "render --check", &[])[0]["ok"], false);
        assert_eq!(self.run(&fresh, "render", &[])[0]["files"][0]["state"], "edited");
    }

    /// The Compose file.
    fn config(&mut self, project: &Project) {
        let config = self.run(project, "config", &[]);
        let app = &config[0]["config"]["services"]["grafana"];
        assert_eq!(app["environment"]["CamelCase"], "x", "{config:?}");
        // The language's own form stays as Compose prints it.
        let compose = project.magicctl(&["config", "--format", "json"]).ok();
        let compose: Value = serde_json::from_str(&compose.stdout).expect("JSON");
        assert_eq!(compose, config[0]["config"]);
        let services = self.run(project, "config --services", &[]);
        assert_eq!(services[0]["services"], serde_json::json!(["grafana"]));
        let hashes = self.run(project, "config --hash", &[]);
        assert_eq!(hashes[0]["hashes"]["grafana"].as_str().map(str::len), Some(64));
    }
}

#[test]
fn every_command_gives_what_the_documentation_says() {
    let says = r#"echo '{"level": "ERROR", "message": "no"}'; sleep 600"#;
    let project = Project::of(
        "json-all",
        &format!(
            "services:\n  grafana:\n    build: {{context: ., labels: {{CamelCase: x}}}}\n    image: 127.0.0.1:1/NAME/app:1\n    \
             init: true\n    stop_signal: SIGKILL\n    command: [sh, -c, '{}']\n    ports: ['127.0.0.1:{}:3000']\n    \
             environment: {{CamelCase: x}}\n    labels: {{CamelCase: x}}\n    volumes: ['data:/data']\n  \
             tool: {{image: '{LIGHT_IMAGE}', profiles: [tools], tmpfs: /data}}\nvolumes: {{data: {{}}}}\n",
            says.replace('\'', "''"),
            free_ports(1)[0]
        ),
    );
    project.edit("docker-compose.yml", "NAME", &project.name);
    project.write("Dockerfile", &format!("FROM {LIGHT_IMAGE}\n"));
    let mut trial = Trial {
        declared: Declared::read(),
        tried: BTreeSet::new(),
    };
    trial.files();
    trial.all(&project, &OF_FILES);
    trial.config(&project);
    let plan = trial.run(&project, "plan", &[]);
    assert!(plan[0]["steps"].as_array().is_some_and(|steps| !steps.is_empty()));
    trial.run(&project, "build", &[]);
    trial.run(&project, "create", &[]);
    let up = trial.run(&project, "up", &[]);
    assert_eq!(up.last().expect("an event")["ok"], true, "{up:?}");
    trial.all(&project, &OF_A_STACK);
    let port = trial.run(&project, "port", &["grafana"]);
    assert_eq!(port[0]["ports"][0]["target"], 3000, "{port:?}");
    trial.all(&project, &OF_ITS_END);
    // Those whose output is another program's, and the one that goes on until nobody reads, have a test of their own.
    trial
        .tried
        .extend(["exec", "run", "status --watch"].map(ToOwned::to_owned));
    let all: BTreeSet<String> = trial.declared.commands.keys().cloned().collect();
    assert_eq!(trial.tried, all, "a command that is not tried here");
}

#[test]
fn the_output_of_other_programs_stays_as_it_is() {
    let declared = Declared::read();
    let project = Project::of(
        "json-theirs",
        &format!(
            "services:\n  web: {{image: '{LIGHT_IMAGE}', init: true, stop_signal: SIGKILL, tmpfs: /data, command: [sleep, '600']}}\n"
        ),
    );
    project.magicctl(&["up", "--no-wait"]).ok();
    let exec = project
        .magicctl(&["--output", "json", "exec", "web", "echo", "hi"])
        .ok();
    assert_eq!(exec.stdout, "hi\n");
    let run = project
        .magicctl(&["--output", "json", "run", "--rm", "web", "echo", "hi"])
        .ok();
    let (events, said) = run.stdout.split_at(run.stdout.len() - 3);
    assert_eq!(said, "hi\n", "{}", run.all());
    let events = Done {
        code: 0,
        stdout: events.to_owned(),
        stderr: String::new(),
    };
    declared.hold("up", &events);
    let mut watch = Running::start(project.command(&["--output", "json", "status", "--watch"]));
    let mut first = String::new();
    let pipe = watch.0.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(pipe), &mut first).expect("a line");
    let first = Done {
        code: 0,
        stdout: first,
        stderr: String::new(),
    };
    declared.hold("status --watch", &first);
}

#[test]
fn a_failure_has_its_version_too() {
    let declared = Declared::read();
    let project = Project::of(
        "json-failed",
        &format!("services: {{web: {{image: '{LIGHT_IMAGE}'}}}}\n"),
    );
    for (command, args, code) in [
        ("port", &["port", "web"] as &[&str], 1),
        ("port", &["port", "wep"], 2),
        ("logs", &["logs", "wep"], 2),
        ("up", &["up", "wep"], 2),
        ("config", &["-f", "none.yml", "config"], 2),
        ("status", &["--host", "unix:///none", "status"], 3),
    ] {
        let done = project.magicctl(&[&["--output", "json"], args].concat());
        assert_eq!(done.code, code, "{command}: {}", done.all());
        let objects = declared.hold(command, &done);
        assert_eq!(
            objects.last().expect("an object")["event"],
            "failed",
            "{command}: {}",
            done.all()
        );
    }
}
