//! Whether a healthcheck can never pass, because what it runs is not in the image.

use std::sync::LazyLock;

use regex::Regex;

/// What the runtime says, and what a shell says of a program that it does not find.
static NOT_FOUND: LazyLock<[Option<Regex>; 2]> = LazyLock::new(|| {
    [
        r#"exec: "(?P<program>[^"]+)": (?:executable file not found|stat [^:]+: no such file|permission denied)"#,
        r"(?m)^(?:/bin/)?(?:ba|da|a)?sh: (?:line )?(?:\d+: )?(?P<program>[^:\s]+): (?:command )?not found$",
    ]
    .map(|pattern| Regex::new(pattern).ok())
});

/// Whether `healthcheck`, which has said `output`, can never pass in a container that runs `command`. A script that goes on
/// without the program may, and so may one whose program the container's own command brings.
pub(super) fn can_never_run(healthcheck: &[String], command: &[String], output: &str) -> bool {
    let missing = NOT_FOUND.iter().flatten().find_map(|pattern| {
        let caught = pattern.captures(output)?;
        Some(caught.name("program")?.as_str().to_owned())
    });
    let Some(missing) = missing else { return false };
    let name = missing.rsplit('/').next().unwrap_or(&missing);
    if command.iter().any(|word| word.contains(name)) {
        return false;
    }
    match healthcheck {
        [program, ..] if *program == missing => true,
        [shell, flag, script] if shell.ends_with("sh") && flag == "-c" => needs(script, &missing),
        _ => false,
    }
}

/// Whether `script` fails without the program that it begins with.
fn needs(script: &str, program: &str) -> bool {
    let script = script.trim().trim_start_matches("exec ");
    let is_first = script.split_whitespace().next() == Some(program);
    let (tried, otherwise) = script.split_once("||").unwrap_or((script, ""));
    let otherwise: Vec<&str> = otherwise.split_whitespace().collect();
    let gives_up = match otherwise.as_slice() {
        ["exit", code] => *code != "0",
        words => matches!(words, [] | ["false" | "exit"]),
    };
    is_first && gives_up && !tried.replace("&&", "").contains([';', '\n', '!', '&'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(healthcheck: &[&str], command: &str, output: &str) -> bool {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        can_never_run(&words(healthcheck), &words(&[command]), output)
    }

    #[test]
    fn a_program_that_is_not_there_never_comes() {
        const CURL: &str = r#"OCI runtime exec failed: exec failed: unable to start container process: exec: "curl": executable file not found in $PATH: unknown"#;
        for (healthcheck, output) in [
            (&["curl", "-f", "http://localhost"][..], CURL),
            (
                &["/no/such"],
                r#"exec: "/no/such": stat /no/such: no such file or directory: unknown"#,
            ),
            (&["/data"], r#"exec: "/data": permission denied: unknown"#),
            (
                &["/bin/sh", "-c", "curl -f http://localhost || exit 1"],
                "/bin/sh: 1: curl: not found",
            ),
            (&["/bin/sh", "-c", "curl -f http://localhost"], "sh: curl: not found"),
            (
                &["/bin/sh", "-c", "redis-cli ping | grep PONG"],
                "/bin/sh: 1: redis-cli: not found",
            ),
            (
                &["bash", "-c", "nosuch && curl x"],
                "bash: line 1: nosuch: command not found",
            ),
            (
                &["/bin/sh", "-c", "x"],
                r#"exec: "/bin/sh": stat /bin/sh: no such file or directory"#,
            ),
        ] {
            assert!(never(healthcheck, "sleep 600", output), "{healthcheck:?}");
        }
    }

    #[test]
    fn what_may_pass_later_is_waited_for() {
        const MISSING: &str = "/bin/sh: 1: curl: not found";
        for script in [
            "curl -f x || wget x",
            "curl x; test -f /tmp/well",
            "curl -f x || exit 0",
            "test -f /tmp/well && curl x",
            "! curl x",
            "curl x\ntrue",
        ] {
            assert!(!never(&["/bin/sh", "-c", script], "sleep 600", MISSING), "{script}");
        }
        assert!(!never(
            &["/bin/sh", "-c", "curl x"],
            "apt-get install -y curl; app",
            MISSING
        ));
        assert!(!never(&["curl", "x"], "app", "curl: (7) Failed to connect"));
        assert!(!never(&["curl", "x"], "app", "the page /x was not found"));
        assert!(!never(&[], "app", MISSING));
    }
}
