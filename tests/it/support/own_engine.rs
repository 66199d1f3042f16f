//! An engine that a test started and may kill: its own data, socket and network namespace.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct OwnEngine {
    folder: tempfile::TempDir,
    namespace: String,
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
    /// Starts one; `None` when this user may not.
    pub fn start() -> Option<Self> {
        let namespace = format!("mt-{}", std::process::id());
        // An engine in the host's network namespace would take away the first one's bridge.
        if !run("ip", &["netns", "add", &namespace]) {
            return None;
        }
        assert!(
            run("ip", &["-n", &namespace, "link", "set", "lo", "up"]),
            "loopback of {namespace}"
        );
        let mut engine = Self {
            folder: tempfile::Builder::new()
                .prefix("mt-engine")
                .tempdir_in("/var/tmp")
                .expect("a folder"),
            namespace,
            daemon: None,
        };
        engine.begin();
        Some(engine)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn host(&self) -> String {
        format!("unix://{}", self.path("docker.sock").display())
    }

    /// Starts the daemon on the data that is there, and waits until it answers.
    pub fn begin(&mut self) {
        // Left by a daemon that was killed.
        let _none = std::fs::remove_file(self.path("docker.pid"));
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .expect("a log");
        // Not by `ip netns exec`, which hides the control groups behind a /sys of its own.
        let daemon = Command::new("nsenter")
            .arg(format!("--net=/var/run/netns/{}", self.namespace))
            .args(["dockerd", "--host", &self.host()])
            .arg("--data-root")
            .arg(self.path("data"))
            .arg("--exec-root")
            .arg(self.path("exec"))
            .arg("--pidfile")
            .arg(self.path("docker.pid"))
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("dockerd starts");
        self.daemon = Some(daemon);
        let host = self.host();
        let end = Instant::now() + Duration::from_secs(60);
        while !run("docker", &["--host", &host, "version"]) {
            if Instant::now() > end {
                let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(15).collect();
                panic!(
                    "an engine of our own does not answer; its last words, latest first:\n{}",
                    last.join("\n")
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Copies an image from the machine's engine.
    pub fn load(&self, image: &str) {
        let script = format!("docker save {image} | docker --host {} load", self.host());
        assert!(
            run("bash", &["-o", "pipefail", "-c", &script]),
            "{image} can't be copied"
        );
    }

    /// Stops the daemon in an orderly way and starts it again.
    pub fn restart(&mut self) {
        self.end("-TERM");
        self.begin();
    }

    /// Kills the daemon and everything that it runs, at once.
    pub fn cut_power(&mut self) {
        self.end("-KILL");
        self.unmount();
        // What a machine keeps in memory is gone after a power cut.
        std::fs::remove_dir_all(self.path("exec")).expect("the run-time folder");
    }

    /// What killed containers leave mounted keeps the folder busy.
    fn unmount(&self) {
        let folder = self.folder.path().display().to_string();
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split_whitespace().nth(1));
        let mut points: Vec<&str> = points.filter(|point| point.starts_with(&folder)).collect();
        points.reverse();
        for point in points {
            run("umount", &["-l", point]);
        }
    }

    /// The processes of the engine are those whose command line or cgroup names its folder; containers' own are found
    /// as children of their shims.
    fn end(&mut self, signal: &str) {
        let Some(mut daemon) = self.daemon.take() else {
            return;
        };
        if signal == "-KILL" {
            // The namespace holds the daemon, containerd and the shims; the shims' children are the containers.
            let listed = Command::new("ip")
                .args(["netns", "pids", &self.namespace])
                .output()
                .expect("ip runs");
            let pids = String::from_utf8_lossy(&listed.stdout).into_owned();
            let pids: Vec<&str> = pids.split_whitespace().collect();
            let mut all: Vec<String> = pids.iter().map(ToString::to_string).collect();
            for pid in &pids {
                all.extend(descendants(pid));
            }
            let args: Vec<&str> = std::iter::once("-KILL").chain(all.iter().map(String::as_str)).collect();
            run("kill", &args);
        } else {
            run("kill", &[signal, &daemon.id().to_string()]);
        }
        daemon.wait().expect("the daemon ends");
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
        self.end("-KILL");
        self.unmount();
        run("ip", &["netns", "del", &self.namespace]);
    }
}
