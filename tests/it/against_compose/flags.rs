//! What people who know Compose type without looking it up: the same answer, field by field and code by code.

use serde_json::Value;

use crate::support::{Done, LIGHT_IMAGE, Project};

use super::state::stable;

/// A service called `name` that runs `script`; `more` are keys of it.
fn service(name: &str, script: &str, more: &str) -> String {
    let script = serde_json::to_string(script).expect("a text");
    format!(
        "  {name}:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    stop_signal: SIGKILL\n    \
         command: [sh, -c, {script}]\n{more}"
    )
}

/// Two projects from the same file: for magicctl and for Compose.
fn both(hint: &str, text: &str) -> [Project; 2] {
    ["m", "c"].map(|who| Project::of(&format!("{hint}-{who}"), text))
}

#[test]
fn config_of_some_services_is_what_compose_prints_of_them() {
    let text = format!(
        "x-here: {{a: 1}}\nservices:\n{}{}{}{}networks: {{front: {{}}, back: {{}}, unused: {{}}}}\n\
         volumes: {{mine: {{}}, theirs: {{}}, unused: {{}}}}\nsecrets: {{s: {{environment: HOME}}, t: {{environment: HOME}}}}\n",
        service(
            "web",
            "true",
            "    depends_on: [db]\n    networks: [front]\n    secrets: [s]\n"
        ),
        service("db", "true", "    networks: [back]\n    volumes: ['mine:/m']\n"),
        service("aside", "true", "    volumes: ['theirs:/t']\n"),
        service("tool", "true", "    profiles: [tools]\n"),
    );
    let project = Project::of("config-some", &text);
    for line in [
        "config web",
        "config db",
        "config tool",
        "config --format json web",
        "config --images web",
        "config --hash web db",
        "config -q web",
        "convert web",
        "config --services web",
        "config --volumes web",
        "--all-resources config db",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let by_compose = line.replace("convert", "config");
        let theirs = project.compose(&by_compose.split(' ').collect::<Vec<_>>()).ok();
        let ours = project
            .magicctl(&[&["-p", project.name.as_str()], words.as_slice()].concat())
            .ok();
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.trim_end().lines().map(ToOwned::to_owned).collect();
            // Compose lists names in no order.
            if line.contains("--services") || line.contains("--volumes") {
                lines.sort();
            }
            lines
        };
        assert_eq!(sorted(&ours.stdout), sorted(&theirs.stdout), "{line}");
    }
    let unknown = project.magicctl(&["config", "wep"]);
    assert!(
        unknown.code == 2 && unknown.stderr.contains("did you mean `web`?"),
        "{}",
        unknown.all()
    );
    // What another service lacks is no matter; Compose refuses both.
    project.edit(
        "docker-compose.yml",
        "['theirs:/t']",
        "['theirs:/t']\n    env_file: [missing.env]",
    );
    project.magicctl(&["config", "web"]).ok();
    let missing = project.magicctl(&["config", "aside"]);
    assert_eq!(
        (missing.code, missing.stderr.matches("doesn't exist").count()),
        (4, 1),
        "{}",
        missing.all()
    );
    let ignored = project.magicctl(&["config", "--services", "web"]).ok();
    assert!(ignored.stderr.contains("web has no effect"), "{}", ignored.all());
}

#[test]
fn ps_as_json_has_composes_fields() {
    let text = format!(
        "services:\n{}{}{}volumes: {{data: {{}}}}\nnetworks: {{one: {{}}}}\n",
        service(
            "web",
            "exec sleep 600",
            "    ports: ['127.0.0.1::80', '127.0.0.1::81/udp']\n    labels: {a: 'b,c'}\n    networks: [one, default]\n    \
             volumes: ['data:/d', '/tmp:/x:ro']\n    healthcheck: {test: [CMD, 'true'], interval: 1s}\n",
        ),
        service("job", "exit 3", "    volumes: ['/anonymous']\n"),
        service("tool", "true", "    profiles: [tools]\n"),
    );
    let project = Project::of("ps-json", &text);
    project.magicctl(&["-p", &project.name, "up", "--no-wait"]);
    project.magicctl(&["-p", &project.name, "create", "tool"]).ok();
    project.magicctl(&["wait", "job"]);
    crate::support::until("web is healthy", 30, || {
        project.inspect("web", "{{.State.Health.Status}}") == "healthy"
    });
    let run = ["-p", &project.name, "run", "-d", "--no-deps", "job", "sleep", "600"];
    project.magicctl(&run).ok();
    let words = regex::Regex::new(r"\d+ \w+|Less than a second|About a minute").expect("a pattern");
    let rows = |text: &str| -> Vec<Value> {
        let rows = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON object a line"));
        let mut rows: Vec<Value> = rows.collect();
        for row in &mut rows {
            // In no order with Compose.
            for list in ["Labels", "Networks", "Mounts"] {
                let mut parts: Vec<&str> = row[list].as_str().expect("a text").split(',').collect();
                parts.sort_unstable();
                row[list] = Value::from(parts.join(","));
            }
            let publishers = row["Publishers"].as_array_mut().expect("a list");
            publishers.sort_by_key(ToString::to_string);
            // They go on between the two calls.
            for time in ["RunningFor", "Status"] {
                let text = row[time].as_str().expect("a text");
                row[time] = Value::from(words.replace_all(text, "TIME").into_owned());
            }
        }
        rows
    };
    for line in [
        "ps --format json",
        "ps -a --format json",
        "ps -a --format json --no-trunc",
        "ps --format json --status exited",
        "ps --format json --filter status=running",
        "ps --format json -a web",
        "ps --format json job",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let theirs = project.compose(&words).ok();
        let ours = project
            .magicctl(&[&["-p", project.name.as_str()], words.as_slice()].concat())
            .ok();
        assert_eq!(rows(&ours.stdout), rows(&theirs.stdout), "{line}");
    }
    assert_eq!(
        rows(&project.magicctl(&["ps", "-a", "--format", "json"]).ok().stdout).len(),
        4
    );
    let template = project.magicctl(&["ps", "--format", "{{.Name}}"]);
    assert!(
        template.code == 2 && template.stderr.contains("Go templates are not supported"),
        "{}",
        template.all()
    );
    let filter = project.magicctl(&["ps", "--filter", "name=web"]);
    assert!(
        filter.code == 2 && filter.stderr.contains("status=running"),
        "{}",
        filter.all()
    );
    let table = |format: &[&str]| project.magicctl(&[&["ps"], format].concat()).ok().stdout;
    let without_times = |text: String| project.stable(&text).replace(" seconds", "").replace(" ago", "");
    assert!(without_times(table(&["--format", "table"])).starts_with("SERVICE"));
}

