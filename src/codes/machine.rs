//! `MC3xx`: the engine, ports, names, and what earlier runs left.

use super::{Code, Severity, codes};

codes! {
    ALL;

    NO_ENGINE: Code {
        id: "MC301",
        severity: Severity::Error,
        title: "the engine can't be reached",
        why: "Nobody answers at the address that was found: the engine is not running, or the address (`--host`, DOCKER_HOST, the active Docker context, the default socket, in this order) points elsewhere.",
        fix: "Start it (`sudo systemctl start docker`, or Docker Desktop), or correct the address that is named: `docker context ls` shows the contexts. One that is only slow is given longer with `--engine-timeout`.",
        example: "error[MC301]: the engine at unix:///var/run/docker.sock can't be reached",
    }

    NOT_PERMITTED: Code {
        id: "MC302",
        severity: Severity::Error,
        title: "this user may not use the engine",
        why: "The engine's socket belongs to root and the group docker, because whoever can use it is root on this machine.",
        fix: "`sudo usermod -aG docker $USER`, then log in again (groups are read at login); or run as root.",
        example: "sudo usermod -aG docker $USER && newgrp docker",
    }

    ENGINE_OLD: Code {
        id: "MC303",
        severity: Severity::Error,
        title: "the engine is too old",
        why: "magicctl needs the API 1.41, which Docker Engine 20.10 and everything later has.",
        fix: "Upgrade the engine.",
        example: "error[MC303]: the engine at unix:///var/run/docker.sock is too old",
    }

    ENGINE_ADDRESS: Code {
        id: "MC304",
        severity: Severity::Note,
        title: "which engine is in use, and why",
        why: "The address comes from `--host`, else DOCKER_HOST, else the active Docker context, else the default socket. A forgotten variable or context is the usual reason for containers that seem to have vanished.",
        fix: "Nothing, if it is the one that you mean; else `docker context use NAME`, or unset DOCKER_HOST.",
        example: "note[MC304]: Engine 28.5.2 (API 1.51) at unix:///var/run/docker.sock, the default socket",
    }

    STORAGE_DRIVER: Code {
        id: "MC305",
        severity: Severity::Warning,
        title: "the engine's storage driver is slow or no longer supported",
        why: "`vfs` copies a whole image for each layer and container: it takes many times the disk and the time. `devicemapper`, `aufs` and `overlay` are gone from current engines.",
        fix: "Use overlay2 (the default where the disk's file system allows it): see `storage-driver` in the engine's daemon.json. Images and containers must be made anew after it.",
        example: "\"storage-driver\": \"overlay2\"",
    }

    NO_LIMITS: Code {
        id: "MC306",
        severity: Severity::Warning,
        title: "the engine can't enforce memory limits",
        why: "A service has a limit, and this engine's kernel has memory control groups switched off (a Raspberry Pi's default, or a rootless engine without delegation). The limit has no effect.",
        fix: "Boot with `cgroup_enable=memory`, or delegate the controller to the rootless engine's user; else take the limit out.",
        example: "cgroup_enable=memory swapaccount=1   (in the kernel's command line)",
    }

    ARCHITECTURE: Code {
        id: "MC307",
        severity: Severity::Warning,
        title: "an image is for another kind of processor",
        why: "It runs only with emulation, and then many times slower; without, it ends at once with \"exec format error\".",
        fix: "Pull or build it for this engine's platform, and take `platform:` out of the Compose file.",
        example: "docker pull --platform linux/arm64 redis:8.10-alpine",
    }

    CLOCK_SKEW: Code {
        id: "MC308",
        severity: Severity::Warning,
        title: "the engine's clock and this machine's differ",
        why: "`logs --since` and Loki's queries miss lines, and Loki refuses lines from the future. Virtual machines (Docker Desktop, WSL) fall behind when the machine slept.",
        fix: "Set both by NTP; for Docker Desktop or WSL restart it (`wsl --shutdown`).",
        example: "sudo timedatectl set-ntp true",
    }

    LOW_DISK: Code {
        id: "MC309",
        severity: Severity::Warning,
        title: "the engine's disk is nearly full",
        why: "The images that are missing, the data and the logs need room. A full disk stops pulls and builds half-way, and Kafka and Loki when they write.",
        fix: "`docker system df` shows what holds the space; `docker image prune` and `docker builder prune` remove what no container uses.",
        example: "warning[MC309]: 1.1 GB free where the engine keeps its data, and about 2.0 GB wanted",
    }

    LOW_MEMORY: Code {
        id: "MC310",
        severity: Severity::Warning,
        title: "the engine has less memory than the stack wants",
        why: "The kernel ends the largest process when memory is gone: Kafka or the app exits with 137.",
        fix: "Give the engine's machine more (Docker Desktop: Settings, Resources), or run less: `magicctl up app-runner` starts only the app and what it needs; KAFKA_HEAP_OPTS and REDIS_MAXMEMORY make them smaller.",
        example: "warning[MC310]: the engine has 1.0 GB of memory, and the stack wants about 1.6 GB",
    }

    KERNEL_SETTING: Code {
        id: "MC311",
        severity: Severity::Note,
        title: "a kernel setting that a service would like otherwise",
        why: "Redis warns that with `vm.overcommit_memory` 0 its background save may fail when memory is short. With a small cache it does not matter.",
        fix: "Nothing needs to be done; `sudo sysctl vm.overcommit_memory=1` silences the warning.",
        example: "sudo sysctl vm.overcommit_memory=1",
    }

    ENGINE_KIND: Code {
        id: "MC312",
        severity: Severity::Note,
        title: "an engine that is rootless, remote or in a virtual machine",
        why: "A rootless engine can't open ports below 1024; that of Docker Desktop sees only shared folders of this machine; a remote one sees none of its files, and its ports are not this machine's.",
        fix: "Nothing, as long as the stack stays within that.",
        example: "note[MC312]: the engine is rootless",
    }

    REMOTE_BINDS: Code {
        id: "MC313",
        severity: Severity::Warning,
        title: "files are mounted from this machine, but the engine is on another",
        why: "The engine looks for mount sources on its own machine. Those of this project are not there, or are others.",
        fix: "Use the engine of this machine, or put the project at the same path on the engine's.",
        example: "docker context use default",
    }

    LIVE_RESTORE: Code {
        id: "MC314",
        severity: Severity::Note,
        title: "containers stop when the engine is restarted",
        why: "Without `live-restore` an upgrade of the engine stops every container; those with a restart policy come back afterwards.",
        fix: "Nothing needs to be done on a laptop; on a server put `\"live-restore\": true` into the engine's daemon.json.",
        example: "\"live-restore\": true",
    }

    NO_NAMES: Code {
        id: "MC315",
        severity: Severity::Error,
        title: "containers can't find each other by name",
        why: "Services reach each other by their names through the engine's DNS. A firewall or a broken bridge stops it, and then nothing in the stack finds Kafka, Redis or Loki.",
        fix: "Restart the engine after changes of the firewall (its rules are made at its start); let traffic of the bridge interfaces (`br-*`, `docker0`) pass.",
        example: "sudo systemctl restart docker",
    }

    START_INTERVAL: Code {
        id: "MC316",
        severity: Severity::Warning,
        title: "the engine does not know `start_interval`",
        why: "It runs the healthcheck at its `interval` from the start, as if `start_interval` were not there. `magicctl up` loses nothing by that: it runs the healthcheck early by itself.",
        fix: "Leave it as it is, or update the engine: 25.0 (API 1.44) and later know it.",
        example: "healthcheck: {interval: 30s, start_period: 60s, start_interval: 1s}",
    }

    PORT_TAKEN: Code {
        id: "MC320",
        severity: Severity::Error,
        title: "a host port is taken by another program",
        why: "Only one program can listen on an address and port. The container would be made and could not start.",
        fix: "Stop the program that is named, or move the port with the variable that is named (in .env or before the command).",
        example: "KAFKA_PORT=19092 magicctl up",
    }

    PORT_TAKEN_BY_CONTAINER: Code {
        id: "MC321",
        severity: Severity::Error,
        title: "a host port is taken by another container",
        why: "Mostly another copy of the same stack, under another project's name.",
        fix: "Take that project down (`magicctl -p NAME down`, `docker stop CONTAINER`), or move the port with the variable that is named.",
        example: "magicctl -p old-copy down",
    }

    ANOTHER_COPY: Code {
        id: "MC322",
        severity: Severity::Error,
        title: "another project holds the names and ports that this one needs",
        why: "Mostly another copy of the same stack, under another project's name. Both can't have the same container names and host ports.",
        fix: "Take that project down, or give this one other names and ports: CONTAINER_PREFIX and the variables of the ports, in .env.",
        example: "magicctl -p old-copy down",
    }

    NAME_TAKEN: Code {
        id: "MC330",
        severity: Severity::Error,
        title: "a container's name is taken",
        why: "Names are unique on an engine. That container belongs to another project, or was made by hand, so magicctl does not touch it.",
        fix: "Remove or rename that container, or set CONTAINER_PREFIX so that this stack's names differ.",
        example: "CONTAINER_PREFIX=mine- magicctl up",
    }

    ORPHAN: Code {
        id: "MC340",
        severity: Severity::Warning,
        title: "a container of this project whose service is no longer in the file",
        why: "It goes on running beside the stack and holds its ports, name and memory.",
        fix: "`magicctl down` removes it; so does `docker rm -f NAME`.",
        example: "warning[MC340]: old-worker is a container of this project, but worker is not in the file",
    }

    HALF_MADE: Code {
        id: "MC341",
        severity: Severity::Note,
        title: "a container that was made and never started",
        why: "An earlier run was cut off between making and starting it.",
        fix: "Nothing: the next `up` goes on from there, and `down` removes it.",
        example: "note[MC341]: kafka was made and never started",
    }

    KAFKA_CLUSTER: Code {
        id: "MC342",
        severity: Severity::Error,
        title: "Kafka's volume was formatted with another cluster id",
        why: "Kafka refuses to start on data of another cluster (\"Invalid cluster.id\"). The id was changed (KAFKA_CLUSTER_ID, CLUSTER_ID), or the volume is another project's.",
        fix: "Set KAFKA_CLUSTER_ID to the id that the volume has. Only if its data may be lost, remove the volume instead.",
        example: "KAFKA_CLUSTER_ID=TWFnaWNQcm94eUthZmthMQ magicctl up",
    }

    NEWER_DATA: Code {
        id: "MC343",
        severity: Severity::Error,
        title: "a volume's data is of a newer version than the image",
        why: "A newer version of the service wrote it; the older one can't read the format and ends (\"Can't handle RDB format version\").",
        fix: "Use the newer image again. Only if the data may be lost, remove the volume instead.",
        example: "REDIS_IMAGE=redis:8.10-alpine magicctl up",
    }
}
