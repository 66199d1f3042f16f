//! What the engine says no with, to making and starting things.

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
        code: "MC505",
        when: When::Says(PORT_TAKEN),
        what: "port {port} of this machine is taken",
        why: "another container or program listens on it",
        fix: "use another port, or stop what listens on it (`ss -ltnp` names it)",
        run: &["{port:port_variable}={port:other_port} magicctl up"],
        at: At::Key("ports"),
        ..UP
    },
    Rule {
        what: "port {port} of this machine is taken",
        why: "another container or program listens on it",
        fix: "stop what listens on it, or publish the service on another port; to find it:",
        run: &["ss -ltnp 'sport = :{port}'", "docker ps --filter publish={port}"],
        at: At::Key("ports"),
        ..UP
    },
    Rule {
        code: "MC330",
        when: When::Says(r#"container name "/?(?P<name>[^"]+)" is already in use by container "?(?P<id>[0-9a-f]{12})"#),
        what: "the container name {name} is taken",
        why: "container {id} has that name",
        fix: "remove that container if it is not needed, then go on",
        run: &["docker rm -f {name}", "magicctl up"],
        at: At::Key("container_name"),
        ..UP
    },
    Rule {
        code: "MC507",
        when: When::Says(r"bind source path does not exist: (?P<path>.+)"),
        what: "it mounts {path}, which is not there",
        why: "the service would find an empty folder in its place",
        fix: "make that file or folder, or correct the path in the Compose file",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC508",
        when: When::Says(FOLDER_ON_FILE),
        what: "{source:shown} is a folder, and must be a file",
        why: "it is mounted at {target}, which is a file in the image; Compose makes such a folder when the file is missing",
        fix: "remove the folder, put the file there, then bring it up; if the folder is meant, correct where it is mounted",
        run: &["rmdir {source:empty_folder}"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "{source:folder_shown} is a folder, and must be a file",
        why: "it is mounted at {target}, which is a file in the image",
        fix: "mount a file there, or the folder somewhere else",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "{source:file_shown} is a file, and must be a folder",
        why: "it is mounted at {target}, which is a folder in the image",
        fix: "mount a folder there, or the file at a path of its own such as {target}/{source:name}",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "{source:shown} can't be mounted at {target}",
        why: "one of them is a file and the other a folder",
        fix: "mount a file on a file, or a folder on a folder",
        run: &[],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC509",
        when: When::Says(r"failed to mount local volume: mount (?P<source>[^:]+):[^,]+, .*: (?P<why>[^:]+)$"),
        what: "the volume on {source} can't be mounted: {why}",
        why: "`driver_opts` of the volume name {source} as its device",
        fix: "make {source}, or correct `driver_opts.device` of the volume in {compose}",
        run: &["mkdir -p {source}"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC509",
        when: When::Says(r#"(?:invalid mount config for type "\w+"|invalid volume specification): (?P<why>.+)"#),
        what: "the engine refuses one of its mounts: {why}",
        why: "an entry of its `volumes` is not what the engine can mount",
        fix: "correct that entry in {compose}, then go on",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC509",
        when: When::Says(r"(?:Duplicate mount point: (?P<path>\S+)|invalid mount path: '(?P<bad>[^']+)')"),
        what: "two of its mounts have the same target {path}",
        why: "only one thing can be mounted at a path",
        fix: "take one of the entries with {path} out of {compose}",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC510",
        when: When::Says(r"remove (?P<volume>\S+): volume is in use - \[(?P<id>[0-9a-f]{12})"),
        what: "the volume {volume} is in use",
        why: "container {id} mounts it",
        fix: "remove that container if it is not needed, then run the same command again",
        run: &["docker ps -a --filter volume={volume}", "docker rm -f {id}"],
        ..UP
    },
    Rule {
        code: "MC510",
        when: When::Says(r"network (?P<network>\S+) .*has active endpoints"),
        what: "the network {network} is in use",
        why: "a container is connected to it that magicctl did not take off",
        fix: "disconnect or stop that container, which this names, then run the same command again",
        run: &["docker network inspect -f '{:containers}' {network}"],
        ..UP
    },
    Rule {
        code: "MC511",
        when: When::Says(
            r"(?:non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted)",
        ),
        what: "the engine has no free addresses for another network",
        why: "each network takes a range of addresses, and those of networks that nobody uses any more are never given back by themselves",
        fix: "remove the networks that no container uses",
        run: &["docker network prune", "magicctl up"],
        ..UP
    },
    Rule {
        code: "MC511",
        when: When::Says(r"(?i)Pool overlaps with other one on this address space"),
        what: "another network has the addresses that this one asks for",
        why: "`ipam` in the Compose file fixes a subnet that overlaps with a network of this engine",
        fix: "choose another subnet, or remove the other network; this lists all",
        run: &["docker network inspect $(docker network ls -q) | grep -E 'Name|Subnet'"],
        ..UP
    },
    Rule {
        code: "MC511",
        when: When::Says(
            r"(?i)(?:no configured subnet .*contains? (?:the )?IP address (?P<ip>\S+)|(?:^|: )Address already in use$)",
        ),
        what: "its fixed address can't be had",
        why: "another container has it, or it is outside the network's subnet",
        fix: "take `ipv4_address` out of the service: services reach each other by name",
        at: At::Key("networks"),
        ..UP
    },
    Rule {
        code: "MC512",
        when: When::Says(r"(?i)no space left on device"),
        what: "the disk where the engine keeps its data is full",
        why: "images, containers, volumes and the build cache lie there (`docker info -f '{:root}'`)",
        fix: "free some space, then go on: this shows what holds it, then removes the build cache and images without a name (`docker image prune -a`: all that no container uses)",
        run: &[
            "docker system df",
            "docker builder prune -f; docker image prune -f",
            "magicctl up",
        ],
        ..UP
    },
    Rule {
        code: "MC513",
        when: When::Says(r"unable to find user (?P<user>[^:]+): no matching entries in passwd file"),
        what: "there is no user `{user}` in its image",
        why: "`user` of the service, or USER of its Dockerfile, names somebody whom the image doesn't know",
        fix: "name a user of the image, or a number such as 1000",
        at: At::Key("user"),
        ..UP
    },
    Rule {
        code: "MC542",
        when: When::Says(
            r#"exec: "(?P<program>[^"]*)": (?:executable file not found in|stat [^:]+: no such file or directory)"#,
        ),
        what: "there is no program `{program}` in the image {image}",
        why: "`command` or `entrypoint` of the service, or CMD or ENTRYPOINT of its image, begins with that word",
        fix: "correct the command, or use an image that has {program}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: "MC543",
        when: When::Says(EXEC_DENIED),
        what: "{program} may not be executed",
        why: "{program:host} of this machine has no execute permission, and the image has it from there",
        fix: "make it executable, then rebuild",
        run: &["chmod +x {program:host}", "magicctl rebuild {service}"],
        at: At::Command,
        ..UP
    },
    Rule {
        what: "{program} may not be executed",
        why: "that file of the image {image} has no execute permission, or is a folder",
        fix: "let the command begin with {program:begin_with}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: "MC513",
        when: When::Says(r"Minimum memory limit allowed is (?P<least>\w+)"),
        what: "its memory limit is below the engine's least, {least}",
        why: "`mem_limit` (or deploy.resources.limits.memory) of the service says so",
        fix: "raise it: a number without a unit is bytes, so 512m is meant, not 512",
        at: At::Key("mem_limit"),
        ..UP
    },
    Rule {
        code: "MC513",
        when: When::Says(r"Range of CPUs is from (?P<least>\S+) to (?P<most>[\d.]+)"),
        what: "it wants more processors than this machine has, {most}",
        why: "`cpus` (or deploy.resources.limits.cpus) of the service says so",
        fix: "lower it to {most} or less",
        at: At::Key("cpus"),
        ..UP
    },
    Rule {
        code: "MC513",
        when: When::Says(r#"could not select device driver "(?P<driver>[^"]*)""#),
        what: "the engine has no driver for the device that it asks for, such as a GPU",
        why: "for NVIDIA's it comes with the NVIDIA Container Toolkit, which isn't installed",
        fix: "install that toolkit and restart the engine, or take the device out of the service",
        at: At::Key("deploy"),
        ..UP
    },
    Rule {
        code: "MC513",
        when: When::Says(r#"adding (?:custom )?device "(?P<device>[^"]+)""#),
        what: "there is no device {device} on this machine",
        why: "`devices` of the service names it",
        fix: "connect the device, or take it out of the service",
        at: At::Key("devices"),
        ..UP
    },
    Rule {
        code: "MC513",
        when: When::Says(r"(?i)(?:unknown runtime specified|unknown or invalid runtime name:?) (?P<runtime>\S+)"),
        what: "the engine has no runtime `{runtime}`",
        why: "`runtime` of the service names it",
        fix: "take `runtime` out of the service, or install it and name it in /etc/docker/daemon.json",
        at: At::Key("runtime"),
        ..UP
    },
    Rule {
        code: "MC513",
        when: When::Says(r#"(?:no log driver named '(?P<driver>[^']+)'|logging plugin "?(?P<plugin>\w+))"#),
        what: "the engine has no log driver `{driver}`",
        why: "`logging.driver` of the service names it",
        fix: "use json-file, local or journald: `docker logs` can read those",
        at: At::Key("logging"),
        ..UP
    },
    Rule {
        code: "MC514",
        when: When::Says(r"network (?P<network>\S+) not found"),
        what: "its network {network} is gone",
        why: "somebody removed the network after the container was made",
        fix: "create the network again and replace the container: `up` does both, and volumes stay",
        ..UP
    },
    Rule {
        code: "MC521",
        when: When::Says(r"No such image: (?P<image>\S+)"),
        what: "the image {image} is not there",
        why: "it was removed after it was pulled or built",
        fix: "pull or build it again: `up` does",
        ..AT_IMAGE
    },
    Rule {
        code: "MC513",
        when: When::Says(r"requires? API version (?P<api>[\d.]+)"),
        what: "it asks for what this engine is too old for (API {api} is needed)",
        why: "the Compose file uses a setting that came with a newer engine",
        fix: "take the setting out, or upgrade the engine",
        run: &[],
        ..UP
    },
    Rule {
        code: "MC514",
        when: When::Says(r"(?i)cannot allocate memory|resource temporarily unavailable"),
        what: "this machine has no memory left to start it",
        why: "everything that runs on it uses what there is",
        fix: "stop something, or give the machine more memory; this shows who uses it",
        run: &["free -h", "docker stats --no-stream"],
        ..UP
    },
    Rule {
        code: "MC514",
        when: When::Says(r"(?i)(?P<path>/\S+): read-only file system"),
        what: "{path} is on a read-only file system",
        why: "the engine must write there",
        fix: "make that file system writable, or mount from elsewhere",
        run: &["findmnt -T {path}"],
        ..UP
    },
];
