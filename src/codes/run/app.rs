//! `MC54x` and `MC55x`: how processes end, and what a user's own program ends with.

use super::super::{Code, Severity, codes};

codes! {
    APP;

    EXITED: Code {
        id: "MC540",
        severity: Severity::Error,
        title: "a process ended for a reason of its own",
        why: "None of the causes that magicctl knows. The card shows the last that it said.",
        fix: "Mend what its words name; `magicctl logs SERVICE` shows what it said before.",
        example: "magicctl logs app-runner --tail 50",
    }

    ENDED_WELL: Code {
        id: "MC541",
        severity: Severity::Error,
        title: "a service ended without an error",
        why: "A service must go on running. Its command did its work and returned, or put its server in the background.",
        fix: "Let the command run its server in the foreground. For a job that is to end, say `restart: \"no\"`: then exit code 0 means completed, and others can wait for that with `condition: service_completed_successfully`.",
        example: "command: [uvicorn, \"main:app\", --host, 0.0.0.0]",
    }

    NO_SUCH_COMMAND: Code {
        id: "MC542",
        severity: Severity::Error,
        title: "a command is not in the image",
        why: "`command`, `entrypoint`, or CMD of the image name a program that is not there (exit code 127).",
        fix: "Correct the name, or install the program in the image.",
        example: "command: [python, run.py]",
    }

    NOT_EXECUTABLE: Code {
        id: "MC543",
        severity: Severity::Error,
        title: "a command can't be executed",
        why: "The file is there, but has no execute permission, is a folder, or is made for another processor (exit code 126).",
        fix: "Make it executable and build anew, or let an interpreter run it.",
        example: "chmod +x start.sh && magicctl rebuild app-runner",
    }

    OUT_OF_MEMORY: Code {
        id: "MC544",
        severity: Severity::Error,
        title: "a process was killed for want of memory",
        why: "It used more than the container's limit, and the kernel killed it (exit code 137, with the engine's word that it was for memory).",
        fix: "Raise `mem_limit` (`resources` in magicctl.yaml), or let the program use less.",
        example: "resources: {kafka: {memory: 1g}}",
    }

    KILLED: Code {
        id: "MC545",
        severity: Severity::Error,
        title: "a process was killed from outside",
        why: "Exit code 137 is SIGKILL, and it was not for the container's memory limit: `docker kill`, a stop whose grace period was over, or the kernel when the whole machine had no memory left.",
        fix: "Start it again. If it happens again, the kernel's log says whether it was memory.",
        example: "sudo dmesg -T | grep -i 'killed process'",
    }

    CRASHED: Code {
        id: "MC546",
        severity: Severity::Error,
        title: "a program crashed",
        why: "A fatal signal such as SIGSEGV (139), SIGABRT (134), SIGILL (132): native code went wrong. Mostly a library that is not made for this processor, or versions that do not fit each other.",
        fix: "Build anew without the cache, or use another version of the image.",
        example: "magicctl rebuild --no-cache app-runner",
    }

    STOPPED: Code {
        id: "MC547",
        severity: Severity::Error,
        title: "a process was told to stop",
        why: "SIGTERM (143) or SIGINT (130): somebody stopped it. It is no fault of its own.",
        fix: "Start it again.",
        example: "magicctl up",
    }

    MODULE: Code {
        id: "MC550",
        severity: Severity::Error,
        title: "a Python module is missing in the image",
        why: "The code imports what requirements.txt does not install, or a file of the project that the Dockerfile does not copy.",
        fix: "Name the package in requirements.txt, or copy the file, and build anew.",
        example: "ModuleNotFoundError: No module named 'orjson'\necho 'orjson' >> requirements.txt && magicctl rebuild app-runner",
    }

    NOT_PYTHON: Code {
        id: "MC551",
        severity: Severity::Error,
        title: "a file is not valid Python",
        why: "Python reads the whole file before it runs a line of it.",
        fix: "Correct the line that the card shows, or the one above it.",
        example: "SyntaxError: expected ':'",
    }

    VARIABLE: Code {
        id: "MC552",
        severity: Severity::Error,
        title: "a variable is missing or wrong",
        why: "The code reads it from its environment. What is set in a terminal is not set in a container: only `environment` and `env_file` of the service count.",
        fix: "Set it under `environment` of the service.",
        example: "environment: {TIMEOUT: \"30\"}",
    }

    FILE_MISSING: Code {
        id: "MC553",
        severity: Severity::Error,
        title: "a program does not find a file",
        why: "It is neither in the image nor mounted, or a folder stands in its place.",
        fix: "Put it where the card says; files of the image are copied by the Dockerfile, others are mounted by `volumes`.",
        example: "FileNotFoundError: [Errno 2] No such file or directory: 'keys_pool/keys_pool_openai.env'",
    }

    PERMISSION: Code {
        id: "MC554",
        severity: Severity::Error,
        title: "a process may not read or write a path",
        why: "It does not run as root, and the file, folder or volume belongs to somebody else, or is mounted read-only.",
        fix: "Give the path to the user that the process runs as. A named volume takes its owner over from the image; a folder of this machine does not.",
        example: "sudo chown -R 10001 loki-data",
    }

    UNREACHABLE: Code {
        id: "MC555",
        severity: Severity::Error,
        title: "a service can't reach another",
        why: "In a container `localhost` is the container itself; other services are reached by their names, and by the ports inside, not those of this machine.",
        fix: "Correct the address, or let the service wait for the other one: `depends_on` with `condition: service_healthy`.",
        example: "REDIS_URL: redis://redis:6379/0",
    }

    PORT_TWICE_INSIDE: Code {
        id: "MC556",
        severity: Severity::Error,
        title: "two programs of one container want the same port",
        why: "Each container has ports of its own, so it is something in the same container.",
        fix: "Let one of them listen on another port.",
        example: "OSError: [Errno 98] Address already in use",
    }

    APP_CONFIG: Code {
        id: "MC557",
        severity: Severity::Error,
        title: "a file that the app reads is invalid",
        why: "YAML or JSON that can't be parsed, or a value that the app refuses.",
        fix: "Correct the line that the card shows; `magicctl check` finds such things beforehand.",
        example: "magicctl check",
    }

    EXCEPTION: Code {
        id: "MC558",
        severity: Severity::Error,
        title: "the app's own code failed",
        why: "An exception that nothing caught ended it. The card shows the innermost line of the project's own code.",
        fix: "Mend that line, then build anew.",
        example: "NameError: name 'verison' is not defined",
    }

    KEY_REFUSED: Code {
        id: "MC559",
        severity: Severity::Error,
        title: "a provider refuses a key",
        why: "The key is wrong, expired, or another provider's.",
        fix: "Put a valid one into keys_pool/.",
        example: "keys_pool/keys_pool_openai.env",
    }
}
