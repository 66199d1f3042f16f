//! Flags of Compose whose effect is ours to show: a dry run, fewer calls at once, colours, and `up` that stays.

use std::process::Command;

use serde_json::Value;

use crate::support::{LIGHT_IMAGE, Project, Running, until};

fn service(name: &str, script: &str) -> String {
    let script = serde_json::to_string(script).expect("a text");
    format!(
        "  {name}:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    stop_signal: SIGKILL\n    \
         command: [sh, -c, {script}]\n"
    )
}

/// Two services that run until they are stopped, and a volume.
fn two() -> String {
    let (app, db) = (service("app", "exec sleep 600"), service("db", "exec sleep 600"));
    format!("services:\n{app}    volumes: ['data:/d']\n    depends_on: [db]\n{db}volumes: {{data: {{}}}}\n")
}

/// Every container's id, state and start, every network and volume.
fn everything(project: &Project) -> Vec<String> {
    let label = format!("label=com.docker.compose.project={}", project.name);
    let ids = project.docker(&["ps", "-aq", "--no-trunc", "--filter", &label]);
    let mut all: Vec<String> = ids
        .lines()
        .map(|id| {
            let format = "{{.Id}} {{.Name}} {{.State.Status}} {{.State.Paused}} {{.State.StartedAt}}";
            project.docker(&["inspect", "--format", format, id])
        })
        .chain(project.left())
        .collect();
    all.sort();
    all
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let project = Project::of("dry", &two());
    // Before anything is there.
    for line in [
        "up",
        "up -d --wait",
        "create",
        "run --rm app",
        "--progress plain up",
        "scale app=2",
    ] {
        // What follows the service of `run` is its command.
        let words: Vec<&str> = line.split(' ').collect();
        let at = words
            .iter()
            .position(|word| *word == "run")
            .map_or(words.len(), |at| at + 1);
        let words = [&words[..at], &["--dry-run"], &words[at..]].concat();
        let done = project.magicctl(&words).ok();
        assert!(done.stdout.contains("create container"), "{line}: {}", done.all());
        assert_eq!(project.left(), Vec::<String>::new(), "{line}");
    }
    project.magicctl(&["up", "-q"]).ok();
    let before = everything(&project);
    // What a plan calls the replacing of a container is several steps of it.
    let told = |step: &str, line: &str| match step {
        "create container" if line.contains("recreate") => "replace container".to_owned(),
        step => step.to_owned(),
    };
    for (line, step) in [
        ("stop", "stop container"),
        ("restart", "restart container"),
        ("kill app", "kill container"),
        ("pause", "pause container"),
        ("rm -s", "remove container"),
        ("down -v", "remove volume"),
        ("up --force-recreate", "create container"),
        ("scale app=3", "create container"),
        ("create --force-recreate app", "create container"),
        ("pull --policy always", "pull image"),
    ] {
        let words: Vec<&str> = ["--dry-run"].into_iter().chain(line.split(' ')).collect();
        let done = project.magicctl(&words).ok();
        assert!(done.stdout.contains(&told(step, line)), "{line}: {}", done.all());
        let json = project
            .magicctl(&[words.as_slice(), &["--output", "json"]].concat())
            .ok();
        let plan: Value = serde_json::from_str(json.stdout.lines().last().expect("a line")).expect("JSON");
        let steps = plan["steps"].as_array().expect("steps");
        assert!(steps.iter().any(|told| told["action"] == step), "{line}: {plan}");
        assert_eq!(everything(&project), before, "{line}");
    }
    for line in [
        "exec app true",
        "cp ./x app:/x",
        "attach app",
        "render",
        "init x",
        "check --fix",
    ] {
        let words: Vec<&str> = line.split(' ').chain(["--dry-run"]).collect();
        // What follows the command of `exec` is its own.
        let words = if line.starts_with("exec") {
            vec!["--dry-run", "exec", "app", "true"]
        } else {
            words
        };
        let done = project.magicctl(&words);
        assert!(
            done.code == 2 && done.stderr.contains("has no --dry-run"),
            "{line}: {}",
            done.all()
        );
    }
    assert_eq!(everything(&project), before);
    assert!(!project.path("x").exists());
    project.magicctl(&["ps", "--dry-run"]).ok();
}

#[test]
fn a_dry_run_renders_nothing_and_waits_for_no_lock() {
    let project = Project::empty("dry-bare");
    project.magicctl(&["up", "--dry-run"]);
    project.magicctl(&["create", "--dry-run"]);
    let files = std::fs::read_dir(&project.dir).expect("its folder").count();
    assert_eq!(files, 0);
}

