//! What follows the path: values of parameters and filters are encoded, and come out at the other end as they went in.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;

use crate::compose::{Build, Network, Service, Stack};
use crate::engine::{Engine, Logins};
use crate::ids::ContainerId;
use crate::image::ImageRef;
use crate::observed::{Health, State};

use super::recorder::{Asked, Recorder};

/// What would end a value, or begin another parameter, if it were not encoded.
const HOSTILE: [&str; 6] = [
    "x&force=true",
    "x#y?z=1",
    "a=b;c%26d+e f",
    "\"],\"label\":[\"\\",
    "\r\nHost: elsewhere.example\r\n\r\n",
    "../é\u{1b}",
];

/// The one request, with the value of one of its parameters. No parameter comes twice.
fn value(asked: &[Asked], path: &str, parameter: &str) -> String {
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].path(), path);
    let query = asked[0].query();
    let mut names: Vec<&String> = query.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), query.len(), "{query:?}");
    let found = query.into_iter().find(|(name, _)| name == parameter);
    found.unwrap_or_else(|| panic!("no {parameter}: {asked:?}")).1
}

/// The filter of that kind.
fn filter(asked: &[Asked], path: &str, kind: &str) -> Vec<String> {
    let filters: BTreeMap<String, Vec<String>> = serde_json::from_str(&value(asked, path, "filters")).unwrap();
    filters[kind].clone()
}

fn lists(asked: &Asked) -> (u16, String) {
    let body = match asked.path() {
        "GET /containers/json" | "GET /networks" => "[]",
        "GET /events" => r#"{"Action": "start", "Actor": {"ID": "c"}, "timeNano": 4102444800000000000}"#,
        _ => "{}",
    };
    (200, body.to_owned())
}

/// A container with a healthcheck, which the engine calls `status`, and whose runs ended with `codes`.
fn probed(status: &str, codes: &[i64]) -> String {
    let log: Vec<_> = codes
        .iter()
        .map(|code| serde_json::json!({ "ExitCode": code }))
        .collect();
    serde_json::json!({
        "Id": "c",
        "State": { "Status": "running", "Running": true, "Health": { "Status": status, "Log": log } },
    })
    .to_string()
}

#[tokio::test]
async fn nothing_is_unhealthy_whose_last_probe_ended_with_0() {
    for (status, codes, health) in [
        // Runs while it was paused failed; it goes on, and the next one passes.
        ("unhealthy", &[-1_i64, -1, 0][..], Health::Healthy),
        ("unhealthy", &[0, 1], Health::Unhealthy),
        ("unhealthy", &[0, -1], Health::Unhealthy),
        // It was paused for longer than a run may take, and none has ended since.
        ("unhealthy", &[], Health::Starting),
        ("starting", &[0], Health::Starting),
    ] {
        let body = probed(status, codes);
        let recorder = Recorder::answering(move |asked| match asked.path() {
            path if path.ends_with("/containers/c/json") => (200, body.clone()),
            _ => lists(asked),
        });
        let engine = recorder.engine().await;
        let detail = engine.inspect_state(&ContainerId::new("c")).await.unwrap();
        assert_eq!(
            (detail.health, detail.state),
            (health, State::Running { health }),
            "{status} {codes:?}"
        );
    }
}

#[tokio::test]
async fn filters_are_json_and_parameters_are_encoded() {
    let recorder = Recorder::answering(lists);
    let engine = recorder.engine().await;
    let container = ContainerId::new("c");
    for text in HOSTILE {
        let label = [format!("com.docker.compose.project={text}")];
        engine.observe_containers(text).await.unwrap();
        assert_eq!(filter(&recorder.take(), "GET /containers/json", "label"), label);
        let events = engine.events(text, Some(text.to_owned()), None);
        std::pin::pin!(events).next().await;
        let asked = recorder.take();
        assert_eq!(filter(&asked, "GET /events", "label"), label);
        assert_eq!(value(&asked, "GET /events", "since"), text);
        drop(Box::pin(engine.subscribe(text).await.unwrap()).next().await);
        assert_eq!(filter(&recorder.take(), "GET /events", "label"), label);

        engine.kill(&container, text).await.unwrap();
        assert_eq!(value(&recorder.take(), "POST /containers/c/kill", "signal"), text);
        engine.rename(&container, text).await.unwrap();
        assert_eq!(value(&recorder.take(), "POST /containers/c/rename", "name"), text);
        assert!(
            engine.path_info(&container, text).await.is_err(),
            "there is no such header"
        );
        assert_eq!(value(&recorder.take(), "HEAD /containers/c/archive", "path"), text);
        std::pin::pin!(engine.download(&container, text)).next().await;
        assert_eq!(value(&recorder.take(), "GET /containers/c/archive", "path"), text);
        engine.upload(&container, text, true, |_| Ok(())).await.unwrap();
        assert_eq!(value(&recorder.take(), "PUT /containers/c/archive", "path"), text);

        let logins = Logins::default();
        let image = ImageRef::parse("[::1]:5000/a:1").unwrap();
        engine.pull(&image, Some(text), &logins, &mut |_| {}).await.unwrap();
        let asked = recorder.take();
        assert_eq!(value(&asked, "POST /images/create", "platform"), text);
        assert_eq!(value(&asked, "POST /images/create", "fromImage"), "[::1]:5000/a:1");
    }
}