/// `test` ends by itself with `code`; `aside` does after it with 5, when it has been told to.
fn ends(code: &str, tells: bool) -> String {
    let tell = if tells { "touch /shared/told;" } else { "" };
    let shared = "    volumes: ['shared:/shared']\n";
    format!(
        "services:\n{}{}{}volumes: {{shared: {{}}}}\n",
        service(
            "test",
            &format!("echo testing; sleep 1; {tell} exit {code}"),
            &format!("    depends_on: [db]\n{shared}")
        ),
        service("db", "echo db; exec sleep 600", ""),
        service(
            "aside",
            "until [ -e /shared/told ]; do sleep 0.2; done; sleep 1; exit 5",
            shared
        ),
    )
}

#[test]
fn up_that_stays_ends_with_the_code_that_compose_ends_with() {
    // The words, `test`'s code, the exit code, what runs afterwards.
    for (line, code, wanted, running) in [
        ("up --abort-on-container-exit", "3", 3, ""),
        ("up --abort-on-container-exit", "0", 0, ""),
        ("up --abort-on-container-failure", "0", 5, ""),
        ("up --exit-code-from test", "4", 4, ""),
        ("up --exit-code-from test", "0", 0, ""),
        ("up --exit-code-from db", "3", 137, ""),
        ("up --abort-on-container-exit test", "3", 3, "db"),
        ("up --attach test test", "3", 0, "db"),
        ("up --attach-dependencies --abort-on-container-exit test", "6", 6, "db"),
        ("up --no-attach db --exit-code-from test test", "6", 6, "db"),
    ] {
        let [ours, theirs] = both("stays", &ends(code, wanted == 5));
        let words: Vec<&str> = line.split(' ').collect();
        let (told, by_compose) = std::thread::scope(|scope| {
            let theirs = scope.spawn(|| theirs.compose(&words));
            (ours.magicctl(&words), theirs.join().expect("a thread"))
        });
        assert_eq!(told.code, wanted, "{line}: {}", told.all());
        assert_eq!(by_compose.code, wanted, "Compose: {line}: {}", by_compose.all());
        let runs = |project: &Project| {
            let label = format!("label=com.docker.compose.project={}", project.name);
            project.docker(&[
                "ps",
                "--filter",
                &label,
                "--format",
                "{{.Label \"com.docker.compose.service\"}}",
            ])
        };
        assert_eq!(
            (runs(&ours).as_str(), runs(&theirs).as_str()),
            (running, running),
            "{line}"
        );
        // Each shows the same services.
        let shows = |text: &str, said: &str| text.lines().any(|line| line.contains("| ") && line.ends_with(said));
        for said in ["testing", "db"] {
            assert_eq!(
                shows(&told.stdout, said),
                shows(&by_compose.all(), said),
                "{line}, {said}: {}{}",
                told.all(),
                by_compose.all()
            );
        }
    }
}

