//! `MC3xx`: the engine, ports, names, and what earlier runs left.

use super::{Code, Severity, codes};

codes! {
    ALL;

    NO_ENGINE: Code {
        id: "MC301",
        severity: Severity::Error,
        title: "the engine can't be reached",
        why: "nothing answers at the engine's address: the engine is not running, or the address is wrong",
        more_why: "It comes from `--host`, DOCKER_HOST, the active Docker context or the default socket, in this order.",
        fix: "start it (`sudo systemctl start docker`, or Docker Desktop), or correct the address: `docker context ls` lists the contexts",
        more_fix: "For a slow engine, raise `--engine-timeout`.",
        example: "error[MC301]: the engine at unix:///var/run/docker.sock can't be reached",
    }

    NOT_PERMITTED: Code {
        id: "MC302",
        severity: Severity::Error,
        title: "this user may not use the engine",
        why: "the engine's socket belongs to root and the group docker, because anyone who can use it has root access to this machine",
        fix: "`sudo usermod -aG docker $USER`, then log in again (groups are read at login)",
        more_fix: "Or run as root.",
        example: "sudo usermod -aG docker $USER && newgrp docker",
    }

    ENGINE_OLD: Code {
        id: "MC303",
        severity: Severity::Error,
        title: "the engine is too old",
        why: "magicctl needs API 1.41, which comes with Docker Engine 20.10 or later",
        fix: "upgrade the engine",
        example: "error[MC303]: the engine at unix:///var/run/docker.sock is too old",
    }

    ENGINE_ADDRESS: Code {
        id: "MC304",
        severity: Severity::Note,
        title: "which engine is in use, and why",
        why: "the address comes from `--host`, DOCKER_HOST, the active Docker context or the default socket, in this order",
        more_why: "If containers seem to have vanished, the usual reason is a forgotten variable or context.",
        fix: "nothing needs to be done if it is the right engine",
        more_fix: "Otherwise run `docker context use NAME`, or unset DOCKER_HOST.",
        example: "note[MC304]: Engine 28.5.2 (API 1.51) at unix:///var/run/docker.sock, the default socket",
    }

    STORAGE_DRIVER: Code {
        id: "MC305",
        severity: Severity::Warning,
        title: "the engine's storage driver is slow or no longer supported",
        why: "`vfs` copies the whole image for each layer and container, which needs much more disk and time",
        more_why: "Current engines no longer support `devicemapper`, `aufs` and `overlay`.",
        fix: "use overlay2 (the default if the file system supports it): see `storage-driver` in the engine's daemon.json",
        more_fix: "After the change, images and containers have to be created again.",
        example: "\"storage-driver\": \"overlay2\"",
    }

    NO_LIMITS: Code {
        id: "MC306",
        severity: Severity::Warning,
        title: "the engine can't enforce memory limits",
        why: "a service has a memory limit, but it has no effect: memory control groups are switched off in the engine's kernel (the default on a Raspberry Pi, or a rootless engine without delegation)",
        fix: "boot with `cgroup_enable=memory`, delegate the controller to the rootless engine's user, or remove the limit",
        example: "cgroup_enable=memory swapaccount=1   (in the kernel's command line)",
    }

    ARCHITECTURE: Code {
        id: "MC307",
        severity: Severity::Warning,
        title: "an image is for another platform",
        why: "it runs only with emulation, which is much slower",
        more_why: "Without emulation it exits at once with \"exec format error\".",
        fix: "pull or build it for this engine's platform, and remove `platform:` from the Compose file",
        example: "docker pull --platform linux/arm64 redis:8.10-alpine",
    }

    CLOCK_SKEW: Code {
        id: "MC308",
        severity: Severity::Warning,
        title: "the engine's clock and this machine's differ",
        why: "`logs --since` and Loki's queries miss lines, and Loki refuses lines from the future",
        more_why: "Virtual machines (Docker Desktop, WSL) lose time while the machine sleeps.",
        fix: "synchronise both with NTP",
        more_fix: "Restart Docker Desktop or WSL (`wsl --shutdown`).",
        example: "sudo timedatectl set-ntp true",
    }

    LOW_DISK: Code {
        id: "MC309",
        severity: Severity::Warning,
        title: "the engine's disk is nearly full",
        why: "missing images, data and logs need space",
        more_why: "On a full disk, pulls and builds fail, and so do writes of Kafka and Loki.",
        fix: "`docker system df` shows the usage",
        more_fix: "`docker image prune` and `docker builder prune` remove unused images and the build cache.",
        example: "warning[MC309]: the engine's disk has 1.1 GB free, but about 2.0 GB are needed",
    }

    LOW_MEMORY: Code {
        id: "MC310",
        severity: Severity::Warning,
        title: "the engine has less memory than the stack needs",
        why: "if memory runs out, the kernel kills the largest process: Kafka or the app exits with 137",
        fix: "give the engine's machine more memory (Docker Desktop: Settings, Resources), or run less: `magicctl up app-runner` starts only the app and its dependencies",
        more_fix: "KAFKA_HEAP_OPTS and REDIS_MAXMEMORY limit Kafka and Redis.",
        example: "warning[MC310]: the engine has 1.0 GB of memory, but the stack needs about 1.6 GB",
    }

    KERNEL_SETTING: Code {
        id: "MC311",
        severity: Severity::Note,
        title: "a kernel setting is not ideal for a service",
        why: "Redis warns that with `vm.overcommit_memory` 0 its background save may fail if memory is low",
        more_why: "For a small cache this doesn't matter.",
        fix: "nothing needs to be done",
        more_fix: "`sudo sysctl vm.overcommit_memory=1` silences the warning.",
        example: "sudo sysctl vm.overcommit_memory=1",
    }

    ENGINE_KIND: Code {
        id: "MC312",
        severity: Severity::Note,
        title: "the engine is rootless, remote or in a virtual machine",
        why: "a rootless engine can't open ports below 1024",
        more_why: "Docker Desktop's engine sees only shared folders. A remote engine sees no files of this machine, and its ports are on the other machine.",
        fix: "nothing needs to be done unless the stack needs one of these",
        example: "note[MC312]: the engine is rootless",
    }

    REMOTE_BINDS: Code {
        id: "MC313",
        severity: Severity::Warning,
        title: "files are mounted from this machine, but the engine is on another one",
        why: "the engine looks for mount sources on its own machine, where this project's files are missing or different",
        fix: "use this machine's engine, or copy the project to the same path on the engine's machine",
        example: "docker context use default",
    }

    LIVE_RESTORE: Code {
        id: "MC314",
        severity: Severity::Note,
        title: "containers stop when the engine is restarted",
        why: "without `live-restore`, an upgrade of the engine stops every container",
        more_why: "Those with a restart policy are started again afterwards.",
        fix: "on a server, set `\"live-restore\": true` in the engine's daemon.json",
        more_fix: "On a laptop, nothing needs to be done.",
        example: "\"live-restore\": true",
    }

    NO_NAMES: Code {
        id: "MC315",
        severity: Severity::Error,
        title: "containers can't find each other by name",
        why: "services reach each other by name through the engine's DNS",
        more_why: "If a firewall or a broken bridge blocks it, no service can find Kafka, Redis or Loki.",
        fix: "restart the engine after firewall changes (it sets its rules when it starts), and allow traffic on the bridge interfaces (`br-*`, `docker0`)",
        example: "sudo systemctl restart docker",
    }

    OLD_ENGINE: Code {
        id: "MC316",
        severity: Severity::Warning,
        title: "the engine is too old for a key of the Compose file, and ignores it",
        why: "an engine ignores what came after it without a word: `start_interval`, `gw_priority`, `enable_ipv4`",
        more_why: "Without `start_interval`, `magicctl up` is not slower: it runs the healthcheck early itself.",
        fix: "upgrade the engine, or remove the key",
        example: "healthcheck: {interval: 30s, start_period: 60s, start_interval: 1s}",
    }

    SUBPATH: Code {
        id: "MC317",
        severity: Severity::Error,
        title: "the engine is too old to mount only one folder of a volume",
        why: "an engine before 26.0 ignores `subpath` and mounts the whole volume: the container would see, and could change, all of it",
        fix: "upgrade the engine to 26.0 (API 1.45) or later, or remove `subpath`",
        example: "volumes: [{type: volume, source: data, target: /data, volume: {subpath: app}}]",
    }

    PORT_TAKEN: Code {
        id: "MC320",
        severity: Severity::Error,
        title: "a host port is used by another program",
        why: "only one program can listen on an address and port, so the container couldn't start",
        fix: "stop the program in the message, or use another port with the variable in the message (in .env or before the command)",
        example: "KAFKA_PORT=19092 magicctl up",
    }

    PORT_TAKEN_BY_CONTAINER: Code {
        id: "MC321",
        severity: Severity::Error,
        title: "a host port is used by another container",
        why: "usually this is another copy of the same stack, with another project name",
        fix: "stop that project (`magicctl -p NAME down`, `docker stop CONTAINER`), or use another port with the variable in the message",
        example: "magicctl -p old-copy down",
    }

    ANOTHER_COPY: Code {
        id: "MC322",
        severity: Severity::Error,
        title: "another project uses names and ports that this project needs",
        why: "usually this is another copy of the same stack, with another project name",
        more_why: "Container names and host ports can be used only once.",
        fix: "stop that project, or set other names and ports for this one in .env: CONTAINER_PREFIX and the port variables",
        example: "magicctl -p old-copy down",
    }

    NAME_TAKEN: Code {
        id: "MC330",
        severity: Severity::Error,
        title: "a container name is already in use",
        why: "names are unique on an engine",
        more_why: "The container with that name belongs to another project or was created by hand, so magicctl doesn't touch it.",
        fix: "remove or rename that container, or set CONTAINER_PREFIX to change this stack's names",
        example: "CONTAINER_PREFIX=mine- magicctl up",
    }

    ORPHAN: Code {
        id: "MC340",
        severity: Severity::Warning,
        title: "a container's service is no longer in the Compose file",
        why: "it keeps running and uses its ports, name and memory",
        fix: "remove it with `magicctl up --remove-orphans`, or with `docker rm -f NAME`",
        example: "warning[MC340]: old-worker is a container of this project, but worker is not in the Compose file",
    }

    HALF_MADE: Code {
        id: "MC341",
        severity: Severity::Note,
        title: "a container was created but never started",
        why: "an earlier run was interrupted before it started the container",
        fix: "nothing needs to be done: the next `up` starts it, and `down` removes it",
        example: "note[MC341]: kafka was created but never started",
    }

    KAFKA_CLUSTER: Code {
        id: "MC342",
        severity: Severity::Error,
        title: "Kafka's volume was formatted with another cluster id",
        why: "Kafka doesn't start with the data of another cluster (\"Invalid cluster.id\")",
        more_why: "The id was changed (KAFKA_CLUSTER_ID, CLUSTER_ID), or the volume belongs to another project.",
        fix: "set KAFKA_CLUSTER_ID to the volume's id",
        more_fix: "If you don't need the data, you can remove the volume instead.",
        example: "KAFKA_CLUSTER_ID=TWFnaWNQcm94eUthZmthMQ magicctl up",
    }

    NEWER_DATA: Code {
        id: "MC343",
        severity: Severity::Error,
        title: "a volume's data was written by a newer version than the image",
        why: "the older version can't read the format, and exits (\"Can't handle RDB format version\")",
        fix: "use the newer image again",
        more_fix: "If you don't need the data, you can remove the volume instead.",
        example: "REDIS_IMAGE=redis:8.10-alpine magicctl up",
    }
}
