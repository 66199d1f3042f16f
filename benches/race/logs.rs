//! `magicctl logs` beside Compose, `docker logs`, the engine's bare API and ripgrep, on the same five containers; and on a log of
//! ten gigabytes. The containers are made once and read by all.

use std::fs;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use magicctl::stamp::{SECOND, Stamp};

use crate::measure::{Runs, Sample, run};
use crate::results::{Entry, Results, Target, shown};
use crate::stage::{Ground, Who, compose_v1, compose_v5, has_compose_v1};
use crate::support::{LIGHT_IMAGE, Project, Running};

const SERVICES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "omega"];
const LINES: u64 = 1_000_000;
/// The log that is long.
const GIGABYTES: u64 = 10;
/// Longer than the engine's own entries of 16 KiB makes none, and shorter ones only take longer to write.
const BYTES_OF_A_LINE: usize = 16 << 10;
const STACK: &str = "logs, 1,000,000 lines in 5 containers";
/// A writer that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(180);
/// Quick ones run so often.
const RUNS: usize = 5;
/// Two that differ by a few parts in a hundred are told apart by so many pairs.
const PAIRS: usize = 9;
const FOLLOWED: usize = 200;

pub fn race(results: &mut Results, ground: &Ground) {
    let race = Race::begin(ground);
    race.history(results);
    race.filters(results);
    race.redaction(results);
    race.follow(results);
    race.long(results);
}

struct Race<'a> {
    ground: &'a Ground,
    project: Project,
}

impl<'a> Race<'a> {
    fn begin(ground: &'a Ground) -> Self {
        let mut file = String::from("services:\n");
        for service in SERVICES {
            // One line in a hundred is an error; 232 bytes each in the engine's file.
            let script = format!(
                r#"BEGIN {{ for (i = 1; i <= {}; i++) printf "{{\"timestamp\": \"2026-11-24T20:%02d:%02d.%06dZ\", \"level\": \"%s\", \"message\": \"request %d of {service} took %d ms on worker %d\", \"name\": \"app.http\"}}\n", int(i / 60) % 60, i % 60, i % 1000000, i % 100 == 0 ? "ERROR" : "INFO", i, i % 977, i % 16 }}"#,
                LINES / 5
            );
            file.push_str(&service_of(service, &["awk", &script]));
        }
        file.push_str(&service_of("large", &["true"]));
        let clock = format!("sleep 2; i=0; while [ $i -lt {FOLLOWED} ]; do i=$((i+1)); date +%s%N; sleep 0.02; done");
        file.push_str(&service_of("clock", &["sh", "-c", &clock]));
        let fast =
            "BEGIN { for (i = 1; i <= 300000; i++) print \"line\", i, \"of many that come as fast as they can\" }";
        file.push_str(&service_of("fast", &["sh", "-c", &format!("sleep 2; awk '{fast}'")]));
        let race = Self {
            ground,
            project: Project::of("lines", &file),
        };
        race.write(&SERVICES);
        race
    }

