//! Text of others has nothing in it that a terminal acts on, whatever it comes from: files of a repository, labels, health and build
//! output, logs, names of processes, what was typed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use regex::Regex;
use serde_json::Value;

use crate::support::{Done, LIGHT_IMAGE, Project, until};

/// Fills the clipboard, sets a title, empties the screen, hides what follows; the same in C1; bell, backspace, delete; turns what
/// follows around. None of it is ever ours.
const EVIL: &str =
    "\u{1b}]52;c;cm0gLXJmIH4K\u{7}\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[8m\u{9b}2J\u{9d}0;x\u{9c}\u{7}\u{8}\u{7f}\u{202e}";

/// What a terminal acts on, but for tabs and line feeds.
fn acts(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n')) || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Both streams are plain text, and say `wanted`: what was made harmless is still there.
#[track_caller]
fn plain(what: &str, done: &Done, wanted: &str) {
    let all = done.all();
    assert!(!all.contains(acts), "{what}: {all:?}");
    assert!(all.contains(wanted), "{what} does not say {wanted:?}: {all}");
}

/// On a terminal: our colours, and how the live screen moves.
#[track_caller]
fn ours(what: &str, text: &str, wanted: &str) {
    for evil in ["\u{1b}[2J", "\u{1b}[8m", "\u{1b}]"] {
        assert!(!text.contains(evil), "{what}: {text:?}");
    }
    let allowed = Regex::new("\u{1b}\\[[0-9;]*[mABCDGJK]|\u{1b}\\[\\?25[hl]|\r").expect("a pattern");
    let rest = allowed.replace_all(text, "");
    assert!(!rest.contains(acts), "{what}: {text:?}");
    assert!(rest.contains(wanted), "{what} does not say {wanted:?}: {text}");
}

/// As a shell's `printf` writes it.
fn octal(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| format!("\\{byte:03o}")).collect();
    bytes.concat()
}

/// As YAML has it between double quotes.
fn escaped(text: &str) -> String {
    let chars: Vec<String> = text.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    chars.concat()
}

