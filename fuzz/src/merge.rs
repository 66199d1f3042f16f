//! Batches of several sources, in whatever pieces they come: the merge gives what a stable sort by time gives.

use magicctl::failure::Failure;
use magicctl::logs::follow::Seam;
use magicctl::logs::{Batch, Entry, FeedItem, Sink, Stamp, Summary, merge};
use tokio::sync::mpsc::channel;

use super::input::Input;

/// More than this only makes a run slow.
const MOST_SOURCES: usize = 6;

/// Time, source, text.
type Shown = (i64, usize, Vec<u8>);
/// Batches of entries: time and text.
type Batches = Vec<Vec<(i64, Vec<u8>)>>;

#[derive(Default)]
struct Seen(Vec<Shown>);

impl Sink for Seen {
    fn entry(&mut self, source: usize, entry: Entry, text: &[u8]) -> bool {
        self.0.push((entry.time.0, source, text.to_owned()));
        true
    }

    fn failed(&mut self, _: usize, _: Failure) {}

    fn counted(&mut self, _: Summary) {}

    fn seam(&mut self, _: usize, _: Option<Seam>) {}
}

pub fn check(input: &[u8]) {
    let mut input = Input(input);
    let count = input.below(MOST_SOURCES);
    let mut sources: Vec<Batches> = vec![vec![Vec::new()]; count];
    let mut times = vec![0_i64; count];
    let mut number = 0_u32;
    while count > 0 && !input.is_empty() {
        let source = input.below(count);
        let what = input.byte();
        // Ties are the hard part, so steps are short.
        times[source] += i64::from(what >> 5);
        if what & 1 == 1 {
            sources[source].push(Vec::new());
        }
        let text = [&number.to_be_bytes()[..], input.bytes(usize::from(what & 0x0E))].concat();
        number += 1;
        if let Some(batch) = sources[source].last_mut() {
            batch.push((times[source], text));
        }
    }
    let mut wanted = Vec::new();
    for (source, batches) in sources.iter().enumerate() {
        wanted.extend(
            batches
                .iter()
                .flatten()
                .map(|(time, text)| (*time, source, text.clone())),
        );
    }
    wanted.sort_by_key(|(time, source, _)| (*time, *source));
    assert_eq!(merged(sources), wanted);
}

fn merged(sources: Vec<Batches>) -> Vec<Shown> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut feeds = Vec::new();
        for batches in sources {
            let (to, feed) = channel(1);
            feeds.push(feed);
            tokio::spawn(async move {
                for entries in batches {
                    let mut batch = Batch::default();
                    for (time, text) in entries {
                        batch.bytes.extend(text);
                        batch.seal(Stamp(time), true, false);
                    }
                    to.send(FeedItem::Batch(batch)).await.expect("the merge goes on");
                }
            });
        }
        let mut seen = Seen::default();
        assert!(merge(feeds, &mut seen).await);
        seen.0
    })
}
