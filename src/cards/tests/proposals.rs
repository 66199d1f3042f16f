//! What no card proposes: the command that has just failed, and what only the sample project has.

use std::cell::Cell;
use std::sync::Arc;

use regex::Regex;

use crate::failure::Failure;
use crate::redact::Redactor;
use crate::shell::ShellCommand;

use super::hostile::{HOSTILE, fitting, full, known_of, with_patterns};
use super::project::project;
use super::*;
use crate::cards::fill::Known;
use crate::cards::rules::{self, When};

/// Commands that make cards, as they are typed after `magicctl`.
const RAN: [&str; 10] = [
    "up",
    "up --no-check --wait-timeout 6s",
    "up --build",
    "up app",
    "rebuild",
    "rebuild app",
    "restart app",
    "start",
    "create",
    "status",
];
/// What is of use in the sample project alone.
const OF_THE_SAMPLE: [&str; 9] = [
    "magicctl init",
    "magicctl render",
    "render --",
    "make images",
    "images/local.env",
    "magicctl.yaml",
    "PYTHON_IMAGE",
    "REDIS_IMAGE",
    "KAFKA_IMAGE",
];

fn words(ran: &str) -> Vec<String> {
    let typed = ran.split(' ').map(ToOwned::to_owned);
    std::iter::once("magicctl".to_owned()).chain(typed).collect()
}

fn texts(failure: &Failure) -> Vec<String> {
    let said = [failure.what.clone()].into_iter().chain(failure.why.iter().cloned());
    let said = said.chain(failure.hint.clone()).collect::<Vec<_>>();
    [said, failure.run.iter().map(ToString::to_string).collect()].concat()
}

/// `failure` is the card after `magicctl {ran}`.
fn proposes_something_else(failure: &Failure, ran: &str) {
    let verb = ran.split(' ').next().unwrap();
    for text in texts(failure) {
        for same in [format!("magicctl {ran}"), format!("magicctl {verb}")] {
            assert!(
                text != same && !text.contains(&format!("`{same}`")),
                "after {ran}: {text}"
            );
        }
    }
}

/// Symptoms that fit each rule of the table, and some that fit none.
fn all() -> Vec<Symptoms> {
    let mut all = Vec::new();
    for (index, (pattern, _)) in with_patterns().enumerate() {
        let hir = regex_syntax::parse(pattern).unwrap();
        let hostile = HOSTILE[index % HOSTILE.len()];
        for turn in 0..2 {
            let mut symptoms = known_of(&fitting(&hir, hostile, turn), hostile);
            symptoms.stage = stages()[(index + turn) % stages().len()].clone();
            if !matches!(symptoms.stage, Stage::Exited { .. } | Stage::Loop) {
                symptoms.ended = None;
            }
            all.push(symptoms);
        }
    }
    for when in rules::all().map(|(_, outcomes)| outcomes[0].when) {
        let mut symptoms = known_of("gave up", "kafka");
        let ended = |code, oom| {
            Some(Ended {
                code,
                oom,
                ..Ended::default()
            })
        };
        match when {
            When::Exit(codes) => symptoms.ended = ended(codes[0], false),
            When::OutOfMemory { at_limit } => {
                symptoms.ended = ended(137, true);
                symptoms.memory_limit = if at_limit { 1 << 20 } else { 0 };
            }
            When::StepExit(code) => {
                symptoms.stage = Stage::Build;
                symptoms.step_exit = code.or(Some(1));
            }
            When::DockerfileUnreadable => {
                symptoms.stage = Stage::Build;
                symptoms.unreadable = Some(("/x".into(), "no".to_owned()));
            }
            When::AsBefore | When::Says(_) | When::Silent | When::NoAnswer => continue,
        }
        all.push(symptoms);
    }
    for stage in stages() {
        for text in ["something new", ""] {
            let mut symptoms = Symptoms::new("app", stage.clone()).said(text);
            symptoms.records = vec![said(&["gave up"], true)];
            all.push(symptoms);
        }
    }
    all
}

