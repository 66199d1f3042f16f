//! What the README tells people to type works as written.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Project;

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
