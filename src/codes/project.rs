//! `MC1xx`: the checklist, the Dockerfile, requirements.txt, the keys.

use super::{Code, Severity, codes};

codes! {
    ALL;

    CHECK_FAILED: Code {
        id: "MC100",
        severity: Severity::Warning,
        title: "a check could not be made",
        why: "The check itself failed, or gave up when its time was over. What it would have found is not known; all other checks were made.",
        fix: "Look at the reason that is printed: mostly a folder that can't be read, or an engine that answers slowly. `magicctl check -v` shows how long each check took.",
        example: "warning[MC100]: the check `keys` gave up after 1.5 s",
    }

    MISSING: Code {
        id: "MC101",
        severity: Severity::Error,
        title: "a file or folder of the checklist is not there",
        why: "The stack builds from these files and mounts them. Docker turns a missing mount source into an empty folder of that name, and the service then fails late and oddly.",
        fix: "`magicctl check --fix` writes what is missing from the sample project and touches nothing that is there.",
        example: "error[MC101]: proxy_config.yaml is not there",
    }

    WRONG_KIND: Code {
        id: "MC102",
        severity: Severity::Error,
        title: "a folder stands where a file should be, or the reverse",
        why: "Mostly Docker made the folder: it does so for a mount source that is missing. The service then finds a folder where it wants a file.",
        fix: "If the folder is empty, remove it (`rmdir NAME`), and let `magicctl check --fix` write the file; else move it away first.",
        example: "error[MC102]: proxy_config.yaml is a folder, not a file",
    }

    UNREADABLE: Code {
        id: "MC103",
        severity: Severity::Error,
        title: "a file or folder of the project can't be read",
        why: "Neither magicctl nor the builder can use what this user may not read.",
        fix: "Give yourself the right to read it (`ls -l NAME` shows whose it is), or run magicctl as its owner.",
        example: "error[MC103]: Dockerfile can't be read: Permission denied",
    }

    TO_BE_RENDERED: Code {
        id: "MC104",
        severity: Severity::Note,
        title: "a rendered file is not there yet",
        why: "docker-compose.yml and the files in config/ are written from magicctl's templates. `up` writes those that are missing by itself.",
        fix: "Nothing needs to be done. `magicctl render` writes them now, so that you can read and edit them.",
        example: "note[MC104]: config/loki/local-config.yaml is not there yet: `up` writes it",
    }

    LINK_OUT: Code {
        id: "MC105",
        severity: Severity::Warning,
        title: "a symbolic link leads out of the project",
        why: "What magicctl itself chooses to read or write (the files of the checklist, keys_pool/ and env/, config/, what `render` and `check --fix` write) lies below the project's folder: a repository could else have it read, or change, any file of this machine by a link. What the link leads to was neither read nor changed. What the Compose file names, such as a mount, is used wherever it lies.",
        fix: "Put the file or folder itself in the link's place. A link that stays inside the project is followed, if it is written without a leading `/`.",
        example: "warning[MC105]: proxy_config.yaml is not looked at: it leads out of the project",
    }

    DOCKERFILE_INVALID: Code {
        id: "MC110",
        severity: Severity::Error,
        title: "the Dockerfile can't be parsed",
        why: "The builder would stop at that line.",
        fix: "Mend the line. A long instruction goes on in the next line only after a `\\` at its very end.",
        example: "COPPY run.py ./   →   COPY run.py ./",
    }

    BASE_IMAGE_EMPTY: Code {
        id: "MC111",
        severity: Severity::Error,
        title: "the base image has no name or no valid one",
        why: "`FROM` uses a build argument that has neither a default in the Dockerfile nor a value in the Compose file, or what comes out is no image's name.",
        fix: "Give the `ARG` before `FROM` a default, or set it under `build.args` in the Compose file.",
        example: "ARG PYTHON_IMAGE=python:3.12-slim\nFROM ${PYTHON_IMAGE}",
    }

    BASE_IMAGE_ABSENT: Code {
        id: "MC112",
        severity: Severity::Note,
        title: "the base image will be pulled",
        why: "It is not on this engine yet, so the build begins with a download and needs a way to the registry.",
        fix: "Nothing needs to be done where a registry can be reached. Elsewhere build the images from packages (`make images`) and name them with `--env-file images/local.env`.",
        example: "note[MC112]: the base image python:3.12-slim is not here yet: the build pulls it",
    }

    COPY_MISSING: Code {
        id: "MC113",
        severity: Severity::Error,
        title: "the Dockerfile copies what is not there",
        why: "`COPY` and `ADD` take files from the build context, the folder that `build.context` names. The builder stops at one that does not exist.",
        fix: "Write the path as it is below the build context, or make the file.",
        example: "COPY requirments.txt ./   →   COPY requirements.txt ./",
    }

    COPY_IGNORED: Code {
        id: "MC114",
        severity: Severity::Error,
        title: "the Dockerfile copies what .dockerignore leaves out",
        why: "The builder never gets a file that .dockerignore leaves out, and says that it does not exist although it lies there.",
        fix: "Add an exception at the end of .dockerignore: `!PATH`.",
        example: "*\n!requirements.txt\n!run.py",
    }

    COPIES_KEYS: Code {
        id: "MC115",
        severity: Severity::Warning,
        title: "the Dockerfile copies keys into the image",
        why: "Whoever gets the image gets the keys: they stay in its layers even when a later line deletes them. The stack mounts keys_pool/ and env/ read-only instead.",
        fix: "Copy only what the app needs, and leave keys out of the build context: `magicctl check --fix` adds the lines to .dockerignore.",
        example: "keys_pool/\nenv/\n.env",
    }

    NOT_RUN_PY: Code {
        id: "MC116",
        severity: Severity::Warning,
        title: "the app's container starts uvicorn or gunicorn itself, not run.py",
        why: "`python run.py` starts magic-proxy and mcp-server and joins their logs into one stream. Started otherwise, one of the two is missing, and its lines are in no log.",
        fix: "End the Dockerfile with `CMD [\"python\", \"run.py\"]`, and take `command:` of app-runner out of the Compose file.",
        example: "CMD [\"uvicorn\", \"magic_proxy.proxy:app\"]   →   CMD [\"python\", \"run.py\"]",
    }

    RUN_PY_MISSING: Code {
        id: "MC117",
        severity: Severity::Error,
        title: "run.py is not there",
        why: "The app's container runs `python run.py`, and the Dockerfile copies the whole folder, in which there is none: the container exits at once.",
        fix: "Write run.py, which starts magic-proxy and mcp-server; `magicctl init` in an empty folder shows one.",
        example: "python: can't open file '/app/run.py': [Errno 2] No such file or directory",
    }

    IGNORE_INVALID: Code {
        id: "MC118",
        severity: Severity::Error,
        title: ".dockerignore can't be read",
        why: "A line of it is not a valid pattern, or it has more than 1,000 patterns, so the build context can't be packed.",
        fix: "Mend the line: mostly a `[` is not closed.",
        example: "error[MC118]: .dockerignore can't be read: line 3: `[a` is not a valid pattern",
    }

    SOURCE_NEWER: Code {
        id: "MC119",
        severity: Severity::Warning,
        title: "a source file changed after the image was built",
        why: "The container runs what the image holds: without a new build the change has no effect. `up` builds only what is missing.",
        fix: "`magicctl rebuild SERVICE` builds the image and replaces the service's containers; a build that changes nothing is quick and ends this warning as well.",
        example: "magicctl rebuild app-runner",
    }

    REQUIREMENT_INVALID: Code {
        id: "MC120",
        severity: Severity::Error,
        title: "a line of requirements.txt is no requirement",
        why: "pip stops at it, and with it the build of the image. The form is that of PEP 508: a name, extras in brackets, versions, a marker behind `;`.",
        fix: "Write it as pip wants it: `name`, `name==1.2.3`, `name[extra]>=1,<2 ; python_version < \"3.13\"`, `name @ https://…`.",
        example: "redis=8.1.0   →   redis==8.1.0",
    }

    REQUIREMENT_UNPINNED: Code {
        id: "MC121",
        severity: Severity::Warning,
        title: "requirements without a version",
        why: "The same file gives another image tomorrow: whatever is newest on the day of the build. A release that breaks the app then breaks a build that nobody changed.",
        fix: "Name the version that you tried (`name==1.2.3`), or a range (`name>=1.2,<2`). `pip freeze` in a container that works prints them.",
        example: "starlette   →   starlette==1.10.0",
    }

    REQUIREMENT_TWICE: Code {
        id: "MC122",
        severity: Severity::Warning,
        title: "a requirement is there twice",
        why: "pip refuses two lines for one package that can't both hold, and two that can are a trap for whoever changes one of them.",
        fix: "Keep one of the lines.",
        example: "redis==8.1.0\nRedis>=7",
    }

    REQUIREMENTS_INCLUDE: Code {
        id: "MC123",
        severity: Severity::Error,
        title: "requirements.txt includes a file that is not there",
        why: "`-r` and `-c` name files beside requirements.txt. pip stops at one that does not exist.",
        fix: "Make the file, or take the line out. The Dockerfile must copy it too.",
        example: "-r requirements/base.txt",
    }

    REQUIREMENT_UNHASHED: Code {
        id: "MC124",
        severity: Severity::Error,
        title: "some requirements have hashes, and others don't",
        why: "As soon as one line of requirements.txt has a `--hash`, pip holds every download to a hash, and stops the build at a line without one or without an exact version. So it does for a package that comes along and isn't listed.",
        fix: "Write the file with its tool: `pip-compile --generate-hashes --strip-extras --allow-unsafe requirements.in`, with the new name in requirements.in. Or take all hashes out: pip then takes what the index gives it.",
        example: "redis==8.1.0   →   redis==8.1.0 --hash=sha256:…",
    }

    REQUIREMENT_MISSING: Code {
        id: "MC125",
        severity: Severity::Warning,
        title: "the app imports what no line of requirements.txt brings",
        why: "The module is not in the image then, and the app ends at its first line that imports it. Only imports that are made whatever happens are looked at, in the files that the Dockerfile copies.",
        fix: "Name the package that brings the module in requirements.txt, then build. Where requirements.txt is compiled from another file, name it there and compile again.",
        example: "warning[MC125]: run.py imports aiokafka, and no line of requirements.txt brings it",
    }

    KEY_FILE_NAME: Code {
        id: "MC130",
        severity: Severity::Warning,
        title: "a file in keys_pool/ has no name that is looked for",
        why: "The gateway reads `keys_pool_<provider>.env`, where the provider is one of google, openai, mistral, anthropic, deepseek, local, or what `keys` of a profile says. Keys in any other file are never used.",
        fix: "Rename the file.",
        example: "keys_pool/openai.env   →   keys_pool/keys_pool_openai.env",
    }

    KEY_FILE_KIND: Code {
        id: "MC131",
        severity: Severity::Warning,
        title: "something in keys_pool/ or env/ is no regular file",
        why: "A folder, pipe, socket or device holds no keys, and whoever reads it may wait for ever. A link that leads out of the project leads nowhere in a container. magicctl opens none of them.",
        fix: "Put the keys into a regular file, or take it away.",
        example: "warning[MC131]: keys_pool/keys_pool_openai.env is a pipe, not a file",
    }

    KEY_FILE_LARGE: Code {
        id: "MC132",
        severity: Severity::Warning,
        title: "a key file, or all of them together, is far too large",
        why: "A file of keys is a few lines. One larger than a megabyte is not read, nor what goes beyond 1000 files or 4 MB in both folders: what lies in them is not checked.",
        fix: "See what is in it; a file of another kind has no place in that folder.",
        example: "warning[MC132]: env/dump.env is larger than 1 MB",
    }

    KEY_FILE_EMPTY: Code {
        id: "MC133",
        severity: Severity::Warning,
        title: "a key file holds no key",
        why: "The file is there and the provider still has no key: every request to it fails.",
        fix: "Write the keys into it, one a line, or remove the file.",
        example: "warning[MC133]: keys_pool/keys_pool_openai.env holds no key",
    }

    KEY_PLACEHOLDER: Code {
        id: "MC134",
        severity: Severity::Warning,
        title: "a placeholder stands where a key should be",
        why: "It is sent to the provider as it is, and refused.",
        fix: "Put the real key in its place.",
        example: "your-api-key-here",
    }

    KEY_BLANK: Code {
        id: "MC135",
        severity: Severity::Warning,
        title: "a key has a blank inside, or a character that no key has",
        why: "Keys are plain ASCII without blanks. Mostly these are two keys in one line, a comment behind the key, or a text that was copied along. The gateway leaves such a line out.",
        fix: "One key a line; comments on lines of their own that begin with `#`.",
        example: "warning[MC135]: keys_pool/keys_pool_openai.env:3: the key …x7Qd has a blank inside",
    }

    KEY_QUOTED: Code {
        id: "MC136",
        severity: Severity::Note,
        title: "a key in keys_pool/ is written in quotes",
        why: "These files hold bare keys. The gateway of the sample project takes quotes off; an app of your own that takes the line as it is sends them too.",
        fix: "Take the quotes away.",
        example: "\"AIza…\"   →   AIza…",
    }

    KEY_ASSIGNED: Code {
        id: "MC137",
        severity: Severity::Note,
        title: "a key in keys_pool/ is written as NAME=key",
        why: "These files hold one bare key a line; those in env/ are the ones with names. The gateway of the sample project takes the name off; an app of your own may take the whole line for the key.",
        fix: "Leave only what is behind the `=`.",
        example: "OPENAI_API_KEY=sk-…   →   sk-…",
    }

    KEY_LINE_ENDS: Code {
        id: "MC138",
        severity: Severity::Note,
        title: "a key file has Windows line ends or a byte order mark",
        why: "They are invisible. The gateway of the sample project takes them off; a reader that does not expect them takes them for a part of the key, which is then refused.",
        fix: "Save it as plain UTF-8 with Unix line ends: `sed -i 's/\\r$//; 1s/^\\xef\\xbb\\xbf//' FILE`.",
        example: "warning[MC138]: keys_pool/keys_pool_google.env has Windows line ends (CRLF)",
    }

    KEY_TWICE: Code {
        id: "MC139",
        severity: Severity::Warning,
        title: "the same key is there twice",
        why: "A pool of keys is there to spread requests; the same key twice is tried twice, and quarantined twice.",
        fix: "Keep one of them.",
        example: "warning[MC139]: the key …x7Qd is in keys_pool/keys_pool_openai.env:1 and keys_pool/keys_pool_openai.env:4",
    }

    ENV_LINE: Code {
        id: "MC140",
        severity: Severity::Warning,
        title: "a line of a file in env/ is not NAME=value",
        why: "The tools read these files as variables; a line of another form is left out or stops them.",
        fix: "Write it as `NAME=value`.",
        example: "TAVILY_API_KEY=tvly-…",
    }

    KEYS_OPEN: Code {
        id: "MC141",
        severity: Severity::Warning,
        title: "other users of this machine can read a key file",
        why: "Everybody who can log in, and every service of this machine, can take the keys.",
        fix: "Take the right away. Where the app's container runs as another user than the file's owner, that user still must be able to read it: then give the file to that user's group, which needs root once. `magicctl check --fix` takes the right away where the container reads the file without it: as its owner, through its group, or as root with root's rights.",
        example: "chmod o-r keys_pool/keys_pool_openai.env",
    }

    KEYS_CLOSED: Code {
        id: "MC142",
        severity: Severity::Warning,
        title: "the app's user can't read a key file",
        why: "The container runs as a user of its own, which is neither the file's owner nor allowed to read it as anybody else. The app starts, and has no keys.",
        fix: "Give the file to the group of that user, and let the group read it.",
        example: "sudo chgrp 10001 keys_pool/keys_pool_openai.env && chmod g+r keys_pool/keys_pool_openai.env",
    }

    KEYS_TRACKED: Code {
        id: "MC143",
        severity: Severity::Warning,
        title: "git tracks a key file",
        why: "The keys are in the history: whoever gets the repository gets them, even after the file is deleted.",
        fix: "`git rm --cached FILE`, ignore it, and replace the keys at their providers if anybody else has the repository.",
        example: "git rm --cached keys_pool/keys_pool_openai.env",
    }

    KEYS_NOT_IGNORED: Code {
        id: "MC144",
        severity: Severity::Warning,
        title: "git does not ignore the key files",
        why: "The next `git add .` puts the keys into the history.",
        fix: "`magicctl check --fix` adds the lines to .gitignore.",
        example: "/keys_pool/*\n/env/*\n!/keys_pool/README.md\n!/env/README.md",
    }

    KEYS_IN_CONTEXT: Code {
        id: "MC145",
        severity: Severity::Warning,
        title: "key files are sent to the builder",
        why: "They lie in the build context and .dockerignore lets them through: a `COPY . .` puts them into the image, and a remote builder gets them in any case.",
        fix: "`magicctl check --fix` adds the lines to .dockerignore.",
        example: "keys_pool/\nenv/\n.env",
    }

    KEY_FILE_UNREADABLE: Code {
        id: "MC146",
        severity: Severity::Warning,
        title: "magicctl may not read a key file",
        why: "Keys that it does not know it can't mask in logs and messages, but for those that look like a provider's key.",
        fix: "Give your user the right to read it, or run magicctl as its owner.",
        example: "warning[MC146]: keys_pool/keys_pool_openai.env can't be read: Permission denied",
    }

    KEYS_UNUSED: Code {
        id: "MC147",
        severity: Severity::Warning,
        title: "there are keys, and no alias leads to a provider that has one",
        why: "Every alias of proxy_config.yaml leads only to providers without a key file, so every request can only fail; the keys that are there are of providers that no alias uses.",
        fix: "Put a key of a provider that is used into keys_pool/, or lead an alias to a profile of one that has a key.",
        example: "warning[MC147]: there are keys for mistral, but aliases lead only to google, openai",
    }

    KEYS_NONE_FOR_PROVIDER: Code {
        id: "MC148",
        severity: Severity::Note,
        title: "a provider that is used has no key yet",
        why: "Profiles of that provider are in proxy_config.yaml; a request that comes to one of them fails, and goes on to the next of its chain.",
        fix: "Put its keys into keys_pool/keys_pool_PROVIDER.env, one a line.",
        example: "note[MC148]: no key for mistral: keys_pool/keys_pool_mistral.env is not there",
    }

    NAME_NOT_TEXT: Code {
        id: "MC149",
        severity: Severity::Warning,
        title: "a file's name is not UTF-8",
        why: "Programs that expect text as names can't open it, magicctl's own reading of keys included.",
        fix: "Rename it: `ls -b` shows its bytes, `mv` with a pattern such as `keys_pool/*.env` reaches it.",
        example: "warning[MC149]: keys_pool/ holds a file whose name is not UTF-8: keys_pool_\\xff.env",
    }
}
