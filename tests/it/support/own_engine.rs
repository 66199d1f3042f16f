//! An engine of one's own, which may be killed: its own data, socket and network namespace. Benchmarks use this file too.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::not_run::not_run;

/// What runs as an engine of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The machine's dockerd.
    Machine,
    /// The dockerd that `scripts/engines` put into that folder of `target/engines`.
    Newer(&'static str),
    /// The machine's dockerd as an ordinary user.
    RootlessDocker,
    /// Podman's service.
    Podman,
    /// Podman's service as an ordinary user.
    RootlessPodman,
}

impl Kind {
    /// Whether its containers' addresses can be reached from outside of it: an ordinary user's are in a network of their own.
    pub fn is_rootless(self) -> bool {
        matches!(self, Self::RootlessDocker | Self::RootlessPodman)
    }

    /// Whether it is Podman.
    pub fn is_podman(self) -> bool {
        matches!(self, Self::Podman | Self::RootlessPodman)
    }

    /// What `scripts/run-engine` calls those that it runs.
    fn script(self) -> Option<&'static str> {
        match self {
            Self::Machine | Self::Newer(_) => None,
            Self::RootlessDocker => Some("rootless-docker"),
            Self::Podman => Some("podman"),
            Self::RootlessPodman => Some("rootless-podman"),
        }
    }

    /// The search path for the engine and what it runs: dockerd finds its containerd, and that its shim and runc, by it.
    fn programs(self) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Self::Newer(folder) = self else {
            return path;
        };
        let programs = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/engines")
            .join(folder);
        // Without it the machine's own would be found.
        assert!(
            programs.exists(),
            "{} is not there: run scripts/engines",
            programs.display()
        );
        // `iptables` is the machine's own.
        let folders = std::iter::once(programs).chain(std::env::split_paths(&path));
        std::env::join_paths(folders).expect("folders without a colon")
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct OwnEngine {
    folder: tempfile::TempDir,
    namespace: String,
    kind: Kind,
    programs: OsString,
    daemon: Option<Child>,
}

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

impl OwnEngine {
    /// Starts the machine's own; `None` when this user may not, and then the test is told of as not run.
    #[track_caller]
    pub fn start() -> Option<Self> {
        Self::of(Kind::Machine)
    }

    /// Starts the newer one in that folder of `target/engines`; `None` as with [`Self::start`].
    #[track_caller]
    pub fn newer(folder: &'static str) -> Option<Self> {
        Self::of(Kind::Newer(folder))
    }

    /// Starts one of that kind; `None` as with [`Self::start`].
    #[track_caller]
    pub fn of(kind: Kind) -> Option<Self> {
        let programs = kind.programs();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("mt-{}-engine-{number}", std::process::id());
        // An engine in the host's network namespace would take away the first one's bridge.
        if !run("ip", &["netns", "add", &namespace]) {
            not_run("only root can give an engine a network namespace");
            return None;
        }
        let mut engine = Self {
            folder: tempfile::Builder::new()
                .prefix("mt-engine")
                .tempdir_in("/var/tmp")
                .expect("a folder"),
            namespace,
            kind,
            programs,
            daemon: None,
        };
        assert!(
            run("ip", &["-n", &engine.namespace, "link", "set", "lo", "up"]),
            "loopback of {}",
            engine.namespace
        );
        // On a disk, images' thousands of small files take longer to write and to remove than everything else together.
        let folder = engine.folder.path().display().to_string();
        assert!(
            run("mount", &["-t", "tmpfs", "-o", "mode=755", "mt-engine", &folder]),
            "a file system in memory at {folder}"
        );
        engine.begin();
        Some(engine)
    }

    /// What puts a program where the engine's containers have their addresses and published ports: the start of a
    /// command line. Everything else, such as files and sockets, stays the machine's own.
    pub fn entrance(&self) -> [String; 3] {
        // Not `ip netns exec`, which hides the control groups behind a /sys of its own.
        let namespace = format!("--net=/var/run/netns/{}", self.namespace);
        ["nsenter".to_owned(), namespace, "--".to_owned()]
    }

