//! `MC2xx`.

use super::*;

const PROXY: &str = "proxy_config.yaml";
const COMPOSE: &str = "docker-compose.yml";

/// A row of one edit that is taken back.
macro_rules! edit {
    ($code:literal, $file:expr, $from:literal => $to:literal) => {
        (
            $code,
            |world: &mut World| world.edit($file, $from, $to),
            |world: &mut World| world.edit($file, $to, $from),
        )
    };
}

pub(super) const ROWS: &[Row] = &[
    edit!("MC201", PROXY, "model_list:" => "model_list: ["),
    edit!("MC202", PROXY, "temperature: 0.7" => "temperature: warm"),
    edit!("MC203", PROXY, "max_completion_tokens: 4096" => "max_completion_token: 4096"),
    edit!("MC204", PROXY, "      model: gpt-5-mini\n" => ""),
    edit!("MC205", PROXY, "provider: openai" => "provider: openia"),
    edit!("MC206", PROXY, "model_name: gpt-mini" => "model_name: gemini-flash"),
    edit!("MC207", PROXY, "gpt-mini, claude-sonnet" => "gpt-mni, claude-sonnet"),
    edit!("MC208", PROXY, ", claude-sonnet]" => "]"),
    edit!("MC209", PROXY, "http://localhost:8002" => "http://mcp-server:8002"),
    edit!("MC210", PROXY, "[gemini-flash, gpt-mini, claude-sonnet]" => "[]"),
    (
        "MC211",
        |world| world.write(PROXY, "agent_settings: {}\n"),
        |world| {
            world.write(
                PROXY,
                "model_list: [{model_name: a, provider: local, model_params: {model: m}}]\n",
            );
        },
    ),
    (
        "MC212",
        |world| {
            world.edit(
                PROXY,
                "agent_settings:",
                "provider_model_lists: {openai: [gpt-5-mni]}\n\nagent_settings:",
            );
        },
        |world| world.edit(PROXY, "gpt-5-mni]", "gpt-5-mini]"),
    ),
    (
        "MC220",
        |world| {
            world.edit(
                "config/loki/local-config.yaml",
                "retention_period:",
                "# mine\n  retention_period:",
            );
        },
        |world| {
            let settings = crate::settings::load(&world.root(), &world.environment, &[]).unwrap();
            render::write(&world.root(), &render::files(&settings).unwrap(), true).unwrap();
        },
    ),
    (
        "MC221",
        |world| world.write("magicctl.yaml", "retention: 2d\n"),
        |world| {
            let settings = crate::settings::load(&world.root(), &world.environment, &[]).unwrap();
            render::write(&world.root(), &render::files(&settings).unwrap(), false).unwrap();
        },
    ),
    edit!("MC222", "config/promtail/promtail-config.yml", "positions:\n" => "positions: [\n"),
    (
        "MC223",
        |world| world.write("magicctl.yaml", "retention: soon\n"),
        |world| world.write("magicctl.yaml", "retention: 7d\n"),
    ),
    edit!("MC243", COMPOSE, "KAFKA_BROKER: kafka:9093" => "KAFKA_BROKER: kafak:9093"),
    edit!("MC244", COMPOSE, "KAFKA_BROKER: kafka:9093" => "KAFKA_BROKER: kafka:9092"),
    (
        "MC245",
        |world| {
            let why = "manifest for redis:8.10-alpine not found: manifest unknown".to_owned();
            world.more.withheld.insert("redis:8.10-alpine".to_owned(), why);
        },
        |world| world.more.withheld.clear(),
    ),
    edit!("MC230", COMPOSE, "    environment:\n      KAFKA_BROKER" => "    enviroment:\n      KAFKA_BROKER"),
    edit!("MC231", COMPOSE, "KAFKA_BROKER: kafka:9093" => "KAFKA_BROKER: kafka:9093${SUFFIX}"),
    (
        "MC232",
        |world| {
            world.edit(
                COMPOSE,
                "    healthcheck:\n      test: [\"CMD-SHELL\", \"redis-cli",
                "    x-old:\n      test: [\"CMD-SHELL\", \"redis-cli",
            );
            let image = ImageFacts {
                id: "sha256:1".to_owned(),
                ..ImageFacts::default()
            };
            world.more.images = Ok(BTreeMap::from([("redis:8.10-alpine".to_owned(), image)]));
        },
        |world| world.edit(COMPOSE, "x-old", "healthcheck"),
    ),
    (
        "MC233",
        |world| {
            world.edit(
                COMPOSE,
                "[\"CMD\", \"/usr/bin/loki\", \"-health\"]",
                "[\"CMD\", \"wget\", \"-q\", \"http://localhost:3100/ready\"]",
            );
            let has = BTreeMap::from([("wget".to_owned(), false), ("/usr/bin/loki".to_owned(), true)]);
            world.more.tools = Ok(BTreeMap::from([("grafana/loki:3.7.8".to_owned(), has)]));
        },
        |world| {
            world.edit(
                COMPOSE,
                "[\"CMD\", \"wget\", \"-q\", \"http://localhost:3100/ready\"]",
                "[\"CMD\", \"/usr/bin/loki\", \"-health\"]",
            );
        },
    ),
    (
        "MC234",
        |world| {
            world
                .environment
                .insert("BIND_ADDRESS".to_owned(), "0.0.0.0".to_owned());
        },
        |world| {
            world.environment.remove("BIND_ADDRESS");
        },
    ),
    (
        "MC235",
        |world| {
            world.environment.insert("REDIS_IMAGE".to_owned(), "redis".to_owned());
            world
                .environment
                .insert("LOKI_IMAGE".to_owned(), "grafana/loki:latest".to_owned());
        },
        |world| {
            world
                .environment
                .insert("REDIS_IMAGE".to_owned(), "redis:8.10-alpine".to_owned());
            world.environment.remove("LOKI_IMAGE");
        },
    ),
    (
        "MC236",
        |world| {
            let port = world.environment["LOKI_PORT"].clone();
            world.environment.insert("GRAFANA_PORT".to_owned(), port);
        },
        |world| {
            world.environment.remove("GRAFANA_PORT");
        },
    ),
    (
        "MC237",
        |world| {
            world.edit(
                COMPOSE,
                "      - ./env:/app/env:ro",
                "      - ./env:/app/env:ro\n      - ./settings.yml:/app/settings.yml:ro",
            );
        },
        |world| world.write("settings.yml", ""),
    ),
    (
        "MC238",
        |world| {
            world.edit(
                COMPOSE,
                "  redis-data:\n  loki-data:",
                "  redis-data: {name: theirs}\n  loki-data:",
            );
            world.there.observed.volumes.push(volume("theirs", Some("other")));
        },
        |world| world.edit(COMPOSE, "{name: theirs}", "{name: mine}"),
    ),
    (
        "MC239",
        |world| {
            world.edit(
                COMPOSE,
                "  redis-data:\n  loki-data:",
                "  redis-data: {external: true, name: shared}\n  loki-data:",
            );
        },
        |world| {
            world.there.observed.volumes.push(volume("shared", None));
        },
    ),
    (
        "MC240",
        |world| {
            world
                .environment
                .insert("DOCKER_SOCKET".to_owned(), "/nowhere/docker.sock".to_owned());
        },
        |world| {
            let socket = world.folder.path().join("docker.sock").display().to_string();
            world.environment.insert("DOCKER_SOCKET".to_owned(), socket);
        },
    ),
    edit!("MC241", COMPOSE, "driver: json-file" => "driver: syslog"),
    (
        "MC242",
        |_| {},
        |world| {
            for name in ["KAFKA", "REDIS", "LOKI", "PROMTAIL", "GRAFANA"] {
                let image = format!("{}:1@sha256:{}", name.to_lowercase(), "0".repeat(64));
                world.environment.insert(format!("{name}_IMAGE"), image);
            }
        },
    ),
];

