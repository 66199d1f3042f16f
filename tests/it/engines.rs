//! On other engines the same file gives the same result as on the machine's own, and what only they can do is used. `make test-engines`
//! runs the other tests on the newer Docker Engines, too.

use serde_json::{Value, json};

use crate::support::own_engine::{Kind, OwnEngine};
use crate::support::{Done, LIGHT_IMAGE, Project, free_ports, until};

const SERVICES: [&str; 4] = ["store", "seed", "app", "page"];

/// `store` keeps its data in a volume and publishes a port; `seed` fills it and ends; `app` waits for both, joins two
/// networks and reads a file of the project; `page` waits for `app`. `HEALTH` stands where more of a healthcheck may be said.
fn four(port: u16) -> String {
    format!(
        r"
x-light: &light {{image: {LIGHT_IMAGE}, init: true, stop_grace_period: 1s}}
services:
  store:
    <<: *light
    command: [redis-server, --dir, /data]
    volumes: ['data:/data']
    ports: ['127.0.0.1:{port}:6379']
    networks: {{back: {{aliases: [cache, shelf]}}}}
    healthcheck: {{test: [CMD, redis-cli, ping], interval: 1s HEALTH}}
  seed:
    <<: *light
    command: [redis-cli, -h, cache, set, word, seeded]
    tmpfs: /data
    networks: [back]
    depends_on: {{store: {{condition: service_healthy}}}}
  app:
    <<: *light
    command: [sh, -c, 'cat /settings/word; redis-cli -h shelf get word; touch /tmp/ready; sleep 600']
    tmpfs: /data
    volumes: ['./settings:/settings:ro']
    networks: {{front: {{aliases: [www]}}, back: {{priority: 10}}}}
    healthcheck: {{test: [CMD, test, -e, /tmp/ready], interval: 1s HEALTH}}
    depends_on:
      store: {{condition: service_healthy}}
      seed: {{condition: service_completed_successfully}}
  page:
    <<: *light
    command: [sleep, '600']
    tmpfs: /data
    networks: [front]
    depends_on: {{app: {{condition: service_healthy}}}}
networks: {{front: {{}}, back: {{}}}}
volumes: {{data: {{}}}}
"
    )
}

/// An engine that has the light image; `None` when this user may not start one.
#[track_caller]
fn with_image(kind: Kind) -> Option<OwnEngine> {
    let engine = OwnEngine::of(kind)?;
    engine.load(LIGHT_IMAGE);
    Some(engine)
}

/// What the engine itself says of the services' containers, without what differs from one to the next anyway.
fn there(project: &Project) -> Value {
    let said = SERVICES.map(|service| {
        let text = project.inspect(service, "{{json .}}").replace(&project.name, "PROJECT");
        let text = text.replace(&project.dir.parent().expect("a folder").display().to_string(), "DIR");
        let container: Value = serde_json::from_str(&text).expect("JSON");
        let networks = container["NetworkSettings"]["Networks"].as_object().expect("networks");
        let networks: Value = networks
            .iter()
            .map(|(name, endpoint)| {
                let aliases = endpoint["Aliases"].as_array().cloned().unwrap_or_default();
                let id = &container["Id"].as_str().expect("an id")[..12];
                // Older engines add it by themselves.
                let mut aliases: Vec<_> = aliases.into_iter().filter(|alias| alias != id).collect();
                aliases.sort_by_key(Value::to_string);
                (name.clone(), Value::from(aliases))
            })
            .collect();
        let mounts = container["Mounts"].as_array().expect("mounts").iter();
        let mount = |mount: &Value| json!([mount["Type"], mount["Name"], mount["Destination"], mount["RW"]]);
        json!({
            "service": service,
            "name": container["Name"],
            "state": container["State"]["Status"],
            "exit": container["State"]["ExitCode"],
            "health": container["State"]["Health"]["Status"],
            "networks": networks,
            "main network": container["HostConfig"]["NetworkMode"],
            "mounts": mounts.map(mount).collect::<Vec<_>>(),
            "ports": container["NetworkSettings"]["Ports"]["6379/tcp"].as_array().map(Vec::len),
        })
    });
    Value::from(said.to_vec())
}

