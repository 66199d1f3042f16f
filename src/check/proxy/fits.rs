//! What does not fit the schema of `proxy_config.yaml`, in words.

use crate::check::Finding;
use crate::codes;
use crate::nearest::nearest;
use crate::schema::{self, Kind, Problem};
use crate::yaml::Node;

use super::place;

/// A value of the file may be a key in the wrong place: only what is short is shown.
const LONGEST_SHOWN: usize = 20;

/// What is told of `problem`.
pub(super) fn misfit(problem: &Problem<'_, '_, Node>) -> Finding {
    let words = &problem.rule.words;
    let (code, what, meant) = match &problem.kind {
        Kind::Unknown(known) => {
            let key = problem.path.last().map(String::as_str).unwrap_or_default();
            let what = "unknown key".to_owned();
            (&codes::PROXY_UNKNOWN_KEY, what, nearest(key, known.iter().copied()))
        }
        Kind::Missing(name) => (&codes::PROXY_MISSING_KEY, format!("`{name}` is missing"), None),
        Kind::NoneOf => {
            let text = problem.tree.text().unwrap_or_default();
            let is_provider = problem.path.last().is_some_and(|key| key == "provider");
            let code = if is_provider {
                &codes::PROXY_PROVIDER
            } else {
                &codes::PROXY_TYPE
            };
            let shown = if text.len() <= LONGEST_SHOWN {
                format!("`{text}`")
            } else {
                "this".to_owned()
            };
            let what = format!("{shown} is not one of {}", words.join(", "));
            (code, what, nearest(text, words.iter().map(String::as_str)))
        }
        kind => (&codes::PROXY_TYPE, wrong(problem, kind), None),
    };
    let path = problem.path();
    let path = if path.is_empty() { "the file" } else { &path };
    let finding = Finding::new(code, format!("{path}: {what}"))
        .at(place(problem.span))
        .in_file();
    match meant {
        Some(meant) => finding.fix(format!("did you mean `{meant}`?")),
        None => finding,
    }
}

fn wrong(problem: &Problem<'_, '_, Node>, kind: &Kind<'_>) -> String {
    let rule = problem.rule;
    match kind {
        Kind::Type(types) => schema::must_be(types, problem.tree.kind()),
        Kind::Pattern => "must be an address such as http://host:port".to_owned(),
        Kind::Empty => "must not be empty".to_owned(),
        _ => match (rule.minimum, rule.maximum) {
            (Some(least), Some(most)) => format!("must be from {least} to {most}"),
            (Some(least), None) => format!("must be at least {least}"),
            (_, most) => format!("must be at most {}", most.unwrap_or_default()),
        },
    }
}
