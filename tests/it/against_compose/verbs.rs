//! The verbs: what people do with a stack, in the order in which they do it. Each is done on this machine's engine; on a newer
//! one `make test` does a few, and all with `EVERY_CASE=1` in the environment.

use crate::support::LIGHT_IMAGE;
use crate::support::own_engine::OwnEngine;
use crate::support::share::{every_case, share};

use super::sequence::{Better, Both, ByCompose, ByHand, ByUs, File, On, file, project, same, same_on};

/// How many at once.
const AT_ONCE: usize = 3;

/// Those that show most of what an engine can do otherwise.
const ON_A_NEWER_ENGINE: [&str; 2] = [
    "a_network_and_a_volume_that_are_wanted_otherwise",
    "what_compose_began_and_the_other_way_round",
];

macro_rules! sequences {
    ($($name:ident),* $(,)?) => {
        const ALL: &[(&str, fn(On<'_>))] = &[$((stringify!($name), $name)),*];

        mod here {
            $(
                #[test]
                fn $name() {
                    super::$name(None);
                }
            )*
        }
    };
}

sequences!(
    up_a_changed_field_and_down,
    one_service_with_and_without_what_it_depends_on,
    more_and_fewer_containers,
    stop_start_restart_kill_pause,
    orphans,
    profiles,
    recreating_or_not,
    dependents_that_are_to_be_restarted,
    nameless_volumes_are_handed_on,
    by_hand,
    a_job_that_is_done,
    a_job_that_fails,
    waiting_for_one_that_is_unhealthy_first,
    images_that_were_built,
    run_once,
    down_of_one_service,
    a_network_and_a_volume_that_are_wanted_otherwise,
    what_compose_began_and_the_other_way_round,
);

#[test]
fn on_a_newer_engine() {
    let Some(engine) = OwnEngine::newer("trixie") else {
        return;
    };
    engine.load(LIGHT_IMAGE);
    let chosen: Vec<_> = ALL
        .iter()
        .filter(|(name, _)| every_case() || ON_A_NEWER_ENGINE.contains(name))
        .collect();
    assert!(chosen.len() >= ON_A_NEWER_ENGINE.len());
    share(
        AT_ONCE,
        |_| (),
        &chosen,
        |(), (name, sequence)| {
            println!("{name}");
            sequence(Some(&engine));
        },
    );
}

/// `app` depends on `db`, which has a volume; `aside` is alone.
fn three() -> String {
    three_with("environment: {A: '1'}")
}

fn three_with(app: &str) -> String {
    file(
        &[
            ("app", &format!("depends_on: [db]\n{app}")),
            ("db", "volumes: ['data:/data']"),
            ("aside", ""),
        ],
        "volumes: {data: {}}\n",
    )
}

fn up_a_changed_field_and_down(on: On<'_>) {
    same(
        on,
        "change",
        &three(),
        &[
            Both("up -d"),
            Both("up -d"),
            File(three_with("environment: {A: '2'}")),
            Both("up -d"),
            File(three_with("environment: {A: '2'}\nlabels: {x: y}")),
            Both("up -d"),
            Both("stop"),
            Both("up -d"),
            Both("down"),
            Both("up -d"),
            Both("down -v"),
        ],
    );
}

fn one_service_with_and_without_what_it_depends_on(on: On<'_>) {
    same(
        on,
        "one",
        &three(),
        &[
            Both("up -d aside"),
            Both("up -d app"),
            Both("down"),
            Both("up -d --no-deps app"),
            File(three_with("environment: {A: '2'}").replace("data:/data", "data:/elsewhere")),
            Both("up -d --no-deps app"),
            Both("up -d app"),
            Both("up -d"),
            Both("down -v"),
        ],
    );
}

fn more_and_fewer_containers(on: On<'_>) {
    same(
        on,
        "scale",
        &three(),
        &[
            Both("up -d --scale aside=3"),
            Both("scale aside=2"),
            Both("up -d --scale aside=4"),
            ByHand("rm -f PROJECT-aside-4"),
            Both("up -d --scale aside=4"),
            Both("up -d"),
            Both("scale aside=0"),
            Both("up -d"),
            File(three().replace("  aside:\n", "  aside:\n    deploy: {replicas: 2}\n")),
            Better(
                "up -d",
                "how many containers there are is no part of one: the first is not replaced for it",
            ),
            File(three_with("environment: {A: '2'}").replace(
                "  aside:\n",
                "  aside:\n    deploy: {replicas: 2}\n    working_dir: /tmp\n",
            )),
            Both("up -d"),
            ByHand("rm -f PROJECT-aside-1"),
            Better("up -d", "the number that is free is taken again: numbers stay 1 to N"),
        ],
    );
}

fn stop_start_restart_kill_pause(on: On<'_>) {
    same(
        on,
        "life",
        &three(),
        &[
            Both("up -d"),
            Both("stop app"),
            Both("start app"),
            Both("restart db"),
            Both("stop"),
            Both("start"),
            Both("restart"),
            Both("pause aside"),
            Both("unpause aside"),
            Both("pause"),
            Better("up -d", "a container that is paused goes on"),
            Both("unpause"),
            Both("kill -s SIGKILL aside"),
            Both("up -d"),
            Both("kill"),
            Both("rm -f"),
            Both("up -d"),
            Both("rm -fs app"),
            Both("down -v"),
        ],
    );
}

fn orphans(on: On<'_>) {
    let fewer = file(&[("aside", "")], "");
    same(
        on,
        "orphans",
        &three(),
        &[
            Both("up -d"),
            File(fewer.clone()),
            Both("up -d"),
            Both("up -d --remove-orphans"),
            File(three()),
            Both("up -d"),
            File(fewer.clone()),
            Both("down --remove-orphans"),
            File(three()),
            Both("up -d"),
            File(fewer),
            Both("down"),
        ],
    );
}

fn profiles(on: On<'_>) {
    let text = file(&[("app", ""), ("debug", "profiles: [debug]\ndepends_on: [app]")], "");
    // The real one is given `-p` here, with which it reads no file of its own accord.
    same(
        on,
        "profiles",
        &text,
        &[
            Both("up -d"),
            Both("--profile debug up -d"),
            Both("-f docker-compose.yml stop"),
            Both("up -d"),
            Both("up -d debug"),
            Both("--profile debug stop"),
            Both("--profile debug down"),
            Both("up -d debug"),
            Both("-f docker-compose.yml down"),
        ],
    );
}

fn recreating_or_not(on: On<'_>) {
    same(
        on,
        "recreate",
        &three(),
        &[
            Both("up -d"),
            Both("up -d --force-recreate"),
            Both("up -d --force-recreate app"),
            Both("up -d --force-recreate --no-deps app"),
            Both("up -d --always-recreate-deps app"),
            File(three_with("environment: {A: '2'}")),
            Both("up -d --no-recreate"),
            Both("up -d --no-start"),
            Both("up -d"),
            Both("create --force-recreate"),
            Both("start"),
            Both("down -v"),
        ],
    );
}

fn dependents_that_are_to_be_restarted(on: On<'_>) {
    let text = |value: &str| {
        file(
            &[
                ("app", "depends_on: {db: {condition: service_started, restart: true}}"),
                ("other", "depends_on: [db]"),
                ("db", &format!("environment: {{A: '{value}'}}")),
            ],
            "",
        )
    };
    same(
        on,
        "restarts",
        &text("1"),
        &[
            Both("up -d"),
            File(text("2")),
            Both("up -d"),
            Both("restart db"),
            Both("restart --no-deps db"),
            Both("restart other"),
            Both("up -d --force-recreate db"),
            Both("down"),
        ],
    );
}

fn nameless_volumes_are_handed_on(on: On<'_>) {
    let text = |value: &str| {
        file(
            &[("db", &format!("environment: {{A: '{value}'}}\nvolumes: [/data, /more]"))],
            "",
        )
    };
    same(
        on,
        "nameless",
        &text("1"),
        &[
            Both("up -d"),
            File(text("2")),
            Both("up -d"),
            Both("up -d --force-recreate"),
            Both("down -v"),
        ],
    );
}

fn by_hand(on: On<'_>) {
    same(
        on,
        "hand",
        &three(),
        &[
            Both("up -d"),
            ByHand("rm -f ID:app"),
            Both("up -d"),
            ByHand("stop ID:db"),
            Both("up -d"),
            ByHand("network disconnect PROJECT_default ID:app"),
            Both("up -d"),
            ByHand("rm -f ID:db"),
            ByHand("stop ID:app"),
            Both("up -d"),
            ByHand("rename PROJECT-app-1 PROJECT-other"),
            Better("up -d", "a container that was given another name gets its own again"),
        ],
    );
}

fn a_job_that_is_done(on: On<'_>) {
    let text = |value: &str| {
        file(
            &[
                ("app", "depends_on: {job: {condition: service_completed_successfully}}"),
                ("job", &format!("command: ['true']\nenvironment: {{A: '{value}'}}")),
            ],
            "",
        )
    };
    same(
        on,
        "job",
        &text("1"),
        &[
            Both("up -d"),
            File(text("2")),
            Both("up -d"),
            Better("up -d", "a job that is done and as wanted is not run again"),
        ],
    );
}

fn a_job_that_fails(on: On<'_>) {
    let text = file(
        &[
            ("app", "depends_on: {job: {condition: service_completed_successfully}}"),
            ("job", "command: ['false']"),
        ],
        "",
    );
    same(on, "fails", &text, &[Both("up -d"), Both("down")]);
}

fn waiting_for_one_that_is_unhealthy_first(on: On<'_>) {
    let text = file(
        &[(
            "app",
            "command: [sh, -c, 'sleep 4; touch /tmp/ok; sleep 600']\nhealthcheck: {test: [CMD, test, -e, /tmp/ok], interval: 1s, retries: 1}",
        )],
        "",
    );
    same(
        on,
        "unhealthy",
        &text,
        &[Better(
            "up -d --wait",
            "a service that is unhealthy may recover within the time-out: the wait goes on",
        )],
    );
}

const BY_BUILDER: &str = "an image that the engine's own builder made goes, too: Compose knows only those of buildx";

fn images_that_were_built(on: On<'_>) {
    let text = file(
        &[
            ("app", "build: ."),
            // Another image: two names of one, taken away at the same moment, are too much for the engine when Compose asks.
            (
                "named",
                &format!("build: {{context: ., dockerfile: named}}\nimage: {LIGHT_IMAGE}-PROJECT"),
            ),
        ],
        "",
    );
    let made = |hint: &str| {
        let project = project(on, hint);
        project.write("docker-compose.yml", &text.replace("PROJECT", &project.name));
        for name in ["Dockerfile", "named"] {
            let label = format!("{name}-{}", project.name);
            project.write(name, &format!("FROM {LIGHT_IMAGE}\nLABEL test={label}\n"));
        }
        project
    };
    let (ours, theirs) = (made("rmi-m"), made("rmi-c"));
    same_on(
        &ours,
        &theirs,
        &[
            Both("build"),
            Both("up -d"),
            Both("down"),
            Both("up -d --build app"),
            Better("down --rmi local app", BY_BUILDER),
            ByHand("rmi PROJECT-app"),
            Both("up -d"),
            Better("down --rmi local", BY_BUILDER),
            ByHand("rmi PROJECT-app"),
            Both("up -d"),
            Both("down --rmi all -v"),
        ],
    );
}

fn run_once(on: On<'_>) {
    same(
        on,
        "once",
        &three(),
        &[
            Both("run --rm app true"),
            Both("run --rm --no-deps aside true"),
            Both("run app true"),
            Both("up -d"),
            Both("up -d --remove-orphans"),
        ],
    );
}

fn down_of_one_service(on: On<'_>) {
    same(
        on,
        "downone",
        &three(),
        &[
            Both("up -d"),
            Both("down aside"),
            Both("up -d"),
            Both("down app"),
            Both("up -d"),
            Both("down db"),
            Both("up -d"),
            Both("down -v db"),
        ],
    );
}

fn a_network_and_a_volume_that_are_wanted_otherwise(on: On<'_>) {
    let text = |more: &str| {
        file(
            &[
                ("app", "networks: [net, other]\nvolumes: ['data:/data']"),
                ("aside", ""),
            ],
            more,
        )
    };
    same(
        on,
        "objects",
        &text("networks: {net: {}, other: {}}\nvolumes: {data: {}}\n"),
        &[
            Both("up -d"),
            File(text(
                "networks: {net: {labels: {a: b}}, other: {}}\nvolumes: {data: {}}\n",
            )),
            Both("up -d"),
            Both("up -d"),
            File(text(
                "networks: {net: {internal: true}, other: {}}\nvolumes: {data: {labels: {a: b}}}\n",
            )),
            Both("up -d"),
            Both("down -v"),
        ],
    );
}

fn what_compose_began_and_the_other_way_round(on: On<'_>) {
    same(
        on,
        "over",
        &three(),
        &[
            ByCompose("up -d"),
            Both("up -d"),
            File(three_with("environment: {A: '2'}")),
            Both("up -d"),
            Both("down -v"),
            ByUs("up -d"),
            Both("up -d"),
            Both("stop"),
            Both("start"),
            Both("down -v"),
        ],
    );
}
