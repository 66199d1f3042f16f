//! The one table: which words mean what. Of the rules that fit the first is taken with a cause whose conditions
//! hold and whose texts can be filled ([`super::fill`]). Each part of the table is held against one kind of evidence.

mod build;
mod engine;
mod health;
mod process;
mod python;
mod registry;
mod services;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::codes::Code;

/// What a failure is known by, and what it means.
#[derive(Debug)]
pub struct Rule {
    /// Its code. Another outcome of the rule before has none: its code is that rule's.
    pub code: Option<&'static Code>,
    /// What it is known by. No other rule for the same evidence is known by the same.
    pub when: When,
    /// What else must be so.
    pub only: &'static [Condition],
    /// What is wrong: names the very thing. It follows a colon.
    pub what: &'static str,
    /// Why it is so.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// The same as commands to copy.
    pub run: &'static [&'static str],
    /// Which place of the project to show.
    pub at: At,
}

/// What a failure is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As the rule before: another outcome of it, for where that one's conditions don't hold or its texts can't be filled.
    AsBefore,
    /// Words of a program, an engine or a registry: a regular expression, whose named groups are at hand in the texts.
    Says(&'static str),
    /// The process ended with one of these codes, and not for want of memory.
    Exit(&'static [i64]),
    /// The kernel killed the process: at the limit of its container, or because the machine had no memory left.
    OutOfMemory { at_limit: bool },
    /// The healthcheck printed nothing.
    Silent,
    /// Our own run of the healthcheck did not end in time.
    NoAnswer,
    /// The program of a step of the Dockerfile ended with this code; with any if there is none.
    StepExit(Option<i64>),
    /// The Dockerfile can't be read.
    DockerfileUnreadable,
}

/// What a rule takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The Compose file is the sample project's.
    OfTheSample,
    /// The same, and magicctl.yaml sets the limits in it.
    Rendered,
    /// `make images` makes the image.
    Recipe,
    /// The images of `make images` are in use, and this is none of them.
    NoRecipe,
    /// There is no login for the registry, and the image may be private.
    NoLogin,
    /// There is a login for the registry.
    WithLogin,
    /// No port is open in the container.
    NoPort,
    /// The port that the healthcheck asks is open.
    AskedOpen,
    /// The step copies from the build context.
    FromContext,
    /// The image is built from a Dockerfile.
    Built,
    /// No step of the Dockerfile installs the packages of a file.
    InstallsNothing,
    /// The image is Loki's.
    Loki,
    /// The group `path` is a place of keys.
    HoldsKeys,
}

/// What rules begin from: another outcome, brought up again, nothing to show.
const UP: Rule = Rule {
    code: None,
    when: When::AsBefore,
    only: &[],
    what: "",
    why: "",
    fix: "",
    run: &["magicctl up"],
    at: At::Nowhere,
};
const REBUILD: Rule = Rule {
    run: &["magicctl rebuild {service}"],
    ..UP
};
const AT_CODE: Rule = Rule {
    at: At::Code,
    ..REBUILD
};
const AT_STEP: Rule = Rule {
    at: At::Step,
    ..REBUILD
};
const AT_COMMAND: Rule = Rule {
    at: At::Command,
    ..REBUILD
};
const AT_IMAGE: Rule = Rule { at: At::Image, ..UP };
const AT_HEALTHCHECK: Rule = Rule {
    at: At::Key("healthcheck"),
    ..UP
};

/// The place that a card shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// None.
    Nowhere,
    /// The innermost line of the user's own code in the traceback.
    Code,
    /// What says what the service runs: `command` or `entrypoint`, or else the Dockerfile.
    Command,
    /// What says which image it takes: `image`, or FROM of the Dockerfile when that is being built.
    Image,
    /// Another key of the service in the Compose file.
    Key(&'static str),
    /// A variable of the service's `environment`.
    Setting(&'static str),
    /// The line of `.env` that sets a variable of the Compose file, or else the variable of the service that takes it.
    Variable(&'static str, &'static str),
    /// The step of the Dockerfile.
    Step,
    /// The groups `path` and `line`, a file of the container or of the build context.
    File,
    /// The line of requirements.txt that asks for the group `name`.
    Requirement,
}

/// What a part of the table is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldAgainst {
    /// How the process ended.
    Exit,
    /// The words of the engine or a registry.
    Said,
    /// What the builder's failed step printed, and the builder's own words.
    Build,
    /// What the healthcheck said, of a service that runs.
    Health,
    /// The log's records: errors first, the newest first.
    Log,
}

