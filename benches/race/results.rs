//! What was measured, and what it was to be.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::measure::Runs;
use crate::stage::Who;

/// The runs of one contestant at one piece of work on one engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    pub engine: String,
    /// Which stack.
    pub stack: String,
    /// `up`, `again`, `down`, …
    pub work: String,
    pub who: Who,
    pub runs: Runs,
    /// Calls to the engine, and how many of them may change something; counted in a run of its own.
    pub calls: Option<(usize, usize)>,
}

/// A target and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    /// `any`: it needs none.
    pub engine: String,
    pub what: String,
    pub wanted: String,
    pub measured: String,
    pub met: bool,
}

/// Everything so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Results {
    pub entries: Vec<Entry>,
    pub targets: Vec<Target>,
}

impl Results {
    pub fn add(&mut self, entry: Entry) {
        let [median, least, most] = entry.runs.wall();
        eprintln!(
            "{:8} {:32} {:8} {:22} {:>9} ({} to {}), {} MB",
            entry.engine,
            entry.stack,
            entry.work,
            entry.who.name(),
            shown(median),
            shown(least),
            shown(most),
            entry.runs.memory() >> 20,
        );
        self.entries.push(entry);
    }

    pub fn find(&self, engine: &str, stack: &str, work: &str, who: Who) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.engine == engine && entry.stack == stack && entry.work == work && entry.who == who)
    }

    pub fn median(&self, engine: &str, stack: &str, work: &str, who: Who) -> Option<Duration> {
        self.find(engine, stack, work, who).map(|entry| entry.runs.median())
    }

    /// magicctl's time must be at most `most` times that of `other`.
    pub fn ratio(&mut self, what: &str, place: (&str, &str, &str), other: Who, most: f64) {
        let (engine, stack, work) = place;
        let ours = self.median(engine, stack, work, Who::Magicctl);
        let theirs = self.median(engine, stack, work, other);
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
            self.target(Target {
                engine: engine.to_owned(),
                what: what.to_owned(),
                wanted: format!("≤ {most:.2} × {}", other.name()),
                measured: format!("{ratio:.2} ({} : {})", shown(ours), shown(theirs)),
                met: ratio <= most,
            });
        }
    }

    /// `measured` must be at most `most`, in `unit`.
    pub fn limit(&mut self, engine: &str, what: &str, measured: f64, most: f64, unit: &str) {
        self.target(Target {
            engine: engine.to_owned(),
            what: what.to_owned(),
            wanted: format!("≤ {most} {unit}"),
            measured: format!("{} {unit}", rounded(measured)),
            met: measured <= most,
        });
    }

    pub fn target(&mut self, target: Target) {
        let Target {
            engine,
            what,
            wanted,
            measured,
            met,
        } = &target;
        let word = if *met { "met" } else { "NOT MET" };
        eprintln!("{engine:8} {what}: {wanted}: {measured}: {word}");
        self.targets.push(target);
    }
}

fn rounded(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// `3.21 s`, `41.2 ms`.
pub fn shown(time: Duration) -> String {
    if time >= Duration::from_secs(1) {
        format!("{:.2} s", time.as_secs_f64())
    } else {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    }
}
