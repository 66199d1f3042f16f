//! The core stack, real: Kafka, Redis and the app, from a bare project to ready and back.

use std::path::Path;
use std::process::Command;

use crate::support::engine::Events;
use crate::support::{Done, Project, http};

const UP: [&str; 4] = ["--progress", "plain", "up", "app-runner"];

/// A Kafka client on the host: writes `message` to `topic` and reads the topic from its beginning.
fn kafka_on_the_host(port: u16, topic: &str, message: &str) -> Done {
    let script = r#"
import asyncio, sys
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
broker, topic, message = sys.argv[1:]
async def main():
    if message:
        producer = AIOKafkaProducer(bootstrap_servers=broker)
        await producer.start()
        await producer.send_and_wait(topic, message.encode())
        await producer.stop()
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest")
    await consumer.start()
    print((await asyncio.wait_for(consumer.getone(), 20)).value.decode())
    await consumer.stop()
asyncio.run(main())
"#;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/python");
    let broker = format!("localhost:{port}");
    Command::new(python)
        .args(["-c", script, &broker, topic, message])
        .output()
        .expect("the test tools are installed")
        .into()
}

#[test]
fn from_nothing_to_ready_and_back_with_its_data() {
    let project = Project::sample("stack");

    // Up: everything ready, in the right order.
    let up = project.magicctl(&UP).ok();
    assert!(up.stdout.starts_with("up: done in"), "{}", up.stdout);
    for name in ["MAGIC_PROXY_PORT", "MCP_SERVER_PORT"] {
        let (status, body) = http::get(project.port(name), "/health").expect("it answers");
        assert_eq!(status, 200, "{body}");
    }
    let started = |service: &str| project.inspect(service, "{{.State.StartedAt}}");
    let (kafka, redis, app) = (started("kafka"), started("redis"), started("app-runner"));
    assert!(app > kafka && app > redis, "app {app}, kafka {kafka}, redis {redis}");
    // What was told, in its order: both stores started before either was waited for to its end, the app after both.
    let order: Vec<&str> = up
        .stderr
        .lines()
        .filter(|line| line.contains("ready after") || line.contains("start container"))
        .collect();
    let position = |text: &str| {
        order
            .iter()
            .position(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(text))
    };
    let app_starts = position("app-runner start container").expect("it is told");
    assert!(
        position("kafka ready after").expect("it is told") < app_starts,
        "{order:?}"
    );
    assert!(
        position("redis ready after").expect("it is told") < app_starts,
        "{order:?}"
    );
    assert!(
        position("redis start container") < position("kafka ready after"),
        "{order:?}"
    );
    assert!(
        position("kafka start container") < position("kafka ready after"),
        "{order:?}"
    );

    // A client on the host, through the external listener; the app inside was connected before it was ready.
    let done = kafka_on_the_host(project.port("KAFKA_PORT"), "kept", "hello").ok();
    assert_eq!(done.stdout.trim(), "hello");
    let logs = project.magicctl(&["logs", "app-runner"]).ok();
    assert!(
        logs.stdout
            .contains("Kafka at kafka:9093 and Redis at redis:6379 answer"),
        "{}",
        logs.stdout
    );

    // Again: nothing to do, and the engine is asked for no change.
    let events = Events::listen(&project);
    let again = project.magicctl(&UP).ok();
    assert!(again.stdout.starts_with("up: nothing to do"), "{}", again.stdout);
    assert_eq!(events.changes(), Vec::<String>::new());
    let status = project.magicctl(&["status"]).ok();
    assert_eq!(status.stdout.matches("ready").count(), 3, "{}", status.stdout);

    // Down: no container, no network; the volumes stay, and the topic with them.
    let down = project.magicctl(&["down"]).ok();
    assert!(down.stderr.contains("keeping volumes"), "{}", down.stderr);
    let volumes = ["kafka-data", "redis-data"].map(|volume| format!("volume {}_{volume}", project.name));
    assert_eq!(project.left(), volumes);
    project.magicctl(&UP).ok();
    let done = kafka_on_the_host(project.port("KAFKA_PORT"), "kept", "").ok();
    assert_eq!(done.stdout.trim(), "hello");

    // Down with volumes: says what goes, and leaves nothing.
    let down = project.magicctl(&["down", "--volumes"]).ok();
    assert!(
        down.stderr.contains(&format!("{}_kafka-data", project.name)),
        "{}",
        down.stderr
    );
    assert_eq!(project.left(), Vec::<String>::new());
    assert!(
        project
            .magicctl(&["down"])
            .ok()
            .stdout
            .starts_with("down: nothing to do")
    );
}