    /// Has the services write to their ends.
    fn write(&self, services: &[&str]) {
        self.start(services);
        let began = Instant::now();
        let ended = |service: &&str| self.project.inspect(service, "{{.State.Status}}") == "exited";
        while !services.iter().all(ended) {
            assert!(began.elapsed() < PATIENCE, "{services:?} go on writing");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn start(&self, services: &[&str]) {
        // A writer that ends at once is no service that runs: what it wrote is what counts.
        let _ended = self.project.magicctl(&[&["up", "--no-wait"], services].concat());
    }

    fn logs(&self, args: &[&str]) -> Command {
        self.project.command(&[&["logs"], args, &SERVICES].concat())
    }

    fn add(&self, results: &mut Results, work: &str, who: Who, runs: Vec<Sample>) {
        results.add(Entry {
            engine: self.ground.name.clone(),
            stack: STACK.to_owned(),
            work: work.to_owned(),
            who,
            runs: Runs(runs),
            calls: None,
        });
    }

    fn limit(&self, results: &mut Results, what: &str, time: Duration, milliseconds: f64) {
        results.limit(&self.ground.name, what, time.as_secs_f64() * 1000.0, milliseconds, "ms");
    }

    fn history(&self, results: &mut Results) {
        let work = "whole";
        let ours = times(RUNS, || self.logs(&[]));
        let memory = Runs(ours.clone()).memory();
        self.add(results, work, Who::Magicctl, ours);
        let compose = |program: PathBuf| {
            let args = [&["-p", &self.project.name, "logs"][..], &SERVICES].concat();
            self.project.plain(&program.to_string_lossy(), &args)
        };
        self.add(results, work, Who::ComposeV5, times(2, || compose(compose_v5())));
        if has_compose_v1() {
            self.add(results, work, Who::ComposeV1, times(1, || compose(compose_v1().into())));
        }
        let ids: Vec<String> = SERVICES.iter().map(|service| self.project.container(service)).collect();
        let each: Vec<String> = ids.iter().map(|id| format!("docker logs {id}")).collect();
        let script = each.join(" & ") + " & wait";
        self.add(
            results,
            work,
            Who::DockerLogs,
            times(1, || self.project.plain("sh", &["-c", &script])),
        );
        let engine = self.ground.name.as_str();
        let place = (engine, STACK, work);
        let median = results.median(engine, STACK, work, Who::Magicctl).unwrap_or_default();
        self.limit(results, "logs, from files", median, 1000.0);
        results.ratio("logs, from files", place, Who::ComposeV5, 0.12);
        let megabytes = memory as f64 / f64::from(1 << 20);
        results.limit(engine, "logs, from files: peak memory", megabytes, 20.0, "MB");

        let work = "whole, from the engine's API";
        let mut ours = Vec::new();
        let mut raw = Vec::new();
        for _ in 0..3 {
            ours.push(run(self.logs(&["--source", "engine"])));
            raw.push(Sample {
                wall: self.raw(&ids),
                ..Sample::default()
            });
        }
        self.add(results, work, Who::Magicctl, ours);
        self.add(results, work, Who::RawApi, raw);
        results.ratio("logs, from the engine's API", (engine, STACK, work), Who::RawApi, 1.05);
    }

    /// Reads the engine's streams of all containers at once and throws them away.
    fn raw(&self, ids: &[String]) -> Duration {
        let began = Instant::now();
        std::thread::scope(|scope| {
            for id in ids {
                let mut stream = self.stream(id, "");
                scope.spawn(move || {
                    let mut buffer = vec![0; 256 << 10];
                    while stream.read(&mut buffer).expect("an answer") > 0 {}
                });
            }
        });
        began.elapsed()
    }

    /// The engine's stream of a container's log.
    fn stream(&self, id: &str, more: &str) -> UnixStream {
        let mut stream = UnixStream::connect(&self.ground.socket).expect("the engine");
        let path = format!("/containers/{id}/logs?stdout=1&stderr=1&timestamps=1{more}");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n").expect("a request");
        stream
    }

    fn filters(&self, results: &mut Results) {
        let text = "request 77777 ";
        for (work, args, most) in [
            ("--errors", &["--errors"][..], 500.0),
            ("--errors --summary", &["--errors", "--summary"], 500.0),
            ("--grep", &["--grep", text], 500.0),
            ("--tail 100", &["--tail", "100"], 30.0),
        ] {
            let ours = times(RUNS, || self.logs(args));
            self.limit(results, &format!("logs {work}"), Runs(ours.clone()).median(), most);
            self.add(results, work, Who::Magicctl, ours);
        }
        if Command::new("rg").arg("--version").output().is_err() {
            eprintln!("without ripgrep, which is not installed");
            return;
        }
        let files = SERVICES.map(|service| self.log_file(service).display().to_string());
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let search = || self.project.plain("rg", &[&["-N", text], &files[..]].concat());
        self.add(results, "--grep", Who::Ripgrep, times(RUNS, search));
        let place = (self.ground.name.as_str(), STACK, "--grep");
        results.ratio("logs --grep", place, Who::Ripgrep, 2.0);
    }

    fn log_file(&self, service: &str) -> PathBuf {
        self.project.inspect(service, "{{.LogPath}}").into()
    }

    fn redaction(&self, results: &mut Results) {
        // Beside none: whoever has no keys pays for what only looks like one.
        let keys: Vec<String> = (0..1000_u64)
            .map(|key| {
                format!(
                    "sk-{:016x}{:016x}",
                    key.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                    key * 77_777
                )
            })
            .collect();
        let keys = keys.join("\n");
        let pool = "keys_pool/keys_pool_openai.env";
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..PAIRS {
            self.project.write(pool, &keys);
            with.push(run(self.logs(&[])));
            self.project.write(pool, "");
            without.push(run(self.logs(&[])));
        }
        let (masked, plain) = (Runs(with.clone()).median(), Runs(without).median());
        self.add(results, "whole, 1,000 keys masked", Who::Magicctl, with);
        let more = 100.0 * (masked.as_secs_f64() / plain.as_secs_f64() - 1.0);
        results.target(Target {
            engine: self.ground.name.clone(),
            what: "logs, 1,000 keys masked".to_owned(),
            wanted: "≤ 15 % slower than without".to_owned(),
            measured: format!("{more:.0} % ({} : {})", shown(masked), shown(plain)),
            met: more <= 15.0,
        });
    }

    fn follow(&self, results: &mut Results) {
        let command = self.project.command(&["--output", "raw", "logs", "-f", "clock"]);
        let mut ours = Following::start(command);
        self.start(&["clock"]);
        let mut raw = BufReader::new(self.stream(&self.project.container("clock"), "&follow=1"));
        let (to, raw_delays) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut line = Vec::new();
            // A frame's head may hold a line feed; what is told is the line's own end.
            while raw.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                if let Some(delay) = text.split(' ').next_back().and_then(delay_of) {
                    let _nobody_listens = to.send(delay);
                }
                line.clear();
            }
        });
        let mut delays: Vec<Duration> = (0..FOLLOWED).map(|_| delay_of(&ours.line()).expect("a time")).collect();
        drop(ours);
        reader.join().expect("it reads");
        let mut raw_delays: Vec<Duration> = raw_delays.into_iter().collect();
        delays.sort();
        raw_delays.sort();
        let (median, raw_median) = (delays[FOLLOWED / 2], raw_delays[raw_delays.len() / 2]);
        let late = delays[FOLLOWED * 99 / 100];
        results.target(Target {
            engine: self.ground.name.clone(),
            what: "logs -f: written → printed, median".to_owned(),
            wanted: "≤ 5 ms over the engine's own stream".to_owned(),
            measured: format!(
                "{} : {} (99th of 100: {})",
                shown(median),
                shown(raw_median),
                shown(late)
            ),
            met: median <= raw_median + Duration::from_millis(5),
        });

