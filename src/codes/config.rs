//! `MC2xx`: `proxy_config.yaml`, config/, the Compose file.

use super::{Code, Severity, codes};

codes! {
    ALL;

    PROXY_NOT_YAML: Code {
        id: "MC201",
        severity: Severity::Error,
        title: "proxy_config.yaml can't be parsed",
        why: "the gateway doesn't start with it",
        fix: "fix the marked line",
        more_fix: "Indent with spaces, never with tabs.",
        example: "model_list:\n  - model_name: gpt-mini\n    provider: openai",
    }

    PROXY_TYPE: Code {
        id: "MC202",
        severity: Severity::Error,
        title: "a value in proxy_config.yaml has the wrong type or is not allowed",
        why: "the gateway rejects it, or misunderstands it",
        fix: "use a value that the message allows",
        more_fix: "With docs/schemas/proxy_config.schema.json your editor can check it too.",
        example: "temperature: warm   →   temperature: 0.7",
    }

    PROXY_UNKNOWN_KEY: Code {
        id: "MC203",
        severity: Severity::Warning,
        title: "a key in proxy_config.yaml is unknown",
        why: "it is probably misspelt, so the setting has no effect",
        more_why: "The sample project's gateway doesn't start with it.",
        fix: "correct or remove it",
        more_fix: "A mapping that only defines anchors belongs under `definitions`.",
        example: "max_token: 4096   →   max_tokens: 4096",
    }

    PROXY_MISSING_KEY: Code {
        id: "MC204",
        severity: Severity::Error,
        title: "a key is missing in proxy_config.yaml",
        why: "each entry of model_list needs `model_name`, `provider` and `model_params.model`, and an `openai_compatible` entry also needs `keys` and `model_params.api_base`",
        more_why: "The gateway doesn't start without them.",
        fix: "add it",
        example: "- model_name: gpt-mini\n  provider: openai\n  model_params:\n    model: gpt-5-mini",
    }

    PROXY_PROVIDER: Code {
        id: "MC205",
        severity: Severity::Error,
        title: "the gateway doesn't know this provider",
        why: "it knows google, openai, mistral, anthropic, deepseek, openai_compatible and local",
        more_why: "For other services with OpenAI's API, use `openai_compatible` with `keys` and an `api_base`, or `local` with an `api_base` if it needs no key.",
        fix: "use one of these",
        example: "provider: gemini   →   provider: google",
    }

    PROXY_TWICE: Code {
        id: "MC206",
        severity: Severity::Error,
        title: "two profiles have the same model_name",
        why: "aliases and clients use this name to choose a profile, so it has to be unique",
        fix: "give each profile its own name",
        example: "- model_name: gpt-mini\n- model_name: gpt-mini-long",
    }

    PROXY_ALIAS: Code {
        id: "MC207",
        severity: Severity::Error,
        title: "an alias names a profile that doesn't exist",
        why: "no entry in model_list has that model_name, so the gateway doesn't start",
        fix: "correct the name, or add the profile",
        example: "default: [gpt-mni]   →   default: [gpt-mini]",
    }

    PROXY_UNUSED: Code {
        id: "MC208",
        severity: Severity::Note,
        title: "no alias uses a profile",
        why: "clients can still use it by its model_name",
        more_why: "Otherwise it is never used.",
        fix: "add it to an alias in router_settings.model_group_alias, or ignore this note",
        example: "router_settings:\n  model_group_alias:\n    default: [gpt-mini]",
    }

    PROXY_MCP: Code {
        id: "MC209",
        severity: Severity::Warning,
        title: "nothing answers at mcp_server_url",
        why: "the gateway's container can't reach anything at that address, so no tool works",
        more_why: "In that container, `localhost` is the container itself, where mcp-server listens on 8002.",
        fix: "use `http://localhost:8002`, or another service of the Compose file by its name and container port",
        example: "mcp_server_url: http://mcp-server:8002   →   mcp_server_url: http://localhost:8002",
    }

    PROXY_EMPTY_CHAIN: Code {
        id: "MC210",
        severity: Severity::Error,
        title: "an alias lists no profiles",
        why: "its list of profiles is empty, so every request for it fails",
        fix: "add at least one profile, or remove the alias",
        example: "default: []   →   default: [gpt-mini]",
    }

    PROXY_NO_MODELS: Code {
        id: "MC211",
        severity: Severity::Warning,
        title: "proxy_config.yaml defines no models",
        why: "the gateway starts, but can't answer any request",
        fix: "add at least one profile to model_list",
        example: "model_list:\n  - model_name: gpt-mini\n    provider: openai\n    model_params:\n      model: gpt-5-mini",
    }

    PROXY_NOT_LISTED: Code {
        id: "MC212",
        severity: Severity::Error,
        title: "a model is not in its provider's list",
        why: "provider_model_lists lists the models that may be used",
        more_why: "The gateway rejects a profile with any other model.",
        fix: "add the model to the list, or correct its name",
        example: "provider_model_lists:\n  openai: [gpt-5-mini]",
    }

    CONFIG_EDITED: Code {
        id: "MC220",
        severity: Severity::Note,
        title: "a rendered file was edited",
        why: "magicctl doesn't change it any more, so settings in magicctl.yaml and newer templates have no effect on it",
        fix: "nothing needs to be done if the edit is intended",
        more_fix: "`magicctl render --diff` shows how it differs, `magicctl render --force` overwrites it.",
        example: "note[MC220]: config/loki/local-config.yaml was edited",
    }

    CONFIG_OUTDATED: Code {
        id: "MC221",
        severity: Severity::Warning,
        title: "a rendered file is outdated",
        why: "magicctl wrote it with other settings or an earlier template, so the current magicctl.yaml has no effect on it",
        fix: "run `magicctl render` to update it",
        example: "warning[MC221]: config/loki/local-config.yaml is outdated",
    }

    CONFIG_INVALID: Code {
        id: "MC222",
        severity: Severity::Error,
        title: "a program can't read its file in config/",
        why: "the program rejects the file and doesn't start",
        more_why: "`check --deep`, and `up` before it replaces a container, check the files of Loki and Promtail by running the program once; otherwise only the syntax is checked.",
        fix: "fix the marked line",
        more_fix: "`magicctl render --diff` shows the edits, `magicctl render --force` undoes them.",
        example: "error[MC222]: loki can't read config/loki/local-config.yaml",
    }

    SETTINGS_INVALID: Code {
        id: "MC223",
        severity: Severity::Error,
        title: "magicctl.yaml is invalid",
        why: "magicctl can't render or start anything with invalid settings",
        fix: "fix the marked line",
        more_fix: "With docs/schemas/magicctl.schema.json your editor can show the allowed values.",
        example: "retention: soon   →   retention: 7d",
    }

    COMPOSE_INVALID: Code {
        id: "MC230",
        severity: Severity::Error,
        title: "the Compose file is invalid",
        why: "magicctl supports a key or reports an error",
        more_why: "It never ignores one silently.",
        fix: "fix the marked line",
        example: "enviroment:   →   environment:",
    }

    COMPOSE_ADVICE: Code {
        id: "MC231",
        severity: Severity::Warning,
        title: "something in the Compose file has no effect, or an unexpected one",
        why: "a variable that is not set counts as empty",
        more_why: "Some keys only matter for older versions.",
        fix: "set the variable (in .env), give it a default (`${NAME:-default}`), or remove the key",
        example: "warning[MC231]: the variable TAG is not set; using an empty string",
    }

    NO_HEALTHCHECK: Code {
        id: "MC232",
        severity: Severity::Error,
        title: "a service waits for a healthcheck that doesn't exist",
        why: "`condition: service_healthy` waits for a healthcheck to pass, but neither the Compose file nor the image has one, so the service is never started",
        fix: "add a `healthcheck` to the dependency, or use `service_started`",
        example: "redis:\n  healthcheck:\n    test: [\"CMD-SHELL\", \"redis-cli ping | grep -q PONG\"]\n    interval: 10s",
    }

    HEALTHCHECK_TOOL: Code {
        id: "MC233",
        severity: Severity::Error,
        title: "the healthcheck's tool is not in the image",
        why: "the engine runs the healthcheck inside the container",
        more_why: "Without the tool it always fails (\"executable file not found\"), so the service stays unhealthy, and its dependents never start. Small images often have no curl, wget or shell.",
        fix: "use a tool that is in the image: many programs have their own check (`/usr/bin/loki -health`), and with bash you can use `: </dev/tcp/127.0.0.1/PORT`",
        example: "test: [\"CMD\", \"wget\", \"-q\", \"http://localhost:3100/ready\"]   →   test: [\"CMD\", \"/usr/bin/loki\", \"-health\"]",
    }

    OPEN_PORT: Code {
        id: "MC234",
        severity: Severity::Warning,
        title: "other machines can reach a service without a password, or with a well-known one",
        why: "other machines can reach a port that is published without an address, or on any address except loopback",
        more_why: "With `network_mode: host` they can reach every port. Docker's rules take precedence over the firewall's. Scanners find Grafana with admin/admin, or Redis, Kafka and Loki without a password, within hours. Anyone can use your providers' keys through a gateway without a client key.",
        fix: "publish it on 127.0.0.1 (BIND_ADDRESS), or set a password: GATEWAY_API_KEY in env/gateway.env or clients in env/gateway.yaml, GRAFANA_PASSWORD in .env, `--requirepass` for Redis",
        example: "\"3000:3000\"   →   \"127.0.0.1:3000:3000\"",
    }

    UNPINNED_IMAGE: Code {
        id: "MC235",
        severity: Severity::Warning,
        title: "an image isn't pinned to a version",
        why: "with `latest` or no tag, the image changes over time: two machines can run different versions, and a pulled version may not be able to read the old data",
        fix: "add the version as the tag",
        example: "image: redis   →   image: redis:8.10-alpine",
    }

    PORT_TWICE: Code {
        id: "MC236",
        severity: Severity::Error,
        title: "two services publish the same host port",
        why: "the second one can't start, because the first one uses the port",
        fix: "use another host port for one of them",
        example: "\"127.0.0.1:8080:80\"   →   \"127.0.0.1:8081:80\"",
    }

    BIND_MISSING: Code {
        id: "MC237",
        severity: Severity::Error,
        title: "the source of a mount doesn't exist",
        why: "Compose would create an empty folder with that name and mount it instead of the file",
        more_why: "magicctl reports an error.",
        fix: "create the file or folder, or correct the path, which is relative to the Compose file's folder",
        example: "./settings.yml:/app/settings.yaml   →   ./settings.yaml:/app/settings.yaml",
    }

    VOLUME_OF_ANOTHER: Code {
        id: "MC238",
        severity: Severity::Warning,
        title: "a volume belongs to another project",
        why: "two projects would write to the same data, which damages it, for example with Kafka and Loki",
        fix: "give the volume another name, or set `external: true` if it should be shared",
        example: "volumes:\n  kafka-data:\n    name: mine-kafka-data",
    }

    EXTERNAL_MISSING: Code {
        id: "MC239",
        severity: Severity::Error,
        title: "an external network or volume doesn't exist",
        why: "with `external: true`, magicctl doesn't create it",
        fix: "create it (`docker network create NAME`, `docker volume create NAME`), or remove `external: true`",
        example: "docker network create shared",
    }

    SOCKET_ELSEWHERE: Code {
        id: "MC240",
        severity: Severity::Error,
        title: "the collector mounts the socket of another engine",
        why: "it finds containers through the engine's socket",
        more_why: "The engine in use has another socket (rootless, Desktop, another context), so the collector would find no containers, or those of another engine.",
        fix: "set DOCKER_SOCKET to the socket in the message, in .env or before the command",
        example: "DOCKER_SOCKET=/run/user/1000/docker.sock",
    }

    LOG_DRIVER: Code {
        id: "MC241",
        severity: Severity::Warning,
        title: "logs of this log driver can't be read back",
        why: "the engine can read back logs only from json-file, local and journald",
        more_why: "With any other driver, neither the collector nor `magicctl logs` can show them.",
        fix: "remove `logging.driver`, or use one of the three",
        more_fix: "The engine's default is `log-driver` in its daemon.json.",
        example: "logging:\n  driver: json-file",
    }

    IMAGE_BY_TAG: Code {
        id: "MC242",
        severity: Severity::Note,
        title: "an image is referenced by tag, not by digest",
        why: "a tag can be moved to another image, so the next machine may pull something that you never tested",
        more_why: "A digest always stands for the same image.",
        fix: "run `magicctl render --pin`: it gets the digests from the registries and writes them to `pins` in magicctl.yaml",
        example: "image: redis:8.10-alpine   →   image: redis:8.10-alpine@sha256:…",
    }

    ADDRESS_NOWHERE: Code {
        id: "MC243",
        severity: Severity::Warning,
        title: "an address matches no service of the stack",
        why: "containers reach each other by their services' names",
        more_why: "Any other name is looked up outside the stack, where it usually doesn't exist either.",
        fix: "correct the name",
        more_fix: "For a host outside the stack, add its domain, or use `extra_hosts`.",
        example: "warning[MC243]: app-runner: KAFKA_BROKERS names kafak:9093",
    }

    KAFKA_ADDRESS: Code {
        id: "MC244",
        severity: Severity::Warning,
        title: "a service uses Kafka's address for the host",
        why: "Kafka redirects each client to the advertised address of the listener it connected to",
        more_why: "The listener for the host redirects containers to localhost, which is the container itself.",
        fix: "in containers, use the address in KAFKA_ADVERTISED_LISTENERS that contains the service's name",
        example: "KAFKA_BROKER: kafka:9093",
    }

    IMAGE_UNAVAILABLE: Code {
        id: "MC245",
        severity: Severity::Error,
        title: "an image is missing, and can't be pulled or built",
        why: "the service can't be started: the registry doesn't have the image, or the engine can't reach the registry",
        fix: "correct `image`, give the engine access to the registry, or load the image from another machine (`docker save`, `docker load`)",
        more_fix: "To bring up only the other services, list them on the command line.",
        example: "docker save IMAGE | ssh HOST docker load",
    }
}
