//! `check` on the real engine: what it says of a project as cloned, of ones that work, and of what would fail.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{LIGHT_IMAGE, Project};

const CANARY: &str = "sk-canary-0123456789abcdefghij";

/// What `check --output json` says, and its exit code.
fn report(project: &Project, args: &[&str]) -> (Value, i32) {
    let done = project.magicctl(&[&["--output", "json", "check"], args].concat());
    let value = serde_json::from_str(&done.stdout);
    (
        value.unwrap_or_else(|error| panic!("{error}: {}", done.all())),
        done.code,
    )
}

/// The codes of its findings, notes left out.
fn codes(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    findings
        .iter()
        .filter(|finding| finding["severity"] != "note")
        .map(|finding| finding["code"].as_str().expect("a code").to_owned())
        .collect()
}

#[test]
fn the_sample_as_written_is_green_and_silent_beyond_its_checklist() {
    let project = Project::sample("check-sample");
    let done = project.magicctl(&["check", "--strict"]).ok();
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines.len(), 11, "{}", done.all());
    assert!(lines[..8].iter().all(|line| line.starts_with("ok ")), "{}", done.all());
    assert!(lines[9].starts_with("checked against engine "), "{}", done.all());
    assert_eq!(lines[10], "ready for up");
    assert_eq!(done.stderr, "");
    assert_eq!(project.left(), Vec::<String>::new());
    let (report, _) = report(&project, &[]);
    assert_eq!(report["ok"], true);
    assert_eq!(report["checklist"].as_array().map(Vec::len), Some(8));
}

#[test]
fn a_gateway_that_other_machines_reach_without_a_key_fails_a_strict_check_alone() {
    let mut project = Project::sample("check-open");
    project.env.insert("BIND_ADDRESS".to_owned(), "0.0.0.0".to_owned());
    let found = |project: &Project, args: &[&str]| {
        let done = project.magicctl(&[&["check", "--only", "compose"], args].concat());
        (done.code, done.stdout.contains("app-runner is open to other machines"))
    };
    assert_eq!(found(&project, &[]), (0, true));
    assert_eq!(found(&project, &["--strict"]), (1, true));
    project.write("env/gateway.env", "GATEWAY_API_KEY=a-key-of-the-clients\n");
    assert_eq!(found(&project, &[]), (0, false));
}

#[test]
fn projects_that_check_finds_well_come_up() {
    for (name, service, change) in [
        (
            "bare",
            "redis",
            (|project: &Project| {
                fs::remove_file(project.path("docker-compose.yml")).expect("a file");
                fs::remove_dir_all(project.path("config")).expect("a folder");
            }) as fn(&Project),
        ),
        ("named", "redis", |project| {
            fs::rename(project.path("docker-compose.yml"), project.path("stack.yml")).expect("a file");
            project.write(
                ".env",
                &format!("COMPOSE_FILE=stack.yml\nCOMPOSE_PROJECT_NAME={}\n", project.name),
            );
        }),
        ("hand", "redis", |project| {
            project.write(
                "docker-compose.yml",
                &format!(
                    "services:\n  redis:\n    image: {LIGHT_IMAGE}\n    healthcheck: {{test: ['CMD-SHELL', 'redis-cli ping | grep -q PONG'], interval: 5s}}\n\
                     \x20   volumes: ['cache:/data']\nvolumes: {{cache: }}\n"
                ),
            );
        }),
    ] {
        let project = Project::sample(&format!("check-{name}"));
        change(&project);
        let (report, code) = report(&project, &["--strict"]);
        assert_eq!((codes(&report), code), (Vec::new(), 0), "{name}: {report:#}");
        project.magicctl(&["up", service]).ok();
        if name == "named" {
            assert!(!project.path("docker-compose.yml").exists());
        }
        let (report, code) = self::report(&project, &["--strict"]);
        assert_eq!((codes(&report), code), (Vec::new(), 0), "{name}, running: {report:#}");
    }
}

