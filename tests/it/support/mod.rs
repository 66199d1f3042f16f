//! A project of a test's own: its own folder, name, ports and container names. Everything is removed when it goes out of
//! scope, also when the test fails.

mod done;
pub mod engine;
pub mod fake_engine;
pub mod fault_proxy;
pub mod http;
pub mod loki;
pub mod machine;
pub mod not_run;
pub mod outage;
pub mod own_engine;
pub mod registry;
pub mod share;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub use done::Done;
use own_engine::OwnEngine;

/// The image that light services run: real, small, with a shell.
pub const LIGHT_IMAGE: &str = "magicproxy/redis:7.0";

/// Stands in for Grafana, whose image can't be had everywhere.
pub const GRAFANA_DOUBLE: &str = "magicproxy-test/grafana-double:1";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A project.
pub struct Project {
    pub name: String,
    pub dir: PathBuf,
    pub env: BTreeMap<String, String>,
    /// What every command line begins with.
    entrance: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Project {
    /// An empty folder under a name of its own.
    pub fn empty(hint: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mt-{hint}-{}-{number}", std::process::id());
        let dir = folder.path().join(&name);
        fs::create_dir(&dir).expect("the project's folder");
        // Locks lie there: they go with the project.
        let temporary = folder.path().display().to_string();
        let env = BTreeMap::from([
            ("CONTAINER_PREFIX".to_owned(), format!("{name}-")),
            ("XDG_RUNTIME_DIR".to_owned(), temporary),
        ]);
        Self {
            name,
            dir,
            env,
            entrance: Vec::new(),
            _folder: folder,
        }
    }

    /// A folder with one docker-compose.yml.
    pub fn of(hint: &str, compose: &str) -> Self {
        let project = Self::empty(hint);
        project.write("docker-compose.yml", compose);
        project
    }

    /// From now on everything is done on that engine, from where its containers' addresses lead.
    pub fn on(&mut self, engine: &OwnEngine) {
        self.env.insert("DOCKER_HOST".to_owned(), engine.host());
        // A user's engine mounts what its user may read.
        if engine.kind().is_rootless() {
            let readable = fs::Permissions::from_mode(0o755);
            fs::set_permissions(self.dir.parent().expect("a folder"), readable).expect("its permissions");
        }
        self.entrance = engine.entrance().into();
    }

    /// The sample project of this repository, with ports of its own and the local images.
    pub fn sample(hint: &str) -> Self {
        let mut project = Self::empty(hint);
        project.magicctl(&["init"]).ok();
        // Tests run side by side: each collects from its own containers only.
        project.write("magicctl.yaml", "collector_scope: project\n");
        project.magicctl(&["render"]).ok();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for line in fs::read_to_string(root.join("images/local.env"))
            .expect("images/local.env")
            .lines()
        {
            if let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                project.env.insert(name.to_owned(), value.to_owned());
            }
        }
        project
            .env
            .insert("GRAFANA_IMAGE".to_owned(), GRAFANA_DOUBLE.to_owned());
        let names = [
            "KAFKA_PORT",
            "MAGIC_PROXY_PORT",
            "MCP_SERVER_PORT",
            "LOKI_PORT",
            "GRAFANA_PORT",
        ];
        for (name, port) in names.iter().zip(&free_ports(names.len())) {
            project.env.insert((*name).to_owned(), port.to_string());
        }
        project
    }