/// What `status` says of the four.
#[track_caller]
fn check_status(project: &Project, port: u16, kind: Kind) {
    // Podman leaves healthchecks to systemd, which need not run. So it says nothing of health.
    let told = |health: &'static str| if kind.is_podman() { "none" } else { health };
    let status = project.magicctl(&["--output", "json", "status"]).ok().stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let rows = status["containers"].as_array().expect("containers");
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| {
            json!([
                row["service"],
                row["state"],
                row["health"],
                row["code"],
                row["ready"],
                row["ports"]
            ])
        })
        .collect();
    rows.sort_by_key(Value::to_string);
    let published = format!("127.0.0.1:{port}->6379/tcp");
    assert_eq!(
        rows,
        [
            json!(["app", "running", told("healthy"), null, !kind.is_podman(), []]),
            json!(["page", "running", "none", null, false, []]),
            json!(["seed", "exited", null, 0, false, []]),
            json!([
                "store",
                "running",
                told("healthy"),
                null,
                !kind.is_podman(),
                [published]
            ]),
        ]
    );
}

/// Brings the project up, uses it, and takes it down. Gives what was there, for comparison.
fn life(project: &Project, port: u16, kind: Kind) -> Value {
    project.write("settings/word", "written\n");
    project.magicctl(&["up"]).ok();
    let ids = SERVICES.map(|service| project.container(service));

    if !kind.is_podman() {
        // magicctl may know before the engine's own next look.
        until("the engine finds them healthy too", 20, || {
            ["store", "app"]
                .iter()
                .all(|service| project.inspect(service, "{{.State.Health.Status}}") == "healthy")
        });
    }
    let there = there(project);
    let address = project.inspect(
        "store",
        &format!(
            "{{{{(index .NetworkSettings.Networks \"{}_back\").IPAddress}}}}",
            project.name
        ),
    );
    let mut ways = vec![format!("127.0.0.1/{port}")];
    if !kind.is_rootless() {
        ways.push(format!("{address}/6379"));
    }
    for way in ways {
        let open = project.plain("bash", &["-c", &format!("</dev/tcp/{way}")]).status();
        assert!(open.expect("bash runs").success(), "{way}");
    }
    check_status(project, port, kind);

    let again = project.magicctl(&["up"]).ok();
    assert!(again.stdout.contains("nothing to do"), "{}", again.all());
    assert_eq!(ids, SERVICES.map(|service| project.container(service)));

    let logs = project.magicctl(&["logs", "app"]).ok().stdout;
    let lines: Vec<_> = logs.lines().filter_map(|line| line.split(" | ").nth(1)).collect();
    assert_eq!(lines, ["written", "seeded"]);
    let asked = project.magicctl(&[
        "exec",
        "page",
        "sh",
        "-c",
        "getent hosts www | wc -l; echo err >&2; exit 7",
    ]);
    assert_eq!((asked.code, asked.stdout.trim(), asked.stderr.trim()), (7, "1", "err"));

    let ctl = env!("CARGO_BIN_EXE_magicctl");
    let once = [
        "60",
        ctl,
        "run",
        "--rm",
        "--no-deps",
        "page",
        "sh",
        "-c",
        "echo ran; exit 3",
    ];
    // An end that the engine tells in other words would be waited for without an end.
    let once: Done = project
        .plain("timeout", &[&["--kill-after=5"], &once[..]].concat())
        .output()
        .expect("timeout runs")
        .into();
    assert_eq!((once.code, once.stdout.trim()), (3, "ran"), "{}", once.all());

    // A change of one replaces that one.
    project.edit("docker-compose.yml", "aliases: [www]", "aliases: [www, web]");
    let changed = project.magicctl(&["--progress", "plain", "up"]).ok();
    let now = SERVICES.map(|service| project.container(service));
    let kept = std::array::from_fn(|at| ids[at] == now[at]);
    assert_eq!(kept, [true, true, false, true], "{}", changed.all());
    assert_eq!(
        project
            .magicctl(&["exec", "page", "sh", "-c", "getent hosts web | wc -l"])
            .ok()
            .stdout
            .trim(),
        "1"
    );

    project.magicctl(&["down"]).ok();
    assert_eq!(project.left(), [format!("volume {}_data", project.name)]);
    project.magicctl(&["down", "--volumes"]).ok();
    assert_eq!(project.left(), Vec::<String>::new());
    there
}

