//! What Kafka, Redis and Loki fail with.

use super::{LIGHT_IMAGE, Project, card, card_but, light};

#[test]
fn a_volume_of_another_kafka_cluster() {
    let mut project = Project::sample("kafka-id");
    no_restart(&project);
    project.magicctl(&["--quiet", "up", "kafka"]).ok();
    project.write(".env", "KAFKA_CLUSTER_ID=QW5vdGhlckNsdXN0ZXJJZA\n");
    card_but(
        "kafka-cluster-id",
        &mut project,
        &["--quiet", "up", "kafka", "--wait-timeout", "60s"],
        |text| without_noise(&text),
    );
}

#[test]
fn kafka_settings_that_do_not_fit() {
    let mut project = Project::sample("kafka-listeners");
    no_restart(&project);
    project.edit(
        "docker-compose.yml",
        "\"EXTERNAL://localhost:",
        "\"OUTSIDE://localhost:",
    );
    card_but(
        "kafka-listeners",
        &mut project,
        &["--quiet", "up", "kafka", "--wait-timeout", "60s"],
        |text| without_noise(&text),
    );
    let mut project = Project::sample("kafka-heap");
    no_restart(&project);
    project.env.insert("KAFKA_HEAP_OPTS".to_owned(), "-Xmx512x".to_owned());
    card_but(
        "kafka-heap",
        &mut project,
        &["--quiet", "up", "kafka", "--wait-timeout", "60s"],
        |text| without_noise(&text),
    );
}

#[test]
fn kafka_with_too_little_memory() {
    let mut project = Project::sample("kafka-oom");
    project.edit(
        "docker-compose.yml",
        "    image: \"${KAFKA_IMAGE",
        "    mem_limit: 120m\n    image: \"${KAFKA_IMAGE",
    );
    no_restart(&project);
    card_but(
        "kafka-oom",
        &mut project,
        &["--quiet", "up", "kafka", "--wait-timeout", "60s"],
        |text| without_noise(&text),
    );
}

/// The app finds Kafka by its listener for the host: it is sent on to `localhost`.
#[test]
fn a_kafka_listener_for_others() {
    let mut project = Project::sample("kafka-advertised");
    project.write(
        "run.py",
        "import asyncio\nimport os\n\nfrom aiokafka import AIOKafkaProducer\n\n\nasync def main():\n    \
         producer = AIOKafkaProducer(bootstrap_servers=os.environ['KAFKA_BROKER'], request_timeout_ms=3000)\n    \
         await producer.start()\n    await producer.send_and_wait('greetings', b'hello')\n\n\nasyncio.run(main())\n",
    );
    project.edit(
        "docker-compose.yml",
        "KAFKA_BROKER: kafka:9093",
        "KAFKA_BROKER: kafka:9092",
    );
    no_restart(&project);
    card_but(
        "kafka-advertised",
        &mut project,
        &["--quiet", "up", "app-runner", "--wait-timeout", "60s"],
        |text| without_noise(&text),
    );
}

#[test]
fn a_data_folder_of_another_user() {
    let mut project = Project::sample("loki-permission");
    project.edit("docker-compose.yml", "- loki-data:/loki", "- ./loki-data:/loki");
    std::fs::create_dir(project.path("loki-data")).expect("a folder");
    card_but(
        "loki-permission",
        &mut project,
        &["--quiet", "up", "loki", "--wait-timeout", "60s"],
        |text| without_noise(&text),
    );
}

#[test]
fn a_healthcheck_for_a_tool_that_loki_lacks() {
    let mut project = Project::sample("loki-wget");
    project.edit(
        "docker-compose.yml",
        "[\"CMD\", \"/usr/bin/loki\", \"-health\"]",
        "[\"CMD\", \"wget\", \"-q\", \"-O-\", \"http://localhost:3100/ready\"]",
    );
    card_but(
        "loki-wget",
        &mut project,
        &["--quiet", "up", "loki", "--wait-timeout", "10s"],
        // Whether it has complained of anything by then is a matter of time.
        |text| without_noise(&text).replace("  log:    <log>\n", ""),
    );
}

#[test]
fn a_redis_that_can_not_read_its_settings() {
    let more = "    healthcheck: {test: [CMD-SHELL, 'redis-cli ping | grep -q PONG'], interval: 5s}\n";
    let mut project = Project::of("redis", &light("[redis-server, --maxmemory, lots]", more));
    card("redis-settings", &mut project, &["--quiet", "up"]);
    assert!(project.inspect("app", "{{.Config.Image}}").contains(LIGHT_IMAGE));
}

/// One end of a JVM is enough.
fn no_restart(project: &Project) {
    let file = std::fs::read_to_string(project.path("docker-compose.yml")).expect("a file");
    project.write("docker-compose.yml", &file.replace("    restart: unless-stopped\n", ""));
}

/// What a service says besides its error comes in another order each time, and the sample's lines move with its template.
fn without_noise(text: &str) -> String {
    let place = regex::Regex::new(r"^ *--> docker-compose.yml:\d+:").expect("a pattern");
    let gutter = regex::Regex::new(r"^ *\d* \|").expect("a pattern");
    let mut kept = Vec::new();
    let mut in_log = false;
    for line in text.lines() {
        let is_label = line.starts_with("  ") && !line.starts_with("   ");
        if is_label {
            in_log = line.starts_with("  log:");
            if in_log {
                kept.push("  log:    <log>".to_owned());
            }
        }
        if !in_log {
            let line = place.replace(line, "--> docker-compose.yml:<line>:");
            kept.push(gutter.replace(&line, "|").into_owned());
        }
    }
    kept.join("\n")
}
