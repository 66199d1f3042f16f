//! A table: for each code a smallest change of the sample project, or of the engine, that has the finding; how that reads; and
//! that it is gone once the fix is applied.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::codes::{self, Severity};
use crate::compose;
use crate::engine::{About, EngineError, ImageFacts};
use crate::labels;
use crate::observed::{Container, Observed, PublishedPort, State, Volume};
use crate::render;
use crate::report::finding_lines;

use super::engine_state::{EngineAnswers, EngineState, Resolves};
use super::project::Project;
use super::table::{CHECKS, Look};
use super::{Finding, copies, gather};

mod bounds;
mod found;
mod hostile;
mod machine;
mod project_files;
mod proxy_and_compose;
mod variations;

/// The sample project in a folder that nobody else reaches, and an engine on which all is well.
struct World {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
    there: EngineState,
    more: EngineAnswers,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("sample");
        render::init(&root).unwrap();
        // As a home is closed.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        // Ports that are as good as surely free: what another program has is not a finding here.
        let ports = [
            "MAGIC_PROXY_PORT",
            "MCP_SERVER_PORT",
            "KAFKA_PORT",
            "LOKI_PORT",
            "GRAFANA_PORT",
        ];
        let listeners: Vec<std::net::TcpListener> = ports
            .iter()
            .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let mut environment: BTreeMap<String, String> = ports
            .iter()
            .zip(&listeners)
            .map(|(name, listener)| ((*name).to_owned(), listener.local_addr().unwrap().port().to_string()))
            .collect();
        let socket = folder.path().join("docker.sock");
        fs::write(&socket, "").unwrap();
        environment.insert("DOCKER_SOCKET".to_owned(), socket.display().to_string());
        Self {
            there: EngineState {
                observed: Observed::default(),
                socket: Some(socket),
                address: "unix:///var/run/docker.sock (the default socket)".to_owned(),
                bound: BTreeMap::new(),
                built_at: BTreeMap::new(),
            },
            more: EngineAnswers {
                about: Ok(About {
                    version: "28.5.2".to_owned(),
                    storage_driver: "overlay2".to_owned(),
                    architecture: "amd64".to_owned(),
                    log_driver: "json-file".to_owned(),
                    limits_memory: true,
                    live_restore: true,
                    memory: 16 << 30,
                    ..About::default()
                }),
                images: Ok(BTreeMap::new()),
                tools: Ok(BTreeMap::new()),
                verified: Ok(Vec::new()),
                data: Ok(BTreeMap::new()),
                names: None,
                withheld: BTreeMap::new(),
            },
            folder,
            environment,
        }
    }

    fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("sample")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root().join(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, &text.replacen(from, to, 1));
    }

    fn remove(&self, name: &str) {
        let path = self.root().join(name);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.root().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn git(&self, args: &[&str]) {
        let done = Command::new("git")
            .arg("-C")
            .arg(self.root())
            .args(args)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    fn project(&self) -> Project {
        let root = self.root();
        let settings = crate::settings::load(&root, &self.environment, &[]);
        let rendered = settings.and_then(|settings| render::states(&root, &render::files(&settings)?));
        let stack = match &rendered {
            Err(failure) => Err(failure.clone()),
            Ok(files) => compose::load(&compose::Request {
                start_dir: root.clone(),
                environment: self.environment.clone(),
                unwritten: (!render::has_compose_file(&root))
                    .then(|| (root.join("docker-compose.yml"), files[0].0.text.clone())),
                ..compose::Request::default()
            }),
        };
        Project::new(root, stack, rendered, None, self.environment.clone()).unwrap()
    }

    /// Every check, one after the other.
    fn findings(&self) -> Vec<Finding> {
        let project = self.project();
        let mut findings = Vec::new();
        for check in CHECKS {
            findings.extend(match check.look {
                Look::Files(look) => look(&project),
                Look::Engine(look) => look(&project, &self.there),
                Look::Asked(look) => look(&project, &self.there, &self.more).unwrap(),
            });
        }
        copies::together(findings)
    }

    fn has(&self, code: &str) -> bool {
        self.findings().iter().any(|finding| finding.code.id == code)
    }

    fn stable(&self, text: &str) -> String {
        let mut text = text.replace(&self.root().display().to_string(), "DIR");
        text = text.replace(&self.folder.path().display().to_string(), "TEMP");
        for (name, value) in &self.environment {
            if name.ends_with("_PORT") {
                text = text.replace(value, &format!("<{name}>"));
            }
        }
        // Lines move with the sample; that they are right is held by the checks' own tests.
        let patterns = [
            (r"\S+ \(pid \d+\)", "<program>"),
            (r"_PORT=\d+", "_PORT=<another>"),
            (r"(DIR/[\w./-]+):\d+", "$1:<line>"),
            (r"(?m)^\d+ \|", "NN |"),
            (r#""line": \d+"#, "\"line\": \"<line>\""),
            (r"on line \d+", "on line <line>"),
        ];
        for (pattern, name) in patterns {
            let pattern = regex::Regex::new(pattern).unwrap();
            text = pattern.replace_all(&text, name).into_owned();
        }
        text
    }
}

/// A row of the table: the code, what makes it, and what takes it away where no repair does.
type Row = (&'static str, fn(&mut World), fn(&mut World));

/// Makes, reads and fixes each row; how each code reads is a snapshot below the folder `name`.
#[track_caller]
fn told(name: &str, rows: &[Row]) {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (code, make, mend) in rows {
        let mut world = World::new();
        make(&mut world);
        let findings: Vec<Finding> = world
            .findings()
            .into_iter()
            .filter(|finding| finding.code.id == *code)
            .collect();
        assert!(
            !findings.is_empty(),
            "{code} is not found, but {:#?}",
            brief(&world.findings())
        );
        for finding in &findings {
            let lines: Vec<String> = finding_lines(finding).iter().map(ToString::to_string).collect();
            let lines = lines.join("\n");
            let json = serde_json::to_string_pretty(finding).unwrap();
            let text = format!("{}\n{}", world.stable(&lines), world.stable(&json));
            all.entry(code).or_default().push(text);
        }
        let repairs: Vec<_> = findings.iter().filter_map(|finding| finding.repair.as_ref()).collect();
        if repairs.is_empty() {
            mend(&mut world);
        }
        for repair in repairs {
            repair.apply(&crate::files::Root::open(&world.root()).unwrap()).unwrap();
        }
        assert!(
            !world.has(code),
            "{code} is still there: {:#?}",
            brief(&world.findings())
        );
    }
    let folder = format!("tests/snapshots/{name}");
    for (code, texts) in &all {
        insta::with_settings!({snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(*code, texts.join("\n\n"));
        });
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check").join(folder);
    let kept = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let wanted = all.keys().map(|code| format!("{code}.snap"));
    assert_eq!(
        kept.collect::<BTreeSet<_>>(),
        wanted.collect(),
        "a snapshot of a code that is gone"
    );
}

pub(super) fn container_of(name: &str, project: &str, state: State) -> Container {
    container(name, project, "app", state)
}

fn container(name: &str, project: &str, service: &str, state: State) -> Container {
    Container {
        image_id: "sha256:1".to_owned(),
        image: "x:1".to_owned(),
        service: Some(service.into()),
        status: "Up 2 hours".to_owned(),
        labels: [(labels::PROJECT, project), (labels::SERVICE, service)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..Container::bare(&"1".repeat(64), name, state)
    }
}

fn volume(name: &str, project: Option<&str>) -> Volume {
    let label = project.map(|project| (labels::PROJECT.to_owned(), project.to_owned()));
    Volume {
        mountpoint: String::new(),
        scope: String::new(),
        name: name.into(),
        driver: "local".to_owned(),
        labels: label.into_iter().collect(),
    }
}

fn brief(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{}: {}", finding.code.id, finding.what))
        .collect()
}

fn nothing(_: &mut World) {}

#[test]
fn the_sample_project_has_nothing_but_notes() {
    let world = World::new();
    let loud: Vec<Finding> = world
        .findings()
        .into_iter()
        .filter(|finding| finding.severity() > Severity::Note)
        .collect();
    assert!(loud.is_empty(), "{:#?}", brief(&loud));
}

#[test]
fn every_code_has_its_row() {
    let rows = [project_files::ROWS, proxy_and_compose::ROWS, machine::ROWS].concat();
    for code in codes::all().filter(|code| !code.id.starts_with("MC5")) {
        // Made by an engine that is not there, a slow machine, a user who is not root, a kernel; or no fault at all.
        let elsewhere = ["MC100", "MC146", "MC301", "MC302", "MC303", "MC304", "MC311"];
        assert!(
            elsewhere.contains(&code.id) || rows.iter().any(|(row, ..)| *row == code.id),
            "{} has no row",
            code.id
        );
    }
}

#[test]
fn an_engine_that_cannot_be_asked_is_told_by_why() {
    let unreachable = |code| EngineError::Unreachable {
        code,
        endpoint: "x".to_owned(),
        why: "no".to_owned(),
        hint: "start it".to_owned(),
    };
    let old = EngineError::TooOld {
        endpoint: "x".to_owned(),
        api: "1.38".to_owned(),
        wanted: "1.41".to_owned(),
    };
    let address = EngineError::Endpoint {
        what: "x".to_owned(),
        why: "too old".to_owned(),
        hint: "y".to_owned(),
    };
    for (error, wanted) in [
        (unreachable(&codes::NO_ENGINE), "MC301"),
        (unreachable(&codes::NOT_PERMITTED), "MC302"),
        (old, "MC303"),
        (address, "MC301"),
    ] {
        let finding = gather::unreachable(&error.failure());
        assert_eq!(finding.code.id, wanted);
        assert_eq!(finding.exit.code(), 3);
    }
}
