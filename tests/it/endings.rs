//! However a process ends, `up` says the right thing of it: 200 ways, each as a service. `make test-crash` makes all of them ten
//! times over; `make test` twenty of them once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use crate::support::{Done, LIGHT_IMAGE, Project, Running, free_ports};

/// Services of one project.
const OF_A_PROJECT: usize = 20;

/// A busy machine takes its time to start a shell, and what ends 1.5 s later is not to have settled before.
const SETTLE: &str = "6s";

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It exits with a code.
    Exit(u8),
    /// It is killed by a signal: 137, 139, 143.
    Signal(&'static str),
    /// Its program can't be executed by this machine.
    ExecFormat,
    /// It exits with 1 the first time, and goes on the second.
    ComesRight,
    /// It goes on.
    Lives,
}

const ENDS: [Way; 9] = [
    Way::Exit(0),
    Way::Exit(1),
    Way::Exit(2),
    Way::Exit(126),
    Way::Exit(127),
    Way::Signal("KILL"),
    Way::Signal("SEGV"),
    Way::Signal("TERM"),
    Way::ExecFormat,
];
const AFTER: [&str; 5] = ["0", "0.1", "0.3", "1", "1.5"];
const POLICIES: [&str; 5] = ["no", "on-failure", "on-failure:2", "always", "unless-stopped"];

#[derive(Debug, Clone, Copy)]
struct Case {
    way: Way,
    after: &'static str,
    policy: &'static str,
    has_port: bool,
    has_healthcheck: bool,
    /// Another service waits for its end.
    is_awaited: bool,
}

fn cases() -> Vec<Case> {
    let mut ways: Vec<(Way, &str, &str)> = Vec::new();
    for after in AFTER {
        for policy in POLICIES {
            for way in ENDS {
                if way != Way::ExecFormat || after == "0" {
                    ways.push((way, after, policy));
                }
            }
        }
    }
    for policy in POLICIES {
        ways.push((Way::ComesRight, "0.3", policy));
        ways.push((Way::Lives, "0", policy));
    }
    let flagged = ways.into_iter().enumerate().map(|(number, (way, after, policy))| Case {
        way,
        after,
        policy,
        has_port: number % 2 == 0,
        has_healthcheck: number % 3 == 0,
        is_awaited: number % 7 == 0 && way != Way::Lives && way != Way::ComesRight,
    });
    flagged.collect()
}

/// What is right, by the ways alone.
fn wanted(case: &Case) -> &'static str {
    let fails = !matches!(case.way, Way::Exit(0));
    let is_started_again = match case.policy {
        "always" | "unless-stopped" => true,
        "no" => false,
        _ => fails,
    };
    match case.way {
        Way::Lives | Way::ComesRight if case.way == Way::Lives || is_started_again => {
            if case.has_healthcheck {
                "ready"
            } else {
                "running"
            }
        }
        Way::Exit(0) if !is_started_again => "completed",
        _ => "failed",
    }
}

fn service(number: usize, case: &Case, port: u16) -> String {
    let after = case.after;
    let script = match case.way {
        Way::Exit(code) => format!("sleep {after}; exit {code}"),
        Way::Signal(signal) => format!("sleep {after}; kill -{signal} $$$$; sleep 9"),
        Way::ExecFormat => String::new(),
        Way::ComesRight => {
            format!("test -f /once && touch /well && exec sleep 600; touch /once; sleep {after}; exit 1")
        }
        Way::Lives => "touch /well; exec sleep 600".to_owned(),
    };
    let mut text = format!(
        "  s{number}:\n    image: {LIGHT_IMAGE}\n    init: {}\n",
        case.way != Way::ExecFormat
    );
    // Engine 20.10 may keep an endpoint of a container that was removed between an exit and its next start: on a network of the project's
    // own nothing but a restart of the engine would get rid of it.
    text += "    network_mode: bridge\n    tmpfs: /data\n    stop_grace_period: 0s\n";
    let _infallible = writeln!(text, "    restart: \"{}\"", case.policy);
    if case.way == Way::ExecFormat {
        text += "    entrypoint: [/junk]\n    volumes: [\"./junk:/junk:ro\"]\n";
    } else {
        let _infallible = writeln!(text, "    entrypoint: [sh, -c, '{script}']");
    }
    if case.has_port {
        let _infallible = writeln!(text, "    ports: [\"127.0.0.1:{port}:80\"]");
    }
    if case.has_healthcheck {
        text += "    healthcheck: {test: [CMD, test, -f, /well], interval: 1h}\n";
    }
    if case.is_awaited {
        let _infallible = write!(
            text,
            "  d{number}:\n    image: {LIGHT_IMAGE}\n    init: true\n    network_mode: bridge\n    tmpfs: /data\n    stop_grace_period: 0s\n    \
             entrypoint: [sleep, '600']\n    depends_on: {{s{number}: {{condition: service_completed_successfully}}}}\n"
        );
    }
    text
}

