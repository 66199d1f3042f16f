//! `MC50x` to `MC53x`: what the engine, a registry or a builder refuses.

use super::super::{Code, Severity, codes};

codes! {
    ENGINE;

    PORT_TAKEN_AT_START: Code {
        id: "MC505",
        severity: Severity::Error,
        title: "the engine can't give a container its host port",
        why: "Somebody took the port between the check and the start, or has it where magicctl can't see it: on the engine's machine, or on another address.",
        fix: "End what has it, or move the port with its variable (in .env or before the command).",
        example: "KAFKA_PORT=19092 magicctl up",
    }

    SOURCE_GONE: Code {
        id: "MC507",
        severity: Severity::Error,
        title: "the engine finds the source of a mount missing",
        why: "The path is looked up on the engine's machine, which may be another one, and when the container is started.",
        fix: "Make the file or folder there, or correct the path in the Compose file.",
        example: "bind source path does not exist: /srv/keys_pool",
    }

    FILE_ON_FOLDER: Code {
        id: "MC508",
        severity: Severity::Error,
        title: "a folder is mounted where the image has a file, or the reverse",
        why: "Docker and Compose make an empty folder in the place of a source that is missing. Mounted on a file, it keeps the container from starting.",
        fix: "Remove the empty folder, and put the file there that was meant.",
        example: "rmdir proxy_config.yaml && magicctl init",
    }

    MOUNT_REFUSED: Code {
        id: "MC509",
        severity: Severity::Error,
        title: "the engine refuses a mount",
        why: "The entry of `volumes` can be read, and asks for what can't be: a target that is no path or is there twice, or a volume whose device does not exist.",
        fix: "Correct the entry that the card shows.",
        example: "volumes: [\"data:/var/lib/app\"]",
    }

    IN_USE: Code {
        id: "MC510",
        severity: Severity::Error,
        title: "a volume or network is still in use",
        why: "A container that is not of this project mounts the volume or is connected to the network. magicctl removes only containers of its own project.",
        fix: "Remove that container if it is not needed, then say the same command again.",
        example: "docker ps -a --filter volume=magicproxy_kafka-data",
    }

    NO_ADDRESSES: Code {
        id: "MC511",
        severity: Severity::Error,
        title: "no addresses for a network or container",
        why: "Each network takes a range of addresses. Those of the default pools were used up by networks that are left over, or a subnet in the file overlaps with one that is there.",
        fix: "Remove networks that no container uses, or choose another subnet.",
        example: "docker network prune",
    }

    DISK_FULL: Code {
        id: "MC512",
        severity: Severity::Error,
        title: "the disk is full",
        why: "Where the engine keeps its data lie images, containers, volumes, logs and the build cache. When it is full nothing can be pulled, built, made or written.",
        fix: "Free space: what nothing uses can go. Volumes hold data; look before you remove one.",
        example: "docker system df\ndocker builder prune -f; docker image prune -f",
    }

    NOT_AVAILABLE: Code {
        id: "MC513",
        severity: Severity::Error,
        title: "the service asks for what this engine or machine does not have",
        why: "A user that is not in the image, a device, a runtime, a log driver, more processors than there are, less memory than the least.",
        fix: "Take the setting out, or give the machine what it asks for.",
        example: "user: \"1000\"",
    }

    REFUSED: Code {
        id: "MC514",
        severity: Severity::Error,
        title: "the engine refuses, for a reason that magicctl does not know",
        why: "The card shows the engine's own words.",
        fix: "Mend what they name. The engine's log may say more.",
        example: "sudo journalctl -u docker -n 30",
    }

    ENGINE_STRANGE: Code {
        id: "MC515",
        severity: Severity::Error,
        title: "the engine gave an answer that can't be used",
        why: "What came is not what the Engine API has: not JSON, another shape, or longer than any such answer is (docs/engine-limits.md). Something else than a Docker Engine answers at that address, or a proxy before it spoils what it says.",
        fix: "See what answers there: `docker version`, `docker info`, and the engine's own log (`journalctl -u docker`).",
        example: "error[MC515]: the engine at unix:///var/run/docker.sock gave an answer that can't be used",
    }

    REGISTRY_AWAY: Code {
        id: "MC520",
        severity: Severity::Error,
        title: "a registry can't be reached",
        why: "No image can be pulled: the registry's name is misspelt, it is not running, or this machine has no way to it (network, DNS, firewall, proxy).",
        fix: "Correct the name, start the registry, or connect the machine. Where no registry can be reached, build the services' images from packages.",
        example: "make images\nmagicctl --env-file images/local.env up",
    }

    NO_SUCH_IMAGE: Code {
        id: "MC521",
        severity: Severity::Error,
        title: "there is no such image",
        why: "The registry answers, and does not have it: name or tag is misspelt, or it was never pushed. Registries say the same of private images to those who are not logged in.",
        fix: "Correct `image` of the service; log in if it is a private one.",
        example: "image: redis:8.10-alpine",
    }

    LOGIN_NEEDED: Code {
        id: "MC522",
        severity: Severity::Error,
        title: "the registry wants a login",
        why: "No login is stored for it, or one that it does not accept.",
        fix: "Log in to that registry; `magicctl` uses what the Docker client stores.",
        example: "docker login registry.example.com",
    }

    RATE_LIMIT: Code {
        id: "MC523",
        severity: Severity::Error,
        title: "the registry has had too many pulls",
        why: "Registries allow so many pulls in some hours for an address, and more to those who are logged in.",
        fix: "Log in, or wait.",
        example: "docker login",
    }

    OTHER_PLATFORM: Code {
        id: "MC524",
        severity: Severity::Error,
        title: "the image is not made for this machine",
        why: "It is there for other processors only.",
        fix: "Take an image that is made for this one, or say `platform:` to have it emulated, which is slow.",
        example: "platform: linux/amd64",
    }

    REGISTRY_TLS: Code {
        id: "MC525",
        severity: Severity::Error,
        title: "the registry's TLS does not fit",
        why: "It speaks plain HTTP, or its certificate is signed by somebody whom the engine does not know.",
        fix: "Name it under `insecure-registries` in /etc/docker/daemon.json, or give the engine the CA's certificate.",
        example: "sudo install -D ca.crt /etc/docker/certs.d/registry.example.com/ca.crt",
    }

    REGISTRY_UNWELL: Code {
        id: "MC526",
        severity: Severity::Error,
        title: "the registry failed, or the download broke off",
        why: "That is no fault of the stack.",
        fix: "Try again; layers that are there are not loaded again.",
        example: "magicctl up",
    }

    BUILD_STEP: Code {
        id: "MC530",
        severity: Severity::Error,
        title: "a step of a Dockerfile fails",
        why: "The program that the step runs ended with an error. What ran before still runs: nothing is replaced until the build has worked.",
        fix: "Read the step's last lines on the card, mend what they name, build again.",
        example: "magicctl rebuild app-runner",
    }

    COPIED_MISSING: Code {
        id: "MC531",
        severity: Severity::Error,
        title: "a step copies what is not in the build context",
        why: "The file is not there, or `.dockerignore` leaves it out. The sample's `.dockerignore` leaves out everything that it does not name, so that no key gets into the image.",
        fix: "Put the file there, or name it in `.dockerignore` with `!`.",
        example: "echo '!tools/' >> .dockerignore",
    }

    PACKAGE: Code {
        id: "MC532",
        severity: Severity::Error,
        title: "a Python package can't be installed",
        why: "requirements.txt names a package or version that the package index does not have, or versions that do not fit each other.",
        fix: "Correct the line that the card shows.",
        example: "redis==8.1.0",
    }

    BUILD_NETWORK: Code {
        id: "MC533",
        severity: Severity::Error,
        title: "a build can't reach the network",
        why: "Package indexes answer neither by name nor by address.",
        fix: "Connect the machine; behind a proxy, pass it as build arguments.",
        example: "build: {args: {HTTPS_PROXY: \"http://proxy.example.com:3128\"}}",
    }

    DOCKERFILE: Code {
        id: "MC534",
        severity: Severity::Error,
        title: "the Dockerfile can't be used",
        why: "An instruction is misspelt, a stage or a build argument is missing.",
        fix: "Correct the line that the card shows.",
        example: "RUN pip install -r requirements.txt",
    }

    BUILD_TOOL: Code {
        id: "MC535",
        severity: Severity::Error,
        title: "a program or system package is missing while the image is built",
        why: "The base image does not have it, and no earlier step installs it.",
        fix: "Install it in a step before.",
        example: "RUN apt-get update && apt-get install -y --no-install-recommends build-essential",
    }
}
