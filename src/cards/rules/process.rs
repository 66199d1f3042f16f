//! How processes end, and commands that can't be run.

use super::{AT_COMMAND, AT_IMAGE, At, If, Rule, UP, When};

/// What the init process says of a file that it may not execute.
const TINI_DENIED: &str = r"tini \(\d+\)\] exec (?P<program>\S+) failed: Permission denied";
/// What a shell says of a program that is not there.
const NO_PROGRAM_IN_SHELL: &str =
    r"(?m)^(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?P<program>[^:\s]+): (?:command )?not found";

/// Held against `137 oom limit`.
pub(super) const MEMORY: &[Rule] = &[
    Rule {
        code: "MC544",
        when: When::OutOfMemory { at_limit: true },
        only: &[If::Rendered],
        what: "it needs more memory than its limit of {limit}",
        why: "the kernel killed it when it had used {limit}, which magicctl.yaml allows it",
        fix: "give it more in magicctl.yaml, `{memory_setting}`, then render",
        run: &["magicctl render", "magicctl up"],
        at: At::Key("mem_limit"),
    },
    Rule {
        what: "it needs more memory than its limit of {limit}",
        why: "the kernel killed it when it had used {limit}, which {compose} allows it",
        fix: "raise the limit in {where_set} to {more_memory} or more",
        at: At::Key("mem_limit"),
        ..UP
    },
    Rule {
        code: "MC544",
        when: When::OutOfMemory { at_limit: false },
        what: "the machine ran out of memory",
        why: "the kernel killed it to get memory back; it has no limit of its own",
        fix: "stop something else, or give the machine more memory; this shows who uses it",
        run: &["free -h", "docker stats --no-stream", "magicctl up"],
        ..UP
    },
];

