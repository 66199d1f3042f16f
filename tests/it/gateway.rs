//! The sample project on the real stack: official clients, a container killed in the middle of its work, stores that go
//! away, and keys that are told nowhere.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Done, Project, http, until};

const UP: [&str; 4] = ["--progress", "plain", "up", "app-runner"];

/// An official client, doing all that it can: `tests/gateway/on_the_stack.py`.
fn client(what: &str, port: u16, word: &str) -> Done {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(root.join("target/test-tools/bin/python"))
        .arg(root.join("tests/gateway/on_the_stack.py"))
        .args([what, &port.to_string(), word])
        .env("NO_PROXY", "*")
        .output()
        .expect("the test tools are installed")
        .into()
}

/// The JSON that `GET path` of magic-proxy gives, and its status.
fn get(project: &Project, path: &str) -> (u16, Value) {
    let (status, body) = http::get(project.port("MAGIC_PROXY_PORT"), path).expect("it answers");
    (status, serde_json::from_str(&body).expect("JSON"))
}

fn post(project: &Project, path: &str, body: &Value) -> (u16, String) {
    http::post(project.port("MAGIC_PROXY_PORT"), path, &body.to_string()).expect("it answers")
}

fn chat(model: &str, content: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": content }] })
}

fn well(project: &Project) -> bool {
    http::get(project.port("MAGIC_PROXY_PORT"), "/health").is_some_and(|(status, _)| status == 200)
}

#[test]
fn the_official_clients_work_on_it() {
    let project = Project::sample("clients");
    let key = "gateway-key-of-this-test";
    project.write("env/gateway.env", &format!("GATEWAY_API_KEY={key}\n"));
    project.edit(
        "proxy_config.yaml",
        "router_settings:\n",
        "router_settings:\n  max_parallel_requests: 1\n",
    );
    project.magicctl(&UP).ok();
    client("openai", project.port("MAGIC_PROXY_PORT"), key).ok();
    client("mcp", project.port("MCP_SERVER_PORT"), key).ok();
    // Without the clients' key from here on: a restart is all it takes.
    std::fs::remove_file(project.path("env/gateway.env")).expect("it was there");
    project.magicctl(&["restart", "app-runner"]).ok();
    let task = json!({ "model": "offline", "input": "calculator: 6 * 7", "stream": false });
    let (status, body) = post(&project, "/v1/react/sessions", &task);
    assert_eq!(status, 202, "{body}");
    let session: Value = serde_json::from_str(&body).expect("JSON");
    let session = session["id"].as_str().expect("an id");
    client("kafka", project.port("KAFKA_PORT"), session).ok();
    let (_, events) = http::get(
        project.port("MAGIC_PROXY_PORT"),
        &format!("/v1/react/sessions/{session}"),
    )
    .expect("it answers");
    assert_eq!(events.find("event: "), events.find("event: worker_ack"), "{events}");
    assert!(events.contains("\"answer\":\"calculator says: 42\""), "{events}");
    project.magicctl(&["down", "--volumes"]).ok();
}

