//! A key of `keys_pool/` or `env/` appears nowhere but in its file.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use crate::support::{Done, LIGHT_IMAGE, Project, until};

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

/// What the service below prints, each in a form of its own; none looks like a provider's key.
const HIDDEN: [&str; 9] = [
    "abcdEFGH0123456789ijklMNOPqrstuv",
    "dotenv-pass-word-1",
    "envfile-pass-word-2",
    "secret-file-content-3",
    "json/value&of+env-4",
    "url-pass-word-5",
    // `user:` before the first, in base64; the fifth in an address, and in a JSON text.
    "YWJjZEVGR0gwMTIzNDU2Nzg5aWprbE1OT1BxcnN0dX",
    "json%2Fvalue%26of%2Benv-4",
    "json\\/value",
];

/// Those that only the Compose file leads to.
const OF_THE_FILE: [&str; 3] = [HIDDEN[2], HIDDEN[3], HIDDEN[5]];

#[test]
fn keys_are_masked_wherever_the_command_is_run_and_however_they_are_written() {
    let said = [
        HIDDEN[0],
        HIDDEN[1],
        HIDDEN[2],
        HIDDEN[3],
        HIDDEN[4],
        "postgres://me:url-pass-word-5@db/x",
        "dXNyOmFiY2RFRkdIMDEyMzQ1Njc4OWlqa2xNTk9QcXJzdHV2",
        HIDDEN[7],
        r#"{"x":"json\/value&of+env-4"}"#,
        // A program may colour half of it.
        "abcdEFGH0123\u{1b}[0m456789ijklMNOPqrstuv",
    ];
    let lines = said.map(|line| format!("printf '%s\\n' {}", shlex::try_quote(line).expect("no NUL")));
    let project = Project::of(
        "elsewhere",
        &format!(
            "services:\n  talk:\n    image: {LIGHT_IMAGE}\n    command: [sh, /talk.sh]\n    env_file: [more.env]\n    environment:\n      DATABASE_URL: postgres://me:url-pass-word-5@db/x\n      DB_PASSWORD: ${{DB_PASSWORD}}\n    secrets: [s]\n    volumes: ['./talk.sh:/talk.sh:ro']\nsecrets: {{s: {{file: s.txt}}}}\n"
        ),
    );
    project.write("talk.sh", &format!("{}\nsleep 600\n", lines.join("\n")));
    project.write("keys_pool/keys_pool_mistral.env", &format!("{}\n", HIDDEN[0]));
    project.write("env/tool.json", r#"{"nested": ["json/value&of+env-4"]}"#);
    project.write(".env", "DB_PASSWORD=dotenv-pass-word-1\n");
    project.write("more.env", "MY_TOKEN='envfile-pass-word-2'\n");
    project.write("s.txt", "secret-file-content-3\n");
    project.magicctl(&["up", "--no-wait"]).ok();
    until("it has said all", 30, || {
        project.docker(&["logs", &project.container("talk")]).lines().count() >= said.len()
    });

    let file = project.path("docker-compose.yml").display().to_string();
    let elsewhere: [&[&str]; 5] = [
        &["logs"],
        &["-f", &file, "logs"],
        &["-p", &project.name, "logs"],
        &["-p", &project.name, "--output", "json", "logs"],
        &["-f", &file, "--output", "raw", "logs"],
    ];
    for (number, command) in elsewhere.iter().enumerate() {
        let mut command = project.command(command);
        if number > 0 {
            command.current_dir("/");
        }
        let done: Done = command.output().expect("magicctl runs").into();
        let done = done.ok();
        assert!(done.stdout.lines().count() >= said.len(), "{}", done.all());
        // By a project's name alone the Compose file, and what it names, is not read.
        let by_name = [2, 3].contains(&number);
        let known = HIDDEN.iter().filter(|hidden| !by_name || !OF_THE_FILE.contains(hidden));
        for hidden in known {
            assert!(
                !done.all().contains(*hidden),
                "{hidden} is in what command {number} printed: {}",
                done.all()
            );
        }
    }
}

#[test]
fn what_is_too_much_to_mask_stops_the_command() {
    let project = Project::of("too-many", &format!("services: {{a: {{image: {LIGHT_IMAGE}}}}}"));
    for number in 0..1001 {
        project.write(&format!("env/{number}.env"), "");
    }
    let done = project.magicctl(&["logs"]);
    assert_eq!(done.code, 4, "{}", done.all());
    assert!(
        done.stderr.contains("env/ contains more than 1000 files"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_lock_is_for_its_user_alone_and_holds_no_arguments() {
    let mut project = Project::of(
        "lock",
        &format!("services: {{a: {{image: {LIGHT_IMAGE}, command: [sleep, '600']}}}}"),
    );
    let key = "visible-0123456789";
    project
        .magicctl(&["run", "--rm", "-T", "-e", &format!("API_KEY={key}"), "a", "true"])
        .ok();
    let folder = project.dir.parent().expect("its folder").join("magicctl");
    let locks: Vec<_> = fs::read_dir(&folder)
        .expect("the locks")
        .map(|entry| entry.expect("one").path())
        .collect();
    assert_eq!(locks.len(), 1);
    let about = fs::metadata(&locks[0]).expect("the lock");
    assert_eq!(about.mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(&folder).expect("its folder").mode() & 0o7777, 0o700);
    assert_eq!(about.len(), 0, "nobody holds it any more");

    // What another user planted is neither followed nor used.
    let victim = project.path("victim");
    fs::write(&victim, "whole").expect("a file");
    fs::remove_file(&locks[0]).expect("the lock");
    std::os::unix::fs::symlink(&victim, &locks[0]).expect("a link");
    let done = project.magicctl(&["up", "--no-wait"]);
    assert_eq!(done.code, 1, "{}", done.all());
    fs::remove_file(&locks[0]).expect("the link");
    std::os::unix::fs::symlink(&folder, folder.with_file_name("linked")).expect("a link");
    let elsewhere = project.path("runtime");
    fs::create_dir(&elsewhere).expect("a folder");
    std::os::unix::fs::symlink(&folder, elsewhere.join("magicctl")).expect("a link");
    project
        .env
        .insert("XDG_RUNTIME_DIR".to_owned(), elsewhere.display().to_string());
    let cache = project.path("cache");
    project
        .env
        .insert("XDG_CACHE_HOME".to_owned(), cache.display().to_string());
    project.magicctl(&["up", "--no-wait"]).ok();
    assert_eq!(fs::read_dir(cache.join("magicctl")).expect("the cache").count(), 1);
    assert_eq!(fs::read(&victim).expect("the victim"), b"whole");
}

#[test]
fn who_waits_is_told_by_whom_and_nothing_that_was_planted() {
    let project = Project::of(
        "waits",
        &format!("services: {{a: {{image: {LIGHT_IMAGE}, command: [sleep, '600']}}}}"),
    );
    project.magicctl(&["up", "--no-wait"]).ok();
    let folder = project.dir.parent().expect("its folder").join("magicctl");
    let lock = fs::read_dir(folder)
        .expect("the locks")
        .next()
        .expect("one")
        .expect("its entry");
    let held = fs::File::options()
        .read(true)
        .write(true)
        .open(lock.path())
        .expect("the lock");
    held.lock().expect("nobody holds it");
    for (text, wanted) in [
        ("4242 run\n", "magicctl run (pid 4242)"),
        ("4242 run -e API_KEY=visible\n", "it has just started"),
        ("1 \u{1b}]0;visible\u{7}", "it has just started"),
        ("visible", "it has just started"),
    ] {
        fs::write(lock.path(), text).expect("the lock");
        let done = project.magicctl(&["--no-lock-wait", "up", "--no-wait"]);
        assert_eq!(done.code, 1, "{}", done.all());
        assert!(
            done.stderr.contains(wanted) && !done.all().contains("visible"),
            "{}",
            done.all()
        );
    }
}
