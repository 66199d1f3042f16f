//! An engine behind a proxy that hands on only what docs/engine-calls.md names for a command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::fault_proxy::FaultProxy;
use crate::support::{LIGHT_IMAGE, Project};

const PAGE: &str = "docs/engine-calls.md";

/// The page's table: the calls by command.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let text = std::fs::read_to_string(page).expect(PAGE);
    let words =
        |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect() };
    text.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.splitn(2, '|');
            let command = cells.next()?.trim().trim_end_matches('`').to_owned();
            Some((command, words(cells.next()?)))
        })
        .collect()
}

/// `MAGICCTL_WRITE_DOCS=1 cargo test --features engine-tests --test it engine_calls` writes the table.
fn writes() -> bool {
    std::env::var_os("MAGICCTL_WRITE_DOCS").is_some()
}

fn write(heard: &BTreeMap<&str, BTreeSet<String>>) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let text = std::fs::read_to_string(&page).expect(PAGE);
    let before = text
        .lines()
        .take_while(|line| !line.starts_with("| `"))
        .map(|line| format!("{line}\n"));
    let (known, none) = (table(), BTreeSet::new());
    let rows = heard.iter().map(|(command, calls)| {
        let calls = calls.union(known.get(*command).unwrap_or(&none));
        let calls: Vec<_> = calls.map(|call| format!("`{call}`")).collect();
        format!("| `{command}` | {} |\n", calls.join(", "))
    });
    std::fs::write(page, before.chain(rows).collect::<String>()).expect(PAGE);
}

/// What changes before it, a command as the page has it, and its words.
type Step = (fn(&Project), &'static str, &'static [&'static str]);

fn nothing(_: &Project) {}

fn other_command(project: &Project) {
    project.edit(
        "docker-compose.yml",
        "command: [sleep, '600']",
        "command: [sleep, '601']",
    );
}

fn other_image(project: &Project) {
    project.edit("Dockerfile", "RUN true", "RUN echo other >/other");
}

fn other_network(project: &Project) {
    project.edit(
        "docker-compose.yml",
        "networks: {default: }",
        "networks: {default: {labels: {a: b}}}",
    );
}

/// Everything that a proxy may have to allow: what is pulled apart, there is no registry.
const STEPS: [Step; 25] = [
    (nothing, "check", &["check"]),
    (nothing, "build", &["build"]),
    (nothing, "plan", &["plan"]),
    (nothing, "up", &["up"]),
    (nothing, "up", &["up"]),
    (nothing, "status", &["status"]),
    (other_command, "up", &["up"]),
    (other_network, "up", &["up", "--build"]),
    (nothing, "ps", &["ps"]),
    (nothing, "logs", &["logs"]),
    (nothing, "exec", &["exec", "store", "true"]),
    (nothing, "run", &["run", "--rm", "app", "true"]),
    (nothing, "top", &["top"]),
    (nothing, "stats", &["stats", "--no-stream"]),
    (nothing, "images", &["images"]),
    (nothing, "cp", &["cp", "store:/etc/hostname", "there"]),
    (nothing, "cp", &["cp", "there", "store:/tmp/"]),
    (nothing, "pause", &["pause", "app"]),
    (nothing, "unpause", &["unpause", "app"]),
    (nothing, "restart", &["restart", "app"]),
    (other_image, "rebuild", &["rebuild", "app"]),
    (nothing, "stop", &["stop"]),
    (nothing, "start", &["start"]),
    (nothing, "kill", &["kill", "app"]),
    (nothing, "down", &["down", "--volumes"]),
];

#[test]
fn a_proxy_that_allows_what_the_page_names_is_enough() {
    let proxy = FaultProxy::start();
    let mut project = Project::of(
        "calls",
        &format!(
            "x-light: &light {{init: true, tmpfs: /data, stop_grace_period: 1s}}\nservices:\n  store:\n    <<: *light\n    \
             image: {LIGHT_IMAGE}\n    command: [sleep, '600']\n    volumes: ['kept:/kept']\n    \
             healthcheck: {{test: [CMD, 'true'], interval: 1s}}\n  app:\n    <<: *light\n    build: .\n    \
             command: [sleep, '600']\n    depends_on: {{store: {{condition: service_healthy}}}}\n    configs: [word]\n\
             configs: {{word: {{content: hello}}}}\nvolumes: {{kept: }}\nnetworks: {{default: }}\n"
        ),
    );
    project.write("Dockerfile", &format!("FROM {LIGHT_IMAGE}\nRUN true\n"));
    let engine = project.env.insert("DOCKER_HOST".to_owned(), proxy.host());
    let table = table();
    let mut heard: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (change, command, words) in STEPS {
        change(&project);
        let allowed = table.get(command).cloned().unwrap_or_default();
        if !writes() {
            proxy.allow(allowed);
        }
        let done = project.magicctl(words);
        heard.entry(command).or_default().extend(proxy.take());
        assert_eq!(done.code, 0, "{words:?} asked for {:?}: {}", heard[command], done.all());
    }
    if writes() {
        write(&heard);
        return;
    }
    // Nothing that is allowed in vain: each call of the table was made, but for those that depend on chance.
    let by_chance = BTreeSet::from([
        "GET /containers/*/json",
        // What of other projects stands on the engine decides whether these are asked for.
        "GET /images/*/json",
        "GET /containers/*/logs",
        "GET /events",
        "POST /containers/*/exec",
        "POST /exec/*/start",
        "GET /exec/*/json",
        "POST /containers/*/kill",
        // What was seen in an image is remembered.
        "DELETE /containers/*",
        "HEAD /containers/*/archive",
        "POST /containers/create",
    ]);
    for (command, calls) in &table {
        let made = heard
            .get(command.as_str())
            .unwrap_or_else(|| panic!("{PAGE}: nothing tries {command}"));
        let never: Vec<_> = calls
            .difference(made)
            .filter(|call| !by_chance.contains(call.as_str()))
            .collect();
        assert!(
            never.is_empty(),
            "{PAGE} names {never:?} for {command}, which asks for {made:?}"
        );
    }
    project.env.remove("DOCKER_HOST");
    project.env.extend(engine.map(|host| ("DOCKER_HOST".to_owned(), host)));
    assert_eq!(project.left(), Vec::<String>::new());
}