/// Compose runs the job again and stops at its end; magicctl doesn't run it again.
#[test]
fn a_job_that_was_done_before_ends_an_up_that_stays() {
    let text = format!(
        "services:\n{}{}",
        service("job", "echo done", ""),
        service(
            "app",
            "exec sleep 600",
            "    depends_on: {job: {condition: service_completed_successfully}}\n"
        )
    );
    for (line, wanted) in [
        ("up --abort-on-container-exit", 0),
        ("up --exit-code-from job", 0),
        ("up --exit-code-from app", 137),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let [ours, theirs] = both("stays-done", &text);
        for project in [&ours, &theirs] {
            let run = |words: &[&str]| {
                if project.name != ours.name {
                    return project.compose(words);
                }
                // One that goes on for ever fails as such.
                let line = [&["60", env!("CARGO_BIN_EXE_magicctl")], words].concat();
                Done::from(project.plain("timeout", &line).output().expect("timeout runs"))
            };
            run(&["up", "-d"]).ok();
            crate::support::until("the job has ended", 30, || {
                project.inspect("job", "{{.State.Status}}") == "exited"
            });
            let done = run(&words);
            assert_eq!(done.code, wanted, "{} {line}: {}", project.name, done.all());
            assert_eq!(
                project.inspect("app", "{{.State.Running}}"),
                "false",
                "{} {line}",
                project.name
            );
        }
    }
}

#[test]
fn what_up_can_not_stay_with_is_refused_by_both() {
    let project = Project::of("stays-not", &ends("0", false));
    for line in [
        "up --attach nope",
        "up --exit-code-from nope",
        "up --exit-code-from aside test",
        "up -d --attach test",
        "up -d --abort-on-container-exit",
        "up --wait --abort-on-container-failure",
        "up --attach test --attach-dependencies",
        "up --abort-on-container-exit --abort-on-container-failure",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(project.magicctl(&words).code, 2, "{line}");
        assert_ne!(project.compose(&words).code, 0, "{line}");
    }
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn names_of_compose_1_and_what_nobody_uses_are_made_alike() {
    let text = format!(
        "services:\n{}{}networks: {{used: {{}}, unused: {{}}}}\nvolumes: {{mine: {{}}, unused: {{}}}}\n",
        service(
            "web",
            "exec sleep 600",
            "    networks: [used]\n    volumes: ['mine:/m']\n"
        ),
        service("fixed", "exec sleep 600", "    container_name: PROJECT-fixed\n"),
    );
    let [ours, theirs] = both("compat", "services: {}\n");
    let [by_us, by_compose] = [&ours, &theirs].map(|project| {
        project.write("docker-compose.yml", &text.replace("PROJECT", &project.name));
        let words = ["--compatibility", "--all-resources", "up", "-d"];
        let run = ["--compatibility", "run", "-d", "--no-deps", "web", "sleep", "600"];
        for words in [&words[..], &run] {
            if std::ptr::eq(project, &raw const ours) {
                project.magicctl(words).ok();
            } else {
                project.compose(words).ok();
            }
        }
        let digits = regex::Regex::new("[0-9a-f]{12}$").expect("a pattern");
        let mut left: Vec<String> = project
            .left()
            .iter()
            .map(|line| digits.replace(&stable(project, line), "DIGITS").into_owned())
            .collect();
        left.sort();
        left
    });
    assert_eq!(by_us, by_compose);
    for made in [
        "container PROJECT_web_1",
        "container PROJECT_web_run_DIGITS",
        "volume PROJECT_unused",
    ] {
        assert!(by_us.iter().any(|line| line == made), "{made}: {by_us:?}");
    }
    // In the environment it means the same: nothing is left to do.
    let mut again = ours;
    again.env.insert("COMPOSE_COMPATIBILITY".to_owned(), "true".to_owned());
    let plan = again.magicctl(&["plan"]).ok();
    assert!(plan.stdout.contains("nothing to do"), "{}", plan.all());
}

#[test]
fn exec_and_run_take_the_flags_that_the_docker_client_has() {
    let project = Project::of(
        "exec-it",
        &format!("services:\n{}", service("web", "exec sleep 600", "")),
    );
    project.magicctl(&["-p", &project.name, "up", "-q"]).ok();
    for flags in [
        "-it",
        "-i",
        "-t",
        "-T",
        "-iT",
        "-itT",
        "-i=false",
        "--tty --interactive",
    ] {
        let words: Vec<&str> = ["exec"]
            .into_iter()
            .chain(flags.split(' '))
            .chain(["web", "sh", "-c", "tty; cat"])
            .collect();
        let (ours, theirs) = (project.magicctl(&words), project.compose(&words));
        assert_eq!(
            (ours.code, &ours.stdout),
            (theirs.code, &theirs.stdout),
            "{flags}: {}",
            ours.all()
        );
    }
    let input = |words: &[&str]| {
        let line = shlex::try_join([&[env!("CARGO_BIN_EXE_magicctl")], words].concat()).expect("no NUL");
        let done = project.plain("sh", &["-c", &format!("echo heard | {line}")]).output();
        String::from_utf8_lossy(&done.expect("sh runs").stdout).into_owned()
    };
    assert_eq!(input(&["exec", "-iT", "web", "cat"]), "heard\n");
    assert_eq!(input(&["exec", "--interactive=false", "web", "cat"]), "");
    assert!(
        project
            .on_terminal(&["exec", "-it", "web", "tty"])
            .contains("/dev/pts/")
    );
    assert!(
        project
            .on_terminal(&["exec", "-itT", "web", "tty"])
            .contains("not a tty")
    );
    assert!(
        project
            .on_terminal(&["run", "--rm", "-it", "web", "tty"])
            .contains("/dev/pts/")
    );
}
