//! A key of `keys_pool/` or `env/` appears nowhere but in its file.

use std::fs;
use std::process::Command;

use crate::support::Project;

const CANARIES: [&str; 3] = [
    "sk-canary-0123456789-pool",
    "tvly-canary-9876543210",
    "canary-grafana-pass",
];

/// Nothing of `text` may hold a canary.
#[track_caller]
fn clean(what: &str, text: &[u8]) {
    for canary in CANARIES {
        let found = text.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found, "{canary} is in {what}");
    }
}

#[test]
fn a_key_is_in_no_output_label_image_or_file() {
    let mut project = Project::sample("canary");
    project.write("keys_pool/keys_pool_openai.env", &format!("{}\n", CANARIES[0]));
    project.write("env/tavily.env", &format!("TAVILY_API_KEY={}\n", CANARIES[1]));
    project
        .env
        .insert("GRAFANA_PASSWORD".to_owned(), CANARIES[2].to_owned());
    // The app prints its key: what the user's own code logs must not reach the terminal either.
    project.edit(
        "magic_proxy/logs.py",
        "    handler = ",
        "    print(open('/app/keys_pool/keys_pool_openai.env').read())\n    handler = ",
    );

    let commands: [&[&str]; 16] = [
        &["-vv", "up", "app-runner"],
        &["-vv", "--output", "json", "up", "app-runner"],
        &["-vv", "plan"],
        &["-vv", "status"],
        &["--output", "json", "status"],
        &["-vv", "logs"],
        &["--output", "json", "logs"],
        &["-vv", "check"],
        &["--output", "json", "check"],
        &["config", "--settings"],
        &["config", "--hash"],
        &["open"],
        &["open", "logs", "app-runner"],
        &["render", "--diff"],
        &["-vv", "rebuild", "--no-cache"],
        &["-vv", "exec", "app-runner", "true"],
    ];
    for command in commands {
        let done = project.magicctl(command);
        clean(&format!("the output of {command:?}"), done.all().as_bytes());
    }
    let log = project.docker(&["logs", &project.container("app-runner")]);
    assert!(
        log.contains(CANARIES[0]),
        "the app was to print its key, or this test proves nothing"
    );

    for service in ["app-runner", "kafka", "redis"] {
        clean(
            "a container's configuration",
            project.inspect(service, "{{json .}}").as_bytes(),
        );
    }
    let image = project.inspect("app-runner", "{{.Config.Image}}");
    clean(
        "the image's history",
        project.docker(&["image", "history", "--no-trunc", &image]).as_bytes(),
    );
    let saved = Command::new("docker")
        .args(["save", &image])
        .output()
        .expect("docker runs");
    assert!(saved.stdout.len() > 1_000_000, "the image was to be saved");
    clean("the image's layers", &saved.stdout);
    for file in [
        "docker-compose.yml",
        "config/loki/local-config.yaml",
        "config/promtail/promtail-config.yml",
    ] {
        clean(file, &fs::read(project.path(file)).expect(file));
    }
    clean(
        "down's output",
        project.magicctl(&["-vv", "down", "--volumes"]).all().as_bytes(),
    );
}
