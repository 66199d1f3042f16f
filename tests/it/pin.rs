//! `render --pin`: what the registries say goes beside the tags, and what is pinned is what runs.

use std::collections::BTreeMap;
use std::fs;

use magicctl::engine::{Endpoint, Engine};
use magicctl::image::ImageRef;

use crate::support::fake_engine::FakeEngine;
use crate::support::registry::Registry;
use crate::support::{LIGHT_IMAGE, Project};

/// A digest of one digit.
fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

fn told(digest: &str) -> (u16, String) {
    let descriptor =
        serde_json::json!({"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest, "size": 1});
    let body = serde_json::json!({"Descriptor": descriptor, "Platforms": []}).to_string();
    (200, body)
}

/// Docker Hub answers for two images, nonsense for a third, and for the others not at all.
fn hub(path: &str) -> Option<(u16, String)> {
    match path {
        "/distribution/redis:8.10-alpine/json" => Some(told(&digest('1'))),
        "/distribution/python:3.12-slim/json" => Some(told(&digest('2'))),
        "/distribution/apache/kafka:4.3.1/json" => Some(told("sha256:1}\"\n    privileged: true")),
        path if path.starts_with("/distribution/") => Some((500, r#"{"message":"no route to host"}"#.to_owned())),
        _ => None,
    }
}

/// The same a year later: only Redis' registry answers, and its tag was moved.
fn moved(path: &str) -> Option<(u16, String)> {
    match path {
        "/distribution/redis:8.10-alpine/json" => Some(told(&digest('3'))),
        path if path.starts_with("/distribution/") => Some((500, r#"{"message":"no route to host"}"#.to_owned())),
        _ => None,
    }
}

#[test]
fn what_a_registry_answers_is_pinned_and_no_later_command_undoes_it() {
    let mut project = Project::empty("pin");
    project.magicctl(&["init"]).ok();
    project.write("magicctl.yaml", "# mine\nretention: 3d\n");
    let images = |project: &Project| {
        let text = fs::read_to_string(project.path("docker-compose.yml")).expect("it is rendered");
        let lines = text.lines().filter(|line| line.contains("_IMAGE:-"));
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let engine = FakeEngine::answering(hub);
    project.env.insert("DOCKER_HOST".to_owned(), engine.host());

    let done = project.magicctl(&["render", "--pin"]);
    assert_eq!(done.code, 1, "some have none: {}", done.all());
    for line in [
        format!("redis:8.10-alpine: {}", digest('1')),
        "grafana/loki:3.7.8: stays without a digest".to_owned(),
        "apache/kafka:4.3.1: stays without a digest".to_owned(),
        "no route to host".to_owned(),
        "the registry's answer is not a valid digest".to_owned(),
    ] {
        assert!(done.stdout.contains(&line), "{line}: {}", done.all());
    }
    assert!(
        engine
            .take()
            .iter()
            .all(|asked| asked.starts_with("GET /distribution/"))
    );
    let settings = fs::read_to_string(project.path("magicctl.yaml")).expect("it is there");
    assert!(settings.starts_with("# mine\nretention: 3d\n"), "{settings}");
    let pinned = images(&project);
    let redis = format!("image: \"${{REDIS_IMAGE:-redis:8.10-alpine@{}}}\"", digest('1'));
    let python = format!("PYTHON_IMAGE: \"${{PYTHON_IMAGE:-python:3.12-slim@{}}}\"", digest('2'));
    assert!(pinned.contains(&redis) && pinned.contains(&python), "{pinned:?}");
    assert!(
        pinned.contains(&"image: \"${KAFKA_IMAGE:-apache/kafka:4.3.1}\"".to_owned()),
        "{pinned:?}"
    );

    // What is pinned stays so: by `render`, by `--force`, from nothing, and for who looks.
    project.magicctl(&["render"]).ok();
    project.magicctl(&["render", "--force"]).ok();
    fs::remove_file(project.path("docker-compose.yml")).expect("a file");
    project.magicctl(&["render"]).ok();
    assert_eq!(images(&project), pinned);
    project.magicctl(&["render", "--check"]).ok();
    let config = project.magicctl(&["config", "--images"]).ok().stdout;
    assert!(
        config.contains(&format!("redis:8.10-alpine@{}", digest('1'))),
        "{config}"
    );

    // A tag that was moved is said, what nobody answers for stays.
    let engine = FakeEngine::answering(moved);
    project.env.insert("DOCKER_HOST".to_owned(), engine.host());
    let done = project.magicctl(&["render", "--pin"]);
    let now = format!("redis:8.10-alpine: now {} (was {})", digest('3'), digest('1'));
    let stays = format!("python:3.12-slim: stays at {}", digest('2'));
    assert!(
        done.stdout.contains(&now) && done.stdout.contains(&stays),
        "{}",
        done.all()
    );
    let pinned = images(&project);
    assert!(
        pinned.contains(&redis.replace(&digest('1'), &digest('3'))),
        "{pinned:?}"
    );
    assert!(pinned.contains(&python), "{pinned:?}");
}

#[test]
fn the_digest_is_the_registrys_own_and_what_has_it_is_pulled_once() {
    let registry = Registry::start();
    let image = registry.push("pinned", LIGHT_IMAGE, 100_000);
    let wanted = registry.digest("pinned");
    assert!(wanted.starts_with("sha256:"), "{wanted}");

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let ask = |folder: &str| {
        let variables = [
            ("DOCKER_CONFIG", folder.to_owned()),
            ("HOME", std::env::var("HOME").expect("HOME")),
        ];
        let variables: BTreeMap<String, String> = variables.map(|(name, value)| (name.to_owned(), value)).into();
        runtime.block_on(async {
            let endpoint = Endpoint::resolve(None, &variables).expect("an engine");
            let engine = Engine::connect(&endpoint, std::time::Duration::from_secs(15))
                .await
                .expect("it answers");
            let image = ImageRef::parse(&image).expect("a name");
            let logins = engine.logins_of(&image).await;
            engine.registry_digest(&image, &logins).await
        })
    };
    assert_eq!(ask(&registry.config_with_password()).expect("an answer"), wanted);
    ask("/nowhere").expect_err("without a login");

    let full = format!("{image}@{wanted}");
    let compose = format!(
        "services:\n  app:\n    image: {full}\n    init: true\n    tmpfs: /data\n    command: [sleep, '600']\n"
    );
    let mut project = Project::of("pinned", &compose);
    let folder = registry.config_with_password();
    project.env.insert("DOCKER_CONFIG".to_owned(), folder);
    let first = project.magicctl(&["up"]).ok();
    assert!(first.stderr.contains("pull"), "{}", first.all());
    let container = project.container("app");
    let second = project.magicctl(&["plan"]).ok();
    assert!(
        !second.stdout.contains("pull") && !second.stdout.contains("container"),
        "{}",
        second.all()
    );
    project.magicctl(&["up"]).ok();
    assert_eq!(project.container("app"), container);
    // To Compose it is the same container too.
    project.compose(&["up", "-d"]).ok();
    assert_eq!(project.container("app"), container);
    project.magicctl(&["down"]).ok();
    let id = project.docker(&[
        "image",
        "inspect",
        "--format",
        "{{.Id}}",
        &format!("{}/pinned@{wanted}", registry.address),
    ]);
    assert!(id.starts_with("sha256:"), "{id}");
    project.docker(&["rmi", "-f", &id]);
}
