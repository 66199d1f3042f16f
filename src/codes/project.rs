//! `MC1xx`: the checklist, the Dockerfile, requirements.txt, the keys.

use super::{Code, Severity, codes};

codes! {
    ALL;

    CHECK_FAILED: Code {
        id: "MC100",
        severity: Severity::Warning,
        title: "a check could not run",
        why: "the check failed or reached its time limit, so its result is not known",
        more_why: "All other checks ran.",
        fix: "see the printed reason: usually a folder that can't be read, or a slow engine",
        more_fix: "`magicctl check -v` shows the duration of each check.",
        example: "warning[MC100]: the check `keys` gave up after 1.5 s",
    }

    MISSING: Code {
        id: "MC101",
        severity: Severity::Error,
        title: "a required file or folder is missing",
        why: "the stack builds from these files and mounts them",
        more_why: "Docker creates an empty folder for a missing mount source, and the service then fails later with a confusing error.",
        fix: "`magicctl check --fix` creates the missing files from the sample project and doesn't change existing ones",
        example: "error[MC101]: proxy_config.yaml is missing",
    }

    WRONG_KIND: Code {
        id: "MC102",
        severity: Severity::Error,
        title: "a folder is in the place of a file, or the reverse",
        why: "usually Docker created the folder, as it does for a missing mount source",
        more_why: "The service then gets a folder instead of a file.",
        fix: "remove the folder if it is empty (`rmdir NAME`), or move it away",
        more_fix: "Then `magicctl check --fix` creates the file.",
        example: "error[MC102]: proxy_config.yaml is a folder, not a file",
    }

    UNREADABLE: Code {
        id: "MC103",
        severity: Severity::Error,
        title: "a file or folder of the project can't be read",
        why: "neither magicctl nor the builder can use files that this user can't read",
        fix: "give your user read permission (`ls -l NAME` shows the owner), or run magicctl as the owner",
        example: "error[MC103]: Dockerfile can't be read: Permission denied",
    }

    TO_BE_RENDERED: Code {
        id: "MC104",
        severity: Severity::Note,
        title: "a rendered file is missing",
        why: "docker-compose.yml and the files in config/ are written from magicctl's templates",
        more_why: "`up` writes the missing ones.",
        fix: "nothing needs to be done",
        more_fix: "`magicctl render` writes them now, so that you can read and edit them.",
        example: "note[MC104]: config/loki/local-config.yaml is missing: `up` writes it",
    }

    LINK_OUT: Code {
        id: "MC105",
        severity: Severity::Warning,
        title: "a symbolic link leads out of the project",
        why: "magicctl reads and writes its own files (the required files, keys_pool/, env/, config/ and the files of `render` and `check --fix`) only inside the project's folder",
        more_why: "Otherwise a link in a repository could make it read or change any file of this machine. The link's target was neither read nor changed. Paths in the Compose file, such as mounts, may be anywhere.",
        fix: "replace the link with the file or folder itself",
        more_fix: "Relative links inside the project are allowed.",
        example: "warning[MC105]: proxy_config.yaml is not read: it is a link that leads out of the project",
    }

    DOCKERFILE_INVALID: Code {
        id: "MC110",
        severity: Severity::Error,
        title: "the Dockerfile can't be parsed",
        why: "the build would fail at that line",
        fix: "fix the line",
        more_fix: "An instruction continues on the next line only after a `\\` at the end of the line.",
        example: "COPPY run.py ./   →   COPY run.py ./",
    }

    BASE_IMAGE_EMPTY: Code {
        id: "MC111",
        severity: Severity::Error,
        title: "the base image's name is missing or not valid",
        why: "`FROM` uses a build argument without a default in the Dockerfile or a value in the Compose file, or the result is not a valid image name",
        fix: "set a default for the `ARG` before `FROM`, or a value under `build.args` in the Compose file",
        example: "ARG PYTHON_IMAGE=python:3.12-slim\nFROM ${PYTHON_IMAGE}",
    }

    BASE_IMAGE_ABSENT: Code {
        id: "MC112",
        severity: Severity::Note,
        title: "the base image will be pulled",
        why: "it is not on this engine yet, so the build downloads it and needs access to the registry",
        fix: "nothing needs to be done if a registry can be reached",
        more_fix: "Otherwise build the images from packages (`make images`) and use them with `--env-file images/local.env`.",
        example: "note[MC112]: the base image python:3.12-slim is missing: the build pulls it",
    }

    COPY_MISSING: Code {
        id: "MC113",
        severity: Severity::Error,
        title: "the Dockerfile copies a missing file",
        why: "`COPY` and `ADD` take files from the build context, the folder that `build.context` names",
        more_why: "The build fails if one doesn't exist.",
        fix: "correct the path, which is relative to the build context, or create the file",
        example: "COPY requirments.txt ./   →   COPY requirements.txt ./",
    }

    COPY_IGNORED: Code {
        id: "MC114",
        severity: Severity::Error,
        title: "the Dockerfile copies a file that .dockerignore excludes",
        why: "the builder doesn't get files that .dockerignore excludes, and reports that they don't exist",
        fix: "add an exception at the end of .dockerignore: `!PATH`",
        example: "*\n!requirements.txt\n!run.py",
    }

    COPIES_KEYS: Code {
        id: "MC115",
        severity: Severity::Warning,
        title: "the Dockerfile copies keys into the image",
        why: "anyone with the image has the keys: they stay in its layers even if a later line deletes them",
        more_why: "The stack mounts keys_pool/ and env/ read-only instead.",
        fix: "copy only the files that the app needs, and exclude keys from the build context: `magicctl check --fix` adds the lines to .dockerignore",
        example: "keys_pool/\nenv/\n.env",
    }

    NOT_RUN_PY: Code {
        id: "MC116",
        severity: Severity::Warning,
        title: "the app's container starts uvicorn or gunicorn directly, not run.py",
        why: "`python run.py` starts magic-proxy and mcp-server and merges their logs",
        more_why: "Without it, one of the two is missing.",
        fix: "end the Dockerfile with `CMD [\"python\", \"run.py\"]`, and remove `command:` of app-runner from the Compose file",
        example: "CMD [\"uvicorn\", \"magic_proxy.proxy:app\"]   →   CMD [\"python\", \"run.py\"]",
    }

    RUN_PY_MISSING: Code {
        id: "MC117",
        severity: Severity::Error,
        title: "run.py is missing",
        why: "the app's container runs `python run.py`, but the copied folder doesn't contain it, so the container exits at once",
        fix: "create run.py, which starts magic-proxy and mcp-server",
        more_fix: "`magicctl init` in an empty folder creates an example.",
        example: "python: can't open file '/app/run.py': [Errno 2] No such file or directory",
    }

    IGNORE_INVALID: Code {
        id: "MC118",
        severity: Severity::Error,
        title: ".dockerignore can't be read",
        why: "a line is not a valid pattern, or the file has more than 1,000 patterns, so the build context can't be packed",
        fix: "fix the line: usually a `[` is not closed",
        example: "error[MC118]: .dockerignore can't be read: line 3: `[a` is not a valid pattern",
    }

    SOURCE_NEWER: Code {
        id: "MC119",
        severity: Severity::Warning,
        title: "a source file changed after the image was built",
        why: "the container runs the files in the image, so the change has no effect without a new build",
        more_why: "`up` builds only missing images.",
        fix: "run `magicctl rebuild SERVICE`: it builds the image and replaces the service's containers",
        more_fix: "A build without changes is quick and removes this warning too.",
        example: "magicctl rebuild app-runner",
    }

    REQUIREMENT_INVALID: Code {
        id: "MC120",
        severity: Severity::Error,
        title: "a line of requirements.txt is not a valid requirement",
        why: "pip fails at this line, and the build with it",
        more_why: "The format is defined in PEP 508: a name, extras in brackets, versions, and a marker after `;`.",
        fix: "use one of these forms: `name`, `name==1.2.3`, `name[extra]>=1,<2 ; python_version < \"3.13\"`, `name @ https://…`",
        example: "redis=8.1.0   →   redis==8.1.0",
    }

    REQUIREMENT_UNPINNED: Code {
        id: "MC121",
        severity: Severity::Warning,
        title: "a requirement has no version",
        why: "pip installs the newest version on the day of the build, so the same file can give a different image tomorrow, and a new release can break the app",
        fix: "set the version that you tested (`name==1.2.3`), or a range (`name>=1.2,<2`)",
        more_fix: "`pip freeze` in a working container prints the versions.",
        example: "starlette   →   starlette==1.10.0",
    }

    REQUIREMENT_TWICE: Code {
        id: "MC122",
        severity: Severity::Warning,
        title: "a requirement is listed twice",
        why: "pip rejects two lines for one package that contradict each other, and even if they don't, it is easy to change only one of them",
        fix: "keep one of the lines",
        example: "redis==8.1.0\nRedis>=7",
    }

    REQUIREMENTS_INCLUDE: Code {
        id: "MC123",
        severity: Severity::Error,
        title: "requirements.txt includes a file that doesn't exist",
        why: "`-r` and `-c` include other files",
        more_why: "pip fails if one doesn't exist.",
        fix: "create the file, or remove the line",
        more_fix: "The Dockerfile has to copy the file too.",
        example: "-r requirements/base.txt",
    }

    REQUIREMENT_UNHASHED: Code {
        id: "MC124",
        severity: Severity::Error,
        title: "some requirements have hashes, and others don't",
        why: "if any line of requirements.txt has a `--hash`, pip requires a hash and an exact version for every package, including indirect dependencies, and otherwise fails",
        fix: "add the package to requirements.in and run `pip-compile --generate-hashes --strip-extras --allow-unsafe requirements.in`",
        more_fix: "Or remove all hashes: pip then doesn't verify downloads.",
        example: "redis==8.1.0   →   redis==8.1.0 --hash=sha256:…",
    }

    REQUIREMENT_MISSING: Code {
        id: "MC125",
        severity: Severity::Warning,
        title: "the app imports a package that is not in requirements.txt",
        why: "the module is not in the image, so the app exits when it imports it",
        more_why: "Only unconditional imports in files that the Dockerfile copies are checked.",
        fix: "add the module's package to requirements.txt, then build",
        more_fix: "If requirements.txt is compiled from another file, add the package there and compile again.",
        example: "warning[MC125]: run.py imports aiokafka, but no line of requirements.txt installs it",
    }

    KEY_FILE_NAME: Code {
        id: "MC130",
        severity: Severity::Warning,
        title: "a file in keys_pool/ is not used because of its name",
        why: "the gateway reads `keys_pool_<provider>.env`, where the provider is google, openai, mistral, anthropic, deepseek, local, or a value of `keys` in a profile",
        more_why: "Keys in any other file are never used.",
        fix: "rename the file",
        example: "keys_pool/openai.env   →   keys_pool/keys_pool_openai.env",
    }

    KEY_FILE_KIND: Code {
        id: "MC131",
        severity: Severity::Warning,
        title: "something in keys_pool/ or env/ is not a regular file",
        why: "a folder, pipe, socket or device contains no keys, and reading it can block",
        more_why: "A link out of the project is broken in a container. magicctl opens none of them.",
        fix: "put the keys into a regular file, or remove it",
        example: "warning[MC131]: keys_pool/keys_pool_openai.env is a pipe, not a file",
    }

    KEY_FILE_LARGE: Code {
        id: "MC132",
        severity: Severity::Warning,
        title: "a key file, or all of them together, is too large",
        why: "a key file usually has a few lines",
        more_why: "Files above 1 MB are not read or checked, and neither are files beyond 1000 files or 4 MB in both folders.",
        fix: "check its content, and move other files out of that folder",
        example: "warning[MC132]: env/dump.env is larger than 1 MB",
    }

    KEY_FILE_EMPTY: Code {
        id: "MC133",
        severity: Severity::Warning,
        title: "a key file contains no key",
        why: "without a key, every request to the provider fails",
        fix: "add the keys, one per line, or remove the file",
        example: "warning[MC133]: keys_pool/keys_pool_openai.env contains no key",
    }

    KEY_PLACEHOLDER: Code {
        id: "MC134",
        severity: Severity::Warning,
        title: "a key is still a placeholder",
        why: "it is sent to the provider, which rejects it",
        fix: "replace it with the real key",
        example: "your-api-key-here",
    }

    KEY_BLANK: Code {
        id: "MC135",
        severity: Severity::Warning,
        title: "a key contains a space, or a character that is not valid in a key",
        why: "keys are plain ASCII without spaces",
        more_why: "Usually the line has two keys, a comment after the key, or other copied text. The gateway skips such a line.",
        fix: "write one key per line, and comments on separate lines that start with `#`",
        example: "warning[MC135]: keys_pool/keys_pool_openai.env:3: the key …x7Qd contains a space",
    }

    KEY_QUOTED: Code {
        id: "MC136",
        severity: Severity::Note,
        title: "a key in keys_pool/ is written in quotes",
        why: "keys in these files are written without quotes",
        more_why: "The sample project's gateway removes quotes, but your own app may send them too.",
        fix: "remove the quotes",
        example: "\"AIza…\"   →   AIza…",
    }

    KEY_ASSIGNED: Code {
        id: "MC137",
        severity: Severity::Note,
        title: "a key in keys_pool/ is written as NAME=key",
        why: "these files contain one key per line without a name",
        more_why: "Only files in env/ have names. The sample project's gateway removes the name, but your own app may use the whole line as the key.",
        fix: "keep only the text after the `=`",
        example: "OPENAI_API_KEY=sk-…   →   sk-…",
    }

    KEY_LINE_ENDS: Code {
        id: "MC138",
        severity: Severity::Note,
        title: "a key file has Windows line endings or a byte order mark",
        why: "they are invisible",
        more_why: "The sample project's gateway removes them, but another program may read them as part of the key, which is then rejected.",
        fix: "save it as plain UTF-8 with Unix line endings: `sed -i 's/\\r$//; 1s/^\\xef\\xbb\\xbf//' FILE`",
        example: "warning[MC138]: keys_pool/keys_pool_google.env has Windows line endings (CRLF)",
    }

    KEY_TWICE: Code {
        id: "MC139",
        severity: Severity::Warning,
        title: "a key is listed twice",
        why: "requests are spread over the keys of a pool",
        more_why: "A duplicate key is tried twice and quarantined twice.",
        fix: "keep one of them",
        example: "warning[MC139]: the key …x7Qd is in keys_pool/keys_pool_openai.env:1 and keys_pool/keys_pool_openai.env:4",
    }

    ENV_LINE: Code {
        id: "MC140",
        severity: Severity::Warning,
        title: "a line of a file in env/ is not NAME=value",
        why: "the tools read these files as variables",
        more_why: "They skip any other line, or fail.",
        fix: "write it as `NAME=value`",
        example: "TAVILY_API_KEY=tvly-…",
    }

    KEYS_OPEN: Code {
        id: "MC141",
        severity: Severity::Warning,
        title: "other users of this machine can read a key file",
        why: "every user and every service on this machine can read the keys",
        fix: "remove the permission",
        more_fix: "If the app's container doesn't run as the file's owner, first give the file to the group of the container's user, which needs root. `magicctl check --fix` removes the permission if the container can still read the file.",
        example: "chmod o-r keys_pool/keys_pool_openai.env",
    }

    KEYS_CLOSED: Code {
        id: "MC142",
        severity: Severity::Warning,
        title: "the app's user can't read a key file",
        why: "the container's user is not the file's owner and has no permission to read it",
        more_why: "The app starts, but has no keys.",
        fix: "give the file to that user's group, with read permission for the group",
        example: "sudo chgrp 10001 keys_pool/keys_pool_openai.env && chmod g+r keys_pool/keys_pool_openai.env",
    }

    KEYS_TRACKED: Code {
        id: "MC143",
        severity: Severity::Warning,
        title: "git tracks a key file",
        why: "the keys are in the history: anyone with the repository has them, even after the file is deleted",
        fix: "run `git rm --cached FILE`, ignore the file, and replace the keys at their providers if anyone else has the repository",
        example: "git rm --cached keys_pool/keys_pool_openai.env",
    }

    KEYS_NOT_IGNORED: Code {
        id: "MC144",
        severity: Severity::Warning,
        title: "git doesn't ignore the key files",
        why: "the next `git add .` would add the keys to the history",
        fix: "`magicctl check --fix` adds the lines to .gitignore",
        example: "/keys_pool/*\n/env/*\n!/keys_pool/README.md\n!/env/README.md",
    }

    KEYS_IN_CONTEXT: Code {
        id: "MC145",
        severity: Severity::Warning,
        title: "key files are sent to the builder",
        why: "they are in the build context, and .dockerignore doesn't exclude them: a `COPY . .` copies them into the image, and a remote builder gets them in any case",
        fix: "`magicctl check --fix` adds the lines to .dockerignore",
        example: "keys_pool/\nenv/\n.env",
    }

    KEY_FILE_UNREADABLE: Code {
        id: "MC146",
        severity: Severity::Warning,
        title: "magicctl can't read a key file",
        why: "in logs and messages it can mask only keys that it knows or that look like a provider's key: others may be shown",
        fix: "give your user read permission, or run magicctl as the file's owner",
        example: "warning[MC146]: keys_pool/keys_pool_openai.env can't be read: Permission denied",
    }

    KEYS_UNUSED: Code {
        id: "MC147",
        severity: Severity::Warning,
        title: "no alias uses a provider that has a key",
        why: "all aliases in proxy_config.yaml use providers without a key file, so every request fails",
        more_why: "The existing keys are for other providers.",
        fix: "add a key of a used provider to keys_pool/, or change an alias to a profile whose provider has a key",
        example: "warning[MC147]: there are keys for mistral, but aliases use only google, openai",
    }

    KEYS_NONE_FOR_PROVIDER: Code {
        id: "MC148",
        severity: Severity::Note,
        title: "a used provider has no key yet",
        why: "proxy_config.yaml has profiles of that provider",
        more_why: "A request to one of them fails, and the next profile is tried.",
        fix: "add its keys to keys_pool/keys_pool_PROVIDER.env, one per line",
        example: "note[MC148]: no key for mistral: keys_pool/keys_pool_mistral.env is missing",
    }

    NAME_NOT_TEXT: Code {
        id: "MC149",
        severity: Severity::Warning,
        title: "a file's name is not UTF-8",
        why: "many programs can't open it, including magicctl, which doesn't read its keys",
        fix: "rename it: `ls -b` shows the bytes, and `mv` works with a pattern such as `keys_pool/*.env`",
        example: "warning[MC149]: keys_pool/ contains a file whose name is not UTF-8: keys_pool_\\xff.env",
    }
}