/// The whole life on a newer Docker Engine, compared with that on the machine's own.
#[track_caller]
fn same_on(folder: &'static str) {
    let kind = Kind::Newer(folder);
    let Some(engine) = with_image(kind) else {
        return;
    };
    let port = free_ports(1)[0];
    let older = Project::of("older", &four(port).replace("HEALTH", ""));
    let expected = life(&older, port, Kind::Machine);

    let port = free_ports(1)[0];
    let faster = ", start_period: 30s, start_interval: 200ms";
    let mut newer = Project::of("newer", &four(port).replace("HEALTH", faster));
    newer.on(&engine);
    let version = newer.docker(&["version", "--format", "{{.Server.Version}}"]);
    assert!(!version.starts_with("20."), "{folder} has {version}");
    let there = life(&newer, port, kind);
    assert_eq!(there, expected, "on {version}, and on the machine's own");

    newer.magicctl(&["up", "--no-wait"]).ok();
    let start_interval = newer.inspect("app", "{{.Config.Healthcheck.StartInterval}}");
    assert_eq!(start_interval, "200ms", "on {version}");
    newer.magicctl(&["down", "--volumes"]).ok();

    failures(&engine);
    build(&engine);
}

/// The whole life on an engine that isn't compared: what it says of its containers has another form.
#[track_caller]
fn works_on(kind: Kind) {
    let Some(engine) = with_image(kind) else {
        return;
    };
    let port = free_ports(1)[0];
    let mut project = Project::of("other", &four(port).replace("HEALTH", ""));
    project.on(&engine);
    life(&project, port, kind);
    build(&engine);
}

/// What fails is told in the same words: a service that ends while it is waited for, a build.
fn failures(engine: &OwnEngine) {
    let ends = format!(
        "services:\n  broken:\n    image: {LIGHT_IMAGE}\n    tmpfs: /data\n    command: [sh, -c, 'echo no luck; sleep 0.5; exit 3']\n    \
         healthcheck: {{test: [CMD, 'false'], interval: 30s}}\n"
    );
    let builds = "services:\n  broken:\n    build: .\n";
    let told = |compose: &str, on: Option<&OwnEngine>| {
        let mut project = Project::of("broken", compose);
        project.write(
            "Dockerfile",
            &format!("FROM {LIGHT_IMAGE}\nRUN echo \"no luck\" && exit 3\n"),
        );
        if let Some(engine) = on {
            project.on(engine);
        }
        // No line of a card is broken.
        project.env.insert("COLUMNS".to_owned(), "2000".to_owned());
        let up = project.magicctl(&["--progress", "plain", "up"]);
        project.magicctl(&["down"]).ok();
        let mut lines: Vec<_> = project.stable(&up.stderr).lines().map(ToOwned::to_owned).collect();
        // What is done side by side is told in the order in which it comes.
        lines.sort();
        (up.code, lines.join("\n"))
    };
    for (compose, ended) in [(ends.as_str(), "exited with 3"), (builds, "failed with exit code 3")] {
        let (code, text) = told(compose, Some(engine));
        let whole = code == 1 && text.contains("no luck") && text.contains(ended);
        assert!(whole, "{code}: {text}");
        assert_eq!((code, text), told(compose, None));
    }
}

