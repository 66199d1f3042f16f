//! The table: what `docker compose COMMAND --help` of v5.6.1 lists. A test holds it against the real one.

/// What a command or flag of Compose is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does the same.
    Same,
    /// It is there and does what one would rather have: why.
    Better(&'static str),
    /// It is not there: what is instead, or why not.
    Instead(&'static str),
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Better(_) => "better",
            Self::Instead(_) => "instead",
        }
    }

    pub(super) fn note(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Better(note) | Self::Instead(note) => note,
        }
    }

    /// Whether the command line takes it.
    pub(super) fn is_here(self) -> bool {
        !matches!(self, Self::Instead(_))
    }
}

/// A command of Compose.
#[derive(Debug)]
pub(super) struct Verb {
    pub name: &'static str,
    pub verdict: Verdict,
    pub flags: &'static [Flag],
}

/// A flag, as its help lists it: `-d, --detach`.
#[derive(Debug)]
pub(super) struct Flag {
    pub name: &'static str,
    pub verdict: Verdict,
}

const fn same(name: &'static str) -> Flag {
    Flag {
        name,
        verdict: Verdict::Same,
    }
}

const fn better(name: &'static str, why: &'static str) -> Flag {
    Flag {
        name,
        verdict: Verdict::Better(why),
    }
}

const fn instead(name: &'static str, what: &'static str) -> Flag {
    Flag {
        name,
        verdict: Verdict::Instead(what),
    }
}

const fn verb(name: &'static str, flags: &'static [Flag]) -> Verb {
    Verb {
        name,
        verdict: Verdict::Same,
        flags,
    }
}

const fn better_verb(name: &'static str, why: &'static str, flags: &'static [Flag]) -> Verb {
    Verb {
        name,
        verdict: Verdict::Better(why),
        flags,
    }
}

const fn other_verb(name: &'static str, what: &'static str, flags: &'static [Flag]) -> Verb {
    Verb {
        name,
        verdict: Verdict::Instead(what),
        flags,
    }
}

const JOBS: &str = "a job that another service waits for (`service_completed_successfully`) may exit with 0";
const NO_PREFIX: &str = "`--output raw` prints the unchanged bytes";

/// Flags that every command has.
pub(super) const EVERYWHERE: &[Flag] = &[better(
    "--dry-run",
    "prints each step and its reason, as `magicctl plan` does for `up`; `exec`, `cp`, `attach`, `init` and `render` refuse it",
)];

/// Flags before the command, as `docker compose --help` lists them.
pub(super) const BEFORE: &[Flag] = &[
    same("--all-resources"),
    same("--ansi"),
    better(
        "--compatibility",
        "`config` still prints the names of networks and volumes",
    ),
    better("--dry-run", "prints each step and its reason"),
    same("--env-file"),
    same("-f, --file"),
    better(
        "--parallel",
        "calls to the engine, except waits for readiness; short calls also have prints magicctl's version limit",
    ),
    same("--profile"),
    same("--progress"),
    same("--project-directory"),
    same("-p, --project-name"),
];