/// The most calls that were under way at the same time, waits aside.
fn most_at_once(events: &str) -> usize {
    let mut waits = Vec::new();
    let (mut now, mut most) = (0_usize, 0);
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let is_wait = waits.contains(&event["step"]);
        match event["event"].as_str() {
            Some("step_started")
                if event["action"]
                    .as_str()
                    .is_some_and(|action| action.starts_with("wait")) =>
            {
                waits.push(event["step"].clone());
            }
            Some("step_started") => {
                now += 1;
                most = most.max(now);
            }
            Some("step_done" | "step_failed") if !is_wait => now -= 1,
            _ => {}
        }
    }
    assert_eq!(now, 0, "{events}");
    most
}

#[test]
fn no_more_calls_are_made_at_once_than_are_allowed() {
    let services: String = ["a", "b", "c", "d"]
        .map(|name| service(name, "exec sleep 600"))
        .concat();
    let mut project = Project::of("parallel", &format!("services:\n{services}"));
    let mut most = |flags: &[&str], variable: Option<&str>| {
        match variable {
            Some(limit) => project
                .env
                .insert("COMPOSE_PARALLEL_LIMIT".to_owned(), limit.to_owned()),
            None => project.env.remove("COMPOSE_PARALLEL_LIMIT"),
        };
        let up = project.magicctl(&[flags, &["--output", "json", "up"]].concat()).ok();
        let most = most_at_once(&up.stdout);
        let down = project.magicctl(&[flags, &["--output", "json", "down"]].concat()).ok();
        (most, most_at_once(&down.stdout))
    };
    assert_eq!(most(&["--parallel", "1"], None), (1, 1));
    assert_eq!(most(&[], Some("1")), (1, 1));
    let (up, down) = most(&["--parallel", "-1"], Some("1"));
    assert!(up > 1 && down > 1, "the flag goes over the variable: {up}, {down}");
    project
        .env
        .insert("COMPOSE_PARALLEL_LIMIT".to_owned(), "many".to_owned());
    let done = project.magicctl(&["ps"]);
    assert!(
        done.code == 2 && done.stderr.contains("COMPOSE_PARALLEL_LIMIT=many"),
        "{}",
        done.all()
    );
    assert_eq!(project.magicctl(&["--parallel", "-2", "ps"]).code, 2);
}

#[test]
fn version_and_ansi_are_taken_as_composes() {
    let project = Project::of("version", "services: {}\n");
    let version = env!("CARGO_PKG_VERSION");
    for (line, wanted) in [
        ("version", format!("magicctl {version}\n")),
        ("version --short", format!("{version}\n")),
        ("version -f json", format!("{{\"version\":\"{version}\"}}\n")),
        ("version --format pretty", format!("magicctl {version}\n")),
        ("-f nowhere.yaml version --short", format!("{version}\n")),
    ] {
        let done = project.magicctl(&line.split(' ').collect::<Vec<_>>()).ok();
        assert_eq!(done.stdout, wanted, "{line}");
    }
    let is_coloured = |flags: &[&str]| {
        let done = project.magicctl(&[flags, &["-f", "nowhere.yaml", "config"]].concat());
        assert_eq!(done.code, 2, "{}", done.all());
        done.stderr.contains('\u{1b}')
    };
    assert!(is_coloured(&["--ansi", "always"]));
    assert!(!is_coloured(&["--ansi", "auto"]));
    assert!(!is_coloured(&["--ansi", "always", "--color", "never"]));
    let on_terminal = |flags: &[&str]| project.on_terminal(&[flags, &["-f", "nowhere.yaml", "config"]].concat());
    assert!(on_terminal(&[]).contains('\u{1b}'));
    assert!(!on_terminal(&["--ansi", "never"]).contains('\u{1b}'));
}

