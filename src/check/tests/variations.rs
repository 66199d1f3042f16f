//! Projects as people have them, which work with `up`: no error and no warning.

use super::*;

/// What is changed of the sample.
type Variation = (&'static str, fn(&mut World));

const KEY: &str = "sk-0123456789abcdefghijklmn";

const VARIATIONS: &[Variation] = &[
    ("keys for one provider", |world| {
        world.write(
            "keys_pool/keys_pool_google.env",
            "# mine\nAIzaSyA0123456789abcdefghijklmnopqrstuv\n",
        );
        world.git(&["init", "-q"]);
    }),
    ("keys and tools, in git, on a shared folder of a closed home", |world| {
        for provider in ["google", "openai", "anthropic"] {
            world.write(
                &format!("keys_pool/keys_pool_{provider}.env"),
                &format!("{KEY}{provider}\n"),
            );
        }
        world.write("env/tavily.env", "export TAVILY_API_KEY=\"tvly-0123456789abcdef\"\n");
        world.write("env/service-account.json", "{\"type\": \"service_account\"}\n");
        world.git(&["init", "-q"]);
        world.git(&["add", "."]);
    }),
    ("a bare checkout without docker-compose.yml and config/", |world| {
        world.remove("docker-compose.yml");
        world.remove("config");
    }),
    ("alloy, another retention, limits", |world| {
        world.write(
            "magicctl.yaml",
            "collector: alloy\nretention: 2d\nresources:\n  kafka: {memory: 1g, cpus: 1}\n",
        );
        let settings = crate::settings::load(&world.root(), &world.environment, &[]).unwrap();
        render::write(&world.root(), &render::files(&settings).unwrap(), false).unwrap();
    }),
    (
        "other ports and names in .env, and a Compose file named there",
        |world| {
            world.write(
                ".env",
                "COMPOSE_FILE=stack.yml\nCONTAINER_PREFIX=mine-\nGRAFANA_PASSWORD=\n",
            );
            fs::rename(world.root().join("docker-compose.yml"), world.root().join("stack.yml")).unwrap();
            world.git(&["init", "-q"]);
            world.remove(".gitignore");
        },
    ),
    ("an app of one's own, built in two stages", |world| {
        world.write(
            "Dockerfile",
            "# syntax=docker/dockerfile:1\nFROM python:3.12-slim AS build\nWORKDIR /app\nCOPY --link requirements.txt .\n\
             RUN --mount=type=cache,target=/root/.cache <<EOF\npip install -r requirements.txt\nEOF\n\
             FROM build AS test\nRUN true\nFROM python:3.12-slim\nCOPY --from=build /usr/local /usr/local\n\
             COPY --chown=1000:1000 . /app\nHEALTHCHECK NONE\nUSER 1000\nENTRYPOINT [\"python\", \"-u\", \"run.py\"]\n",
        );
        world.write(".dockerignore", "keys_pool\nenv\n.env\n.git\n");
        world.write("requirements.txt", "fastapi[standard]~=0.115\nuvicorn>=0.30,<1 ; python_version>='3.9'\n-e ./lib\n--extra-index-url https://pypi.org/simple\n");
    }),
    ("a Compose file by the guide, written by hand", |world| {
        world.write(
            "docker-compose.yml",
            "services:\n  app-runner:\n    build: .\n    command: python run.py\n    ports: ['127.0.0.1:${MAGIC_PROXY_PORT}:8001', '127.0.0.1:${MCP_SERVER_PORT}:8002']\n\
             \x20   volumes: ['./keys_pool:/app/keys_pool:ro', './env:/app/env:ro', './proxy_config.yaml:/app/proxy_config.yaml:ro']\n\
             \x20   depends_on:\n      redis: {condition: service_healthy}\n\
             \x20 redis:\n    image: redis:7-alpine\n    healthcheck: {test: ['CMD', 'redis-cli', 'ping'], interval: 5s}\n\
             \x20   volumes: ['cache:/data']\nvolumes: {cache: }\n",
        );
    }),
    ("without monitoring, with an override", |world| {
        world.write("docker-compose.override.yml", "services:\n  promtail: {profiles: [logs]}\n  grafana: {profiles: [logs]}\n  app-runner:\n    environment: {DEBUG: '1'}\n    extra_hosts: ['host.docker.internal:host-gateway']\n");
    }),
    (
        "a server of one's own as provider, tools elsewhere, every key of the file",
        |world| {
            world.write(
            "proxy_config.yaml",
            "definitions: {fast: &fast {temperature: 0, max_tokens: 100}}\nmodel_list:\n  - model_name: qwen\n    provider: local\n    model_params:\n      <<: *fast\n      model: qwen3:8b\n      api_base: http://host.docker.internal:11434/v1\n    agent_settings: {reasoning_mode: high}\n\
             router_settings:\n  model_group_alias: {gpt-4o: [qwen]}\nagent_settings: {mcp_server_url: 'https://tools.example.com/mcp'}\n\
             streaming_settings: {typewriter_mode: client}\ncache_settings: {enabled: false, ttl_seconds: 60}\nkey_management_settings: {enable_quarantine: off}\nprovider_model_lists: {local: ['qwen3:8b']}\n",
        );
        },
    ),
    ("a project that runs already", |world| {
        let project = world.project();
        let stack = project.stack.as_ref().unwrap();
        for service in stack.services.values() {
            let name = service.container_name(&stack.name, 1);
            let state = State::Running {
                health: crate::observed::Health::Healthy,
            };
            let running = container(&name, &stack.name, service.name.as_str(), state);
            world.there.observed.containers.push(running);
        }
        for there in stack.volumes.values() {
            world
                .there
                .observed
                .volumes
                .push(volume(there.name.as_str(), Some(&stack.name)));
        }
    }),
    ("edited configuration and a dashboard of one's own", |world| {
        world.edit(
            "config/loki/local-config.yaml",
            "retention_period:",
            "# mine\n  retention_period:",
        );
        world.write("config/grafana/dashboards/mine.json", "{}\n");
        world.write("docs/keys_pool/README.md", "");
    }),
];

#[test]
fn a_project_that_works_has_no_error_and_no_warning() {
    for (name, change) in VARIATIONS {
        let mut world = World::new();
        change(&mut world);
        let loud: Vec<Finding> = world
            .findings()
            .into_iter()
            .filter(|finding| finding.severity() > Severity::Note)
            .collect();
        assert!(loud.is_empty(), "{name}: {:#?}", brief(&loud));
    }
}
