//! What Loki has of a container.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::tail::Tail;
use super::{finish, kept_from, send_all, without_context};
use crate::failure::Failure;
use crate::logs::Batch;
use crate::logs::line::Piece;
use crate::logs::merge::Fed;
use crate::logs::pipeline::{Pipeline, Wanted, tail_from};
use crate::logs::print::Who;
use crate::logs::source::{Loki, LokiEntry};

/// Gives what Loki has of a container.
pub async fn from_loki(wanted: Arc<Wanted>, who: Arc<Who>, loki: Loki, project: String, to: Sender<Fed>) {
    let given = all_of_loki(wanted, who, &loki, &project, &to).await;
    if let Err(failure) = given {
        let _nobody_listens = to.send(Fed::Failed(Box::new(failure))).await;
    }
}

async fn all_of_loki(
    wanted: Arc<Wanted>,
    who: Arc<Who>,
    loki: &Loki,
    project: &str,
    to: &Sender<Fed>,
) -> Result<(), Failure> {
    let mut wanted = wanted;
    if let Some(count) = wanted.tail {
        let batch = tail_of_loki(&wanted, &who, loki, project, count).await?;
        if !wanted.context {
            send_all(vec![Fed::Batch(batch)], to).await;
            return Ok(());
        }
        wanted = kept_from(&wanted, tail_from(&batch, count));
    }
    let mut pipeline = Pipeline::new(wanted.clone(), who.clone(), true);
    let mut next = Some(wanted.span);
    while let Some(span) = next {
        let (entries, more) = loki.forward(project, &who.container, span).await?;
        next = more;
        for entry in &entries {
            push_entry(entry, &mut |piece| pipeline.push(piece));
        }
        if to.send(Fed::Batch(pipeline.take())).await.is_err() {
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

async fn tail_of_loki(
    wanted: &Wanted,
    who: &Arc<Who>,
    loki: &Loki,
    project: &str,
    count: usize,
) -> Result<Batch, Failure> {
    let wanted = without_context(wanted);
    let mut entries = Vec::new();
    let mut next = Some(wanted.span);
    while let Some(span) = next {
        let (mut page, more) = loki.backward(project, &who.container, span).await?;
        next = more;
        page.append(&mut entries);
        entries = page;
        let mut tail = Tail::new(&wanted, who, count);
        for entry in &entries {
            push_entry(entry, &mut |piece| tail.push(piece));
        }
        if let Some((batch, _not_followed)) = tail.finish(next.is_none()) {
            return Ok(batch);
        }
    }
    Ok(Batch::default())
}

/// An entry of Loki's may be several lines of one record.
fn push_entry(entry: &LokiEntry, take: &mut impl FnMut(Piece<'_>)) {
    for line in entry.text.split('\n') {
        take(Piece {
            time: entry.time,
            stderr: entry.stderr,
            bytes: line.as_bytes(),
            ends: true,
        });
    }
}
