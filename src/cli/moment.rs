//! Points in time on the command line: how long ago (`10m`), a day (`yesterday`, `2026-01-31`), a date and time (RFC 3339), or
//! a Unix time (`1795820875`), which is what Docker and Compose take a bare number for. A day begins at midnight where the
//! user is.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use crate::stamp::Stamp;

/// Reads a point in time.
///
/// # Errors
/// A sentence with examples.
pub fn parse(text: &str) -> Result<Stamp, String> {
    let now = OffsetDateTime::now_utc();
    at(text, now, &|time| {
        UtcOffset::local_offset_at(time).unwrap_or(UtcOffset::UTC)
    })
    .ok_or_else(|| {
        format!(
            "`{text}` is not a valid time; use how long ago (10m, 2h, 1h30m), a day (today, yesterday, 2026-01-31), when \
             (2026-01-31T12:00:00Z, 2026-01-31 12:00) or a Unix time (1795820875)"
        )
    })
}

fn at(text: &str, now: OffsetDateTime, offset: &dyn Fn(OffsetDateTime) -> UtcOffset) -> Option<Stamp> {
    if text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'))
    {
        return unix(text);
    }
    // With its unit: seconds ago without one are a Unix time.
    if text.ends_with(|last: char| last.is_ascii_alphabetic())
        && let Ok(ago) = super::duration::parse(text)
    {
        let then = now.checked_sub(time::Duration::try_from(ago).ok()?)?;
        return stamp(then);
    }
    if let Some(stamp) = Stamp::parse(text.as_bytes()) {
        return Some(stamp);
    }
    let today = now.to_offset(offset(now)).date();
    let local = match text {
        "now" => return stamp(now),
        "today" => PrimitiveDateTime::new(today, Time::MIDNIGHT),
        "yesterday" => PrimitiveDateTime::new(today.previous_day()?, Time::MIDNIGHT),
        _ => date_and_time(text)?,
    };
    // The offset of the moment itself: summer may have begun since.
    let about = local.assume_offset(offset(now));
    stamp(local.assume_offset(offset(about)))
}

/// Seconds since 1970, with up to nine decimals: digit by digit, because a float has too few.
fn unix(text: &str) -> Option<Stamp> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if decimals.is_empty() || decimals.len() > 9 || decimals.contains('.') {
        return None;
    }
    let nanos: i64 = format!("{decimals:0<9}").parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos).map(Stamp)
}

/// `2026-01-31`, `2026-01-31 12:00`, `2026-01-31T12:00:00`.
fn date_and_time(text: &str) -> Option<PrimitiveDateTime> {
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00"),
    };
    let numbers = |text: &str, between: char| -> Option<Vec<u8>> {
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        text.split(between)
            .map(|part| part.parse().ok().filter(|_| digits(part)))
            .collect()
    };
    let (year, month_day) = date.split_once('-').filter(|(year, _)| year.len() == 4)?;
    let &[month, day] = numbers(month_day, '-')?.as_slice() else {
        return None;
    };
    let (hour, minute, second) = match *numbers(time, ':')?.as_slice() {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let date = Date::from_calendar_date(year.parse().ok()?, Month::try_from(month).ok()?, day).ok()?;
    Some(PrimitiveDateTime::new(date, Time::from_hms(hour, minute, second).ok()?))
}

fn stamp(time: OffsetDateTime) -> Option<Stamp> {
    i64::try_from(time.unix_timestamp_nanos()).ok().map(Stamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{datetime, offset};

    #[test]
    fn reads_how_long_ago_and_when() {
        let now = datetime!(2026-11-24 00:30:00 UTC);
        // Where it is 01:30 already; in summer it was an hour more.
        let here = |time: OffsetDateTime| {
            if time < datetime!(2026-10-25 01:00 UTC) {
                offset!(+2)
            } else {
                offset!(+1)
            }
        };
        for (text, wanted) in [
            ("10m", "2026-11-24T00:20:00.000000000Z"),
            ("1h30m", "2026-11-23T23:00:00.000000000Z"),
            ("today", "2026-11-23T23:00:00.000000000Z"),
            ("yesterday", "2026-11-22T23:00:00.000000000Z"),
            ("2026-07-01", "2026-06-30T22:00:00.000000000Z"),
            ("2026-11-24 01:00", "2026-11-24T00:00:00.000000000Z"),
            ("2026-11-24T01:00:05", "2026-11-24T00:00:05.000000000Z"),
            ("2026-11-24T01:00:00.5+01:00", "2026-11-24T00:00:00.500000000Z"),
            ("1970-01-01T00:01:00Z", "1970-01-01T00:01:00.000000000Z"),
            // What `date +%s` and `date +%s.%N` print.
            ("1795820875", "2026-11-27T23:07:55.000000000Z"),
            ("1795820875.5", "2026-11-27T23:07:55.500000000Z"),
            ("1795820875.123456789", "2026-11-27T23:07:55.123456789Z"),
            ("90", "1970-01-01T00:01:30.000000000Z"),
            ("0", "1970-01-01T00:00:00.000000000Z"),
        ] {
            assert_eq!(at(text, now, &here).map(Stamp::utc).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_answered_with_examples() {
        for text in [
            "tomorrow-ish",
            "",
            "2026-13-01",
            "2026-01-31T25:00:00Z",
            "2026-1-31",
            "99999999999h",
            "-5m",
            "-5",
            "1.2.3",
            "1795820875.",
            "1795820875.0123456789",
            "99999999999999999999",
            "1e9",
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("10m") && error.contains("yesterday"), "{error}");
        }
    }
}
