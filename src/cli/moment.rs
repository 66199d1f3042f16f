//! Points in time on the command line: how long ago (`10m`), a day (`yesterday`, `2026-01-31`), or a date and time (RFC 3339).
//! A day begins at midnight where the user is.

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
            "`{text}` is no time; write how long ago (10m, 2h, 1h30m), a day (today, yesterday, 2026-01-31) or when \
             (2026-01-31T12:00:00Z, 2026-01-31 12:00)"
        )
    })
}

fn at(text: &str, now: OffsetDateTime, offset: &dyn Fn(OffsetDateTime) -> UtcOffset) -> Option<Stamp> {
    if let Ok(ago) = super::duration::parse(text) {
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
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("10m") && error.contains("yesterday"), "{error}");
        }
    }
}