#[test]
fn a_healthcheck_whose_program_the_image_lacks_and_one_that_nobody_has() {
    let project = Project::of(
        "check-health",
        &format!(
            "services:\n  app:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    healthcheck: {{test: [CMD, curl, -f, 'http://localhost']}}\n\
             \x20 other:\n    image: {LIGHT_IMAGE}\n    tmpfs: /data\n    depends_on: {{plain: {{condition: service_healthy}}}}\n\
             \x20 plain:\n    image: {LIGHT_IMAGE}\n    tmpfs: /data\n"
        ),
    );
    for round in 0..2 {
        let (report, code) = report(&project, &[]);
        assert_eq!(codes(&report), ["MC232", "MC233"], "round {round}: {report:#}");
        assert_eq!(code, 4);
    }
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn kafkas_volume_of_another_cluster_is_seen_without_starting_anything() {
    let mut project = Project::sample("check-kafka");
    let volume = format!("{}_kafka-data", project.name);
    let label = format!("com.docker.compose.project={}", project.name);
    let image = project.env["KAFKA_IMAGE"].clone();
    project.docker(&["volume", "create", "--label", &label, &volume]);
    let mount = format!("{volume}:/var/lib/kafka/data");
    let script = "printf 'version=1\\ncluster.id=QUJDREVGR0hJSktMTU5PUA\\n' >/var/lib/kafka/data/meta.properties";
    project.docker(&[
        "run",
        "--rm",
        "--user",
        "0",
        "--network",
        "none",
        "-v",
        &mount,
        "--entrypoint",
        "sh",
        &image,
        "-c",
        script,
    ]);
    let (report, code) = report(&project, &["--only", "remains"]);
    assert_eq!((codes(&report), code), (vec!["MC342".to_owned()], 1), "{report:#}");
    project
        .env
        .insert("KAFKA_CLUSTER_ID".to_owned(), "QUJDREVGR0hJSktMTU5PUA".to_owned());
    let (report, code) = self::report(&project, &["--only", "remains"]);
    assert_eq!((codes(&report), code), (Vec::new(), 0), "{report:#}");
    assert_eq!(project.left(), [format!("volume {volume}")]);
}

#[test]
fn containers_find_each_other_and_the_probes_are_gone() {
    // The collector's image is asked: any other may be whatever the Compose file calls so.
    let project = Project::sample("check-deep");
    let (report, code) = report(&project, &["--deep", "--only", "engine"]);
    assert_eq!((codes(&report), code), (Vec::new(), 0), "{report:#}");
    let took = report["took"].as_array().expect("times");
    let asked = took
        .iter()
        .find(|took| took["check"] == "resolving names")
        .expect("it was made");
    assert!(asked["ms"].as_u64() > Some(0), "{asked}");
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn what_is_missing_is_fixed_and_nothing_else_touched() {
    let project = Project::sample("check-fix");
    fs::remove_file(project.path("requirements.txt")).expect("a file");
    fs::remove_dir_all(project.path("env")).expect("a folder");
    project.write("proxy_config.yaml", "# mine\nmodel_list: []\n");
    let before = project.magicctl(&["check"]);
    assert_eq!(before.code, 1, "{}", before.all());
    let fixed = project.magicctl(&["check", "--fix"]).ok();
    assert!(fixed.stdout.contains("requirements.txt: written"), "{}", fixed.stdout);
    assert!(fixed.stdout.contains("env: made"), "{}", fixed.stdout);
    let mine = fs::read_to_string(project.path("proxy_config.yaml")).expect("a file");
    assert_eq!(mine, "# mine\nmodel_list: []\n");
    let again = project.magicctl(&["check", "--fix"]).ok();
    assert!(
        fixed.stdout.contains("\nfixed: ") && !again.stdout.contains("fixed: "),
        "{}",
        again.stdout
    );
}

#[test]
fn up_is_refused_by_what_check_finds_unless_told_not_to_look() {
    let project = Project::sample("check-up");
    project.edit("proxy_config.yaml", "provider: openai", "provider: openia");
    let up = project.magicctl(&["up", "app-runner"]);
    assert_eq!(up.code, 4, "{}", up.all());
    assert!(up.stderr.contains("did you mean `openai`?"), "{}", up.stderr);
    assert_eq!(project.left(), Vec::<String>::new());
    // It has nothing to do with Redis.
    project.magicctl(&["up", "redis"]).ok();
    project
        .magicctl(&["up", "--no-check", "--no-wait", "redis", "loki"])
        .ok();
}

#[test]
fn files_that_nobody_expects_take_neither_time_nor_memory() {
    let project = Project::sample("check-odd");
    let pool = project.path("keys_pool");
    let huge = fs::File::create(pool.join("keys_pool_openai.env")).expect("a file");
    huge.set_len(1 << 30).expect("room for a hole");
    let pipe = pool.join("keys_pool_google.env");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .expect("mkfifo runs")
            .success()
    );
    symlink("keys_pool_mistral.env", pool.join("keys_pool_mistral.env")).expect("a link");
    symlink("/dev/zero", pool.join("keys_pool_deepseek.env")).expect("a link");
    let mut deep = project.path("env");
    for _ in 0..200 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).expect("deep folders");
    symlink("..", project.path("env/up")).expect("a link");
    let began = Instant::now();
    let (report, code) = report(
        &project,
        &["--only", "keys", "--only", "dockerfile", "--only", "checklist"],
    );
    // Far from what reading a gigabyte or a pipe takes: not a measurement.
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(code, 0, "{report:#}");
    let found = codes(&report);
    assert!(found.contains(&"MC132".to_owned()), "{report:#}");
    assert_eq!(found.iter().filter(|code| *code == "MC131").count(), 5, "{report:#}");
}

