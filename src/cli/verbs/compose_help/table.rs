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

const JOBS: &str = "a job that others wait for (`service_completed_successfully`) may end with 0";
const NO_PREFIX: &str = "`--output raw`: the bytes as written";

/// Flags that every command has.
pub(super) const EVERYWHERE: &[Flag] = &[better(
    "--dry-run",
    "prints each step and why, as `magicctl plan` does for `up`; `exec`, `cp`, `attach`, `init` and `render` refuse it",
)];

/// Flags before the command, as `docker compose --help` lists them.
pub(super) const BEFORE: &[Flag] = &[
    same("--all-resources"),
    same("--ansi"),
    better(
        "--compatibility",
        "`config` still prints the names of networks and volumes",
    ),
    better("--dry-run", "prints each step and why"),
    same("--env-file"),
    same("-f, --file"),
    better(
        "--parallel",
        "calls to the engine, waits for readiness aside; magicctl has a limit of its own for short ones",
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
    other_verb(
        "bridge",
        "magicctl runs Compose files; it makes none of another kind",
        &[],
    ),
    verb(
        "build",
        &[
            same("--build-arg"),
            instead("--builder", "the engine's own builder, BuildKit, is used"),
            instead("--check", "`docker build --check`"),
            instead("-m, --memory", "BuildKit knows no limit"),
            same("--no-cache"),
            instead("--print", "`magicctl config` shows what is built"),
            instead("--provenance", "the engine's own builder makes no attestations"),
            same("--pull"),
            same("--push"),
            same("-q, --quiet"),
            instead("--sbom", "the engine's own builder makes no attestations"),
            instead("--ssh", "`build.ssh` is refused, too: the build gets no agent"),
            same("--with-dependencies"),
        ],
    ),
    other_verb(
        "commit",
        "`docker commit CONTAINER`; `magicctl ps` names it",
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
            instead("--no-consistency", "a file that makes no sense is refused at its line"),
            instead("--no-env-resolution", "`env_file` is always read"),
            same("--no-interpolate"),
            instead("--no-normalize", "the canonical form is the one that is run"),
            instead("--no-path-resolution", "paths are shown as they are used"),
            instead(
                "-o, --output",
                "`magicctl config > FILE` (`--output` says text or json here)",
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
                "with `--settings` beside it: every value and where it came from",
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
        "says which volumes go before they go, and what stays because somebody else uses it",
        &[
            better(
                "--remove-orphans",
                "what the file no longer names always goes, and is said to",
            ),
            same("--rmi"),
            same("-t, --timeout"),
            same("-v, --volumes"),
        ],
    ),
    verb(
        "events",
        &[
            better("--json", "Compose's fields; the attributes leave out `magicctl.spec`"),
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
        "`magicctl cp SERVICE:/ -` is the container's files as a tar stream; or `docker export CONTAINER`",
        &[
            instead("--index", "`magicctl cp --index N SERVICE:/ -`"),
            instead("-o, --output", "`magicctl cp SERVICE:/ - > FILE`"),
        ],
    ),
    verb("images", &[same("--format"), same("-q, --quiet")]),
    verb("kill", &[same("--remove-orphans"), same("-s, --signal")]),
    better_verb(
        "logs",
        "one stream in time order, filtered by level and text, tracebacks whole; reads the engine's files where it can",
        &[
            better(
                "-f, --follow",
                "goes on over restarts, replacements and an engine that restarts; ends 3 s after the last container has",
            ),
            same("--index"),
            instead("--no-color", "`--color never`, or NO_COLOR"),
            instead("--no-log-prefix", NO_PREFIX),
            same("--since"),
            better("-n, --tail", "counts records that pass the filters; a traceback is one"),
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
        "also `status`: agrees with what `up` said, where the engine still says `starting`",
        &[
            better("-a, --all", "the table always has all"),
            same("--filter"),
            better("--format", "table or json; templates are jq's business"),
            better("--no-trunc", "the table cuts nothing"),
            instead("--orphans", "they are always shown"),
            same("-q, --quiet"),
            same("--services"),
            same("--status"),
        ],
    ),
    other_verb(
        "publish",
        "put the file into a repository; `magicctl -f` reads it from there",
        &[
            instead("--app", "not here"),
            instead("--oci-version", "not here"),
            instead("--resolve-image-digests", "not here"),
            instead("--with-env", "not here"),
            instead("-y, --yes", "not here"),
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
        "says when there is nothing to remove because everything runs",
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
            better("--wait", "always, so that nothing is started on what is not there yet"),
            same("--wait-timeout"),
        ],
    ),
    verb(
        "stats",
        &[
            instead("-a, --all", "what doesn't run uses nothing"),
            better(
                "--format",
                "table or json, with keys of its own and numbers as numbers; templates are jq's business",
            ),
            same("--no-stream"),
            instead("--no-trunc", "nothing is cut"),
        ],
    ),
    verb("stop", &[same("-t, --timeout")]),
    verb("top", &[]),
    verb("unpause", &[]),
    better_verb(
        "up",
        "detached unless a flag says otherwise, waits until the services are ready, explains failures; several times faster to healthy",
        &[
            better("--abort-on-container-exit", JOBS),
            same("--abort-on-container-failure"),
            same("--always-recreate-deps"),
            same("--attach"),
            same("--attach-dependencies"),
            same("--build"),
            better("-d, --detach", "the default, so the flag may be left out"),
            better("--exit-code-from", JOBS),
            same("--force-recreate"),
            instead("--menu", "there is no menu; Ctrl-C stops the services"),
            better("--no-attach", "without -d it stays with all the others"),
            same("--no-build"),
            instead("--no-color", "`--color never`, or NO_COLOR"),
            same("--no-deps"),
            instead(
                "--no-log-prefix",
                "`magicctl logs -f --output raw`: the bytes as written",
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
                "always, unless --no-wait; one that is unhealthy may recover within the time-out, and what can't recover ends it at once",
            ),
            better("--wait-timeout", "for each service; 2 minutes by default"),
            instead("-w, --watch", "`magicctl rebuild` builds and replaces what changed"),
            same("-y, --yes"),
        ],
    ),
    better_verb("version", "magicctl's own", &[same("-f, --format"), same("--short")]),
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

/// Where the same command line leaves something else behind, and why that is better. Each is a step of a sequence in
/// `tests/it/against_compose`, which fails when it is no longer so; the last is left out of the comparison there.
pub(super) const BEHAVIOUR: &[(&str, &str)] = &[
    (
        "`up` of a service of which a container was removed",
        "the number that is free is taken again: numbers stay 1 to N, also after a run that was killed",
    ),
    (
        "`up` after `scale` or `deploy.replicas` has changed",
        "how many containers there are is no part of one: those that are there are not replaced for it",
    ),
    (
        "`up` of a container that was renamed by hand",
        "it gets its own name again",
    ),
    (
        "`up` of a container that is paused",
        "it goes on; Compose leaves it paused",
    ),
    (
        "`up` with a job that is done (`service_completed_successfully`)",
        "a job that is as wanted is not run again",
    ),
    (
        "`up --wait` of a service that is unhealthy first",
        "it may recover within the time-out: the wait goes on",
    ),
    (
        "`down --rmi local SERVICE`",
        "the image of that service goes, and no other",
    ),
    (
        "`up --no-deps`",
        "the container still says in its label what it depends on, so that `down` stops in the right order",
    ),
];

#[cfg(test)]
pub(super) const SERVICES: &str = "
## Which services a command acts on

The *services of the file* are those of the Compose files in use that have no profile or an active one. Naming a service on the command line
enables it, whatever its profiles. A name that no service has is an error before anything is done.

| command | without a name | with names |
| --- | --- | --- |
| `up`, `create`, `plan` | the services of the file | those and what they depend on; `up --no-deps`: only those |
| `scale` | | those that it gives a number, and what they depend on; `--no-deps`: only those |
| `run` | | a new container of that one; what it depends on is brought up first, unless `--no-deps` |
| `rebuild` | the services of the file that are built, and what they depend on | those and what they depend on; only what was named is built |
| `build`, `pull`, `push` | the services of the file | those; what they depend on with `--with-dependencies` or `--include-deps` |
| `stop`, `start`, `kill`, `pause`, `unpause`, `rm` | the services of the file | those |
| `restart` | the services of the file | those, and what depends on one of them with `restart: true`, unless `--no-deps` |
| `down` | all containers of the project, those of services that the file no longer names and those of `run` too; not those of services whose profiles are not active | those and what depends on them |
| `logs` | the services of the file, but for those with `attach: false` | those |
| `status`, `top`, `stats`, `images`, `volumes`, `events` | all that the project has, also what the file does not name | those |
| `exec`, `attach`, `port`, `cp`, `wait` | | those |

Leaving the names out never changes more than naming every service would, but for `down` and `--remove-orphans`. Where there is no Compose file and `-p` names the project, all its
containers are meant. A container that `run` made is no service's: only `down` and `cp --all` take it. With nothing to act on, a command says so and ends with 0;
`start` fails, as what is to run does not.
";

#[cfg(test)]
pub(super) const INTRODUCTION: &str = "\
# Docker Compose's commands and flags, here

Made from the table behind `magicctl compose-help`; do not edit. *same*: it does the same. *better*: it is there, and the note says what is
better. *instead*: it is not there, and the note says what to use. Held against `docker compose COMMAND --help` of v5.6.1, so that nothing is
missing.

What is there afterwards is the same as after Compose, state for state: containers by service and number, whether they run, whether they were
replaced or are the same, networks, volumes, images, labels. `tests/it/against_compose` does both side by side. The exceptions:

| what | why |
| --- | --- |
";
