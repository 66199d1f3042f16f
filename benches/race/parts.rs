//! What was measured, part by part: a part that is raced anew replaces what it gave before, so that a long race may be run in
//! pieces, and one that was broken off is lost from there on only.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::results::Results;

/// All of them, in the order of the report.
const NAMES: [&str; 10] = [
    "real", "standing", "loaded", "rebuild", "chain", "10", "40", "waiting", "logs", "plan",
];

/// A part on one engine.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    /// Its version; `any`: it needs none.
    pub engine: String,
    /// Which day.
    pub date: String,
    pub took: Duration,
    pub results: Results,
}

/// Those that there are.
#[derive(Debug, Default)]
pub struct Parts {
    pub all: Vec<Part>,
    /// Those that are wanted now; empty: all.
    only: Vec<String>,
}

impl Parts {
    /// What `RACE` names is to be measured, beside what is known already; without it everything, anew.
    pub fn wanted() -> Self {
        let only: Vec<String> = match std::env::var("RACE") {
            Ok(names) => names.split(',').map(ToOwned::to_owned).collect(),
            Err(_) => Vec::new(),
        };
        for name in &only {
            assert!(
                NAMES.contains(&name.as_str()),
                "there is no part {name}; there are {NAMES:?}"
            );
        }
        let known = std::fs::read_to_string(file()).ok().filter(|_| !only.is_empty());
        let all = known
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Self { all, only }
    }

    /// Whether one of these is to be measured.
    pub fn want(&self, names: &[&str]) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| names.contains(&name.as_str()))
    }

    /// Measures a part, if it is wanted.
    pub fn measure(&mut self, name: &str, engine: &str, work: impl FnOnce(&mut Results)) {
        if !self.want(&[name]) {
            return;
        }
        let began = Instant::now();
        let mut results = Results::default();
        work(&mut results);
        let part = Part {
            name: name.to_owned(),
            engine: engine.to_owned(),
            date: time::OffsetDateTime::now_utc().date().to_string(),
            took: began.elapsed(),
            results,
        };
        eprintln!("{engine:8} {name}: {} s", part.took.as_secs());
        self.all
            .retain(|known| (known.name.as_str(), known.engine.as_str()) != (name, engine));
        self.all.push(part);
        self.all
            .sort_by_key(|part| (version(&part.engine), NAMES.iter().position(|name| *name == part.name)));
        let text = serde_json::to_string(&self.all).expect("plain data");
        std::fs::create_dir_all(folder()).expect("a folder");
        std::fs::write(file(), text).expect("a file");
    }

    /// Whether each part was measured on one engine at least.
    pub fn is_whole(&self) -> bool {
        NAMES.iter().all(|name| self.all.iter().any(|part| part.name == *name))
    }
}

/// The numbers of a version, for its place among others; what has none comes last.
fn version(engine: &str) -> Vec<u32> {
    let numbers = engine.split(|c: char| !c.is_ascii_digit());
    let numbers: Vec<u32> = numbers.map_while(|number| number.parse().ok()).collect();
    if numbers.is_empty() { vec![u32::MAX] } else { numbers }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/race")
}

fn file() -> PathBuf {
    folder().join("parts.json")
}