/// The commands, as `docker compose --help` lists them.
pub(super) const VERBS: &[Verb] = &[
    verb(
        "attach",
        &[
            same("--detach-keys"),
            same("--index"),
            same("--no-stdin"),
            same("--sig-proxy"),
        ],
    ),
    other_verb("bridge", "magicctl runs Compose files and doesn't convert them", &[]),
    verb(
        "build",
        &[
            same("--build-arg"),
            instead("--builder", "the engine's own builder, BuildKit, is used"),
            instead("--check", "`docker build --check`"),
            instead("-m, --memory", "BuildKit has no such limit"),
            same("--no-cache"),
            instead("--print", "`magicctl config` shows what would be built"),
            instead("--provenance", "the engine's own builder makes no attestations"),
            same("--pull"),
            same("--push"),
            same("-q, --quiet"),
            instead("--sbom", "the engine's own builder makes no attestations"),
            instead("--ssh", "`build.ssh` is refused, too: builds get no ssh agent"),
            same("--with-dependencies"),
        ],
    ),
    other_verb(
        "commit",
        "`docker commit CONTAINER`; `magicctl ps` shows the container's name",
        &[
            instead("-a, --author", "`docker commit`"),
            instead("-c, --change", "`docker commit`"),
            instead("--index", "`docker commit`"),
            instead("-m, --message", "`docker commit`"),
            instead("-p, --pause", "`docker commit`"),
        ],
    ),
    verb(
        "config",
        &[
            same("--environment"),
            same("--format"),
            same("--hash"),
            same("--images"),
            instead(
                "--lock-image-digests",
                "pin the digest in the file: `image: name@sha256:…`",
            ),
            instead("--models", "`models` are refused: run them as services"),
            same("--networks"),
            instead(
                "--no-consistency",
                "an inconsistent file is always refused, with the line",
            ),
            instead("--no-env-resolution", "`env_file` is always read"),
            same("--no-interpolate"),
            instead(
                "--no-normalize",
                "the file is always shown in the canonical form, which is what runs",
            ),
            instead("--no-path-resolution", "paths are always shown as they are used"),
            instead(
                "-o, --output",
                "`magicctl config > FILE` (`--output` means text or json here)",
            ),
            same("--profiles"),
            same("-q, --quiet"),
            instead(
                "--resolve-image-digests",
                "pin the digest in the file: `image: name@sha256:…`",
            ),
            same("--services"),
            better(
                "--variables",
                "`--settings` also shows every value and where it comes from",
            ),
            same("--volumes"),
        ],
    ),
    verb(
        "cp",
        &[
            same("--all"),
            same("-a, --archive"),
            same("-L, --follow-link"),
            same("--index"),
        ],
    ),
    verb(
        "create",
        &[
            same("--build"),
            same("--force-recreate"),
            same("--no-build"),
            same("--no-recreate"),
            same("--pull"),
            same("--quiet-pull"),
            same("--remove-orphans"),
            same("--scale"),
            same("-y, --yes"),
        ],
    ),
    better_verb(
        "down",
        "lists the volumes before it removes them, and the ones that stay because something else uses them",
        &[
            better(
                "--remove-orphans",
                "accepted for compatibility; orphans are always removed and reported",
            ),
            same("--rmi"),
            same("-t, --timeout"),
            same("-v, --volumes"),
        ],
    ),
    verb(
        "events",
        &[
            better(
                "--json",
                "Compose's fields; `magicctl.spec` is left out of the attributes",
            ),
            same("--since"),
            same("--until"),
        ],
    ),
    verb(
        "exec",
        &[
            same("-d, --detach"),
            same("-e, --env"),
            same("--index"),
            same("-T, --no-tty"),
            same("--privileged"),
            same("-u, --user"),
            same("-w, --workdir"),
        ],
    ),
    other_verb(
        "export",
        "`magicctl cp SERVICE:/ -` writes the container's files as a tar stream; or use `docker export CONTAINER`",
        &[
            instead("--index", "`magicctl cp --index N SERVICE:/ -`"),
            instead("-o, --output", "`magicctl cp SERVICE:/ - > FILE`"),
        ],
    ),
    verb("images", &[same("--format"), same("-q, --quiet")]),
    verb("kill", &[same("--remove-orphans"), same("-s, --signal")]),
    better_verb(
        "logs",
        "one stream in time order; filters by level and text; keeps tracebacks whole; reads the engine's log files where it can",
        &[
            better(
                "-f, --follow",
                "continues when containers or the engine restart and when containers are replaced; ends 3 s after the last container has ended",
            ),
            same("--index"),
            instead("--no-color", "`--color never`, or NO_COLOR"),
            instead("--no-log-prefix", NO_PREFIX),
            same("--since"),
            better(
                "-n, --tail",
                "counts records that pass the filters; a traceback is one record",
            ),
            same("-t, --timestamps"),
            same("--until"),
        ],
    ),
    verb(
        "ls",
        &[
            same("-a, --all"),
            same("--filter"),
            same("--format"),
            same("-q, --quiet"),
        ],
    ),
    verb("pause", &[]),
    verb("port", &[same("--index"), same("--protocol")]),
    better_verb(
        "ps",
        "also `status`; agrees with what `up` said, even while the engine still says `starting`",
        &[
            better("-a, --all", "the table always shows all containers"),
            same("--filter"),
            better("--format", "table or json; instead of a template, use json and jq"),
            better("--no-trunc", "the table never truncates"),
            instead("--orphans", "orphans are always shown"),
            same("-q, --quiet"),
            same("--services"),
            same("--status"),
        ],
    ),
    other_verb(
        "publish",
        "put the file into a repository, and use a clone of it with `magicctl -f`",
        &[
            instead("--app", "not supported"),
            instead("--oci-version", "not supported"),
            instead("--resolve-image-digests", "not supported"),
            instead("--with-env", "not supported"),
            instead("-y, --yes", "not supported"),
        ],
    ),
    verb(
        "pull",
        &[
            same("--ignore-buildable"),
            same("--ignore-pull-failures"),
            same("--include-deps"),
            same("--policy"),
            same("-q, --quiet"),
        ],
    ),
    verb(
        "push",
        &[
            same("--ignore-push-failures"),
            same("--include-deps"),
            same("-q, --quiet"),
        ],
    ),
    better_verb(
        "restart",
        "waits until the services are ready again",
        &[same("--no-deps"), same("-t, --timeout")],
    ),
    better_verb(
        "rm",
        "says so if nothing is removed because everything is running",
        &[same("-f, --force"), same("-s, --stop"), same("-v, --volumes")],
    ),
    verb(
        "run",
        &[
            same("--build"),
            same("--cap-add"),
            same("--cap-drop"),
            same("-d, --detach"),
            same("--entrypoint"),
            same("-e, --env"),
            same("--env-from-file"),
            same("-i, --interactive"),
            same("-l, --label"),
            same("--name"),
            same("--no-deps"),
            same("-T, --no-tty"),
            same("-p, --publish"),
            same("--pull"),
            same("-q, --quiet"),
            same("--quiet-build"),
            same("--quiet-pull"),
            same("--remove-orphans"),
            same("--rm"),
            same("-P, --service-ports"),
            same("--use-aliases"),
            same("-u, --user"),
            same("-v, --volume"),
            same("-w, --workdir"),
        ],
    ),
    verb("scale", &[same("--no-deps")]),
    better_verb(
        "start",
        "waits until the services are ready",
        &[
            better(
                "--wait",
                "always on, so that nothing is started before its dependencies are ready",
            ),
            same("--wait-timeout"),
        ],
    ),
    verb(
        "stats",
        &[
            instead("-a, --all", "stopped containers use nothing"),
            better(
                "--format",
                "table or json, with prints magicctl's version keys and numbers as numbers; instead of a template, use json and jq",
            ),
            same("--no-stream"),
            instead("--no-trunc", "nothing is truncated"),
        ],
    ),
    verb("stop", &[same("-t, --timeout")]),
    verb("top", &[]),
    verb("unpause", &[]),
    better_verb(
        "up",
        "detached unless a flag says otherwise; waits until the services are ready; explains failures; services are healthy several times sooner",
        &[
            better("--abort-on-container-exit", JOBS),
            same("--abort-on-container-failure"),
            same("--always-recreate-deps"),
            same("--attach"),
            same("--attach-dependencies"),
            same("--build"),
            better("-d, --detach", "the default; the flag can be left out"),
            better("--exit-code-from", JOBS),
            same("--force-recreate"),
            instead("--menu", "there is no menu; Ctrl-C stops the services"),
            better(
                "--no-attach",
                "implies staying attached to all other services; with `-d` it has no effect",
            ),
            same("--no-build"),
            instead("--no-color", "`--color never`, or NO_COLOR"),
            same("--no-deps"),
            instead(
                "--no-log-prefix",
                "`magicctl logs -f --output raw` prints the unchanged bytes",
            ),
            same("--no-recreate"),
            same("--no-start"),
            same("--pull"),
            same("--quiet-build"),
            same("--quiet-pull"),
            same("--remove-orphans"),
            same("-V, --renew-anon-volumes"),
            same("--scale"),
            same("-t, --timeout"),
            same("--timestamps"),
            better(
                "--wait",
                "always on, unless --no-wait; an unhealthy service may recover within the timeout; one that can't recover ends the wait at once",
            ),
            better("--wait-timeout", "for each service; 2 minutes by default"),
            instead("-w, --watch", "`magicctl rebuild` builds and replaces what changed"),
            same("-y, --yes"),
        ],
    ),
    better_verb(
        "version",
        "prints magicctl's version",
        &[same("-f, --format"), same("--short")],
    ),
    verb("volumes", &[same("--format"), same("-q, --quiet")]),
    verb("wait", &[same("--down-project")]),
    other_verb(
        "watch",
        "`magicctl rebuild` builds and replaces what changed",
        &[
            instead("--no-up", "`magicctl rebuild`"),
            instead("--prune", "`docker image prune`"),
            instead("--quiet", "`magicctl rebuild -q`"),
        ],
    ),
];

