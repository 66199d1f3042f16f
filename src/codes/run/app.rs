//! `MC54x` and `MC55x`: how processes end, and what a user's own program ends with.

use super::super::{Code, Severity, codes};

codes! {
    APP;

    EXITED: Code {
        id: "MC540",
        severity: Severity::Error,
        title: "a process exited for a reason unknown to magicctl",
        why: "the cause is in the program, not in the stack",
        more_why: "The error shows its last output.",
        fix: "fix what the output names",
        more_fix: "`magicctl logs SERVICE` shows the earlier output.",
        example: "magicctl logs app-runner --tail 50",
    }

    ENDED_WELL: Code {
        id: "MC541",
        severity: Severity::Error,
        title: "a service exited without an error",
        why: "a service has to keep running, but its command finished, or started its server in the background",
        fix: "run the server in the foreground",
        more_fix: "For a job, set `restart: \"no\"`: then exit code 0 means completed, and other services can wait for it with `condition: service_completed_successfully`.",
        example: "command: [uvicorn, \"main:app\", --host, 0.0.0.0]",
    }

    NO_SUCH_COMMAND: Code {
        id: "MC542",
        severity: Severity::Error,
        title: "a command is not in the image",
        why: "`command`, `entrypoint` or the image's CMD uses a program that doesn't exist (exit code 127)",
        fix: "correct the name, or install the program in the image",
        example: "command: [python, run.py]",
    }

    NOT_EXECUTABLE: Code {
        id: "MC543",
        severity: Severity::Error,
        title: "a command can't be executed",
        why: "the file exists, but has no execute permission, is a folder, or is for another platform (exit code 126)",
        fix: "make it executable and rebuild, or run it with an interpreter",
        example: "chmod +x start.sh && magicctl rebuild app-runner",
    }

    OUT_OF_MEMORY: Code {
        id: "MC544",
        severity: Severity::Error,
        title: "a process was killed because it used too much memory",
        why: "it used more than the container's limit, so the kernel killed it (exit code 137, reported by the engine as out of memory)",
        fix: "raise `mem_limit` (`resources` in magicctl.yaml), or make the program use less memory",
        example: "resources: {kafka: {memory: 1g}}",
    }

    KILLED: Code {
        id: "MC545",
        severity: Severity::Error,
        title: "a process was killed",
        why: "exit code 137 is SIGKILL, but the container's memory limit was not the reason",
        more_why: "It was `docker kill`, the end of the grace period during a stop, or the kernel when the machine ran out of memory.",
        fix: "start it again",
        more_fix: "If it happens again, check the kernel's log for memory problems.",
        example: "sudo dmesg -T | grep -i 'killed process'",
    }

    CRASHED: Code {
        id: "MC546",
        severity: Severity::Error,
        title: "a program crashed",
        why: "a fatal signal such as SIGSEGV (139), SIGABRT (134) or SIGILL (132) means that native code crashed, usually because of a library for another CPU, or incompatible versions",
        fix: "rebuild without the cache, or use another version of the image",
        example: "magicctl rebuild --no-cache app-runner",
    }

    STOPPED: Code {
        id: "MC547",
        severity: Severity::Error,
        title: "a process was stopped",
        why: "it was stopped with SIGTERM (143) or SIGINT (130)",
        more_why: "The service itself is fine.",
        fix: "start it again",
        example: "magicctl up",
    }

    MODULE: Code {
        id: "MC550",
        severity: Severity::Error,
        title: "a Python module is missing from the image",
        why: "the code imports a package that requirements.txt doesn't install, or a file that the Dockerfile doesn't copy",
        fix: "add the package to requirements.txt, or copy the file, and rebuild",
        example: "ModuleNotFoundError: No module named 'orjson'\necho 'orjson' >> requirements.txt && magicctl rebuild app-runner",
    }

    NOT_PYTHON: Code {
        id: "MC551",
        severity: Severity::Error,
        title: "a file is not valid Python",
        why: "Python parses the whole file before it runs any of it",
        fix: "correct the line in the error, or the one above it",
        example: "SyntaxError: expected ':'",
    }

    VARIABLE: Code {
        id: "MC552",
        severity: Severity::Error,
        title: "a variable is missing or wrong",
        why: "the code reads it from its environment",
        more_why: "Variables of your terminal are not set in a container: only the service's `environment` and `env_file` count.",
        fix: "set it under `environment` of the service",
        example: "environment: {TIMEOUT: \"30\"}",
    }

    FILE_MISSING: Code {
        id: "MC553",
        severity: Severity::Error,
        title: "a program can't find a file",
        why: "it is neither in the image nor mounted, or a folder is in its place",
        fix: "create it at the path in the error: copy it in the Dockerfile, or mount it with `volumes`",
        example: "FileNotFoundError: [Errno 2] No such file or directory: 'keys_pool/keys_pool_openai.env'",
    }

    PERMISSION: Code {
        id: "MC554",
        severity: Severity::Error,
        title: "a process has no permission for a path",
        why: "it doesn't run as root, and the file, folder or volume belongs to another user or is mounted read-only",
        fix: "make the process's user the owner of the path",
        more_fix: "A new named volume gets its owner from the image; a folder of this machine doesn't.",
        example: "sudo chown -R 10001 loki-data",
    }

    UNREACHABLE: Code {
        id: "MC555",
        severity: Severity::Error,
        title: "a service can't reach another one",
        why: "in a container, `localhost` is the container itself",
        more_why: "Other services are reached by name and container port, not by the ports of this machine.",
        fix: "correct the address, or make the service wait for the other one: `depends_on` with `condition: service_healthy`",
        example: "REDIS_URL: redis://redis:6379/0",
    }

    PORT_TWICE_INSIDE: Code {
        id: "MC556",
        severity: Severity::Error,
        title: "two programs in one container use the same port",
        why: "each container has its own ports, so the other program is in the same container",
        fix: "change the port of one of them",
        example: "OSError: [Errno 98] Address already in use",
    }

    APP_CONFIG: Code {
        id: "MC557",
        severity: Severity::Error,
        title: "a file that the app reads is invalid",
        why: "it is YAML or JSON that can't be parsed, or contains a value that the app rejects",
        fix: "correct the line in the error",
        more_fix: "`magicctl check` finds such problems before the start.",
        example: "magicctl check",
    }

    EXCEPTION: Code {
        id: "MC558",
        severity: Severity::Error,
        title: "the app's code failed",
        why: "it exited because of an uncaught exception",
        more_why: "The error shows the innermost line of the project's code.",
        fix: "fix that line, then rebuild",
        example: "NameError: name 'verison' is not defined",
    }

    KEY_REFUSED: Code {
        id: "MC559",
        severity: Severity::Error,
        title: "a provider rejects a key",
        why: "the key is wrong, expired, or for another provider",
        fix: "put a valid key into keys_pool/",
        example: "keys_pool/keys_pool_openai.env",
    }
}
