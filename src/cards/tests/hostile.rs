//! Text of containers, builds and engines that was written to be run: in a command to copy it is a word or it doesn't exist.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::compose::Stack;
use crate::engine::FailedStep;
use crate::failure::Failure;
use crate::redact::Redactor;
use crate::shell::ShellCommand;

use super::project::project;
use super::*;
use crate::cards::fill::{Filled, Known};
use crate::cards::rules::{self, Rule, TABLE, When};
use crate::cards::template::{self, Part, Piece};

/// What `text` is a log of, one line a record.
fn printed(text: &str) -> Symptoms {
    let mut symptoms = exited(1);
    symptoms.service = "app-runner".into();
    symptoms.user = "10001".to_owned();
    let lines: Vec<&str> = text.lines().collect();
    symptoms.records = vec![said(&lines, true)];
    symptoms
}

fn denied(path: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  File \"/app/run.py\", line 4, in <module>\n    open(p)\n\
         PermissionError: [Errno 13] Permission denied: '{path}'"
    )
}

fn told(symptoms: &Symptoms, folder: &Path, stack: &Stack) -> Failure {
    let redactor = Arc::new(Redactor::default());
    let mut around = Surroundings::new(Some(stack), Arc::clone(&redactor), Some(ShellCommand::of("magicctl")));
    around.here = folder.to_owned();
    card(symptoms, &around)
}

/// The words of the card's first command, and of nothing else when it only has what comes after.
fn first(failure: &Failure) -> Vec<String> {
    failure.run[0].words()
}

