//! Files under config/ that somebody broke, and what else keeps the logs from being collected: said before anything is touched.

use std::process::Command;

use crate::support::{Done, GRAFANA_DOUBLE, LIGHT_IMAGE, Project, until};

#[track_caller]
fn snapshot(name: &str, project: &Project, done: &Done) {
    let text = format!(
        "exit {}\n--- stdout\n{}\n--- stderr\n{}",
        done.code,
        done.stdout.trim_end(),
        done.stderr.trim_end()
    );
    insta::assert_snapshot!(name, project.stable(&text));
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    for (name, service, file, from, to) in [
        (
            "broken-loki",
            "loki",
            "loki/local-config.yaml",
            "retention_period:",
            "retention_perid:",
        ),
        (
            "broken-promtail",
            "promtail",
            "promtail/promtail-config.yml",
            "max_retries:",
            "max_retires:",
        ),
        (
            "broken-yaml-config",
            "promtail",
            "promtail/promtail-config.yml",
            "positions:\n",
            "positions: [\n",
        ),
        (
            "broken-json-config",
            "grafana",
            "grafana/dashboards/stack.json",
            "\"panels\": [",
            "\"panels\": [,",
        ),
    ] {
        let project = Project::sample(name);
        project.edit(&format!("config/{file}"), from, to);
        let up = project.magicctl(&["up", service]);
        snapshot(name, &project, &up);
        assert_eq!(up.code, 4, "{}", up.all());
        assert_eq!(project.left(), Vec::<String>::new());
        // A busy machine may take longer than the quick look waits.
        let check = project.magicctl(&["check", "--deep"]);
        assert!(check.stdout.contains(&format!("config/{file}")), "{}", check.all());
        assert_ne!(check.code, 0);
        assert_eq!(project.left(), Vec::<String>::new());
    }
}

#[test]
fn an_edit_that_is_well_replaces_only_its_reader() {
    let project = Project::sample("edited");
    project.magicctl(&["up", "redis", "promtail"]).ok();
    let ids = || ["loki", "promtail", "redis"].map(|service| project.container(service));
    let before = ids();
    project.edit(
        "config/promtail/promtail-config.yml",
        "refresh_interval: 2s",
        "refresh_interval: 1s",
    );
    project.magicctl(&["up", "redis", "promtail"]).ok();
    let after = ids();
    assert_eq!((&before[0], &before[2]), (&after[0], &after[2]));
    assert_ne!(before[1], after[1]);
}

#[test]
fn the_engines_socket_elsewhere() {
    let mut project = Project::sample("socket");
    project
        .env
        .insert("DOCKER_SOCKET".to_owned(), "/nowhere/docker.sock".to_owned());
    let up = project.magicctl(&["up", "promtail"]);
    snapshot("socket-elsewhere", &project, &up);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn a_log_driver_that_cannot_be_read() {
    let project = Project::of(
        "driver",
        &format!(
            "services:\n  promtail:\n    image: {LIGHT_IMAGE}\n    command: [sleep, '600']\n    init: true\n    tmpfs: /data\n    logging: {{driver: none}}\n"
        ),
    );
    let up = project.magicctl(&["up"]).ok();
    assert!(
        up.stderr
            .contains("promtail: the engine can't read back logs of the log driver none"),
        "{}",
        up.stderr
    );
    let check = project.magicctl(&["check"]).ok();
    assert!(check.stdout.contains("log driver none"), "{}", check.stdout);
}

#[test]
fn a_data_folder_of_another_user() {
    let project = Project::sample("owner");
    std::fs::create_dir(project.path("loki-data")).expect("a folder");
    project.edit(
        "docker-compose.yml",
        "      - loki-data:/loki",
        "      - ./loki-data:/loki",
    );
    let up = project.magicctl(&["up", "loki"]);
    assert_eq!(up.code, 1, "{}", up.all());
    assert!(up.stderr.contains("10001 and needs /loki"), "{}", up.stderr);
    assert!(up.stderr.contains("chown -R 10001"), "{}", up.stderr);
}

#[test]
fn without_grafanas_image_the_rest_starts() {
    let mut project = Project::sample("no-grafana");
    project
        .env
        .insert("GRAFANA_IMAGE".to_owned(), "127.0.0.1:1/grafana:1".to_owned());
    let up = project.magicctl(&["up", "redis", "loki", "promtail", "grafana"]);
    assert_eq!(up.code, 1, "{}", up.all());
    assert!(up.stderr.contains("grafana has no image"), "{}", up.stderr);
    for service in ["redis", "loki", "promtail"] {
        until(&format!("{service} runs"), 1, || {
            project.inspect(service, "{{.State.Running}}") == "true"
        });
    }
    let status = project.magicctl(&["status"]).ok();
    assert_eq!(status.stdout.matches("ready").count(), 3, "{}", status.stdout);
}

/// Runs the double's own reading of the project's Grafana files.
fn grafana_reads(project: &Project) -> Done {
    let folder = project.path("config/grafana").display().to_string();
    let mounts = ["provisioning", "dashboards"].map(|name| format!("{folder}/{name}:/etc/grafana/{name}:ro"));
    let done = Command::new("docker")
        .args([
            "run",
            "--rm",
            "--network",
            "none",
            "-v",
            &mounts[0],
            "-v",
            &mounts[1],
            GRAFANA_DOUBLE,
            "-check",
        ])
        .output();
    done.expect("docker runs").into()
}

#[test]
fn what_grafana_would_refuse_is_found_by_its_published_types() {
    let project = Project::sample("schema");
    grafana_reads(&project).ok();
    for (file, from, to, said) in [
        (
            "dashboards/stack.json",
            "\"showTime\"",
            "\"showTim\"",
            "unexpected field 'showTim'",
        ),
        (
            "dashboards/stack.json",
            "\"drawStyle\"",
            "\"drawStyl\"",
            "unexpected field 'drawStyl'",
        ),
        (
            "dashboards/stack.json",
            "\"expr\"",
            "\"exprr\"",
            "unexpected field 'exprr'",
        ),
        (
            "dashboards/stack.json",
            "\"schemaVersion\": 41",
            "\"schemaVersion\": \"x\"",
            "cannot unmarshal string",
        ),
        (
            "dashboards/stack.json",
            "\"uid\": \"loki\"",
            "\"uid\": \"other\"",
            "no data source with uid \"other\"",
        ),
        (
            "provisioning/alerting/app-runner.yml",
            "evaluator:",
            "evaluatr:",
            "unexpected field 'evaluatr'",
        ),
        (
            "provisioning/alerting/app-runner.yml",
            "noDataState: OK",
            "noDataState: Fine",
            "should be one of",
        ),
        (
            "provisioning/alerting/app-runner.yml",
            "condition: TOO",
            "condition: NOT_TOO",
            "none of its queries",
        ),
        (
            "provisioning/alerting/app-runner.yml",
            "folder: MagicProxy",
            "folder: Other",
            "none that a dashboard provider makes",
        ),
        (
            "provisioning/datasources/loki.yml",
            "isDefault",
            "isDefalt",
            "isDefalt not found",
        ),
        (
            "provisioning/dashboards/magicproxy.yml",
            "type: file",
            "type: files",
            "the type file",
        ),
    ] {
        let path = format!("config/grafana/{file}");
        let text = std::fs::read_to_string(project.path(&path)).expect("a file");
        project.edit(&path, from, to);
        let done = grafana_reads(&project);
        assert_eq!(done.code, 1, "{file} with {to}: {}", done.all());
        assert!(done.stderr.contains(said), "{file} with {to}: {}", done.stderr);
        project.write(&path, &text);
    }
}
