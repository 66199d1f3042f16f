//! What magicctl calls ready is ready, and what is so no more is not called so.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{LIGHT_IMAGE, Project, Running, until};

/// A healthcheck that the engine itself runs only in an hour.
const RARE: &str = "interval: 1h";

/// A service; with nothing `more` its data is in memory, as the image's nameless volume would outlive every `down`.
fn service(name: &str, command: &str, test: &str, more: &str) -> String {
    let more = if more.is_empty() { "    tmpfs: /data\n" } else { more };
    format!(
        "  {name}:
    image: {LIGHT_IMAGE}
    command: [sh, -c, '{command}']
    healthcheck: {{test: [CMD-SHELL, '{test}'], {RARE}}}
    stop_grace_period: 1s
{more}"
    )
}

fn stack(hint: &str, services: &[String]) -> Project {
    Project::of(hint, &format!("services:\n{}", services.concat()))
}

/// Ready only after eight seconds: as long as it is awaited, the others are watched.
fn slow() -> String {
    service(
        "slow",
        "sleep 8; exec redis-server",
        "redis-cli ping | grep -q PONG",
        "",
    )
}

#[test]
fn an_open_port_is_not_readiness() {
    not_before_it_is_well("open");
}

/// Two processes that do nothing but keep processors busy.
#[test]
fn beside_busy_processors_an_open_port_is_not_readiness_either() {
    let spin = || {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -t 900; while :; do :; done"]);
        Running::start(command)
    };
    let busy = [spin(), spin()];
    not_before_it_is_well("busy");
    drop(busy);
}

fn not_before_it_is_well(hint: &str) {
    let command = "(sleep 3; touch /tmp/well) & exec redis-server";
    let project = stack(hint, &[service("app", command, "test -f /tmp/well", "")]);
    project.magicctl(&["up"]).ok();
    // Called ready before, it would not be there yet.
    assert_eq!(
        project.docker(&["exec", &project.container("app"), "ls", "/tmp/well"]),
        "/tmp/well"
    );
    project.magicctl(&["down"]).ok();
}

#[test]
fn a_worker_whose_image_names_a_port_that_it_never_opens_is_found_ready() {
    let project = stack("worker", &[service("worker", "sleep 600", "true", "")]);
    project.magicctl(&["up", "--wait-timeout", "30s"]).ok();
    project.magicctl(&["down"]).ok();
}

#[test]
fn a_healthcheck_that_passes_once_and_fails_then_is_no_readiness() {
    let once = "test ! -f /tmp/once && touch /tmp/once";
    let project = stack("once", &[service("fickle", "exec redis-server", once, ""), slow()]);
    let done = project.magicctl(&["up", "--progress", "plain", "--wait-timeout", "9s"]);
    assert_eq!(done.code, 1, "{}", done.all());
    assert!(
        done.stderr.contains("was ready, but its healthcheck now fails"),
        "{}",
        done.all()
    );
    assert!(
        done.stderr.contains("fickle was not ready within 9 s"),
        "{}",
        done.all()
    );
    project.magicctl(&["down"]).ok();
}

#[test]
fn what_exits_after_it_was_ready_is_told_while_others_are_awaited() {
    let command = "redis-server & sleep 2; echo no more >&2; exit 7";
    let healthy = "redis-cli ping | grep -q PONG";
    let project = stack("gone", &[service("brief", command, healthy, ""), slow()]);
    let done = project.magicctl(&["up", "--progress", "plain"]);
    assert_eq!(done.code, 1, "{}", done.all());
    assert!(done.stderr.contains("was ready, but exited with 7"), "{}", done.all());
    assert!(
        done.stderr.contains("brief exited with 7 soon after it was ready"),
        "{}",
        done.all()
    );
    assert!(done.stderr.contains("no more"), "its last lines: {}", done.all());
    // The other one is not given up for it.
    assert!(done.stdout.contains("slow   ready"), "{}", done.all());
    project.magicctl(&["down"]).ok();
}

#[test]
fn what_gets_unhealthy_and_recovers_is_ready_at_the_end() {
    let command = "(sleep 1.5; touch /tmp/ill; sleep 2; rm /tmp/ill) & exec redis-server";
    let ill = service("ill", command, "test ! -f /tmp/ill", "").replace(RARE, "interval: 250ms, retries: 1");
    let project = stack("ill", &[ill, slow()]);
    let done = project.magicctl(&["up", "--progress", "plain"]).ok();
    assert!(
        done.stderr.contains("was ready, but is now unhealthy"),
        "{}",
        done.all()
    );
    assert_eq!(
        done.stderr.matches("ill          ready after").count(),
        2,
        "{}",
        done.all()
    );
    project.magicctl(&["down"]).ok();
}