const COMPOSE: &str = "services:
  app-runner:
    image: redis:8.10-alpine
    user: \"10001\"
    volumes: [\"./keys_pool:/app/keys_pool:ro\", \"./log1:/log:ro\"]
    entrypoint: [\"sh\", \"-c\", \"cat /log >&2; exit 1\"]
";

#[test]
fn a_path_of_a_traceback_is_one_word_and_never_climbs() {
    let files = [
        "README.md",
        "`id>/tmp/pwned`",
        "$(reboot)",
        "a b",
        "~",
        "\"; reboot; \"",
        "{a,b}*?#!",
        "\\",
    ];
    let files = files.map(|name| format!("keys_pool/{name}"));
    let (folder, stack) = project(&files.each_ref().map(|name| (name.as_str(), "")), COMPOSE);
    let run = |path: &str| told(&printed(&denied(path)), folder.path(), &stack);
    let shown = |path: &str| first(&run(path));
    assert_eq!(
        shown("/app/keys_pool/`id>/tmp/pwned`"),
        ["sudo", "chown", "-R", "10001", "keys_pool/`id>/tmp/pwned`"]
    );
    for path in [
        "/app/keys_pool/$(reboot)",
        "/app/keys_pool/a b",
        "/app/keys_pool/~",
        "/app/keys_pool/\"; reboot; \"",
        "/app/keys_pool/{a,b}*?#!",
        "/app/keys_pool/\\",
    ] {
        let mounted = path.strip_prefix("/app/").unwrap();
        assert_eq!(shown(path), ["sudo", "chown", "-R", "10001", mounted], "{path}");
    }
    // What no shell can take is not there: the folder is another word.
    for path in ["/app/keys_pool/a\u{1b}[2Jb", "/app/keys_pool/a\u{202e}b"] {
        assert_eq!(shown(path), ["sudo", "chown", "10001", "keys_pool"], "{path}");
    }
    for path in [
        "/app/keys_pool/../../../etc",
        "/app/keys_pool/..",
        "../app/keys_pool/x",
        "/app/keys_poolx",
    ] {
        let failure = run(path);
        assert!(
            failure.run.iter().all(|command| command.words()[0] == "magicctl"),
            "{path}: {:?}",
            failure.run
        );
    }
}

#[test]
fn a_link_that_a_container_made_leads_nowhere() {
    let (folder, stack) = project(&[("data/x", "")], &COMPOSE.replace("keys_pool", "data"));
    std::os::unix::fs::symlink("/etc", folder.path().join("data/out")).unwrap();
    std::os::unix::fs::symlink("..", folder.path().join("data/up")).unwrap();
    for path in ["/app/data/out/passwd", "/app/data/out", "/app/data/up/x"] {
        let failure = told(&printed(&denied(path)), folder.path(), &stack);
        let text = format!("{failure:?}");
        assert!(
            !text.contains("chown -R") && !text.contains("which the Compose file mounts"),
            "{text}"
        );
    }
}

#[test]
fn what_is_mounted_from_elsewhere_is_not_changed() {
    let compose = COMPOSE.replace("./keys_pool:/app/keys_pool:ro", "/:/host:ro");
    let (folder, stack) = project(&[], &compose);
    for log in [
        denied("/host/etc/shadow"),
        "mkdir /host/etc: permission denied".to_owned(),
        "[FATAL tini (7)] exec /host/bin/sh failed: Permission denied".to_owned(),
        "exec /host/etc/passwd: no such file or directory".to_owned(),
    ] {
        let failure = told(&printed(&log), folder.path(), &stack);
        let text = format!("{:?}", failure.run);
        assert!(!text.contains("/etc") && !text.contains("chown"), "{log}: {text}");
    }
    // A build context that leads out of the project is read by a build, and changed by nobody.
    let (folder, stack) = project(&[], "services: {app-runner: {build: ./out}}\n");
    std::os::unix::fs::symlink("/etc", folder.path().join("out")).unwrap();
    let failure = told(
        &printed("[FATAL tini (7)] exec /passwd failed: Permission denied"),
        folder.path(),
        &stack,
    );
    assert!(!format!("{:?}", failure.run).contains("chmod"), "{:?}", failure.run);
}

#[test]
fn a_volume_is_a_volume() {
    let compose = "services: {app-runner: {image: x, volumes: ['data:/app/data']}}\nvolumes: {data: {name: NAME}}\n";
    let text = |name: &str| {
        let (folder, stack) = project(&[], &compose.replace("NAME", name));
        told(&printed(&denied("/app/data/x")), folder.path(), &stack).run
    };
    assert_eq!(
        text("app_data")[0].to_string(),
        "docker run --rm -u 0 -v app_data:/v busybox chown -R 10001 /v"
    );
    for name in ["/", "'/etc:/x,'", "'a b'", "--privileged"] {
        assert!(
            text(name).iter().all(|command| command.words()[0] == "magicctl"),
            "{name}"
        );
    }
}

#[test]
fn the_owner_that_an_image_names_is_one_word() {
    let compose = "services: {app-runner: {image: 'evil:1', volumes: ['./data:/app/data']}}\n";
    let (folder, stack) = project(&[("data/x", "")], compose);
    let mut symptoms = printed(&denied("/app/data/x"));
    symptoms.user = "app".to_owned();
    let failure = told(&symptoms, folder.path(), &stack);
    assert_eq!(
        failure.run[0].to_string(),
        "sudo chown -R -- \"$(docker run --rm --entrypoint id evil:1 -u)\" data/x"
    );
}

#[test]
fn words_of_builds_engines_and_registries_are_words() {
    let compose = "services: {app-runner: {build: .}}\n";
    let (folder, stack) = project(&[("Dockerfile", "FROM x\nRUN y\n"), ("-rf", "x")], compose);
    let build = |output: &str| {
        let mut symptoms = Symptoms::new("app-runner", Stage::Build).said("failed");
        symptoms.step = Some(FailedStep {
            name: "[2/2] RUN y".to_owned(),
            output: vec![output.to_owned()],
        });
        told(&symptoms, folder.path(), &stack)
    };
    let engine = |words: &str| {
        let stage = Stage::Start;
        told(&Symptoms::new("app-runner", stage).said(words), folder.path(), &stack)
    };
    assert_eq!(
        first(&build("Temporary failure resolving 'a;reboot'")),
        ["getent", "hosts", "a;reboot"]
    );
    assert_eq!(
        first(&build("Temporary failure resolving '--help'")),
        ["getent", "hosts", "--", "--help"]
    );
    let apt = build("E: Unable to locate package `id`");
    assert!(apt.hint.unwrap().contains("apt-get install -y '`id`'"));
    assert_eq!(
        first(&engine(
            "failed to mount local volume: mount /$(reboot):/x, y: no such file"
        )),
        ["mkdir", "-p", "/$(reboot)"]
    );
    assert_eq!(
        engine("network m02_default id 1f has active endpoints").run[0].to_string(),
        "docker network inspect -f '{{range .Containers}}{{.Name}} {{end}}' m02_default"
    );
    assert_eq!(
        first(&engine("exec: \"/app/-rf\": permission denied")),
        ["chmod", "+x", "./-rf"]
    );
    let taken = |name: &str| {
        engine(&format!(
            "container name \"/{name}\" is already in use by container \"0123456789ab\""
        ))
    };
    assert_eq!(first(&taken("a'b")), ["docker", "rm", "-f", "a'b"]);
    assert_eq!(taken("-x").run.len(), 1, "no word for `--privileged` and the like");
    let x509 = engine("Get \"https://../v2/\": x509: unknown authority");
    assert!(!format!("{:?}", x509.run).contains(".."), "{:?}", x509.run);
}

#[test]
fn a_value_with_a_line_end_is_in_no_command() {
    let compose = "services: {app-runner: {image: x, environment: {A: '${KAFKA_CLUSTER_ID:-1}'}}}\n";
    let files = [(".env", "KAFKA_CLUSTER_ID=x\n")];
    let (folder, stack) = project(&files, compose);
    let redactor = Arc::new(Redactor::default());
    let around = Surroundings {
        here: folder.path().to_owned(),
        ..Surroundings::new(Some(&stack), Arc::clone(&redactor), None)
    };
    let set = |value: &str| around.set_variable("KAFKA_CLUSTER_ID", value);
    assert_eq!(set("a\nb"), None);
    let command = set(r"a|b&c\d'e").unwrap().to_string();
    let done = std::process::Command::new("sh")
        .args(["-c", &command])
        .current_dir(folder.path())
        .status();
    assert!(done.unwrap().success(), "{command}");
    let written = fs::read_to_string(folder.path().join(".env")).unwrap();
    assert_eq!(written, "KAFKA_CLUSTER_ID=a|b&c\\d'e\n");
}

/// Text for every group: each part is kept as far as the pattern lets it stand there.
pub(super) const HOSTILE: [&str; 16] = [
    "`id>/tmp/pwned`",
    "$(reboot)",
    "-rf",
    "--help",
    "a b",
    "'\"",
    "~root",
    "/app/data/`id`",
    "/app/data/../../etc",
    "/app/data/a b",
    "/srv/x;reboot",
    "../x",
    "{a,b}*?[x]",
    "#!\\|&<>",
    "a\u{1b}[2J\u{202e}b",
    "kafka",
];

/// A text that `hir` fits, with as much of `hostile` as may be; of alternatives the one that `turn` says.
pub(super) fn fitting(hir: &Hir, hostile: &str, turn: usize) -> String {
    let of_class = |class: &Class, c: char| match class {
        Class::Unicode(class) => class.iter().any(|range| range.start() <= c && c <= range.end()),
        Class::Bytes(class) => {
            c.is_ascii()
                && class
                    .iter()
                    .any(|range| (range.start()..=range.end()).contains(&(c as u8)))
        }
    };
    let any = |class: &Class| {
        let plain = ('a'..='z').chain('0'..='9').chain("/.-:_ '\"\n".chars());
        plain.into_iter().find(|c| of_class(class, *c)).unwrap_or('é')
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => String::new(),
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).unwrap(),
        HirKind::Class(class) => hostile
            .chars()
            .find(|c| of_class(class, *c))
            .unwrap_or_else(|| any(class))
            .to_string(),
        HirKind::Capture(capture) => fitting(&capture.sub, hostile, turn),
        HirKind::Concat(parts) => parts.iter().map(|part| fitting(part, hostile, turn)).collect(),
        HirKind::Alternation(parts) => fitting(&parts[turn % parts.len()], hostile, turn / parts.len()),
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let most = repetition.max.map_or(usize::MAX, |most| most as usize);
            match repetition.sub.kind() {
                HirKind::Class(class) if most > 1 => {
                    let mut text: String = hostile.chars().filter(|c| of_class(class, *c)).take(most).collect();
                    while text.chars().count() < least.max(usize::from(turn.is_multiple_of(2))) {
                        text.push(any(class));
                    }
                    text
                }
                _ => {
                    let times = least.max(usize::from(turn.is_multiple_of(2))).min(most);
                    (0..times).map(|_| fitting(&repetition.sub, hostile, turn)).collect()
                }
            }
        }
    }
}

