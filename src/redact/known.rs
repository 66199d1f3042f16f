//! Known keys, thousands of them in one pass. A table tells how far the next key can begin at the earliest (Wu and Manber),
//! so most of a text is stepped over; what may be a key is left to an automaton.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::forms;

/// Shorter values are too common to mask: `true` or `8080` in an env file is not a key.
pub(super) const SHORTEST_KEY: usize = 8;
/// How many bytes are looked at together.
const BLOCK: usize = 4;
/// More of each key than this would only fill the table, and make its steps shorter.
const WIDEST: usize = 16;
/// Bits of the tables' index: 64 KiB stay in the processor's second cache, and a thousand keys fill few of them.
const BITS: u32 = 16;

/// Known keys.
#[derive(Debug, Default)]
pub(super) struct KnownKeys {
    inner: Option<Inner>,
    /// There are keys, and no way to look for them.
    blind: bool,
}

#[derive(Debug)]
struct Inner {
    /// The beginnings of keys that the tables know are this long: the shortest key at most.
    window: usize,
    /// How far to step from a block, by its hash; 0: it may be a window's last.
    steps: Vec<u8>,
    /// Whether a key begins with a block, by its hash.
    begins: Vec<bool>,
    automaton: AhoCorasick,
}

fn hash(block: &[u8]) -> usize {
    let word = u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
    // 16 bits fit everywhere.
    (word.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

impl KnownKeys {
    pub(super) fn of(keys: &[String]) -> Self {
        let mut all: Vec<String> = Vec::new();
        for key in keys {
            if key.chars().count() < SHORTEST_KEY {
                continue;
            }
            all.extend(forms::of(key).into_iter().filter(|form| form.len() >= SHORTEST_KEY));
        }
        all.sort_unstable();
        all.dedup();
        if all.is_empty() {
            return Self::default();
        }
        // It is run over lines that hold a key, which are few: the small form will do.
        let built = AhoCorasick::builder()
            .kind(Some(aho_corasick::AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(&all);
        let Ok(automaton) = built else {
            return Self {
                inner: None,
                blind: true,
            };
        };
        let window = all.iter().map(String::len).min().unwrap_or(SHORTEST_KEY).min(WIDEST);
        let furthest = window - BLOCK + 1;
        // A window's length fits.
        let short = |step: usize| u8::try_from(step).unwrap_or(u8::MAX);
        let mut steps = vec![short(furthest); 1 << BITS];
        let mut begins = vec![false; 1 << BITS];
        for key in &all {
            let key = key.as_bytes();
            begins[hash(&key[..BLOCK])] = true;
            for at in 0..furthest {
                let step = &mut steps[hash(&key[at..at + BLOCK])];
                *step = (*step).min(short(furthest - 1 - at));
            }
        }
        Self {
            blind: false,
            inner: Some(Inner {
                window,
                steps,
                begins,
                automaton,
            }),
        }
    }

    /// Adds where known keys are; keys that overlap are all found.
    pub(super) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        if self.blind {
            found.push(0..text.len());
        }
        let Some(inner) = &self.inner else {
            return;
        };
        // `at` is where the block of the window's last four bytes begins.
        let mut at = inner.window - BLOCK;
        while at + BLOCK <= text.len() {
            let step = usize::from(inner.steps[hash(&text[at..])]);
            if step > 0 {
                at += step;
                continue;
            }
            let begin = at + BLOCK - inner.window;
            if inner.begins[hash(&text[begin..])] {
                // From here on the automaton says, for the whole rest: lines with a key are few.
                let rest = inner.automaton.find_overlapping_iter(&text[begin..]);
                found.extend(rest.map(|hit| begin + hit.start()..begin + hit.end()));
                return;
            }
            at += 1;
        }
    }
}
