//! What Loki has of a container.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::tail::Tail;
use super::{finish, kept_from, send_all, without_context};
use crate::failure::Failure;
use crate::logs::Batch;
use crate::logs::follow::Seam;
use crate::logs::line::Piece;
use crate::logs::merge::FeedItem;
use crate::logs::pipeline::{Pipeline, Wanted, tail_from};
use crate::logs::print::LogOwner;
use crate::logs::source::{Loki, LokiEntry};

/// Entries longer than this together are not kept in memory to find the last of them.
const MOST_HELD: usize = 64 << 20;

/// Gives what Loki has of a container.
pub async fn from_loki(wanted: Arc<Wanted>, owner: Arc<LogOwner>, loki: Loki, project: String, to: Sender<FeedItem>) {
    let given = all_of_loki(wanted, owner, &loki, &project, &to).await;
    if let Err(failure) = given {
        let _nobody_listens = to.send(FeedItem::Failed(Box::new(failure))).await;
    }
}

async fn all_of_loki(
    wanted: Arc<Wanted>,
    owner: Arc<LogOwner>,
    loki: &Loki,
    project: &str,
    to: &Sender<FeedItem>,
) -> Result<(), Failure> {
    let mut wanted = wanted;
    if let Some(count) = wanted.tail {
        let batch = tail_of_loki(&wanted, &owner, (loki, project), count, MOST_HELD).await?;
        if !wanted.context {
            send_all(vec![FeedItem::Batch(batch)], to).await;
            return Ok(());
        }
        wanted = kept_from(&wanted, tail_from(&batch, count));
    }
    let mut pipeline = Pipeline::new(wanted.clone(), owner.clone(), true);
    let mut next = Some(wanted.span);
    while let Some(span) = next {
        let (entries, more) = loki.forward(project, &owner.container, span).await?;
        next = more;
        for entry in &entries {
            push_entry(entry, &mut |piece| pipeline.push(piece));
        }
        if to.send(FeedItem::Batch(pipeline.take())).await.is_err() {
            return Ok(());
        }
    }
    pipeline.finish(true);
    let mut last = Vec::new();
    finish(pipeline, &wanted, &mut |fed| {
        last.push(fed);
        true
    });
    send_all(last, to).await;
    Ok(())
}

/// The last `count` records that are kept. Pages are read from the end on, and looked through each time that there are twice
/// as many entries; when what few of them pass would take too much memory, from the beginning on.
async fn tail_of_loki(
    wanted: &Wanted,
    owner: &Arc<LogOwner>,
    (loki, project): (&Loki, &str),
    count: usize,
    most_held: usize,
) -> Result<Batch, Failure> {
    let wanted = without_context(wanted);
    let mut pages: Vec<Vec<LokiEntry>> = Vec::new();
    let (mut read, mut bytes, mut tried) = (0, 0, 0);
    let mut next = Some(wanted.span);
    while let Some(span) = next {
        let (page, more) = loki.backward(project, &owner.container, span).await?;
        next = more;
        read += page.len();
        bytes += page.iter().map(|entry| entry.text.len()).sum::<usize>();
        pages.push(page);
        if next.is_some() && read < 2 * tried && bytes <= most_held {
            continue;
        }
        tried = read;
        let mut tail = Tail::new(&wanted, owner, count);
        for entry in pages.iter().rev().flatten() {
            push_entry(entry, &mut |piece| tail.push(piece));
        }
        if let Some((batch, _not_followed)) = found(tail, next.is_none())? {
            return Ok(batch);
        }
        if bytes > most_held {
            break;
        }
    }
    drop(pages);
    let mut tail = Tail::new(&wanted, owner, count);
    next = Some(wanted.span);
    while let Some(span) = next {
        let (page, more) = loki.forward(project, &owner.container, span).await?;
        next = more;
        for entry in &page {
            push_entry(entry, &mut |piece| tail.push(piece));
        }
    }
    Ok(found(tail, true)?.map_or_else(Batch::default, |(batch, _not_followed)| batch))
}

