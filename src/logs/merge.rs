//! One stream out of many, in time order: exact, because nothing is given before each source has said what comes next.

use tokio::sync::mpsc::Receiver;

use super::batch::{Batch, Entry};
use super::follow::Seam;
use super::summary::Summary;
use crate::failure::Failure;

/// What a source hands on.
#[derive(Debug)]
pub enum FeedItem {
    /// Printed records.
    Batch(Batch),
    /// What it counted; it ends with that.
    Summary(Summary),
    /// Where its log can be followed from; it ends with that.
    Seam(Option<Seam>),
    /// Why it gives no more; the others go on.
    Failed(Box<Failure>),
}

/// Takes printed records in their final order.
pub trait Sink {
    /// The next record, and whose it is. False when nobody reads any more.
    fn entry(&mut self, source: usize, entry: Entry, text: &[u8]) -> bool;
    /// A source gives no more.
    fn failed(&mut self, source: usize, failure: Failure);
    /// What a source counted.
    fn counted(&mut self, summary: Summary);
    /// Where a source's log can be followed from.
    fn seam(&mut self, source: usize, seam: Option<Seam>);
}

struct Head {
    feed: Receiver<FeedItem>,
    batch: Batch,
    next: usize,
    ended: bool,
}

impl Head {
    async fn fill(&mut self, source: usize, sink: &mut impl Sink) {
        while !self.ended && self.next == self.batch.entries.len() {
            match self.feed.recv().await {
                Some(FeedItem::Batch(batch)) => {
                    self.batch = batch;
                    self.next = 0;
                }
                Some(FeedItem::Summary(summary)) => sink.counted(summary),
                Some(FeedItem::Seam(seam)) => sink.seam(source, seam),
                Some(FeedItem::Failed(failure)) => sink.failed(source, *failure),
                None => self.ended = true,
            }
        }
    }

    fn key(&self, source: usize) -> Option<(super::Stamp, usize)> {
        Some((self.batch.entries.get(self.next)?.time, source))
    }
}

/// Gives the records of all feeds to `sink` by time. Equal times keep the feeds' order, and each feed its own. False when
/// the sink wants no more.
pub async fn merge(feeds: Vec<Receiver<FeedItem>>, sink: &mut impl Sink) -> bool {
    let mut heads: Vec<Head> = feeds
        .into_iter()
        .map(|feed| Head {
            feed,
            batch: Batch::default(),
            next: 0,
            ended: false,
        })
        .collect();
    loop {
        for (source, head) in heads.iter_mut().enumerate() {
            head.fill(source, sink).await;
        }
        let mut keys = heads.iter().enumerate().filter_map(|(source, head)| head.key(source));
        let Some(mut first) = keys.next() else {
            return true;
        };
        let mut second = None;
        for key in keys {
            if key < first {
                second = Some(first);
                first = key;
            } else if second.is_none_or(|second| key < second) {
                second = Some(key);
            }
        }
        let source = first.1;
        let head = &mut heads[source];
        // All that comes before what any other source has.
        while let Some(key) = head.key(source)
            && second.is_none_or(|second| key < second)
        {
            if !sink.entry(source, head.batch.entries[head.next], head.batch.text(head.next)) {
                return false;
            }
            head.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Stamp;
    use proptest::prelude::*;
    use tokio::sync::mpsc::channel;

    #[derive(Default)]
    struct Seen(Vec<(usize, i64, String)>);

    impl Sink for Seen {
        fn entry(&mut self, source: usize, entry: Entry, text: &[u8]) -> bool {
            self.0
                .push((source, entry.time.0, String::from_utf8_lossy(text).into_owned()));
            true
        }
        fn failed(&mut self, source: usize, failure: Failure) {
            self.0.push((source, -1, failure.what));
        }
        fn counted(&mut self, _: Summary) {}
        fn seam(&mut self, _: usize, _: Option<Seam>) {}
    }

    /// Merges sources of batches of (time, text).
    fn merged(sources: &[Vec<Vec<(i64, String)>>]) -> Vec<(usize, i64, String)> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut feeds = Vec::new();
            for batches in sources {
                let (to, from) = channel(1);
                feeds.push(from);
                let batches = batches.clone();
                tokio::spawn(async move {
                    for entries in batches {
                        let mut batch = Batch::default();
                        for (time, text) in entries {
                            batch.bytes.extend_from_slice(text.as_bytes());
                            batch.seal(Stamp(time), true, false);
                        }
                        to.send(FeedItem::Batch(batch)).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                });
            }
            let mut seen = Seen::default();
            assert!(merge(feeds, &mut seen).await);
            seen.0
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// 10,000 random interleavings, with ties, empty batches and empty sources: the order is that of a stable sort.
        #[test]
        fn the_order_is_that_of_a_stable_sort(
            steps in proptest::collection::vec(proptest::collection::vec(proptest::collection::vec(0..3i64, 0..5), 0..5), 0..5),
        ) {
            let sources: Vec<Vec<Vec<(i64, String)>>> = steps
                .into_iter()
                .enumerate()
                .map(|(source, batches)| {
                    let mut time = 0;
                    let mut number = 0;
                    let batches = batches.into_iter();
                    batches
                        .map(|steps| {
                            let entry = |step| {
                                time += step;
                                number += 1;
                                (time, format!("{source}.{number} "))
                            };
                            steps.into_iter().map(entry).collect()
                        })
                        .collect()
                })
                .collect();
            let mut wanted: Vec<(usize, i64, String)> = Vec::new();
            for (source, batches) in sources.iter().enumerate() {
                wanted.extend(batches.iter().flatten().map(|(time, text)| (source, *time, text.clone())));
            }
            wanted.sort_by_key(|(source, time, _)| (*time, *source));
            prop_assert_eq!(merged(&sources), wanted);
        }
    }

    #[test]
    fn times_out_of_order_keep_their_containers_order() {
        let text = |text: &str| text.to_owned();
        let sources = [
            vec![vec![(5, text("a5")), (3, text("a3")), (9, text("a9"))]],
            vec![vec![(4, text("b4")), (6, text("b6"))]],
        ];
        let order: Vec<String> = merged(&sources).into_iter().map(|(.., text)| text).collect();
        assert_eq!(order, ["b4", "a5", "a3", "b6", "a9"]);
    }

    #[test]
    fn one_that_fails_does_not_end_the_others() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen = runtime.block_on(async {
            let (bad, bad_feed) = channel(2);
            let (good, good_feed) = channel(2);
            bad.send(FeedItem::Failed(Box::new(Failure::failed("gone"))))
                .await
                .unwrap();
            let mut batch = Batch::default();
            batch.bytes.extend_from_slice(b"here");
            batch.seal(Stamp(1), true, false);
            good.send(FeedItem::Batch(batch)).await.unwrap();
            drop((bad, good));
            let mut seen = Seen::default();
            assert!(merge(vec![bad_feed, good_feed], &mut seen).await);
            seen.0
        });
        assert_eq!(seen, [(0, -1, "gone".to_owned()), (1, 1, "here".to_owned())]);
    }
}
