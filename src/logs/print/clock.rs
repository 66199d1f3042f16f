//! Times as people read them: where they are, or in UTC.

use time::{OffsetDateTime, UtcOffset};

use crate::logs::Stamp;

/// How far back local times are known exactly; what is older has the oldest offset known.
const DAYS_BACK: i64 = 800;
const DAY: i64 = 86_400;

/// Writes times with milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// From when (Unix seconds) which offset (seconds east) holds, oldest first. Asked for once, because the system may only
    /// be asked while there is one thread, and a year has few changes.
    offsets: Vec<(i64, i32)>,
}

impl Clock {
    /// UTC.
    pub fn utc() -> Self {
        Self {
            offsets: vec![(i64::MIN, 0)],
        }
    }

    /// The machine's own time zone; UTC where it can't be found out.
    pub fn local() -> Self {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        Self::of(now, &|second| {
            let time = OffsetDateTime::from_unix_timestamp(second).ok()?;
            UtcOffset::local_offset_at(time).ok().map(UtcOffset::whole_seconds)
        })
    }

    fn of(now: i64, offset_at: &dyn Fn(i64) -> Option<i32>) -> Self {
        let mut offsets = Vec::new();
        for day in -DAYS_BACK..=2 {
            let second = now + day * DAY;
            let Some(offset) = offset_at(second) else {
                return Self::utc();
            };
            match offsets.last() {
                None => offsets.push((i64::MIN, offset)),
                Some((_, before)) if *before == offset => {}
                Some((_, before)) => {
                    // Between yesterday and today: the second of the change.
                    let (mut low, mut high) = (second - DAY, second);
                    while high - low > 1 {
                        let middle = low + (high - low) / 2;
                        if offset_at(middle) == Some(*before) {
                            low = middle;
                        } else {
                            high = middle;
                        }
                    }
                    offsets.push((high, offset));
                }
            }
        }
        Self { offsets }
    }

    /// Appends `time`.
    pub fn write(&self, time: Stamp, to: &mut Vec<u8>) {
        let seconds = time.seconds();
        let found = self.offsets.iter().rev().find(|(from, _)| *from <= seconds);
        time.write(3, found.map_or(0, |(_, offset)| *offset), to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_changes_at_its_second() {
        let change = 1_793_494_800;
        let clock = Clock::of(change + 30 * DAY, &|second| {
            Some(if second < change { 7200 } else { 3600 })
        });
        let text = |second: i64| {
            let mut text = Vec::new();
            clock.write(Stamp(second * 1_000_000_000), &mut text);
            String::from_utf8(text).unwrap()
        };
        assert_eq!(text(change - 1), "2026-11-01T02:59:59.000+02:00");
        assert_eq!(text(change), "2026-11-01T02:00:00.000+01:00");
    }
}
