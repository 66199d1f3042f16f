//! Reads a container's history through its pipeline and hands on what is printed.

mod engine;
mod loki;
mod tail;

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::follow::Seam;
use super::line::Piece;
use super::merge::FeedItem;
use super::pipeline::{Pipeline, Wanted, tail_from};
use super::print::LogOwner;
use super::source::file::{History, Start};
use super::{Batch, Stamp};
use crate::stamp::SECOND;

use tail::Tail;

pub use engine::from_engine;
pub(crate) use engine::of_engine;
pub use loki::from_loki;

/// The two streams of a container may be this much out of order, so reading goes on for so long after `until`.
const BEHIND_UNTIL: i64 = 2 * SECOND;
/// How much of a file is looked at for a tail at first, and how much more each time that it was too little.
const WINDOW: u64 = 64 << 10;
const WINDOW_OF_A_RECORD: u64 = 512;
const GROWTH: u64 = 4;

/// How many bytes of a file are read at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk(usize);

impl Chunk {
    /// So that many files together take a few megabytes.
    pub fn for_files(count: usize) -> Self {
        Self((2 << 20) / count.max(1)).clamped()
    }

    fn clamped(self) -> Self {
        Self(self.0.clamp(16 << 10, 256 << 10))
    }
}

/// Gives the history in `files`. `give` says whether more is wanted.
///
/// # Errors
/// A file can't be read; what came before was given.
pub fn from_files(
    wanted: &Arc<Wanted>,
    owner: &Arc<LogOwner>,
    files: &History,
    chunk: Chunk,
    give: &mut dyn FnMut(FeedItem) -> bool,
) -> io::Result<()> {
    let mut wanted = wanted.clone();
    if let Some(count) = wanted.tail {
        let (batch, seam) = tail_of_files(&wanted, owner, files, count, chunk)?;
        if !wanted.context {
            let more = give(FeedItem::Batch(batch));
            if more && wanted.follow {
                give(FeedItem::Seam(seam));
            }
            return Ok(());
        }
        // What is around the last records may be anywhere, so everything is read, and only those are kept.
        wanted = kept_from(&wanted, tail_from(&batch, count));
    }
    let start = files.seek(wanted.span.since)?;
    let mut pipeline = Pipeline::new(wanted.clone(), owner.clone(), true);
    let mut more = true;
    let read = read(files, start, chunk, &wanted, &mut |piece| {
        pipeline.push(piece);
        if pipeline.is_full() {
            more = give(FeedItem::Batch(pipeline.take()));
        }
        more
    });
    if more {
        pipeline.finish(true);
        finish(pipeline, &wanted, give);
    }
    read
}

fn finish(mut pipeline: Pipeline, wanted: &Wanted, give: &mut dyn FnMut(FeedItem) -> bool) {
    let more = give(FeedItem::Batch(pipeline.take()));
    if more && wanted.follow {
        give(FeedItem::Seam(pipeline.seam()));
    }
    if more && wanted.fold {
        give(FeedItem::Summary(pipeline.summary()));
    }
}

fn kept_from(wanted: &Wanted, from: Stamp) -> Arc<Wanted> {
    let mut wanted = wanted.clone();
    wanted.filter.from = from;
    Arc::new(wanted)
}

