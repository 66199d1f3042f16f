//! What the engine refuses, and engines that are not well.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::support::own_engine::OwnEngine;

use super::{Project, card, light};

fn refused(name: &str, more: &str) -> Project {
    let mut project = Project::of(name, &light("[sleep, '60']", more));
    card(name, &mut project, &["--quiet", "up"]);
    project
}

#[test]
fn mounts() {
    refused("mount-root", "    volumes: ['/tmp:/']\n");
    let mut project = Project::of(
        "mount-kind",
        &light("[sleep, '60']", "    volumes: ['./settings:/etc/passwd:ro']\n"),
    );
    std::fs::create_dir(project.path("settings")).expect("a folder");
    card("mount-folder-on-file", &mut project, &["--quiet", "up"]);
    let more = "    volumes: ['shared:/shared']\nvolumes: {shared: {driver_opts: {type: none, o: bind, device: '${PWD}/data'}}}\n";
    let mut project = Project::of("mount-device", &light("[sleep, '60']", more));
    let here = project.dir.display().to_string();
    project.edit("docker-compose.yml", "${PWD}", &here);
    card("mount-device", &mut project, &["--quiet", "up"]);
}

#[test]
fn what_the_engine_can_not_do() {
    refused("user", "    user: nobody-here\n");
    refused("memory-limit", "    mem_limit: 512\n");
    refused("device", "    devices: ['/dev/nothing:/dev/nothing']\n");
    refused("runtime", "    runtime: nvidia\n");
    refused("log-driver", "    logging: {driver: elastic}\n");
}

#[test]
fn addresses_that_others_have() {
    let compose = format!(
        "{}networks: {{default: {{ipam: {{config: [{{subnet: 10.213.77.0/24}}]}}}}}}\n",
        light("[sleep, '60']", "")
    );
    let first = Project::of("net-a", &compose);
    first.magicctl(&["--quiet", "up"]).ok();
    card(
        "network-overlaps",
        &mut Project::of("net-b", &compose),
        &["--quiet", "up"],
    );
}

/// A disk that is full, and addresses that are used up: on an engine that may be spoilt.
#[test]
fn an_engine_at_its_end() {
    let Some(engine) = OwnEngine::start() else {
        return;
    };
    engine.load(super::LIGHT_IMAGE);
    let mut project = Project::of("pools", &light("[sleep, '60']", ""));
    project.on(&engine);
    let mut number = 0;
    let made = |number: &u32| {
        let name = format!("filler-{number}");
        let host = engine.host();
        let done = Command::new("docker")
            .args(["--host", &host, "network", "create", &name])
            .output();
        done.expect("docker runs").status.success()
    };
    while made(&number) {
        number += 1;
        assert!(number < 100, "the engine's addresses don't come to an end");
    }
    card("addresses-used-up", &mut project, &["--quiet", "up"]);

    let host = engine.host();
    let done = Command::new("docker")
        .args(["--host", &host, "network", "prune", "-f"])
        .output()
        .expect("docker runs");
    assert!(done.status.success());
    // The engine's folder is a file system of its own, in memory.
    let folder = engine.path("").display().to_string();
    let smaller = ["-o", "remount,size=500m", folder.trim_end_matches('/')];
    assert!(
        Command::new("mount")
            .args(smaller)
            .status()
            .expect("mount runs")
            .success()
    );
    let mut project = Project::of("disk", "services:\n  app:\n    build: .\n");
    project.on(&engine);
    let dockerfile = format!("FROM {}\nRUN head -c 600M /dev/zero > /model.bin\n", super::LIGHT_IMAGE);
    project.write("Dockerfile", &dockerfile);
    card("disk-full", &mut project, &["--quiet", "up"]);
}

/// No engine that speaks so old an API runs here: what it would answer.
#[test]
fn an_engine_that_is_too_old() {
    let mut project = Project::of("old", &light("[sleep, '60']", ""));
    let path = project.path("docker.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _length = stream.read(&mut request);
            let body = r#"{"Version":"19.03.15","ApiVersion":"1.40","MinAPIVersion":"1.12"}"#;
            let _unread = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let host = format!("unix://{}", path.display());
    card("engine-too-old", &mut project, &["--host", &host, "up"]);
}