fn found(tail: Tail, whole: bool) -> Result<Option<(Batch, Option<Seam>)>, Failure> {
    tail.finish(whole)
        .map_err(|over| Failure::failed("the end of the log can't be shown").because(over.to_string()))
}

/// An entry of Loki's may be several lines of one record.
fn push_entry<T>(entry: &LokiEntry, take: &mut impl FnMut(Piece<'_>) -> T) {
    for line in entry.text.split('\n') {
        take(Piece {
            time: entry.time,
            stderr: entry.stderr,
            bytes: line.as_bytes(),
            ends: true,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::logs::{Printer, RecordFilter};

    /// A Loki with `count` lines, one a nanosecond from 1 on; every thousandth is a needle. How often it was asked.
    fn lines(count: i64) -> (Loki, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let loki = Loki::at(&format!("http://{}", listener.local_addr().unwrap()));
        let asked = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&asked);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                counting.fetch_add(1, Ordering::Relaxed);
                let mut stream = connection.unwrap();
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let number = |name: &str| {
                    let value = request.split(&format!("{name}=")).nth(1).unwrap();
                    let digits = value.split(|c: char| !c.is_ascii_digit()).next().unwrap();
                    digits.parse::<i64>().unwrap()
                };
                // The end is not included.
                let (start, end) = (number("start").max(1), number("end").min(count + 1));
                let limit = number("limit");
                let times: Vec<i64> = if request.contains("direction=backward") {
                    (start.max(end - limit)..end).rev().collect()
                } else {
                    (start..end.min(start + limit)).collect()
                };
                let value = |time: &i64| {
                    let text = if time % 1_000 == 0 { "needle" } else { "hay" };
                    format!("[\"{time}\",\"{text} {time}\"]")
                };
                let values: Vec<String> = times.iter().map(value).collect();
                let stream_of = format!("{{\"stream\":{{}},\"values\":[{}]}}", values.join(","));
                let body = format!("{{\"data\":{{\"result\":[{stream_of}]}}}}");
                let _gone = stream.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{body}").as_bytes());
            }
        });
        (loki, asked)
    }

    /// The times of the last `count` needles, and how often Loki was asked for them.
    fn last(lines_there: i64, count: usize, most_held: usize) -> (Vec<i64>, usize) {
        let (loki, asked) = lines(lines_there);
        let wanted = Wanted {
            span: crate::logs::source::Span {
                since: crate::logs::Stamp(0),
                until: crate::logs::Stamp(lines_there),
            },
            filter: RecordFilter {
                grep: Some(regex::bytes::Regex::new("needle").unwrap()),
                ..RecordFilter::default()
            },
            tail: Some(count),
            printer: Printer::default(),
            ..Wanted::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let owner = Arc::new(LogOwner::default());
        let batch = runtime.block_on(tail_of_loki(&wanted, &owner, (&loki, "p"), count, most_held));
        let times = batch.unwrap().entries.iter().map(|entry| entry.time.0).collect();
        (times, asked.load(Ordering::Relaxed))
    }

    #[test]
    fn the_last_that_pass_are_found_however_far_back_they_are() {
        assert_eq!(last(5_999, 1, MOST_HELD), (vec![5_000], 1));
        let (times, asked) = last(60_000, 30, MOST_HELD);
        assert_eq!(times, (31..=60).map(|n| n * 1_000).collect::<Vec<_>>());
        assert!(asked < 13, "{asked}");
        // Fewer than were asked for.
        assert_eq!(last(12_000, 100, MOST_HELD).0.len(), 12);
        // Too much to keep in memory: from the beginning on.
        let (times, asked) = last(60_000, 30, 100_000);
        assert_eq!(times, (31..=60).map(|n| n * 1_000).collect::<Vec<_>>());
        assert!(asked > 12, "{asked}");
    }
}
