//! `MC50x` to `MC53x`: what the engine, a registry or a builder refuses.

use super::super::{Code, Severity, codes};

codes! {
    ENGINE;

    PORT_TAKEN_AT_START: Code {
        id: "MC505",
        severity: Severity::Error,
        title: "a host port is already in use",
        why: "another process took the port between the check and the start, or uses it where magicctl can't see it: on the engine's machine, or on another address",
        fix: "stop the process that uses the port, or choose another port with its variable (in .env or before the command)",
        example: "KAFKA_PORT=19092 magicctl up",
    }

    SOURCE_GONE: Code {
        id: "MC507",
        severity: Severity::Error,
        title: "the engine can't find the source of a mount",
        why: "the engine looks up the path when it starts the container, on its own machine, which may be another one",
        fix: "create the file or folder there, or correct the path in the Compose file",
        example: "bind source path does not exist: /srv/keys_pool",
    }

    FILE_ON_FOLDER: Code {
        id: "MC508",
        severity: Severity::Error,
        title: "a folder is mounted onto a file of the image, or the reverse",
        why: "Docker and Compose create an empty folder for a missing mount source",
        more_why: "If it is mounted onto a file, the container can't start.",
        fix: "replace the empty folder with the right file",
        example: "rmdir proxy_config.yaml && magicctl init",
    }

    MOUNT_REFUSED: Code {
        id: "MC509",
        severity: Severity::Error,
        title: "the engine rejects a mount",
        why: "the entry in `volumes` is impossible: its target is not a valid path or is used twice, or the volume's device doesn't exist",
        fix: "correct the entry in the error",
        example: "volumes: [\"data:/var/lib/app\"]",
    }

    IN_USE: Code {
        id: "MC510",
        severity: Severity::Error,
        title: "a volume or network is still in use",
        why: "a container outside this project uses the volume or the network",
        more_why: "magicctl removes only containers of its own project.",
        fix: "remove that container if you don't need it, then run the command again",
        example: "docker ps -a --filter volume=magicproxy_kafka-data",
    }

    NO_ADDRESSES: Code {
        id: "MC511",
        severity: Severity::Error,
        title: "no free address for a network or container",
        why: "each network reserves a range of addresses",
        more_why: "Leftover networks use up the default pools, or a subnet in the Compose file overlaps with an existing one.",
        fix: "remove unused networks, or choose another subnet",
        example: "docker network prune",
    }

    DISK_FULL: Code {
        id: "MC512",
        severity: Severity::Error,
        title: "the disk is full",
        why: "the engine's disk contains images, containers, volumes, logs and the build cache",
        more_why: "If it is full, nothing can be pulled, built, created or written.",
        fix: "remove unused images and the build cache",
        more_fix: "Volumes contain data, so check them before you remove one.",
        example: "docker system df\ndocker builder prune -f; docker image prune -f",
    }

    NOT_AVAILABLE: Code {
        id: "MC513",
        severity: Severity::Error,
        title: "the service needs something that this engine or machine doesn't have",
        why: "it uses a user that is not in the image, an unknown device, runtime or log driver, more CPUs than the machine has, or a memory limit below the minimum",
        fix: "remove the setting, or install what is missing",
        example: "user: \"1000\"",
    }

    REFUSED: Code {
        id: "MC514",
        severity: Severity::Error,
        title: "the engine reports an error that magicctl doesn't know",
        why: "the error shows the engine's message",
        fix: "fix what the message names",
        more_fix: "The engine's log may have details.",
        example: "sudo journalctl -u docker -n 30",
    }

    ENGINE_STRANGE: Code {
        id: "MC515",
        severity: Severity::Error,
        title: "the engine sent an invalid answer",
        why: "the answer doesn't match the Engine API: it is not JSON, has another structure, or is too long (docs/engine-limits.md)",
        more_why: "The server at that address is not a Docker Engine, or a proxy changes its answers.",
        fix: "check the server with `docker version` and `docker info`, and read the engine's log (`journalctl -u docker`)",
        example: "error[MC515]: the engine at unix:///var/run/docker.sock sent an invalid answer",
    }

    REGISTRY_AWAY: Code {
        id: "MC520",
        severity: Severity::Error,
        title: "a registry can't be reached",
        why: "the registry's name is misspelt, it is not running, or this machine can't reach it (network, DNS, firewall, proxy)",
        fix: "correct the name, start the registry, or connect this machine to the network",
        more_fix: "Without a registry, build the services' images from packages.",
        example: "make images\nmagicctl --env-file images/local.env up",
    }

    NO_SUCH_IMAGE: Code {
        id: "MC521",
        severity: Severity::Error,
        title: "an image doesn't exist",
        why: "the registry doesn't have it: the name or tag is misspelt, or it was never pushed",
        more_why: "Without a login, registries give the same answer for private images.",
        fix: "correct the service's `image`",
        more_fix: "Log in if it is private.",
        example: "image: redis:8.10-alpine",
    }

    LOGIN_NEEDED: Code {
        id: "MC522",
        severity: Severity::Error,
        title: "the registry requires a login",
        why: "there is no stored login, or the registry rejects it",
        fix: "log in to that registry",
        more_fix: "`magicctl` uses what the Docker client stores.",
        example: "docker login registry.example.com",
    }

    RATE_LIMIT: Code {
        id: "MC523",
        severity: Severity::Error,
        title: "the registry's pull limit is reached",
        why: "registries limit the pulls per address and time",
        more_why: "The limit is higher with a login.",
        fix: "log in, or wait",
        example: "docker login",
    }

    OTHER_PLATFORM: Code {
        id: "MC524",
        severity: Severity::Error,
        title: "the image is not available for this machine",
        why: "it is only available for other platforms",
        fix: "use an image for this platform, or set `platform:` to emulate it, which is slow",
        example: "platform: linux/amd64",
    }

    REGISTRY_TLS: Code {
        id: "MC525",
        severity: Severity::Error,
        title: "the TLS connection to the registry fails",
        why: "it uses plain HTTP, or the engine doesn't trust its certificate",
        fix: "over plain HTTP: add the registry to `insecure-registries` in /etc/docker/daemon.json and restart the engine; otherwise install its CA's certificate for the engine",
        example: "sudo install -D ca.crt /etc/docker/certs.d/registry.example.com/ca.crt",
    }

    REGISTRY_UNWELL: Code {
        id: "MC526",
        severity: Severity::Error,
        title: "the registry failed, or the download was interrupted",
        why: "the cause is the registry or the network, not the stack",
        fix: "try again",
        more_fix: "Finished layers are not downloaded again.",
        example: "magicctl up",
    }

    BUILD_STEP: Code {
        id: "MC530",
        severity: Severity::Error,
        title: "a step of a Dockerfile fails",
        why: "the step's program exited with an error",
        more_why: "Running containers are not replaced until the build succeeds.",
        fix: "read the step's output in the error, fix the problem, and build again",
        example: "magicctl rebuild app-runner",
    }

    COPIED_MISSING: Code {
        id: "MC531",
        severity: Severity::Error,
        title: "a step copies a file that is not in the build context",
        why: "the file doesn't exist, or `.dockerignore` excludes it",
        more_why: "The sample project's `.dockerignore` excludes every file that it doesn't list, so that no key gets into the image.",
        fix: "create the file, or add it to `.dockerignore` with `!`",
        example: "echo '!tools/' >> .dockerignore",
    }

    PACKAGE: Code {
        id: "MC532",
        severity: Severity::Error,
        title: "a Python package can't be installed",
        why: "requirements.txt lists a package or version that the package index doesn't have, or incompatible versions",
        fix: "correct the line in the error",
        example: "redis==8.1.0",
    }

    BUILD_NETWORK: Code {
        id: "MC533",
        severity: Severity::Error,
        title: "a build can't reach the network",
        why: "the build can't reach any package index",
        fix: "connect this machine to the network",
        more_fix: "If it needs a proxy, pass the proxy as build arguments.",
        example: "build: {args: {HTTPS_PROXY: \"http://proxy.example.com:3128\"}}",
    }

    DOCKERFILE: Code {
        id: "MC534",
        severity: Severity::Error,
        title: "the Dockerfile is not valid",
        why: "an instruction is misspelt, a stage or a build argument is missing",
        fix: "correct the line in the error",
        example: "RUN pip install -r requirements.txt",
    }

    BUILD_TOOL: Code {
        id: "MC535",
        severity: Severity::Error,
        title: "a program or system package is missing during the build",
        why: "the base image doesn't contain it, and no earlier step installs it",
        fix: "install it in an earlier step",
        example: "RUN apt-get update && apt-get install -y --no-install-recommends build-essential",
    }
}
