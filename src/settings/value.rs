//! What the settings' values may be.

/// Why a value is refused.
pub(super) struct Refused {
    pub what: String,
    pub hint: Option<String>,
}

fn refused(what: String, hint: &str) -> Refused {
    Refused {
        what,
        hint: Some(hint.to_owned()),
    }
}

pub(super) fn check(name: &str, value: &str) -> Result<(), Refused> {
    match name {
        "project" => crate::names::check_project_name(value).map_err(|failure| Refused {
            what: failure.what,
            hint: failure.hint,
        }),
        "collector" => one_of(
            value,
            &["promtail", "alloy"],
            "collector",
            "use promtail (tested with every release) or alloy (its maintained successor)",
        ),
        "collector_scope" => one_of(
            value,
            &["all", "project"],
            "collector scope",
            "use `all` for every running container, or `project` for this project's",
        ),
        "log_level" => one_of(
            value,
            &["debug", "info", "warn", "error"],
            "log level",
            "use debug, info, warn or error",
        ),
        "read_only" if matches!(value, "true" | "false") => Ok(()),
        "read_only" => Err(refused(
            format!("`{value}` is not true or false"),
            "use `read_only: true`, or remove it",
        )),
        _ => match hours(value) {
            Some(_) => Ok(()),
            None => Err(refused(
                format!("`{value}` is not a valid retention"),
                "use hours, days or weeks: 36h, 7d, 2w; at least 24h",
            )),
        },
    }
}

fn one_of(value: &str, allowed: &[&str], kind: &str, hint: &str) -> Result<(), Refused> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(refused(format!("`{value}` is not a valid {kind}"), hint))
}

/// `36h`, `7d`, `2w` in hours; Loki's least is a day.
pub(super) fn hours(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let hours = match unit {
        'h' => number,
        'd' => number.checked_mul(24)?,
        'w' => number.checked_mul(168)?,
        _ => return None,
    };
    (24..=876_000).contains(&hours).then_some(hours)
}
