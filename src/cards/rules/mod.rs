//! The one table: which words mean what. A rule fits when its pattern is found and all of its texts can be filled
//! ([`super::fill`]); the first that fits is the cause. Each part of the table is held against one kind of evidence.

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

/// A cause that is known by the words of one piece of evidence.
#[derive(Debug)]
pub struct Rule {
    /// Its code in the registry.
    pub code: &'static str,
    /// What to look for. Named groups are at hand in the texts.
    pub pattern: &'static str,
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

/// The place that a card shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// None.
    Nowhere,
    /// The innermost line of the user's own code in the traceback.
    Code,
    /// A key of the service in the Compose file.
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
pub enum On {
    /// `137`, `137 oom`, `137 oom limit`.
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
pub static TABLE: [(On, &[Rule]); 13] = [
    (On::Exit, process::MEMORY),
    (On::Build, build::RULES),
    (On::Said, registry::RULES),
    (On::Said, engine::RULES),
    (On::Health, health::CERTAIN),
    (On::Log, process::COMMAND),
    (On::Log, services::RULES),
    (On::Log, python::RULES),
    (On::Exit, process::SIGNALS),
    (On::Health, health::LIKELY),
    (On::Log, python::ANY),
    (On::Build, build::ANY),
    (On::Exit, process::CODES),
];

/// A part of the table, each rule with its compiled pattern.
type Part = (On, Vec<(&'static Rule, Regex)>);

/// The table, compiled.
pub(super) fn compiled() -> &'static [Part] {
    static COMPILED: LazyLock<Vec<Part>> = LazyLock::new(|| {
        // Several rules look for the same words, and say more or less of them.
        let mut patterns = BTreeMap::new();
        let mut pattern = |text: &'static str| {
            let compiled = patterns.entry(text).or_insert_with(|| Regex::new(text));
            // A test holds every pattern to be valid.
            compiled.clone().ok()
        };
        let mut compiled = |(on, rules): &(On, &'static [Rule])| {
            let rules = rules.iter().filter_map(|rule| Some((rule, pattern(rule.pattern)?)));
            (*on, rules.collect())
        };
        TABLE.iter().map(&mut compiled).collect()
    });
    &COMPILED
}

/// Every code that a rule names.
pub fn codes() -> impl Iterator<Item = &'static str> {
    TABLE.iter().flat_map(|(_, rules)| rules.iter()).map(|rule| rule.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_valid_and_every_text_is_whole() {
        for (_, rules) in &TABLE {
            for rule in *rules {
                let pattern = Regex::new(rule.pattern).unwrap_or_else(|error| panic!("{}: {error}", rule.code));
                let texts = [rule.what, rule.why, rule.fix]
                    .into_iter()
                    .chain(rule.run.iter().copied());
                for text in texts {
                    assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
                    assert!(!text.ends_with('.'), "{text}");
                }
                assert!(!rule.why.is_empty() && !rule.fix.is_empty(), "{}", rule.what);
                assert!(
                    crate::codes::find(rule.code).is_some(),
                    "{} has no explanation",
                    rule.code
                );
                if rule.at == At::File {
                    let names: Vec<&str> = pattern.capture_names().flatten().collect();
                    assert!(names.contains(&"path") && names.contains(&"line"), "{}", rule.pattern);
                }
            }
        }
    }
}
