//! Files that no person wrote: bounded time and memory, an error with its place, never a panic.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use magicctl::compose::{self, Printed, Request};
use magicctl::failure::Failure;

fn read(files: &[(&str, String)]) -> Result<usize, Failure> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    read_in(folder.path())
}

fn read_in(folder: &Path) -> Result<usize, Failure> {
    let project = compose::project(&Request {
        start_dir: folder.to_owned(),
        project_name: Some("p".to_owned()),
        ..Request::default()
    })?;
    Ok(project.printed(Printed::Json)?.len() + project.printed(Printed::Yaml)?.len())
}

fn one(text: String) -> Result<usize, Failure> {
    read(&[("compose.yaml", text)])
}

#[track_caller]
fn refused(read: Result<usize, Failure>, what: &str) {
    let failure = read.unwrap_err();
    assert!(failure.to_string().contains(what), "{failure}");
    let shown: usize = failure
        .place
        .iter()
        .filter_map(|place| place.source.as_ref())
        .map(String::len)
        .sum();
    assert!(shown < 1000, "a line of {shown} bytes is shown");
}

#[test]
fn ten_thousand_services() {
    let mut text = "services:\n".to_owned();
    for number in 0..10_000 {
        let _infallible = write!(
            text,
            "  s{number}:\n    image: i{number}\n    ports: ['{}']\n    depends_on: [s{}]\n",
            number % 60_000 + 1,
            (number + 1).min(9_999)
        );
    }
    // The last depends on itself.
    refused(one(text.clone()), "circle");
    let text = text
        .replace("depends_on: [s9999]\n  s9999", "restart: always\n  s9999")
        .replace("    depends_on: [s9999]\n", "");
    assert!(one(text).unwrap() > 1_000_000);
}

#[test]
fn ten_thousand_services_that_extend_one() {
    let mut text = "services:\n  base: {image: i, environment: {A: 1}}\n".to_owned();
    for number in 0..10_000 {
        let _infallible = writeln!(text, "  s{number}: {{extends: base}}");
    }
    assert!(one(text).unwrap() > 1_000_000);
}

#[test]
fn values_of_a_megabyte() {
    let long = "x".repeat(1 << 20);
    assert!(one(format!("services: {{a: {{image: i, labels: {{l: \"{long}\"}}}}}}\n")).unwrap() > 2 << 20);
    assert!(one(format!("services:\n  a:\n    image: i\n    command: {long} {long}\n")).unwrap() > 2 << 20);
    refused(
        one(format!(
            "services: {{a: {{image: i, restart: \"{long}\", cpus: \"{long}\"}}}}\n"
        )),
        "cpus",
    );
    refused(
        one(format!("services: {{a: {{image: i, \"{long}\": 1}}}}\n")),
        "unknown key",
    );
    assert!(
        one(format!(
            "services: {{a: {{image: i, hostname: \"{}\"}}}}\n",
            "$$".repeat(1 << 19)
        ))
        .is_ok()
    );
}

#[test]
fn bombs() {
    let aliases = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let before = n - 1;
        format!("{text}a{n}: &a{n} [*a{before}, *a{before}, *a{before}]\n")
    });
    refused(
        one(format!(
            "x-bomb:\n{}services: {{a: {{image: i}}}}\n",
            aliases.replace("\na", "\n  a").replacen("a0", "  a0", 1)
        )),
        "aliases",
    );
    let long = "x".repeat(100_000);
    let wide = format!(
        "x-a: &a {long}\nx-b: [{}]\nservices: {{a: {{image: i}}}}\n",
        vec!["*a"; 10_000].join(", ")
    );
    refused(one(wide), "aliases");
    let doubled = (0..40).fold("A=xxxxxxxxxxxxxxxx\n".to_owned(), |text, _| format!("{text}A=$A$A\n"));
    refused(
        read(&[
            ("compose.yaml", "services: {a: {image: i}}\n".to_owned()),
            (".env", doubled),
        ]),
        "more than 500000 values",
    );
    let many = format!("A={}\n", "x".repeat(1 << 20));
    let used = format!(
        "services: {{a: {{image: i, labels: {{l: \"{}\"}}}}}}\n",
        "$A".repeat(100)
    );
    refused(read(&[("compose.yaml", used), (".env", many)]), "16 MB");
    refused(one(" ".repeat(20 << 20)), "larger than 16 MB");
}

