//! `MC5xx`: what goes wrong while the stack is brought up or runs.

use super::{Code, Severity, codes};

codes! {
    ALL;

    APP_EXITS: Code {
        id: "MC501",
        severity: Severity::Error,
        title: "a service exits right after its start",
        why: "Its process ended by itself. The exit code says how: 0 it had nothing to do, 1 and 2 its own error, 126 and 127 its command can't be run or is not in the image, 137 it was killed, 139 it crashed. What it printed last mostly says why.",
        fix: "Read its last lines (`magicctl logs SERVICE --tail 50`), mend what they name, then `magicctl up`.",
        example: "ModuleNotFoundError: No module named 'redis'   →   add redis to requirements.txt, then `magicctl rebuild app-runner`",
    }
}
