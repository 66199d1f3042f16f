//! What lies outside of the project is neither opened nor shown, whoever names it.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use crate::engine::FailedStep;
use crate::redact::Redactor;
use crate::shell::ShellCommand;

use super::project::project;
use super::*;

const SECRET: &str = "root:$6$abcdefgh:19000";

fn told(symptoms: &Symptoms, files: &[(&str, &str)], compose: &str, links: &[(&str, &str)]) -> String {
    let outside = tempfile::tempdir().unwrap();
    fs::write(
        outside.path().join("shadow"),
        format!("{SECRET}\nimport shadow\nFROM {SECRET}\n"),
    )
    .unwrap();
    fs::write(outside.path().join("requirements.txt"), "redis==1\n").unwrap();
    let compose = compose.replace("OUTSIDE", &outside.path().display().to_string());
    let (folder, stack) = project(files, &compose);
    for (link, target) in links {
        let link = folder.path().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(outside.path().join(target), link).unwrap();
    }
    let redactor = Arc::new(Redactor::default());
    let mut around = Surroundings::new(Some(&stack), Arc::clone(&redactor), Some(ShellCommand::of("magicctl")));
    around.here = folder.path().to_owned();
    let text = format!("{:?}", card(symptoms, &around));
    text.replace(&outside.path().display().to_string(), "OUTSIDE")
}

fn raised(file: &str, line: usize, error: &str) -> Symptoms {
    let mut symptoms = exited(1);
    symptoms.workdir = "/app".to_owned();
    let frame = format!("  File \"{file}\", line {line}, in <module>");
    symptoms.records = vec![said(&["Traceback (most recent call last):", &frame, error], true)];
    symptoms
}

#[test]
fn a_traceback_shows_no_line_of_another_file() {
    let error = "KeyError: 'x'";
    let built = "services: {app: {build: .}}\n";
    let dockerfile = ("Dockerfile", "FROM x\n");
    // As it is meant, so that the rest says something.
    let own = told(
        &raised("/app/run.py", 1, error),
        &[dockerfile, ("run.py", "own line\n")],
        built,
        &[],
    );
    assert!(own.contains("own line"), "{own}");
    for (file, compose, links) in [
        // A link in the build context.
        ("/app/run.py", built, &[("run.py", "shadow")][..]),
        ("/app/deep/shadow", built, &[("deep", "")]),
        // A folder that the Compose file mounts or builds.
        (
            "/app/shadow",
            "services: {app: {image: x, volumes: ['OUTSIDE:/app']}}\n",
            &[],
        ),
        ("/app/shadow", "services: {app: {build: OUTSIDE}}\n", &[]),
        ("/app/shadow", "services: {app: {build: ./out}}\n", &[("out", "")]),
        // A way up.
        ("/app/../../../../../../../../OUTSIDE/shadow", built, &[]),
    ] {
        let text = told(&raised(file, 1, error), &[dockerfile], compose, links);
        assert!(!text.contains(SECRET), "{file} {compose}: {text}");
    }
}

#[test]
fn a_build_shows_no_line_of_another_file() {
    let mut symptoms = Symptoms::new("app", Stage::Build).said("dockerfile parse error line 1: unknown instruction");
    symptoms.step = Some(FailedStep {
        name: "[1/1] FROM x".to_owned(),
        output: Vec::new(),
    });
    for (compose, links) in [
        ("services: {app: {build: .}}\n", &[("Dockerfile", "shadow")][..]),
        (
            "services: {app: {build: {context: ., dockerfile: OUTSIDE/shadow}}}\n",
            &[],
        ),
        (
            "services: {app: {build: {context: OUTSIDE, dockerfile: shadow}}}\n",
            &[],
        ),
        (
            "services: {app: {build: {context: ., dockerfile: ../../../OUTSIDE/shadow}}}\n",
            &[],
        ),
    ] {
        let text = told(&symptoms, &[], compose, links);
        assert!(!text.contains(SECRET), "{compose}: {text}");
    }
    let mut wrong = Symptoms::new("app", Stage::Build).said("failed");
    wrong.step = Some(FailedStep {
        name: "RUN pip install -r requirements.txt".to_owned(),
        output: vec!["Invalid requirement: 'x' (from line 1 of shadow)".to_owned()],
    });
    let text = told(
        &wrong,
        &[("Dockerfile", "FROM x\n")],
        "services: {app: {build: .}}\n",
        &[("shadow", "shadow")],
    );
    assert!(!text.contains(SECRET), "{text}");
}