#[test]
fn a_folder_that_may_not_be_read_is_said_and_the_rest_goes_on() {
    let project = Project::sample("check-closed");
    project.write("keys_pool/keys_pool_openai.env", &format!("{CANARY}\n"));
    let closed = fs::Permissions::from_mode(0o000);
    fs::set_permissions(project.path("keys_pool/keys_pool_openai.env"), closed.clone()).expect("permissions");
    fs::set_permissions(project.path("env"), closed).expect("permissions");
    let done = crate::bad_input::as_nobody(&project, &["check"]);
    fs::set_permissions(project.path("env"), fs::Permissions::from_mode(0o755)).expect("permissions");
    for wanted in [
        "error[MC103]: env can't be read",
        "warning[MC146]",
        "error[MC302]",
        "ok            Dockerfile",
    ] {
        assert!(done.stdout.contains(wanted), "{wanted}: {}", done.all());
    }
    assert_ne!(done.code, 0);
}

#[test]
fn no_finding_shows_a_key() {
    let project = Project::sample("check-canary");
    let short = "sk-short-1";
    let lines = format!(
        "\"{CANARY}\"\n{CANARY} and more\nOPENAI_API_KEY={CANARY}\n{CANARY}\n{short}\n{short}\nyour-{CANARY}\n"
    );
    project.write("keys_pool/keys_pool_openai.env", &lines);
    project.write("keys_pool/openai.env", &lines);
    project.write(
        "env/tavily.env",
        &format!("{CANARY}\nTAVILY_API_KEY={CANARY}\nTAVILY_API_KEY={CANARY}\n"),
    );
    project.edit("proxy_config.yaml", "provider: openai", &format!("provider: {CANARY}"));
    project.edit(
        "proxy_config.yaml",
        "typewriter_mode: client",
        &format!("typewriter_mode: {short}"),
    );
    project.edit(
        "proxy_config.yaml",
        "max_completion_tokens: 4096",
        &format!("api_key: {CANARY}"),
    );
    project.edit(
        "docker-compose.yml",
        "REDIS_URL: redis",
        &format!("OPENAI_API_KEY: {CANARY}\n      REDIS_URL: redis"),
    );
    project.write(".env", &format!("OPENAI_API_KEY={CANARY}\n"));
    for args in [
        &["-v", "check"][..],
        &["--output", "json", "check"],
        &["-vv", "check", "--fix"],
        &["up", "app-runner"],
    ] {
        let done = project.magicctl(args);
        assert!(
            done.all().contains("is not one of"),
            "{args:?} finds nothing: {}",
            done.all()
        );
        // Nor the greater part of one.
        for secret in [CANARY, &CANARY[..20], &CANARY[10..], short] {
            assert!(!done.all().contains(secret), "{args:?} shows {secret}: {}", done.all());
        }
    }
}

/// What the engine itself says is what is told of it.
#[test]
fn what_the_engine_can_do_is_in_a_table() {
    let project = Project::of("table", "services: {a: {image: nothing:1}}\n");
    let told = project.magicctl(&["check", "-v", "--only", "engine"]).all();
    let engine = project.docker(&[
        "version",
        "--format",
        "{{.Server.Version}} (API {{.Server.APIVersion}})",
    ]);
    let line = told
        .lines()
        .find(|line| line.starts_with("engine "))
        .expect("the table");
    assert_eq!(line.split_once(' ').expect("two columns").1.trim(), engine.trim());
    let json: Value = serde_json::from_str(&project.magicctl(&["--output", "json", "version"]).stdout).expect("JSON");
    let can = &json["engine"];
    let driver = project.docker(&["info", "--format", "{{.Driver}}"]);
    assert_eq!(can["storage_driver"], driver.trim());
    assert_eq!(can["builder"], "buildkit");
    let knows = can["api"].as_str() >= Some("1.44");
    assert_eq!(can["features"]["start_interval"], knows, "{json}");
    let none = project.magicctl(&["--host", "unix:///nowhere/docker.sock", "--output", "json", "version"]);
    let json: Value = serde_json::from_str(&none.stdout).expect("JSON");
    assert!(
        json["engine"].is_null() && json["why"].is_string() && none.code == 0,
        "{json}"
    );
}
