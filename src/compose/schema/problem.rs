//! What is wrong with a value, in words.

use regex::Regex;

use crate::compose::interpolate::shown;
use crate::compose::tree::{Tree, holds_values, wrong_at};
use crate::failure::Failure;
use crate::nearest::nearest;
use crate::schema::{Kind, Problem, Type};

/// The failure of a file that has it.
pub(super) fn failure(problem: &Problem<'_, '_, Tree>) -> Failure {
    let path = problem.path();
    let found = problem.tree.text().filter(|_| !holds_values(&path));
    let value = found.map_or_else(|| "it".to_owned(), |text| shown(text, problem.tree.is_from_variable()));
    let wrong = |why: String| wrong_at(problem.span, &path, why);
    match &problem.kind {
        Kind::Type(types) => {
            let mut names: Vec<&str> = types.iter().map(|wanted| wanted.name()).collect();
            names.dedup();
            let kind = problem.tree.kind();
            let printed = problem.tree.printed();
            let scalar = !printed.is_empty() && !holds_values(&path);
            let found = if scalar {
                format!("{kind} ({})", shown(&printed, problem.tree.is_from_variable()))
            } else {
                kind.to_owned()
            };
            let failure = wrong(format!("must be {}, not {found}", listed(&names)));
            match problem.path.last().map(String::as_str) {
                Some("interval" | "timeout" | "start_period" | "start_interval" | "stop_grace_period" | "delay") => {
                    failure.hint("add a unit: `10s`, `1m30s`")
                }
                _ if scalar && types.contains(&Type::Text) => failure.hint("put it in quotes"),
                _ => failure,
            }
        }
        Kind::NoneOf => wrong(format!("{value} is not one of {}", problem.rule.words.join(", "))),
        Kind::Pattern => match problem.path.last().map(String::as_str) {
            Some("container_name") => wrong(format!("{value} is not a valid container name"))
                .hint("use at least two letters, digits, `_`, `.` and `-`, starting with a letter or digit"),
            Some("pull_policy") => wrong(format!("{value} is not a valid pull policy")).hint(
                "use always, never, missing, if_not_present, build, daily, weekly, or every_ and a time such as every_12h",
            ),
            _ => wrong(format!(
                "{value} does not match {}",
                problem.rule.pattern.as_ref().map_or("", Regex::as_str)
            )),
        },
        Kind::Less(least) => wrong(format!("must be at least {least}")),
        Kind::More(most) => wrong(format!("must be at most {most}")),
        Kind::Empty => wrong("must not be empty".to_owned()),
        Kind::NotFinite => wrong("must be a finite number".to_owned()),
        Kind::Twice => wrong("is listed twice".to_owned()).hint("keep one of them"),
        Kind::Missing(name) => wrong(format!("`{name}` is missing")),
        Kind::Unknown(known) => unknown(problem, wrong("unknown key".to_owned()), known),
    }
}

fn unknown(problem: &Problem<'_, '_, Tree>, failure: Failure, known: &[&str]) -> Failure {
    if known.is_empty() {
        return failure.hint("use only letters, digits, `_`, `.` and `-`");
    }
    let typed = problem.path.last().map(String::as_str).unwrap_or_default();
    let mut known = known.to_vec();
    known.sort_unstable();
    let where_else = match (problem.path.len(), typed) {
        (3, "net") => Some("it comes from version 1 of the format; use `network_mode`"),
        (3, "log_driver" | "log_opt") => Some("it comes from version 1 of the format; use `logging`"),
        (3, "volume_driver") => {
            Some("it comes from version 2 of the format; set the driver under the top-level `volumes`")
        }
        (3, "dockerfile") => Some("it comes from version 1 of the format; move it under `build`"),
        _ => None,
    };
    match (where_else, nearest(typed, known.iter().copied())) {
        (Some(where_else), _) => failure.hint(where_else),
        (None, Some(near)) => failure.hint(format!("did you mean `{near}`?")),
        (None, None) if known.len() <= 8 => failure.hint(format!("the valid keys are {}", known.join(", "))),
        (None, None) => failure,
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
