//! What the engine says no with, to making and starting things.

use crate::codes;

use super::{AT_COMMAND, AT_IMAGE, At, Rule, UP, When};

/// What the engine says of a host port that somebody has.
const PORT_TAKEN: &str =
    r"(?s)(?P<port>\d+)/?(?:tcp|udp)?(?: failed)?: (?:port is already allocated|bind: address already in use)";
/// What the runtime says of a folder that is mounted on a file.
const FOLDER_ON_FILE: &str = r#"(?s)mounting "(?P<source>[^"]+)" to rootfs at "(?P<target>[^"]+)".*not a directory"#;
/// What the runtime says of a file that it may not execute.
const EXEC_DENIED: &str = r#"exec: "(?P<program>[^"]+)": permission denied"#;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: Some(&codes::PORT_TAKEN_AT_START),
        when: When::Says(PORT_TAKEN),
        what: "port {port} of this machine is already in use",
        why: "another container or program uses it",
        fix: "use another port, or stop the process that uses this one (`ss -ltnp` shows it)",
        run: &["{port:port_variable}={port:other_port} magicctl up"],
        at: At::Key("ports"),
        ..UP
    },
    Rule {
        what: "port {port} of this machine is already in use",
        why: "another container or program uses it",
        fix: "stop the process that uses the port, or publish another; to find it:",
        run: &["ss -ltnp 'sport = :{port}'", "docker ps --filter publish={port}"],
        at: At::Key("ports"),
        ..UP
    },
    Rule {
        code: Some(&codes::NAME_TAKEN),
        when: When::Says(r#"container name "/?(?P<name>[^"]+)" is already in use by container "?(?P<id>[0-9a-f]{12})"#),
        what: "the container name {name} is already in use",
        why: "container {id} uses that name",
        fix: "remove that container if you don't need it, then continue",
        run: &["docker rm -f {name}", "magicctl up"],
        at: At::Key("container_name"),
        ..UP
    },
    Rule {
        code: Some(&codes::SOURCE_GONE),
        when: When::Says(r"bind source path does not exist: (?P<path>.+)"),
        what: "it mounts {path}, which doesn't exist",
        why: "otherwise the service would get an empty folder instead",
        fix: "create that file or folder, or correct the path in the Compose file",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::FILE_ON_FOLDER),
        when: When::Says(FOLDER_ON_FILE),
        what: "{source:shown} is a folder, but must be a file",
        why: "it is mounted at {target}, which is a file in the image; Compose creates such a folder if the file is missing",
        fix: "replace the folder with the file; if you do want to mount a folder, correct the target path",
        run: &["rmdir {source:empty_folder}"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "{source:folder_shown} is a folder, but must be a file",
        why: "it is mounted at {target}, which is a file in the image",
        fix: "mount a file, or mount the folder at another path",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "{source:file_shown} is a file, but must be a folder",
        why: "it is mounted at {target}, which is a folder in the image",
        fix: "mount a folder, or mount the file at another path such as {target}/{source:name}",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "{source:shown} can't be mounted at {target}",
        why: "one is a file and the other a folder",
        fix: "mount a file onto a file, or a folder onto a folder",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::MOUNT_REFUSED),
        when: When::Says(r"failed to mount local volume: mount (?P<source>[^:]+):[^,]+, .*: (?P<why>[^:]+)$"),
        what: "the volume on {source} can't be mounted: {why}",
        why: "{source} is the device in the volume's `driver_opts`",
        fix: "create {source}, or correct the volume's `driver_opts.device` in {compose}",
        run: &["mkdir -p {source}"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::MOUNT_REFUSED),
        when: When::Says(r#"(?:invalid mount config for type "\w+"|invalid volume specification): (?P<why>.+)"#),
        what: "the engine refuses one of its mounts: {why}",
        why: "an entry in its `volumes` can't be mounted",
        fix: "correct that entry in {compose}, then continue",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::MOUNT_REFUSED),
        when: When::Says(r"(?:Duplicate mount point: (?P<path>\S+)|invalid mount path: '(?P<bad>[^']+)')"),
        what: "two of its mounts have the same target {path}",
        why: "a path can have only one mount",
        fix: "remove one of the entries with {path} from {compose}",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::IN_USE),
        when: When::Says(r"remove (?P<volume>\S+): volume is in use - \[(?P<id>[0-9a-f]{12})"),
        what: "the volume {volume} is in use",
        why: "container {id} uses it",
        fix: "remove that container if you don't need it, then run the command again",
        run: &["docker ps -a --filter volume={volume}", "docker rm -f {id}"],
        ..UP
    },
    Rule {
        code: Some(&codes::IN_USE),
        when: When::Says(r"network (?P<network>\S+) .*has active endpoints"),
        what: "the network {network} is in use",
        why: "a container that is not part of this project is connected to it",
        fix: "disconnect or stop that container, then run the command again; to find it:",
        run: &["docker network inspect -f '{:containers}' {network}"],
        ..UP
    },
    Rule {
        code: Some(&codes::NO_ADDRESSES),
        when: When::Says(
            r"(?:non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted)",
        ),
        what: "the engine has no free addresses for another network",
        why: "each network reserves a range of addresses, and unused networks keep theirs until they are removed",
        fix: "remove unused networks",
        run: &["docker network prune", "magicctl up"],
        ..UP
    },
    Rule {
        code: Some(&codes::NO_ADDRESSES),
        when: When::Says(r"(?i)Pool overlaps with other one on this address space"),
        what: "its subnet is already used by another network",
        why: "the subnet in `ipam` of the Compose file overlaps with another network on this engine",
        fix: "choose another subnet, or remove the other network; to list all:",
        run: &["docker network inspect $(docker network ls -q) | grep -E 'Name|Subnet'"],
        ..UP
    },
    Rule {
        code: Some(&codes::NO_ADDRESSES),
        when: When::Says(
            r"(?i)(?:no configured subnet .*contains? (?:the )?IP address (?P<ip>\S+)|(?:^|: )Address already in use$)",
        ),
        what: "its fixed address is not available",
        why: "another container uses it, or it is outside the network's subnet",
        fix: "remove `ipv4_address` from the service: services reach each other by name",
        at: At::Key("networks"),
        ..UP
    },
    Rule {
        code: Some(&codes::DISK_FULL),
        when: When::Says(r"(?i)no space left on device"),
        what: "the disk where the engine keeps its data is full",
        why: "it contains images, containers, volumes and the build cache (`docker info -f '{:root}'`)",
        fix: "free some space, then continue; these commands show the usage and remove the build cache and untagged images (`docker image prune -a` removes all unused images)",
        run: &[
            "docker system df",
            "docker builder prune -f; docker image prune -f",
            "magicctl up",
        ],
        ..UP
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r"unable to find user (?P<user>[^:]+): no matching entries in passwd file"),
        what: "its image has no user `{user}`",
        why: "it is set in the service's `user`, or by USER in its Dockerfile",
        fix: "use a user that exists in the image, or a number such as 1000",
        at: At::Key("user"),
        ..UP
    },
    Rule {
        code: Some(&codes::NO_SUCH_COMMAND),
        when: When::Says(
            r#"exec: "(?P<program>[^"]*)": (?:executable file not found in|stat [^:]+: no such file or directory)"#,
        ),
        what: "the program `{program}` is not in the image {image}",
        why: "it is the first word of the service's `command` or `entrypoint`, or of the image's CMD or ENTRYPOINT",
        fix: "correct the command, or use an image that contains {program}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NOT_EXECUTABLE),
        when: When::Says(EXEC_DENIED),
        what: "{program} is not executable",
        why: "the image's copy comes from {program:host} on this machine, which has no execute permission",
        fix: "make it executable, then rebuild",
        run: &["chmod +x {program:host}", "magicctl rebuild {service}"],
        at: At::Command,
        ..UP
    },
    Rule {
        what: "{program} is not executable",
        why: "in the image {image} it has no execute permission, or is a folder",
        fix: "start the command with {program:begin_with}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r"Minimum memory limit allowed is (?P<least>\w+)"),
        what: "its memory limit is below the engine's minimum, {least}",
        why: "it is set in the service's `mem_limit` (or deploy.resources.limits.memory)",
        fix: "raise it; a number without a unit means bytes: write 512m, not 512",
        at: At::Key("mem_limit"),
        ..UP
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r"Range of CPUs is from (?P<least>\S+) to (?P<most>[\d.]+)"),
        what: "its CPU limit is higher than the number of CPUs of this machine, {most}",
        why: "it is set in the service's `cpus` (or deploy.resources.limits.cpus)",
        fix: "lower it to {most} or less",
        at: At::Key("cpus"),
        ..UP
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r#"could not select device driver "(?P<driver>[^"]*)""#),
        what: "the engine has no driver for a device that it needs, such as a GPU",
        why: "for NVIDIA GPUs, the driver is part of the NVIDIA Container Toolkit",
        fix: "install that toolkit and restart the engine, or remove the device from the service",
        at: At::Key("deploy"),
        ..UP
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r#"adding (?:custom )?device "(?P<device>[^"]+)""#),
        what: "this machine has no device {device}",
        why: "it is listed in the service's `devices`",
        fix: "connect the device, or remove it from the service",
        at: At::Key("devices"),
        ..UP
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r"(?i)(?:unknown runtime specified|unknown or invalid runtime name:?) (?P<runtime>\S+)"),
        what: "the engine has no runtime `{runtime}`",
        why: "it is set in the service's `runtime`",
        fix: "remove `runtime` from the service, or install it and add it to /etc/docker/daemon.json",
        at: At::Key("runtime"),
        ..UP
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r#"(?:no log driver named '(?P<driver>[^']+)'|logging plugin "?(?P<plugin>\w+))"#),
        what: "the engine has no log driver `{driver}`",
        why: "it is set in the service's `logging.driver`",
        fix: "use json-file, local or journald, which `docker logs` can read",
        at: At::Key("logging"),
        ..UP
    },
    Rule {
        code: Some(&codes::REFUSED),
        when: When::Says(r"network (?P<network>\S+) not found"),
        what: "its network {network} is gone",
        why: "the network was removed after the container was created",
        fix: "run `up`: it creates the network again and replaces the container; volumes are kept",
        ..UP
    },
    Rule {
        code: Some(&codes::NO_SUCH_IMAGE),
        when: When::Says(r"No such image: (?P<image>\S+)"),
        what: "the image {image} is missing",
        why: "it was removed after it was pulled or built",
        fix: "pull or build it again with `up`",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::NOT_AVAILABLE),
        when: When::Says(r"requires? API version (?P<api>[\d.]+)"),
        what: "the engine is too old for one of its settings (API {api} is needed)",
        why: "the Compose file uses a setting of a newer engine",
        fix: "remove the setting, or upgrade the engine",
        run: &[],
        ..UP
    },
    Rule {
        code: Some(&codes::REFUSED),
        when: When::Says(r"(?i)cannot allocate memory|resource temporarily unavailable"),
        what: "this machine doesn't have enough memory to start it",
        why: "running programs use all of the memory",
        fix: "stop something, or give the machine more memory; to see the usage:",
        run: &["free -h", "docker stats --no-stream"],
        ..UP
    },
    Rule {
        code: Some(&codes::REFUSED),
        when: When::Says(r"(?i)(?P<path>/\S+): read-only file system"),
        what: "{path} is on a read-only file system",
        why: "the engine has to write there",
        fix: "make that file system writable, or mount from another path",
        run: &["findmnt -T {path}"],
        ..UP
    },
];