    /// A variable of the project: the port of `name`.
    pub fn port(&self, name: &str) -> u16 {
        self.env[name].parse().expect("a port")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Replaces text in a file; it must be there.
    #[track_caller]
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).expect(name);
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.path(name), text.replacen(from, to, 1)).expect(name);
    }

    /// The command line of magicctl in the project's folder, with nothing of the caller's environment that could
    /// change what it does.
    pub fn command(&self, args: &[&str]) -> Command {
        self.plain(env!("CARGO_BIN_EXE_magicctl"), args)
    }

    /// Any other program, in the same folder and environment.
    pub fn plain(&self, program: &str, args: &[&str]) -> Command {
        let mut line = self.entrance.iter().map(String::as_str).chain([program]);
        let mut command = Command::new(line.next().unwrap_or(program));
        command
            .args(line)
            .args(args)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .env_clear()
            .envs(
                ["PATH", "HOME", "TMPDIR"]
                    .iter()
                    .filter_map(|name| Some((*name, std::env::var_os(name)?))),
            )
            .envs(&self.env);
        command
    }

    pub fn magicctl(&self, args: &[&str]) -> Done {
        self.command(args).output().expect("magicctl runs").into()
    }

    /// The same on a terminal of 100 columns; both streams, as the terminal gets them.
    pub fn on_terminal(&self, args: &[&str]) -> String {
        let words = [&[env!("CARGO_BIN_EXE_magicctl")], args].concat();
        let line = shlex::try_join(words).expect("no NUL");
        let script = format!("stty cols 100 rows 30; {line}");
        let mut pty = self.plain("script", &["-qec", &script, "/dev/null"]);
        let done = pty.env("TERM", "xterm-256color").output().expect("script runs");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Docker Compose, the real one, on the same files.
    pub fn compose(&self, args: &[&str]) -> Done {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/docker-compose");
        assert!(program.exists(), "scripts/test-tools has not been run");
        let mut all = vec!["-p", self.name.as_str()];
        all.extend(args);
        self.plain(&program.to_string_lossy(), &all)
            .output()
            .expect("compose runs")
            .into()
    }

    /// The Docker client, to look at the engine without magicctl.
    pub fn docker(&self, args: &[&str]) -> String {
        let done: Done = self.plain("docker", args).output().expect("docker runs").into();
        done.stdout.trim().to_owned()
    }

    /// A field of the container of `service`, by the Docker client's template.
    pub fn inspect(&self, service: &str, template: &str) -> String {
        let id = self.container(service);
        assert!(!id.is_empty(), "{service} has no container");
        self.docker(&["inspect", "--format", template, &id])
    }

    /// The full id of the container of `service`; empty when there is none.
    pub fn container(&self, service: &str) -> String {
        let label = format!("label=com.docker.compose.service={service}");
        self.docker(&["ps", "-aq", "--no-trunc", "--filter", &self.label(), "--filter", &label])
    }

    fn label(&self) -> String {
        format!("label=com.docker.compose.project={}", self.name)
    }

    /// What is left of the project on the engine: containers, networks, volumes.
    pub fn left(&self) -> Vec<String> {
        let label = self.label();
        let lists = [
            (
                "container",
                vec!["ps", "-a", "--format", "{{.Names}}", "--filter", &label],
            ),
            (
                "network",
                vec!["network", "ls", "--format", "{{.Name}}", "--filter", &label],
            ),
            (
                "volume",
                vec!["volume", "ls", "--format", "{{.Name}}", "--filter", &label],
            ),
        ];
        let lists = lists.into_iter().flat_map(|(kind, args)| {
            let names = self.docker(&args);
            names.lines().map(|name| format!("{kind} {name}")).collect::<Vec<_>>()
        });
        lists.collect()
    }

    /// Removes what a list command of the Docker client gives for a label.
    fn remove(&self, label: &str, list: &[&str], remove: &[&str]) {
        let names = self.docker(&[list, &["--filter", label]].concat());
        let names: Vec<&str> = names.lines().collect();
        if !names.is_empty() {
            // What could not be removed is found by whoever looks at what is left.
            self.docker(&[remove, &names].concat());
        }
    }

    /// `text` with what differs from run to run replaced.
    pub fn stable(&self, text: &str) -> String {
        let mut text = text
            .replace(&self.dir.display().to_string(), "DIR")
            .replace(&self.name, "PROJECT");
        for (name, value) in &self.env {
            if name.ends_with("_PORT") {
                text = text.replace(value, &format!("<{name}>"));
            }
        }
        let patterns = [
            (r"\b\d+(\.\d+)? (ms|s)\b", "<time>"),
            (r"\b[0-9a-f]{64}\b", "<id>"),
            (r"\b[0-9a-f]{12}\b", "<id>"),
            (r"pid \d+", "pid <pid>"),
        ];
        for (pattern, name) in patterns {
            let regex = regex::Regex::new(pattern).expect("a pattern");
            text = regex.replace_all(&text, name).into_owned();
        }
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let label = self.label();
        // A command that was killed may have left its last call to the engine: then something still comes.
        let rounds = if std::thread::panicking() { 5 } else { 1 };
        for round in 0..rounds {
            if round > 0 {
                std::thread::sleep(Duration::from_millis(300));
            }
            self.remove(&label, &["ps", "-aq"], &["rm", "-fv"]);
        }
        self.remove(&label, &["network", "ls", "-q"], &["network", "rm"]);
        self.remove(&label, &["volume", "ls", "-q"], &["volume", "rm", "-f"]);
        self.remove(&label, &["images", "-q"], &["rmi", "-f"]);
        if !std::thread::panicking() {
            assert_eq!(self.left(), Vec::<String>::new(), "something is left of {}", self.name);
        }
    }
}

/// Host ports that nobody has at this moment.
pub fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"))
        .collect();
    listeners
        .iter()
        .map(|listener| listener.local_addr().expect("an address").port())
        .collect()
}

/// Asks until the answer is yes; fails the test after `seconds`.
#[track_caller]
pub fn until(what: &str, seconds: u64, mut ask: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !ask() {
        assert!(Instant::now() < end, "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// A running command whose outputs are read at its end; killed when it goes out of scope.
pub struct Running(pub Child);

impl Running {
    pub fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("it starts"))
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Done {
        let mut stdout = String::new();
        let mut stderr = String::new();
        if let Some(mut pipe) = self.0.stdout.take() {
            pipe.read_to_string(&mut stdout).expect("its stdout");
        }
        if let Some(mut pipe) = self.0.stderr.take() {
            pipe.read_to_string(&mut stderr).expect("its stderr");
        }
        let status = self.0.wait().expect("it ends");
        Done {
            code: status.code().unwrap_or(-1),
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}
