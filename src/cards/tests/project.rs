//! What a card makes of the project's own files.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use crate::cards::rules::Condition;
use crate::compose::{Request, Stack, load};
use crate::engine::FailedStep;
use crate::failure::Evidence;
use crate::redact::Redactor;
use crate::shell::ShellCommand;

use super::*;

/// A project of these files; the Compose file is `compose`.
pub(super) fn project(files: &[(&str, &str)], compose: &str) -> (tempfile::TempDir, Stack) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files.iter().chain(&[("compose.yaml", compose)]) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let request = Request {
        start_dir: folder.path().to_owned(),
        ..Request::default()
    };
    let stack = load(&request).unwrap();
    (folder, stack)
}

/// The card's words, in one text.
fn told(symptoms: &Symptoms, files: &[(&str, &str)], compose: &str) -> String {
    let (folder, stack) = project(files, compose);
    let mut around = Surroundings::new(
        Some(&stack),
        Arc::new(Redactor::default()),
        Some(ShellCommand::of("magicctl")),
    );
    around.here = folder.path().to_owned();
    let failure = card(symptoms, &around);
    let place = failure
        .place
        .map(|place| format!("at {}:{}", around.shown(&place.file), place.line));
    [failure.what]
        .into_iter()
        .chain(failure.why)
        .chain(failure.hint)
        .chain(failure.run.iter().map(ToString::to_string))
        .chain(place)
        .collect::<Vec<_>>()
        .join("\n")
}