/// What the runtime or a shell says of a command in the container's own log.
pub(super) const COMMAND: &[Rule] = &[
    Rule {
        code: "MC542",
        when: When::Says(r"tini \(\d+\)\] exec (?P<program>\S+) failed: No such file or directory"),
        what: "there is no program `{program}` in the image {image}",
        why: "its command begins with that word",
        fix: "correct the command, or use an image that has {program}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: "MC543",
        when: When::Says(TINI_DENIED),
        what: "{program} may not be executed",
        why: "{program:host} of this machine has no execute permission, and the image has it from there",
        fix: "make it executable, then rebuild",
        run: &["chmod +x {program:host}", "magicctl rebuild {service}"],
        at: At::Command,
        ..UP
    },
    Rule {
        what: "{program} may not be executed",
        why: "that file of the image {image} has no execute permission, or is a folder",
        fix: "let the command begin with {program:begin_with}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: "MC542",
        when: When::Says(r"(?m)exec: (?:line \d+: )?(?P<program>[^:\s]+): not found"),
        what: "there is no program `{program}` in the image {image}",
        why: "its command begins with that word",
        fix: "correct the command, or use an image that has {program}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: "MC543",
        when: When::Says(r"(?m)exec: (?:line \d+: )?(?P<program>[^:\s]+): [Pp]ermission denied"),
        what: "{program} may not be executed",
        why: "its command begins with that file of the image {image}, which is no program or has no execute permission",
        fix: "let the command begin with {program:begin_with}{or_own_command}",
        ..AT_COMMAND
    },
    Rule {
        code: "MC543",
        when: When::Says(r"(?i)exec format error"),
        what: "its program is not made for this machine",
        why: "the image is for another processor, or its command is a script without `#!/bin/sh` as its first line",
        fix: "build or pull the image for this machine; to a script, give that first line",
        run: &["docker image inspect -f '{:architecture}' {image_ref}", "uname -m"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC542",
        when: When::Says(r"exec (?P<program>/\S+): no such file or directory"),
        what: "{program} can't be run",
        why: "the interpreter in its first line (`#!…`) is not in the image; lines that end as on Windows (CRLF) do the same",
        fix: "save it with Unix line ends, then rebuild",
        run: &["sed -i 's/\\r$//' {program:host}", "magicctl rebuild {service}"],
        at: At::Command,
        ..UP
    },
    Rule {
        code: "MC542",
        when: When::Says(NO_PROGRAM_IN_SHELL),
        what: "there is no program `{program}` in the image {image}",
        why: "its command runs it in a shell",
        fix: "install it in {dockerfile} (RUN {program:apt_install}), or correct the command",
        ..AT_COMMAND
    },
    Rule {
        what: "there is no program `{program}` in the image {image}",
        why: "its command runs it in a shell",
        fix: "correct the command, or use an image that has {program}{or_own_command}",
        at: At::Command,
        ..UP
    },
    Rule {
        code: "MC542",
        when: When::Says(
            r"(?m)^(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?:can't open '?|cannot open )?(?P<path>/?[\w./-]+)'?: (?:No such file|cannot open)",
        ),
        what: "there is no {path} in its image",
        why: "its command runs that script",
        fix: "copy it in the Dockerfile, or correct the command",
        ..AT_COMMAND
    },
];

/// Held against `139`: what a signal means where the log does not say more.
pub(super) const SIGNALS: &[Rule] = &[
    Rule {
        code: "MC545",
        when: When::Exit(&[137]),
        what: "it was killed from outside (SIGKILL), not for its memory limit",
        why: "somebody ran `docker kill`, its grace period was over when it was stopped, or the kernel took memory from the whole machine",
        fix: "start it again; if it happens again, the kernel's log says whether it was memory",
        run: &["magicctl up", "sudo dmesg -T | grep -i 'killed process'"],
        ..UP
    },
    Rule {
        code: "MC546",
        when: When::Exit(&[139]),
        only: &[If::Built],
        what: "its program crashed (SIGSEGV, a segmentation fault)",
        why: "native code went wrong; whether in a library of the image, in its program or by the data that it read, its end does not say",
        fix: "start it once more; if it crashes again, build it from scratch, and take back what was changed last",
        run: &["magicctl up", "magicctl rebuild --no-cache {service}"],
        ..UP
    },
    Rule {
        code: "MC546",
        when: When::Exit(&[139, 132, 134, 135, 136, 138]),
        what: "its program crashed (exit code {code}, a fatal signal)",
        why: "native code went wrong; whether in this version, by its command or by the data that it read, its end does not say",
        fix: "start it once more; if it crashes again, let `image` be another version than {image}: the one that ran before",
        ..AT_IMAGE
    },
    Rule {
        code: "MC547",
        when: When::Exit(&[143, 130]),
        what: "it was told to stop (exit code {code}, a signal), and did",
        why: "somebody stopped it: `docker stop`, another tool, or a script in the container; it is no fault of its own",
        fix: "start it again",
        ..UP
    },
];

/// What an exit code alone says.
pub(super) const CODES: &[Rule] = &[
    Rule {
        code: "MC541",
        when: When::Exit(&[0]),
        what: "its command ended by itself, without an error",
        why: "a service must go on running; its command (`{command}`) does its work, or starts something in the background, and returns",
        fix: "let `command` run the server in the foreground; a job that is to end needs `restart: \"no\"`: then exit code 0 means completed",
        ..AT_COMMAND
    },
    Rule {
        what: "its command ended by itself, without an error",
        why: "a service must go on running; the command of its image (`{ran}`) does its work, or starts something in the background, and returns",
        fix: "let that code run its server in the foreground, or name the program that does in CMD or `command`; a job that is to end needs `restart: \"no\"`: then exit code 0 means completed",
        ..AT_COMMAND
    },
    Rule {
        what: "its command ended by itself, without an error",
        why: "a service must go on running; the command of its image does its work, or starts something in the background, and returns",
        fix: "let CMD of the image, or `command` of the service, run the server in the foreground",
        ..AT_COMMAND
    },
    Rule {
        code: "MC543",
        when: When::Exit(&[126]),
        what: "its command can't be executed",
        why: "exit code 126: the file is there, but is no program or has no execute permission",
        fix: "make it executable (`chmod +x`), then rebuild",
        ..AT_COMMAND
    },
    Rule {
        code: "MC542",
        when: When::Exit(&[127]),
        what: "its command was not found",
        why: "exit code 127: the program that it names is not in the image",
        fix: "correct `command`, or install the program in the image{or_own_command}",
        ..AT_COMMAND
    },
];
