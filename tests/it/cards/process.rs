//! How processes end, commands that can't be run, and healthchecks.

use super::{HEALTH, LIGHT_IMAGE, PYTHON, Project, card, light};

fn fails(name: &str, compose: &str) {
    card(
        name,
        &mut Project::of(name, compose),
        &["--quiet", "up", "--wait-timeout", "6s"],
    );
}

/// A loop is told as soon as it is one: this only bounds it.
fn loops(name: &str, compose: &str) {
    card(
        name,
        &mut Project::of(name, compose),
        &["--quiet", "up", "--wait-timeout", "60s"],
    );
}

#[test]
fn signals() {
    fails("exit-137", &light("[sh, -c, 'echo working; kill -KILL $$$$']", HEALTH));
    fails("exit-139", &light("[sh, -c, 'echo working; kill -SEGV $$$$']", HEALTH));
    fails("exit-143", &light("[sh, -c, 'echo working; kill -TERM $$$$']", HEALTH));
    fails("exit-42", &light("[sh, -c, 'echo one; echo two; exit 42']", HEALTH));
}

#[test]
fn more_memory_than_the_limit() {
    let eat = "[python, -c, 'print(\"loading the model\"); x = bytearray(200 << 20)']";
    fails(
        "oom",
        &light(eat, &format!("    mem_limit: 64m\n{HEALTH}")).replace(LIGHT_IMAGE, PYTHON),
    );
}

#[test]
fn commands_that_can_not_be_run() {
    fails("no-such-command", &light("[magic-server, --port, '8001']", HEALTH));
    fails(
        "no-such-command-without-init",
        &light("[magic-server]", HEALTH).replace("    init: true\n", ""),
    );
    fails("not-executable", &light("[/etc/hostname]", HEALTH));
    fails(
        "not-executable-without-init",
        &light("[/etc/passwd]", HEALTH).replace("    init: true\n", ""),
    );
    fails(
        "no-such-command-in-a-shell",
        &light("[sh, -c, 'gunicorn app:app']", HEALTH),
    );
}

#[test]
fn restart_loops() {
    let compose = light(
        "[sh, -c, 'echo can not open the index >&2; exit 2']",
        "    restart: always\n    healthcheck: {test: [CMD, 'true'], interval: 5s}\n",
    );
    loops("restart-loop", &compose);
    let more = format!(
        "  web:\n    image: {LIGHT_IMAGE}\n    command: [sleep, '60']\n    init: true\n    tmpfs: /data\n    \
         depends_on: {{app: {{condition: service_healthy}}}}\n"
    );
    loops(
        "restart-loop-of-a-dependency",
        &format!("{compose}{more}{}", more.replace("web:", "worker:")),
    );
}

#[test]
fn healthchecks() {
    let health = |test: &str| format!("    healthcheck: {{test: {test}, interval: 1s, timeout: 10s, retries: 2}}\n");
    let sleeps = |test: &str| light("[sleep, '600']", &health(test));
    fails(
        "health-tool",
        &sleeps("[CMD, curl, -f, 'http://localhost:8001/health']"),
    );
    fails(
        "health-tool-in-a-shell",
        &sleeps("[CMD-SHELL, 'wget -q -O- http://localhost:8001/health']"),
    );
    fails(
        "health-times-out",
        &sleeps("[CMD, sleep, '30']").replace("timeout: 10s", "timeout: 1s"),
    );
    let refused = sleeps("[CMD, bash, -c, ': </dev/tcp/127.0.0.1/8001']");
    fails("health-refused", &refused.replace(LIGHT_IMAGE, PYTHON));
    let tool = sleeps("[CMD, curl, -f, 'http://localhost:8001/health']");
    fails("health-tool-other", &tool.replace(LIGHT_IMAGE, PYTHON));
    fails(
        "health-fails",
        &sleeps("[CMD-SHELL, 'echo queue is 3041 behind; exit 1']"),
    );
    fails("health-silent", &sleeps("[CMD-SHELL, 'exit 1']"));
}

#[test]
fn a_healthcheck_that_asks_another_port() {
    let serve = "[python, -u, -c, 'import http.server as h; print(\"listening on http://0.0.0.0:8000\"); \
                 h.test(h.SimpleHTTPRequestHandler, port=8000)']";
    let check = "    healthcheck: {test: [CMD, bash, -c, ': </dev/tcp/127.0.0.1/8001'], interval: 1s}\n";
    fails("health-other-port", &light(serve, check).replace(LIGHT_IMAGE, PYTHON));
}

#[test]
fn status_says_why() {
    let compose = light(
        "[sh, -c, 'sleep 1; echo can not open the index >&2; exit 2']",
        "    restart: 'no'\n",
    );
    let mut project = Project::of("status", &compose);
    project.magicctl(&["up", "--no-wait"]).ok();
    crate::support::until("it has ended", 20, || {
        project.inspect("app", "{{.State.Status}}") == "exited"
    });
    project.env.insert("COLUMNS".to_owned(), "2000".to_owned());
    let done = project.magicctl(&["status"]).ok();
    insta::assert_snapshot!("status", super::stable(&project, &super::cards_of(&done)));
    let done = project.magicctl(&["--output", "json", "status"]).ok();
    let answer: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
    let failure = &answer["failures"][0];
    assert_eq!(
        (&failure["code"], &failure["service"]),
        (&"MC540".into(), &"app".into()),
        "{answer}"
    );
    assert_eq!(failure["evidence"][0]["code"], 2, "{answer}");
}
