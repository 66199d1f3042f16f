//! The table on what the real services, engines, registries and builders said.

use std::fs;
use std::time::Duration;

use crate::compose::{Request, Stack, load};
use crate::engine::FailedStep;
use crate::logs::Last;
use crate::report::Redactor;

use super::*;

fn of(symptoms: &Symptoms) -> (String, String) {
    let redactor = Redactor::default();
    let failure = card(symptoms, &Surroundings::new(None, &redactor, "magicctl".to_owned()));
    (failure.code.unwrap_or_default().to_owned(), failure.what)
}

fn exited(code: i64) -> Symptoms {
    let mut symptoms = Symptoms::new("app", Stage::Exited { was_ready: Some(false) });
    symptoms.ended = Some(Ended {
        code,
        ..Ended::default()
    });
    symptoms
}

fn said(lines: &[&str], is_error: bool) -> Last {
    Last {
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        is_error,
        is_stderr: true,
    }
}

#[track_caller]
fn is(symptoms: &Symptoms, code: &str, part: &str) {
    let (found, what) = of(symptoms);
    assert!(
        found == code && what.contains(part),
        "{found} {what}, not {code} {part}"
    );
}

#[test]
fn what_engines_say() {
    for (words, code, part) in [
        // Engine 20.10.
        (
            "driver failed programming external connectivity on endpoint mt-x (1f0c): Bind for 127.0.0.1:9092 failed: port is already allocated",
            "MC505",
            "port 9092",
        ),
        (
            "driver failed programming external connectivity on endpoint x (1f0c): Error starting userland proxy: listen tcp4 127.0.0.1:8001: bind: address already in use",
            "MC505",
            "port 8001",
        ),
        (
            "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
            "MC511",
            "no free addresses",
        ),
        // Engine 28.
        (
            "failed to set up container networking: driver failed programming external connectivity on endpoint x (aa): Bind for 0.0.0.0:3100 failed: port is already allocated",
            "MC505",
            "port 3100",
        ),
        (
            "all predefined address pools have been fully subnetted",
            "MC511",
            "no free addresses",
        ),
        (
            "OCI runtime create failed: runc create failed: unable to start container process: exec: \"gunicorn\": executable file not found in $PATH: unknown",
            "MC542",
            "`gunicorn`",
        ),
        (
            "OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app/start.sh\": stat /app/start.sh: no such file or directory: unknown",
            "MC542",
            "`/app/start.sh`",
        ),
        (
            "OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app/start.sh\": permission denied: unknown",
            "MC543",
            "/app/start.sh",
        ),
        (
            "failed to register layer: Error processing tar file(exit status 1): write /usr/bin/loki: no space left on device",
            "MC512",
            "full",
        ),
        (
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
            "MC513",
            "2.00",
        ),
        (
            "could not select device driver \"\" with capabilities: [[gpu]]",
            "MC513",
            "GPU",
        ),
        ("something new.", "MC514", "something new"),
    ] {
        is(&Symptoms::new("app", Stage::Start).said(words), code, part);
    }
}

#[test]
fn what_registries_say() {
    let pull = |words: &str| {
        let image = "registry.example.com/team/app:1".to_owned();
        Symptoms::new("app", Stage::Pull { image }).said(words)
    };
    for (words, code, part) in [
        (
            "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
            "MC523",
            "too many pulls",
        ),
        (
            "pull access denied for nothing/here, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            "MC521",
            "or it is private",
        ),
        (
            "Head \"https://ghcr.io/v2/a/b/manifests/1\": unauthorized",
            "MC522",
            "ghcr.io wants a login",
        ),
        (
            "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: no such host",
            "MC520",
            "Docker Hub",
        ),
        (
            "Get \"https://registry.example.com/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
            "MC520",
            "does not answer in time",
        ),
        (
            "Get \"https://10.1.1.1:5000/v2/\": http: server gave HTTP response to HTTPS client",
            "MC525",
            "10.1.1.1:5000 speaks plain HTTP",
        ),
        (
            "Get \"https://reg.example.com/v2/\": x509: certificate signed by unknown authority",
            "MC525",
            "not trusted",
        ),
        (
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
            "MC524",
            "linux/arm64/v8",
        ),
        (
            "manifest for redis:nope not found: manifest unknown: manifest unknown",
            "MC521",
            "has no",
        ),
        ("unexpected EOF", "MC526", "broke off"),
    ] {
        is(&pull(words), code, part);
    }
}

