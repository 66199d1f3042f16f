//! One stream out of many, in time order.

use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream, StreamExt as _};
use time::OffsetDateTime;

/// How long a line may wait for an earlier one of another container, when following.
const WINDOW: Duration = Duration::from_millis(40);

/// One line of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which source, by its position.
    pub source: usize,
    /// The engine's time.
    pub time: OffsetDateTime,
    /// Written to stderr.
    pub stderr: bool,
    /// As written, without the line's end.
    pub text: String,
}

type Source<E> = Pin<Box<dyn Stream<Item = Result<Line, E>>>>;
/// A source's number, its next line, and the rest of it.
type Next<E> = Pin<Box<dyn Future<Output = (usize, Option<Result<Line, E>>, Source<E>)>>>;

/// The lines of all sources by time; equal times keep the sources' order, and each source its own.
pub struct Merged<E> {
    heads: Vec<Option<Line>>,
    pending: FuturesUnordered<Next<E>>,
    idle: Vec<Option<Source<E>>>,
    window: Option<Duration>,
}

/// Merges `sources`. History (`follow` false) is exact: nothing is given before each source has said what comes
/// next. When following, a source that says nothing holds the others up for a short window only.
pub fn merge<E: 'static>(sources: Vec<Source<E>>, follow: bool) -> Merged<E> {
    let merged = Merged {
        heads: sources.iter().map(|_| None).collect(),
        pending: FuturesUnordered::new(),
        idle: sources.iter().map(|_| None).collect(),
        window: follow.then_some(WINDOW),
    };
    for (index, source) in sources.into_iter().enumerate() {
        merged.ask(index, source);
    }
    merged
}

impl<E: 'static> Merged<E> {
    fn ask(&self, index: usize, mut source: Source<E>) {
        self.pending.push(Box::pin(async move {
            let next = source.next().await;
            (index, next, source)
        }));
    }

    /// The next line; `None` when all sources have ended.
    ///
    /// # Errors
    /// What a source failed with; the others go on at the next call.
    pub async fn next(&mut self) -> Result<Option<Line>, E> {
        loop {
            let have = self.heads.iter().any(Option::is_some);
            if self.pending.is_empty() {
                return Ok(self.earliest());
            }
            let answer = match (have, self.window) {
                (true, Some(window)) => match tokio::time::timeout(window, self.pending.next()).await {
                    Ok(answer) => answer,
                    Err(_quiet) => return Ok(self.earliest()),
                },
                _ => self.pending.next().await,
            };
            if let Some((index, next, source)) = answer {
                match next {
                    Some(Ok(line)) => {
                        self.heads[index] = Some(line);
                        self.idle[index] = Some(source);
                    }
                    Some(Err(error)) => return Err(error),
                    None => {}
                }
            }
        }
    }

    fn earliest(&mut self) -> Option<Line> {
        let index = self
            .heads
            .iter()
            .enumerate()
            .filter_map(|(index, head)| Some((head.as_ref()?.time, index)))
            .min()?
            .1;
        let line = self.heads[index].take();
        if let Some(source) = self.idle[index].take() {
            self.ask(index, source);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn line(source: usize, second: i64, text: &str) -> Line {
        Line {
            source,
            time: OffsetDateTime::from_unix_timestamp(second).unwrap(),
            stderr: false,
            text: text.to_owned(),
        }
    }

    async fn all(mut merged: Merged<String>) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(line) = merged.next().await.unwrap() {
            texts.push(line.text);
        }
        texts
    }

    #[tokio::test]
    async fn history_is_in_time_order_and_ties_keep_the_sources_order() {
        let a = stream::iter([line(0, 1, "a1"), line(0, 3, "a3"), line(0, 3, "a3b")].map(Ok));
        let b = stream::iter([line(1, 2, "b2"), line(1, 3, "b3"), line(1, 9, "b9")].map(Ok));
        let merged = merge(vec![Box::pin(a), Box::pin(b)], false);
        assert_eq!(all(merged).await, ["a1", "b2", "a3", "a3b", "b3", "b9"]);
    }

    #[tokio::test]
    async fn a_silent_source_does_not_hold_up_the_others_when_following() {
        let a = stream::iter([line(0, 1, "a1"), line(0, 2, "a2")].map(Ok));
        let silent = stream::pending();
        let mut merged: Merged<String> = merge(vec![Box::pin(a), Box::pin(silent)], true);
        assert_eq!(merged.next().await.unwrap().unwrap().text, "a1");
        assert_eq!(merged.next().await.unwrap().unwrap().text, "a2");
    }
}
