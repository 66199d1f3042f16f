//! Pulls from a registry of our own: credentials, progress, and what a registry's no means.

use serde_json::Value;

use crate::support::registry::Registry;
use crate::support::{LIGHT_IMAGE, Project};

#[test]
fn an_image_is_pulled_with_the_docker_clients_credentials_and_layer_progress() {
    let registry = Registry::start();
    let image = registry.push("light", LIGHT_IMAGE, 3_000_000);
    let compose = format!(
        "services:\n  app:\n    image: {image}\n    init: true\n    tmpfs: /data\n    command: [sleep, '600']\n"
    );
    let mut project = Project::of("pull", &compose);
    let stable = |text: &str| text.replace(&registry.address, "REGISTRY");

    // Without credentials, and with a tag that is not there.
    let refused = project.magicctl(&["--quiet", "up"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("docker login"), "{}", stable(&refused.stderr));
    project
        .env
        .insert("DOCKER_CONFIG".to_owned(), registry.config_with_password());
    project.edit("docker-compose.yml", "light:1", "light:2");
    let unknown = project.magicctl(&["--quiet", "up"]);
    assert!(unknown.stderr.contains("has no"), "{}", stable(&unknown.stderr));
    project.edit("docker-compose.yml", "light:2", "light:1");

    // By the config file.
    let up = project.magicctl(&["--output", "json", "up"]).ok();
    let events: Vec<Value> = up
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let progress: Vec<&Value> = events.iter().filter(|event| event["event"] == "progress").collect();
    assert!(!progress.is_empty(), "{}", up.stdout);
    assert!(
        progress.iter().any(|event| event["total"].as_u64() > Some(2_000_000)),
        "{progress:?}"
    );
    assert!(
        !up.all().contains("sesame") && !up.all().contains("dXNlcjpvcGVu"),
        "a password is shown"
    );

    // By a credential helper.
    project.magicctl(&["down"]).ok();
    project.docker(&["rmi", "-f", &image]);
    let (config, path) = registry.config_with_helper();
    project.env.insert("DOCKER_CONFIG".to_owned(), config);
    let search = std::env::var("PATH").expect("PATH");
    project.env.insert("PATH".to_owned(), format!("{path}:{search}"));
    project.magicctl(&["up"]).ok();
    project.magicctl(&["down"]).ok();
    project.docker(&["rmi", "-f", &image]);
}
