//! What the words of engines, registries, builders, services and healthchecks mean, with no project at hand.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::FailedStep;
use crate::redact::Redactor;
use crate::shell::ShellCommand;

use super::*;

fn of(symptoms: &Symptoms) -> (&'static str, String) {
    let failure = card(
        symptoms,
        &Surroundings::new(None, Arc::new(Redactor::default()), Some(ShellCommand::of("magicctl"))),
    );
    (failure.code.unwrap().id, failure.what)
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
            "the pull limit",
        ),
        (
            "pull access denied for nothing/here, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            "MC521",
            "or it is private",
        ),
        (
            "Head \"https://ghcr.io/v2/a/b/manifests/1\": unauthorized",
            "MC522",
            "ghcr.io requires a login",
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
            "10.1.1.1:5000 uses plain HTTP",
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
        ("unexpected EOF", "MC526", "was interrupted"),
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
            "the compiler",
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
        ("exit code: 137", "`make` exited with 1", "MC530", "exit code 1"),
    ] {
        let mut symptoms = build(output, words);
        // As the engine tells it apart.
        symptoms.step_exit = words
            .rsplit_once(" exited with ")
            .map(|(_, code)| code.parse().unwrap());
        let (found, what) = of(&symptoms);
        // Without a project some texts can't be filled; the code is the same.
        assert!(
            found == code && (what.contains(part) || code == "MC531"),
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
            "can't run on this machine",
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
        (0, "MC541", "exited without an error"),
        (126, "MC543", "can't be executed"),
        (127, "MC542", "not found"),
        (137, "MC545", "it was killed (SIGKILL)"),
        (139, "MC546", "crashed"),
        (143, "MC547", "stopped by a signal"),
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
            timeout: None,
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
        (Some(1), "", "MC573", "without any output"),
    ] {
        is(&unhealthy(&wget, code, output), found, part);
    }
    // Our own run: what it printed meanwhile does not decide.
    let mut slow = unhealthy(&wget, None, "LOADING");
    slow.health.as_mut().unwrap().timeout = Some(Duration::from_millis(1500));
    is(&slow, "MC571", "timeout of 1.5 s");
    is(
        &Symptoms::new("app", Stage::TimedOut(Duration::from_secs(5))),
        "MC580",
        "not ready within 5 s",
    );
}
