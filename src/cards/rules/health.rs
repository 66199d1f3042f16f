//! What a healthcheck says.

use crate::codes;

use super::{AT_HEALTHCHECK, At, Condition, REBUILD, Rule, UP, When};

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
        code: Some(&codes::CHECK_TOOL),
        when: When::Says(NO_PROGRAM),
        only: &[Condition::Loki],
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "Loki's image has no shell and no wget since 3.6; the service itself may be fine",
        fix: "use Loki's own check: test: [\"CMD\", \"/usr/bin/loki\", \"-health\"]",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "the healthcheck always fails because of that; the service itself may be fine",
        fix: "use a program that is in the image: {check_test}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "the healthcheck always fails because of that; the image has no bash, curl, wget or python; the service itself may be fine",
        fix: "remove `healthcheck` and let magicctl check from outside: {check_page}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "the healthcheck always fails because of that; the service itself may be fine",
        fix: "use a program of the image in `healthcheck.test`",
        ..AT_HEALTHCHECK
    },
    Rule {
        code: Some(&codes::CHECK_TOOL),
        when: When::Says(NO_PROGRAM_IN_SHELL),
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "the healthcheck always fails because of that; the service itself may be fine",
        fix: "install it in {dockerfile} (RUN {program:apt_install}), or use a program that is in the image",
        at: At::Key("healthcheck"),
        ..REBUILD
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "the healthcheck always fails because of that; the service itself may be fine",
        fix: "use a program that is in the image: {check_test}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "the healthcheck always fails because of that; the service itself may be fine",
        fix: "remove `healthcheck` and let magicctl check from outside: {check_page}",
        ..AT_HEALTHCHECK
    },
    Rule {
        what: "its healthcheck runs `{program}`, which is not in its image",
        why: "the healthcheck always fails because of that; the service itself may be fine",
        fix: "use a program of the image in `healthcheck.test`",
        ..AT_HEALTHCHECK
    },
    Rule {
        code: Some(&codes::CHECK_SLOW),
        when: When::Says(r"Health check exceeded timeout \(?(?P<time>[\w.]+)"),
        what: "its healthcheck takes longer than its timeout of {time}",
        why: "each run is stopped and counts as failed: `{check}`",
        fix: "raise the healthcheck's `timeout`, or use a faster command",
        ..AT_HEALTHCHECK
    },
    Rule {
        code: Some(&codes::CHECK_SLOW),
        when: When::NoAnswer,
        what: "its healthcheck takes longer than its timeout of {check_timeout}",
        why: "each run is stopped and counts as failed: `{check}`",
        fix: "raise the healthcheck's `timeout`, or use a faster command",
        ..AT_HEALTHCHECK
    },
];

/// What may pass later.
pub(super) const LIKELY: &[Rule] = &[
    Rule {
        code: Some(&codes::NOBODY_LISTENS),
        when: When::Says(REFUSED),
        what: "its healthcheck uses port {check_port}, but it listens on port {listens}",
        why: "the healthcheck and the service use different ports",
        fix: "use {listens} in the healthcheck (and in `ports`), or make it listen on {check_port}",
        ..AT_HEALTHCHECK
    },
    Rule {
        only: &[Condition::AskedOpen],
        what: "its healthcheck could not connect to port {check_port}, which is open now",
        why: "the port was opened later, or on another address than the healthcheck uses: `localhost` may be ::1",
        fix: "wait longer; if that doesn't help, use 127.0.0.1 in the healthcheck",
        run: &["magicctl up --wait-timeout {longer}s"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        only: &[Condition::NoPort],
        what: "nothing listens on port {check_port} in its container",
        why: "it has no open port, so its command (`{ran}`) is not a server or is still starting{silent}",
        fix: "if the command is not a server on port {check_port}, correct it; if it is just slow to start, add a `start_period` to the healthcheck and wait longer",
        run: &["magicctl up --wait-timeout {longer}s"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        what: "nothing listens on port {check_port} in its container",
        why: "it has not opened that port yet, or listens on another one; check its log",
        fix: "if it is just slow, wait longer; otherwise use the port that it listens on in the healthcheck",
        run: &["magicctl logs {service}", "magicctl up --wait-timeout {longer}s"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        code: Some(&codes::CHECK_FAILS),
        when: When::Says(r"LOADING"),
        what: "it is still loading its data",
        why: "Redis reads its whole data set before it answers",
        fix: "wait longer",
        run: &["magicctl up --wait-timeout {longer}s"],
        ..UP
    },
    Rule {
        code: Some(&codes::CHECK_FAILS),
        when: When::Says(r"(?:error: ?|HTTP/1\.[01] |HTTP Error |status code:? ?)(?P<status>[45]\d\d)"),
        what: "its health page answers with {status}",
        why: "it is running, but reports that it is unhealthy, or has no such page (404): `{check}`",
        fix: "check its log; for 404, use an existing page in the healthcheck",
        run: &["magicctl logs {service} --errors"],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        code: Some(&codes::CHECK_FAILS),
        when: When::Says(r"(?s)^.*?(?P<said>[^\n]+)\s*$"),
        what: "its healthcheck fails: {said}",
        why: "it is running, but `{check}` fails in its container",
        fix: "fix what the healthcheck reports; run it by hand for details",
        run: &[
            "magicctl exec {service} {check_words}",
            "magicctl logs {service} --errors",
        ],
        at: At::Key("healthcheck"),
        ..UP
    },
    Rule {
        code: Some(&codes::CHECK_FAILS),
        when: When::Silent,
        what: "its healthcheck fails without any output",
        why: "`{check}` in its container exits with {check_code}",
        fix: "run it by hand to see why; if it can never pass, correct `healthcheck.test`",
        run: &["magicctl exec {service} {check_words}"],
        at: At::Key("healthcheck"),
        ..UP
    },
];