/// Their builder builds on an image that only they have, with a mount that the classic one does not know.
fn build(engine: &OwnEngine) {
    let mut project = Project::of(
        "builds",
        "services:\n  made:\n    build: .\n    init: true\n    tmpfs: /data\n    command: [sleep, '600']\n",
    );
    project.write(
        "Dockerfile",
        &format!(
            "FROM {LIGHT_IMAGE}\nCOPY word /word\nRUN --mount=type=cache,target=/kept tr a-z A-Z </word >/built\n"
        ),
    );
    project.write("word", "built here\n");
    project.on(engine);
    project.magicctl(&["up"]).ok();
    let read = || project.magicctl(&["exec", "made", "cat", "/built"]).ok().stdout;
    assert_eq!(read().trim(), "BUILT HERE");
    project.write("word", "once more\n");
    project.magicctl(&["up", "--build"]).ok();
    assert_eq!(read().trim(), "ONCE MORE");
    project.magicctl(&["down"]).ok();
}

/// What `docs/engines.md` says of each engine: what it is to a reader, and how the tests run it.
const ENGINES: [(Kind, &str); 7] = [
    (Kind::Machine, "Docker Engine of Debian 12"),
    (Kind::Newer("trixie"), "Docker Engine of Debian 13"),
    (Kind::Newer("forky"), "Docker Engine of the Debian after that"),
    (Kind::Newer("29"), "Docker Engine, compiled"),
    (Kind::RootlessDocker, "Docker Engine of an ordinary user (rootless)"),
    (Kind::Podman, "Podman of Debian 12"),
    (Kind::RootlessPodman, "Podman of an ordinary user (rootless)"),
];

/// The lines of the table, as the engines say it.
fn rows() -> Option<String> {
    let mut rows = Vec::new();
    for (kind, what) in ENGINES {
        let engine = OwnEngine::of(kind)?;
        let mut project = Project::empty("row");
        project.on(&engine);
        let said = project.magicctl(&["--output", "json", "version"]).ok().stdout;
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let of = |field: &str| said["engine"][field].as_str().expect(field);
        // The last number changes with every security update.
        let version: Vec<&str> = of("version").split('.').take(2).collect();
        let yes = |field: &str| if said["engine"][field] == true { "yes" } else { "no" };
        let cells = [
            what,
            &version.join("."),
            of("api"),
            if of("image_store") == "containerd" {
                "containerd's"
            } else {
                "its own"
            },
            if of("builder") == "buildkit" {
                "BuildKit"
            } else {
                "the classic one"
            },
            yes("log_files"),
            yes("rootless"),
        ];
        rows.push(format!("| {} |\n", cells.join(" | ")));
    }
    Some(rows.concat())
}

/// `MAGICCTL_WRITE_DOCS=1 cargo test --features engine-tests --test it engines::the_page` writes the table.
#[test]
fn the_page_of_engines_says_what_they_say() {
    let Some(rows) = rows() else { return };
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md");
    let page = std::fs::read_to_string(&path).expect("docs/engines.md");
    let rule = "| --- | --- | --- | --- | --- | --- | --- |\n";
    let (before, table) = page.split_once(rule).expect("a table");
    let (_, after) = table.split_once("\n\n").expect("something after the table");
    let wanted = format!("{before}{rule}{rows}\n{after}");
    if std::env::var_os("MAGICCTL_WRITE_DOCS").is_some() {
        std::fs::write(path, wanted).expect("it is written");
        return;
    }
    assert_eq!(page, wanted, "MAGICCTL_WRITE_DOCS=1 writes it");
}

#[test]
fn the_engine_of_debian_13_gives_the_same() {
    same_on("trixie");
}

#[test]
fn the_engine_of_the_debian_after_that_gives_the_same() {
    same_on("forky");
}

#[test]
fn engine_29_gives_the_same() {
    same_on("29");
}

#[test]
fn a_docker_engine_of_an_ordinary_user_gives_the_same() {
    works_on(Kind::RootlessDocker);
}

#[test]
fn podman_gives_the_same() {
    works_on(Kind::Podman);
}

#[test]
fn the_podman_of_an_ordinary_user_gives_the_same() {
    works_on(Kind::RootlessPodman);
}
