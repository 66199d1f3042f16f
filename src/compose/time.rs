//! Dates without quotes: go-yaml makes times of them, and Compose prints those where it wants text.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// A moment, as far as a YAML file writes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// `2026-1-2`, `2026-01-02 10:00:00.5`, `2026-01-02T10:00:00Z`, `…+01:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits != 4 || text.as_bytes().get(4) != Some(&b'-') {
            return None;
        }
        let (day, rest) = match text.find(['T', 't', ' ']) {
            Some(at) => (&text[..at], Some((text.as_bytes()[at], &text[at + 1..]))),
            None => (text, None),
        };
        let mut parts = day.split('-').map(number);
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() {
            return None;
        }
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
        let Some((separator, rest)) = rest else {
            return Some(Self(date.midnight().assume_utc()));
        };
        let (clock, offset) = match (separator, rest.find(['Z', '+', '-'])) {
            (b' ', None) => (rest, UtcOffset::UTC),
            (b'T' | b't', Some(at)) => (&rest[..at], offset(&rest[at..])?),
            _ => return None,
        };
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let mut parts = clock.split(':').map(number);
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
        let byte = |number: u32| u8::try_from(number).ok();
        let time = Time::from_hms_nano(byte(hour)?, byte(minute)?, byte(second)?, nanos).ok()?;
        Some(Self(OffsetDateTime::new_in_offset(date, time, offset)))
    }

    /// Go's `Time.String`.
    pub fn printed(self) -> String {
        let (name, offset) = match self.0.offset().as_hms() {
            (0, 0, 0) => ("UTC".to_owned(), "+0000".to_owned()),
            (hours, minutes, _) => {
                let offset = format!("{}{:02}{:02}", sign(hours, minutes), hours.abs(), minutes.abs());
                (offset.clone(), offset)
            }
        };
        format!("{} {}{} {offset} {name}", self.0.date(), self.clock(), self.fraction())
    }

    /// Go's `RFC3339Nano`.
    pub fn rfc3339(self) -> String {
        let offset = match self.0.offset().as_hms() {
            (0, 0, 0) => "Z".to_owned(),
            (hours, minutes, _) => format!("{}{:02}:{:02}", sign(hours, minutes), hours.abs(), minutes.abs()),
        };
        format!("{}T{}{}{offset}", self.0.date(), self.clock(), self.fraction())
    }

    fn clock(self) -> String {
        let (hour, minute, second) = self.0.to_hms();
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    fn fraction(self) -> String {
        match self.0.nanosecond() {
            0 => String::new(),
            nanos => format!(".{nanos:09}").trim_end_matches('0').to_owned(),
        }
    }
}

fn sign(hours: i8, minutes: i8) -> char {
    if hours < 0 || minutes < 0 { '-' } else { '+' }
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn offset(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let part = |text: &str| Some(sign * i8::try_from(number(text)?).ok()?);
    UtcOffset::from_hms(part(hours)?, part(minutes)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn prints_as_go_does() {
        for (text, printed, rfc) in [
            ("2026-1-2", "2026-01-02 00:00:00 +0000 UTC", "2026-01-02T00:00:00Z"),
            (
                "2026-01-02T10:00:00.50+01:30",
                "2026-01-02 10:00:00.5 +0130 +0130",
                "2026-01-02T10:00:00.5+01:30",
            ),
            (
                "2026-01-02 10:00:00",
                "2026-01-02 10:00:00 +0000 UTC",
                "2026-01-02T10:00:00Z",
            ),
        ] {
            let time = Timestamp::parse(text).unwrap();
            assert_eq!((time.printed().as_str(), time.rfc3339().as_str()), (printed, rfc));
        }
        for text in [
            "2026",
            "2026-13-01",
            "2026-01-02-03",
            "2026-01-02 10",
            "20260-1-1",
            "2026-01-02T10:00:00",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
