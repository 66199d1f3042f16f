//! The verbs: what people do with a stack, in the order in which they do it.

use crate::support::{LIGHT_IMAGE, Project};

use super::sequence::{Better, Both, ByHand, File, file, same, same_on};

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

#[test]
fn up_a_changed_field_and_down() {
    same(
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

#[test]
fn one_service_with_and_without_what_it_depends_on() {
    same(
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

#[test]
fn more_and_fewer_containers() {
    same(
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

#[test]
fn stop_start_restart_kill_pause() {
    same(
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

#[test]
fn orphans() {
    let fewer = file(&[("aside", "")], "");
    same(
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

#[test]
fn profiles() {
    let text = file(&[("app", ""), ("debug", "profiles: [debug]\ndepends_on: [app]")], "");
    same(
        "profiles",
        &text,
        &[
            Both("up -d"),
            Both("--profile debug up -d"),
            Both("stop"),
            Both("up -d"),
            Both("up -d debug"),
            Both("--profile debug stop"),
            Both("--profile debug down"),
            Both("up -d debug"),
            Both("down"),
        ],
    );
}

#[test]
fn recreating_or_not() {
    same(
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

#[test]
fn dependents_that_are_to_be_restarted() {
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

#[test]
fn nameless_volumes_are_handed_on() {
    let text = |value: &str| {
        file(
            &[("db", &format!("environment: {{A: '{value}'}}\nvolumes: [/data, /more]"))],
            "",
        )
    };
    same(
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

#[test]
fn by_hand() {
    same(
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

#[test]
fn a_job_that_is_done() {
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

#[test]
fn a_job_that_fails() {
    let text = file(
        &[
            ("app", "depends_on: {job: {condition: service_completed_successfully}}"),
            ("job", "command: ['false']"),
        ],
        "",
    );
    same("fails", &text, &[Both("up -d"), Both("down")]);
}

#[test]
fn waiting_for_one_that_is_unhealthy_first() {
    let text = file(
        &[(
            "app",
            "command: [sh, -c, 'sleep 4; touch /tmp/ok; sleep 600']\nhealthcheck: {test: [CMD, test, -e, /tmp/ok], interval: 1s, retries: 1}",
        )],
        "",
    );
    same(
        "unhealthy",
        &text,
        &[Better(
            "up -d --wait",
            "a service that is unhealthy may recover within the time-out: the wait goes on",
        )],
    );
}

const BY_BUILDER: &str = "an image that the engine's own builder made goes, too: Compose knows only those of buildx";

#[test]
fn images_that_were_built() {
    let text = file(
        &[
            ("app", "build: ."),
            ("named", &format!("build: .\nimage: {LIGHT_IMAGE}-PROJECT")),
        ],
        "",
    );
    let made = |hint: &str| {
        let project = Project::empty(hint);
        project.write("docker-compose.yml", &text.replace("PROJECT", &project.name));
        project.write(
            "Dockerfile",
            &format!("FROM {LIGHT_IMAGE}\nLABEL test={}\n", project.name),
        );
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

#[test]
fn run_once() {
    same(
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

#[test]
fn down_of_one_service() {
    same(
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

#[test]
fn a_network_and_a_volume_that_are_wanted_otherwise() {
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