    /// A command that runs at the other side of the `entrance`.
    pub fn inside(&self, program: &str) -> Command {
        let [enter, args @ ..] = self.entrance();
        let mut command = Command::new(enter);
        command.args(args).arg(program);
        command
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn host(&self) -> String {
        format!("unix://{}", self.path("docker.sock").display())
    }

    /// Starts the daemon on the data that is there, and waits until it answers.
    pub fn begin(&mut self) {
        if let Err(error) = self.try_to_begin() {
            panic!("an engine of our own does not answer: {error:#}");
        }
    }

    fn try_to_begin(&mut self) -> anyhow::Result<()> {
        // Left by a daemon that was killed.
        let _none = std::fs::remove_file(self.path("docker.pid"));
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .context("no log")?;
        let host = self.host();
        let daemon = self
            .daemon_command()
            .env("PATH", &self.programs)
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .context("nsenter does not run")?;
        let daemon = self.daemon.insert(daemon);
        let end = Instant::now() + Duration::from_secs(60);
        while !run("docker", &["--host", &host, "version"]) {
            if Instant::now() > end || daemon.try_wait().is_ok_and(|ended| ended.is_some()) {
                let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(15).collect();
                bail!("its last words, latest first:\n{}", last.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn daemon_command(&self) -> Command {
        if let Some(kind) = self.kind.script() {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/run-engine");
            let mut command = self.inside(&script.display().to_string());
            command.arg(kind).arg(self.folder.path());
            return command;
        }
        let mut command = self.inside("dockerd");
        command
            .args(["--host", &self.host()])
            .arg("--data-root")
            .arg(self.path("data"))
            .arg("--exec-root")
            .arg(self.path("exec"))
            .arg("--pidfile")
            .arg(self.path("docker.pid"))
            // Control groups under a name of its own, which the other driver would not take, can be removed with it.
            .args(["--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent"])
            .arg(format!("/{}", self.namespace));
        command
    }

    /// Which one it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Copies an image from the machine's engine.
    pub fn load(&self, image: &str) {
        let script = format!("docker save {image} | docker --host {} load", self.host());
        assert!(
            run("bash", &["-o", "pipefail", "-c", &script]),
            "{image} can't be copied"
        );
    }

    /// What killed containers leave mounted keeps the folder busy.
    fn unmount(&self) {
        let below = format!("{}/", self.folder.path().display());
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split_whitespace().nth(1));
        let mut points: Vec<&str> = points.filter(|point| point.starts_with(&below)).collect();
        points.reverse();
        for point in points {
            run("umount", &["-l", point]);
        }
    }

    /// Ends the daemon in an orderly way; its containers stop.
    pub fn stop(&mut self) {
        let Some(daemon) = &mut self.daemon else {
            return;
        };
        run("kill", &["-TERM", &daemon.id().to_string()]);
        let end = Instant::now() + Duration::from_secs(30);
        while daemon.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        // What did not hear, or could not end its children.
        self.kill();
    }

    /// Kills the daemon and everything that it runs, at once.
    pub fn kill(&mut self) {
        // The namespace holds the daemon, containerd and the shims, which name the folder, and whoever uses the engine from
        // inside; the shims' children are the containers.
        let folder = self.folder.path().display().to_string();
        self.kill_those(|line| line.contains(&folder));
    }

    /// Kills what is in the namespace and of which that holds of its command line, and what it has started.
    fn kill_those(&mut self, which: impl Fn(&str) -> bool) {
        let listed = Command::new("ip").args(["netns", "pids", &self.namespace]).output();
        let pids = listed
            .map(|out| String::from_utf8_lossy(&out.stdout).into_owned())
            .unwrap_or_default();
        let mut all = vec!["-KILL".to_owned()];
        for pid in pids.split_whitespace() {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if which(&String::from_utf8_lossy(&line)) {
                all.push(pid.to_owned());
                all.extend(descendants(pid));
            }
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        run("kill", &all);
        if let Some(mut daemon) = self.daemon.take() {
            daemon.wait().expect("the daemon ends");
        }
        self.unmount();
    }
}

fn descendants(pid: &str) -> Vec<String> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let mut all = Vec::new();
    for child in children.split_whitespace() {
        all.push(child.to_owned());
        all.extend(descendants(child));
    }
    all
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        // Only an engine that answers takes away what its containers have outside of its folder, such as their shims' sockets.
        if self.daemon.is_none() {
            // One that can't be started again is still cleared away as far as that goes.
            let _last_words = self.try_to_begin();
        }
        let docker = format!("docker --host {}", self.host());
        let script = format!("{docker} ps -aq | xargs -r {docker} rm -f");
        run("timeout", &["60", "sh", "-c", &script]);
        self.stop();
        // Podman's servers of names and rootless networks don't name the folder.
        self.kill_those(|_| true);
        let group = format!("/sys/fs/cgroup*/{}", self.namespace);
        let below = format!("{group}/*");
        let which = ["-type", "d", "(", "-path", &group, "-o", "-path", &below, ")"];
        run(
            "find",
            &[&["/sys/fs/cgroup", "-depth"], &which[..], &["-delete"]].concat(),
        );
        run("ip", &["netns", "del", &self.namespace]);
        run("umount", &["-l", &self.folder.path().display().to_string()]);
    }
}
