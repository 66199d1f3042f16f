//! What a healthcheck says.

use super::{AT_HEALTHCHECK, At, If, REBUILD, Rule, UP, When};

/// What the runtime says of a program that the image does not have.
const NO_PROGRAM: &str = r#"exec: "(?P<program>[^"]+)": (?:executable file not found|stat |permission denied)"#;
/// What a shell says of it.
const NO_PROGRAM_IN_SHELL: &str =
    r"(?:^|\n)(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?P<program>[^:\s]+): (?:command )?not found";
/// What programs say of a port on which nothing listens.
const REFUSED: &str = r"(?i)connection refused|couldn't connect|failed to connect|connect call failed|can't connect";

/// What can never pass.
pub(super) const CERTAIN: &[Rule] = &[
    Rule {
        code: "MC570",
        when: When::Says(NO_PROGRAM),
        only: &[If::Loki],
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "Loki's image has had no shell and no wget since 3.6; the service itself may be well",
        fix: "let Loki ask itself: test: [\"CMD\", \"/usr/bin/loki\", \"-health\"]",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "so it fails for ever; the service itself may be well",
        fix: "ask with what the image has: {check_test}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "so it fails for ever, and the image has neither bash, curl, wget nor python; the service itself may be well",
        fix: "take `healthcheck` out and let magicctl ask from outside: {check_page}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "so it fails for ever; the service itself may be well",
        fix: "name a program of the image in `healthcheck.test`",
        ..AT_HEALTHCHECK
    },
    Rule {
        code: "MC570",
        when: When::Says(NO_PROGRAM_IN_SHELL),
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "so it fails for ever; the service itself may be well",
        fix: "install it in {dockerfile} (RUN {program:apt_install}), or ask with what the image has",
        at: At::Key("healthcheck"),
        ..REBUILD
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "so it fails for ever; the service itself may be well",
        fix: "ask with what the image has: {check_test}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "so it fails for ever; the service itself may be well",
        fix: "take `healthcheck` out and let magicctl ask from outside: {check_page}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "so it fails for ever; the service itself may be well",
        fix: "name a program of the image in `healthcheck.test`",
        ..AT_HEALTHCHECK
    },
    Rule {
        code: "MC571",
        when: When::Says(r"Health check exceeded timeout \(?(?P<time>[\w.]+)"),
        what: "its healthcheck does not end within its timeout of {time}",
        why: "each run is cut off and counts as failed, whatever the service does: `{check}`",
        fix: "raise `timeout` of the healthcheck, or let it run something quicker",
        ..AT_HEALTHCHECK
    },
    Rule {
        code: "MC571",
        when: When::NoAnswer,
        what: "its healthcheck does not end within its timeout of {check_timeout}",
        why: "each run is cut off and counts as failed, whatever the service does: `{check}`",
        fix: "raise `timeout` of the healthcheck, or let it run something quicker",
        ..AT_HEALTHCHECK
    },
];

/// What may pass later.
pub(super) const LIKELY: &[Rule] = &[
    Rule {
        code: "MC572",
        when: When::Says(REFUSED),
        what: "its healthcheck asks port {check_port}, and it listens on port {listens}",
        why: "{listens} is the port that it has opened, and the healthcheck asks another",
        fix: "let both be the same: write {listens} in the healthcheck (and in `ports`), or let it listen on {check_port}",
        ..AT_HEALTHCHECK
    },
    Rule {
        only: &[If::AskedOpen],
        what: "its healthcheck could not connect to port {check_port}, which is open now",
        why: "it was opened after that run, or for another address than the healthcheck asks: `localhost` may be ::1",
        fix: "wait longer; if it stays so, let the healthcheck ask 127.0.0.1",
        run: &["magicctl up --wait-timeout {longer}s"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        only: &[If::NoPort],
        what: "nothing listens on port {check_port} in its container",
        why: "no port at all is open there, so its command (`{ran}`) serves nothing, or nothing yet{silent}",
        fix: "if that serves nothing on port {check_port}, correct `command`; if it only is slow to start, give the healthcheck a `start_period` and wait longer",
        run: &["magicctl up --wait-timeout {longer}s"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        what: "nothing listens on port {check_port} in its container",
        why: "it has not opened that port yet, or listens on another one; its log says what it is doing",
        fix: "if it only is slow, wait longer; else let the healthcheck ask the port that it listens on",
        run: &["magicctl logs {service}", "magicctl up --wait-timeout {longer}s"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        code: "MC573",
        when: When::Says(r"LOADING"),
        what: "it is still loading its data",
        why: "Redis reads its whole data set before it answers",
        fix: "wait longer",
        run: &["magicctl up --wait-timeout {longer}s"],
        ..UP
    },
    Rule {
        code: "MC573",
        when: When::Says(r"(?:error: ?|HTTP/1\.[01] |HTTP Error |status code:? ?)(?P<status>[45]\d\d)"),
        what: "its health page answers with {status}",
        why: "it runs, and says itself that it is not well, or has no such page (404): `{check}`",
        fix: "its log says what it lacks; for 404 let the healthcheck ask a page that there is",
        run: &["magicctl logs {service} --errors"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        code: "MC573",
        when: When::Says(r"(?s)^.*?(?P<said>[^\n]+)\s*$"),
        what: "its healthcheck fails: {said}",
        why: "it runs, and `{check}` in its container says that it is not well",
        fix: "fix what the healthcheck names; run it by hand to see more",
        run: &[
            "magicctl exec {service} {check_words}",
            "magicctl logs {service} --errors",
        ],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        code: "MC573",
        when: When::Silent,
        what: "its healthcheck fails without a word",
        why: "`{check}` in its container ends with exit code {check_code}",
        fix: "run it by hand and look why; if it can't pass, correct `healthcheck.test`",
        run: &["magicctl exec {service} {check_words}"],
        at: At::Key("healthcheck"),
        ..UP
    },
];