#[test]
fn a_change_replaces_only_what_it_concerns_and_a_rebuild_only_the_app() {
    let project = Project::sample("change");
    project.magicctl(&UP).ok();
    let ids = || ["kafka", "redis", "app-runner"].map(|service| project.container(service));
    let before = ids();

    // A variable in the file: the plan names the field, up replaces that container.
    project.edit(
        "docker-compose.yml",
        "PYTHONUNBUFFERED: \"1\"",
        "PYTHONUNBUFFERED: \"1\"\n      EXTRA: \"yes\"",
    );
    let plan = project.magicctl(&["plan", "app-runner"]).ok();
    assert!(plan.stdout.contains("environment.EXTRA added"), "{}", plan.stdout);
    assert!(!plan.stdout.contains("yes"), "a value is shown: {}", plan.stdout);
    project.magicctl(&UP).ok();
    let after = ids();
    assert_eq!((&before[0], &before[1]), (&after[0], &after[1]));
    assert_ne!(before[2], after[2]);

    // The content of a mounted file.
    project.edit("proxy_config.yaml", "ttl_seconds: 3600", "ttl_seconds: 60");
    let plan = project.magicctl(&["plan", "app-runner"]).ok();
    assert!(
        plan.stdout.contains("the content of proxy_config.yaml changed"),
        "{}",
        plan.stdout
    );
    project.magicctl(&UP).ok();
    let changed = ids();
    assert_eq!((&after[0], &after[1]), (&changed[0], &changed[1]));
    assert_ne!(after[2], changed[2]);

    // New code: a new image, and only the app's container.
    let image = project.inspect("app-runner", "{{.Image}}");
    project.edit("magic_proxy/mcp_server.py", "create(\"mcp-server\"", "create(\"new\"");
    project.magicctl(&["rebuild"]).ok();
    let rebuilt = ids();
    assert_eq!((&changed[0], &changed[1]), (&rebuilt[0], &rebuilt[1]));
    assert_ne!(image, project.inspect("app-runner", "{{.Image}}"));
    let (_, body) = http::get(project.port("MCP_SERVER_PORT"), "/").expect("it answers");
    assert!(body.contains("new"), "{body}");

    // A build that fails: the builder's words, exit 1, and the app goes on.
    project.edit(
        "Dockerfile",
        "COPY run.py ./",
        "COPY run.py ./\nRUN echo the-builder-says && exit 7",
    );
    let failed = project.magicctl(&["--progress", "plain", "rebuild"]);
    assert_eq!(failed.code, 1, "{}", failed.all());
    assert!(failed.stderr.contains("the-builder-says"), "{}", failed.stderr);
    assert_eq!(rebuilt, ids());
    let (status, _) = http::get(project.port("MAGIC_PROXY_PORT"), "/health").expect("it still answers");
    assert_eq!(status, 200);
}

#[test]
fn compose_works_on_our_stack_and_we_on_composes() {
    let project = Project::sample("peer");

    project.magicctl(&UP).ok();
    let ps = project.compose(&["ps", "--format", "{{.Service}}"]).ok();
    let mut services: Vec<&str> = ps.stdout.lines().collect();
    services.sort_unstable();
    assert_eq!(services, ["app-runner", "kafka", "redis"]);
    let logs = project.compose(&["logs", "app-runner"]).ok();
    assert!(logs.stdout.contains("Kafka at kafka:9093"), "{}", logs.stdout);
    project.compose(&["down", "--volumes"]).ok();
    assert_eq!(project.left(), Vec::<String>::new());

    project.compose(&["up", "-d", "--wait", "app-runner"]).ok();
    let status = project.magicctl(&["status"]).ok();
    assert_eq!(status.stdout.matches("ready").count(), 3, "{}", status.stdout);
    project.magicctl(&["down", "--volumes"]).ok();
    assert_eq!(project.left(), Vec::<String>::new());
}
