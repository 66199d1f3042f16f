//! `MC56x` to `MC58x`: what the services end with, and healthchecks.

use super::super::{Code, Severity, codes};

codes! {
    SERVICES;

    JAVA_MEMORY: Code {
        id: "MC561",
        severity: Severity::Error,
        title: "Java can't have the memory that it is told to use",
        why: "The heap that KAFKA_HEAP_OPTS asks for is too small, too large, or no size.",
        fix: "Correct it; 512 MB is enough for this stack.",
        example: "KAFKA_HEAP_OPTS=-Xms256m -Xmx512m",
    }

    LISTENERS: Code {
        id: "MC562",
        severity: Severity::Error,
        title: "Kafka's listeners do not fit",
        why: "Each listener must be named in KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS and KAFKA_LISTENER_SECURITY_PROTOCOL_MAP. A client that connects to one is sent on to what that one advertises: EXTERNAL is for this machine, INTERNAL for containers.",
        fix: "Use kafka:9093 in containers and localhost:9092 outside; take the names over from the template.",
        example: "magicctl render --diff",
    }

    DATA_LOCKED: Code {
        id: "MC563",
        severity: Severity::Error,
        title: "two processes want the same data folder",
        why: "A second broker runs on the same volume; only one may.",
        fix: "Stop the other one.",
        example: "docker ps --filter volume=magicproxy_kafka-data",
    }

    SETTINGS: Code {
        id: "MC564",
        severity: Severity::Error,
        title: "a service refuses its own configuration",
        why: "Its program can't read the file or the setting that the card shows.",
        fix: "Correct it; `magicctl render --diff` shows what differs from the template, `render --force` writes it anew.",
        example: "magicctl render --diff",
    }

    DATA_DAMAGED: Code {
        id: "MC565",
        severity: Severity::Error,
        title: "a service can't read its data",
        why: "A file was cut off in the middle of a write.",
        fix: "Let the service's own tool mend it.",
        example: "redis-check-aof --fix appendonly.aof.manifest",
    }

    TOO_MANY_FILES: Code {
        id: "MC566",
        severity: Severity::Error,
        title: "the machine allows no more open or watched files",
        why: "The kernel's limits count for all containers together.",
        fix: "Raise the limit.",
        example: "sudo sysctl -w fs.inotify.max_user_instances=1024",
    }

    CHECK_TOOL: Code {
        id: "MC570",
        severity: Severity::Error,
        title: "a healthcheck runs what is not in the image",
        why: "It fails for ever, whatever the service does. Many images have neither wget nor curl; Loki's has had no shell since 3.6.",
        fix: "Ask with what the image has.",
        example: "test: [\"CMD\", \"bash\", \"-c\", \": </dev/tcp/127.0.0.1/8001\"]",
    }

    CHECK_SLOW: Code {
        id: "MC571",
        severity: Severity::Error,
        title: "a healthcheck takes longer than its timeout",
        why: "Each run is cut off and counts as failed.",
        fix: "Raise `timeout`, or let it run something quicker.",
        example: "healthcheck: {timeout: 10s}",
    }

    NOBODY_LISTENS: Code {
        id: "MC572",
        severity: Severity::Error,
        title: "nothing listens on the port that the healthcheck asks",
        why: "The service has not opened it yet, or listens on another one.",
        fix: "Let both name the same port, or wait longer.",
        example: "magicctl up --wait-timeout 300s",
    }

    CHECK_FAILS: Code {
        id: "MC573",
        severity: Severity::Error,
        title: "a healthcheck fails",
        why: "The service runs, and says of itself that it is not well.",
        fix: "Run the healthcheck by hand, and mend what it names.",
        example: "magicctl exec redis redis-cli ping",
    }

    NO_CHECK: Code {
        id: "MC574",
        severity: Severity::Error,
        title: "a service that others wait for has no healthcheck",
        why: "`condition: service_healthy` can never come true.",
        fix: "Give it a healthcheck, or wait with `condition: service_started`.",
        example: "depends_on: {kafka: {condition: service_started}}",
    }

    NOT_READY: Code {
        id: "MC580",
        severity: Severity::Error,
        title: "a service was not ready in time",
        why: "It runs, and nothing says what is wrong: it may only be slow. It goes on starting after the command has ended.",
        fix: "See what it is doing; wait longer.",
        example: "magicctl up --wait-timeout 300s",
    }
}
