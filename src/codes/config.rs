//! `MC2xx`: `proxy_config.yaml`, config/, the Compose file.

use super::{Code, Severity, codes};

codes! {
    ALL;

    PROXY_NOT_YAML: Code {
        id: "MC201",
        severity: Severity::Error,
        title: "proxy_config.yaml can't be parsed",
        why: "The gateway refuses to start with it.",
        fix: "Mend the place that is shown; indentation is by blanks, never by tabs.",
        example: "model_list:\n  - model_name: gpt-mini\n    provider: openai",
    }

    PROXY_TYPE: Code {
        id: "MC202",
        severity: Severity::Error,
        title: "a value in proxy_config.yaml is of the wrong kind or not allowed",
        why: "The gateway refuses it, or takes something else than you meant.",
        fix: "Write what the message asks for. docs/schemas/proxy_config.schema.json says it to your editor too.",
        example: "temperature: warm   →   temperature: 0.7",
    }

    PROXY_UNKNOWN_KEY: Code {
        id: "MC203",
        severity: Severity::Warning,
        title: "a key in proxy_config.yaml means nothing",
        why: "Mostly it is misspelt, and what you meant has no effect. The gateway of the sample project refuses to start with it.",
        fix: "Correct or remove it. A mapping that only holds anchors belongs under `definitions`.",
        example: "max_token: 4096   →   max_tokens: 4096",
    }

    PROXY_MISSING_KEY: Code {
        id: "MC204",
        severity: Severity::Error,
        title: "something is missing in proxy_config.yaml",
        why: "Each entry of model_list needs `model_name`, `provider` and `model_params.model`, one of `openai_compatible` also `keys` and `model_params.api_base`. The gateway refuses to start without one of them.",
        fix: "Add it.",
        example: "- model_name: gpt-mini\n  provider: openai\n  model_params:\n    model: gpt-5-mini",
    }

    PROXY_PROVIDER: Code {
        id: "MC205",
        severity: Severity::Error,
        title: "a provider that the gateway does not know",
        why: "It knows google, openai, mistral, anthropic, deepseek, openai_compatible and local. Anything else that speaks OpenAI's protocol is `openai_compatible` with `keys` and an `api_base`, or `local` with an `api_base` when it asks for no key.",
        fix: "Write one of these.",
        example: "provider: gemini   →   provider: google",
    }

    PROXY_TWICE: Code {
        id: "MC206",
        severity: Severity::Error,
        title: "two profiles have the same model_name",
        why: "The name is what aliases and clients ask for; the gateway refuses to choose.",
        fix: "Give each a name of its own.",
        example: "- model_name: gpt-mini\n- model_name: gpt-mini-long",
    }

    PROXY_ALIAS: Code {
        id: "MC207",
        severity: Severity::Error,
        title: "an alias leads to a profile that does not exist",
        why: "The gateway refuses to start: nothing in model_list has that model_name.",
        fix: "Correct the name, or add the profile.",
        example: "default: [gpt-mni]   →   default: [gpt-mini]",
    }

    PROXY_UNUSED: Code {
        id: "MC208",
        severity: Severity::Note,
        title: "no alias leads to a profile",
        why: "A client can still ask for it by its model_name; if none does, it is never used.",
        fix: "Add it to an alias in router_settings.model_group_alias, or leave it.",
        example: "router_settings:\n  model_group_alias:\n    default: [gpt-mini]",
    }

    PROXY_MCP: Code {
        id: "MC209",
        severity: Severity::Warning,
        title: "mcp_server_url leads nowhere in this stack",
        why: "Seen from the gateway's container, nothing of this stack listens there, so tools are never reached. In that container `localhost` is the container itself, where mcp-server listens on 8002.",
        fix: "`http://localhost:8002`, or another service of the Compose file by its name and its port inside.",
        example: "mcp_server_url: http://mcp-server:8002   →   mcp_server_url: http://localhost:8002",
    }

    PROXY_EMPTY_CHAIN: Code {
        id: "MC210",
        severity: Severity::Error,
        title: "an alias leads nowhere",
        why: "Its list of profiles is empty: every request for it fails.",
        fix: "Name at least one profile, or take the alias out.",
        example: "default: []   →   default: [gpt-mini]",
    }

    PROXY_NO_MODELS: Code {
        id: "MC211",
        severity: Severity::Warning,
        title: "proxy_config.yaml names no models",
        why: "The gateway starts and can answer no request.",
        fix: "Add at least one profile to model_list.",
        example: "model_list:\n  - model_name: gpt-mini\n    provider: openai\n    model_params:\n      model: gpt-5-mini",
    }

    PROXY_NOT_LISTED: Code {
        id: "MC212",
        severity: Severity::Error,
        title: "a model that its provider's list does not have",
        why: "provider_model_lists says which models of a provider may be used. The gateway refuses a profile whose model is not among them.",
        fix: "Add the model to the list, or correct its name.",
        example: "provider_model_lists:\n  openai: [gpt-5-mini]",
    }

    CONFIG_EDITED: Code {
        id: "MC220",
        severity: Severity::Note,
        title: "a rendered file was edited",
        why: "magicctl keeps it as it is: settings in magicctl.yaml and newer templates no longer reach it.",
        fix: "Nothing needs to be done. `magicctl render --diff` shows how it differs, `magicctl render --force` overwrites it.",
        example: "note[MC220]: config/loki/local-config.yaml was edited",
    }

    CONFIG_OUTDATED: Code {
        id: "MC221",
        severity: Severity::Warning,
        title: "a rendered file is outdated",
        why: "It is as magicctl wrote it, but with other settings or an earlier template: what magicctl.yaml says now is not in force.",
        fix: "`magicctl render` brings it up to date.",
        example: "warning[MC221]: config/loki/local-config.yaml is outdated",
    }

    CONFIG_INVALID: Code {
        id: "MC222",
        severity: Severity::Error,
        title: "a file in config/ can't be read by its program",
        why: "The program refuses it and does not start. Loki and Promtail said so themselves, run once in their image (by `check --deep`, and by `up` before it replaces a container); else, and of other files, only the syntax was looked at.",
        fix: "Mend the place that is shown. `magicctl render --diff` shows what was edited, `magicctl render --force` takes the edits back.",
        example: "error[MC222]: loki can't read config/loki/local-config.yaml",
    }

    SETTINGS_INVALID: Code {
        id: "MC223",
        severity: Severity::Error,
        title: "magicctl.yaml is invalid",
        why: "Nothing can be rendered or started with settings that make no sense.",
        fix: "Mend the place that is shown. docs/schemas/magicctl.schema.json says to your editor what may stand there.",
        example: "retention: soon   →   retention: 7d",
    }

    COMPOSE_INVALID: Code {
        id: "MC230",
        severity: Severity::Error,
        title: "the Compose file is invalid",
        why: "Nothing can be started from it. magicctl honours every key of the file or refuses it, so that nothing is silently left out.",
        fix: "Mend the place that is shown.",
        example: "enviroment:   →   environment:",
    }

    COMPOSE_ADVICE: Code {
        id: "MC231",
        severity: Severity::Warning,
        title: "something in the Compose file has no effect, or not the one that it seems to have",
        why: "A variable that is not set counts as empty; some keys are there for older versions only.",
        fix: "Set the variable (in .env), give it a default (`${NAME:-default}`), or take the key out.",
        example: "warning[MC231]: the variable TAG is not set: it counts as empty",
    }

    NO_HEALTHCHECK: Code {
        id: "MC232",
        severity: Severity::Error,
        title: "a service waits for the health of one that has no healthcheck",
        why: "`condition: service_healthy` waits for a healthcheck to pass. Neither the Compose file nor the image has one, so it never does, and the service is never started.",
        fix: "Add a `healthcheck` to the one that is waited for, or wait for `service_started`.",
        example: "redis:\n  healthcheck:\n    test: [\"CMD-SHELL\", \"redis-cli ping | grep -q PONG\"]\n    interval: 10s",
    }

    HEALTHCHECK_TOOL: Code {
        id: "MC233",
        severity: Severity::Error,
        title: "the healthcheck's tool is not in the image",
        why: "The engine runs the healthcheck inside the container. Without the tool it fails every time (\"executable file not found\"), the service counts as unhealthy for ever, and what waits for it never starts. Small images often have neither curl nor wget nor a shell.",
        fix: "Use what the image has: often the program can ask itself (`/usr/bin/loki -health`), and where there is bash, `: </dev/tcp/127.0.0.1/PORT` needs nothing else.",
        example: "test: [\"CMD\", \"wget\", \"-q\", \"http://localhost:3100/ready\"]   →   test: [\"CMD\", \"/usr/bin/loki\", \"-health\"]",
    }

    OPEN_PORT: Code {
        id: "MC234",
        severity: Severity::Warning,
        title: "a service that asks for no password, or for a well-known one, is open to other machines",
        why: "A port without an address, or with any but a loopback address (0.0.0.0, `[::]`, that of a network card), is reached from other machines, and Docker's rules come before the firewall's; with `network_mode: host` that is so for everything that listens. Grafana with admin/admin, Redis, Kafka and Loki without a password are found by scanners within hours. Through a gateway without a client key anybody uses your providers' keys.",
        fix: "Publish it on 127.0.0.1 (BIND_ADDRESS), or set a password: GATEWAY_API_KEY in env/gateway.env or clients in env/gateway.yaml, GRAFANA_PASSWORD in .env, `--requirepass` for Redis.",
        example: "\"3000:3000\"   →   \"127.0.0.1:3000:3000\"",
    }

    UNPINNED_IMAGE: Code {
        id: "MC235",
        severity: Severity::Warning,
        title: "images that aren't pinned to a version",
        why: "`latest`, or no tag at all, is another image tomorrow: two machines run different versions, and a pull may bring one that can't read the data of the one before.",
        fix: "Name the version.",
        example: "image: redis   →   image: redis:8.10-alpine",
    }

    PORT_TWICE: Code {
        id: "MC236",
        severity: Severity::Error,
        title: "two services publish the same host port",
        why: "The second of them can't start: the port is taken by the first.",
        fix: "Give one of them another host port.",
        example: "\"127.0.0.1:8080:80\"   →   \"127.0.0.1:8081:80\"",
    }

    BIND_MISSING: Code {
        id: "MC237",
        severity: Severity::Error,
        title: "the source of a mount is not there",
        why: "Compose would make an empty folder of that name, and the service would find that instead of the file. magicctl refuses.",
        fix: "Make the file or folder, or correct the path; it begins at the Compose file's folder.",
        example: "./settings.yml:/app/settings.yaml   →   ./settings.yaml:/app/settings.yaml",
    }

    VOLUME_OF_ANOTHER: Code {
        id: "MC238",
        severity: Severity::Warning,
        title: "a volume belongs to another project",
        why: "Two projects write to the same data: Kafka and Loki damage it when two of them do so at a time.",
        fix: "Give the volume another name, or say `external: true` if it is meant to be shared.",
        example: "volumes:\n  kafka-data:\n    name: mine-kafka-data",
    }

    EXTERNAL_MISSING: Code {
        id: "MC239",
        severity: Severity::Error,
        title: "an external network or volume is not there",
        why: "`external: true` says that somebody else makes it; magicctl does not.",
        fix: "Make it (`docker network create NAME`, `docker volume create NAME`), or take `external: true` out.",
        example: "docker network create shared",
    }

    SOCKET_ELSEWHERE: Code {
        id: "MC240",
        severity: Severity::Error,
        title: "the collector mounts the socket of another engine",
        why: "It finds containers through the engine's socket. The engine in use listens elsewhere (rootless, Desktop, another context), so it would find none, or those of another engine.",
        fix: "Set DOCKER_SOCKET to the socket that is named, in .env or before the command.",
        example: "DOCKER_SOCKET=/run/user/1000/docker.sock",
    }

    LOG_DRIVER: Code {
        id: "MC241",
        severity: Severity::Warning,
        title: "a log driver whose lines nobody can read back",
        why: "The engine gives out the lines of json-file, local and journald only. With any other driver neither the collector nor `magicctl logs` sees them.",
        fix: "Leave `logging.driver` out, or use one of the three. If it is the engine's own default, `log-driver` in its daemon.json says so.",
        example: "logging:\n  driver: json-file",
    }

    IMAGE_BY_TAG: Code {
        id: "MC242",
        severity: Severity::Note,
        title: "images that are named by tag, not by digest",
        why: "Whoever may write to the repository in the registry can give a tag to another image: what the next machine pulls is then not what you tried. A digest names one image for good.",
        fix: "Run `magicctl render --pin`: it asks the registries and writes the digests beside the tags (`pins` in magicctl.yaml).",
        example: "image: redis:8.10-alpine   →   image: redis:8.10-alpine@sha256:…",
    }

    ADDRESS_NOWHERE: Code {
        id: "MC243",
        severity: Severity::Warning,
        title: "an address leads to no service of the stack",
        why: "Containers reach each other by the names of their services. A name that no service has is looked up outside of the stack, where it mostly isn't found either.",
        fix: "Correct the name. A host outside of the stack that has a similar name can be given with its domain, or in `extra_hosts`.",
        example: "warning[MC243]: app-runner: KAFKA_BROKERS names kafak:9093",
    }

    KAFKA_ADDRESS: Code {
        id: "MC244",
        severity: Severity::Warning,
        title: "a service is given Kafka's address for the host",
        why: "Kafka tells whoever connects where to go on, by the listener that they came in at. The listener for the host sends containers to localhost, which is the container itself there.",
        fix: "Give containers the address of the listener that names the service, as KAFKA_ADVERTISED_LISTENERS has it.",
        example: "KAFKA_BROKER: kafka:9093",
    }

    IMAGE_UNAVAILABLE: Code {
        id: "MC245",
        severity: Severity::Error,
        title: "an image is not here, can't be pulled, and nothing builds it",
        why: "The service can't be started. The registry was asked, and doesn't have the image or can't be reached from the engine.",
        fix: "Correct `image`, give the engine a way to the registry, or load the image from another machine (`docker save`, `docker load`). To bring up the rest, name the other services.",
        example: "docker save IMAGE | ssh HOST docker load",
    }
}
