//! What Kafka, Redis, Loki, the collectors and Grafana end with.

use super::{AT_IMAGE, At, If, Rule, UP, When};

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
        code: "MC342",
        when: When::Says(
            r"(?:Invalid cluster\.id in: \S+\. Expected (?P<wanted>[\w-]+), but read (?P<found>[\w-]+)|Cluster ID (?P<asked>[\w-]+) doesn't match stored clusterId (?:Some\()?(?P<stored>[\w-]+))",
        ),
        what: "its volume {data_volume} belongs to another Kafka cluster, {found}",
        why: "the volume was formatted with that id, and KAFKA_CLUSTER_ID is {wanted} now, from {KAFKA_CLUSTER_ID:origin}",
        fix: "give Kafka the id of its volume, so that the data stays",
        run: &["{KAFKA_CLUSTER_ID:set_to found}", "magicctl up"],
        at: At::Variable("KAFKA_CLUSTER_ID", "CLUSTER_ID"),
        ..UP
    },
    Rule {
        code: "MC342",
        when: When::Says(r"Invalid cluster\.id in: \S+\. Expected (?P<wanted>[\w-]+), but read (?P<found>[\w-]+)"),
        what: "its data belongs to another Kafka cluster, {found}",
        why: "its volume was formatted with that id, and CLUSTER_ID is {wanted} now; Kafka never mixes two clusters' data",
        fix: "set `CLUSTER_ID: {found}` for {service} in {compose}, so that the data stays",
        at: At::Setting("CLUSTER_ID"),
        ..UP
    },
    Rule {
        code: "MC561",
        when: When::Says(
            r"(?:OutOfMemoryError: (?P<why>[\w ]+)|insufficient memory for the Java Runtime|Could not reserve enough space|Too small maximum heap)",
        ),
        what: "Java has too little memory",
        why: "KAFKA_HEAP_OPTS sets the size of its heap, and the container's memory limit what is there at all",
        fix: "give it more heap: 512 MB is enough for one broker",
        run: &["{KAFKA_HEAP_OPTS:set_to -Xms256m -Xmx512m}", "magicctl up"],
        at: At::Variable("KAFKA_HEAP_OPTS", "KAFKA_HEAP_OPTS"),
        ..UP
    },
    Rule {
        code: "MC561",
        when: When::Says(
            r"(?:Invalid (?:maximum|initial) heap size: (?P<option>\S+)|Unrecognized (?:VM )?option:? '?(?P<bad>[^'\s]+)|(?P<both>Initial heap size set to a larger value))",
        ),
        what: "Java can't read its memory options: {option}",
        why: "KAFKA_HEAP_OPTS says so, and has that from {KAFKA_HEAP_OPTS:origin}",
        fix: "correct that value, such as: -Xms256m -Xmx512m",
        run: &["{KAFKA_HEAP_OPTS:set_to -Xms256m -Xmx512m}", "magicctl up"],
        at: At::Variable("KAFKA_HEAP_OPTS", "KAFKA_HEAP_OPTS"),
        ..UP
    },
    Rule {
        code: "MC561",
        when: When::Says(r"(?:Initial heap size set to a larger value|Unrecognized (?:VM )?option)"),
        what: "Java can't use its memory options",
        why: "KAFKA_HEAP_OPTS of the service has an unknown option, or a first size (-Xms) above the largest (-Xmx); it comes from {KAFKA_HEAP_OPTS:origin}",
        fix: "correct that value, such as: -Xms256m -Xmx512m",
        run: &["{KAFKA_HEAP_OPTS:set_to -Xms256m -Xmx512m}", "magicctl up"],
        at: At::Variable("KAFKA_HEAP_OPTS", "KAFKA_HEAP_OPTS"),
        ..UP
    },
    Rule {
        code: "MC562",
        when: When::Says(r"No security protocol defined for listener (?P<name>\w+)"),
        what: "there is no listener called {name}",
        why: "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP says what each listener speaks, and does not name it",
        fix: "write the one that is meant for {name}, in KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENERS alike; if it is a new one, add `{name}:PLAINTEXT` to that map",
        at: At::Setting("KAFKA_ADVERTISED_LISTENERS"),
        ..UP
    },
    Rule {
        code: "MC562",
        when: When::Says(LISTENERS_DIFFER),
        only: &[If::OfTheSample],
        what: "its listeners don't fit each other: {why}",
        why: "KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENER_SECURITY_PROTOCOL_MAP must name the same listeners",
        fix: "correct the one that differs; `magicctl render --diff` shows what was changed, `render --force` replaces it by its template",
        run: &["magicctl render --diff", "magicctl up"],
        at: At::Setting("KAFKA_ADVERTISED_LISTENERS"),
    },
    Rule {
        what: "its listeners don't fit each other: {why}",
        why: "KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENER_SECURITY_PROTOCOL_MAP must name the same listeners",
        fix: "correct the one that differs",
        at: At::Setting("KAFKA_ADVERTISED_LISTENERS"),
        ..UP
    },
    Rule {
        code: "MC563",
        when: When::Says(r"Failed to acquire lock on file \.lock in (?P<path>[^\s.]+)"),
        what: "another process has its data folder",
        why: "a second Kafka runs on the volume {path:volume}; only one may",
        fix: "stop the other one; this names it",
        run: &["docker ps --filter volume={path:volume}", "magicctl up"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC564",
        when: When::Says(r#"Missing required configuration "(?P<name>[\w.]+)""#),
        what: "its setting {name} is missing",
        why: "as soon as one KAFKA_… variable is set, the image's own defaults no longer apply, so all must be",
        fix: "set {name:kafka_variable} under `environment:` of {service} in {compose}",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: "MC564",
        when: When::Says(r"ConfigException: (?P<why>[^\n]+)"),
        what: "its settings are refused: {why}",
        why: "a KAFKA_… variable is a setting in capitals, with _ for each dot",
        fix: "correct that variable under `environment:` of {service} in {compose}",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: "MC512",
        when: When::Says(r"(?i)no space left on device"),
        what: "the disk that it writes to is full",
        why: "its volume lies where the engine keeps its data",
        fix: "free some space, then go on: this shows what holds it, then removes the build cache and images without a name (`docker image prune -a`: all that no container uses)",
        run: &[
            "docker system df",
            "docker builder prune -f; docker image prune -f",
            "magicctl up",
        ],
        ..UP
    },
    Rule {
        code: "MC564",
        when: When::Says(
            r"(?s)FATAL CONFIG FILE ERROR.*at line (?P<line>\d+)\n>>> '(?P<text>[^\n]*)'\n(?P<why>[^\n]+)",
        ),
        what: "Redis can't read its configuration: `{text}`: {why}",
        why: "`command` of the service, or the file that it names, says so",
        fix: "correct that setting in {where_set}",
        at: At::Command,
        ..UP
    },
    Rule {
        code: "MC343",
        when: When::Says(r"Can't handle RDB format version (?P<version>\d+)"),
        what: "its data is of a newer Redis than its image",
        why: "a newer version wrote the volume (format {version}), and an older one can't read that",
        fix: "use the newer image again: correct {image_key}",
        ..AT_IMAGE
    },
    Rule {
        code: "MC565",
        when: When::Says(
            r"(?i)Bad file format reading the append only file|Unexpected end of file reading the append only file|AOF (?:format error|loading aborted)",
        ),
        what: "its append-only file is damaged",
        why: "it was cut off in the middle of a write, such as by a full disk or a power cut",
        fix: "let Redis fix it: only what follows the damage is lost",
        run: &[
            "docker run --rm -it -v {data_volume}:/data {image_ref} sh -c 'redis-check-aof --fix /data/appendonlydir/*.manifest'",
            "magicctl up",
        ],
        ..UP
    },
    Rule {
        code: "MC554",
        when: When::Says(NOT_WRITABLE),
        what: "its user may not write to {any_path:bind}",
        why: "that folder of this machine is mounted into the service, whose process runs as user {user} and needs {any_path}",
        fix: "give the folder to that user",
        run: &["sudo chown -R {user:owner} {any_path:bind}", "magicctl up"],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "its user may not write to its volume {any_path:volume}",
        why: "its process runs as user {user} and needs {any_path}; the volume belongs to somebody else, such as after a change of `user` or of the image",
        fix: "give the volume to that user; its data stays",
        run: &[
            "docker run --rm -u 0 -v {any_path:volume}:/v busybox chown -R {user:owner} /v",
            "magicctl up",
        ],
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        what: "its user may not write {any_path}",
        why: "its process runs as user {user}, and that path of the image belongs to somebody else",
        fix: "mount a named volume there, or take `user` out of the service",
        at: At::Key("user"),
        ..UP
    },
    Rule {
        code: "MC564",
        when: When::Says(NO_CONFIGURATION),
        only: &[If::OfTheSample],
        what: "its configuration {path:mounted} is not there",
        why: "its command reads {path}, which is mounted from there",
        fix: "write it from its template",
        run: &["magicctl render", "magicctl up"],
        at: At::Key("volumes"),
    },
    Rule {
        what: "its configuration {path:mounted} is not there",
        why: "its command reads {path}, which is mounted from there",
        fix: "put it there, or correct the path in {compose}",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC564",
        when: When::Says(WRONG_LINE),
        only: &[If::OfTheSample],
        what: "it can't read its configuration {path:mounted}",
        why: "{why}",
        fix: "correct that line; `magicctl render --diff` shows what was edited, `render --force` replaces it by its template",
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
        code: "MC564",
        when: When::Says(REFUSED_CONFIGURATION),
        only: &[If::OfTheSample],
        what: "its configuration is refused: {why}",
        why: "its program can read the file, and does not accept what it says",
        fix: "correct it; `magicctl render --diff` shows what was edited, `render --force` replaces it by its template",
        run: &["magicctl render --diff", "magicctl up"],
        at: At::Key("volumes"),
    },
    Rule {
        what: "its configuration is refused: {why}",
        why: "its program can read the file, and does not accept what it says",
        fix: "correct it",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC554",
        when: When::Says(
            r"(?i)permission denied while trying to connect to the Docker daemon|dial unix (?P<path>/\S+docker\.sock): connect: permission denied",
        ),
        what: "its user may not open the engine's socket",
        why: "it finds the containers through /var/run/docker.sock, which belongs to root and the group docker",
        fix: "let the service run as root: take `user` out of it",
        at: At::Key("user"),
        ..UP
    },
    Rule {
        code: "MC566",
        when: When::Says(r"(?i)too many open files|inotify"),
        what: "this machine allows no more watched or open files",
        why: "its limits are for all containers together: fs.inotify.max_user_instances, or open files",
        fix: "raise the limit",
        run: &["sudo sysctl -w fs.inotify.max_user_instances=1024", "magicctl up"],
        ..UP
    },
];