/// Where the same command line leaves another state, and why that is better. Each is a step of a sequence in
/// `tests/it/against_compose`, which fails when it is no longer so; the last is left out of the comparison there.
pub(super) const BEHAVIOUR: &[(&str, &str)] = &[
    (
        "`up` of a service after one of its containers was removed",
        "the free number is used again: numbers stay 1 to N, even after a run that was killed",
    ),
    (
        "`up` after `scale` or `deploy.replicas` has changed",
        "a container's configuration doesn't depend on the number of containers: existing ones aren't replaced",
    ),
    ("`up` of a container that was renamed by hand", "it is renamed back"),
    (
        "`up` of a container that is paused",
        "it is unpaused; Compose leaves it paused",
    ),
    (
        "`up` with a job that is done (`service_completed_successfully`)",
        "a job that is up to date isn't run again",
    ),
    (
        "`up --wait` of a service that is unhealthy at first",
        "it may recover within the timeout, so the wait continues",
    ),
    (
        "`down --rmi local SERVICE`",
        "only the image of that service is removed",
    ),
    (
        "`up --no-deps`",
        "the container's label still names its dependencies, so that `down` stops in the right order",
    ),
];

#[cfg(test)]
pub(super) const SERVICES: &str = "
## Which services a command acts on

The *services of the file* are the services in the Compose files in use that have no profile or an active one. Naming a service on the command
line enables it, whatever its profiles. A name that isn't a service's is an error before anything is done.

