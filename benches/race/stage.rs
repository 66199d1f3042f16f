//! A stack that all contestants bring up and take down in turn, on one engine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::floor::{Recipe, Sign};
use crate::measure::{Sample, run};
use crate::proxy::{Call, Proxy};
use crate::support::Project;
use crate::support::own_engine::OwnEngine;

/// Who runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Who {
    Magicctl,
    Floor,
    /// The floor that also runs each healthcheck once.
    FloorProved,
    /// With the file as it is.
    ComposeV5,
    /// With the settings that suit it best.
    ComposeV5Tuned,
    ComposeV1,
    /// `docker logs` of every container, all at once.
    DockerLogs,
    /// The engine's streams, read and thrown away.
    RawApi,
    /// The quickest search of text in files.
    Ripgrep,
}

impl Who {
    pub fn name(self) -> &'static str {
        match self {
            Self::Magicctl => "magicctl",
            Self::Floor => "floor",
            Self::FloorProved => "floor, healthchecks run",
            Self::ComposeV5 => "Compose v5.6.1",
            Self::ComposeV5Tuned => "Compose v5.6.1, tuned",
            Self::ComposeV1 => "Compose v1.29.2",
            Self::DockerLogs => "docker logs",
            Self::RawApi => "the engine's API, output discarded",
            Self::Ripgrep => "ripgrep",
        }
    }
}

/// The engine that it runs on.
pub struct Ground {
    /// Its version.
    pub name: String,
    pub socket: PathBuf,
    pub own: Option<OwnEngine>,
}

impl Ground {
    /// The machine's own engine.
    pub fn of_the_machine() -> Self {
        Self::new(PathBuf::from("/var/run/docker.sock"), None)
    }

    pub fn new(socket: PathBuf, own: Option<OwnEngine>) -> Self {
        let version = Client(socket.clone()).must("GET", "/version", None);
        Self {
            name: version["Version"].as_str().unwrap_or_default().to_owned(),
            socket,
            own,
        }
    }

    pub fn client(&self) -> Client {
        Client(self.socket.clone())
    }
}

/// The stack.
pub struct Stage<'a> {
    pub ground: &'a Ground,
    pub project: Project,
    /// What to ask for; empty: all.
    services: Vec<String>,
    /// The file with which Compose does best.
    tuned: Option<String>,
    pub recipe: Recipe,
    folder: tempfile::TempDir,
}

/// Creates and starts at once, the floor's best on engine 20.10 and two cores (1, 2, 3, 4, 6, 8 were tried).
const AT_ONCE: usize = 4;

impl<'a> Stage<'a> {
    /// Brings the stack up once, which shows what the floor must do, and takes it down again.
    pub fn set(
        ground: &'a Ground,
        mut project: Project,
        services: &[&str],
        tuned: Option<&str>,
        signs: impl Fn(&str) -> Vec<Sign>,
    ) -> Self {
        if let Some(engine) = &ground.own {
            project.on(engine);
            // Who mounts the engine's socket needs this one.
            project
                .env
                .insert("DOCKER_SOCKET".to_owned(), ground.socket.display().to_string());
        }
        if let Some(text) = tuned {
            project.write("tuned.yml", text);
        }
        let mut stage = Self {
            ground,
            tuned: tuned.map(|_| "tuned.yml".to_owned()),
            services: services.iter().map(ToString::to_string).collect(),
            project,
            recipe: Recipe::default(),
            folder: tempfile::tempdir().expect("a folder"),
        };
        let proxy = Proxy::before(&ground.socket);
        run(through(stage.up(Who::Magicctl), &proxy));
        let (calls, calls_socket) = (proxy.calls(), proxy.socket.clone());
        let at_once = std::env::var("FLOOR_AT_ONCE").ok().and_then(|text| text.parse().ok());
        stage.recipe = Recipe::of(&ground.socket, &calls, at_once.unwrap_or(AT_ONCE), signs);
        let text = serde_json::to_string(&stage.recipe).expect("plain data");
        // Whoever mounts the engine's socket was given the one that the calls went through.
        let seen_at = calls_socket.display().to_string();
        let text = text.replace(&seen_at, &ground.socket.display().to_string());
        std::fs::write(stage.recipe_file(), text).expect("a file");
        stage.clear();
        stage
    }

    fn recipe_file(&self) -> PathBuf {
        self.folder.path().join("recipe.json")
    }