#[test]
fn killed_in_the_middle_of_ten_sessions_all_ten_finish_once() {
    const SESSIONS: usize = 10;
    const STEPS: usize = 40;
    let project = Project::sample("sessions");
    project.magicctl(&UP).ok();
    // Slow enough that it has work left when the kill comes, however busy this machine is.
    let app = project.container("app-runner");
    project.docker(&["update", "--cpus", "0.2", &app]);
    let lines: Vec<String> = (0..STEPS).map(|number| format!("calculator: {number} + 1")).collect();
    let task = json!({ "model": "offline", "input": lines.join("\n"), "max_steps": STEPS + 1, "stream": false });
    let sessions: Vec<String> = (0..SESSIONS)
        .map(|_| {
            let (status, body) = post(&project, "/v1/react/sessions", &task);
            assert_eq!(status, 202, "{body}");
            let answer: Value = serde_json::from_str(&body).expect("JSON");
            answer["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    let redis = project.container("redis");
    let recorded = |session: &str| -> Vec<String> {
        let key = format!("sse_session:{session}");
        let listed = project.docker(&["exec", &redis, "redis-cli", "--raw", "XRANGE", &key, "-", "+"]);
        let lines: Vec<&str> = listed.lines().collect();
        // An entry is its id and two fields with their values.
        lines.chunks(5).map(|entry| entry[2].to_owned()).collect()
    };
    let ended = |events: &[String]| events.last().is_some_and(|event| event == "FinalAnswerStreamEnd");
    until("some work is done", 60, || recorded(&sessions[0]).len() > 5);
    project.docker(&["kill", "-s", "KILL", &app]);
    project.docker(&["update", "--cpus", "2", &app]);
    let open = sessions.iter().filter(|session| !ended(&recorded(session))).count();
    assert!(open > 0, "the kill came too late to prove anything");

    project.magicctl(&["start", "app-runner"]).ok();
    for session in &sessions {
        until("it finishes", 120, || ended(&recorded(session)));
        let events = recorded(session);
        let count = |name: &str| events.iter().filter(|event| *event == name).count();
        let counts = [
            "task",
            "worker_ack",
            "Thought",
            "Action",
            "Observation",
            "FinalAnswerStreamEnd",
        ]
        .map(count);
        assert_eq!(counts, [1, 1, STEPS, STEPS, STEPS, 1], "{session}");
    }
    // What the broker holds is what was done: none of the tasks comes again.
    let group = "/opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server localhost:9093 --describe --group magic-proxy.workers";
    until("all is committed", 60, || {
        let told = project.docker(&["exec", &project.container("kafka"), "sh", "-c", group]);
        let lags: Vec<&str> = told
            .lines()
            .filter(|line| line.contains("magic-proxy.tasks"))
            .filter_map(|line| line.split_whitespace().nth(5))
            .collect();
        !lags.is_empty() && lags.iter().all(|lag| *lag == "0" || *lag == "-")
    });
    project.magicctl(&["down", "--volumes"]).ok();
}

#[test]
fn stores_that_go_away_stop_only_what_needs_them_and_come_back_by_themselves() {
    let project = Project::sample("stores");
    project.magicctl(&UP).ok();
    let task = json!({ "model": "offline", "input": "clock: UTC" });
    for (store, name) in [("redis", "Redis"), ("kafka", "Kafka")] {
        project.docker(&["stop", &project.container(store)]);
        // The other one may be slow to answer, but it does.
        until("the health page says which one is away", 60, || {
            let (status, health) = get(&project, "/health");
            let named = ["kafka", "redis"].map(|other| (health[other] == "ok") == (other != store));
            status == 503 && named == [true, true]
        });
        let (status, body) = post(&project, "/v1/chat/completions", &chat("offline", "without a store"));
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("without a store"), "{body}");
        let (status, body) = post(&project, "/v1/react/sessions", &task);
        assert_eq!(status, 503, "{body}");
        assert!(body.contains(name) || body.contains("store is away"), "{body}");
        project.docker(&["start", &project.container(store)]);
        until("the health page is content again", 60, || well(&project));
        let (status, events) = post(&project, "/v1/react/sessions", &task);
        assert_eq!(status, 200, "{events}");
        assert!(events.contains("FinalAnswerStreamEnd"), "{events}");
    }
    project.magicctl(&["down", "--volumes"]).ok();
}

/// A provider in the app's own container that tells each key it gets in everything that it says.
const TELLTALE: &str = r#"
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Telltale(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers["authorization"].split()[-1]
        said = f"I was given {key}"
        kind, status = "application/json", 200
        if key.endswith("refused"):
            status, text = 401, json.dumps({"error": {"message": said}})
        elif "bad" in str(body):
            status, text = 400, f"<html>{said}</html>"
        elif body.get("stream"):
            kind = "text/event-stream"
            good = json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "delta": {"content": said}}]})
            end = json.dumps({"error": {"message": said}}) if "break" in str(body) else "[DONE]"
            text = f"data: {good}\n\ndata: {end}\n\n"
        else:
            text = json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}]})
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

ThreadingHTTPServer(("127.0.0.1", 9999), Telltale).serve_forever()
"#;

