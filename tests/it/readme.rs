//! What the README and the guide tell people to type works as written.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Done, Project};

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

fn readme() -> String {
    page("README.md")
}

/// The fenced blocks of `text`: the language, and the lines.
fn blocks(text: &str) -> Vec<(&str, &str)> {
    let fenced = text.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a line")).collect()
}

/// Runs each command of a shell block in `project`; says how many there are. A comment begins with ` # `.
fn run(project: &Project, block: &str) -> usize {
    let lines = block
        .lines()
        .map(|line| line.split(" # ").next().unwrap_or(line).trim());
    let mut count = 0;
    for line in lines.filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("magicctl"), "{line}");
        let done = project.magicctl(&words.collect::<Vec<_>>());
        assert_eq!(done.code, 0, "{line}: {}", done.all());
        count += 1;
    }
    count
}

#[test]
fn every_command_works_in_a_new_project() {
    let project = Project::sample("readme");
    let text = readme();
    let shell = blocks(&text).into_iter().filter(|(kind, _)| *kind == "sh");
    let count: usize = shell.map(|(_, block)| run(&project, block)).sum();
    assert!(count > 10, "{count} commands");
}

/// A block that begins with a comment such as `# dev.env` is that file.
#[test]
fn the_guide_can_be_followed() {
    let project = Project::sample("guide");
    let text = page("docs/guide.md");
    let (mut count, mut files) = (0, 0);
    for (kind, block) in blocks(&text) {
        if kind == "sh" {
            count += run(&project, block);
        } else {
            let first = block.lines().next().unwrap_or_default();
            project.write(first.strip_prefix("# ").expect("a file's name"), block);
            files += 1;
        }
    }
    assert!(count > 30 && files > 3, "{count} commands, {files} files");
    let left = project.magicctl(&["--output", "json", "volumes"]).ok().stdout;
    assert!(left.contains(r#""volumes":[]"#), "{left}");
}

/// What a comment after a command says that it prints.
#[test]
fn the_guide_says_what_plans_say() {
    let project = Project::sample("guide-plan");
    let text = page("docs/guide.md");
    let blocks = blocks(&text);
    let file = |name: &str| {
        let first = format!("# {name}\n");
        let (_, block) = blocks.iter().find(|(_, block)| block.starts_with(&first)).expect(name);
        project.write(name, block);
    };
    project.magicctl(&["up", "redis"]).ok();
    file("docker-compose.override.yml");
    let plan = project.magicctl(&["plan", "redis"]).ok().stdout;
    assert!(plan.contains("environment.TZ added"), "{plan}");
    file("dev.env");
    project.magicctl(&["--env-file", "dev.env", "up", "redis"]).ok();
    let plan = project.magicctl(&["plan", "redis"]).ok();
    assert!(plan.stdout.contains("nothing to do"), "{}", plan.all());
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
