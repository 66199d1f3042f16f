//! What the README tells people to type works as written.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Done, Project};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md")
}

/// The lines of the README's shell blocks, comments taken off.
fn shell_lines() -> Vec<String> {
    let text = readme();
    let blocks = text
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks
        .flat_map(str::lines)
        .map(|line| line.split(" # ").next().unwrap_or(line).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn every_command_works_in_a_new_project() {
    let project = Project::sample("readme");
    let lines = shell_lines();
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("magicctl"), "{line}");
        let done = project.magicctl(&words.collect::<Vec<_>>());
        assert_eq!(done.code, 0, "{line}: {}", done.all());
    }
}

#[test]
fn the_tour_shows_what_it_says() {
    let project = Project::sample("tour");
    let text = readme();
    let block = text.split("```bash\n").nth(1).and_then(|rest| rest.split("```").next());
    // A line that ends with a backslash goes on in the next one.
    let block = block.expect("a tour").replace("\\\n", "");
    let lines: Vec<&str> = block.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    // `make up` builds magicctl and what it stands on, and then does this.
    assert_eq!(lines[0], "make up");
    project.magicctl(&["up", "app-runner"]).ok();
    let said: Vec<String> = lines[1..]
        .iter()
        .map(|line| {
            let port = format!("localhost:{}", project.port("MAGIC_PROXY_PORT"));
            let line = line
                .replace("localhost:8001", &port)
                .replace("target/release/magicctl", env!("CARGO_BIN_EXE_magicctl"));
            let done: Done = project
                .plain("bash", &["-c", &format!("export NO_PROXY='*'; {line}")])
                .output()
                .expect("bash runs")
                .into();
            done.ok().stdout
        })
        .collect();
    assert!(
        said[0].contains("hello") && said[0].ends_with("data: [DONE]\n\n"),
        "{}",
        said[0]
    );
    assert!(said[1].contains("\"result\":\"42\""), "{}", said[1]);
    for place in [
        "POST /tools/calculator: 200",
        "POST /v1/react/sessions: 200",
        "magic_proxy.worker",
    ] {
        assert!(said[2].contains(place), "{place}: {}", said[2]);
    }
    assert!(said[3].contains("service_unavailable_error"), "{}", said[3]);
    let error = said[3]
        .rsplit('\n')
        .find(|line| line.contains("app-runner"))
        .expect("a line of the log");
    assert!(
        error.contains("ERROR") && error.contains("keys_pool_openai.env"),
        "{error}"
    );
}

#[test]
fn the_example_of_settings_is_accepted() {
    let project = Project::empty("settings");
    let text = readme();
    let block = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    project.write("magicctl.yaml", block.expect("an example"));
    project.write("worker.yml", "worker:\n  image: x\n");
    project.magicctl(&["render"]).ok();
    let services = project.magicctl(&["config", "--services"]).ok();
    assert!(services.stdout.contains("worker"), "{}", services.stdout);
}

#[test]
fn every_make_target_that_is_named_is_there() {
    let text = readme();
    let targets: Vec<&str> = text
        .split("make ")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next())
        .filter(|target| ["up", "down", "test", "check", "images", "install", "bench"].contains(target))
        .collect();
    assert!(targets.contains(&"up") && targets.contains(&"test"), "{targets:?}");
    for target in targets {
        let root = env!("CARGO_MANIFEST_DIR");
        let made = Command::new("make")
            .args(["-C", root, "-n", target])
            .output()
            .expect("make runs");
        assert!(
            made.status.success(),
            "make {target}: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
}

#[test]
fn manual_and_completions_name_every_command() {
    let project = Project::empty("man");
    let manual = project.magicctl(&["man"]).ok().stdout;
    let completions = project.magicctl(&["completions", "bash"]).ok().stdout;
    for command in [
        "init", "check", "config", "render", "plan", "up", "status", "logs", "rebuild", "exec", "open", "down",
    ] {
        assert!(manual.contains(command), "{command}");
        assert!(completions.contains(command), "{command}");
    }
}
