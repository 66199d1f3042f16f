//! Healthchecks that are waited for and not there, or that call a program which is not in the image.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::engine_state::{EngineAnswers, EngineState};
use crate::check::project::Project;
use crate::check::{CheckResult, Finding};
use crate::codes;
use crate::compose::{Condition, Healthcheck, Service};
use crate::engine::ImageFacts;

/// Words that a shell understands by itself.
const BUILT_IN: [&str; 19] = [
    ":", ".", "[", "[[", "test", "true", "false", "exit", "echo", "printf", "exec", "if", "then", "else", "fi", "!",
    "cd", "export", "read",
];
/// Programs that run a script given after `-c`.
const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "/bin/sh", "/bin/bash"];

/// Services that wait for the health of one that has no healthcheck.
pub(in crate::check) fn awaited(project: &Project, _: &EngineState, more: &EngineAnswers) -> CheckResult {
    let Some(stack) = project.stack() else {
        return Ok(Vec::new());
    };
    let images = more.images.clone()?;
    let mut findings = Vec::new();
    for service in project.services() {
        for (name, dependency) in &service.depends_on {
            let Some(other) = stack
                .services
                .get(name)
                .filter(|_| dependency.condition == Condition::ServiceHealthy)
            else {
                continue;
            };
            let disabled = other.healthcheck.as_ref().is_some_and(|check| check.disable);
            let own = other.healthcheck.as_ref().is_some_and(|check| !check.test.is_empty());
            let image = images.get(&other.image_ref(&stack.name));
            // What an image has that is not here yet nobody knows.
            let has_none = disabled || (!own && image.is_some_and(|image| image.healthcheck.is_empty()));
            if has_none {
                let what = format!(
                    "{} waits for {name} to be healthy, but {name} has no healthcheck",
                    service.name
                );
                findings.push(
                    Finding::new(&codes::NO_HEALTHCHECK, what)
                        .at(project.place_of(name))
                        .in_file(),
                );
            }
        }
    }
    Ok(findings)
}

/// Healthchecks whose program is not in the image.
pub(in crate::check) fn tools(project: &Project, _: &EngineState, more: &EngineAnswers) -> CheckResult {
    let Some(stack) = project.stack() else {
        return Ok(Vec::new());
    };
    let known = more.tools.clone()?;
    let mut findings = Vec::new();
    for service in project.services() {
        let Some(has) = known.get(&service.image_ref(&stack.name)) else {
            continue;
        };
        let missing = called(service).into_iter().find(|tool| has.get(tool) == Some(&false));
        if let Some(tool) = missing {
            let image = service.image_ref(&stack.name);
            let what = format!(
                "the healthcheck of {} calls {tool}, which is not in {image}",
                service.name
            );
            findings.push(
                Finding::new(&codes::HEALTHCHECK_TOOL, what)
                    .because("it always fails, so the service stays unhealthy")
                    .at(project.place_of(&service.name))
                    .in_file(),
            );
        }
    }
    Ok(findings)
}

/// The programs that the healthcheck of `service` surely calls.
pub(in crate::check) fn called(service: &Service) -> BTreeSet<String> {
    match &service.healthcheck {
        Some(Healthcheck {
            disable: false, test, ..
        }) => programs(test),
        _ => BTreeSet::new(),
    }
}

fn programs(test: &[String]) -> BTreeSet<String> {
    match test.split_first() {
        Some((kind, words)) if kind == "CMD" => {
            let mut found = BTreeSet::new();
            if let Some(program) = words.first() {
                found.insert(program.clone());
                if SHELLS.contains(&program.as_str())
                    && words
                        .get(1)
                        .is_some_and(|flag| flag.starts_with('-') && flag.ends_with('c'))
                {
                    found.extend(words.get(2).map(|script| of_script(script)).unwrap_or_default());
                }
            }
            found
        }
        Some((kind, words)) if kind == "CMD-SHELL" => {
            let mut found = of_script(&words.join(" "));
            found.insert("/bin/sh".to_owned());
            found
        }
        _ => BTreeSet::new(),
    }
}

