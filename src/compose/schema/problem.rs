//! What is wrong with a value, in words.

use crate::compose::interpolate::shown;
use crate::compose::tree::{Tree, holds_values, wrong_at};
use crate::failure::Failure;
use crate::nearest::nearest;
use crate::yaml::Span;

use super::compile::{Rule, Type};

/// A rule that a value breaks.
#[derive(Debug)]
pub(super) struct Problem<'t, 'c> {
    /// How deep in the file; of several complaints the deepest is the one to tell.
    pub depth: usize,
    pub path: Vec<String>,
    pub tree: &'t Tree,
    /// Where the caret goes.
    pub span: &'t Span,
    pub kind: Kind<'c>,
}

/// Which one.
#[derive(Debug)]
pub(super) enum Kind<'c> {
    Type(Vec<Type>),
    NoneOf(&'c [String]),
    Pattern(&'c str),
    Less(f64),
    More(f64),
    NotFinite,
    Twice,
    Unknown(&'c Rule),
    Missing(&'c str),
}

impl Problem<'_, '_> {
    pub fn failure(self) -> Failure {
        let path = self.path.join(".").replace(".[", "[");
        let found = self.tree.text().filter(|_| !holds_values(&path));
        let value = found.map_or_else(|| "it".to_owned(), |text| shown(text, self.tree.is_from_variable()));
        let wrong = |why: String| wrong_at(self.span, &path, why);
        match &self.kind {
            Kind::Type(types) => {
                let mut names: Vec<&str> = types.iter().map(|wanted| wanted.name()).collect();
                names.dedup();
                let kind = self.tree.kind();
                let printed = self.tree.printed();
                let scalar = !printed.is_empty() && !holds_values(&path);
                let found = if scalar {
                    format!("{kind} ({})", shown(&printed, self.tree.is_from_variable()))
                } else {
                    kind.to_owned()
                };
                let failure = wrong(format!("must be {}, not {found}", listed(&names)));
                match self.path.last().map(String::as_str) {
                    Some("interval" | "timeout" | "start_period" | "start_interval" | "stop_grace_period" | "delay") => {
                        failure.hint("a duration has a unit: `10s`, `1m30s`")
                    }
                    _ if scalar && types.contains(&Type::Text) => failure.hint("write it in quotes"),
                    _ => failure,
                }
            }
            Kind::NoneOf(words) => wrong(format!("{value} is none of {}", words.join(", "))),
            Kind::Pattern(pattern) => match self.path.last().map(String::as_str) {
                Some("container_name") => wrong(format!("{value} is no container's name"))
                    .hint("letters, digits, `_`, `.` and `-`, beginning with a letter or digit, at least two"),
                Some("pull_policy") => wrong(format!("{value} is no pull policy"))
                    .hint("always, never, missing, if_not_present, build, daily, weekly, or every_ and a time such as every_12h"),
                _ => wrong(format!("{value} does not match {pattern}")),
            },
            Kind::Less(least) => wrong(format!("must be at least {least}")),
            Kind::More(most) => wrong(format!("must be at most {most}")),
            Kind::NotFinite => wrong("must be a number that ends".to_owned()),
            Kind::Twice => wrong("is there twice".to_owned()).hint("keep one of them"),
            Kind::Missing(name) => wrong(format!("`{name}` is missing")),
            Kind::Unknown(rule) => self.unknown(&wrong("there is no such key".to_owned()), rule),
        }
    }

    fn unknown(&self, failure: &Failure, rule: &Rule) -> Failure {
        let failure = failure.clone();
        if rule.properties.is_empty() {
            return failure.hint("a name holds letters, digits, `_`, `.` and `-`");
        }
        let typed = self.path.last().map(String::as_str).unwrap_or_default();
        let mut known: Vec<&str> = rule.properties.keys().map(String::as_str).collect();
        known.sort_unstable();
        let where_else = match (self.path.len(), typed) {
            (3, "net") => Some("it is of version 1 of the format: use `network_mode`"),
            (3, "log_driver" | "log_opt") => Some("it is of version 1 of the format: use `logging`"),
            (3, "volume_driver") => {
                Some("it is of version 2 of the format: name the driver under the top-level `volumes`")
            }
            (3, "dockerfile") => Some("it is of version 1 of the format: put it under `build`"),
            _ => None,
        };
        match (where_else, nearest(typed, known.iter().copied())) {
            (Some(where_else), _) => failure.hint(where_else),
            (None, Some(near)) => failure.hint(format!("did you mean `{near}`?")),
            (None, None) if known.len() <= 8 => failure.hint(format!("there are: {}", known.join(", "))),
            (None, None) => failure,
        }
    }
}

/// `a, b or c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}