#[test]
fn a_key_is_told_in_no_answer_log_trace_cache_or_admin_page() {
    const REFUSED: &str = "sk-canary-1111-refused";
    const USED: &str = "sk-canary-2222-used";
    const TOOL: &str = "tvly-canary-3333";
    const ADMIN: &str = "admin-canary-4444";
    let mut project = Project::sample("told");
    project
        .env
        .insert("OTEL_TRACES_EXPORTER".to_owned(), "console".to_owned());
    project.write("keys_pool/keys_pool_openai.env", &format!("{REFUSED}\n"));
    project.write("env/tavily.env", &format!("TAVILY_API_KEY={TOOL}\n"));
    project.write("env/admin.env", &format!("ADMIN_API_KEY={ADMIN}\n"));
    project.edit(
        "proxy_config.yaml",
        "      model: gpt-5-mini\n",
        "      model: gpt-5-mini\n      api_base: http://127.0.0.1:9999/v1\n",
    );
    project.edit("proxy_config.yaml", "models: [embeddings, ", "models: [gpt-mini, ");
    project.edit(
        "docker-compose.yml",
        "PYTHONUNBUFFERED: \"1\"",
        "PYTHONUNBUFFERED: \"1\"\n      TAVILY_API_BASE: http://127.0.0.1:9999",
    );
    project.magicctl(&UP).ok();
    let telltale = || {
        project.docker(&["exec", "-d", &project.container("app-runner"), "python", "-c", TELLTALE]);
        let ask = "import socket; socket.create_connection(('127.0.0.1', 9999))";
        until("it listens", 20, || {
            let asked = ["exec", &project.container("app-runner"), "python", "-c", ask];
            project
                .plain("docker", &asked)
                .output()
                .expect("docker runs")
                .status
                .success()
        });
    };
    telltale();
    let mut seen = String::new();
    let (status, body) = post(&project, "/v1/chat/completions", &chat("gpt-mini", "hello"));
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("I was given ***"), "{body}");
    seen += &body;
    let admin = |method: &str, path: &str| {
        let (status, body) = http::with_key(project.port("MAGIC_PROXY_PORT"), method, path, ADMIN).expect("it answers");
        assert_eq!(status, 200, "{body}");
        body
    };
    let keys: Value = serde_json::from_str(&admin("GET", "/admin/keys")).expect("JSON");
    assert_eq!(keys["openai"], json!({ "active": 0, "quarantined": 0, "retired": 1 }));

    // A key that is added is used after a restart, and nothing else is needed.
    project.write("keys_pool/keys_pool_openai.env", &format!("{REFUSED}\n{USED}\n"));
    project.magicctl(&["restart", "app-runner"]).ok();
    telltale();
    let stream = |text: &str| {
        let mut body = chat("gpt-mini", text);
        body["stream"] = json!(true);
        body
    };
    for (body, wanted) in [
        (chat("gpt-mini", "hello"), 200),
        (chat("gpt-mini", "bad"), 400),
        (stream("hello"), 200),
        (stream("break"), 502),
        (stream("bad"), 400),
    ] {
        let (status, answer) = post(&project, "/v1/chat/completions", &body);
        assert_eq!(status, wanted, "{answer}");
        assert!(answer.contains("***"), "{answer}");
        seen += &answer;
    }
    let task = json!({ "model": "gpt-mini", "input": "hello" });
    seen += &post(&project, "/v1/react/sessions", &task).1;
    let tool = json!({ "query": "x" }).to_string();
    seen += &http::post(project.port("MCP_SERVER_PORT"), "/tools/web_search", &tool)
        .expect("it answers")
        .1;
    for page in ["/admin/keys", "/admin/config"] {
        seen += &admin("GET", page);
    }
    for page in ["/health", "/v1/models"] {
        seen += &http::get(project.port("MAGIC_PROXY_PORT"), page).expect("it answers").1;
    }
    seen += &admin("POST", "/admin/reload");

    let cached = "for key in $(redis-cli --scan); do echo $key; redis-cli get $key; redis-cli xrange $key - +; done";
    let cached = project.docker(&["exec", &project.container("redis"), "sh", "-c", cached]);
    assert!(
        cached.contains("cache:") && cached.contains("I was given ***"),
        "{cached}"
    );
    // Spans are written at the end.
    project.magicctl(&["stop", "app-runner"]).ok();
    let log = project.plain("docker", &["logs", &project.container("app-runner")]);
    let log: Done = { log }.output().expect("docker runs").into();
    let log = log.all();
    assert!(log.contains("\"trace_id\": \"0x"), "spans were to be in the log: {log}");
    assert!(log.contains("is retired"), "{log}");
    for key in [REFUSED, USED, TOOL] {
        for (what, text) in [("answers", &seen), ("Redis", &cached), ("the log", &log)] {
            assert!(!text.contains(key), "{key} is in {what}");
        }
    }
    project.magicctl(&["down", "--volumes"]).ok();
}
