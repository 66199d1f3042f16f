//! The whole stack: what every container logs is in the real Loki, once and in order, and every provisioned query finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::http;
use crate::support::loki::{Entry, Loki, now};
use crate::support::{Done, LIGHT_IMAGE, Project, Running, until};

/// The deployment guide's queries, exactly as they stand there.
const GUIDE: [&str; 3] = [
    r#"{container_name="app-runner"}"#,
    r#"{container_name="app-runner"} |= "ERROR""#,
    r#"{container_name="kafka"}"#,
];

/// Python for app-runner's container: what it prints to `out` is in the container's log.
const OUT: &str = r#"
import json, logging, sys, time
sys.path.insert(0, "/app")
from magic_proxy.logs import JsonFormatter
out = open("/proc/1/fd/1", "w", buffering=1)
handler = logging.StreamHandler(out)
handler.setFormatter(JsonFormatter())
log = logging.getLogger("test")
log.propagate = False
log.addHandler(handler)
log.setLevel(logging.INFO)
"#;

fn python(project: &Project, script: &str) -> Command {
    let mut command = Command::new("docker");
    let script = format!("{OUT}{script}");
    command.args(["exec", &project.container("app-runner"), "python", "-c", &script]);
    command
}

fn texts(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.line.as_str()).collect()
}

/// Every service ready, by `status`.
fn ready(project: &Project) -> BTreeSet<String> {
    let status = project.magicctl(&["--output", "json", "status"]).ok();
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let rows = status["containers"].as_array().expect("rows");
    rows.iter()
        .filter(|row| row["ready"] == true)
        .map(|row| row["service"].as_str().expect("a name").to_owned())
        .collect()
}

/// The steps that `step` of a plan needs, near and far.
fn needs(steps: &[Value], step: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut open: Vec<&Value> = vec![step];
    while let Some(step) = open.pop() {
        for need in step["needs"].as_array().expect("needs") {
            let need = &steps[usize::try_from(need.as_u64().expect("a number")).expect("small")];
            all.insert(need["service"].as_str().unwrap_or_default().to_owned());
            open.push(need);
        }
    }
    all
}

#[test]
fn the_guides_queries_and_every_provisioned_one_find_what_was_logged() {
    // Under the names of the guide, and collecting from every project, as it says.
    let mut project = Project::sample("guide");
    project.env.remove("CONTAINER_PREFIX");
    project.write("magicctl.yaml", "collector_scope: all\n");
    project.magicctl(&["render"]).ok();
    let taken = project.docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", "name=^/app-runner$"]);
    assert_eq!(
        taken, "",
        "this test needs the stack's own names: take the running stack down first"
    );
    let mut neighbour = Project::of(
        "neighbour",
        &format!(
            "services:\n  talker:\n    image: {LIGHT_IMAGE}\n    command: [sh, -c, 'echo hello from next door; sleep 600']\n    init: true\n    tmpfs: /data\n"
        ),
    );
    neighbour
        .env
        .insert("COMPOSE_PROJECT_NAME".to_owned(), neighbour.name.clone());
    neighbour.magicctl(&["up"]).ok();

    // The app waits for its stores and for nothing else.
    let plan: Value = serde_json::from_str(&project.magicctl(&["--output", "json", "plan"]).ok().stdout).expect("JSON");
    let steps = plan["steps"].as_array().expect("steps");
    let app = steps
        .iter()
        .find(|step| step["service"] == "app-runner" && step["action"] == "start container");
    let needed = needs(steps, app.expect("it is started"));
    assert!(needed.contains("kafka") && needed.contains("redis"), "{needed:?}");
    for other in ["loki", "promtail", "grafana"] {
        assert!(!needed.contains(other), "app-runner waits for {other}");
    }

    project.magicctl(&["up"]).ok();
    let all = ["app-runner", "grafana", "kafka", "loki", "promtail", "redis"];
    assert_eq!(ready(&project), all.map(ToOwned::to_owned).into());

    let loki = Loki(project.port("LOKI_PORT"));
    the_apps_lines_are_found(&project, loki);
    let kafka = loki.lines(GUIDE[2]);
    assert!(texts(&kafka).iter().any(|line| line.contains("Kafka Server started")));
    assert!(kafka.iter().all(|entry| entry.labels["service"] == "kafka"));
    // Others' containers too, told apart by their project.
    let query = format!("{{project=\"{}\"}}", neighbour.name);
    until("the neighbour's line is in Loki", 20, || {
        texts(&loki.lines(&query)) == ["hello from next door"]
    });

    let link = project
        .magicctl(&["open", "logs", "app-runner", "--errors"])
        .ok()
        .stdout;
    let start = format!("http://localhost:{}/explore?", project.port("GRAFANA_PORT"));
    assert!(link.starts_with(&start), "{link}");
    assert_eq!(explored(link.trim()), [GUIDE[1]]);

    every_provisioned_query_works(&project, loki);
}

