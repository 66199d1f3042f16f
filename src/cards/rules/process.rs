//! How processes end, and commands that can't be run.

use crate::codes;

use super::{AT_COMMAND, AT_IMAGE, At, Condition, Rule, UP, When};

/// What the init process says of a file that it may not execute.
const TINI_DENIED: &str = r"tini \(\d+\)\] exec (?P<program>\S+) failed: Permission denied";
/// What a shell says of a program that is not there.
const NO_PROGRAM_IN_SHELL: &str =
    r"(?m)^(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?P<program>[^:\s]+): (?:command )?not found";

/// Held against `137 oom limit`.
pub(super) const MEMORY: &[Rule] = &[
    Rule {
        code: Some(&codes::OUT_OF_MEMORY),
        when: When::OutOfMemory { at_limit: true },
        only: &[Condition::Rendered],
        what: "it needs more memory than its limit of {limit}",
        why: "the kernel killed it when it used more than {limit}, its limit in magicctl.yaml",
        fix: "raise the limit in magicctl.yaml, `{memory_setting}`, then render",
        run: &["magicctl render", "magicctl up"],
        at: At::Key("mem_limit"),
    },
    Rule {
        what: "it needs more memory than its limit of {limit}",
        why: "the kernel killed it when it used more than {limit}, its limit in {compose}",
        fix: "raise the limit in {where_set} to {more_memory} or more",
        at: At::Key("mem_limit"),
        ..UP
    },
    Rule {
        code: Some(&codes::OUT_OF_MEMORY),
        when: When::OutOfMemory { at_limit: false },
        what: "the machine ran out of memory",
        why: "the kernel killed it to free memory; it has no memory limit",
        fix: "stop something else, or give the machine more memory; to see the usage:",
        run: &["free -h", "docker stats --no-stream", "magicctl up"],
        ..UP
    },
];

/// What the runtime or a shell says of a command in the container's own log.
pub(super) const COMMAND: &[Rule] = &[
    Rule {
        code: Some(&codes::NO_SUCH_COMMAND),
        when: When::Says(r"tini \(\d+\)\] exec (?P<program>\S+) failed: No such file or directory"),
        what: "the program `{program}` is not in the image {image}",
        why: "the service's command starts with it",
        fix: "correct the command, or use an image that contains {program}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NOT_EXECUTABLE),
        when: When::Says(TINI_DENIED),
        what: "{program} is not executable",
        why: "the image's copy comes from {program:host} on this machine, which has no execute permission",
        fix: "make it executable, then rebuild",
        run: &["chmod +x {program:host}", "magicctl rebuild {service}"],
        at: At::Command,
        ..UP
    },
    Rule {
        what: "{program} is not executable",
        why: "in the image {image} it has no execute permission, or is a folder",
        fix: "start the command with {program:begin_with}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NO_SUCH_COMMAND),
        when: When::Says(r"(?m)exec: (?:line \d+: )?(?P<program>[^:\s]+): not found"),
        what: "the program `{program}` is not in the image {image}",
        why: "the service's command starts with it",
        fix: "correct the command, or use an image that contains {program}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NOT_EXECUTABLE),
        when: When::Says(r"(?m)exec: (?:line \d+: )?(?P<program>[^:\s]+): [Pp]ermission denied"),
        what: "{program} is not executable",
        why: "the service's command starts with it, but in the image {image} it is not a program or has no execute permission",
        fix: "start the command with {program:begin_with}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NOT_EXECUTABLE),
        when: When::Says(r"(?i)exec format error"),
        what: "its program can't run on this machine",
        why: "the image is for another CPU architecture, or its command is a script without `#!/bin/sh` in the first line",
        fix: "build or pull the image for this architecture; if it is a script, add that first line",
        run: &["docker image inspect -f '{:architecture}' {image_ref}", "uname -m"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::NO_SUCH_COMMAND),
        when: When::Says(r"exec (?P<program>/\S+): no such file or directory"),
        what: "{program} can't be run",
        why: "the interpreter in its first line (`#!…`) is not in the image; Windows line endings (CRLF) have the same effect",
        fix: "save it with Unix line endings, then rebuild",
        run: &["sed -i 's/\\r$//' {program:host}", "magicctl rebuild {service}"],
        at: At::Command,
        ..UP
    },
    Rule {
        code: Some(&codes::NO_SUCH_COMMAND),
        when: When::Says(NO_PROGRAM_IN_SHELL),
        what: "the program `{program}` is not in the image {image}",
        why: "its command runs it in a shell",
        fix: "install it in {dockerfile} (RUN {program:apt_install}), or correct the command",
        ..AT_COMMAND
    },
    Rule {
        what: "the program `{program}` is not in the image {image}",
        why: "its command runs it in a shell",
        fix: "correct the command, or use an image that contains {program}{or_own_command}",
        at: At::Command,
        ..UP
    },
    Rule {
        code: Some(&codes::NO_SUCH_COMMAND),
        when: When::Says(
            r"(?m)^(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?:can't open '?|cannot open )?(?P<path>/?[\w./-]+)'?: (?:No such file|cannot open)",
        ),
        what: "{path} is not in its image",
        why: "its command runs that script",
        fix: "copy it in the Dockerfile, or correct the command",
        ..AT_COMMAND
    },
];

