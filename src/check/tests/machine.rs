//! `MC3xx`.

use crate::capabilities::{Capabilities, OLDEST_API};

use super::*;

fn about(world: &mut World) -> &mut About {
    world.more.about.as_mut().unwrap()
}

fn oldest() -> Capabilities {
    Capabilities::of(OLDEST_API).unwrap()
}

pub(super) const ROWS: &[Row] = &[
    (
        "MC305",
        |world| about(world).storage_driver = "vfs".to_owned(),
        |world| about(world).storage_driver = "overlay2".to_owned(),
    ),
    (
        "MC306",
        |world| {
            about(world).limits_memory = false;
            world.edit(
                "docker-compose.yml",
                "    init: true\n",
                "    init: true\n    mem_limit: 512m\n",
            );
        },
        |world| world.edit("docker-compose.yml", "    mem_limit: 512m\n", ""),
    ),
    (
        "MC307",
        |world| {
            let image = ImageFacts {
                architecture: "arm64".to_owned(),
                ..ImageFacts::default()
            };
            world.more.images = Ok(BTreeMap::from([("redis:8.10-alpine".to_owned(), image)]));
        },
        |world| world.more.images = Ok(BTreeMap::new()),
    ),
    (
        "MC308",
        |world| about(world).clock_ahead = -75.2,
        |world| about(world).clock_ahead = 0.4,
    ),
    (
        "MC309",
        // No disk has room for a folder of the kernel's.
        |world| about(world).data_root = Path::new("/proc").to_owned(),
        |world| about(world).data_root = Path::new("/nowhere").to_owned(),
    ),
    (
        "MC310",
        |world| about(world).memory = 1 << 30,
        |world| about(world).memory = 4 << 30,
    ),
    (
        "MC312",
        |world| about(world).rootless = true,
        |world| about(world).rootless = false,
    ),
    (
        "MC313",
        |world| world.there.socket = None,
        |world| world.there.socket = Some(world.folder.path().join("docker.sock")),
    ),
    (
        "MC314",
        |world| about(world).live_restore = false,
        |world| about(world).live_restore = true,
    ),
    (
        "MC315",
        |world| world.more.names = Some(Ok(Resolves::No("`getent hosts NAME` found nothing".to_owned()))),
        |world| world.more.names = Some(Ok(Resolves::Yes)),
    ),
    (
        "MC320",
        |world| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            world.environment.insert("KAFKA_PORT".to_owned(), port.to_string());
            // It stays open until the test's process ends.
            std::mem::forget(listener);
        },
        |world| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            world.environment.insert("KAFKA_PORT".to_owned(), port.to_string());
        },
    ),
    (
        "MC321",
        |world| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            world.environment.insert("KAFKA_PORT".to_owned(), port.to_string());
            let mut other = container("old-kafka", "old", "kafka", State::Created);
            other.ports.push(PublishedPort {
                ip: Some("127.0.0.1".to_owned()),
                public: Some(port),
                private: 9092,
                protocol: "tcp".to_owned(),
            });
            world.there.observed.containers.push(other);
            std::mem::forget(listener);
        },
        |world| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            world.environment.insert("KAFKA_PORT".to_owned(), port.to_string());
        },
    ),
    (
        "MC330",
        |world| {
            let other = container("kafka", "old", "kafka", State::Created);
            world.there.observed.containers.push(other);
        },
        |world| {
            world
                .environment
                .insert("CONTAINER_PREFIX".to_owned(), "mine-".to_owned());
        },
    ),
    (
        "MC316",
        |world| {
            world.there.observed.capabilities = oldest();
            world.edit(
                "docker-compose.yml",
                "    healthcheck:\n",
                "    healthcheck:\n      start_interval: 1s\n",
            );
        },
        |world| world.there.observed.capabilities = Capabilities::default(),
    ),
    (
        "MC317",
        |world| {
            world.there.observed.capabilities = oldest();
            world.edit(
                "docker-compose.yml",
                "      - redis-data:/data\n",
                "      - {type: volume, source: redis-data, target: /data, volume: {subpath: app}}\n",
            );
        },
        |world| world.there.observed.capabilities = Capabilities::default(),
    ),
    (
        "MC322",
        |world| {
            for name in ["kafka", "redis"] {
                let mut other = container(name, "old", name, State::Created);
                let folder = "/home/me/old".to_owned();
                other.labels.insert(labels::WORKING_DIR.to_owned(), folder);
                world.there.observed.containers.push(other);
            }
        },
        |world| {
            world
                .environment
                .insert("CONTAINER_PREFIX".to_owned(), "mine-".to_owned());
        },
    ),
    (
        "MC340",
        |world| {
            let other = container("old-worker", "sample", "worker", State::Created);
            world.there.observed.containers.push(other);
        },
        |world| world.there.observed.containers.clear(),
    ),
    (
        "MC341",
        |world| {
            let half = container("kafka", "sample", "kafka", State::Created);
            world.there.observed.containers.push(half);
        },
        |world| world.there.observed.containers.clear(),
    ),
    (
        "MC342",
        |world| {
            let properties = b"#\nversion=1\ncluster.id=QUJDREVGR0hJSktMTU5PUA\nnode.id=1\n".to_vec();
            world.more.data = Ok(BTreeMap::from([("kafka".to_owned(), properties)]));
        },
        |world| {
            world
                .environment
                .insert("KAFKA_CLUSTER_ID".to_owned(), "QUJDREVGR0hJSktMTU5PUA".to_owned());
        },
    ),
    (
        "MC343",
        |world| {
            world
                .environment
                .insert("REDIS_IMAGE".to_owned(), "redis:7.0-alpine".to_owned());
            world.more.data = Ok(BTreeMap::from([("redis".to_owned(), b"REDIS0012\xfa".to_vec())]));
        },
        |world| {
            world.environment.remove("REDIS_IMAGE");
        },
    ),
];

#[test]
fn what_is_wrong_with_the_engine_and_what_is_there() {
    told("machine", ROWS);
}

#[test]
fn which_engine_is_in_use_is_always_told() {
    assert!(World::new().has("MC304"));
}
