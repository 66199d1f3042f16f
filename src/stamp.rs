//! Points in time as the engine writes them: nanoseconds since 1970, read and written without an allocation, because
//! every line of a log has one.

/// Nanoseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Stamp(pub i64);

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

impl Stamp {
    /// Before everything.
    pub const MIN: Self = Self(i64::MIN);
    /// After everything.
    pub const MAX: Self = Self(i64::MAX);

    /// Reads RFC 3339: `2026-11-23T20:00:00.123456789Z`, also with an offset and up to nine decimals.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits = |from: usize, to: usize| -> Option<i64> {
            text.get(from..to)?.iter().try_fold(0, |sum, byte| {
                byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
            })
        };
        let sign = |at: usize, wanted: &[u8]| text.get(at).is_some_and(|byte| wanted.contains(byte));
        if !(sign(4, b"-") && sign(7, b"-") && sign(10, b"T t") && sign(13, b":") && sign(16, b":")) {
            return None;
        }
        let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
        let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
        if !((1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60) {
            return None;
        }
        let mut at = 19;
        let mut nanos = 0;
        if sign(at, b".,") {
            let begin = at + 1;
            at = begin;
            let mut scale = SECOND / 10;
            while let Some(byte) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
                nanos += i64::from(byte - b'0') * scale;
                scale /= 10;
                at += 1;
            }
            if at == begin {
                return None;
            }
        }
        let offset = match text.get(at..)? {
            b"Z" | b"z" => 0,
            [way @ (b'+' | b'-'), _, _, b':', _, _] => {
                let seconds = digits(at + 1, at + 3)? * 3600 + digits(at + 4, at + 6)? * 60;
                if *way == b'-' { -seconds } else { seconds }
            }
            _ => return None,
        };
        let seconds = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
        seconds.checked_mul(SECOND)?.checked_add(nanos).map(Self)
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// Later by `nanos`, or earlier when negative.
    pub fn plus(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Writes RFC 3339 with `decimals` (up to nine) at `offset` seconds east of UTC.
    pub fn write(self, decimals: usize, offset: i32, to: &mut Vec<u8>) {
        let local = self.seconds() + i64::from(offset);
        let (year, month, day) = civil_from_days(local.div_euclid(DAY));
        let second = local.rem_euclid(DAY);
        put(to, year, 4);
        to.push(b'-');
        put(to, month, 2);
        to.push(b'-');
        put(to, day, 2);
        to.push(b'T');
        put(to, second / 3600, 2);
        to.push(b':');
        put(to, second / 60 % 60, 2);
        to.push(b':');
        put(to, second % 60, 2);
        if decimals > 0 {
            to.push(b'.');
            let begin = to.len();
            put(to, self.0.rem_euclid(SECOND), 9);
            to.truncate(begin + decimals.min(9));
        }
        if offset == 0 {
            to.push(b'Z');
        } else {
            to.push(if offset < 0 { b'-' } else { b'+' });
            let minutes = i64::from(offset.unsigned_abs() / 60);
            put(to, minutes / 60, 2);
            to.push(b':');
            put(to, minutes % 60, 2);
        }
    }

    /// RFC 3339 in UTC with all nine decimals.
    pub fn utc(self) -> String {
        let mut text = Vec::with_capacity(30);
        self.write(9, 0, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn put(to: &mut Vec<u8>, number: i64, width: usize) {
    let begin = to.len();
    to.resize(begin + width, b'0');
    let mut rest = number.unsigned_abs();
    for place in (begin..begin + width).rev() {
        // The remainder of ten is one digit.
        to[place] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
}

/// Days since 1970 of a date, by Howard Hinnant's `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of `days_from_civil`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    #[test]
    fn reads_what_engines_write() {
        for (text, nanos) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-23T10:00:00.5Z", 1_795_428_000_500_000_000),
            ("2026-11-23T10:00:00.123456789Z", 1_795_428_000_123_456_789),
            ("2026-11-23T11:00:00.123456789+01:00", 1_795_428_000_123_456_789),
            ("2024-02-29T23:59:59.000000001Z", 1_709_251_199_000_000_001),
        ] {
            assert_eq!(Stamp::parse(text.as_bytes()), Some(Stamp(nanos)), "{text}");
        }
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T10:00:00",
            "2026-13-23T10:00:00Z",
            "2026-11-23T10:00:00.Z",
            "x",
        ] {
            assert_eq!(Stamp::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn writes_at_an_offset() {
        let stamp = Stamp(1_795_428_000_123_456_789);
        let mut text = Vec::new();
        stamp.write(3, -19_800, &mut text);
        assert_eq!(text, b"2026-11-23T04:30:00.123-05:30");
        assert_eq!(stamp.utc(), "2026-11-23T10:00:00.123456789Z");
    }

    proptest! {
        /// The `time` crate agrees on every moment from 1678 to 2262.
        #[test]
        fn is_what_the_time_crate_says(nanos in any::<i64>()) {
            let known = OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos)).unwrap();
            let text = known.format(&Rfc3339).unwrap();
            prop_assert_eq!(Stamp::parse(text.as_bytes()), Some(Stamp(nanos)));
            prop_assert_eq!(Stamp::parse(Stamp(nanos).utc().as_bytes()), Some(Stamp(nanos)));
        }

        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _any = Stamp::parse(&text);
        }
    }
}
