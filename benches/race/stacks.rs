//! The stacks that are raced.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use crate::floor::Sign;
use crate::stage::{Ground, Stage};
use crate::support::{LIGHT_IMAGE, Project};

/// Kafka, Redis, Loki, Promtail and the app, from the rendered file as it is.
pub fn real<'a>(ground: &'a Ground, tuned: Option<&str>) -> Stage<'a> {
    let services = ["app-runner", "promtail"];
    let project = Project::sample("race");
    if let Some(engine) = &ground.own {
        // Such an engine's builds reach no package registry: the machine's own builds the image under the name that `up` looks for.
        let image = format!("{}-app-runner", project.name);
        let python = format!("PYTHON_IMAGE={}", project.env["PYTHON_IMAGE"]);
        let dir = project.dir.display().to_string();
        docker(&["build", "--quiet", "--tag", &image, "--build-arg", &python, &dir]);
        engine.load(&image);
        docker(&["rmi", &image]);
    }
    Stage::set(ground, project, &services, tuned, |service| match service {
        "kafka" => vec![Sign::Tcp(9092), Sign::Tcp(9093)],
        "redis" => vec![Sign::Tcp(6379)],
        "loki" => vec![Sign::Http(3100, "/ready".to_owned())],
        "promtail" => vec![Sign::Http(9080, "/ready".to_owned())],
        _ => vec![Sign::Tcp(8001), Sign::Tcp(8002)],
    })
}

fn docker(args: &[&str]) {
    let done = Command::new("docker")
        .args(args)
        .stdout(Stdio::null())
        .status()
        .expect("docker runs");
    assert!(done.success(), "docker {args:?}");
}

/// What Compose v5 does best with where the engine knows no `start_interval`: a probe a second, for ever.
pub const EVERY_SECOND: &str = "services:
  kafka: {healthcheck: {interval: 1s}}
  redis: {healthcheck: {interval: 1s}}
  loki: {healthcheck: {interval: 1s}}
  app-runner: {healthcheck: {interval: 1s}}
";

/// And where it does.
pub const START_INTERVAL: &str = "services:
  kafka: {healthcheck: {start_period: 60s, start_interval: 250ms}}
  redis: {healthcheck: {start_period: 60s, start_interval: 250ms}}
  loki: {healthcheck: {start_period: 60s, start_interval: 250ms}}
  app-runner: {healthcheck: {start_period: 60s, start_interval: 250ms}}
";

fn light(name: &str, sleep: u32, interval: u32, depends_on: &str) -> String {
    format!(
        "  {name}:
    image: {LIGHT_IMAGE}
    command: [sh, -c, 'sleep {sleep}; exec redis-server --save \"\"']
    stop_grace_period: 5s
    # In place of the image's nameless volume, which would outlive every `down`.
    tmpfs: /data
    healthcheck: {{test: [CMD-SHELL, 'redis-cli ping | grep -q PONG'], interval: {interval}s}}
{depends_on}"
    )
}

fn redis(_service: &str) -> Vec<Sign> {
    vec![Sign::Tcp(6379)]
}

/// Six services, of which one takes three seconds and another a second more after it.
pub fn chain(ground: &Ground) -> Stage<'_> {
    let mut file = String::from("services:\n");
    file += &light("kafka", 3, 5, "");
    file += &light("app", 1, 5, "    depends_on: {kafka: {condition: service_healthy}}\n");
    for name in ["a", "b", "c", "d"] {
        file += &light(name, 0, 5, "");
    }
    Stage::set(ground, Project::of("chain", &file), &[], None, redis)
}

/// Services that need nothing.
pub fn independent(ground: &Ground, count: usize) -> Stage<'_> {
    let mut file = String::from("services:\n");
    for number in 0..count {
        let _infallible = write!(file, "{}", light(&format!("s{number:02}"), 0, 2, ""));
    }
    Stage::set(ground, Project::of("many", &file), &[], None, redis)
}

/// Four services that are ready at once and one that takes ten seconds.
pub fn slow(ground: &Ground) -> Stage<'_> {
    let mut file = String::from("services:\n");
    file += &light("slow", 10, 60, "");
    for name in ["a", "b", "c", "d"] {
        file += &light(name, 0, 60, "");
    }
    Stage::set(ground, Project::of("slow", &file), &[], None, redis)
}