fn the_apps_lines_are_found(project: &Project, loki: Loki) {
    let done: Done = python(
        project,
        r#"
out.write('''Traceback (most recent call last):
  File "run.py", line 1, in <module>
    boom()
ValueError: plain boom
''')
try:
    1 / 0
except ZeroDivisionError:
    log.exception("json boom")
log.info("nothing wrong")
print("a library's line", file=out)
"#,
    )
    .output()
    .expect("docker runs")
    .into();
    done.ok();

    until("both errors are in Loki", 20, || loki.lines(GUIDE[1]).len() == 2);
    until("the library's line is in Loki", 20, || {
        texts(&loki.lines(GUIDE[0])).contains(&"a library's line")
    });
    let entries = loki.lines(GUIDE[0]);
    assert!(entries.len() >= 5, "{:?}", texts(&entries));
    for entry in &entries {
        assert_eq!(entry.labels["container_name"], "app-runner");
    }
    // A traceback is one entry, plain or inside of JSON, and an error.
    // The plain one has the engine's time, the other its own: which is first is not said.
    let (json, plain): (Vec<Entry>, Vec<Entry>) = loki
        .lines(GUIDE[1])
        .into_iter()
        .partition(|entry| entry.line.starts_with('{'));
    let traceback = "ERROR Traceback (most recent call last):\n  File \"run.py\", line 1, in <module>\n    boom()\nValueError: plain boom";
    assert_eq!(texts(&plain), [traceback]);
    let inside: Value = serde_json::from_str(&json[0].line).expect("JSON");
    assert_eq!(inside["message"], "json boom");
    assert!(
        inside["exception"]
            .as_str()
            .expect("text")
            .ends_with("ZeroDivisionError: division by zero")
    );
    for entry in json.iter().chain(&plain) {
        // Beside our five: what Loki itself adds.
        let names: Vec<&str> = entry.labels.keys().map(String::as_str).collect();
        let wanted = [
            "container_name",
            "detected_level",
            "level",
            "project",
            "service",
            "service_name",
            "stream",
        ];
        assert_eq!(names, wanted);
        let own = ["level", "project", "service", "stream"].map(|name| entry.labels[name].as_str());
        assert_eq!(own, ["ERROR", project.name.as_str(), "app-runner", "stdout"]);
    }
}

/// The queries in a link into Explore.
fn explored(link: &str) -> Vec<String> {
    let panes = link.split_once("panes=").expect("a link into Explore").1;
    let panes = percent_encoding::percent_decode_str(panes)
        .decode_utf8()
        .expect("UTF-8");
    let panes: BTreeMap<String, Value> = serde_json::from_str(&panes).expect("JSON");
    panes
        .values()
        .flat_map(|pane| pane["queries"].as_array().expect("queries"))
        .map(|query| {
            assert_eq!(query["datasource"]["uid"], "loki");
            query["expr"].as_str().expect("a query").to_owned()
        })
        .collect()
}

/// What Grafana would put in place of its variables, all chosen.
fn filled_in(query: &str) -> String {
    let mut query = query.to_owned();
    for (variable, value) in [
        ("$__auto", "1m"),
        ("$project", ".*"),
        ("$service", ".*"),
        ("$level", ".*"),
        ("$text", ""),
        ("${__field.labels.service}", "app-runner"),
    ] {
        query = query.replace(variable, value);
    }
    assert!(!query.contains('$'), "{query}");
    query
}