/// What `up` says of each service at its end.
fn verdicts(up: &Done) -> BTreeMap<String, String> {
    let lines = up
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let finished = lines.into_iter().find(|event| event["event"] == "finished");
    let finished = finished.unwrap_or_else(|| panic!("it does not end: {}", up.all()));
    let services = finished["services"].as_array().expect("services").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    services
        .map(|service| (text(&service["service"]), text(&service["verdict"])))
        .collect()
}

/// Brings `cases` up as services of one project, and gives what is not right.
fn wrong(cases: &[(usize, Case)]) -> Vec<String> {
    let ports = free_ports(cases.len());
    let services = cases
        .iter()
        .zip(ports)
        .map(|((number, case), port)| service(*number, case, port));
    let project = Project::of("ends", &format!("services:\n{}", services.collect::<String>()));
    project.write("junk", "\u{1}\u{2}\u{3}");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("junk"), executable).expect("its rights");
    let up = project.magicctl(&["up", "--progress", "json", "--settle", SETTLE, "--wait-timeout", "90s"]);
    let found = verdicts(&up);
    let mut wrong = Vec::new();
    for (number, case) in cases {
        let is = found.get(&format!("s{number}")).map_or("nothing", String::as_str);
        if is != wanted(case) {
            wrong.push(format!("{case:?}: {is}, not {}", wanted(case)));
        }
        if case.is_awaited {
            let is = found.get(&format!("d{number}")).map_or("nothing", String::as_str);
            let right = if wanted(case) == "completed" {
                "running"
            } else {
                "starting"
            };
            if is != right {
                wrong.push(format!("what waits for {case:?}: {is}, not {right}"));
            }
        }
    }
    let fails = cases.iter().any(|(_, case)| wanted(case) == "failed");
    if up.code != i32::from(fails) {
        wrong.push(format!("it ended with {}", up.code));
    }
    if !wrong.is_empty() {
        wrong.push(up.all());
    }
    project.magicctl(&["down", "--timeout", "0s"]).ok();
    wrong
}

/// Beside two processes that do nothing but keep processors busy.
fn beside_busy_processors(work: impl FnOnce()) {
    let spin = || {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -t 900; while :; do :; done"]);
        Running::start(command)
    };
    let busy = [spin(), spin()];
    work();
    drop(busy);
}

