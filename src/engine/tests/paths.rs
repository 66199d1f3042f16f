//! Where requests go: a name stays in its place of the path, or nothing is asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::compose::{Attachment, Network, Service, Stack};
use crate::engine::{Engine, ExecOptions, LogOptions, Logins};
use crate::ids::ContainerId;
use crate::image::ImageRef;

use super::recorder::Recorder;

/// Names that lead elsewhere when a URL is made of them, or that an engine would clean away.
const HOSTILE: [&str; 22] = [
    "",
    ".",
    "..",
    "../volumes/prune?",
    "x/../../volumes/prune?a=",
    "%2e%2e/volumes/prune?",
    "..%2fvolumes%2fprune%3f",
    "..\\volumes\\prune?",
    "x?",
    "x?force=true",
    "x#",
    "x/json",
    "x/",
    "/x",
    "//elsewhere.example/x",
    "a b",
    "a\tb",
    "a\nb",
    "a\r\nHost: x",
    "\u{1b}[2Jx",
    "\u{85}x",
    "é",
];

/// `name` percent-encoded by the rule of RFC 3986, by hand.
fn encoded(name: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let bytes = name.bytes().map(|byte| {
        if unreserved(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    bytes.collect()
}

/// As containers and execs are named.
fn is_word(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(rest)
}

/// As networks and volumes may be.
fn is_sendable(name: &str) -> bool {
    !name.chars().any(char::is_control) && name.split('/').all(|part| !["", ".", ".."].contains(&part))
}

/// An engine that calls everything by the name that it is given last.
struct Namer {
    recorder: Recorder,
    name: Arc<Mutex<String>>,
}

impl Namer {
    fn new() -> Self {
        let name: Arc<Mutex<String>> = Arc::default();
        let given = name.clone();
        let recorder = Recorder::answering(move |asked| {
            let id = given.lock().unwrap().clone();
            let body = match asked.path() {
                "GET /containers/json" | "GET /networks" | "GET /images/json" => "[]".to_owned(),
                _ => serde_json::json!({ "Id": id, "StatusCode": 0, "Running": false }).to_string(),
            };
            (200, body)
        });
        Self { recorder, name }
    }

    fn asked(&self) -> Vec<String> {
        self.recorder
            .take()
            .iter()
            .map(|asked| asked.path().to_owned())
            .collect()
    }
}

/// Makes a call and holds it to the requests that it may make. One that asks for nothing must say why.
macro_rules! holds {
    ($namer:expr, $name:expr, $expected:expr, $call:expr) => {
        let done = $call.await;
        let (asked, expected): (Vec<String>, Option<Vec<String>>) = ($namer.asked(), $expected);
        assert_eq!(
            asked,
            expected.clone().unwrap_or_default(),
            "{:?}: {}",
            $name,
            stringify!($call)
        );
        if expected.is_none() {
            let error = done.err().map(|error| error.failure().to_string()).unwrap_or_default();
            assert!(
                error.contains("is not a valid name or id for a"),
                "{:?}: {error}: {}",
                $name,
                stringify!($call)
            );
            assert!(!error.contains(|c: char| c.is_control()), "{error:?}");
        }
    };
}

async fn containers(namer: &Namer, engine: &Engine, name: &str) {
    let id = &ContainerId::new(name);
    let at = |method: &str, rest: &str| {
        let path = format!("{method} /containers/{}{rest}", encoded(name));
        is_word(name).then(|| vec![path])
    };
    holds!(namer, name, at("POST", "/start"), engine.start(id));
    holds!(namer, name, at("POST", "/stop"), engine.stop(id, Some(3)));
    holds!(namer, name, at("POST", "/restart"), engine.restart(id, None));
    holds!(namer, name, at("POST", "/kill"), engine.kill(id, "HUP"));
    holds!(namer, name, at("POST", "/pause"), engine.pause(id));
    holds!(namer, name, at("POST", "/unpause"), engine.unpause(id));
    holds!(namer, name, at("POST", "/rename"), engine.rename(id, "x"));
    holds!(namer, name, at("DELETE", ""), engine.remove_container(id, true));
    holds!(namer, name, at("POST", "/wait"), engine.wait(id));
    holds!(namer, name, at("GET", "/json"), engine.inspect_state(id));
    holds!(namer, name, at("GET", "/json"), engine.terminal_of(id));
    holds!(namer, name, at("GET", "/json"), engine.log_place(id));
    holds!(namer, name, at("GET", "/top"), engine.top(id));
    holds!(namer, name, at("GET", "/stats"), engine.usage(id));
    holds!(namer, name, at("HEAD", "/archive"), engine.path_info(id, "/x"));
    holds!(
        namer,
        name,
        at("PUT", "/archive"),
        engine.upload(id, "/x", false, |_| Ok(()))
    );
    holds!(namer, name, at("GET", "/archive"), async {
        let mut pieces = std::pin::pin!(engine.download(id, "/x"));
        pieces.next().await.transpose()
    });
    holds!(namer, name, at("GET", "/logs"), async {
        let mut pieces = std::pin::pin!(engine.logs(id, LogOptions::default()));
        pieces.next().await.transpose()
    });
    holds!(namer, name, at("POST", "/attach"), engine.attach(id, false, None));
}

/// Of execs the engine gives the id.
async fn execs(namer: &Namer, engine: &Engine, name: &str) {
    name.clone_into(&mut namer.name.lock().unwrap());
    let mut expected = vec!["POST /containers/c/exec".to_owned()];
    if is_word(name) {
        expected.push(format!("POST /exec/{name}/start"));
    }
    let within = Duration::from_secs(600);
    for detach in [false, true] {
        let command = ["true".to_owned()];
        let error = if detach {
            let options = ExecOptions {
                detach,
                ..ExecOptions::default()
            };
            engine.exec(&ContainerId::new("c"), &command, &options).await.err()
        } else {
            engine.exec_probe(&ContainerId::new("c"), &command, within).await.err()
        };
        let mut asked = namer.asked();
        // It is asked how the command ended, if it could be started.
        asked.retain(|path| *path != format!("GET /exec/{name}/json"));
        assert_eq!(asked, expected, "{name:?}");
        assert!(is_word(name) || error.is_some(), "{name:?}");
    }
}

async fn images(namer: &Namer, engine: &Engine, name: &str) {
    let image = ImageRef::parse(name).ok();
    let at = |method: &str, rest: &str| {
        let path = format!("{method} /images/{name}{rest}");
        image.as_ref().map(|_| vec![path])
    };
    holds!(namer, name, at("GET", "/json"), engine.image(name));
    holds!(namer, name, at("GET", "/json"), engine.image_id(name));
    holds!(namer, name, at("GET", "/json"), engine.image_facts(name));
    holds!(namer, name, at("DELETE", ""), engine.remove_image(name));
    let Some(image) = image else { return };
    let logins = Logins::default();
    let pushed = format!("POST /images/{}/push", image.name());
    let pushed = (!image.is_id() && image.digest().is_none()).then(|| vec![pushed]);
    holds!(namer, name, pushed, engine.push(&image, &logins, &mut |_| {}));
    let pulled = (!image.is_id()).then(|| vec!["POST /images/create".to_owned()]);
    holds!(namer, name, pulled, engine.pull(&image, None, &logins, &mut |_| {}));
}

async fn networks_and_volumes(namer: &Namer, engine: &Engine, name: &str) {
    let at = |path: &str, rest: &str| {
        let path = format!("{path}{}{rest}", encoded(name));
        is_sendable(name).then(|| vec![path])
    };
    holds!(namer, name, at("DELETE /networks/", ""), engine.remove_network(name));
    holds!(
        namer,
        name,
        at("DELETE /volumes/", ""),
        engine.remove_volume(&name.into())
    );
    holds!(
        namer,
        name,
        at("POST /networks/", "/disconnect"),
        engine.leave_network(&ContainerId::new("c"), &name.into())
    );
    let service = Service {
        networks: BTreeMap::from([("n".to_owned(), Some(Attachment::default()))]),
        ..Service::default()
    };
    let network = Network {
        name: name.into(),
        ..Network::default()
    };
    let stack = Stack {
        networks: BTreeMap::from([("n".to_owned(), network)]),
        ..Stack::default()
    };
    let container = ContainerId::new("c");
    let joined = engine.join_network(&stack, &service, 1, "n", &container);
    holds!(namer, name, at("POST /networks/", "/connect"), joined);
}

async fn all(namer: &Namer, engine: &Engine, name: &str) {
    containers(namer, engine, name).await;
    execs(namer, engine, name).await;
    images(namer, engine, name).await;
    networks_and_volumes(namer, engine, name).await;
}

#[tokio::test]
async fn hostile_names_stay_in_their_place_or_are_refused() {
    let namer = Namer::new();
    let engine = namer.recorder.engine().await;
    for name in HOSTILE {
        all(&namer, &engine, name).await;
    }
}

#[tokio::test]
async fn good_names_are_sent_as_they_are() {
    let namer = Namer::new();
    let engine = namer.recorder.engine().await;
    let id = "0123456789abcdef".repeat(4);
    let by_digest = format!("r.example:5000/a/b:1@sha256:{id}");
    for name in [
        "stack-app-1",
        "a",
        &id,
        &format!("sha256:{id}"),
        &by_digest,
        "[::1]:5000/a",
        "a_b.c",
        "UP/per",
    ] {
        all(&namer, &engine, name).await;
    }
}

#[test]
fn any_name_stays_in_its_place_or_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let namer = Namer::new();
    let engine = runtime.block_on(namer.recorder.engine());
    let pieces = prop::collection::vec(
        prop_oneof![
            prop::sample::select(&HOSTILE[..]).prop_map(ToOwned::to_owned),
            prop::sample::select(vec![
                "/", ".", "..", "?", "#", "%", "%2e", "%2F", "\\", ":", "@", "&", "=", ";", "+"
            ])
            .prop_map(ToOwned::to_owned),
            "[a-zA-Z0-9_.-]{1,8}",
        ],
        1..5,
    );
    let generated = prop_oneof![pieces.prop_map(|pieces| pieces.concat()), any::<String>()];
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let run = runner.run(&generated, |name| {
        runtime.block_on(all(&namer, &engine, &name));
        Ok(())
    });
    run.unwrap();
}