#[test]
fn what_was_unhealthy_while_it_was_paused_is_ready_when_it_goes_on() {
    let web = service("web", "exec redis-server", "true", "").replace(RARE, "interval: 1s, timeout: 1s, retries: 1");
    let project = stack("unpaused", &[web]);
    project.magicctl(&["up"]).ok();
    let last_probe = || {
        let log = project.inspect(
            "web",
            "{{range .State.Health.Log}}{{.Start}} {{.ExitCode}}{{println}}{{end}}",
        );
        log.lines().last().unwrap_or_default().to_owned()
    };
    project.magicctl(&["pause"]).ok();
    let while_paused = last_probe();
    let status = project.magicctl(&["status"]).ok();
    assert!(
        status.stdout.contains("paused") && !status.all().contains("unhealthy"),
        "{}",
        status.all()
    );
    project.magicctl(&["unpause"]).ok();
    // The engine itself calls it so until its next probe.
    let status = project.magicctl(&["status"]).ok();
    assert!(!status.all().contains("unhealthy"), "{}", status.all());
    until("a probe passes", 30, || {
        let last = last_probe();
        last != while_paused && last.ends_with(" 0")
    });
    let status = project.magicctl(&["status"]).ok();
    assert!(
        status.stdout.contains("ready") && !status.all().contains("unhealthy"),
        "{}",
        status.all()
    );
    project.magicctl(&["down"]).ok();
}

#[test]
fn a_redis_that_loads_its_data_is_not_ready() {
    let command = |options: &str| format!("exec redis-server --save 3600 1 {options}");
    let volumes = "    volumes: [\"data:/data\"]\n";
    let file = |options: &str| {
        let store = service("store", &command(options), "redis-cli ping | grep -q PONG", volumes);
        format!("services:\n{store}volumes: {{data: {{}}}}\n")
    };
    let project = Project::of("loading", &file(""));
    project.magicctl(&["up"]).ok();
    let script = "for i = 1, 2000 do redis.call(\"set\", i, i) end";
    project.docker(&["exec", &project.container("store"), "redis-cli", "eval", script, "0"]);
    project.docker(&["exec", &project.container("store"), "redis-cli", "save"]);
    // Each key takes a while to load, and clients are answered meanwhile.
    let slowly = "--key-load-delay 1500 --loading-process-events-interval-bytes 1024";
    project.write("docker-compose.yml", &file(slowly));
    let mut up = project.command(&["up"]).spawn().expect("magicctl runs");
    let mut loading = 0;
    while up.try_wait().expect("its state").is_none() {
        let said = project.docker(&["exec", &project.container("store"), "redis-cli", "ping"]);
        loading += usize::from(said.contains("LOADING"));
    }
    let said = project.docker(&["exec", &project.container("store"), "redis-cli", "get", "2000"]);
    assert!(up.wait().expect("its end").success());
    assert_eq!(said, "2000");
    assert!(
        loading > 0,
        "Redis never said that it was loading: the test shows nothing"
    );
    project.magicctl(&["down", "--volumes"]).ok();
}

/// How often; a hundred by hand: `READY_ROUNDS=100 cargo test --features engine-tests --test it ready::a_kafka_client`.
fn rounds() -> u32 {
    let rounds = std::env::var("READY_ROUNDS").ok();
    rounds.map_or(2, |rounds| rounds.parse().expect("READY_ROUNDS is a number"))
}

/// A client that is loaded and waits for the word to connect: it is given one try.
const CLIENT: &str = r#"
import asyncio, sys
from aiokafka import AIOKafkaProducer
async def main():
    print("waiting", flush=True)
    sys.stdin.readline()
    producer = AIOKafkaProducer(bootstrap_servers=sys.argv[1])
    await producer.start()
    await producer.send_and_wait("ready", b"now")
    await producer.stop()
asyncio.run(main())
"#;

#[test]
fn a_kafka_client_that_connects_the_instant_it_is_called_ready_succeeds() {
    let project = Project::sample("client");
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/python");
    for round in 1..=rounds() {
        let mut client = Command::new(&python)
            .args(["-c", CLIENT, &format!("localhost:{}", project.port("KAFKA_PORT"))])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test tools are installed");
        let mut waiting = String::new();
        BufReader::new(client.stdout.take().expect("its stdout"))
            .read_line(&mut waiting)
            .expect("its first line");
        assert_eq!(waiting.trim(), "waiting");
        let mut up = project
            .command(&["up", "--progress", "json", "kafka"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("magicctl runs");
        for line in BufReader::new(up.stdout.take().expect("its stdout")).lines() {
            if line.expect("a line").contains(r#""event":"ready""#) {
                client
                    .stdin
                    .take()
                    .expect("its stdin")
                    .write_all(b"\n")
                    .expect("it listens");
                break;
            }
        }
        let ended = client.wait_with_output().expect("its end");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "round {round}: {said}");
        assert!(up.wait().expect("its end").success());
        project.magicctl(&["down", "--volumes"]).ok();
    }
}

#[test]
fn after_up_nothing_goes_on_that_would_not_with_compose() {
    let project = stack(
        "steady",
        &[service("app", "exec redis-server", "redis-cli ping | grep -q PONG", "")],
    );
    let steady = || {
        let fields = "{{json .Config.Healthcheck}} {{.ExecIDs}}";
        let top = project.docker(&["top", &project.container("app"), "-o", "comm"]);
        (project.inspect("app", fields), top)
    };
    project.magicctl(&["up"]).ok();
    let ours = steady();
    project.magicctl(&["down"]).ok();
    project.compose(&["up", "-d"]).ok();
    let theirs = steady();
    project.compose(&["down"]).ok();
    assert!(ours.0.contains("3600000000000"), "the file's interval: {}", ours.0);
    assert_eq!(ours, theirs);
}