/// A project in which most gaps have something to be filled with.
pub(super) fn full() -> (tempfile::TempDir, Stack) {
    let compose = "services:
  app:
    build: .
    environment:
      KAFKA_HEAP_OPTS: ${KAFKA_HEAP_OPTS:--Xms256m -Xmx512m}
      KAFKA_CLUSTER_ID: ${KAFKA_CLUSTER_ID:-x}
      A: localhost:9092
    ports: ['${APP_PORT:-8001}:8001']
    volumes: ['./data:/app/data', 'state:/var/lib/x', '/srv/x;reboot:/srv/x']
  kafka: {image: kafka, depends_on: [app]}
volumes: {state: {}}
";
    let files = [
        ("Dockerfile", "FROM x\nCOPY a b\nRUN y\n"),
        (".dockerignore", "*\n"),
        ("requirements.txt", "a\nkafka==1\n"),
        (".env", "KAFKA_HEAP_OPTS=x\nAPP_PORT=8001\n"),
        ("run.py", "import x\n"),
        ("-rf", ""),
        ("--help", ""),
        ("a b", ""),
        ("$(reboot)", ""),
        ("{a,b}*?[x]", ""),
        ("data/a b", ""),
    ];
    project(&files, compose)
}

/// What is known at most, all of it written by somebody else.
pub(super) fn known_of(text: &str, hostile: &str) -> Symptoms {
    let mut symptoms = exited(1);
    symptoms.workdir = "/app".to_owned();
    symptoms.user = hostile.to_owned();
    symptoms.memory_limit = 1 << 20;
    symptoms.command = vec![hostile.to_owned(), "x".to_owned()];
    symptoms.image_command.clone_from(&symptoms.command);
    symptoms.said = text.to_owned();
    symptoms.has_login = Some(false);
    symptoms.open_ports = Some(vec![8000]);
    symptoms.programs = vec!["curl"];
    symptoms.step = Some(FailedStep {
        name: hostile.to_owned(),
        output: vec![text.to_owned()],
    });
    symptoms.health = Some(HealthReport {
        timeout: None,
        command: ["curl", "http://localhost:8001/x", hostile]
            .map(ToOwned::to_owned)
            .to_vec(),
        code: Some(1),
        output: text.to_owned(),
    });
    symptoms.records = vec![said(&["  File \"/app/run.py\", line 1, in x", text], true)];
    symptoms
}

