//! The floor: what a program would need that knows everything in advance. It sends the very requests that magicctl was
//! seen to send, as early and as many at once as the engine does well, and learns of readiness by asking the service
//! itself every few milliseconds. It checks nothing, explains nothing and is no use to anybody but as a measure.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::page;
use crate::proxy::Call;

/// How often it asks a service.
const TIGHT: Duration = Duration::from_millis(5);

/// Everything there is to know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Recipe {
    pub socket: std::path::PathBuf,
    /// Bodies of creates.
    pub networks: Vec<Value>,
    pub volumes: Vec<Value>,
    /// The head of the longest chain first.
    pub containers: Vec<Part>,
    /// How many creates and starts at once.
    pub at_once: usize,
}

/// A container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub body: Value,
    /// Containers that must be ready before it starts.
    pub needs: Vec<String>,
    /// Containers that stop only after it.
    pub depends_on: Vec<String>,
    /// What tells that it is ready, all of it.
    pub signs: Vec<Sign>,
}

/// What a client of the service would see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Sign {
    /// A connection is taken.
    Tcp(u16),
    /// `GET` of the path is answered with 200.
    Http(u16, String),
}

impl Recipe {
    /// From the calls of an `up` on the engine at `socket`. `signs` gives what tells that a service is ready.
    pub fn of(socket: &Path, calls: &[Call], at_once: usize, signs: impl Fn(&str) -> Vec<Sign>) -> Self {
        let bodies = |path: &str| {
            let matching = calls.iter().filter(|call| call.method == "POST" && call.path == path);
            matching.map(|call| call.body.clone()).collect::<Vec<_>>()
        };
        let created = calls.iter().filter_map(|call| {
            let name = call.path.strip_prefix("/containers/create?name=")?;
            Some((name.split('&').next()?.to_owned(), call.body.clone()))
        });
        let label = |body: &Value, name: &str| body["Labels"][name].as_str().unwrap_or_default().to_owned();
        let created: Vec<(String, Value)> = created.collect();
        let by_service: BTreeMap<String, String> = created
            .iter()
            .map(|(name, body)| (label(body, "com.docker.compose.service"), name.clone()))
            .collect();
        let mut containers: Vec<Part> = created
            .into_iter()
            .map(|(name, body)| {
                let depends_on = label(&body, "com.docker.compose.depends_on");
                let of_condition = |beginning: &str| {
                    let dependencies = depends_on.split(',').filter_map(|entry| entry.split_once(':'));
                    let meant = dependencies.filter(|(_, condition)| condition.starts_with(beginning));
                    meant
                        .filter_map(|(service, _)| by_service.get(service).cloned())
                        .collect()
                };
                Part {
                    needs: of_condition("service_healthy"),
                    depends_on: of_condition(""),
                    signs: signs(&label(&body, "com.docker.compose.service")),
                    name,
                    body,
                }
            })
            .collect();
        let needed: Vec<String> = containers.iter().flat_map(|part| part.needs.clone()).collect();
        containers.sort_by_key(|part| !needed.contains(&part.name));
        Self {
            socket: socket.to_owned(),
            networks: bodies("/networks/create"),
            volumes: bodies("/volumes/create"),
            containers,
            at_once,
        }
    }

    /// Makes everything and returns when everything is ready; if `proved`, when each healthcheck has also passed, run once
    /// the moment that the signs show.
    pub fn up(&self, proved: bool) {
        let client = Client(self.socket.clone());
        let state = State::new(self.at_once);
        let is_needed = |part: &Part| self.containers.iter().any(|other| other.needs.contains(&part.name));
        let is_head = |part: &Part| part.needs.is_empty() && is_needed(part);
        let heads = || self.containers.iter().filter(|part| is_head(part));
        let started = |part: &Part| format!("{} has started", part.name);
        thread::scope(|scope| {
            for body in &self.networks {
                let (client, state) = (&client, &state);
                scope.spawn(move || {
                    client.must("POST", "/networks/create", Some(body));
                    state.done("network");
                });
            }
            for body in &self.volumes {
                let (client, state) = (&client, &state);
                scope.spawn(move || {
                    client.must("POST", "/volumes/create", Some(body));
                    state.done("volume");
                });
            }
            for (rank, part) in self.containers.iter().enumerate() {
                let (client, state) = (&client, &state);
                scope.spawn(move || {
                    state.wait(|counts| counts.get("volume").copied().unwrap_or(0) == self.volumes.len());
                    let path = format!("/containers/create?name={}", part.name);
                    state.permit(rank, || client.must("POST", &path, Some(&part.body)));
                    state.wait(|counts| {
                        counts.get("network").copied().unwrap_or(0) == self.networks.len()
                            && part.needs.iter().all(|need| counts.contains_key(need.as_str()))
                    });
                    // The head of a chain starts alone: the others have time until it is ready.
                    if !is_head(part) {
                        state.wait(|counts| heads().all(|head| counts.contains_key(&started(head))));
                    }
                    let path = format!("/containers/{}/start", part.name);
                    state.permit(rank, || client.must("POST", &path, None));
                    state.done(&started(part));
                    await_ready(client, part);
                    if proved {
                        prove(client, part);
                    }
                    state.done(&part.name);
                });
            }
        });
    }

