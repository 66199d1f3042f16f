//! What a step of a Dockerfile fails with.

use super::{AT_STEP, At, If, REBUILD, Rule, UP, When};

/// What the builder says of a path that COPY names and the context does not have.
const NOT_FOUND: &str = r#"(?:cache key|checksum of ref)[^"]*"/?(?P<path>[^"]+)"?:? not found"#;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "MC512",
        when: When::Says(r"(?i)no space left on device"),
        what: "the disk where the engine keeps its data is full",
        why: "a step of the build writes more than there is room for",
        fix: "free some space, then build again: this shows what holds it, then removes the build cache and images without a name (`docker image prune -a`: all that no container uses)",
        run: &[
            "docker system df",
            "docker builder prune -f; docker image prune -f",
            "magicctl rebuild {service}",
        ],
        at: At::Step,
        ..UP
    },
    Rule {
        code: "MC534",
        when: When::Says(r"(?i)dockerfile parse error (?:on )?line (?P<line>\d+): (?P<why>[^\n]+)"),
        what: "line {line} of {dockerfile} is no instruction: {why}",
        why: "the builder can't read the Dockerfile",
        fix: "correct that line",
        ..AT_STEP
    },
    Rule {
        code: "MC531",
        when: When::Says(NOT_FOUND),
        only: &[If::FromContext, If::HoldsKeys],
        what: "{path:context} is left out of the build",
        why: "it holds keys, and .dockerignore keeps those from the builder: who has an image could read them",
        fix: "take the line out of the Dockerfile, and mount it under `volumes:` of {service} instead",
        ..AT_STEP
    },
    Rule {
        only: &[If::FromContext],
        what: "{path:context} is left out of the build",
        why: "the file is there, but .dockerignore keeps it from the builder, and the Dockerfile copies it",
        fix: "let it in with a line of .dockerignore, then rebuild",
        run: &["{path:let_in}", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        only: &[If::FromContext],
        what: "there is no {path} to copy",
        why: "the Dockerfile copies it, and the build context ({context}) has it at {path:elsewhere_in_context}",
        fix: "let that line copy {path:elsewhere_in_context}",
        ..AT_STEP
    },
    Rule {
        only: &[If::FromContext],
        what: "there is no {path} to copy",
        why: "the Dockerfile copies it from the build context ({context}), and the project has it at {path:elsewhere}, outside of that",
        fix: "move it into the build context, or let `build.context` of {service} be a folder that holds both",
        ..AT_STEP
    },
    Rule {
        only: &[If::FromContext],
        what: "there is no {path} to copy",
        why: "the Dockerfile copies it, and nothing of that name was found in the project; {path:named_in} names it",
        fix: "the code needs it: put it into the build context ({context})",
        ..AT_STEP
    },
    Rule {
        only: &[If::FromContext],
        what: "there is no {path} to copy",
        why: "the Dockerfile copies it, and nothing of that name was found in the project; its code at the top ({scripts}) does not name it",
        fix: "take the line out of the Dockerfile; if the app needs it after all, put it into the build context ({context})",
        ..AT_STEP
    },
    Rule {
        only: &[If::FromContext],
        what: "there is no {path} to copy",
        why: "the Dockerfile copies it, and it is not in the build context ({context})",
        fix: "put it there, or take the line out of the Dockerfile",
        ..AT_STEP
    },
    Rule {
        what: "there is no {path} to copy",
        why: "the Dockerfile takes it from another stage or image (`COPY --from`), which has no such file",
        fix: "correct the path, or let that stage make it",
        ..AT_STEP
    },
    Rule {
        code: "MC533",
        when: When::Says(
            r"(?s)connection broken by '.*?(?:host='(?P<host>[^']+)'|NewConnectionError|NameResolutionError|ConnectTimeoutError|ProxyError).*No matching distribution",
        ),
        what: "pip can't reach its package index while the image is built",
        why: "the builder has no network, no DNS or no proxy; the packages' names may be right",
        fix: "connect the machine; behind a proxy, give it to the build",
        run: &["curl -I https://pypi.org/simple/", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        code: "MC532",
        when: When::Says(
            r"(?s)satisfies the requirement (?P<name>[A-Za-z0-9._-]+)(?P<spec>[^\s(]*) \(from versions: none\)",
        ),
        what: "there is no Python package called {name}",
        why: "{name:requirement} asks for it, and the package index knows no version of it for this Python",
        fix: "correct the name in that line, or take it out",
        at: At::Requirement,
        ..REBUILD
    },
    Rule {
        code: "MC532",
        when: When::Says(
            r"(?s)satisfies the requirement (?P<name>[A-Za-z0-9._-]+)(?P<spec>[^\s(]*) \(from versions: (?P<versions>[^)]+)\)",
        ),
        what: "there is no {name}{spec} to install",
        why: "{name:requirement} asks for it; the newest version that suits this Python is {versions:latest}",
        fix: "ask for a version that there is, then rebuild",
        run: &["{name:ask_for_latest}", "magicctl rebuild {service}"],
        at: At::Requirement,
        ..UP
    },
    Rule {
        code: "MC532",
        when: When::Says(r"No matching distribution found for (?P<name>[A-Za-z0-9._-]+)(?P<spec>\S*)"),
        what: "there is no {name}{spec} to install",
        why: "a RUN step of the Dockerfile asks for it, and the package index has no such version",
        fix: "correct name and version in that step",
        ..AT_STEP
    },
    Rule {
        code: "MC532",
        when: When::Says(
            r"Invalid requirement: ['\x22]?(?P<text>[^'\x22\n]+?)['\x22]? ?(?::[^\n]*|\n(?s:.*?))?\(from line (?P<line>\d+) of (?P<path>\S+)\)",
        ),
        what: "line {line} of {path} is no requirement: `{text}`",
        why: "pip wants a name with a version behind two equal signs, such as redis==8.1.0",
        fix: "correct that line, then rebuild",
        at: At::File,
        ..REBUILD
    },
    Rule {
        code: "MC532",
        when: When::Says(
            r"Cannot install (?P<packages>[^\n]+?) because these package versions have conflicting dependencies",
        ),
        what: "{packages} can't be installed together",
        why: "they want different versions of the same package (pip says which, below `The conflict is caused by`)",
        fix: "loosen one of their versions in {requirements}, then rebuild",
        ..AT_STEP
    },
    Rule {
        code: "MC532",
        when: When::Says(
            r"Package '(?P<name>[^']+)' requires a different Python: (?P<have>\S+) not in '(?P<wants>[^']+)'",
        ),
        what: "{name} is not for Python {have}",
        why: "it wants {wants}",
        fix: "ask for a version of {name} that suits, in {requirements}, or build FROM another Python",
        at: At::Requirement,
        ..REBUILD
    },
    Rule {
        code: "MC531",
        when: When::Says(r"Could not open requirements file: .*'(?P<path>[^']+)'"),
        what: "{path} is not in the image when pip reads it",
        why: "no COPY before this step brings it",
        fix: "put a line before this step: {path:copy_here}",
        ..AT_STEP
    },
    Rule {
        code: "MC535",
        when: When::Says(
            r"(?:command|unable to execute) '?(?P<program>[\w./+-]*(?:gcc|g\+\+|cc|rustc|cargo|make|cmake))'?(?: failed)?: No such file",
        ),
        what: "a Python package wants a compiler, {program}, which its base image lacks",
        why: "there is no ready-made wheel of that package for this Python, so pip compiles it",
        fix: "before the pip step: RUN apt-get update && apt-get install -y --no-install-recommends build-essential",
        ..AT_STEP
    },
    Rule {
        code: "MC533",
        when: When::Says(r"Temporary failure resolving '(?P<host>[^']+)'"),
        what: "{host} can't be reached while the image is built",
        why: "the builder has no network or no DNS",
        fix: "connect the machine, or give the engine a DNS server that works (`dns` in /etc/docker/daemon.json)",
        run: &["getent hosts {host}", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        code: "MC535",
        when: When::Says(r"E: Unable to locate package (?P<name>\S+)"),
        what: "apt knows no package {name}",
        why: "the step installs without `apt-get update` before it, and a base image holds no package lists",
        fix: "write RUN {name:apt_install_with_lists}, if that is how the package is spelt: without lists apt can't tell",
        ..AT_STEP
    },
    Rule {
        code: "MC535",
        when: When::Says(r"E: (?:Unable to locate package|Package) '?(?P<name>[\w.+-]+)"),
        what: "apt knows no package {name}",
        why: "the name is misspelt, or the base image's Debian has no such package",
        fix: "correct the name in that step",
        ..AT_STEP
    },
    Rule {
        code: "MC535",
        when: When::Says(
            r"(?m)^(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?P<program>[^:\s]+): (?:command )?not found",
        ),
        what: "there is no program `{program}` in its base image",
        why: "the step runs it, and neither the base image nor an earlier step brings it",
        fix: "install it in a step before: RUN {program:apt_install}",
        ..AT_STEP
    },
    Rule {
        code: "MC534",
        when: When::Says(r"target stage (?P<stage>\S+) could not be found"),
        what: "there is no stage {stage} in {dockerfile}",
        why: "`build.target` of the service names it",
        fix: "correct `target`, or call a stage so: FROM … AS {stage}",
        at: At::Key("build"),
        ..REBUILD
    },
    Rule {
        code: "MC534",
        when: When::Says(r"base name \((?P<name>[^)]+)\) should not be blank"),
        what: "the base image's name is empty: {name} has no value",
        why: "FROM of the Dockerfile takes it from a build argument that has neither a value nor a default",
        fix: "give it a default before FROM, such as ARG BASE_IMAGE=python:3.12-slim",
        ..AT_STEP
    },
    Rule {
        code: "MC530",
        when: When::DockerfileUnreadable,
        only: &[If::OfTheSample],
        what: "{unreadable} can't be read: {unreadable_why}",
        why: "it is the recipe of the service's image",
        fix: "write the sample project's, or correct `build` of the service",
        run: &["magicctl init"],
        at: At::Key("build"),
    },
    Rule {
        what: "{unreadable} can't be read: {unreadable_why}",
        why: "it is the recipe of the service's image",
        fix: "write it, or correct `build` of the service",
        at: At::Key("build"),
        ..UP
    },
];

pub(super) const ANY: &[Rule] = &[
    Rule {
        code: "MC521",
        when: When::Says(r"(?P<reference>[\w.-]+(?::\d+)?/[\w./-]+:[\w.-]+): not found"),
        what: "there is no base image {reference}",
        why: "FROM in {dockerfile} names it, and its registry has no such tag",
        fix: "correct the name in that line, or the build argument that it comes from",
        ..AT_STEP
    },
    Rule {
        code: "MC530",
        when: When::StepExit(Some(137)),
        what: "a step was killed, most likely for want of memory",
        why: "exit code 137 is SIGKILL: the kernel sends it when the machine has no memory left",
        fix: "give the machine more memory, or build with less at once",
        run: &["free -h", "magicctl rebuild {service}"],
        at: At::Step,
        ..UP
    },
    Rule {
        code: "MC530",
        when: When::StepExit(None),
        what: "a step of its Dockerfile ended with exit code {step_code}",
        why: "the program that the step runs says so in its last lines, above; what ran before still runs",
        fix: "fix what it names in {dockerfile}, then rebuild",
        ..AT_STEP
    },
];