fn read(
    files: &History,
    start: Start,
    chunk: Chunk,
    wanted: &Wanted,
    take: &mut dyn FnMut(Piece<'_>) -> bool,
) -> io::Result<()> {
    let end = wanted.span.until.plus(BEHIND_UNTIL);
    // What is around a match, and where to go on after the end, is not known of lines that are left out; nor is a tail's
    // first record.
    let can_skip = !wanted.context && !wanted.follow && !wanted.filter.invert && wanted.tail.is_none();
    let prefilter = wanted.filter.prefilter.as_ref().filter(|_| can_skip);
    files.read(start, chunk.0, prefilter, &mut |piece| piece.time <= end && take(piece))
}

/// The last `count` records that are kept: read from places farther and farther from the end, until there are enough.
fn tail_of_files(
    wanted: &Arc<Wanted>,
    owner: &Arc<LogOwner>,
    files: &History,
    count: usize,
    chunk: Chunk,
) -> io::Result<(Batch, Option<Seam>)> {
    let wanted = without_context(wanted);
    let floor = files.seek(wanted.span.since)?;
    let mut window = WINDOW.max((count as u64).saturating_mul(WINDOW_OF_A_RECORD));
    loop {
        let start = files.before_the_end(window)?.max(floor);
        let whole = start == floor;
        let mut tail = Tail::new(&wanted, owner, count);
        read(files, start, chunk, &wanted, &mut |piece| tail.push(piece))?;
        let found = tail.finish(whole).map_err(|over| io::Error::other(over.to_string()))?;
        if let Some(found) = found {
            return Ok(found);
        }
        window = window.saturating_mul(GROWTH);
    }
}

fn without_context(wanted: &Wanted) -> Arc<Wanted> {
    Arc::new(Wanted {
        context: false,
        ..wanted.clone()
    })
}

async fn send_all(last: Vec<FeedItem>, to: &Sender<FeedItem>) {
    for fed in last {
        if to.send(fed).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::logs::follow::{SeamSide, Skipping};
    use crate::logs::source::file::Driver;
    use crate::logs::{Form, GrepPrefilter, Printer, RecordFilter};
    use proptest::prelude::*;

    /// What `wanted` gives of a `json-file` log.
    fn given(text: &str, wanted: Wanted) -> (String, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        std::fs::write(&path, text).unwrap();
        let history = History::open(Driver::JsonFile, &path).unwrap();
        let mut shown = String::new();
        let mut count = 0;
        let owner = Arc::new(LogOwner::default());
        from_files(&Arc::new(wanted), &owner, &history, Chunk::for_files(1), &mut |fed| {
            if let FeedItem::Batch(batch) = fed {
                shown.push_str(&String::from_utf8_lossy(&batch.bytes));
                count += batch.entries.len();
            }
            true
        })
        .unwrap();
        (shown, count)
    }

    fn log(lines: &[(usize, bool, i64)]) -> String {
        const TEXTS: [&str; 10] = [
            r#"{\"level\":\"INFO\",\"message\":\"fine\"}\n"#,
            r#"{\"level\":\"ERROR\",\"message\":\"a needle\"}\n"#,
            r"[2026-11-23 20:00:00,123] ERROR no (kafka.Kafka$)\n",
            r"Traceback (most recent call last):\n",
            r"  File x, a needle\n",
            r"ValueError: no\n",
            r"{part of a need",
            r"le, the rest of it\n",
            r"plain\n",
            r"{ends like a line \\n",
        ];
        let mut text = String::new();
        let mut time = 0;
        for (pick, stderr, step) in lines {
            time += step;
            let stream = if *stderr { "stderr" } else { "stdout" };
            let time = Stamp(time).utc();
            writeln!(
                text,
                r#"{{"log":"{}","stream":"{stream}","time":"{time}"}}"#,
                TEXTS[*pick]
            )
            .unwrap();
        }
        text
    }

    fn lines() -> impl Strategy<Value = Vec<(usize, bool, i64)>> {
        proptest::collection::vec((0..10usize, any::<bool>(), 0..150_000_000i64), 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Leaving out what can't match changes nothing.
        #[test]
        fn lines_that_are_left_out_are_not_missed(lines in lines()) {
            let text = log(&lines);
            let filter = RecordFilter {
                grep: Some(regex::bytes::Regex::new("needle").unwrap()),
                ..RecordFilter::default()
            };
            let quick = RecordFilter { prefilter: GrepPrefilter::of("needle", false), ..filter.clone() };
            prop_assert!(quick.prefilter.is_some());
            let of = |filter: RecordFilter| given(&text, Wanted { filter, ..Wanted::default() });
            prop_assert_eq!(of(quick), of(filter));
        }

        /// The last records are the last of all records.
        #[test]
        fn a_tail_is_the_end_of_everything(lines in lines(), count in 0..8usize) {
            let mut lines = lines;
            // Longer than the first window.
            lines.splice(0..0, std::iter::repeat_n((8, false, 1), 700));
            let text = log(&lines);
            let (all, records) = given(&text, Wanted::default());
            let (tail, tail_records) = given(&text, Wanted { tail: Some(count), ..Wanted::default() });
            prop_assert_eq!(tail_records, count.min(records));
            prop_assert!(all.ends_with(&tail));
        }
    }

    /// The lines that are given of a log that is followed, and those that come after where that ends.
    fn given_and_followed(text: &str, tail: Option<usize>) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        std::fs::write(&path, text).unwrap();
        let history = History::open(Driver::JsonFile, &path).unwrap();
        let printer = Printer {
            form: Form::Raw,
            ..Printer::default()
        };
        let wanted = Wanted {
            follow: true,
            tail,
            printer,
            ..Wanted::default()
        };
        let mut given = String::new();
        let mut skipping = None;
        let owner = Arc::new(LogOwner::default());
        from_files(&Arc::new(wanted), &owner, &history, Chunk::for_files(1), &mut |fed| {
            match fed {
                FeedItem::Batch(batch) => given.push_str(&String::from_utf8_lossy(&batch.bytes)),
                FeedItem::Seam(seam) => skipping = Some(Skipping::to(seam)),
                _ => panic!("{fed:?}"),
            }
            true
        })
        .unwrap();
        let mut skipping = skipping.unwrap();
        let mut followed = Vec::new();
        history
            .read(Start::default(), 1 << 16, None, &mut |piece| {
                if skipping.look(piece) == SeamSide::New {
                    followed.push(String::from_utf8_lossy(piece.bytes).into_owned());
                }
                true
            })
            .unwrap();
        (given.lines().map(ToOwned::to_owned).collect(), followed)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// What is given and what is followed are the whole log, each line once, also while both streams are written at once.
        #[test]
        fn nothing_is_lost_or_doubled_where_following_begins(
            lines in proptest::collection::vec((0..8usize, any::<bool>(), 1..150_000_000i64), 0..40),
            scale in prop::sample::select(vec![1, 1000]),
        ) {
            // Whole lines: those in parts come out in two where both streams are in the middle of one.
            let whole = [0, 1, 2, 3, 4, 5, 8, 8];
            let lines: Vec<_> = lines.into_iter().map(|(pick, stderr, step)| (whole[pick], stderr, step / scale + 1)).collect();
            let text = log(&lines);
            let all = given_and_followed(&text, None);
            let mut got = [all.0, all.1].concat();
            let (plain, _) = given(&text, Wanted {
                printer: Printer { form: Form::Raw, ..Printer::default() },
                ..Wanted::default()
            });
            let mut wanted: Vec<String> = plain.lines().map(ToOwned::to_owned).collect();
            got.sort();
            wanted.sort();
            prop_assert_eq!(got, wanted);
        }
    }

    #[test]
    fn where_a_tail_is_followed_the_log_before_it_does_not_come() {
        // One record longer than the first window; and two streams that are written at once.
        let mut trace = vec![(3, false, 1)];
        trace.extend(std::iter::repeat_n((4, false, 1), 2000));
        let both: Vec<_> = (0..4000).map(|number| (8, number % 2 == 0, 1)).collect();
        for lines in [trace, both] {
            let text = log(&[vec![(8, false, 1); 9], lines].concat());
            let (given, followed) = given_and_followed(&text, Some(0));
            assert!(
                !followed.contains(&"plain".to_owned()) && given.is_empty(),
                "{given:?} {followed:?}"
            );
        }
    }

    /// Found by fuzzing: the last line was left out, and with it that the needle's record was complete by then.
    #[test]
    fn a_line_that_is_left_out_at_the_end_still_parts_records() {
        let text = [
            r#"{"log":"a needle\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}"#,
            r#"{"log":"  no end","stream":"stdout","time":"2026-01-01T00:00:00Z"}"#,
            r#"{"log":"{other}\n","stream":"stderr","time":"2026-01-01T00:00:01Z"}"#,
            "",
        ];
        let filter = RecordFilter {
            grep: Some(regex::bytes::Regex::new("needle").unwrap()),
            prefilter: GrepPrefilter::of("needle", false),
            ..RecordFilter::default()
        };
        let wanted = Wanted {
            filter,
            ..Wanted::default()
        };
        assert_eq!(given(&text.join("\n"), wanted).0, "a needle\n");
    }

    #[test]
    fn of_a_log_that_is_followed_the_open_record_is_one_of_the_tail() {
        let text = log(&[(8, false, 1), (8, false, 1), (8, false, 1)]);
        let follow = |count| Wanted {
            tail: Some(count),
            follow: true,
            ..Wanted::default()
        };
        assert_eq!(given(&text, follow(2)).1, 1);
        assert_eq!(given(&text, follow(0)).1, 0);
    }

    #[test]
    fn a_filter_is_applied_before_the_tail_and_context_comes_after() {
        let text = log(&[
            (1, false, 1),
            (8, false, 1),
            (1, false, 1),
            (8, false, 1),
            (8, false, 1),
        ]);
        let filter = RecordFilter {
            grep: Some(regex::bytes::Regex::new("needle").unwrap()),
            ..RecordFilter::default()
        };
        let wanted = Wanted {
            filter,
            tail: Some(1),
            printer: Printer::default(),
            ..Wanted::default()
        };
        assert_eq!(given(&text, wanted.clone()).1, 1);
        let context = Wanted {
            context: true,
            ..wanted
        };
        assert_eq!(given(&text, context).1, 5);
    }
}