/// Most decisive first.
pub static TABLE: [(HeldAgainst, &[Rule]); 13] = [
    (HeldAgainst::Exit, process::MEMORY),
    (HeldAgainst::Build, build::RULES),
    (HeldAgainst::Said, registry::RULES),
    (HeldAgainst::Said, engine::RULES),
    (HeldAgainst::Health, health::CERTAIN),
    (HeldAgainst::Log, process::COMMAND),
    (HeldAgainst::Log, services::RULES),
    (HeldAgainst::Log, python::RULES),
    (HeldAgainst::Exit, process::SIGNALS),
    (HeldAgainst::Health, health::LIKELY),
    (HeldAgainst::Log, python::ANY),
    (HeldAgainst::Build, build::ANY),
    (HeldAgainst::Exit, process::CODES),
];

/// The compiled pattern of a rule that goes by words.
pub(super) fn pattern(text: &'static str) -> Option<&'static Regex> {
    static COMPILED: LazyLock<BTreeMap<&str, Regex>> = LazyLock::new(|| {
        let patterns = TABLE
            .iter()
            .flat_map(|(_, rules)| *rules)
            .filter_map(|rule| match rule.when {
                When::Says(pattern) => Some(pattern),
                _ => None,
            });
        // A test holds every pattern to be valid.
        patterns
            .filter_map(|text| Some((text, Regex::new(text).ok()?)))
            .collect()
    });
    COMPILED.get(text)
}

/// The rules of a part, each with all of its outcomes.
pub(super) fn outcomes(rules: &'static [Rule]) -> impl Iterator<Item = &'static [Rule]> {
    rules.chunk_by(|_, next| next.when == When::AsBefore)
}

/// The same of the whole table.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (HeldAgainst, &'static [Rule])> {
    TABLE
        .iter()
        .flat_map(|(on, rules)| outcomes(rules).map(|rules| (*on, rules)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::template::gaps;
    use crate::cards::tests::is_gap;

    #[test]
    fn every_pattern_is_valid_and_every_text_is_whole() {
        for (rule, outcomes) in all().map(|(_, outcomes)| (&outcomes[0], outcomes)) {
            let names: Vec<String> = match rule.when {
                When::Says(pattern) => {
                    let pattern = Regex::new(pattern).unwrap_or_else(|error| panic!("{}: {error}", rule.what));
                    pattern.capture_names().flatten().map(ToOwned::to_owned).collect()
                }
                _ => Vec::new(),
            };
            assert!(rule.code.is_some(), "{} has no code", rule.what);
            for outcome in outcomes {
                let texts = [outcome.what, outcome.why, outcome.fix].into_iter();
                for text in texts.chain(outcome.run.iter().copied()) {
                    assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
                    assert!(!text.ends_with('.'), "{text}");
                    for gap in gaps(text) {
                        assert!(is_gap(gap, &names), "nothing fills {{{gap}}} in: {text}");
                    }
                }
                assert!(!outcome.why.is_empty() && !outcome.fix.is_empty(), "{}", outcome.what);
                if outcome.at == At::File {
                    assert!(["path", "line"].iter().all(|name| names.iter().any(|it| it == name)));
                }
            }
        }
    }

    #[test]
    fn what_a_rule_is_known_by_stands_once() {
        for on in [
            HeldAgainst::Exit,
            HeldAgainst::Said,
            HeldAgainst::Build,
            HeldAgainst::Health,
            HeldAgainst::Log,
        ] {
            let of_it = all().filter(|(of, _)| *of == on);
            let all: Vec<When> = of_it.map(|(_, outcomes)| outcomes[0].when).collect();
            for (index, when) in all.iter().enumerate() {
                assert!(!all[..index].contains(when), "{on:?}: {when:?} stands twice");
                assert_ne!(*when, When::AsBefore, "{on:?}");
            }
        }
    }
}