fn interrupt(running: &Running) {
    let sent = Command::new("kill")
        .args(["-INT", &running.0.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn ctrl_c_stops_what_up_stays_with() {
    let text = format!(
        "services:\n{}    depends_on: [db]\n{}",
        service("app", "echo here; exec sleep 600"),
        service("db", "exec sleep 600")
    );
    let project = Project::of("stay-int", &text);
    let up = Running::start(project.command(&["up", "--attach", "app", "app"]));
    until("app runs", 60, || {
        let id = project.container("app");
        !id.is_empty() && project.docker(&["inspect", "--format", "{{.State.Running}}", &id]) == "true"
    });
    interrupt(&up);
    let done = up.finish();
    assert_eq!(done.code, 130, "{}", done.all());
    let runs = |service| project.inspect(service, "{{.State.Running}}");
    assert_eq!(
        (runs("app").as_str(), runs("db").as_str()),
        ("false", "true"),
        "{}",
        done.all()
    );
}

#[test]
fn a_job_that_others_wait_for_ends_without_an_end_to_all() {
    let job = |code: u8| {
        let app = service("app", "echo at work; sleep 1; exit 4");
        let needs = "    depends_on: {job: {condition: service_completed_successfully}}\n";
        format!(
            "services:\n{app}{needs}{}",
            service("job", &format!("echo set up; exit {code}"))
        )
    };
    let project = Project::of("stay-job", &job(0));
    let done = project.magicctl(&["up", "--exit-code-from", "app"]);
    assert_eq!(done.code, 4, "{}", done.all());
    assert!(
        done.stdout.contains("app | at work") && done.stdout.contains("job | set up"),
        "{}",
        done.all()
    );
    // It is done, and not run again: there is nothing to wait for.
    let done = project.magicctl(&["up", "--exit-code-from", "job"]);
    assert_eq!(done.code, 0, "{}", done.all());
    project.magicctl(&["down", "-q"]).ok();
    project.write("docker-compose.yml", &job(9));
    for flags in [&["--abort-on-container-exit"][..], &["--exit-code-from", "app"]] {
        let done = project.magicctl(&[&["up"], flags].concat());
        assert_eq!(done.code, 9, "{flags:?}: {}", done.all());
    }
}

#[test]
fn up_that_stays_counts_neither_what_it_replaces_nor_old_lines() {
    let text = |value: &str| {
        let test = service("test", "echo this time $$A; sleep 2; exit 0");
        format!(
            "services:\n{test}    environment: {{A: '{value}'}}\n{}",
            service("db", "exec sleep 600")
        )
    };
    let project = Project::of("stay-again", &text("one").replace("sleep 2", "sleep 600"));
    project.magicctl(&["up", "-q"]).ok();
    project.write("docker-compose.yml", &text("two"));
    let done = project.magicctl(&["up", "--exit-code-from", "test", "--timestamps"]);
    assert_eq!(done.code, 0, "{}", done.all());
    assert!(
        done.stdout.contains("this time two") && !done.stdout.contains("this time one"),
        "{}",
        done.all()
    );
    let line = done.stdout.lines().find(|line| line.contains("this time two"));
    let time = regex::Regex::new(r"\d\d:\d\d:\d\d").expect("a pattern");
    assert!(line.is_some_and(|line| time.is_match(line)), "{}", done.all());
    assert!(done.stderr.contains("-test-1 exited with code 0"), "{}", done.all());
    assert!(
        !done.stderr.contains("137") && !done.stderr.contains("next:"),
        "{}",
        done.all()
    );
}

#[test]
fn a_job_that_ends_at_once_gives_its_code_each_time() {
    for code in [0, 42] {
        let project = Project::of(
            "stay-quick",
            &format!("services:\n{}", service("test", &format!("exit {code}"))),
        );
        for _ in 0..2 {
            let up = project.magicctl(&["up"]);
            assert_eq!(up.code, i32::from(code != 0), "{}", up.all());
            assert_eq!(project.magicctl(&["wait", "test"]).code, code);
            let from = project.magicctl(&["up", "--exit-code-from", "test"]);
            assert_eq!(from.code, code, "{}", from.all());
            // It may have ended before anybody looks.
            project.magicctl(&["up", "--attach", "test"]).ok();
            project.magicctl(&["down", "-q"]).ok();
        }
    }
}

/// What asks for nothing that is there says what is so, and is no failure.
#[test]
fn what_is_not_there_to_be_built_or_shown_is_said_and_no_failure() {
    let project = Project::of("nothing", &two());
    let build = project.magicctl(&["build"]).ok();
    assert!(
        build.all().contains("no service of this project has a `build` section"),
        "{}",
        build.all()
    );
    project.magicctl(&["up", "-q"]).ok();
    for narrowed in ["--status=exited", "--filter=status=paused"] {
        let ps = project.magicctl(&["ps", narrowed]).ok();
        assert!(
            ps.stdout.contains("no container in that state"),
            "{narrowed}: {}",
            ps.all()
        );
    }
    // `-q` asks whether the file makes sense: what doesn't is said.
    project.edit("docker-compose.yml", "services:", "x-a: '${NOT_SET}'\nservices:");
    let config = project.magicctl(&["config", "-q"]).ok();
    assert_eq!(config.stdout, "");
    assert!(config.stderr.contains("NOT_SET"), "{}", config.all());
    project.magicctl(&["down", "-q"]).ok();
}
