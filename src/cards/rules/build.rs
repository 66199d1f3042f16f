//! What a step of a Dockerfile fails with.

use crate::codes;

use super::{AT_STEP, At, Condition, REBUILD, Rule, UP, When};

/// What the builder says of a path that COPY names and the context does not have.
const NOT_FOUND: &str = r#"(?:cache key|checksum of ref)[^"]*"/?(?P<path>[^"]+)"?:? not found"#;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: Some(&codes::DISK_FULL),
        when: When::Says(r"(?i)no space left on device"),
        what: "the disk where the engine keeps its data is full",
        why: "a build step needs more space than is free",
        fix: "free some space, then build again; these commands show the usage and remove the build cache and untagged images (`docker image prune -a` removes all unused images)",
        run: &[
            "docker system df",
            "docker builder prune -f; docker image prune -f",
            "magicctl rebuild {service}",
        ],
        at: At::Step,
        ..UP
    },
    Rule {
        code: Some(&codes::DOCKERFILE),
        when: When::Says(r"(?i)dockerfile parse error (?:on )?line (?P<line>\d+): (?P<why>[^\n]+)"),
        what: "line {line} of {dockerfile} is not valid: {why}",
        why: "the builder can't read the Dockerfile",
        fix: "correct that line",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::COPIED_MISSING),
        when: When::Says(NOT_FOUND),
        only: &[Condition::FromContext, Condition::HoldsKeys],
        what: "{path:context} is excluded from the build",
        why: "it contains keys, and .dockerignore excludes them: anyone with the image could read them",
        fix: "remove the line from the Dockerfile, and mount the file under `volumes:` of {service} instead",
        ..AT_STEP
    },
    Rule {
        only: &[Condition::FromContext],
        what: "{path:context} is excluded from the build",
        why: "the Dockerfile copies the file, but .dockerignore excludes it",
        fix: "add an exception to .dockerignore, then rebuild",
        run: &["{path:let_in}", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        only: &[Condition::FromContext],
        what: "{path} can't be copied: it doesn't exist",
        why: "in the build context ({context}) it is at {path:elsewhere_in_context}",
        fix: "change the line to copy {path:elsewhere_in_context}",
        ..AT_STEP
    },
    Rule {
        only: &[Condition::FromContext],
        what: "{path} can't be copied: it doesn't exist",
        why: "it is at {path:elsewhere}, outside the build context ({context})",
        fix: "move it into the build context, or set `build.context` of {service} to a folder that contains both",
        ..AT_STEP
    },
    Rule {
        only: &[Condition::FromContext],
        what: "{path} can't be copied: it doesn't exist",
        why: "the Dockerfile copies it, and {path:named_in} uses it, but the project has no file with that name",
        fix: "the code needs it: add it to the build context ({context})",
        ..AT_STEP
    },
    Rule {
        only: &[Condition::FromContext],
        what: "{path} can't be copied: it doesn't exist",
        why: "the Dockerfile copies it, but the project has no file with that name, and the code ({scripts}) doesn't use it",
        fix: "remove the line from the Dockerfile; if the app does need the file, add it to the build context ({context})",
        ..AT_STEP
    },
    Rule {
        only: &[Condition::FromContext],
        what: "{path} can't be copied: it doesn't exist",
        why: "the Dockerfile copies it, but it is not in the build context ({context})",
        fix: "add it there, or remove the line from the Dockerfile",
        ..AT_STEP
    },
    Rule {
        what: "{path} can't be copied: it doesn't exist",
        why: "the Dockerfile copies it from another stage or image (`COPY --from`), which doesn't contain it",
        fix: "correct the path, or create the file in that stage",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::BUILD_NETWORK),
        when: When::Says(
            r"(?s)connection broken by '.*?(?:host='(?P<host>[^']+)'|NewConnectionError|NameResolutionError|ConnectTimeoutError|ProxyError).*No matching distribution",
        ),
        what: "pip can't reach its package index during the build",
        why: "the builder has no network, no DNS or no proxy",
        fix: "connect this machine to the network; if it needs a proxy, pass the proxy to the build",
        run: &["curl -I https://pypi.org/simple/", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        code: Some(&codes::PACKAGE),
        when: When::Says(
            r"(?s)satisfies the requirement (?P<name>[A-Za-z0-9._-]+)(?P<spec>[^\s(]*) \(from versions: none\)",
        ),
        what: "there is no Python package named {name}",
        why: "{name:requirement} requires it, but the package index has no version for this Python",
        fix: "correct the name in that line, or remove the line",
        at: At::Requirement,
        ..REBUILD
    },
    Rule {
        code: Some(&codes::PACKAGE),
        when: When::Says(
            r"(?s)satisfies the requirement (?P<name>[A-Za-z0-9._-]+)(?P<spec>[^\s(]*) \(from versions: (?P<versions>[^)]+)\)",
        ),
        what: "there is no {name}{spec} to install",
        why: "{name:requirement} requires it; the newest version for this Python is {versions:latest}",
        fix: "change it to a version that exists, then rebuild",
        run: &["{name:ask_for_latest}", "magicctl rebuild {service}"],
        at: At::Requirement,
        ..UP
    },
    Rule {
        code: Some(&codes::PACKAGE),
        when: When::Says(r"No matching distribution found for (?P<name>[A-Za-z0-9._-]+)(?P<spec>\S*)"),
        what: "there is no {name}{spec} to install",
        why: "a RUN step of the Dockerfile installs it, but the package index has no such version",
        fix: "correct the name or version in that step",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::PACKAGE),
        when: When::Says(
            r"Invalid requirement: ['\x22]?(?P<text>[^'\x22\n]+?)['\x22]? ?(?::[^\n]*|\n(?s:.*?))?\(from line (?P<line>\d+) of (?P<path>\S+)\)",
        ),
        what: "line {line} of {path} is not a valid requirement: `{text}`",
        why: "write a name and a version, such as redis==8.1.0",
        fix: "correct that line, then rebuild",
        at: At::File,
        ..REBUILD
    },
    Rule {
        code: Some(&codes::PACKAGE),
        when: When::Says(
            r"Cannot install (?P<packages>[^\n]+?) because these package versions have conflicting dependencies",
        ),
        what: "{packages} can't be installed together",
        why: "they need different versions of the same package (listed by pip under `The conflict is caused by`)",
        fix: "relax one of the versions in {requirements}, then rebuild",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::PACKAGE),
        when: When::Says(
            r"Package '(?P<name>[^']+)' requires a different Python: (?P<have>\S+) not in '(?P<wants>[^']+)'",
        ),
        what: "{name} doesn't support Python {have}",
        why: "it needs Python {wants}",
        fix: "choose another version of {name} in {requirements}, or another Python base image",
        at: At::Requirement,
        ..REBUILD
    },
    Rule {
        code: Some(&codes::COPIED_MISSING),
        when: When::Says(r"Could not open requirements file: .*'(?P<path>[^']+)'"),
        what: "{path} is not in the image when pip reads it",
        why: "it is not copied before this step",
        fix: "add a line before this step: {path:copy_here}",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::BUILD_TOOL),
        when: When::Says(
            r"(?:command|unable to execute) '?(?P<program>[\w./+-]*(?:gcc|g\+\+|cc|rustc|cargo|make|cmake))'?(?: failed)?: No such file",
        ),
        what: "a Python package needs the compiler {program}, which is not in the base image",
        why: "the package has no prebuilt wheel for this Python, so pip compiles it",
        fix: "add before the pip step: RUN apt-get update && apt-get install -y --no-install-recommends build-essential",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::BUILD_NETWORK),
        when: When::Says(r"Temporary failure resolving '(?P<host>[^']+)'"),
        what: "{host} can't be reached during the build",
        why: "the builder has no network or no DNS",
        fix: "connect this machine to the network, or set a working DNS server for the engine (`dns` in /etc/docker/daemon.json)",
        run: &["getent hosts {host}", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        code: Some(&codes::BUILD_TOOL),
        when: When::Says(r"E: Unable to locate package (?P<name>\S+)"),
        what: "apt can't find the package {name}",
        why: "the step doesn't run `apt-get update` first, and base images contain no package lists",
        fix: "write RUN {name:apt_install_with_lists}, and check the package's name",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::BUILD_TOOL),
        when: When::Says(r"E: (?:Unable to locate package|Package) '?(?P<name>[\w.+-]+)"),
        what: "apt can't find the package {name}",
        why: "the name is misspelt, or the base image's Debian doesn't have the package",
        fix: "correct the name in that step",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::BUILD_TOOL),
        when: When::Says(
            r"(?m)^(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?P<program>[^:\s]+): (?:command )?not found",
        ),
        what: "the program `{program}` is not in the base image",
        why: "the step runs it, but neither the base image nor an earlier step installs it",
        fix: "install it in an earlier step: RUN {program:apt_install}",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::DOCKERFILE),
        when: When::Says(r"target stage (?P<stage>\S+) could not be found"),
        what: "{dockerfile} has no stage {stage}",
        why: "it is set in the service's `build.target`",
        fix: "correct `target`, or name a stage: FROM … AS {stage}",
        at: At::Key("build"),
        ..REBUILD
    },
    Rule {
        code: Some(&codes::DOCKERFILE),
        when: When::Says(r"base name \((?P<name>[^)]+)\) should not be blank"),
        what: "the base image's name is empty: {name} has no value",
        why: "FROM uses a build argument that has neither a value nor a default",
        fix: "set a default before FROM, such as ARG BASE_IMAGE=python:3.12-slim",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::BUILD_STEP),
        when: When::DockerfileUnreadable,
        only: &[Condition::OfTheSample],
        what: "{unreadable} can't be read: {unreadable_why}",
        why: "the service's image is built from it",
        fix: "create the sample project's Dockerfile, or correct the service's `build`",
        run: &["magicctl init"],
        at: At::Key("build"),
    },
    Rule {
        what: "{unreadable} can't be read: {unreadable_why}",
        why: "the service's image is built from it",
        fix: "create it, or correct the service's `build`",
        at: At::Key("build"),
        ..UP
    },
];

pub(super) const ANY: &[Rule] = &[
    Rule {
        code: Some(&codes::NO_SUCH_IMAGE),
        when: When::Says(r"(?P<reference>[\w.-]+(?::\d+)?/[\w./-]+:[\w.-]+): not found"),
        what: "the base image {reference} doesn't exist",
        why: "FROM in {dockerfile} uses it, but the registry has no such tag",
        fix: "correct the name in that line, or in the build argument",
        ..AT_STEP
    },
    Rule {
        code: Some(&codes::BUILD_STEP),
        when: When::StepExit(Some(137)),
        what: "a build step was killed, probably because memory ran out",
        why: "exit code 137 is SIGKILL, which the kernel sends when the machine is out of memory",
        fix: "give the machine more memory, or run fewer things during the build",
        run: &["free -h", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        code: Some(&codes::BUILD_STEP),
        when: When::StepExit(None),
        what: "a step of its Dockerfile failed with exit code {step_code}",
        why: "the reason is in the step's output above; running containers were not changed",
        fix: "fix what the output names in {dockerfile}, then rebuild",
        ..AT_STEP
    },
];
