//! What an engine with two containers of a project answers when it means well: what misbehaviours are made from.

use std::io;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::fake_engine::{Answer, Call};

/// An answer before it is spoilt.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

/// Its body.
#[derive(Debug, Clone)]
pub enum Body {
    None,
    Json(Value),
    /// Bytes that come as they are, and whether the stream stays open after them.
    Stream(Vec<u8>, bool),
    /// What comes once the connection is no longer HTTP, and whether it stays open after that.
    Upgraded(Vec<u8>, bool),
}

/// Where the answers are about.
#[derive(Debug, Clone)]
pub struct World {
    pub project: String,
    pub folder: String,
}

/// The id of the container of `app`; that of `made` has other digits.
pub const APP: &str = "a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4";
const MADE: &str = "d4c3b2a1d4c3b2a1d4c3b2a1d4c3b2a1d4c3b2a1d4c3b2a1d4c3b2a1d4c3b2a1";
const IMAGE: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The project's file.
pub const COMPOSE: &str = "\
services:
  app:
    image: magictest/app:1
    healthcheck: {test: [CMD, 'true']}
    volumes: ['data:/data']
    ports: ['127.0.0.1:18080:80']
  made:
    image: magictest/made:1
    build: .
volumes:
  data: {}
";

/// A line of a container's log as the engine frames it.
pub fn frame(stream: u8, text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).expect("a line").to_be_bytes();
    [&[stream, 0, 0, 0][..], &length, text].concat()
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Json(body),
        }
    }

    fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::None,
        }
    }

    fn stream(bytes: Vec<u8>, holds: bool) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Body::Stream(bytes, holds),
        }
    }

    fn upgraded(bytes: Vec<u8>) -> Self {
        Self {
            status: 101,
            headers: Vec::new(),
            body: Body::Upgraded(bytes, false),
        }
    }

    /// The status line and headers, but for what says how long the body is.
    pub fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Status\r\nApi-Version: 1.41\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head
    }

    pub fn bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::None => Vec::new(),
            Body::Json(value) => value.to_string().into_bytes(),
            Body::Stream(bytes, _) | Body::Upgraded(bytes, _) => bytes.clone(),
        }
    }

    /// As it is.
    pub fn answer(self) -> Answer {
        Box::new(move |wire| -> io::Result<()> {
            let head = self.head();
            match &self.body {
                Body::Upgraded(bytes, holds) => {
                    wire.write(format!("{head}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n").as_bytes())?;
                    wire.write(bytes)?;
                    if *holds { wire.hold() } else { Ok(()) }
                }
                Body::Stream(bytes, holds) => {
                    wire.write(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())?;
                    if !bytes.is_empty() {
                        wire.chunk(bytes)?;
                    }
                    if *holds { wire.hold() } else { wire.write(b"0\r\n\r\n") }
                }
                Body::None if matches!(self.status, 204 | 304) => wire.write(format!("{head}\r\n").as_bytes()),
                _ => {
                    let bytes = self.bytes();
                    let length = bytes.len();
                    wire.write(format!("{head}Connection: close\r\nContent-Length: {length}\r\n\r\n").as_bytes())?;
                    wire.write(&bytes)
                }
            }
        })
    }
}