/// What a template means: each part's words, with what fills the gaps as it is.
fn meant(known: &Known<'_>, template: &'static str) -> Vec<String> {
    let word = |piece: &Piece| match piece {
        Piece::Text(text) => (*text).to_owned(),
        Piece::Gap(gap) => match known.gap(gap) {
            Some(Filled::Text(text)) => text,
            other => panic!("{gap} in {template}: {other:?}"),
        },
    };
    let joined = |pieces: &[Piece]| pieces.iter().map(word).collect::<String>();
    let words = |part: &Part| match part {
        Part::Ours(ours) => shlex::split(ours).unwrap(),
        Part::Magicctl => vec!["magicctl".to_owned()],
        Part::Gap(gap) => match known.gap(gap).unwrap() {
            Filled::Text(text) => vec![text],
            Filled::Path(path) => {
                let shown = known.around.shown(&path);
                vec![if shown.starts_with('-') {
                    format!("./{shown}")
                } else {
                    shown
                }]
            }
            Filled::Command(command) => command.words(),
            Filled::Impossible => panic!("{gap} in {template}"),
        },
        Part::Word(pieces) => vec![joined(pieces)],
        Part::Assignment(name, value) => vec![format!("{}={}", word(&Piece::Gap(name)), joined(value))],
    };
    template::parts(template).unwrap().iter().flat_map(words).collect()
}