fn stages() -> Vec<Stage> {
    let image = "registry.example.com/a/b:1".to_owned();
    vec![
        Stage::Exited { was_ready: Some(false) },
        Stage::Pull { image },
        Stage::Build,
        Stage::Create,
        Stage::Start,
        Stage::Loop,
        Stage::TimedOut(std::time::Duration::from_secs(6)),
        Stage::Unhealthy,
    ]
}

#[test]
fn no_card_proposes_what_was_run_or_what_only_the_sample_has() {
    let (folder, stack) = full();
    let pulled = "services: {app: {image: x}, kafka: {image: y, depends_on: [app]}}\n";
    let (_pulled, pulled) = project(&[], pulled);
    let (mut with_commands, mut without) = (0, 0);
    for (index, symptoms) in all().into_iter().enumerate() {
        let stack = if index % 3 == 0 { &pulled } else { &stack };
        for ran in ["up", RAN[index % RAN.len()]] {
            let around = Surroundings::new(
                Some(stack),
                Arc::new(Redactor::default()),
                Some(ShellCommand::of("magicctl")),
            );
            let mut around = around.after(words(ran));
            around.here = folder.path().to_owned();
            let failure = card(&symptoms, &around);
            proposes_something_else(&failure, ran);
            for text in texts(&failure) {
                let sample = OF_THE_SAMPLE.iter().find(|word| text.contains(**word));
                assert_eq!(sample, None, "{text}");
            }
            if failure.run.is_empty() {
                without += 1;
            } else {
                with_commands += 1;
            }
        }
    }
    assert!(with_commands > 200 && without > 20, "{with_commands}, {without}");
}

/// Of each rule by itself: what stands before it in the table may hide it from the test above.
#[test]
fn no_rule_proposes_what_was_run() {
    let (folder, stack) = full();
    for (pattern, rule) in with_patterns() {
        let hir = regex_syntax::parse(pattern).unwrap();
        let pattern = Regex::new(pattern).unwrap();
        for turn in 0..4 {
            let text = fitting(&hir, "kafka", turn);
            let Some(caught) = pattern.captures(&text) else {
                continue;
            };
            let symptoms = known_of(&text, "kafka");
            for ran in ["up", RAN[turn % RAN.len()]] {
                let around = Surroundings::new(
                    Some(&stack),
                    Arc::new(Redactor::default()),
                    Some(ShellCommand::of("magicctl")),
                );
                let mut around = around.after(words(ran));
                around.here = folder.path().to_owned();
                let known = Known {
                    symptoms: &symptoms,
                    around: &around,
                    at: rule.at,
                    caught: Some(&caught),
                    text: &text,
                    unknown: Cell::default(),
                };
                let mut failure = Failure::failed(rule.what).because(rule.why).hint(rule.fix);
                failure.run = known.commands(rule.run).unwrap_or_default();
                proposes_something_else(&failure, ran);
            }
        }
    }
}

/// Whoever runs something else is told to bring it up; who named services is told which come up without one that can't.
#[test]
fn what_was_not_run_is_proposed() {
    let compose = "services: {app: {image: 'x:1'}, other: {image: 'y:1'}}\n";
    let (_folder, stack) = project(&[], compose);
    let run = |symptoms: &Symptoms, ran: &str| {
        let again = ShellCommand::of("magicctl -p").value("mine");
        let around = Surroundings::new(Some(&stack), Arc::new(Redactor::default()), again).after(words(ran));
        let run = card(symptoms, &around).run;
        run.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let gone = Symptoms::new("app", Stage::Start).said("No such image: x:1");
    assert_eq!(run(&gone, "-p mine start"), ["magicctl -p mine up"]);
    assert_eq!(run(&gone, "-p mine up"), [] as [&str; 0]);
    assert_eq!(run(&gone, "-p mine up --no-check app"), [] as [&str; 0]);
    // Another project's.
    assert_eq!(run(&gone, "up"), ["magicctl -p mine up"]);
    let mut slow = Symptoms::new("app", Stage::TimedOut(std::time::Duration::from_secs(6)));
    slow.records = vec![said(&["starting"], false)];
    let longer = "magicctl -p mine up --wait-timeout 60s";
    assert!(run(&slow, "-p mine up --wait-timeout 6s").contains(&longer.to_owned()));
}