#[test]
fn a_file_that_leads_out_is_not_edited() {
    let built = "services: {app: {build: ., environment: {A: '${KAFKA_HEAP_OPTS:-x}'}}}\n";
    let mut heap = exited(1);
    heap.records = vec![said(&["Invalid maximum heap size: -Xmx512x"], true)];
    let module = raised("/app/run.py", 1, "ModuleNotFoundError: No module named 'orjson'");
    let own = [("run.py", "import orjson\n"), ("Dockerfile", "FROM x\n")];
    for (symptoms, link) in [
        (&heap, (".env", "missing")),
        (&module, ("requirements.txt", "requirements.txt")),
    ] {
        let text = told(symptoms, &own, built, &[link]);
        assert!(!text.contains("sed -i") && !text.contains(">>"), "{text}");
    }
}

#[test]
fn a_compose_file_from_elsewhere_is_named_and_not_quoted() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(
        outside.path().join("more.yaml"),
        "services:\n  app:\n    image: x\n    command: ['quoted']\n",
    )
    .unwrap();
    let compose = format!("include: ['{}/more.yaml']\n", outside.path().display());
    let (folder, stack) = project(&[], &compose);
    let redactor = Arc::new(Redactor::default());
    let mut around = Surroundings::new(Some(&stack), Arc::clone(&redactor), Some(ShellCommand::of("magicctl")));
    around.here = folder.path().to_owned();
    let failure = card(&exited(127), &around);
    let place = failure.place.unwrap();
    assert!(place.file.ends_with("more.yaml") && place.line == 4, "{place:?}");
    assert_eq!(place.source, None);
}

#[test]
fn pipes_and_large_files_keep_nobody_waiting() {
    let compose = "services: {app: {build: ., volumes: ['./x:/x']}}\n";
    let (folder, stack) = project(&[], compose);
    for name in ["Dockerfile", "run.py", "requirements.txt", ".dockerignore"] {
        let path = folder.path().join(name);
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
    }
    let redactor = Arc::new(Redactor::default());
    let mut around = Surroundings::new(Some(&stack), Arc::clone(&redactor), None);
    around.here = folder.path().to_owned();
    for error in [
        "KeyError: 'x'",
        "ModuleNotFoundError: No module named 'orjson'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/app/run.py'",
    ] {
        let failure = card(&raised("/app/run.py", 1, error), &around);
        // No command begins with what can't be typed, and a pipe gets no line.
        assert!(failure.run.is_empty(), "{:?}", failure.run);
    }
}

#[test]
fn a_key_in_pieces_is_masked_in_the_evidence() {
    let key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789";
    let redactor = Arc::new(Redactor::of(vec![key.to_owned()]));
    let around = Surroundings::new(None, Arc::clone(&redactor), None);
    let broken = format!("{}\u{1b}[0m{}", &key[..12], &key[12..]);
    let mut symptoms = exited(1);
    symptoms.command = vec!["x".repeat(70), key.to_owned()];
    symptoms.records = vec![said(&[&format!("ValueError: no such key {broken}")], true)];
    symptoms.user.clone_from(&broken);
    let text = format!("{:?}", card(&symptoms, &around));
    assert!(!text.contains(&key[12..]) && !text.contains("klmnop"), "{text}");
    let mut ended = exited(0);
    ended.command = vec!["x".repeat(70), key.to_owned()];
    let text = format!("{:?}", card(&ended, &around));
    assert!(text.contains('…') && !text.contains("sk-proj"), "{text}");
}