/// Each outcome of each rule with its pattern; what does not go by words goes with any.
pub(super) fn with_patterns() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    rules::all().flat_map(|(_, outcomes)| {
        let pattern = match outcomes[0].when {
            When::Says(pattern) => pattern,
            _ => "",
        };
        outcomes.iter().map(move |rule| (pattern, rule))
    })
}

#[test]
fn no_rule_makes_more_of_hostile_text_than_words() {
    let (folder, stack) = full();
    let redactor = Arc::new(Redactor::default());
    let mut around = Surroundings::new(Some(&stack), Arc::clone(&redactor), Some(ShellCommand::of("magicctl")));
    around.here = folder.path().to_owned();
    let without_ends = |words: Vec<String>| words.into_iter().filter(|word| word != "--").collect::<Vec<_>>();
    let (mut commands, mut fitted) = (0, 0);
    for (pattern, rule) in with_patterns() {
        let hir = regex_syntax::parse(pattern).unwrap();
        let pattern = Regex::new(pattern).unwrap();
        let mut fits = false;
        for (hostile, turn) in HOSTILE
            .iter()
            .flat_map(|hostile| (0..8).map(move |turn| (hostile, turn)))
        {
            let text = fitting(&hir, hostile, turn);
            let Some(caught) = pattern.captures(&text) else {
                continue;
            };
            fits = true;
            let symptoms = known_of(&text, hostile);
            let known = Known {
                symptoms: &symptoms,
                around: &around,
                at: rule.at,
                caught: Some(&caught),
                text: &text,
                unknown: Cell::default(),
            };
            for template in rule.run {
                let Some(made) = known.commands(&[template]) else {
                    continue;
                };
                fitted += 1;
                for command in made.iter().take(1) {
                    commands += 1;
                    let shown = command.to_string();
                    assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown}");
                    let words = command.words();
                    assert_eq!(shlex::split(&shown).as_ref(), Some(&words), "{shown}");
                    let wanted = meant(&known, known.rebuilding(template));
                    // The words of a check run in the container, and are its own.
                    if !template.contains("{check_words}") {
                        assert!(!wanted.iter().any(|word| word.contains("../")), "{shown}");
                        // Nothing is taken for an option but what is ours.
                        assert!(command.options_of_others().is_empty(), "{shown}");
                    }
                    assert_eq!(without_ends(words), without_ends(wanted), "{shown}");
                }
            }
        }
        assert!(fits, "no text fits {pattern}");
    }
    // Most are made, so that the test is of something.
    assert!(commands * 2 > fitted && commands > 2000, "{commands} of {fitted}");
}

#[test]
fn commands_in_sentences_are_filled_as_commands() {
    let programs =
        "docker|magicctl|chmod|chown|mkdir|rm|sh|bash|python|pip|apt-get|getent|curl|sed|echo|printf|sudo|COPY";
    let raw = Regex::new(&format!(
        r"`(?:{programs}) [^`]*\{{[^:`]|RUN [^{{`);]*[a-z-] \{{|COPY \{{"
    ))
    .unwrap();
    for rule in TABLE.iter().flat_map(|(_, rules)| rules.iter()) {
        for text in [rule.what, rule.why, rule.fix] {
            assert!(!raw.is_match(text), "{text}");
        }
    }
}