| command | anonymous | with names |
| --- | --- | --- |
| `up`, `create`, `plan` | the services of the file | those and their dependencies; `up --no-deps`: only those |
| `scale` | | those that get a number, and their dependencies; `--no-deps`: only those |
| `run` | | a new container of that service, after its dependencies are started; `--no-deps`: without them |
| `rebuild` | the services of the file that have a `build`, and their dependencies | those and their dependencies; only the named ones are built |
| `build`, `pull`, `push` | the services of the file | those; their dependencies with `--with-dependencies` or `--include-deps` |
| `stop`, `start`, `kill`, `pause`, `unpause`, `rm` | the services of the file | those |
| `restart` | the services of the file | those, and services that depend on one of them with `restart: true`; `--no-deps`: only those |
| `down` | all containers of the project, including orphans and those of `run`, but not those of services whose profiles aren't active | those and their dependents |
| `logs` | the services of the file, except those with `attach: false` | those |
| `status`, `top`, `stats`, `images`, `volumes`, `events` | everything in the project, including orphans | those |
| `exec`, `attach`, `port`, `cp`, `wait` | | those |

Without names, a command never changes more than it would if every service were named, except for `down` and `--remove-orphans`. If there is no
Compose file and `-p` names the project, a command acts on all of the project's containers. A container of `run` belongs to no service: only `down`
and `cp --all` include it. If there is nothing to act on, a command says so and exits with 0; `start` fails, because what should run doesn't.
";

#[cfg(test)]
pub(super) const INTRODUCTION: &str = "\
# Docker Compose's commands and flags in magicctl

Generated from the table of `magicctl compose-help`; do not edit. *same*: it does the same. *better*: it exists, and the note says what is better.
*instead*: it doesn't exist, and the note says what to use. A test compares the table with `docker compose COMMAND --help` of v5.6.1, so nothing is
missing.

A command leaves the same state as Compose does: containers by service and number, whether they run, whether they were replaced, networks, volumes,
images, labels. `tests/it/against_compose` runs both side by side. The exceptions:

| what | why |
| --- | --- |
";