/// The programs that a script calls whatever happens: those after `||` are perhaps there for want of another, and then none is sure.
fn of_script(script: &str) -> BTreeSet<String> {
    let alternatives: Vec<&str> = script.split("||").collect();
    let only_exits = alternatives[1..].iter().all(|rest| {
        let word = rest.trim().split([' ', ';', '}', ')']).next().unwrap_or_default();
        matches!(word, "exit" | "false" | "kill" | "{" | "")
    });
    // Quotes, substitutions and loops are beyond a look: better nothing than nonsense.
    let beyond = ["$(", "`", "for ", "while ", "case ", "<<"]
        .iter()
        .any(|word| script.contains(word));
    if !only_exits || beyond {
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for part in split_unquoted(alternatives[0]) {
        let words = shlex::split(&part).unwrap_or_default();
        let word = words.into_iter().find(|word| {
            (!word.contains('=') || word.starts_with(['/', '='])) && !["!", "{", "("].contains(&word.as_str())
        });
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '+');
        if let Some(word) = word.filter(|word| word.chars().all(plain) && !BUILT_IN.contains(&word.as_str())) {
            found.insert(word);
        }
    }
    found
}

/// The commands of a line, split at `|`, `&&` and `;` outside of quotes.
fn split_unquoted(script: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in script.chars() {
        match (quote, c) {
            (None, '|' | ';' | '\n') => parts.push(String::new()),
            (None, '&') => {
                // `2>&1` is not an end of a command.
                if parts.last().is_some_and(|part| part.ends_with('>')) {
                    parts.last_mut().into_iter().for_each(|part| part.push(c));
                } else {
                    parts.push(String::new());
                }
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                parts.last_mut().into_iter().for_each(|part| part.push(c));
            }
            (open, c) => {
                if open == Some(c) {
                    quote = None;
                }
                parts.last_mut().into_iter().for_each(|part| part.push(c));
            }
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Where each of `tools` would be found in an image, in the order of looking.
pub(in crate::check) fn candidates(image: &ImageFacts, tools: &BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
    tools
        .iter()
        .map(|tool| {
            let paths = if tool.contains('/') {
                vec![tool.clone()]
            } else {
                let folders = image.path.iter().filter(|folder| !folder.is_empty());
                folders
                    .map(|folder| format!("{}/{tool}", folder.trim_end_matches('/')))
                    .collect()
            };
            (tool.clone(), paths)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(test: &[&str]) -> Vec<String> {
        let test: Vec<String> = test.iter().map(|word| (*word).to_owned()).collect();
        programs(&test).into_iter().collect()
    }

    #[test]
    fn the_programs_that_a_healthcheck_calls() {
        for (test, wanted) in [
            (vec!["CMD", "wget", "-q", "http://x"], vec!["wget"]),
            (
                vec!["CMD-SHELL", "redis-cli ping | grep -q PONG"],
                vec!["/bin/sh", "grep", "redis-cli"],
            ),
            (
                vec!["CMD-SHELL", "curl -f http://x/?a=1&b=2 || exit 1"],
                vec!["/bin/sh", "curl"],
            ),
            (
                vec!["CMD-SHELL", "curl -f 'http://x/?a=1&b=2' || exit 1"],
                vec!["/bin/sh", "curl"],
            ),
            (vec!["CMD-SHELL", "curl -f x || wget x"], vec!["/bin/sh"]),
            (
                vec!["CMD-SHELL", "A=1 nc -z localhost 9092 2>&1"],
                vec!["/bin/sh", "nc"],
            ),
            (vec!["CMD-SHELL", "[ -f /ready ] && test -d /x"], vec!["/bin/sh"]),
            (vec!["CMD-SHELL", "for i in 1; do x; done"], vec!["/bin/sh"]),
            (
                vec![
                    "CMD",
                    "bash",
                    "-c",
                    ": </dev/tcp/127.0.0.1/8001 && : </dev/tcp/127.0.0.1/8002",
                ],
                vec!["bash"],
            ),
            (vec!["CMD", "/usr/bin/loki", "-health"], vec!["/usr/bin/loki"]),
            (vec!["NONE"], vec![]),
            (vec![], vec![]),
        ] {
            let found: Vec<String> = of(&test).into_iter().filter(|tool| !tool.starts_with("b=")).collect();
            assert_eq!(found, wanted, "{test:?}");
        }
    }

    #[test]
    fn a_program_is_looked_for_where_the_image_says() {
        let image = ImageFacts {
            path: vec!["/a".to_owned(), "/b/".to_owned()],
            ..ImageFacts::default()
        };
        let tools = BTreeSet::from(["curl".to_owned(), "/bin/sh".to_owned()]);
        let found = candidates(&image, &tools);
        assert_eq!(found["curl"], ["/a/curl", "/b/curl"]);
        assert_eq!(found["/bin/sh"], ["/bin/sh"]);
    }
}
