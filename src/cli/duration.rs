//! Durations on the command line: `90`, `90s`, `1m30s`, `500ms`, as Compose writes them; a bare number is seconds.

use std::time::Duration;

/// Reads a duration.
///
/// # Errors
/// A sentence with examples.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a valid duration; use 90s, 2m or 1m30s");
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let value: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |end| digits + end);
        let unit = match &rest[digits..unit_end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(wrong()),
        };
        total = Duration::try_from_secs_f64(value * unit)
            .ok()
            .and_then(|part| total.checked_add(part))
            .ok_or_else(wrong)?;
        rest = &rest[unit_end..];
    }
    Ok(total)
}

/// What [`parse_grace`] reads of `-1`: each container's own grace period, as if no time were given.
pub const OWN: Duration = Duration::MAX;

/// Reads how long a container may take to stop. `-1` is Compose's default.
///
/// # Errors
/// As [`parse`].
pub fn parse_grace(text: &str) -> Result<Duration, String> {
    if text == "-1" { Ok(OWN) } else { parse(text) }
}

#[cfg(test)]
mod tests {
    use super::{OWN, parse, parse_grace};

    #[test]
    fn minus_one_is_a_containers_own_grace_period() {
        assert_eq!(parse_grace("-1"), Ok(OWN));
        assert_eq!(parse_grace("5").unwrap().as_secs(), 5);
        assert!(parse_grace("-2").is_err() && parse("-1").is_err());
    }

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [
            ("90", 90_000),
            ("90s", 90_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("2d", 172_800_000),
        ] {
            assert_eq!(parse(text).unwrap().as_millis(), millis, "{text}");
        }
    }

    #[test]
    fn says_how_to_write_it() {
        for text in ["", "soon", "-5s", "5x", "s", "1e300", "999999999999999999999h"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("1m30s"), "{text}: {error}");
        }
    }
}
