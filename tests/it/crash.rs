//! Killed at any point, the next command finishes the work. The same after the engine itself was killed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::support::own_engine::OwnEngine;
use crate::support::share::share;
use crate::support::{LIGHT_IMAGE, Project, Running};

/// How many points each of `up` and `down` is killed at.
const POINTS: u32 = 20;

/// Three services in a chain, ready a little after their start, one of them replaced in a way that takes several steps.
fn chain() -> String {
    let service = |name: &str, more: &str| {
        format!(
            "  {name}:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    command: [sh, -c, 'sleep 0.2; touch /tmp/ready; sleep 600']\n    \
             healthcheck: {{test: [CMD, test, -e, /tmp/ready], interval: 30s}}\n    environment: {{ROUND: \"${{ROUND:-0}}\"}}\n    \
             stop_grace_period: 1s\n{more}"
        )
    };
    let after = |name: &str| format!("    depends_on: {{{name}: {{condition: service_healthy}}}}\n");
    format!(
        "services:\n{}{}{}volumes:\n  data:\n",
        service("store", "    volumes: ['data:/keep']\n"),
        service("queue", &after("store")),
        service("app", &after("queue")),
    )
}

/// Each service has one container, under its right name, running, and made for `round`.
#[track_caller]
fn whole(project: &Project, round: &str) {
    for service in ["store", "queue", "app"] {
        assert_eq!(project.inspect(service, "{{.State.Running}}"), "true", "{service}");
        assert_eq!(
            project.inspect(service, "{{.Name}}"),
            format!("/{}-{service}-1", project.name)
        );
        let environment = project.inspect(service, "{{json .Config.Env}}");
        assert!(
            environment.contains(&format!("ROUND={round}")),
            "{service}: {environment}"
        );
    }
}

/// How long `args` takes undisturbed.
fn duration_of(project: &Project, args: &[&str]) -> Duration {
    let began = std::time::Instant::now();
    project.magicctl(args).ok();
    began.elapsed()
}

/// How many projects are killed side by side.
const AT_ONCE: usize = 2;

/// The stack, up, with something on its volume; and how long `args` takes undisturbed.
fn begun(args: &[&str]) -> (Project, Duration) {
    let project = Project::of("killed", &chain());
    let up = duration_of(&project, &["up"]);
    project.docker(&["exec", &project.container("store"), "touch", "/keep/this"]);
    let took = if args == ["up"] {
        up
    } else {
        duration_of(&project, args)
    };
    (project, took)
}

/// Kills `args` when that part of its time has passed; whether it had ended by itself.
fn killed((project, took): &(Project, Duration), args: &[&str], point: u32) -> bool {
    let mut running = Running::start(project.command(args));
    // Where in its time it is killed is what is tested.
    std::thread::sleep(*took * point / POINTS);
    let has_ended = running.0.try_wait().expect("its state").is_some();
    running.0.kill().expect("SIGKILL");
    drop(running.finish());
    has_ended
}

/// Through all of it the volume kept what was in it.
fn kept(projects: &[(Project, Duration)]) {
    for (project, _) in projects {
        project.magicctl(&["up"]).ok();
        let kept = project.docker(&["exec", &project.container("store"), "ls", "/keep"]);
        assert_eq!(kept, "this");
    }
}

#[test]
fn killed_at_twenty_points_of_up_the_next_command_finishes() {
    let ready_rounds = AtomicU32::new(0);
    let points: Vec<u32> = (1..=POINTS).collect();
    let projects = share(
        AT_ONCE,
        |_| begun(&["up"]),
        &points,
        |begun, point| {
            // Each round wants other containers, so that a cut-off replacement is among what is found.
            let round = point.to_string();
            begun.0.env.insert("ROUND".to_owned(), round.clone());
            ready_rounds.fetch_add(killed(begun, &["up"], *point).into(), Ordering::Relaxed);
            let project = &begun.0;
            project.magicctl(&["up"]).ok();
            whole(project, &round);
            let plan = project.magicctl(&["plan"]).ok();
            assert!(plan.stdout.contains("nothing to do"), "point {point}: {}", plan.stdout);
        },
    );
    assert!(
        ready_rounds.into_inner() < POINTS / 2,
        "the kills came too late to prove anything"
    );
    kept(&projects);
}

#[test]
fn killed_at_twenty_points_of_down_the_next_command_finishes() {
    let points: Vec<u32> = (1..=POINTS).collect();
    let projects = share(
        AT_ONCE,
        |_| begun(&["down"]),
        &points,
        |begun, point| {
            begun.0.magicctl(&["up", "--no-wait"]).ok();
            killed(begun, &["down"], *point);
            let project = &begun.0;
            project.magicctl(&["down"]).ok();
            assert_eq!(
                project.left(),
                [format!("volume {}_data", project.name)],
                "point {point}"
            );
        },
    );
    kept(&projects);
}

#[test]
fn after_an_engine_restart_and_after_a_power_cut_up_converges() {
    let Some(mut engine) = OwnEngine::start() else {
        return;
    };
    engine.load(LIGHT_IMAGE);
    let mut project = Project::of("power", &chain());
    project.on(&engine);
    project.magicctl(&["up"]).ok();

    // An orderly restart stops every container.
    engine.restart();
    let up = project.magicctl(&["--progress", "plain", "up"]).ok();
    assert!(up.stdout.starts_with("up: done"), "{}", up.all());
    whole(&project, "0");

    // A power cut: engine and containers die at once, in the middle of things.
    project.docker(&["stop", "-t", "0", &project.container("app")]);
    engine.cut_power();
    engine.begin();
    let status = project.magicctl(&["status"]).ok();
    assert!(
        !status.stdout.contains("ready "),
        "nothing runs, so nothing is ready: {}",
        status.stdout
    );
    let plan = project.magicctl(&["plan"]).ok();
    assert!(plan.stdout.contains("it exited with"), "{}", plan.stdout);
    project.magicctl(&["up"]).ok();
    whole(&project, "0");
    assert!(project.magicctl(&["plan"]).ok().stdout.contains("nothing to do"));
    project.magicctl(&["down", "--volumes"]).ok();
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn what_two_users_do_at_once_the_next_up_makes_whole() {
    let mut project = Project::of("users", &chain());
    project.magicctl(&["up"]).ok();
    let other = project.path("other-user");
    std::fs::create_dir(&other).expect("a folder");
    for round in ["1", "2"] {
        // The lock is a user's own: neither sees that of the other.
        project.env.insert("ROUND".to_owned(), round.to_owned());
        let first = Running::start(project.command(&["up"]));
        let mut command = project.command(if round == "2" { &["down"] } else { &["up"] });
        command.env("XDG_RUNTIME_DIR", &other).env("ROUND", "0");
        let second = Running::start(command);
        drop((first.finish(), second.finish()));
        project.magicctl(&["up"]).ok();
        whole(&project, round);
        let containers = project.docker(&[
            "ps",
            "-aq",
            "--filter",
            &format!("label=com.docker.compose.project={}", project.name),
        ]);
        assert_eq!(containers.lines().count(), 3, "round {round}: {containers}");
    }
}