#[test]
fn nesting() {
    for depth in [1_000, 100_000] {
        refused(
            one(format!("x-a: {}\nservices: {{a: {{image: i}}}}\n", "[".repeat(depth))),
            "deep",
        );
        refused(one(format!("x-a: {}\n", "{a: ".repeat(depth))), "deep");
        let mut block = String::new();
        for level in 0..depth.min(2_000) {
            let _infallible = writeln!(block, "{}a:", " ".repeat(level));
        }
        refused(one(block), "deep");
        refused(
            one(format!("services: {{a: {{image: \"{}\"}}}}\n", "${A:-".repeat(depth))),
            "not closed",
        );
        let closed = format!("{}x{}", "${A:-".repeat(depth), "}".repeat(depth));
        refused(one(format!("services: {{a: {{image: \"{closed}\"}}}}\n")), "nested");
    }
}

#[test]
fn long_chains_and_circles() {
    let mut chain = "services:\n".to_owned();
    for number in 0..5_000 {
        let _infallible = writeln!(chain, "  s{number}: {{image: i, extends: s{}}}", number + 1);
    }
    refused(one(format!("{chain}  s5000: {{image: i}}\n")), "extend");
    let include = |number: usize| {
        format!(
            "include: [f{}.yaml]\nservices: {{s{number}: {{image: i}}}}\n",
            number + 1
        )
    };
    let mut files: Vec<(String, String)> = (0..80)
        .map(|number| (format!("f{number}.yaml"), include(number)))
        .collect();
    files.push(("compose.yaml".to_owned(), "include: [f0.yaml]\n".to_owned()));
    files.push(("f80.yaml".to_owned(), "include: [f3.yaml]\n".to_owned()));
    let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    refused(read(&files), "50 levels deep");
    // Each twice: two to the power of thirty ways to the last one.
    let twice = |number: usize| {
        let next = number + 1;
        format!("include: [f{next}.yaml, f{next}.yaml]\nservices: {{s{number}: {{image: i}}}}\n")
    };
    let mut files: Vec<(String, String)> = (0..30)
        .map(|number| (format!("f{number}.yaml"), twice(number)))
        .collect();
    files.push(("compose.yaml".to_owned(), "include: [f0.yaml]\n".to_owned()));
    files.push(("f30.yaml".to_owned(), "services: {last: {image: i}}\n".to_owned()));
    let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    assert!(read(&files).is_ok());
}

#[test]
fn what_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("folder.yaml")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe.yaml")).status().unwrap().success());
    let load = |text: &str| {
        fs::write(at("compose.yaml"), text).unwrap();
        read_in(folder.path())
    };
    for name in ["folder.yaml", "pipe.yaml", "/dev/zero"] {
        refused(load(&format!("include: [{name}]\n")), "can't be read");
        refused(
            load(&format!("services: {{a: {{extends: {{file: {name}, service: a}}}}}}\n")),
            "can't be read",
        );
        refused(
            load(&format!("services: {{a: {{image: i, env_file: {name}}}}}\n")),
            "can't be read",
        );
        refused(
            load(&format!("services: {{a: {{image: i, label_file: {name}}}}}\n")),
            "can't be read",
        );
        refused(
            load(&format!("include: [{{path: x.yaml, env_file: {name}}}]\n")),
            "can't be read",
        );
        let named = Request {
            start_dir: folder.path().to_owned(),
            files: vec![name.into()],
            ..Request::default()
        };
        refused(compose::project(&named).map(|_| 0), "can't be read");
    }
}