/// Held against `139`: what a signal means where the log does not say more.
pub(super) const SIGNALS: &[Rule] = &[
    Rule {
        code: Some(&codes::KILLED),
        when: When::Exit(&[137]),
        what: "it was killed (SIGKILL), but not because of its memory limit",
        why: "someone ran `docker kill`, it didn't stop within its grace period, or the machine ran out of memory",
        fix: "start it again; if it happens again, check the kernel's log for memory problems",
        run: &["magicctl up", "sudo dmesg -T | grep -i 'killed process'"],
        ..UP
    },
    Rule {
        code: Some(&codes::CRASHED),
        when: When::Exit(&[139]),
        only: &[Condition::Built],
        what: "its program crashed (SIGSEGV, a segmentation fault)",
        why: "native code crashed; the cause may be a library in the image, the program or its data",
        fix: "start it again; if it crashes again, rebuild it without the cache, and undo the last change",
        run: &["magicctl up", "magicctl rebuild --no-cache {service}"],
        ..UP
    },
    Rule {
        code: Some(&codes::CRASHED),
        when: When::Exit(&[139, 132, 134, 135, 136, 138]),
        what: "its program crashed (exit code {code}, a fatal signal)",
        why: "native code crashed; the cause may be this version, its command or its data",
        fix: "start it again; if it crashes again, go back to the version of {image} that worked before",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::STOPPED),
        when: When::Exit(&[143, 130]),
        what: "it was stopped by a signal (exit code {code})",
        why: "someone stopped it with `docker stop`, another tool or a script in the container; the service itself is fine",
        fix: "start it again",
        ..UP
    },
];

/// What an exit code alone says.
pub(super) const CODES: &[Rule] = &[
    Rule {
        code: Some(&codes::ENDED_WELL),
        when: When::Exit(&[0]),
        what: "its command exited without an error",
        why: "a service has to keep running, but its command (`{command}`) finishes, or starts something in the background and exits",
        fix: "run the server in the foreground; for a job, set `restart: \"no\"`: then exit code 0 means completed",
        ..AT_COMMAND
    },
    Rule {
        what: "its command exited without an error",
        why: "a service has to keep running, but its image's command (`{ran}`) finishes, or starts something in the background and exits",
        fix: "run the server in the foreground, in that code or with another CMD or `command`; for a job, set `restart: \"no\"`: then exit code 0 means completed",
        ..AT_COMMAND
    },
    Rule {
        what: "its command exited without an error",
        why: "a service has to keep running, but its image's command finishes, or starts something in the background and exits",
        fix: "run the server in the foreground, in the image's CMD or the service's `command`",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NOT_EXECUTABLE),
        when: When::Exit(&[126]),
        what: "its command can't be executed",
        why: "exit code 126: the file exists, but is not a program or has no execute permission",
        fix: "make it executable (`chmod +x`), then rebuild",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::NO_SUCH_COMMAND),
        when: When::Exit(&[127]),
        what: "its command was not found",
        why: "exit code 127: the program is not in the image",
        fix: "correct `command`, or install the program in the image{or_own_command}",
        ..AT_COMMAND
    },
];