#[test]
fn what_builders_say() {
    let build = |output: &str, words: &str| {
        let mut symptoms = Symptoms::new("app", Stage::Build).said(words);
        symptoms.step = Some(FailedStep {
            name: "[5/5] RUN x".to_owned(),
            output: output.lines().map(ToOwned::to_owned).collect(),
        });
        symptoms
    };
    for (output, words, code, part) in [
        (
            "/bin/sh: 1: node: not found",
            "`node` exited with 127",
            "MC535",
            "`node`",
        ),
        (
            "E: Unable to locate package ffmpegg",
            "`apt-get install` exited with 100",
            "MC535",
            "ffmpegg",
        ),
        (
            "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory\nERROR: Failed building wheel for hiredis",
            "`pip install hiredis` exited with 1",
            "MC535",
            "a compiler",
        ),
        (
            "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError('<pip>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/redis/\nERROR: Could not find a version that satisfies the requirement redis (from versions: none)\nERROR: No matching distribution found for redis",
            "`pip install redis` exited with 1",
            "MC533",
            "can't reach its package index",
        ),
        (
            "ERROR: No matching distribution found for redis==99",
            "`pip install redis==99` exited with 1",
            "MC532",
            "no redis==99",
        ),
        (
            "",
            "failed to compute cache key: failed to calculate checksum of ref moby::x: \"/tools\": not found",
            "MC531",
            "no tools",
        ),
        (
            "",
            "failed to compute cache key: \"/tools\" not found: not found",
            "MC531",
            "no tools",
        ),
        ("one\ntwo", "`make` exited with 2", "MC530", "exit code 2"),
    ] {
        let (found, what) = of(&build(output, words));
        // Without a project some texts can't be filled; the code is the same.
        assert!(
            found == code && (what.contains(part) || code == "MC531" || code == "MC530"),
            "{found} {what}"
        );
    }
}

#[test]
fn what_services_say() {
    for (lines, code, part) in [
        (
            &[
                "Exception in thread \"main\" java.lang.RuntimeException: Invalid cluster.id in: /var/lib/kafka/data/meta.properties. Expected QW5vdGhlckNsdXN0ZXJJZA, but read TWFnaWNQcm94eUthZmthMQ",
            ][..],
            "MC342",
            "TWFnaWNQcm94eUthZmthMQ",
        ),
        (
            &[
                "Exception in thread \"main\" org.apache.kafka.common.config.ConfigException: Missing required configuration \"process.roles\" which has no default value.",
            ],
            "MC564",
            "process.roles",
        ),
        (
            &["ERROR error running loki err=mkdir /loki/rules: permission denied …"],
            "MC554",
            "/loki/rules",
        ),
        (
            &[
                "GF_PATHS_DATA='/var/lib/grafana' is not writable.",
                "You may have issues with file permissions",
            ],
            "MC554",
            "/var/lib/grafana",
        ),
        (&["# Can't handle RDB format version 12"], "MC343", "newer Redis"),
        (
            &["[FATAL tini (7)] exec gunicorn failed: No such file or directory"],
            "MC542",
            "`gunicorn`",
        ),
        (
            &["exec /usr/bin/tini: exec format error"],
            "MC543",
            "not made for this machine",
        ),
    ] {
        let mut symptoms = exited(1);
        symptoms.records = vec![said(&["INFO starting"], false), said(lines, true)];
        let (found, what) = of(&symptoms);
        assert!(found == code, "{found} {what}, not {code} {part}");
        assert!(what.contains(part) || found == "MC554", "{what}, not {part}");
    }
}