#[test]
fn twenty_ways_to_end() {
    let all: Vec<(usize, Case)> = cases().into_iter().enumerate().collect();
    assert!(all.len() >= 200, "{}", all.len());
    // The last ones go on; fifteen is no factor of what the table repeats by.
    let (ends, live) = all.split_at(all.len() - 6);
    let ends = ends.iter().step_by(15).take(OF_A_PROJECT - live.len());
    let some: Vec<(usize, Case)> = ends.chain(live).copied().collect();
    let wants = |word: &str| some.iter().any(|(_, case)| wanted(case) == word);
    assert!(["ready", "running", "completed", "failed"].into_iter().all(wants));
    beside_busy_processors(|| {
        let wrong = wrong(&some);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

fn one(command: &str, more: &str) -> String {
    format!(
        "services:\n  app:\n    image: {LIGHT_IMAGE}\n    init: true\n    network_mode: bridge\n    tmpfs: /data\n    stop_grace_period: 0s\n    \
         entrypoint: [sh, -c, '{command}']\n{more}"
    )
}

#[test]
fn after_a_crash_loop_is_corrected_its_own_port_is_no_conflict() {
    let port = free_ports(1)[0];
    let more = format!("    restart: unless-stopped\n    ports: [\"127.0.0.1:{port}:80\"]\n");
    let project = Project::of("own", &one("sleep 0.3; exit 1", &more));
    let up = project.magicctl(&["up"]);
    assert!(
        up.code == 1 && up.stderr.contains("is crash-looping (exit code 1)"),
        "{}",
        up.all()
    );
    // Its loop goes on, with and without a process at any moment.
    for seconds in 600..604 {
        project.write(
            "docker-compose.yml",
            &one(&format!("sleep 0.3; exit {}", seconds % 7 + 1), &more),
        );
        let up = project.magicctl(&["up"]);
        assert!(up.code == 1 && !up.stderr.contains("MC32"), "{}", up.all());
    }
    project.write("docker-compose.yml", &one("exec sleep 600", &more));
    let up = project.magicctl(&["up"]).ok();
    assert!(up.stdout.contains("running"), "{}", up.all());
    project.magicctl(&["down"]).ok();
}

#[test]
fn a_job_gives_its_exit_code_always() {
    for (code, after) in [(0, "0"), (42, "0.2"), (0, "0.2"), (42, "0")] {
        let project = Project::of("job", &one(&format!("sleep {after}; exit {code}"), ""));
        let up = project.magicctl(&["up", "--no-wait"]).ok();
        assert!(up.stdout.contains("done"), "{}", up.all());
        let wait = project.magicctl(&["wait", "app"]);
        assert_eq!(wait.code, code, "{}", wait.all());
        let up = project.magicctl(&["up"]);
        assert_eq!(up.code, i32::from(code != 0), "{}", up.all());
        let status = project.magicctl(&["status"]).ok();
        let word = if code == 0 { "completed" } else { "exited (42)" };
        assert!(
            up.stdout.contains(word) && status.stdout.contains(word),
            "{}",
            status.all()
        );
        project.magicctl(&["down"]).ok();
    }
}

#[test]
fn a_healthcheck_whose_program_is_not_in_the_image_is_not_waited_for() {
    for test in ["[CMD, nosuch, -f, x]", "[CMD-SHELL, \"nosuch -f x || exit 1\"]"] {
        let healthcheck = format!("    healthcheck: {{test: {test}, interval: 1h}}\n");
        let project = Project::of("tool", &one("exec sleep 600", &healthcheck));
        let up = project.magicctl(&["up", "--wait-timeout", "1h"]);
        assert!(up.code == 1 && up.stderr.contains("MC570"), "{}", up.all());
        project.magicctl(&["down"]).ok();
    }
}

#[test]
fn a_card_of_a_loop_is_about_one_run() {
    // Each run says which it is, and its exit code is its number.
    let script = "n=$$(cat /n 2>/dev/null || echo 1); echo run $$n; echo $$((n + 1)) >/n; exit $$n";
    let project = Project::of("runs", &one(script, "    restart: always\n"));
    let up = project.magicctl(&["up"]);
    let code = |text: &str| -> Option<u8> {
        let digits = text.split_once("is crash-looping (exit code ")?.1;
        digits.split(')').next()?.parse().ok()
    };
    let code = code(&up.stderr).unwrap_or_else(|| panic!("{}", up.all()));
    assert!(code >= 3, "{}", up.all());
    assert!(
        up.stderr.contains(&format!("(exit code {code}): run {code}\n")),
        "{}",
        up.all()
    );
    project.magicctl(&["down"]).ok();
}

#[test]
fn the_settle_time_is_what_the_label_or_the_flag_says() {
    let label = |time: &str| format!("    labels: {{magicctl.settle: {time}}}\n");
    // It ends after what is settled by, and before the usual time.
    let project = Project::of("settle", &one("sleep 1.2; exit 3", &label("100ms")));
    let up = project.magicctl(&["up"]).ok();
    assert!(up.stdout.contains("app  running"), "{}", up.all());
    let longer = project.magicctl(&["up", "--force-recreate", "--settle", "20s"]);
    assert!(
        longer.code == 1 && longer.stderr.contains("exited with 3"),
        "{}",
        longer.all()
    );
    project.magicctl(&["down"]).ok();
    project.write("docker-compose.yml", &one("sleep 1", &label("soon")));
    let refused = project.magicctl(&["up"]);
    assert!(
        refused.code == 4 && refused.stderr.contains("magicctl.settle"),
        "{}",
        refused.all()
    );
}

/// `make test-crash`.
#[test]
#[ignore = "a quarter of an hour: `make test-crash`"]
fn all_ways_to_end_again_and_again() {
    let rounds = std::env::var("CRASH_ROUNDS").map_or(10, |rounds| rounds.parse().expect("CRASH_ROUNDS is a number"));
    let all: Vec<(usize, Case)> = cases().into_iter().enumerate().collect();
    beside_busy_processors(|| {
        for round in 1..=rounds {
            for chunk in all.chunks(OF_A_PROJECT) {
                let wrong = wrong(chunk);
                assert!(wrong.is_empty(), "round {round}: {}", wrong.join("\n"));
            }
            println!("round {round}: {} ways, all right", all.len());
        }
    });
}