    /// Stops dependents before what they need, and removes everything but volumes.
    pub fn down(&self) {
        let client = Client(self.socket.clone());
        let state = State::new(self.at_once);
        thread::scope(|scope| {
            for (rank, part) in self.containers.iter().enumerate() {
                let (client, state) = (&client, &state);
                scope.spawn(move || {
                    let dependents = || {
                        self.containers
                            .iter()
                            .filter(|other| other.depends_on.contains(&part.name))
                    };
                    state.wait(|counts| dependents().all(|dependent| counts.contains_key(dependent.name.as_str())));
                    client.must("POST", &format!("/containers/{}/stop", part.name), None);
                    state.done(&part.name);
                    let path = format!("/containers/{}", part.name);
                    state.permit(rank, || client.must("DELETE", &path, None));
                });
            }
        });
        for network in &self.networks {
            let name = network["Name"].as_str().unwrap_or_default();
            client.must("DELETE", &format!("/networks/{name}"), None);
        }
    }

    /// What a look at whether anything is to be done costs at least.
    pub fn look(&self) {
        let client = Client(self.socket.clone());
        client.must("GET", "/containers/json?all=1", None);
    }

    /// Stops, starts and waits until it answers again.
    pub fn replace(&self, name: &str) {
        let client = Client(self.socket.clone());
        client.must("POST", &format!("/containers/{name}/stop"), None);
        client.must("POST", &format!("/containers/{name}/start"), None);
        if let Some(part) = self.containers.iter().find(|part| part.name == name) {
            await_ready(&client, part);
        }
    }
}

fn await_ready(client: &Client, part: &Part) {
    let there = client.must("GET", &format!("/containers/{}/json", part.name), None);
    let networks = there["NetworkSettings"]["Networks"].as_object();
    let address = networks
        .into_iter()
        .flat_map(serde_json::Map::values)
        .find_map(|network| network["IPAddress"].as_str().filter(|address| !address.is_empty()))
        .unwrap_or_default()
        .to_owned();
    for sign in &part.signs {
        while !sign.shows(&address) {
            thread::sleep(TIGHT);
        }
    }
}

/// Runs the healthcheck until it passes.
fn prove(client: &Client, part: &Part) {
    let test = part.body["Healthcheck"]["Test"].as_array().cloned().unwrap_or_default();
    let Some((kind, rest)) = test.split_first() else {
        return;
    };
    let command = match kind.as_str() {
        Some("CMD-SHELL") => [&[Value::from("/bin/sh"), Value::from("-c")], rest].concat(),
        _ => rest.to_vec(),
    };
    let body = serde_json::json!({ "Cmd": command, "AttachStdout": true, "AttachStderr": true });
    loop {
        let made = client.must("POST", &format!("/containers/{}/exec", part.name), Some(&body));
        let exec = made["Id"].as_str().unwrap_or_default();
        client.must("POST", &format!("/exec/{exec}/start"), Some(&serde_json::json!({})));
        if client.must("GET", &format!("/exec/{exec}/json"), None)["ExitCode"] == 0 {
            return;
        }
        thread::sleep(TIGHT);
    }
}

impl Sign {
    fn shows(&self, address: &str) -> bool {
        match self {
            Self::Tcp(port) => TcpStream::connect((address, *port)).is_ok(),
            Self::Http(port, path) => {
                let asked = page::status((address, *port), path, Duration::from_secs(2));
                asked.is_ok_and(|status| status == 200)
            }
        }
    }
}

/// What is done, and how many may be at it.
struct State {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    counts: BTreeMap<String, usize>,
    free: usize,
    waiting: Vec<usize>,
}

impl State {
    fn new(at_once: usize) -> Self {
        Self {
            inner: Mutex::new(Inner {
                counts: BTreeMap::new(),
                free: at_once,
                waiting: Vec::new(),
            }),
            changed: Condvar::new(),
        }
    }

    fn done(&self, what: &str) {
        *self
            .inner
            .lock()
            .expect("no panic")
            .counts
            .entry(what.to_owned())
            .or_default() += 1;
        self.changed.notify_all();
    }

    fn wait(&self, mut until: impl FnMut(&BTreeMap<String, usize>) -> bool) {
        let mut inner = self.inner.lock().expect("no panic");
        while !until(&inner.counts) {
            inner = self.changed.wait(inner).expect("no panic");
        }
    }

    /// Does `work` when a place is free; the lowest rank first.
    fn permit(&self, rank: usize, work: impl FnOnce() -> Value) {
        let mut inner = self.inner.lock().expect("no panic");
        inner.waiting.push(rank);
        while inner.free == 0 || inner.waiting.iter().min() != Some(&rank) {
            inner = self.changed.wait(inner).expect("no panic");
        }
        inner.waiting.retain(|other| *other != rank);
        inner.free -= 1;
        drop(inner);
        self.changed.notify_all();
        work();
        self.inner.lock().expect("no panic").free += 1;
        self.changed.notify_all();
    }
}