/// A container that anybody made, with `labels`.
fn stranger(project: &Project, labels: &[(&str, &str)], script: &str) -> String {
    let mut words = vec![
        "run".to_owned(),
        "-d".to_owned(),
        "--network=none".to_owned(),
        "--tmpfs=/data".to_owned(),
    ];
    // `events` shows labels that are not Compose's.
    words.push(format!("--label=note=kafka{EVIL}"));
    for (name, value) in labels {
        words.push(format!("--label=com.docker.compose.{name}={value}"));
    }
    let rest = [
        "--stop-signal=KILL",
        "--init",
        "--entrypoint=sh",
        LIGHT_IMAGE,
        "-c",
        script,
    ];
    words.extend(rest.map(ToOwned::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let id = project.docker(&words);
    assert_eq!(id.len(), 64, "{id}");
    id
}

#[test]
fn files_of_a_repository() {
    let project = Project::of(
        "evil-files",
        "services:\n  app:\n    build: .\n    env_file: \"no\\e]0;owned\\asuch.env\"\n",
    );
    project.write("requirements.txt", &format!("evil{EVIL}==\n"));
    project.write("proxy_config.yaml", "{}\n");
    project.write("Dockerfile", &format!("FROM {LIGHT_IMAGE}\nCOPY no{EVIL}thing /\n"));
    project.write(".dockerignore", &format!("a{EVIL}\n[{EVIL}\n"));
    project.write(&format!("keys_pool/keys_pool_x{EVIL}.env"), "not a key\n");
    plain("check", &project.magicctl(&["check"]), "such.env");
    project.write("docker-compose.yml", "services:\n  app:\n    build: .\n");
    plain("check", &project.magicctl(&["check"]), "requirements.txt");
    plain("check -v", &project.magicctl(&["-v", "check", "--strict"]), "evil");
    ours("check", &project.on_terminal(&["check"]), "evil");
    // Errors of the reader show the line that they are about.
    for line in ["image: [", "imagé: 1", "build: {context: [}"] {
        project.write(
            "docker-compose.yml",
            &format!("services:\n  app: # {EVIL}\n    {line} # {EVIL}\n"),
        );
        for command in ["config", "plan", "check", "up"] {
            plain(command, &project.magicctl(&[command]), "docker-compose.yml");
        }
    }
    project.write("docker-compose.yml", "");
    project.write("magicctl.yaml", &format!("collector{EVIL}: x\n"));
    fs::remove_file(project.path("docker-compose.yml")).expect("a file");
    plain("render", &project.magicctl(&["render"]), "magicctl.yaml");
}

#[test]
fn names_in_a_compose_file() {
    let evil = escaped(EVIL);
    let text = format!(
        "services:\n  app-runner:\n    image: \"x{evil}\"\n    container_name: \"ab{evil}\"\n    hostname: \"h{evil}\"\n    \
         environment: {{\"A{evil}\": \"{evil}\\u0085\\u2028\\n\", SHORT: x}}\n    labels: {{l: \"a\\n{evil}\"}}\n"
    );
    let project = Project::of("evil-names", &text);
    plain("plan", &project.magicctl(&["plan"]), "ab");
    plain("up", &project.magicctl(&["up", "--no-check"]), "");
    plain("explain", &project.magicctl(&["explain", &format!("MC{EVIL}")]), "MC");
    plain("render --diff", &project.magicctl(&["render", "--diff"]), "");
    plain(
        "ls",
        &project.magicctl(&["ls", "--filter", &format!("name=[{EVIL}")]),
        "name=[",
    );

    // The file as understood means the same in whatever form it is printed, and when it is read again.
    let project = Project::of("evil-config", &text.replace(&format!("image: \"x{evil}\""), "image: x"));
    let yaml = project.magicctl(&["config"]).ok();
    plain("config", &yaml, "SHORT: x");
    let json = project.magicctl(&["config", "--format", "json"]).ok();
    plain("config --format json", &json, "SHORT");
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let environment = &json["services"]["app-runner"]["environment"];
    assert_eq!(environment[format!("A{EVIL}")], format!("{EVIL}\u{85}\u{2028}\n"));
    project.write("again.yml", &yaml.stdout);
    let again = project
        .magicctl(&["-f", "again.yml", "config", "--format", "json"])
        .ok();
    assert_eq!(serde_json::from_str::<Value>(&again.stdout).expect("JSON"), json);
    for what in [
        "--images",
        "--environment",
        "--settings",
        "--hash",
        "--services",
        "--volumes",
    ] {
        project.write(".env", &format!("OTHER='{}'\n", "\u{1b}]0;owned\u{7}\u{9b}2J"));
        plain(what, &project.magicctl(&["config", what]).ok(), "");
    }
}

#[test]
fn what_was_typed() {
    let project = Project::of("evil-typed", "services:\n  app:\n    image: x\n");
    let evil = format!("x{EVIL}");
    for args in [
        &[evil.as_str()][..],
        &["--no-such", &evil],
        &["--progress", &evil, "status"],
        &["logs", "--since", &evil],
        &["logs", "--grep", &format!("[{evil}")],
        &["up", &evil],
        &["-C", &evil, "status"],
        &["-f", &evil, "config"],
        &["-p", &evil, "status"],
        &["--host", &format!("tcp://{evil}"), "status"],
        &["explain", &evil],
        &["open", "logs", &evil],
        &["compose-help", &evil],
    ] {
        let done = project.magicctl(args);
        assert_ne!(done.code, 0, "{args:?}: {}", done.all());
        plain(&format!("{args:?}"), &done, "");
        assert!(!done.stderr.is_empty(), "{args:?}");
        ours(&format!("{args:?}"), &project.on_terminal(args), "");
    }
    let help = project.on_terminal(&["up", "--help"]);
    ours("help", &help, "--build");
    assert!(help.contains("\u{1b}[1m"), "it keeps its colours: {help:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        plain(shell, &project.magicctl(&["completions", shell]).ok(), "magicctl");
    }
    plain("man", &project.magicctl(&["man"]).ok(), "magicctl");
}

#[test]
fn health_and_build_output() {
    let evil = octal(EVIL);
    let project = Project::of(
        "evil-health",
        &format!(
            "services:\n  app-runner:\n    build: .\n    command: [sleep, '600']\n    init: true\n    tmpfs: /data\n    stop_signal: SIGKILL\n    \
             healthcheck: {{test: [CMD-SHELL, \"printf 'first{}\\\\n{}all well'; exit 1\"], interval: 1s, retries: 2}}\n",
            evil.replace('\\', "\\\\"),
            evil.replace('\\', "\\\\"),
        ),
    );
    // Nothing of it comes from a cache.
    let dockerfile = format!(
        "FROM {LIGHT_IMAGE}\nENV OF={}\nRUN printf 'builds{evil}\\n'\nRUN printf 'warns{evil}\\n' >&2\n",
        project.name
    );
    project.write("Dockerfile", &dockerfile);
    let up = project.magicctl(&["up", "--no-check", "--wait-timeout", "5s"]);
    plain("up", &up, "healthcheck: ");
    plain("up", &up, "all well");
    assert!(up.stderr.contains("builds"), "{}", up.all());
    plain("status", &project.magicctl(&["status"]), "all well");
    let screen = project.on_terminal(&["up", "--no-check", "--wait-timeout", "5s"]);
    ours("up", &screen, "all well");
    ours("status", &project.on_terminal(&["status"]), "all well");
    // A build that fails is a card.
    project.write(
        "Dockerfile",
        &format!("{dockerfile}RUN printf 'breaks{evil}\\n'; exit 3 # {EVIL}\n"),
    );
    plain("build", &project.magicctl(&["build"]), "breaks");
    ours("build", &project.on_terminal(&["build", "--no-cache"]), "breaks");
    // Braces are not a template of the screen's.
    let other = dockerfile.replace("builds", "{spinner} {prefix} {");
    project.write("Dockerfile", &format!("{other}RUN echo '{{wide_msg}} {{'; sleep 1\n"));
    ours("build", &project.on_terminal(&["build", "--no-cache"]), "{wide_msg} {");
}

#[test]
fn the_name_of_a_project() {
    let project = Project::of("evil-project", "services: {}\n");
    let name = project.name.clone();
    let other = format!("{name}{EVIL}\nNAME  running(1)");
    let id = stranger(
        &project,
        &[("project", &other), ("service", "x"), ("config_files", EVIL)],
        "exec sleep 600",
    );
    let ls = [project.magicctl(&["ls"]), project.magicctl(&["-q", "ls"])];
    let json = project.magicctl(&["--output", "json", "ls"]).ok();
    let on_terminal = project.on_terminal(&["ls", "--all"]);
    project.docker(&["rm", "-fv", &id]);
    for done in &ls {
        plain("ls", done, &name);
        let own: Vec<&str> = done.stdout.lines().filter(|line| line.contains("running(1)")).collect();
        assert!(own.iter().all(|line| !line.starts_with("NAME  ")), "{}", done.all());
    }
    plain("ls --output json", &json, &name);
    let projects: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let names: BTreeSet<&str> = projects["projects"]
        .as_array()
        .expect("projects")
        .iter()
        .filter_map(|row| row["name"].as_str())
        .collect();
    assert!(names.contains(other.as_str()), "{names:?}");
    ours("ls", &on_terminal, &name);
}

#[test]
fn labels_that_anybody_sets() {
    let project = Project::of("evil-labels", "services: {}\n");
    let name = project.name.clone();
    let long = "long-".repeat(20_000);
    let piled = format!("piled{}", "\u{200b}\u{301}".repeat(10_000));
    let services = [
        format!("kafka{EVIL}"),
        "line\nerror: all is lost".to_owned(),
        format!("{long}end"),
        piled,
        format!("1{EVIL}"),
    ];
    let script = format!("printf 'ERROR it says{}\\n'; exec sleep 600", octal(EVIL));
    for service in &services {
        stranger(
            &project,
            &[("project", &name), ("service", service), ("oneoff", "False")],
            &script,
        );
    }
    // Where there is no file, `logs` is about whatever the project has.
    let elsewhere = Project::empty("evil-elsewhere");
    let elsewhere = elsewhere.dir.to_str().expect("UTF-8");
    for command in [
        &["status"][..],
        &["ps", "--services"],
        &["logs"],
        &["logs", "-t"],
        &["logs", "--cut"],
        &["logs", "--errors", "--summary"],
        &["top"],
        &["images"],
        &["volumes"],
        &["stats", "--no-stream"],
        &["events", "--since", "10m", "--until", "0s"],
        &["-v", "logs", "no-such"],
        &["port", services[0].as_str(), "80"],
        &["cp", &format!("{}:/etc/hostname", services[0]), "-"],
        &["stop"],
        &["start", "--wait-timeout", "10s"],
        &["restart", "--timeout", "0s"],
        &["rm"],
        &["down"],
    ] {
        let flags = match command {
            ["logs", ..] => ["-p", name.as_str(), "-C", elsewhere],
            _ => ["-p", name.as_str(), "-C", "."],
        };
        let done = project.magicctl(&[&flags[..], command].concat());
        if command[0] != "cp" {
            plain(&format!("{command:?}"), &done, "");
        }
        let all = done.all();
        assert!(
            !all.lines().any(|line| line.starts_with("error: all is lost")),
            "{command:?}: {all}"
        );
        let longest = all.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let limit = if command[0] == "events" || command == ["ps", "--services"] {
            usize::MAX
        } else {
            40_000
        };
        assert!(longest < limit, "{command:?}: {longest} in a line");
        if matches!(command, ["status" | "top" | "logs" | "events", ..]) {
            plain(&format!("{command:?}"), &done, "kafka");
        }
        if matches!(command, ["status" | "logs"] | ["logs", "-t"]) {
            ours(
                &format!("{command:?}"),
                &project.on_terminal(&[&flags[..], command].concat()),
                "kafka",
            );
        }
        if matches!(command, ["status"]) {
            assert!(
                longest < 2_500,
                "{longest} columns and marks of a cell that is cut: {all}"
            );
            assert!(all.contains("long-long…"), "{all}");
        }
    }
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn log_lines() {
    let script = format!(
        "printf 'colours \\033[32mgreen\\033[0m {}end\\n'; printf '{{\"level\":\"ERROR\",\"message\":\"json{}\",\"f\":\"{}\"}}\\n'; \
         printf '10%%\\r100%%\\n'; printf 'key canary-\\033[0m0123456789\\n'; printf 'latin \\351 \\2332J\\n'",
        octal(EVIL),
        "\\\\u001b]0;owned\\\\u0007",
        "\\\\u009b2J\\\\u007f",
    );
    let project = Project::of("evil-logs", "services: {app: {image: x}}\n");
    project.write("keys_pool/keys_pool_openai.env", "canary-0123456789\n");
    stranger(&project, &[("project", &project.name), ("service", "app")], &script);
    let logs = |args: &[&str]| project.magicctl(&[&["-p", project.name.as_str()], args].concat());
    until("the lines are there", 30, || {
        logs(&["logs"]).stdout.lines().count() >= 5
    });
    for args in [
        &["logs"][..],
        &["logs", "-t"],
        &["logs", "--wrap"],
        &["logs", "--source", "engine"],
        &["logs", "--errors", "--summary"],
    ] {
        let done = logs(args).ok();
        plain(&format!("{args:?}"), &done, "json");
    }
    let done = logs(&["logs"]).ok();
    assert!(done.stdout.contains("app | colours green "), "{}", done.stdout);
    assert!(done.stdout.contains("app | 10%␍100%\n"), "{}", done.stdout);
    assert!(done.stdout.contains("app | key ********\n"), "{}", done.stdout);
    // JSON and raw are excepted: the one escapes, the other is the bytes.
    let json = logs(&["--output", "json", "logs"]).ok();
    plain("json", &json, "colours");
    let raw = logs(&["--output", "raw", "logs"]).ok();
    assert!(raw.stdout.contains(EVIL), "{:?}", raw.stdout);
    // On a terminal its own colours stay, as far as they hide nothing.
    let text = project.on_terminal(&["-p", &project.name, "logs"]);
    ours("logs", &text, "green");
    assert!(text.contains("\u{1b}[32mgreen"), "{text:?}");
}

#[test]
fn what_verbose_says_is_masked_and_plain() {
    let key = "canary-0123456789";
    let project = Project::empty("evil-verbose");
    let name = format!("{}-{key}", project.name);
    project.write(
        "docker-compose.yml",
        &format!("services:\n  app:\n    image: {LIGHT_IMAGE}\n    container_name: {name}\n    command: [sleep, '600']\n    init: true\n    tmpfs: /data\n    stop_signal: SIGKILL\n"),
    );
    project.write("keys_pool/keys_pool_openai.env", &format!("{key}\n"));
    let up = project.magicctl(&["-vv", "up"]).ok();
    assert!(!up.all().contains(key), "{}", up.all());
    plain("-vv up", &up, "DEBUG magicctl");
    ours(
        "-vv up",
        &project.on_terminal(&["-vv", "up", "--force-recreate"]),
        "DEBUG magicctl",
    );
}

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// What a terminal of 100 columns shows in the end, row by row.
fn shown(text: &str) -> Vec<String> {
    const COLUMNS: usize = 100;
    let part = Regex::new("\u{1b}\\[\\??(?<number>[0-9]*)[0-9;]*(?<letter>[A-Za-z])|(?s:.)").expect("a pattern");
    let mut rows = vec![Vec::new()];
    let (mut row, mut column) = (0_usize, 0_usize);
    for found in part.captures_iter(text) {
        let number = found.name("number").and_then(|number| number.as_str().parse().ok());
        let times: usize = number.unwrap_or(1);
        match (found.name("letter").map(|letter| letter.as_str()), &found[0]) {
            (Some("A"), _) => row = row.saturating_sub(times),
            (Some("B"), _) => row += times,
            (Some("C"), _) => column += times,
            (Some("D"), _) => column = column.saturating_sub(times),
            (Some("G"), _) => column = times - 1,
            (Some("J"), _) => {
                rows.truncate(row + 1);
                rows[row].truncate(column);
            }
            (Some("K"), _) if number == Some(2) => rows[row].clear(),
            (Some("K"), _) => rows[row].truncate(column),
            (Some("m" | "h" | "l"), _) => {}
            (Some(letter), _) => panic!("{letter} in {text:?}"),
            (None, "\r") => column = 0,
            (None, "\n") => row += 1,
            (None, c) => {
                if column == COLUMNS {
                    (row, column) = (row + 1, 0);
                    rows.resize(rows.len().max(row + 1), Vec::new());
                }
                let length = rows[row].len().max(column + 1);
                rows[row].resize(length, ' ');
                rows[row][column] = c.chars().next().expect("a character");
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    let rows = rows.into_iter().map(|row| row.into_iter().collect::<String>());
    rows.map(|row| row.trim_end().to_owned())
        .filter(|row| !row.is_empty())
        .collect()
}

/// Ctrl-C while rows are drawn: each stays as it was last, and what is said stands below them.
#[test]
fn an_interrupt_finishes_the_screen_before_it_is_told() {
    let service = |name: &str| {
        format!(
            "  {name}:\n    image: {LIGHT_IMAGE}\n    command: [sleep, '600']\n    init: true\n    tmpfs: /data\n    stop_signal: SIGKILL\n    \
             healthcheck: {{test: [CMD, 'false'], interval: 1h}}\n"
        )
    };
    let project = Project::of("screen", &format!("services:\n{}{}", service("one"), service("two")));
    let script = format!("stty cols 100 rows 30 -echo; {} up", env!("CARGO_BIN_EXE_magicctl"));
    let mut pty = project.plain("script", &["-qec", &script, "/dev/null"]);
    pty.env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut pty = Ends(pty.spawn().expect("script runs"));
    let mut output = pty.0.stdout.take().expect("a pipe");
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        output.read_to_end(&mut said).expect("its output");
        String::from_utf8_lossy(&said).into_owned()
    });
    until("both are awaited", 60, || {
        let runs =
            |name: &str| !project.container(name).is_empty() && project.inspect(name, "{{.State.Running}}") == "true";
        runs("one") && runs("two")
    });
    // As long as this is open the terminal is.
    let mut keyboard = pty.0.stdin.take().expect("a pipe");
    keyboard.write_all(b"\x03").expect("a key is pressed");
    let said = said.join().expect("it ends");
    drop(keyboard);
    let rows = shown(&said);
    let at = |part: &str| {
        let found: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].contains(part)).collect();
        assert_eq!(found.len(), 1, "{part}: {rows:#?}\n{said:?}");
        found[0]
    };
    let warning = at("warning: interrupted; containers are unchanged");
    assert!(at(" one ") < warning && at(" two ") < warning, "{rows:#?}");
    assert_eq!(warning, rows.len() - 1, "{rows:#?}");
}

#[test]
fn names_of_processes() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // It calls itself so, has the port, and says when it is done.
    let script = r"printf 'ev\033[2J\033]0;x' > /proc/$$/comm; echo named; exec 1>&-; while :; do sleep 5 0<&-; done";
    let holder = Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh runs");
    let mut holder = Ends(holder);
    let mut line = String::new();
    BufReader::new(holder.0.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a line");
    let ports = format!("services:\n  app:\n    image: {LIGHT_IMAGE}\n    ports: ['127.0.0.1:{port}:80']\n");
    let project = Project::of("evil-process", &ports);
    plain("check", &project.magicctl(&["check"]), "ev0;x");
    plain("up", &project.magicctl(&["up"]), "ev0;x");
    ours("check", &project.on_terminal(&["check"]), "ev0;x");
}
