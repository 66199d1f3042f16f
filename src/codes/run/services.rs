//! `MC56x` to `MC58x`: what the services end with, and healthchecks.

use super::super::{Code, Severity, codes};

codes! {
    SERVICES;

    JAVA_MEMORY: Code {
        id: "MC561",
        severity: Severity::Error,
        title: "Java can't get the configured memory",
        why: "the heap size in KAFKA_HEAP_OPTS is too small, too large, or not valid",
        fix: "correct it",
        more_fix: "512 MB is enough for this stack.",
        example: "KAFKA_HEAP_OPTS=-Xms256m -Xmx512m",
    }

    LISTENERS: Code {
        id: "MC562",
        severity: Severity::Error,
        title: "Kafka's listener settings are inconsistent",
        why: "each listener must be in KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
        more_why: "A client is redirected to the advertised address of its listener: EXTERNAL is for this machine, INTERNAL for containers.",
        fix: "use kafka:9093 in containers and localhost:9092 outside",
        more_fix: "Copy the names from the template.",
        example: "magicctl render --diff",
    }

    DATA_LOCKED: Code {
        id: "MC563",
        severity: Severity::Error,
        title: "two processes use the same data folder",
        why: "a second broker uses the same volume, but only one can",
        fix: "stop the other one",
        example: "docker ps --filter volume=magicproxy_kafka-data",
    }

    SETTINGS: Code {
        id: "MC564",
        severity: Severity::Error,
        title: "a service rejects its configuration",
        why: "its program can't read the file or the setting in the error",
        fix: "correct it",
        more_fix: "`magicctl render --diff` shows the edits, `render --force` restores the template.",
        example: "magicctl render --diff",
    }

    DATA_DAMAGED: Code {
        id: "MC565",
        severity: Severity::Error,
        title: "a service can't read its data",
        why: "a write was interrupted",
        fix: "fix it with the service's own tool",
        example: "redis-check-aof --fix appendonly.aof.manifest",
    }

    TOO_MANY_FILES: Code {
        id: "MC566",
        severity: Severity::Error,
        title: "a limit for open or watched files is reached",
        why: "the kernel counts watched files of all containers together; open files are limited by container (`ulimits.nofile`)",
        fix: "raise the limit",
        example: "sudo sysctl -w fs.inotify.max_user_instances=1024",
    }

    CHECK_TOOL: Code {
        id: "MC570",
        severity: Severity::Error,
        title: "a healthcheck runs a program that is not in the image",
        why: "it always fails",
        more_why: "Many images have neither wget nor curl; Loki's has no shell since 3.6.",
        fix: "use a program that is in the image",
        example: "test: [\"CMD\", \"bash\", \"-c\", \": </dev/tcp/127.0.0.1/8001\"]",
    }

    CHECK_SLOW: Code {
        id: "MC571",
        severity: Severity::Error,
        title: "a healthcheck takes longer than its timeout",
        why: "each run is stopped and counts as failed",
        fix: "raise `timeout`, or use a faster command",
        example: "healthcheck: {timeout: 10s}",
    }

    NOBODY_LISTENS: Code {
        id: "MC572",
        severity: Severity::Error,
        title: "nothing listens on the healthcheck's port",
        why: "the service has not opened it yet, or listens on another one",
        fix: "use the same port in both, or wait longer",
        example: "magicctl up --wait-timeout 300s",
    }

    CHECK_FAILS: Code {
        id: "MC573",
        severity: Severity::Error,
        title: "a healthcheck fails",
        why: "the service is running, but reports that it is unhealthy",
        fix: "run the healthcheck by hand, and fix what it reports",
        example: "magicctl exec redis redis-cli ping",
    }

    NO_CHECK: Code {
        id: "MC574",
        severity: Severity::Error,
        title: "a dependency has no healthcheck",
        why: "`condition: service_healthy` can never be met",
        fix: "add a healthcheck, or use `condition: service_started`",
        example: "depends_on: {kafka: {condition: service_started}}",
    }

    NOT_READY: Code {
        id: "MC580",
        severity: Severity::Error,
        title: "a service was not ready in time",
        why: "it is running and reports no error",
        more_why: "It may just be slow. It continues to start after the command has ended.",
        fix: "check its log",
        more_fix: "Wait longer.",
        example: "magicctl up --wait-timeout 300s",
    }
}