impl World {
    fn container(&self, service: &str, id: &str) -> Value {
        let Self { project, folder } = self;
        json!({
            "Id": id,
            "Names": [format!("/{project}-{service}-1")],
            "Image": format!("magictest/{service}:1"),
            "ImageID": IMAGE,
            "Command": "app",
            "Created": 1_760_000_000,
            "State": "running",
            "Status": "Up 5 minutes (healthy)",
            "Ports": [{"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 18080, "Type": "tcp"}],
            "Labels": {
                "com.docker.compose.project": project,
                "com.docker.compose.service": service,
                "com.docker.compose.container-number": "1",
                "com.docker.compose.oneoff": "False",
                "com.docker.compose.project.working_dir": folder,
                "com.docker.compose.project.config_files": format!("{folder}/docker-compose.yml"),
                "com.docker.compose.config-hash": "0000",
            },
            "NetworkSettings": {"Networks": {format!("{project}_default"): {"NetworkID": "n1", "IPAddress": "127.0.0.1"}}},
            "Mounts": [{"Type": "volume", "Name": format!("{project}_data"), "Destination": "/data"}],
        })
    }

    fn inspected(&self, id: &str) -> Value {
        let project = &self.project;
        json!({
            "Id": id,
            "Created": "2026-01-01T00:00:00Z",
            "Name": format!("/{project}-app-1"),
            "State": {
                "Status": "running", "Running": true, "ExitCode": 0, "Error": "", "OOMKilled": false,
                "StartedAt": "2026-01-01T00:00:00Z", "FinishedAt": "0001-01-01T00:00:00Z",
                "Health": {"Status": "healthy", "FailingStreak": 0, "Log": [
                    {"Start": "2026-01-01T00:00:00Z", "End": "2026-01-01T00:00:01Z", "ExitCode": 0, "Output": "fine"},
                ]},
            },
            "Image": IMAGE,
            "RestartCount": 0,
            "LogPath": "",
            "Mounts": [{"Type": "volume", "Name": format!("{project}_data"), "Destination": "/data"}],
            "HostConfig": {"LogConfig": {"Type": "json-file"}, "RestartPolicy": {"Name": "no"}, "Memory": 0},
            "Config": {
                "Tty": false, "OpenStdin": false, "Cmd": ["app"], "Env": ["PATH=/bin"], "WorkingDir": "/", "User": "",
                "Healthcheck": {"Test": ["CMD", "true"]}, "Labels": {}, "ExposedPorts": {"80/tcp": {}},
            },
            "NetworkSettings": {"Networks": {format!("{project}_default"): {"NetworkID": "n1", "IPAddress": "127.0.0.1"}}},
        })
    }

    fn event(&self) -> Value {
        json!({
            "Type": "container", "Action": "start", "scope": "local", "time": 1_760_000_000, "timeNano": 1_760_000_000_000_000_000_i64,
            "Actor": {"ID": APP, "Attributes": {
                "com.docker.compose.project": self.project, "com.docker.compose.service": "app", "name": "app", "image": "magictest/app:1",
            }},
        })
    }

    fn images() -> Value {
        let image = |name: &str| {
            json!({
                "Id": IMAGE, "ParentId": "", "RepoTags": [format!("magictest/{name}:1")], "RepoDigests": [], "Created": 1_760_000_000,
                "Size": 5_000_000, "SharedSize": -1, "Labels": {}, "Containers": -1,
            })
        };
        json!([image("app"), image("made")])
    }

    /// The answer to `call`.
    pub fn reply(&self, call: &Call) -> Reply {
        let project = &self.project;
        let lines = |values: &[Value]| -> Vec<u8> {
            let line = |value: &Value| [value.to_string().as_bytes(), b"\r\n"].concat();
            values.iter().flat_map(line).collect()
        };
        let follows = call.query.contains("follow=true");
        match call.endpoint().as_str() {
            "GET /_ping" => Reply {
                headers: vec![("Content-Type", "text/plain".to_owned())],
                ..Reply::stream(b"OK".to_vec(), false)
            },
            "GET /version" => Reply::json(
                200,
                json!({"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64",
                    "KernelVersion": "5", "Components": [{"Name": "Engine", "Version": "20.10.24", "Details": {}}]}),
            ),
            "GET /info" => Reply::json(
                200,
                json!({"ServerVersion": "20.10.24", "Driver": "overlay2", "Architecture": "x86_64", "LoggingDriver": "json-file",
                    "MemoryLimit": true, "DockerRootDir": self.folder, "MemTotal": 8_000_000_000_i64, "OperatingSystem": "Linux",
                    "SecurityOptions": [], "SystemTime": "2026-01-01T00:00:00Z", "NCPU": 2}),
            ),
            "GET /containers/json" => {
                Reply::json(200, json!([self.container("app", APP), self.container("made", MADE)]))
            }
            "GET /containers/*/json" => Reply::json(200, self.inspected(APP)),
            "GET /containers/*/top" => Reply::json(
                200,
                json!({"Titles": ["PID", "CMD"], "Processes": [["1", "app"], ["7", "sh"]]}),
            ),
            "GET /containers/*/stats" => Reply::json(
                200,
                json!({"read": "2026-01-01T00:00:01Z", "preread": "2026-01-01T00:00:00Z", "pids_stats": {"current": 3},
                    "cpu_stats": {"cpu_usage": {"total_usage": 200}, "system_cpu_usage": 2000, "online_cpus": 2},
                    "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000, "online_cpus": 2},
                    "memory_stats": {"usage": 1000, "limit": 9000, "stats": {"inactive_file": 10}},
                    "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 6}},
                    "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 7}, {"op": "Write", "value": 8}]}}),
            ),
            "GET /containers/*/logs" => {
                let line = |number: u32| {
                    frame(
                        1,
                        format!("2026-01-01T00:00:0{number}.000000000Z line {number}\n").as_bytes(),
                    )
                };
                Reply::stream((0..5).flat_map(line).collect(), follows)
            }
            "POST /containers/*/wait" => Reply::json(200, json!({"StatusCode": 0})),
            "POST /containers/*/attach" | "POST /exec/*/start" => Reply::upgraded(frame(1, b"hello\n")),
            "POST /containers/create" => Reply::json(201, json!({"Id": APP, "Warnings": []})),
            "POST /containers/*/exec" => Reply::json(201, json!({"Id": MADE})),
            "GET /exec/*/json" => Reply::json(
                200,
                json!({"ID": MADE, "Running": false, "ExitCode": 0, "ContainerID": APP}),
            ),
            "HEAD /containers/*/archive" => {
                let info =
                    json!({"name": "file", "size": 5, "mode": 420, "mtime": "2026-01-01T00:00:00Z", "linkTarget": ""});
                let info = base64::engine::general_purpose::STANDARD.encode(info.to_string());
                Reply {
                    headers: vec![("X-Docker-Container-Path-Stat", info)],
                    ..Reply::empty(200)
                }
            }
            "GET /containers/*/archive" => {
                let mut header = tar::Header::new_gnu();
                header.set_size(5);
                header.set_mode(0o644);
                let mut builder = tar::Builder::new(Vec::new());
                builder
                    .append_data(&mut header, "file", &b"hello"[..])
                    .expect("an entry");
                Reply::stream(builder.into_inner().expect("an archive"), false)
            }
            "GET /images/json" => Reply::json(200, Self::images()),
            "GET /images/*/json" => Reply::json(
                200,
                json!({"Id": IMAGE, "RepoTags": ["magictest/app:1"], "Os": "linux", "Architecture": "amd64", "Size": 5_000_000,
                    "Created": "2026-01-01T00:00:00Z", "Config": {"Env": ["PATH=/bin"], "Cmd": ["app"], "Labels": {}}}),
            ),
            "POST /images/create" => Reply::stream(
                lines(&[
                    json!({"status": "Pulling from magictest/app", "id": "1"}),
                    json!({"status": "Downloading", "progressDetail": {"current": 10, "total": 100}, "id": "aaaa"}),
                    json!({"status": "Pull complete", "progressDetail": {}, "id": "aaaa"}),
                ]),
                false,
            ),
            "POST /images/*/push" => Reply::stream(
                lines(&[
                    json!({"status": "Preparing", "progressDetail": {}, "id": "aaaa"}),
                    json!({"status": "Pushed", "progressDetail": {}, "id": "aaaa"}),
                ]),
                false,
            ),
            "POST /images/*/tag" => Reply::empty(201),
            "DELETE /images/*" => Reply::json(200, json!([{"Untagged": "magictest/app:1"}])),
            "POST /build" => Reply::stream(
                lines(&[
                    json!({"stream": "Step 1/1 : FROM scratch\n"}),
                    json!({"stream": "Successfully built 0123\n"}),
                ]),
                false,
            ),
            "GET /networks" => Reply::json(
                200,
                json!([{"Name": format!("{project}_default"), "Id": "n1", "Created": "2026-01-01T00:00:00Z", "Scope": "local", "Driver": "bridge",
                    "Labels": {"com.docker.compose.project": project, "com.docker.compose.network": "default"}}]),
            ),
            "POST /networks/create" => Reply::json(201, json!({"Id": "n1", "Warning": ""})),
            "PUT /containers/*/archive" | "POST /networks/*/connect" | "POST /networks/*/disconnect" => {
                Reply::empty(200)
            }
            "GET /volumes" => Reply::json(
                200,
                json!({"Volumes": [{"Name": format!("{project}_data"), "Driver": "local", "Mountpoint": "/data", "Scope": "local", "Options": {},
                    "CreatedAt": "2026-01-01T00:00:00Z",
                    "Labels": {"com.docker.compose.project": project, "com.docker.compose.volume": "data"}}], "Warnings": []}),
            ),
            "POST /volumes/create" => Reply::json(
                201,
                json!({"Name": format!("{project}_data"), "Driver": "local", "Mountpoint": "/data",
                "Scope": "local", "Options": {}, "Labels": {}}),
            ),
            "GET /events" => Reply::stream(lines(&[self.event()]), !call.query.contains("until=")),
            "POST /session" | "POST /grpc" => Reply::json(404, json!({"message": "page not found"})),
            _ if call.method == "POST" || call.method == "DELETE" => Reply::empty(204),
            other => Reply::json(404, json!({"message": format!("page not found: {other}")})),
        }
    }
}
