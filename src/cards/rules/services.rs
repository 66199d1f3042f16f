//! What Kafka, Redis, Loki, the collectors and Grafana end with.

use crate::codes;

use super::{AT_IMAGE, At, Condition, Rule, UP, When};

/// What Grafana, Loki, Kafka and Redis say of a folder that they may not write to.
const NOT_WRITABLE: &str = r"(?:GF_PATHS_DATA='(?P<path>[^']+)' is not writable|(?:mkdir|open|stat|creating|create) (?P<file>/[\w./-]+): permission denied|(?P<name>/[\w./-]+)[^\n]*: [Pp]ermission denied|AccessDeniedException: (?P<java>/\S+)|(?P<cut>/[\w./-]+) \(Permission denied\))";
/// What Kafka says of listeners that its settings do not name alike.
const LISTENERS_DIFFER: &str = r"(?P<why>advertised\.listeners [^\n]+|inter\.broker\.listener\.name must[^\n]+|controller\.listener\.names [^\n]+|Each listener must have a different (?:name|port)[^\n]*)";
/// What Loki and the collectors say of a configuration that is missing, that has a wrong line, or that is refused as a whole.
const NO_CONFIGURATION: &str =
    r"(?:failed parsing config: |Unable to parse config: |open )(?P<path>/[\w./-]+): no such file or directory";
