//! The same errors folded into one line each: how often, since when, until when, where.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use super::fingerprint::fingerprint;
use super::print::{LogOwner, Printer, message};
use super::{Level, Record, Stamp};

/// More different errors than this are counted together, so that memory stays bounded.
const MOST_GROUPS: usize = 10_000;
const MOST_BYTES: usize = 16 << 20;
/// What the errors beyond that are called.
const OTHERS: &str = "(other errors)";

/// The errors that have a fingerprint in common.
#[derive(Debug, Clone)]
pub struct Group {
    /// What they have in common.
    pub fingerprint: String,
    /// How many.
    pub count: u64,
    /// When the first was.
    pub first: Stamp,
    /// When the last was.
    pub last: Stamp,
    /// Whose they are.
    pub services: BTreeSet<Arc<str>>,
    /// The worst level.
    pub level: Option<Level>,
    /// The last of them.
    pub example: (Arc<LogOwner>, Record),
}

/// Groups of errors.
#[derive(Debug, Default)]
pub struct Summary {
    groups: HashMap<String, Group>,
    /// How long their texts are together.
    bytes: usize,
}

impl Summary {
    /// Counts a record. Its keys are masked as `printer` does, before what is left of them is not a key any more.
    pub fn add(&mut self, owner: &Arc<LogOwner>, record: &Record, printer: &Printer) {
        let message = message(record);
        let mut fingerprint = fingerprint(&String::from_utf8_lossy(&printer.mask(message.as_bytes())));
        let full = self.groups.len() >= MOST_GROUPS || self.bytes >= MOST_BYTES;
        if full && !self.groups.contains_key(&fingerprint) {
            OTHERS.clone_into(&mut fingerprint);
        }
        if let Some(group) = self.groups.get_mut(&fingerprint) {
            group.count += 1;
            group.first = group.first.min(record.time);
            group.level = group.level.max(record.level());
            if !group.services.contains(&owner.service) {
                group.services.insert(owner.service.clone());
            }
            if record.time >= group.last {
                self.bytes = (self.bytes + record.bytes().len()).saturating_sub(group.example.1.bytes().len());
                group.last = record.time;
                group.example.0 = owner.clone();
                group.example.1.clone_from(record);
            }
            return;
        }
        self.bytes += 2 * fingerprint.len() + record.bytes().len();
        let group = Group {
            fingerprint: fingerprint.clone(),
            count: 1,
            first: record.time,
            last: record.time,
            services: BTreeSet::from([owner.service.clone()]),
            level: record.level(),
            example: (owner.clone(), record.clone()),
        };
        self.groups.insert(fingerprint, group);
    }

    /// Adds the counts of another source.
    pub fn merge(&mut self, other: Self) {
        for (fingerprint, group) in other.groups {
            let Some(mine) = self.groups.get_mut(&fingerprint) else {
                self.groups.insert(fingerprint, group);
                continue;
            };
            mine.count += group.count;
            mine.first = mine.first.min(group.first);
            mine.level = mine.level.max(group.level);
            mine.services.extend(group.services);
            if group.last > mine.last {
                mine.last = group.last;
                mine.example = group.example;
            }
        }
    }

    /// The groups, newest first.
    pub fn groups(self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.groups.into_values().collect();
        groups.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.fingerprint.cmp(&b.fingerprint)));
        groups
    }
}

impl Group {
    /// For programs; `example` is the whole record as `logs` gives it.
    pub fn json(&self, example: &Value) -> Value {
        json!({
            "count": self.count,
            "first": self.first.utc(),
            "last": self.last.utc(),
            "services": self.services.iter().map(|service| &**service).collect::<Vec<_>>(),
            "level": self.level,
            "fingerprint": self.fingerprint,
            "example": example,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Piece;
    use crate::redact::Redactor;

    fn owner(service: &str) -> Arc<LogOwner> {
        Arc::new(LogOwner {
            service: service.into(),
            ..LogOwner::default()
        })
    }

    fn record(time: i64, text: &str) -> Record {
        let bytes = text.as_bytes();
        Record::of(Piece {
            time: Stamp(time),
            stderr: false,
            bytes,
            ends: true,
        })
    }

    #[test]
    fn the_same_error_is_counted_whatever_its_numbers() {
        let (app, kafka) = (owner("app"), owner("kafka"));
        let mut summary = Summary::default();
        let printer = Printer::default();
        for (time, text) in [
            (5, r#"{"level":"ERROR","message":"request 17 failed"}"#),
            (9, r#"{"level":"CRITICAL","message":"request 18 failed"}"#),
            (7, "ERROR:    another"),
        ] {
            summary.add(&app, &record(time, text), &printer);
        }
        let mut other = Summary::default();
        let text = "[2026-11-23 20:00:00,123] ERROR request 3 failed (x)";
        other.add(&kafka, &record(3, text), &printer);
        summary.merge(other);
        let groups = summary.groups();
        let seen: Vec<(&str, u64, i64, i64, usize)> = groups
            .iter()
            .map(|g| (g.fingerprint.as_str(), g.count, g.first.0, g.last.0, g.services.len()))
            .collect();
        assert_eq!(seen, [("request # failed", 3, 3, 9, 2), ("another", 1, 7, 7, 1)]);
        assert_eq!(groups[0].level, Some(Level::Fatal));
        assert!(groups[0].example.1.bytes().ends_with(b"18 failed\"}"));
    }

    #[test]
    fn of_a_key_nothing_is_left_in_a_fingerprint() {
        let printer = Printer {
            redactor: Some(Arc::new(Redactor::of(vec!["hunter2-and-longer".to_owned()]))),
            ..Printer::default()
        };
        let mut summary = Summary::default();
        // The escape hides it in the line, the number would hide it in the fingerprint.
        let text = r#"{"level":"ERROR","message":"no \u0068unter2-and-longer"}"#;
        summary.add(&owner("app"), &record(1, text), &printer);
        assert_eq!(summary.groups()[0].fingerprint, "no ********");
    }
}
