//! Measures `magicctl logs` against `docker logs`, Docker Compose and the engine's bare API on the same containers, and
//! prints a table. It makes its own project in a temporary folder and removes it at the end, also when it fails.
//!
//! `cargo bench --bench logs`; `MAGICCTL_BENCH_LINES` (1,000,000) and `MAGICCTL_BENCH_GIGABYTES` (10; 0 leaves that row out)
//! make it smaller. Needs an engine at its default socket and the local images.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement that can't go on ends by panicking"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const IMAGE: &str = "magicproxy/redis:7.0";
const SERVICES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "omega"];
const SOCKET: &str = "/var/run/docker.sock";
/// Each is run so often; the quickest counts, because others work on the same machine.
const RUNS: usize = 3;
/// A writer that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(180);

struct Project {
    name: String,
    folder: tempfile::TempDir,
}

/// A command that goes on until it goes out of scope, also when the measurement fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// What a command took.
#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    kilobytes: Option<u64>,
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn docker(args: &[&str]) -> String {
    let out = Command::new("docker").args(args).output().expect("docker runs");
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

/// Runs and measures; the output is thrown away. Memory only where GNU time is there.
fn measure(command: &[&str], folder: &Path) -> Took {
    let time = Path::new("/usr/bin/time");
    let mut best: Option<Took> = None;
    for _ in 0..RUNS {
        let mut line: Vec<&str> = Vec::new();
        if time.exists() {
            line.extend(["/usr/bin/time", "-f", "%M", "-o", "memory"]);
        }
        line.extend(command);
        let began = Instant::now();
        let status = Command::new(line[0])
            .args(&line[1..])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("it starts");
        let seconds = began.elapsed().as_secs_f64();
        assert!(status.success(), "{line:?}");
        let memory = fs::read_to_string(folder.join("memory")).ok();
        let took = Took {
            seconds,
            kilobytes: memory.and_then(|text| text.trim().parse().ok()),
        };
        if best.is_none_or(|best| took.seconds < best.seconds) {
            best = Some(took);
        }
    }
    best.expect("it ran")
}

fn row(what: &str, took: Took) {
    let memory = took
        .kilobytes
        .map_or_else(|| "-".to_owned(), |kilobytes| format!("{} MB", kilobytes / 1024));
    println!("| {what} | {:.3} s | {memory} |", took.seconds);
}

impl Project {
    fn new(lines: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = format!("magicctl-bench-{}", std::process::id());
        let mut text = String::from("services:\n");
        for service in SERVICES {
            // One line in a hundred is an error; 232 bytes each in the engine's file.
            let script = format!(
                r#"BEGIN {{ for (i = 1; i <= {}; i++) printf "{{\"timestamp\": \"2026-11-24T20:%02d:%02d.%06dZ\", \"level\": \"%s\", \"message\": \"request %d of {service} took %d ms on worker %d\", \"name\": \"app.http\"}}\n", int(i / 60) % 60, i % 60, i % 1000000, i % 100 == 0 ? "ERROR" : "INFO", i, i % 977, i % 16 }}"#,
                lines / 5
            );
            text.push_str(&service_of(service, &["awk", &script]));
        }
        fs::write(folder.path().join("docker-compose.yml"), text).expect("a file");
        Self { name, folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn magicctl<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [&[env!("CARGO_BIN_EXE_magicctl"), "-p", &self.name], args].concat()
    }

    fn up(&self, services: &[&str]) {
        let command = self.magicctl(&[&["up", "--no-wait"], services].concat());
        // A writer that ends at once is no service that runs: what it wrote is what counts.
        let _ended = Command::new(command[0])
            .args(&command[1..])
            .current_dir(self.path())
            .output()
            .expect("magicctl runs");
    }

    fn id(&self, service: &str) -> String {
        let project = format!("label=com.docker.compose.project={}", self.name);
        let service = format!("label=com.docker.compose.service={service}");
        docker(&["ps", "-aq", "--no-trunc", "--filter", &project, "--filter", &service])
    }

    fn wait(&self, service: &str) {
        let began = Instant::now();
        while docker(&["inspect", "-f", "{{.State.Status}}", &self.id(service)]) != "exited" {
            assert!(began.elapsed() < PATIENCE, "{service} goes on writing");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn log_file(&self, service: &str) -> PathBuf {
        docker(&["inspect", "-f", "{{.LogPath}}", &self.id(service)]).into()
    }

    fn add(&self, service: &str, command: &[&str]) {
        let path = self.path().join("docker-compose.yml");
        let text = fs::read_to_string(&path).expect("the file");
        fs::write(path, text + &service_of(service, command)).expect("the file");
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let label = format!("label=com.docker.compose.project={}", self.name);
        let ids = docker(&["ps", "-aq", "--filter", &label]);
        let ids: Vec<&str> = ids.lines().collect();
        docker(&[&["rm", "-fv"][..], &ids].concat());
        let networks = docker(&["network", "ls", "-q", "--filter", &label]);
        let networks: Vec<&str> = networks.lines().collect();
        docker(&[&["network", "rm"][..], &networks].concat());
    }
}

fn service_of(name: &str, command: &[&str]) -> String {
    let words: Vec<String> = command
        .iter()
        .map(|word| serde_json::Value::String(word.replace('$', "$$")).to_string())
        .collect();
    format!(
        "  {name}:\n    image: {IMAGE}\n    network_mode: none\n    tmpfs: /data\n    entrypoint: []\n    command: [{}]\n",
        words.join(", ")
    )
}

/// Reads the engine's streams of all containers at once and throws them away.
fn raw_api(ids: &[String]) -> Took {
    let run = || {
        let began = Instant::now();
        let readers: Vec<_> = ids
            .iter()
            .cloned()
            .map(|id| {
                std::thread::spawn(move || {
                    let mut stream = UnixStream::connect(SOCKET).expect("the engine");
                    let request = format!(
                        "GET /containers/{id}/logs?stdout=1&stderr=1&timestamps=1 HTTP/1.0\r\nHost: docker\r\n\r\n"
                    );
                    stream.write_all(request.as_bytes()).expect("a request");
                    let mut buffer = vec![0; 256 << 10];
                    while stream.read(&mut buffer).expect("an answer") > 0 {}
                })
            })
            .collect();
        for reader in readers {
            reader.join().expect("it reads");
        }
        began.elapsed().as_secs_f64()
    };
    let seconds = (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min);
    Took {
        seconds,
        kilobytes: None,
    }
}

fn history(project: &Project) {
    let ids: Vec<String> = SERVICES.iter().map(|service| project.id(service)).collect();
    let of = |args: &[&str]| measure(&project.magicctl(args), project.path());
    row("`logs`, from files", of(&["logs"]));
    row("`logs --errors`", of(&["logs", "--errors"]));
    row(
        "`logs --grep 'request 77777 '`",
        of(&["logs", "--grep", "request 77777 "]),
    );
    row("`logs --errors --summary`", of(&["logs", "--errors", "--summary"]));
    row("`logs --tail 100`", of(&["logs", "--tail", "100"]));
    row("`--output json logs`", of(&["--output", "json", "logs"]));
    let files: Vec<PathBuf> = SERVICES.iter().map(|service| project.log_file(service)).collect();
    let found = Command::new("rg").arg("--version").output().is_ok();
    let finder: &[&str] = if found { &["rg", "-N"] } else { &["grep", "-h"] };
    let names: Vec<&str> = files.iter().filter_map(|file| file.to_str()).collect();
    let search = [finder, &["request 77777 "], &names].concat();
    row(
        &format!("`{}` on the same files", finder[0]),
        measure(&search, project.path()),
    );

    let pool = project.path().join("keys_pool");
    fs::create_dir(&pool).expect("a folder");
    let keys: Vec<String> = (0..1000u64)
        .map(|key| {
            format!(
                "sk-{:016x}{:016x}",
                key.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                key * 77_777
            )
        })
        .collect();
    fs::write(pool.join("keys_pool_openai.env"), keys.join("\n")).expect("keys");
    row("`logs`, from files, with 1,000 keys to mask", of(&["logs"]));
    fs::remove_dir_all(pool).expect("the folder");

    row("`logs --source engine`", of(&["logs", "--source", "engine"]));
    row("the engine's API, read and thrown away", raw_api(&ids));
    let each: Vec<String> = ids.iter().map(|id| format!("docker logs {id}")).collect();
    let script = each.join(" & ") + " & wait";
    row(
        "`docker logs` of all five at once",
        measure(&["sh", "-c", &script], project.path()),
    );
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/docker-compose");
    if let Some(compose) = compose.to_str().filter(|compose| Path::new(compose).exists()) {
        let command = [compose, "-p", &project.name, "logs"];
        row("Docker Compose v5 `logs`", measure(&command, project.path()));
    }
}

/// `--since 1m` of a file of many gigabytes: written into the log of a container of ours that has ended.
fn since(project: &Project, gigabytes: u64) {
    project.add("large", &["true"]);
    project.up(&["large"]);
    project.wait("large");
    let path = project.log_file("large");
    let Ok(file) = fs::File::options().write(true).truncate(true).open(&path) else {
        println!("| `logs --since 1m` of {gigabytes} GB | needs root | |");
        return;
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let text = "x".repeat(900);
    let count = gigabytes * 1_000_000;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    for line in 0..count {
        let second = i64::try_from(now - (count - line)).expect("a time");
        let time = magicctl::stamp::Stamp(second * magicctl::stamp::SECOND).utc();
        writeln!(file, r#"{{"log":"{line} {text}\n","stream":"stdout","time":"{time}"}}"#).expect("space");
    }
    drop(file);
    let command = project.magicctl(&["logs", "--since", "1m", "large"]);
    row(
        &format!("`logs --since 1m` of {gigabytes} GB"),
        measure(&command, project.path()),
    );
    let command = project.magicctl(&["logs", "--tail", "100", "large"]);
    row(
        &format!("`logs --tail 100` of {gigabytes} GB"),
        measure(&command, project.path()),
    );
}

/// From a line's writing to its printing, and how many lines a second are followed.
fn follow(project: &Project) {
    project.add(
        "clock",
        &[
            "sh",
            "-c",
            "sleep 2; i=0; while [ $i -lt 200 ]; do i=$((i+1)); date +%s%N; sleep 0.02; done",
        ],
    );
    let fast = "BEGIN { for (i = 1; i <= 300000; i++) print \"line\", i, \"of many that come as fast as they can\" }";
    project.add("fast", &["sh", "-c", &format!("sleep 2; awk '{fast}'")]);
    for service in ["clock", "fast"] {
        let command = project.magicctl(&["--output", "raw", "logs", "-f", service]);
        let child = Command::new(command[0])
            .args(&command[1..])
            .current_dir(project.path())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = Running(child.expect("it starts"));
        project.up(&[service]);
        let mut lines = BufReader::new(child.0.stdout.take().expect("its stdout")).lines();
        if service == "clock" {
            let mut delays: Vec<u128> = (0..200)
                .map(|_| {
                    let line = lines.next().expect("a line").expect("text");
                    let now = SystemTime::now()
                        .duration_since(UNIX_EPOCH)
                        .expect("after 1970")
                        .as_nanos();
                    now.saturating_sub(line.parse().expect("a time"))
                })
                .collect();
            delays.sort_unstable();
            let milliseconds =
                |at: usize| Duration::from_nanos(u64::try_from(delays[at]).unwrap_or(u64::MAX)).as_secs_f64() * 1e3;
            println!("| follow: written → printed, median | {:.1} ms | |", milliseconds(100));
            println!(
                "| follow: written → printed, 99th of 100 | {:.1} ms | |",
                milliseconds(198)
            );
        } else {
            let first = lines.next().expect("a line").expect("text");
            assert!(first.starts_with("line 1 "), "{first}");
            let began = Instant::now();
            for number in 2..=300_000 {
                let line = lines.next().expect("a line").expect("text");
                assert!(line.starts_with(&format!("line {number} ")), "{line}");
            }
            let rate = 300_000.0 / began.elapsed().as_secs_f64();
            println!("| follow: lines a second, as fast as the engine gives them | {rate:.0} | |");
        }
    }
}

fn main() {
    let lines = number("MAGICCTL_BENCH_LINES", 1_000_000);
    let gigabytes = number("MAGICCTL_BENCH_GIGABYTES", 10);
    let project = Project::new(lines);
    project.up(&[]);
    for service in SERVICES {
        project.wait(service);
    }
    let bytes: u64 = SERVICES
        .iter()
        .filter_map(|service| fs::metadata(project.log_file(service)).ok())
        .map(|metadata| metadata.len())
        .sum();
    println!(
        "{lines} lines of JSON in 5 containers, {} MB in the engine's files; the quickest of {RUNS} runs\n",
        bytes / 1_000_000
    );
    println!("| what | time | memory |\n| --- | --- | --- |");
    history(&project);
    follow(&project);
    if gigabytes > 0 {
        since(&project, gigabytes);
    }
}