    /// The calls of a command that makes something: see `through`.
    pub fn recorded(&self, command: Command) -> Vec<Call> {
        let proxy = Proxy::before(&self.ground.socket);
        run(through(command, &proxy));
        proxy.calls()
    }

    /// The calls of any other command.
    pub fn counted(&self, command: Command) -> Vec<Call> {
        self.watched(command).1
    }

    /// What a command costs by itself, and its calls.
    pub fn watched(&self, mut command: Command) -> (Sample, Vec<Call>) {
        let proxy = Proxy::before(&self.ground.socket);
        command.env("DOCKER_HOST", proxy.host());
        let sample = run(command);
        (sample, proxy.calls())
    }

    pub fn magicctl(&self, args: &[&str]) -> Command {
        self.project.command(args)
    }

    pub fn floor(&self, what: &str, more: &[&str]) -> Command {
        let this = std::env::current_exe().expect("this program").display().to_string();
        let recipe = self.recipe_file().display().to_string();
        self.project.plain(&this, &[&["floor", what, &recipe], more].concat())
    }

    pub fn compose(&self, who: Who, args: &[&str]) -> Command {
        let (program, files) = match who {
            Who::ComposeV1 => (PathBuf::from(compose_v1()), Vec::new()),
            Who::ComposeV5Tuned => (
                compose_v5(),
                vec!["docker-compose.yml", self.tuned.as_deref().unwrap_or_default()],
            ),
            _ => (compose_v5(), Vec::new()),
        };
        let mut all = vec!["-p", self.project.name.as_str()];
        all.extend(files.into_iter().flat_map(|file| ["-f", file]));
        all.extend(args);
        self.project.plain(&program.to_string_lossy(), &all)
    }

    fn with_services<'s>(&'s self, args: &[&'s str]) -> Vec<&'s str> {
        args.iter()
            .copied()
            .chain(self.services.iter().map(String::as_str))
            .collect()
    }

    /// From nothing to all ready.
    pub fn up(&self, who: Who) -> Command {
        match who {
            Who::Magicctl => self.magicctl(&self.with_services(&["up"])),
            Who::Floor => self.floor("up", &[]),
            Who::FloorProved => self.floor("up-proved", &[]),
            Who::ComposeV1 => self.compose(who, &self.with_services(&["up", "-d"])),
            _ => self.compose(who, &self.with_services(&["up", "-d", "--wait"])),
        }
    }

    /// To nothing but volumes.
    pub fn down(&self, who: Who) -> Command {
        match who {
            Who::Magicctl => self.magicctl(&["down"]),
            Who::Floor | Who::FloorProved => self.floor("down", &[]),
            _ => self.compose(who, &["down"]),
        }
    }

    /// Runs `up` until all is ready; Compose v1 can't wait, so its time goes on until the engine says so.
    pub fn run_up(&self, who: Who) -> Sample {
        let began = std::time::Instant::now();
        let mut sample = run(self.up(who));
        if who == Who::ComposeV1 {
            self.settle();
            sample.wall = began.elapsed();
        }
        sample
    }

    /// Returns when the engine has nothing more to find out about health.
    pub fn settle(&self) {
        let filter = format!(
            "%7B%22label%22%3A%5B%22com.docker.compose.project%3D{}%22%5D%7D",
            self.project.name
        );
        let path = format!("/containers/json?filters={filter}");
        loop {
            let there = self.ground.client().must("GET", &path, None);
            let text = |container: &serde_json::Value| container["Status"].as_str().unwrap_or_default().to_owned();
            let all: Vec<String> = there.as_array().into_iter().flatten().map(text).collect();
            if !all.is_empty() && !all.iter().any(|status| status.contains("health: starting")) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Removes what is there, volumes too, whoever made it.
    pub fn clear(&self) {
        run(self.magicctl(&["down", "--volumes", "--timeout", "0s"]));
    }
}

/// The command with the proxy for an engine; a service that mounts the engine's socket gets that of the proxy, which
/// magicctl insists on.
fn through(mut command: Command, proxy: &Proxy) -> Command {
    command.env("DOCKER_HOST", proxy.host());
    command.env("DOCKER_SOCKET", &proxy.socket);
    command
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn compose_v5() -> PathBuf {
    root().join("target/test-tools/bin/docker-compose")
}

/// Debian's package.
pub fn compose_v1() -> &'static str {
    "/usr/bin/docker-compose"
}

/// Whether Compose v1 can be had here.
pub fn has_compose_v1() -> bool {
    Path::new(compose_v1()).exists()
}