#[test]
fn how_processes_end() {
    for (code, found, part) in [
        (0, "MC541", "ended by itself"),
        (126, "MC543", "can't be executed"),
        (127, "MC542", "not found"),
        (137, "MC545", "killed from outside"),
        (139, "MC546", "crashed"),
        (143, "MC547", "told to stop"),
        (42, "MC540", "it printed nothing"),
    ] {
        is(&exited(code), found, part);
    }
    let mut symptoms = exited(137);
    symptoms.ended = Some(Ended {
        code: 137,
        oom: true,
        starts: 1,
    });
    is(&symptoms, "MC544", "machine ran out of memory");
}

#[test]
fn a_traceback_that_is_newer_is_the_cause_and_a_warning_before_it_is_not() {
    let mut symptoms = exited(1);
    symptoms.records = vec![
        said(&["ERROR Error 111 connecting to redis:6379. Connection refused."], true),
        said(
            &[
                "Traceback (most recent call last):",
                "  File \"/app/run.py\", line 9, in <module>",
                "ModuleNotFoundError: No module named 'orjson'",
            ],
            true,
        ),
        said(&["bye"], false),
    ];
    is(&symptoms, "MC550", "`orjson`");
}

#[test]
fn what_healthchecks_say() {
    let unhealthy = |words: &[&str], code, output: &str| {
        let mut symptoms = Symptoms::new("app", Stage::TimedOut(Duration::from_secs(5)));
        symptoms.health = Some(HealthReport {
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            code,
            output: output.to_owned(),
        });
        symptoms
    };
    let wget = ["wget", "-q", "-O-", "http://localhost:3100/ready"];
    for (code, output, found, part) in [
        (
            Some(126),
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"wget\": executable file not found in $PATH: unknown",
            "MC570",
            "`wget`",
        ),
        (None, "Health check exceeded timeout (1s)", "MC571", "timeout of 1s"),
        (
            Some(1),
            "wget: can't connect to remote host (127.0.0.1): Connection refused",
            "MC572",
            "port 3100",
        ),
        (
            Some(1),
            "wget: server returned error: HTTP/1.1 503 Service Unavailable",
            "MC573",
            "503",
        ),
        (
            Some(1),
            "LOADING Redis is loading the dataset in memory",
            "MC573",
            "loading its data",
        ),
        (Some(1), "queue is full", "MC573", "queue is full"),
        (Some(1), "", "MC573", "without a word"),
    ] {
        is(&unhealthy(&wget, code, output), found, part);
    }
    is(
        &Symptoms::new("app", Stage::TimedOut(Duration::from_secs(5))),
        "MC580",
        "not ready within 5 s",
    );
}

/// A project of these files; the Compose file is `compose`.
fn project(files: &[(&str, &str)], compose: &str) -> (tempfile::TempDir, Stack) {
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
    let redactor = Redactor::default();
    let mut around = Surroundings::new(Some(&stack), &redactor, "magicctl".to_owned());
    around.here = folder.path().to_owned();
    let failure = card(symptoms, &around);
    let place = failure
        .place
        .map(|place| format!("at {}:{}", around.shown(&place.file), place.line));
    [failure.what]
        .into_iter()
        .chain(failure.why)
        .chain(failure.hint)
        .chain(failure.run)
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
            &["nothing called prompts.txt", "COPY prompts.txt /app/prompts.txt"][..],
        ),
        (
            &[code, docker, ("prompts.txt", "")],
            &["the project has such a file", "`COPY prompts.txt /app/prompts.txt`"],
        ),
        (
            &[code, docker, ("data/prompts.txt", "")],
            &["`COPY data/prompts.txt /app/prompts.txt`"],
        ),
        (
            &[code, docker, ("prompts.txt", ""), (".dockerignore", "*\n!run.py")],
            &[
                ".dockerignore keeps it out",
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
        &["the project has run.py", "at Dockerfile:2"],
    );
    let elsewhere = [code, docker, ("src/server.py", "")];
    tells(&command, &elsewhere, BUILT, &["the project has run.py"]);
}