#[tokio::test]
async fn names_of_what_is_made_go_into_the_body() {
    let recorder = Recorder::answering(lists);
    let engine = recorder.engine().await;
    for text in HOSTILE {
        let network = Network {
            name: text.into(),
            ..Network::default()
        };
        let stack = Stack {
            name: text.to_owned(),
            networks: BTreeMap::from([("n".to_owned(), network)]),
            ..Stack::default()
        };
        drop(engine.create_network(&stack, "n").await);
        let asked = recorder.take();
        assert_eq!(filter(&asked[..1], "GET /networks", "name"), [text]);
        assert_eq!(asked[1].line, "POST /networks/create");
        let body: serde_json::Value = serde_json::from_slice(&asked[1].body).unwrap();
        assert_eq!(body["Name"], text);
        assert_eq!(body["Labels"]["com.docker.compose.project"], text);
    }
}

/// An engine with the classic builder, which takes logins in a header.
fn classic(asked: &Asked) -> (u16, String) {
    let body = match asked.path() {
        "GET /version" => r#"{"Os":"linux","Components":[{"Name":"Podman Engine","Version":"5"}]}"#,
        "POST /build" => "{\"stream\":\"Step 1/1 : FROM x\\n\"}\n",
        path if path.ends_with("/json") => r#"{"Id":"sha256:1"}"#,
        _ => "{}",
    };
    (200, body.to_owned())
}

async fn built(engine: &Engine, build: Build) -> Result<(), String> {
    let logins = engine.logins_of_build(&build).await;
    assert!(logins.warnings.is_empty(), "{logins:?}");
    let service = Service {
        name: "app".into(),
        build: Some(build),
        ..Service::default()
    };
    let image = ImageRef::parse("r.example/app:1").unwrap();
    let mut tell = |_| {};
    let ended = engine.build("proj", &service, &image, false, false, &logins, &mut tell);
    ended.await.map_err(|error| error.failure().to_string())
}

#[tokio::test]
async fn a_build_sends_its_options_encoded_and_the_logins_of_its_registries_only() {
    use base64::Engine as _;
    let client = tempfile::tempdir().unwrap();
    let auth = base64::engine::general_purpose::STANDARD.encode("me:pass");
    let logins = [
        "https://index.docker.io/v1/",
        "a.example",
        "b.example",
        "other.example",
        "r.example",
    ];
    let logins: BTreeMap<&str, serde_json::Value> = logins
        .into_iter()
        .map(|registry| (registry, serde_json::json!({ "auth": auth })))
        .collect();
    let config = serde_json::json!({ "auths": logins }).to_string();
    std::fs::write(client.path().join("config.json"), config).unwrap();
    let recorder = Recorder::answering(classic);
    let engine = recorder.engine_of_client(client.path()).await;

    let context = tempfile::tempdir().unwrap();
    std::fs::write(context.path().join("Dockerfile"), "ARG FROM\nFROM $FROM\n").unwrap();
    for (from, cache, wanted) in [
        ("redis", None, vec!["https://index.docker.io/v1/"]),
        ("a.example/x", None, vec!["a.example"]),
        ("a.example/x", Some("b.example/cache"), vec!["a.example", "b.example"]),
        ("scratch", None, vec![]),
    ] {
        for text in HOSTILE {
            let build = Build {
                context: context.path().to_owned(),
                dockerfile: "Dockerfile".to_owned(),
                args: BTreeMap::from([
                    ("FROM".to_owned(), Some(from.to_owned())),
                    (text.to_owned(), Some(text.to_owned())),
                ]),
                cache_from: cache.map(ToOwned::to_owned).into_iter().collect(),
                network: Some(text.to_owned()),
                target: Some(text.to_owned()),
                platforms: vec![text.to_owned()],
                labels: BTreeMap::from([(text.to_owned(), text.to_owned())]),
                extra_hosts: vec![text.to_owned()],
                tags: vec!["host:5000/x".to_owned()],
                ..Build::default()
            };
            built(&engine, build).await.unwrap();
            let asked = recorder.take();
            let paths: Vec<&str> = asked.iter().map(Asked::path).collect();
            let image = "/images/r.example/app:1";
            assert_eq!(
                paths,
                [
                    "GET /version",
                    "POST /build",
                    &format!("GET {image}/json"),
                    &format!("POST {image}/tag")
                ]
            );
            assert_eq!(
                asked[3].query(),
                [
                    ("repo".to_owned(), "host:5000/x".to_owned()),
                    ("tag".to_owned(), "latest".to_owned())
                ]
            );
            for parameter in ["networkmode", "target", "platform"] {
                assert_eq!(value(&asked[1..2], "POST /build", parameter), text);
            }
            let args: BTreeMap<String, String> =
                serde_json::from_str(&value(&asked[1..2], "POST /build", "buildargs")).unwrap();
            assert_eq!(args[text], text);
            let sent = base64::engine::general_purpose::URL_SAFE
                .decode(asked[1].header("x-registry-config").unwrap())
                .unwrap();
            let sent: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&sent).unwrap();
            assert_eq!(sent.keys().collect::<Vec<_>>(), wanted, "FROM {from}");
        }
    }
}

#[tokio::test]
async fn a_build_with_a_tag_that_no_image_can_have_does_not_begin() {
    let recorder = Recorder::answering(classic);
    let engine = recorder.engine().await;
    let context = tempfile::tempdir().unwrap();
    std::fs::write(context.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    for tag in ["../volumes/prune?", "x:1?force", "Up/../per"] {
        let build = Build {
            context: context.path().to_owned(),
            dockerfile: "Dockerfile".to_owned(),
            tags: vec![tag.to_owned()],
            ..Build::default()
        };
        let why = built(&engine, build).await.unwrap_err();
        assert!(why.contains(tag), "{why}");
        assert!(recorder.take().iter().all(|asked| asked.path() == "GET /version"));
    }
}