#[track_caller]
fn tells(symptoms: &Symptoms, files: &[(&str, &str)], compose: &str, parts: &[&str]) {
    let text = told(symptoms, files, compose);
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

const BUILT: &str = "services: {app: {build: ., environment: {REDIS_URL: 'redis://redis:6379/0'}}}\n";

fn raised(line: usize, error: &str) -> Symptoms {
    let mut symptoms = exited(1);
    symptoms.workdir = "/app".to_owned();
    let frame = format!("  File \"/app/run.py\", line {line}, in <module>");
    symptoms.records = vec![said(&["Traceback (most recent call last):", &frame, error], true)];
    symptoms
}

#[test]
fn files_that_are_missing_are_looked_for_in_the_project() {
    let code = ("run.py", "open('/app/prompts.txt')\n");
    let docker = ("Dockerfile", "FROM x\nCMD [\"python\", \"server.py\"]\n");
    let missing = raised(
        1,
        "FileNotFoundError: [Errno 2] No such file or directory: '/app/prompts.txt'",
    );
    for (files, parts) in [
        (
            &[code, docker][..],
            &["prompts.txt is neither mounted", "COPY prompts.txt /app/prompts.txt"][..],
        ),
        (
            &[code, docker, ("prompts.txt", "")],
            &["the file is in the project", "`COPY prompts.txt /app/prompts.txt`"],
        ),
        (
            &[code, docker, ("data/prompts.txt", "")],
            &["`COPY data/prompts.txt /app/prompts.txt`"],
        ),
        (
            &[code, docker, ("prompts.txt", ""), (".dockerignore", "*\n!run.py")],
            &[
                ".dockerignore excludes it",
                "printf '\\n%s\\n' '!prompts.txt' >> .dockerignore",
            ],
        ),
    ] {
        tells(&missing, files, BUILT, parts);
        tells(&missing, files, BUILT, &["magicctl rebuild app", "at run.py:1"]);
    }
    let mut command = exited(2);
    command.records = vec![said(
        &["python: can't open file '/app/server.py': [Errno 2] No such file or directory"],
        true,
    )];
    tells(
        &command,
        &[code, docker],
        BUILT,
        &["the project contains run.py", "at Dockerfile:2"],
    );
    let elsewhere = [code, docker, ("src/server.py", "")];
    tells(&command, &elsewhere, BUILT, &["the project contains run.py"]);
}

#[test]
fn what_a_dockerfile_copies_is_looked_for_in_the_project() {
    let copy = Symptoms::new("app", Stage::Build).said("failed to compute cache key: \"/tools\" not found: not found");
    let code = ("app/run.py", "import tools\n");
    let built = "services: {app: {build: app}}\n";
    for (files, part) in [
        (
            &[code, ("app/src/tools/x.py", "")][..],
            "change the line to copy src/tools",
        ),
        (&[code, ("tools/x.py", "")], "it is at tools, outside the build context"),
        (&[code], "app/run.py:1 uses it"),
        (&[("app/run.py", "")], "the code (run.py) doesn't use it"),
        (&[], "remove the line"),
    ] {
        tells(&copy, files, built, &[part, "magicctl rebuild app"]);
    }
}

#[test]
fn a_login_decides_what_a_denied_pull_means() {
    let denied = |image: &str, has_login| {
        let mut symptoms = Symptoms::new(
            "app",
            Stage::Pull {
                image: image.to_owned(),
            },
        )
        .said("denied");
        symptoms.has_login = Some(has_login);
        symptoms
    };
    let compose = "services: {app: {image: x}}\n";
    tells(&denied("ghcr.io/a/b", false), &[], compose, &["docker login ghcr.io"]);
    tells(&denied("ghcr.io/a/b", true), &[], compose, &["permission to pull it"]);
    tells(
        &denied("rediss:8", false),
        &[],
        compose,
        &["usually the name is misspelt"],
    );
}

/// `make images` only where a recipe makes that image; never the command that was just run and nothing else.
#[test]
fn an_image_that_nobody_has_here_is_built_left_out_or_loaded() {
    const HUB: &str =
        "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: no such host";
    const STACK: &str = "services:\n  redis:\n    image: \"${REDIS_IMAGE:-redis:8}\"\n  grafana:\n    image: grafana/grafana:13\n  \
                         board:\n    image: board:1\n    depends_on: [grafana]\n";
    let recipes = [
        (
            "Makefile",
            "up:\n\ttrue\nimages: ## build them\n\tscripts/build-images\n",
        ),
        ("images/local.env", "# names\nREDIS_IMAGE=magicproxy/redis:7.0\n"),
    ];
    let of = |service: &str, files: &[(&str, &str)], with_local_images: bool| {
        let (folder, mut stack) = project(files, STACK);
        if with_local_images {
            stack.env_files = vec![folder.path().join("images/local.env")];
        }
        let again = ShellCommand::of("magicctl");
        let mut around = Surroundings::new(Some(&stack), Arc::new(Redactor::default()), Some(again));
        around.here = folder.path().to_owned();
        let image = stack.services[service].image.clone().unwrap();
        let mut symptoms = Symptoms::new(service, Stage::Pull { image });
        symptoms.said = HUB.to_owned();
        let run = card(&symptoms, &around).run;
        run.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let builds = ["make images", "magicctl --env-file images/local.env up"];
    assert_eq!(of("redis", &recipes, false), builds);
    assert_eq!(of("redis", &recipes, true), ["make images", "magicctl up"]);
    // No recipe makes it: the others come up, without whoever waits for it.
    assert_eq!(of("grafana", &recipes, true), ["magicctl up redis"]);
    let looks = ["curl -I https://registry-1.docker.io/v2/", "magicctl up"];
    assert_eq!(of("grafana", &recipes, false), looks);
    // Another project, one with a Makefile of its own too.
    assert_eq!(of("redis", &[], false), looks);
    assert_eq!(of("redis", &[("Makefile", "images:\n\tconvert *.png\n")], false), looks);
    assert_eq!(of("redis", &recipes[1..], false), looks);
}

/// Each rule in one table: what it proposes is never `make images` where that is not known to help.
#[test]
fn only_one_rule_builds_images_of_ours() {
    let rules = super::super::rules::TABLE.iter().flat_map(|(_, rules)| rules.iter());
    for rule in rules.filter(|rule| rule.run.contains(&"make images")) {
        assert!(rule.only.contains(&Condition::Recipe), "{}", rule.what);
    }
}

#[test]
fn a_file_with_hashes_gets_no_line_without() {
    let code = ("run.py", "import orjson\n");
    let docker = ("Dockerfile", "FROM python:3.12\nCMD [\"python\", \"run.py\"]\n");
    let missing = raised(1, "ModuleNotFoundError: No module named 'orjson'");
    let hashed = ("requirements.txt", "redis==8.1.0 \\\n    --hash=sha256:00\n");
    let text = told(&missing, &[code, docker, hashed], BUILT);
    assert!(
        text.contains("with the hashes of its files") && !text.contains("printf"),
        "{text}"
    );
    let plain = ("requirements.txt", "redis==8.1.0\n");
    tells(
        &missing,
        &[code, docker, plain],
        BUILT,
        &["printf '%s\\n' orjson >> requirements.txt"],
    );
}

#[test]
fn what_runs_is_named() {
    let pulled = "services: {app: {image: redis:8, command: [magic]}}\n";
    let mut unknown = exited(127);
    unknown.command = vec!["magic".to_owned()];
    unknown.image_command = vec!["redis-server".to_owned()];
    unknown.records = vec![said(&["/entrypoint.sh: 38: exec: magic: not found"], true)];
    tells(
        &unknown,
        &[],
        pulled,
        &[
            "in the image redis:8",
            "remove `command`: then its image runs `redis-server`",
            "magicctl up",
        ],
    );
    let denied = |program: &str| {
        let mut symptoms = exited(126);
        symptoms.records = vec![said(&[&format!("exec: line 3: {program}: Permission denied")], true)];
        symptoms
    };
    tells(
        &denied("/etc/hostname"),
        &[],
        pulled,
        &["start the command with a program"],
    );
    tells(
        &denied("/app/run.sh"),
        &[],
        pulled,
        &["start the command with `sh /app/run.sh`"],
    );

    let mut ended = exited(0);
    ended.command = vec!["python".to_owned(), "run.py".to_owned()];
    tells(
        &ended,
        &[("Dockerfile", "FROM x\nCMD [\"python\", \"run.py\"]\n")],
        BUILT,
        &[
            "(`python run.py`)",
            "for a job, set `restart: \"no\"`",
            "magicctl rebuild app",
            "at Dockerfile:2",
        ],
    );
    let mut gave_up = exited(2);
    gave_up.command.clone_from(&ended.command);
    gave_up.records = vec![said(&["can not open the index"], true)];
    tells(
        &gave_up,
        &[],
        BUILT,
        &["it printed nothing else", "in its command or", "magicctl rebuild app"],
    );
    assert!(!told(&gave_up, &[], BUILT).contains("magicctl logs"));
    tells(
        &gave_up,
        &[],
        "services: {app: {image: x}}\n",
        &["in its command (`python run.py`) or"],
    );
    for number in 0..20 {
        gave_up.records.insert(0, said(&[&format!("step {number}")], false));
    }
    tells(&gave_up, &[], BUILT, &["magicctl logs app"]);
    tells(&exited(139), &[], pulled, &["start it again", "that worked before"]);
    tells(&exited(139), &[], BUILT, &["start it again", "--no-cache"]);
}

#[test]
fn open_ports_decide_what_a_refused_healthcheck_means() {
    let mut refused = Symptoms::new("app", Stage::TimedOut(Duration::from_secs(5)));
    refused.command = vec!["sleep".to_owned(), "60".to_owned()];
    refused.health = Some(HealthReport {
        timeout: None,
        command: vec!["curl".to_owned(), "http://localhost:8001/".to_owned()],
        code: Some(1),
        output: "Connection refused".to_owned(),
    });
    for (ports, part) in [
        (
            vec![],
            "(`sleep 60`) is not a server or is still starting, and it has printed nothing",
        ),
        (vec![8000], "it listens on port 8000"),
        (vec![8001], "which is open now"),
    ] {
        refused.open_ports = Some(ports);
        tells(&refused, &[], BUILT, &[part]);
    }
}

#[test]
fn code_that_names_what_is_not_there() {
    let code = ("run.py", "import os\nport = int(os.environ['REDIS_URL'])\n");
    let number = "ValueError: invalid literal for int() with base 10: 'redis://redis:6379/0'";
    tells(
        &raised(2, number),
        &[code],
        BUILT,
        &[
            "run.py:2 expects a number in REDIS_URL",
            "magicctl rebuild app",
            "at run.py:2",
        ],
    );
    let unset = raised(2, "  File \"<frozen os>\", line 1, in __getitem__\nKeyError: 'API_KEY'");
    tells(
        &unset,
        &[code],
        BUILT,
        &["`API_KEY: ${API_KEY}`", "to .env: `API_KEY=…`"],
    );
    let with_key = [code, (".env", "A=1\nAPI_KEY=x\n")];
    tells(&unset, &with_key, BUILT, &["its value is in .env:2"]);
    tells(
        &raised(2, "KeyError: 'gemini'"),
        &[code],
        BUILT,
        &["look it up with `.get()` and a default in run.py:2"],
    );

    let refused = raised(
        2,
        "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)",
    );
    for (others, part) in [
        ("db: {image: x, expose: ['5432']}", "connect to db:5432"),
        ("db: {image: x, ports: ['5432:7000']}", "connect to db:7000"),
        ("db: {image: x}", "the services are db"),
        ("", "no other service"),
    ] {
        let compose = format!("services: {{app: {{build: .}}, {others}}}\n");
        tells(&refused, &[code], &compose, &[part, "magicctl rebuild app"]);
    }
}

#[test]
fn a_setting_is_mended_where_it_comes_from() {
    let compose = "services:\n  app:\n    image: x\n    environment:\n      KAFKA_HEAP_OPTS: ${KAFKA_HEAP_OPTS:--Xms256m -Xmx512m}\n";
    let mut heap = exited(1);
    heap.records = vec![said(&["Invalid maximum heap size: -Xmx512x"], true)];
    let wrong = [(".env", "A=1\nKAFKA_HEAP_OPTS=-Xmx512x\n")];
    tells(
        &heap,
        &wrong,
        compose,
        &[
            "from .env:2",
            "sed -i --follow-symlinks '2s|.*|KAFKA_HEAP_OPTS=-Xms256m -Xmx512m|' .env",
            "at .env:2",
        ],
    );
    tells(
        &heap,
        &[],
        compose,
        &["the default in the Compose file", "at compose.yaml:5"],
    );
}

#[test]
fn what_holds_keys_is_mounted_and_never_copied() {
    let compose = "services: {app: {build: .}}\n";
    let files = [
        ("run.py", "open('x')\n"),
        ("keys_pool/keys_pool_openai.env", "sk"),
        (".env", "A=1\n"),
        ("env/tavily.env", "k"),
        (".dockerignore", "*\n!run.py\n"),
    ];
    for path in [
        "/app/keys_pool/keys_pool_openai.env",
        "/app/.env",
        "/app/env/tavily.env",
    ] {
        let error = format!("FileNotFoundError: [Errno 2] No such file or directory: '{path}'");
        let text = told(&raised(1, &error), &files, compose);
        assert!(
            text.contains("don't belong in an image") && text.contains("mount it read-only"),
            "{text}"
        );
        assert!(!text.contains("COPY") && !text.contains(".dockerignore"), "{text}");
    }
    for path in ["keys_pool", ".env", "env/tavily.env"] {
        let said = format!("failed to compute cache key: \"/{path}\" not found: not found");
        let text = told(&Symptoms::new("app", Stage::Build).said(said), &files, compose);
        assert!(text.contains("remove the line") && !text.contains(">>"), "{text}");
    }
}

#[test]
fn what_is_copied_from_a_stage_is_not_looked_for_in_the_project() {
    let mut copy = Symptoms::new("app", Stage::Build).said("failed to compute cache key: \"/app/dist\" not found");
    copy.step = Some(FailedStep {
        name: "[3/4] COPY --from=build /app/dist ./dist".to_owned(),
        output: Vec::new(),
    });
    let files = [("app/dist/x", ""), ("Dockerfile", "FROM x\n")];
    tells(&copy, &files, "services: {app: {build: .}}\n", &["from another stage"]);
}

#[test]
fn a_program_that_python_lacks_is_installed_and_not_copied() {
    let mut missing = raised(
        1,
        "  File \"/usr/lib/python3/subprocess.py\", line 1955, in _execute_child",
    );
    missing.records[0]
        .lines
        .push("FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'".to_owned());
    let files = [("run.py", "subprocess.run(['ffmpeg'])\n"), ("Dockerfile", "FROM x\n")];
    tells(
        &missing,
        &files,
        "services: {app: {build: .}}\n",
        &["the program ffmpeg", "install it in Dockerfile"],
    );
}

#[test]
fn a_service_that_does_not_run_is_not_misspelt() {
    let code = ("run.py", "socket.create_connection(('redis', 6379))\n");
    let mut lost = raised(1, "    socket.create_connection(('redis', 6379))");
    lost.records[0]
        .lines
        .push("socket.gaierror: [Errno -2] Name or service not known".to_owned());
    let compose = "services: {app: {build: .}, redis: {image: x}}\n";
    tells(&lost, &[code], compose, &["can't reach redis, which is not running"]);
    let misspelt = "services: {app: {build: .}, rediss: {image: x}}\n";
    tells(&lost, &[code], misspelt, &["use `rediss`, then rebuild"]);
}

#[test]
fn who_waits_for_a_service_comes_up_after_its_rebuild() {
    let compose = "services: {app: {build: .}, web: {image: x, depends_on: [app]}}\n";
    let error = raised(1, "KeyError: 'gemini'");
    tells(&error, &[("run.py", "x\n")], compose, &["magicctl up --build"]);
}

#[test]
fn a_password_in_a_command_is_told_by_its_variable() {
    let compose = "services: {app: {image: x, command: [server, --password, '${DB_PASSWORD}']}}\n";
    let mut ended = exited(0);
    ended.command = ["server", "--password", "hunter22"].map(ToOwned::to_owned).to_vec();
    let text = told(&ended, &[(".env", "DB_PASSWORD=hunter22\n")], compose);
    assert!(text.contains("${DB_PASSWORD}") && !text.contains("hunter22"), "{text}");
}

#[test]
fn commands_are_quoted_for_a_shell() {
    let mut wrong = Symptoms::new("app", Stage::Build).said("failed");
    wrong.step = Some(FailedStep {
        name: "RUN pip install".to_owned(),
        output: vec![
            "ERROR: Could not find a version that satisfies the requirement uvicorn==99 (from versions: 0.1, 0.2)"
                .to_owned(),
        ],
    });
    let compose = "services: {app: {build: 'my app'}}\n";
    let files = [(
        "my app/requirements.txt",
        "a\nuvicorn[standard] == 99 ; python_version > '3'\n",
    )];
    tells(
        &wrong,
        &files,
        compose,
        &[
            "sed -i --follow-symlinks \"2s|.*|uvicorn[standard]==0.2 ; python_version > '3'|\" 'my app/requirements.txt'",
        ],
    );
}

fn refused_by_redis() -> Symptoms {
    let mut symptoms = exited(1);
    let lines = [
        "FATAL CONFIG FILE ERROR (Redis 7.0.15)",
        "at line 3",
        ">>> 'maxmemory \"lots\"'",
        "argument must be a memory value",
    ];
    symptoms.records = lines.iter().map(|line| said(&[line], false)).collect();
    symptoms.records[0].lines[0].insert_str(0, "*** ");
    symptoms
}

/// Compose's own second file, and what its variables are.
#[test]
fn a_setting_is_corrected_where_it_was_written() {
    let base = "services:\n  app:\n    image: redis\n    command: [redis-server, --maxmemory, 10mb]\n";
    let over = |command: &str| format!("services:\n  app:\n    restart: always\n    command: {command}\n");
    for (command, env, parts) in [
        (
            "[redis-server, --maxmemory, lots]",
            "",
            &[
                "correct that setting in compose.override.yaml",
                "at compose.override.yaml:4",
            ][..],
        ),
        (
            "[redis-server, --maxmemory, \"${MOST}\", --port, \"${PORT}\"]",
            "# a\nMOST=lots\nPORT=1\n",
            &[
                "correct that setting in .env:2 (MOST, which compose.override.yaml uses)",
                "at compose.override.yaml:4",
            ],
        ),
        (
            "redis-server --maxmemory ${MOST:-lots}",
            "",
            &["correct that setting in compose.override.yaml (the default of MOST)"],
        ),
    ] {
        let over = over(command);
        let files = [("compose.override.yaml", over.as_str()), (".env", env)];
        tells(&refused_by_redis(), &files, base, parts);
    }
    // What only looks like a key is shown.
    let mount = "services:\n  app:\n    image: x\n    volumes: ['./a:/etc/passwd:ro']\n";
    let (_folder, stack) = project(&[], mount);
    let around = Surroundings::new(Some(&stack), Arc::new(Redactor::default()), None);
    let place = around.place_of(around.key("app", "volumes").unwrap());
    assert_eq!(place.source.as_deref(), Some("    volumes: ['./a:/etc/passwd:ro']"));
    // A service in braces, and a key that another one has too.
    let flow = "services: {other: {image: x, command: a}, app: {image: redis, command: [a], labels: {command: b}}}\n";
    let (_folder, stack) = project(&[], flow);
    let place = stack.places.keys["app"]["command"].place();
    assert_eq!((place.line, place.column), (1, flow.find("command: [").unwrap() + 1));
    assert_eq!(stack.places.keys["other"]["command"].place().width, "command: a".len());
}

#[test]
fn what_a_loop_says_each_time_is_shown_once() {
    let mut symptoms = refused_by_redis();
    symptoms.records.insert(0, said(&["begins"], false));
    let again = symptoms.records[1..].to_vec();
    symptoms.records.extend(again.clone());
    symptoms.records.extend(again);
    let around = Surroundings::new(None, Arc::new(Redactor::default()), None);
    let shown = card(&symptoms, &around).evidence;
    let Some(Evidence::Log { records }) = shown.last() else {
        panic!("{shown:?}");
    };
    let heads: Vec<&str> = records.iter().map(|lines| &*lines[0]).collect();
    assert_eq!(records.len(), 5, "{heads:?}");
}

#[test]
fn the_variable_that_moves_a_port() {
    let port = "services: {app: {image: x, ports: ['${BIND_ADDRESS:-127.0.0.1}:${KAFKA_PORT:-9092}:9092', '80:80']}}\n";
    let (_folder, stack) = project(&[], port);
    let app = &stack.services["app"];
    assert_eq!(stack.port_variable(app, 0), Some("KAFKA_PORT"));
    assert_eq!(stack.port_variable(app, 1), None);
}