#[test]
fn what_a_dockerfile_copies_is_looked_for_in_the_project() {
    let copy = Symptoms::new("app", Stage::Build).said("failed to compute cache key: \"/tools\" not found: not found");
    let code = ("app/run.py", "import tools\n");
    let built = "services: {app: {build: app}}\n";
    for (files, part) in [
        (&[code, ("app/src/tools/x.py", "")][..], "let that line copy src/tools"),
        (&[code, ("tools/x.py", "")], "the project has it at tools"),
        (&[code], "app/run.py:1 names it"),
        (&[("app/run.py", "")], "(run.py) does not name it"),
        (&[], "take the line out"),
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
    tells(&denied("ghcr.io/a/b", true), &[], compose, &["the right to pull it"]);
    tells(
        &denied("rediss:8", false),
        &[],
        compose,
        &["mostly the name is misspelt"],
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
            "take `command` out: then its image runs `redis-server`",
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
        &["let the command begin with a program"],
    );
    tells(&denied("/app/run.sh"), &[], pulled, &["begin with `sh /app/run.sh`"]);

    let mut ended = exited(0);
    ended.command = vec!["python".to_owned(), "run.py".to_owned()];
    tells(
        &ended,
        &[("Dockerfile", "FROM x\nCMD [\"python\", \"run.py\"]\n")],
        BUILT,
        &[
            "(`python run.py`)",
            "magicctl run --rm app",
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
        &["that is all that it said", "in its command or", "magicctl rebuild app"],
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
    tells(
        &exited(139),
        &[],
        pulled,
        &["start it once more", "the one that ran before"],
    );
    tells(&exited(139), &[], BUILT, &["start it once more", "--no-cache"]);
}

#[test]
fn open_ports_decide_what_a_refused_healthcheck_means() {
    let mut refused = Symptoms::new("app", Stage::TimedOut(Duration::from_secs(5)));
    refused.command = vec!["sleep".to_owned(), "60".to_owned()];
    refused.health = Some(HealthReport {
        command: vec!["curl".to_owned(), "http://localhost:8001/".to_owned()],
        code: Some(1),
        output: "Connection refused".to_owned(),
    });
    for (ports, part) in [
        (
            vec![],
            "(`sleep 60`) serves nothing, or nothing yet, and it has printed nothing",
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
            "run.py:2 makes a number of REDIS_URL",
            "magicctl rebuild app",
            "at run.py:2",
        ],
    );
    let unset = raised(2, "  File \"<frozen os>\", line 1, in __getitem__\nKeyError: 'API_KEY'");
    tells(
        &unset,
        &[code],
        BUILT,
        &["`API_KEY: ${API_KEY}`", "into .env: `API_KEY=…`"],
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
        ("db: {image: x}", "there are: db"),
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
            text.contains("belong in no image") && text.contains("mount it"),
            "{text}"
        );
        assert!(!text.contains("COPY") && !text.contains(".dockerignore"), "{text}");
    }
    for path in ["keys_pool", ".env", "env/tavily.env"] {
        let said = format!("failed to compute cache key: \"/{path}\" not found: not found");
        let text = told(&Symptoms::new("app", Stage::Build).said(said), &files, compose);
        assert!(text.contains("take the line out") && !text.contains(">>"), "{text}");
    }
}

#[test]
fn what_is_copied_from_a_stage_is_not_looked_for_in_the_project() {
    let mut copy = Symptoms::new("app", Stage::Build).said("failed to compute cache key: \"/app/dist\" not found");
    copy.step = Some(crate::engine::FailedStep {
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
        &["no program ffmpeg", "install it in Dockerfile"],
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
    tells(&lost, &[code], compose, &["can't reach redis, which does not run"]);
    let misspelt = "services: {app: {build: .}, rediss: {image: x}}\n";
    tells(&lost, &[code], misspelt, &["write `rediss` there"]);
}

#[test]
fn who_waits_for_a_service_comes_up_after_its_rebuild() {
    let compose = "services: {app: {build: .}, web: {image: x, depends_on: [app]}}\n";
    let error = raised(1, "KeyError: 'gemini'");
    tells(
        &error,
        &[("run.py", "x\n")],
        compose,
        &["magicctl rebuild app\nmagicctl up"],
    );
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
    wrong.step = Some(crate::engine::FailedStep {
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
        &["sed -i --follow-symlinks '2s/[=<>~!]=* *[^;# ]*/==0.2/' 'my app/requirements.txt'"],
    );
}