#[test]
fn what_is_wrong_with_the_configuration() {
    told("proxy_and_compose", ROWS);
}

#[test]
fn where_the_tools_are_is_questioned_only_when_it_is_surely_wrong() {
    for (url, port, wrong) in [
        ("http://localhost:8002", "8002", false),
        ("http://127.0.0.1:8002/mcp", "8002", false),
        ("http://app-runner:8002", "8002", false),
        ("http://localhost:9999", "8002", false),
        ("https://tools.example.com/mcp", "8002", false),
        ("http://host.docker.internal:9000", "8002", false),
        ("http://10.0.0.5:8002", "8002", false),
        ("http://kafka:9092", "8002", false),
        ("http://localhost:8001", "8002", true),
        ("http://localhost:18002", "18002", true),
        ("http://localhost:3100", "8002", true),
        ("http://mcp:8002", "8002", true),
    ] {
        let mut world = World::new();
        world.edit(PROXY, "http://localhost:8002", url);
        world.environment.insert("MCP_SERVER_PORT".to_owned(), port.to_owned());
        assert_eq!(world.has("MC209"), wrong, "{url}");
    }
}

/// Whom `check` says to be open to other machines.
fn open(world: &World) -> Vec<String> {
    let findings = world.findings();
    let open = findings.iter().filter(|finding| finding.code.id == "MC234");
    open.map(|finding| finding.what.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_gateway_without_a_client_key_is_open_wherever_other_machines_reach_it() {
    for (address, wanted) in [
        ("0.0.0.0", true),
        ("[::]", true),
        ("192.168.1.7", true),
        ("[2001:db8::7]", true),
        ("127.0.0.1", false),
        ("127.0.0.2", false),
        ("[::1]", false),
    ] {
        let mut world = World::new();
        world.environment.insert("BIND_ADDRESS".to_owned(), address.to_owned());
        assert_eq!(open(&world).contains(&"app-runner".to_owned()), wanted, "{address}");
        world.write("env/gateway.env", "GATEWAY_API_KEY=a-key-of-the-clients\n");
        assert!(
            !open(&world).contains(&"app-runner".to_owned()),
            "{address}, with a key"
        );
    }
}

#[test]
fn a_port_without_an_address_is_open_and_so_is_the_hosts_network() {
    let published = "\"${BIND_ADDRESS:-127.0.0.1}:${MAGIC_PROXY_PORT:-8001}:8001\"";
    for (from, to) in [
        (published, "\"8001:8001\""),
        (published, "\"8001\""),
        (published, "{target: 8001, published: '8001'}"),
        (published, "{target: 8001, published: '8001', host_ip: '::'}"),
        ("    init: true\n", "    init: true\n    network_mode: host\n"),
    ] {
        let world = World::new();
        world.edit(COMPOSE, from, to);
        assert_eq!(open(&world), ["app-runner"], "{to}");
    }
    let world = World::new();
    world.edit(COMPOSE, "    init: true\n", "    init: true\n    network_mode: host\n");
    world.edit(
        COMPOSE,
        "      KAFKA_BROKER:",
        "      LISTEN_ADDRESS: 127.0.0.1\n      KAFKA_BROKER:",
    );
    assert_eq!(open(&world), [""; 0]);
}

#[test]
fn the_client_key_is_looked_for_where_the_container_finds_it() {
    type Change = fn(&World);
    let everywhere = || {
        let mut world = World::new();
        world
            .environment
            .insert("BIND_ADDRESS".to_owned(), "0.0.0.0".to_owned());
        world
    };
    let rows: [(&str, bool, Change); 7] = [
        ("no file", true, |_| {}),
        ("clients with names", false, |world| {
            world.write("env/gateway.yaml", "clients: [{name: a, key: a-key-of-a}]\n");
        }),
        ("a name without a value", true, |world| {
            world.write("env/gateway.env", "GATEWAY_API_KEY=\n");
        }),
        ("a folder, as the engine makes one", true, |world| {
            fs::create_dir(world.root().join("env/gateway.env")).unwrap();
        }),
        ("another folder is mounted", false, |world| {
            world.edit(COMPOSE, "./env:/app/env:ro", "./secret:/app/env:ro");
            world.write("secret/gateway.env", "GATEWAY_API_KEY=a-key-of-the-clients\n");
        }),
        ("another folder is mounted, without the file", true, |world| {
            world.edit(COMPOSE, "./env:/app/env:ro", "./secret:/app/env:ro");
            world.write("env/gateway.env", "GATEWAY_API_KEY=a-key-of-the-clients\n");
            fs::create_dir(world.root().join("secret")).unwrap();
        }),
        ("a folder that only the image knows", false, |world| {
            world.edit(
                COMPOSE,
                "      KAFKA_BROKER:",
                "      TOOL_KEYS: /keys\n      KAFKA_BROKER:",
            );
        }),
    ];
    for (what, wanted, change) in rows {
        let world = everywhere();
        change(&world);
        assert_eq!(open(&world).contains(&"app-runner".to_owned()), wanted, "{what}");
    }
}