        let mut ours = Following::start(self.project.command(&["--output", "raw", "logs", "-f", "fast"]));
        self.start(&["fast"]);
        assert!(ours.line().starts_with("line 1 "));
        let began = Instant::now();
        for number in 2..=300_000 {
            let line = ours.line();
            assert!(line.starts_with(&format!("line {number} ")), "{line}");
        }
        let rate = 300_000.0 / began.elapsed().as_secs_f64();
        results.target(Target {
            engine: self.ground.name.clone(),
            what: "logs -f: lines a second".to_owned(),
            wanted: "≥ 50,000".to_owned(),
            measured: format!("{rate:.0}"),
            met: rate >= 50_000.0,
        });
    }

    /// A log of many gigabytes: written into that of a container of ours that has ended, a line a second.
    fn long(&self, results: &mut Results) {
        self.write(&["large"]);
        let path = self.log_file("large");
        let Ok(file) = fs::File::options().write(true).truncate(true).open(&path) else {
            eprintln!("without a log of {GIGABYTES} GB: {} can't be written", path.display());
            return;
        };
        let now = UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        let text = "x".repeat(BYTES_OF_A_LINE);
        let count = (GIGABYTES << 30) / BYTES_OF_A_LINE as u64;
        let mut file = BufWriter::with_capacity(1 << 20, file);
        for line in 0..count {
            let second = i64::try_from(now - (count - line)).expect("a time");
            let time = Stamp(second * SECOND).utc();
            writeln!(file, r#"{{"log":"{line} {text}\n","stream":"stdout","time":"{time}"}}"#).expect("space");
        }
        drop(file);
        for (work, args, most) in [
            ("--since 1m of 10 GB", ["--since", "1m"], 100.0),
            ("--tail 100 of 10 GB", ["--tail", "100"], 30.0),
        ] {
            let command = || self.project.command(&[&["logs"], &args[..], &["large"]].concat());
            let ours = times(RUNS, command);
            self.limit(results, &format!("logs {work}"), Runs(ours.clone()).median(), most);
            self.add(results, work, Who::Magicctl, ours);
        }
        fs::File::create(&path).expect("the file");
    }
}

/// `logs -f` whose lines are read.
struct Following {
    _running: Running,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Following {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        Self {
            _running: Running(child),
            lines,
        }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }
}

/// How long ago the time is (nanoseconds since 1970) that a line consists of.
fn delay_of(line: &str) -> Option<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(now.saturating_sub(Duration::from_nanos(line.parse().ok()?)))
}

fn times(count: usize, command: impl Fn() -> Command) -> Vec<Sample> {
    (0..count).map(|_| run(command())).collect()
}

fn service_of(name: &str, command: &[&str]) -> String {
    let words: Vec<String> = command
        .iter()
        .map(|word| serde_json::Value::String(word.replace('$', "$$")).to_string())
        .collect();
    format!(
        "  {name}:\n    image: {LIGHT_IMAGE}\n    network_mode: none\n    tmpfs: /data\n    entrypoint: []\n    command: [{}]\n",
        words.join(", ")
    )
}
