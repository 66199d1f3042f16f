//! Points in time on the command line: how long ago (`10m`), or a date and time (RFC 3339).

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub OffsetDateTime);

/// Reads a point in time.
///
/// # Errors
/// A sentence with examples.
pub fn parse(text: &str) -> Result<Moment, String> {
    if let Ok(ago) = super::duration::parse(text)
        && let Some(then) = time::Duration::try_from(ago)
            .ok()
            .and_then(|ago| OffsetDateTime::now_utc().checked_sub(ago))
    {
        return Ok(Moment(then));
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .map(Moment)
        .map_err(|_| format!("`{text}` is no time; write how long ago (10m, 2h) or when (2026-01-31T12:00:00Z)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_long_ago_and_when() {
        let then = parse("10m").unwrap().0;
        let ago = OffsetDateTime::now_utc() - then;
        assert!((600..=660).contains(&ago.whole_seconds()));
        assert_eq!(parse("1970-01-01T00:01:00Z").unwrap().0.unix_timestamp(), 60);
        assert!(parse("tomorrow-ish").unwrap_err().contains("10m"));
    }
}
