//! Steps done by both, one after the other, each followed by a look at what is there.

use std::fmt::Write as _;

use crate::support::own_engine::OwnEngine;
use crate::support::{LIGHT_IMAGE, Project};

use super::state::{Seen, look};

/// One thing that is done to both projects.
pub enum Step<'a> {
    /// The same command line for both.
    Both(&'a str),
    /// The file says something else from now on.
    File(String),
    /// Somebody uses the Docker client: `ID:SERVICE` is the id of the service's first container, `PROJECT` the name.
    ByHand(&'a str),
    /// The same command line, after which ours is to be different, and why that is better.
    Better(&'a str, &'a str),
    /// Compose does it to both.
    ByCompose(&'a str),
    /// magicctl does it to both.
    ByUs(&'a str),
}

pub use Step::{Better, Both, ByCompose, ByHand, ByUs, File};

/// On which engine; `None` is this machine's.
pub type On<'e> = Option<&'e OwnEngine>;

/// A file in which every service runs the light image and sleeps, unless its lines say otherwise.
pub fn file(services: &[(&str, &str)], rest: &str) -> String {
    let mut text = String::from("services:\n");
    for (name, more) in services {
        let command = if more.contains("command:") {
            ""
        } else {
            "    command: [sleep, '600']\n"
        };
        let tmpfs = if more.contains("/data") {
            ""
        } else {
            "    tmpfs: /data\n"
        };
        let image = if more.contains("build:") {
            String::new()
        } else {
            format!("    image: {LIGHT_IMAGE}\n")
        };
        write!(
            text,
            "  {name}:\n{image}    init: true\n    stop_signal: SIGKILL\n{tmpfs}{command}"
        )
        .expect("a String");
        for line in more.lines() {
            writeln!(text, "    {line}").expect("a String");
        }
    }
    text + rest
}

/// Does `steps` with both and compares after each.
#[track_caller]
pub fn same(on: On<'_>, hint: &str, text: &str, steps: &[Step<'_>]) {
    let [ours, theirs] = ["m", "c"].map(|who| {
        let project = project(on, &format!("{hint}-{who}"));
        project.write("docker-compose.yml", text);
        project
    });
    same_on(&ours, &theirs, steps);
}

/// An empty folder for a project there.
pub fn project(on: On<'_>, hint: &str) -> Project {
    let mut project = Project::empty(hint);
    if let Some(engine) = on {
        project.on(engine);
    }
    project
}

#[track_caller]
pub fn same_on(ours: &Project, theirs: &Project, steps: &[Step<'_>]) {
    let (mut seen_ours, mut seen_theirs) = (Seen::default(), Seen::default());
    let mut done = Vec::new();
    for step in steps {
        let typed = match step {
            Both(line) | Better(line, _) | ByCompose(line) | ByUs(line) => *line,
            File(text) => {
                done.push("another file".to_owned());
                ours.write("docker-compose.yml", text);
                theirs.write("docker-compose.yml", text);
                continue;
            }
            ByHand(line) => {
                done.push((*line).to_owned());
                by_hand(ours, line);
                by_hand(theirs, line);
                continue;
            }
        };
        done.push(typed.to_owned());
        let words: Vec<&str> = typed.split_whitespace().collect();
        let (told_ours, told_theirs) = std::thread::scope(|scope| {
            let theirs = scope.spawn(|| match step {
                ByUs(_) => theirs.magicctl(&words),
                _ => theirs.compose(&words),
            });
            let ours = match step {
                ByCompose(_) => ours.compose(&words),
                _ => ours.magicctl(&words),
            };
            (ours, theirs.join().expect("a thread"))
        });
        let (now_ours, now_theirs) = (look(ours, &mut seen_ours), look(theirs, &mut seen_theirs));
        let told = format!(
            "after {}\nCompose ({}): {}\nmagicctl ({}): {}",
            done.join("; "),
            told_theirs.code,
            told_theirs.all(),
            told_ours.code,
            told_ours.all()
        );
        let only = |one: &[String], other: &[String], who: &str| -> String {
            let lines = one.iter().filter(|line| !other.contains(line));
            lines.flat_map(|line| [who, ": ", line, "\n"]).collect()
        };
        let states = only(&now_theirs, &now_ours, "Compose ") + &only(&now_ours, &now_theirs, "magicctl");
        if let Better(_, why) = step {
            assert!(
                now_ours != now_theirs || told_ours.code != told_theirs.code,
                "no longer different ({why}): {told}\n{states}"
            );
        } else {
            assert_eq!(told_ours.code == 0, told_theirs.code == 0, "{told}\n{states}");
            assert!(now_ours == now_theirs, "{told}\n{states}");
        }
    }
    // After `down -v` Compose leaves those that it handed on from one container to the next.
    for (project, seen) in [(ours, seen_ours), (theirs, seen_theirs)] {
        for name in seen.nameless {
            let removed = project.plain("docker", &["volume", "rm", &name]).output();
            removed.expect("docker runs");
        }
    }
}

fn by_hand(project: &Project, line: &str) {
    let mut words = Vec::new();
    for word in line.split_whitespace() {
        words.push(match word.strip_prefix("ID:") {
            Some(service) => project.container(service).lines().last().unwrap_or_default().to_owned(),
            None => word.replace("PROJECT", &project.name),
        });
    }
    project.docker(&words.iter().map(String::as_str).collect::<Vec<_>>());
}