fn every_provisioned_query_works(project: &Project, loki: Loki) {
    let read = |path: &str| fs::read_to_string(project.path(&format!("config/grafana/{path}"))).expect(path);
    let dashboard: Value = serde_json::from_str(&read("dashboards/stack.json")).expect("JSON");
    let mut queries: Vec<(String, String)> = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let title = panel["title"].as_str().expect("a title");
        for target in panel["targets"].as_array().expect("targets") {
            queries.push((title.to_owned(), target["expr"].as_str().expect("a query").to_owned()));
        }
        let links = panel["fieldConfig"]["defaults"]["links"].as_array();
        for link in links.into_iter().flatten() {
            let found = explored(link["url"].as_str().expect("a link"));
            queries.extend(found.into_iter().map(|query| (format!("link of {title}"), query)));
        }
    }
    for link in dashboard["links"].as_array().expect("links") {
        let found = explored(link["url"].as_str().expect("a link"));
        queries.extend(
            found
                .into_iter()
                .map(|query| (format!("link {}", link["title"]), query)),
        );
    }
    let alert = read("provisioning/alerting/app-runner.yml");
    let expression = alert.lines().find_map(|line| line.trim().strip_prefix("expr: "));
    queries.push((
        "alert".to_owned(),
        expression.expect("a query").trim_matches('\'').to_owned(),
    ));
    assert!(queries.len() >= 16, "{queries:?}");
    for (place, query) in queries {
        let query = filled_in(&query);
        let result = loki.result(&query);
        assert!(!result.is_empty(), "{place}: nothing for {query}");
    }
    // A panel of errors shows errors only, the one of Redis only Redis.
    let of = |title: &str| {
        let panel = dashboard["panels"]
            .as_array()
            .expect("panels")
            .iter()
            .find(|panel| panel["title"] == title);
        let query = panel.expect(title)["targets"][0]["expr"]
            .as_str()
            .expect("a query")
            .to_owned();
        loki.lines(&filled_in(&query))
    };
    for entry in of("Newest errors, with their tracebacks") {
        assert!(
            ["ERROR", "CRITICAL", "FATAL"].contains(&entry.labels["level"].as_str()),
            "{entry:?}"
        );
    }
    let redis = of("Redis: starts, stops, saves, warnings");
    assert!(
        texts(&redis)
            .iter()
            .any(|line| line.contains("Ready to accept connections")),
        "{redis:?}"
    );
    assert!(redis.iter().all(|entry| entry.labels["service"] == "redis"));
    for variable in dashboard["templating"]["list"].as_array().expect("variables") {
        if variable["type"] == "query" {
            let label = variable["query"]["label"].as_str().expect("a label");
            let values = loki.get(&format!("/loki/api/v1/label/{label}/values"), &[]);
            let wanted = match label {
                "project" => project.name.as_str(),
                "service" => "app-runner",
                _ => "ERROR",
            };
            assert!(
                values.as_array().expect("values").contains(&json!(wanted)),
                "{label}: {values}"
            );
        }
    }
}