const WRONG_LINE: &str = r"(?s)(?:failed parsing config: |Unable to parse config: )(?P<path>/[\w./-]+): (?P<why>.*?\bline (?P<line>\d+): [^\n]+)";
const REFUSED_CONFIGURATION: &str = r#"(?:CONFIG ERROR: |msg="validating config" err=)"?(?P<why>[^\n]+)"#;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: Some(&codes::KAFKA_CLUSTER),
        when: When::Says(
            r"(?:Invalid cluster\.id in: \S+\. Expected (?P<wanted>[\w-]+), but read (?P<found>[\w-]+)|Cluster ID (?P<asked>[\w-]+) doesn't match stored clusterId (?:Some\()?(?P<stored>[\w-]+))",
        ),
        what: "its volume {data_volume} belongs to another Kafka cluster, {found}",
        why: "the volume was formatted with that id, but KAFKA_CLUSTER_ID is now {wanted}, from {KAFKA_CLUSTER_ID:origin}",
        fix: "to keep the data, use the volume's cluster id",
        run: &["{KAFKA_CLUSTER_ID:set_to found}", "magicctl up"],
        at: At::Variable("KAFKA_CLUSTER_ID", "CLUSTER_ID"),
        ..UP
    },
    Rule {
        code: Some(&codes::KAFKA_CLUSTER),
        when: When::Says(r"Invalid cluster\.id in: \S+\. Expected (?P<wanted>[\w-]+), but read (?P<found>[\w-]+)"),
        what: "its data belongs to another Kafka cluster, {found}",
        why: "its volume was formatted with that id, but CLUSTER_ID is now {wanted}",
        fix: "to keep the data, set `CLUSTER_ID: {found}` for {service} in {compose}",
        at: At::Setting("CLUSTER_ID"),
        ..UP
    },
    Rule {
        code: Some(&codes::JAVA_MEMORY),
        when: When::Says(
            r"(?:OutOfMemoryError: (?P<why>[\w ]+)|insufficient memory for the Java Runtime|Could not reserve enough space|Too small maximum heap)",
        ),
        what: "Java has too little memory",
        why: "KAFKA_HEAP_OPTS sets its heap size, within the container's memory limit",
        fix: "increase the heap: 512 MB is enough for one broker",
        run: &["{KAFKA_HEAP_OPTS:set_to -Xms256m -Xmx512m}", "magicctl up"],
        at: At::Variable("KAFKA_HEAP_OPTS", "KAFKA_HEAP_OPTS"),
        ..UP
    },
    Rule {
        code: Some(&codes::JAVA_MEMORY),
        when: When::Says(
            r"(?:Invalid (?:maximum|initial) heap size: (?P<option>\S+)|Unrecognized (?:VM )?option:? '?(?P<bad>[^'\s]+)|(?P<both>Initial heap size set to a larger value))",
        ),
        what: "Java can't read its memory options: {option}",
        why: "they are set in KAFKA_HEAP_OPTS, from {KAFKA_HEAP_OPTS:origin}",
        fix: "correct that value, such as: -Xms256m -Xmx512m",
        run: &["{KAFKA_HEAP_OPTS:set_to -Xms256m -Xmx512m}", "magicctl up"],
        at: At::Variable("KAFKA_HEAP_OPTS", "KAFKA_HEAP_OPTS"),
        ..UP
    },
    Rule {
        code: Some(&codes::JAVA_MEMORY),
        when: When::Says(r"(?:Initial heap size set to a larger value|Unrecognized (?:VM )?option)"),
        what: "Java can't use its memory options",
        why: "KAFKA_HEAP_OPTS has an unknown option, or an initial size (-Xms) above the maximum (-Xmx); it comes from {KAFKA_HEAP_OPTS:origin}",
        fix: "correct that value, such as: -Xms256m -Xmx512m",
        run: &["{KAFKA_HEAP_OPTS:set_to -Xms256m -Xmx512m}", "magicctl up"],
        at: At::Variable("KAFKA_HEAP_OPTS", "KAFKA_HEAP_OPTS"),
        ..UP
    },
    Rule {
        code: Some(&codes::LISTENERS),
        when: When::Says(r"No security protocol defined for listener (?P<name>\w+)"),
        what: "the listener {name} is not defined",
        why: "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP has no protocol for it",
        fix: "correct the name in KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENERS; if the listener is new, add `{name}:PLAINTEXT` to that map",
        at: At::Setting("KAFKA_ADVERTISED_LISTENERS"),
        ..UP
    },
    Rule {
        code: Some(&codes::LISTENERS),
        when: When::Says(LISTENERS_DIFFER),
        only: &[Condition::OfTheSample],
        what: "its listener settings are inconsistent: {why}",
        why: "KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENER_SECURITY_PROTOCOL_MAP must list the same listeners",
        fix: "correct the one that differs; `magicctl render --diff` shows the edits, `render --force` restores the template",
        run: &["magicctl render --diff", "magicctl up"],
        at: At::Setting("KAFKA_ADVERTISED_LISTENERS"),
    },
    Rule {
        what: "its listener settings are inconsistent: {why}",
        why: "KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENER_SECURITY_PROTOCOL_MAP must list the same listeners",
        fix: "correct the one that differs",
        at: At::Setting("KAFKA_ADVERTISED_LISTENERS"),
        ..UP
    },
    Rule {
        code: Some(&codes::DATA_LOCKED),
        when: When::Says(r"Failed to acquire lock on file \.lock in (?P<path>[^\s.]+)"),
        what: "another process uses its data folder",
        why: "a second Kafka uses the volume {path:volume}, but only one can",
        fix: "stop the other one; to find it:",
        run: &["docker ps --filter volume={path:volume}", "magicctl up"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::SETTINGS),
        when: When::Says(r#"Missing required configuration "(?P<name>[\w.]+)""#),
        what: "its setting {name} is missing",
        why: "once any KAFKA_… variable is set, the image's defaults no longer apply, so all settings are needed",
        fix: "set {name:kafka_variable} under `environment:` of {service} in {compose}",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: Some(&codes::SETTINGS),
        when: When::Says(r"ConfigException: (?P<why>[^\n]+)"),
        what: "Kafka rejects its settings: {why}",
        why: "KAFKA_… variables are settings in upper case, with _ for each dot",
        fix: "correct that variable under `environment:` of {service} in {compose}",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: Some(&codes::DISK_FULL),
        when: When::Says(r"(?i)no space left on device"),
        what: "its disk is full",
        why: "its volume is on the disk where the engine keeps its data",
        fix: "free some space, then continue; these commands show the usage and remove the build cache and untagged images (`docker image prune -a` removes all unused images)",
        run: &[
            "docker system df",
            "docker builder prune -f; docker image prune -f",
            "magicctl up",
        ],
        ..UP
    },
    Rule {
        code: Some(&codes::SETTINGS),
        when: When::Says(
            r"(?s)FATAL CONFIG FILE ERROR.*at line (?P<line>\d+)\n>>> '(?P<text>[^\n]*)'\n(?P<why>[^\n]+)",
        ),
        what: "Redis can't read its configuration: `{text}`: {why}",
        why: "the setting is in the service's `command`, or in the file that it uses",
        fix: "correct that setting in {where_set}",
        at: At::Command,
        ..UP
    },
    Rule {
        code: Some(&codes::NEWER_DATA),
        when: When::Says(r"Can't handle RDB format version (?P<version>\d+)"),
        what: "its data was written by a newer Redis than its image",
        why: "an older version can't read this format ({version})",
        fix: "use the newer image again: correct {image_key}",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::DATA_DAMAGED),
        when: When::Says(
            r"(?i)Bad file format reading the append only file|Unexpected end of file reading the append only file|AOF (?:format error|loading aborted)",
        ),
        what: "its append-only file is damaged",
        why: "a write was interrupted, for example by a full disk or a power failure",
        fix: "let Redis fix it; only data after the damage is lost",
        run: &[
            "docker run --rm -it -v {data_volume}:/data {image_ref} sh -c 'redis-check-aof --fix /data/appendonlydir/*.manifest'",
            "magicctl up",
        ],
        ..UP
    },
    Rule {
        code: Some(&codes::PERMISSION),
        when: When::Says(NOT_WRITABLE),
        what: "its user can't write to {any_path:bind}",
        why: "the folder is mounted from this machine; the process runs as user {user} and needs {any_path}",
        fix: "make that user the owner of the folder",
        run: &["sudo chown -R {user:owner} {any_path:bind}", "magicctl up"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "its user can't write to its volume {any_path:volume}",
        why: "the process runs as user {user} and needs {any_path}, but the volume belongs to another user, for example after a change of `user` or the image",
        fix: "make that user the owner of the volume; its data is kept",
        run: &[
            "docker run --rm -u 0 -v {any_path:volume}:/v busybox chown -R {user:owner} /v",
            "magicctl up",
        ],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "its user can't write to {any_path}",
        why: "the process runs as user {user}, but in the image that path belongs to another user",
        fix: "mount a named volume there, or remove `user` from the service",
        at: At::Key("user"),
        ..UP
    },
    Rule {
        code: Some(&codes::SETTINGS),
        when: When::Says(NO_CONFIGURATION),
        only: &[Condition::OfTheSample],
        what: "its configuration {path:mounted} is missing",
        why: "its command reads {path}, which the Compose file mounts",
        fix: "create it from its template",
        run: &["magicctl render", "magicctl up"],
        at: At::Key("volumes"),
    },
    Rule {
        what: "its configuration {path:mounted} is missing",
        why: "its command reads {path}, which the Compose file mounts",
        fix: "create it, or correct the path in {compose}",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::SETTINGS),
        when: When::Says(WRONG_LINE),
        only: &[Condition::OfTheSample],
        what: "it can't read its configuration {path:mounted}",
        why: "{why}",
        fix: "correct that line; `magicctl render --diff` shows the edits, `render --force` restores the template",
        run: &["magicctl render --diff", "magicctl up"],
        at: At::File,
    },
    Rule {
        what: "it can't read its configuration {path:mounted}",
        why: "{why}",
        fix: "correct that line",
        at: At::File,
        ..UP
    },
    Rule {
        code: Some(&codes::SETTINGS),
        when: When::Says(REFUSED_CONFIGURATION),
        only: &[Condition::OfTheSample],
        what: "its configuration is not valid: {why}",
        why: "the program can read the file, but rejects its content",
        fix: "correct it; `magicctl render --diff` shows the edits, `render --force` restores the template",
        run: &["magicctl render --diff", "magicctl up"],
        at: At::Key("volumes"),
    },
    Rule {
        what: "its configuration is not valid: {why}",
        why: "the program can read the file, but rejects its content",
        fix: "correct it",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::PERMISSION),
        when: When::Says(
            r"(?i)permission denied while trying to connect to the Docker daemon|dial unix (?P<path>/\S+docker\.sock): connect: permission denied",
        ),
        what: "its user can't open the engine's socket",
        why: "it finds containers through /var/run/docker.sock, which belongs to root and the group docker",
        fix: "run the service as root: remove its `user`",
        at: At::Key("user"),
        ..UP
    },
    Rule {
        code: Some(&codes::TOO_MANY_FILES),
        when: When::Says(r"(?i)inotify|fsnotify"),
        what: "this machine's limit for watched files is reached",
        why: "the limit counts for all containers of a user together: fs.inotify.max_user_instances",
        fix: "raise the limit",
        run: &["sudo sysctl -w fs.inotify.max_user_instances=1024", "magicctl up"],
        ..UP
    },
    Rule {
        code: Some(&codes::TOO_MANY_FILES),
        when: When::Says(r"(?i)too many open files"),
        what: "it has as many files and connections open as it may",
        why: "a container's limit is `ulimits.nofile` of its service, or the engine's default",
        fix: "set a higher `nofile` in the `ulimits` of the service",
        at: At::Key("ulimits"),
        ..UP
    },
];