#[test]
fn nothing_is_lost_or_doubled_or_out_of_order() {
    const LINES: usize = 10_000;
    let project = Project::sample("restarts");
    project.magicctl(&["up", "app-runner", "promtail"]).ok();
    let loki = Loki(project.port("LOKI_PORT"));
    // A hundred seconds of lines, of two levels.
    let script = format!(
        r#"
for number in range({LINES}):
    log.log(logging.ERROR if number % 7 == 0 else logging.INFO, "number %d", number)
    time.sleep(0.01)
"#
    );
    let writing = Running::start(python(&project, &script));
    let query = r#"{service="app-runner"} |= "number ""#;
    let arrived = |count: usize| {
        until(&format!("{count} lines are in Loki"), 90, || {
            loki.lines(query).len() >= count
        });
    };
    arrived(500);
    project.docker(&["restart", &project.container("promtail")]);
    arrived(1500);
    project.docker(&["restart", &project.container("loki")]);
    until("Loki answers again", 30, || {
        http::get(loki.0, "/ready").is_some_and(|(status, _)| status == 200)
    });
    arrived(2500);
    project.docker(&["stop", &project.container("loki")]);
    // What is tested is a minute without Loki.
    std::thread::sleep(Duration::from_secs(60));
    project.docker(&["start", &project.container("loki")]);
    until("Loki answers again", 30, || {
        http::get(loki.0, "/ready").is_some_and(|(status, _)| status == 200)
    });
    writing.finish().ok();
    arrived(LINES);
    // The collector sends in order: whatever would still come twice comes before what is written now.
    python(&project, "log.info(\"the mark\")")
        .output()
        .expect("docker runs");
    until("the mark is in Loki", 60, || {
        !loki.lines(r#"{service="app-runner"} |= "the mark""#).is_empty()
    });
    let entries = loki.lines(query);
    let numbers: Vec<usize> = entries
        .iter()
        .map(|entry| {
            let line: Value = serde_json::from_str(&entry.line).expect("JSON");
            let message = line["message"].as_str().expect("a message");
            message
                .strip_prefix("number ")
                .and_then(|number| number.parse().ok())
                .expect("a number")
        })
        .collect();
    let wanted: Vec<usize> = (0..LINES).collect();
    let first_difference = numbers.iter().zip(&wanted).position(|(there, wanted)| there != wanted);
    assert_eq!((numbers.len(), first_difference), (LINES, None));
}

#[test]
fn logs_outlive_the_stack_until_the_retention_is_over() {
    let project = Project::sample("retention");
    let up = || project.magicctl(&["up", "redis", "promtail"]).ok();
    up();
    let loki = Loki(project.port("LOKI_PORT"));
    let redis = r#"{service="redis"} |= "Ready to accept connections""#;
    until("redis's line is in Loki", 20, || loki.lines(redis).len() == 1);
    let before = loki.lines(redis);
    let hours = |count: u128| now() - count * 3600 * 1_000_000_000;
    loki.push(&json!({ "service": "older" }), &[(hours(30), "thirty hours ago")]);
    loki.push(&json!({ "service": "younger" }), &[(hours(1), "an hour ago")]);

    project.magicctl(&["down"]).ok();
    up();
    let after = loki.lines(redis);
    assert_eq!((&after[0].line, after[0].time), (&before[0].line, before[0].time));
    let pushed = r#"{service=~"older|younger"}"#;
    until("what was in memory was written out", 20, || {
        loki.lines(pushed).len() == 2
    });

    // A day of retention, and a compactor that works in seconds instead of minutes.
    project.write("magicctl.yaml", "collector_scope: project\nretention: 1d\n");
    project.magicctl(&["render"]).ok();
    let config = "config/loki/local-config.yaml";
    let text = fs::read_to_string(project.path(config)).expect(config);
    assert!(text.contains("retention_period: 24h"), "{text}");
    project.edit(config, "compaction_interval: 10m", "compaction_interval: 2s");
    project.edit(config, "retention_delete_delay: 1h", "retention_delete_delay: 1s");
    up();
    let (old, younger_chunks) = old_chunks(&project, hours(24));
    assert_eq!(old, 1);
    assert!(younger_chunks > 1, "{younger_chunks}");
    // Loki's sweeper works once a minute. (A query may still see it: the write-ahead log holds the last minutes.)
    until("the chunk that is older than a day is deleted", 120, || {
        old_chunks(&project, hours(24)).0 == 0
    });
    let (_, others) = old_chunks(&project, hours(24));
    assert_eq!(others, younger_chunks);
    assert!(texts(&loki.lines(pushed)).contains(&"an hour ago"));
}

/// How many chunks on Loki's volume begin before a time in nanoseconds, and how many after.
fn old_chunks(project: &Project, before: u128) -> (usize, usize) {
    let volume = format!("{}_loki-data:/loki:ro", project.name);
    let find = [
        "--entrypoint",
        "find",
        LIGHT_IMAGE,
        "/loki/chunks/fake",
        "-type",
        "f",
        "-printf",
        "%f\\n",
    ];
    let listed = project.docker(&[&["run", "--rm", "--network", "none", "-v", &volume][..], &find].concat());
    // A chunk's file is named FROM:THROUGH:CHECKSUM, in hexadecimal milliseconds, as base64.
    let begins = listed.lines().map(|name| {
        let name = base64::engine::general_purpose::STANDARD.decode(name).expect("base64");
        let name = String::from_utf8(name).expect("text");
        let from = name.split(':').next().expect("a time");
        u128::from_str_radix(from, 16).expect("hexadecimal") * 1_000_000
    });
    let (old, young): (Vec<u128>, Vec<u128>) = begins.partition(|from| *from < before);
    (old.len(), young.len())
}
