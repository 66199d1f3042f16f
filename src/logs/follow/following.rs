//! Goes on after the history, across restarts, replaced and new containers, and an engine that restarts.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::oneshot;

use crate::engine::{Engine, EngineError, EngineEvent, EngineEventKind, LogPlace};
use crate::failure::Failure;
use crate::ids::ContainerId;
use crate::logs::{Entry, LogOwner, Output, Sink as _, Stamp, Wanted, of_engine};
use crate::observed::{Container, State};

use super::file::LogFile;
use super::live::Live;
use super::reorder::Reorder;
use super::seam::Seam;
use super::sources::Sources;
use super::stream::StreamEvent;

/// Pieces that wait to be shown, of all containers together.
const WAITING: usize = 4096;
/// Taken at once before anything is shown.
const AT_ONCE: usize = 1024;
/// Between two tries to reach an engine that went away.
const RETRY: Duration = Duration::from_millis(200);
/// How long lines of the time until which it is followed may be on their way. They have the engine's time, and an engine on
/// another machine may have its own.
const ON_THEIR_WAY: Duration = Duration::from_millis(500);
/// After the last container has ended, one that is restarted or replaced may begin.
const NEXT_START: Duration = Duration::from_secs(3);
/// The same after an engine has come back, which starts them then.
const ENGINES_START: Duration = Duration::from_secs(10);

/// What happens to the project's containers.
pub type Events = Pin<Box<dyn Stream<Item = Result<EngineEvent, EngineError>>>>;

/// Knows what is followed, and how it is shown.
pub trait Follower {
    /// Whether the log of `container` is to be shown.
    fn takes(&self, container: &Container) -> bool;

    /// How its lines are shown.
    fn owner(&mut self, container: &Container) -> LogOwner;

    /// The file in which its log is read, if it isn't the engine's stream.
    fn file(&self, engine: &Engine, place: &LogPlace) -> Option<LogFile>;

    /// A word to the user.
    fn say(&self, text: &str);

    /// The engine, reached again after it went away; `None` when it isn't back yet.
    fn reach(&self) -> impl Future<Output = Option<Engine>>;
}

/// The logs of a project, followed.
pub struct Following<'a, F, W> {
    follower: F,
    project: &'a str,
    engine: Arc<Engine>,
    wanted: Arc<Wanted>,
    output: &'a mut Output<W>,
    sources: Sources,
    heard: Receiver<StreamEvent>,
    reorder: Reorder,
    /// When to look whether anything runs still: something has ended.
    look_at: Option<Instant>,
}

impl<'a, F: Follower, W: Write> Following<'a, F, W> {
    /// Of no container yet.
    pub fn new(
        follower: F,
        project: &'a str,
        engine: Arc<Engine>,
        wanted: Arc<Wanted>,
        output: &'a mut Output<W>,
    ) -> Self {
        let (to, heard) = channel(WAITING);
        Self {
            follower,
            project,
            engine,
            wanted,
            output,
            sources: Sources::new(to),
            heard,
            reorder: Reorder::default(),
            // All may have ended before.
            look_at: Some(Instant::now() + NEXT_START),
        }
    }

    /// Follows container `id` after `seam`, in `file` or in the engine's stream.
    pub fn add(&mut self, id: ContainerId, owner: Arc<LogOwner>, file: Option<LogFile>, seam: Option<Seam>) {
        let live = Live::new(self.wanted.clone(), owner);
        self.sources.add(&self.engine, id, live, file, seam);
    }

    /// Goes on until `--until`, a while after `told`, or until nobody reads any more.
    ///
    /// # Errors
    /// The engine is there and does not answer as it should.
    pub async fn run(mut self, mut events: Events, mut told: Option<oneshot::Receiver<()>>) -> Result<(), Failure> {
        let mut some = Vec::new();
        let mut end = end(self.wanted.span.until);
        loop {
            let due = self
                .sources
                .all
                .iter()
                .filter_map(|source| source.live.due())
                .chain(self.reorder.due())
                .chain(end)
                .chain(self.look_at)
                .min();
            tokio::select! {
                biased;
                count = self.heard.recv_many(&mut some, AT_ONCE) => {
                    debug_assert!(count > 0, "we hold a sender ourselves");
                    let now = Instant::now();
                    for heard in some.drain(..) {
                        self.take(heard, now).await?;
                    }
                }
                event = events.next() => match event {
                    Some(Ok(event)) => self.event(event).await?,
                    // The engine went away.
                    _ => events = self.reconnect(end).await?,
                },
                () = told_of(&mut told) => {
                    told = None;
                    end = Some(Instant::now() + ON_THEIR_WAY);
                }
                () = until(due) => {}
            }
            let now = Instant::now();
            let is_over =
                end.is_some_and(|end| end <= now) || (self.heard.is_empty() && !self.is_anything_left(now).await);
            for (number, source) in self.sources.all.iter_mut().enumerate() {
                let mut show = |shown| self.reorder.push(number, shown, now);
                if is_over {
                    source.live.finish(now, &mut show);
                } else {
                    source.live.tick(now, &mut show);
                }
            }
            // A line of the only one that talks waits for nobody.
            let alone = self.sources.open_ones() < 2;
            while let Some((source, shown)) = self.reorder.pop(now, alone || is_over) {
                let entry = Entry {
                    time: shown.time,
                    end: shown.text.len(),
                    kept: shown.kept,
                    doubtful: false,
                };
                if !self.output.entry(source, entry, &shown.text) {
                    return Ok(());
                }
            }
            let is_read = !(is_over || self.heard.is_empty()) || self.output.flush();
            if is_over || !is_read {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, heard: StreamEvent, now: Instant) -> Result<(), Failure> {
        match heard {
            StreamEvent::Piece { source, piece } => {
                let reorder = &mut self.reorder;
                self.sources.all[source]
                    .live
                    .push(of_engine(&piece), now, &mut |shown| reorder.push(source, shown, now));
            }
            StreamEvent::Again { source } => {
                self.sources.open_again(&self.engine, source);
            }
            StreamEvent::Ended {
                source,
                seam,
                gave,
                error,
            } => {
                tracing::debug!(id = %self.sources.id(source), ?error, "a log stream ended");
                let reorder = &mut self.reorder;
                self.sources.all[source]
                    .live
                    .finish(now, &mut |shown| reorder.push(source, shown, now));
                if self.sources.is_gone(source) {
                    return Ok(());
                }
                self.sources.left(source, seam);
                // It may have been started again before its stream had ended.
                match self.engine.inspect_state(self.sources.id(source)).await {
                    Ok(detail) if detail.is_alive() && error.is_none() => self.sources.open(&self.engine, source, seam),
                    Ok(detail) if detail.is_alive() => self.sources.open_later(source),
                    // An engine may end a stream before it has given the last lines of a process that ended.
                    Ok(_) if gave => self.sources.open(&self.engine, source, seam),
                    Err(error) if error.is_not_found() => self.sources.forget(source),
                    // It waits for its start, or the engine's.
                    _ => {}
                }
            }
        }
        Ok(())
    }

    async fn event(&mut self, event: EngineEvent) -> Result<(), Failure> {
        match event.kind {
            EngineEventKind::Start => match self.sources.number(&event.id) {
                Some(source) => {
                    self.sources.open_again(&self.engine, source);
                    Ok(())
                }
                None => self.look_for_new().await,
            },
            EngineEventKind::Die { .. } => {
                self.look_at = Some(Instant::now() + NEXT_START);
                Ok(())
            }
            EngineEventKind::Destroy => {
                self.look_at = Some(Instant::now() + NEXT_START);
                if let Some(source) = self.sources.number(&event.id) {
                    self.sources.forget(source);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether more may come: `logs -f` ends when the last container has ended and none is started in its place.
    async fn is_anything_left(&mut self, now: Instant) -> bool {
        if self.look_at.is_none_or(|at| now < at) {
            return true;
        }
        self.look_at = None;
        // What can't be asked has gone away, which the events tell.
        let Ok(containers) = self.engine.observe_containers(self.project).await else {
            return true;
        };
        let goes_on = |state| matches!(state, State::Running { .. } | State::Paused | State::Restarting);
        containers
            .iter()
            .any(|container| self.follower.takes(container) && goes_on(container.state))
    }

    /// Follows the project's containers that were not there before, from their beginning.
    async fn look_for_new(&mut self) -> Result<(), Failure> {
        let containers = match self.engine.observe_containers(self.project).await {
            Ok(containers) => containers,
            // Its going away is heard of by the events.
            Err(error) if error.is_unreachable() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for container in containers {
            if !self.follower.takes(&container) || self.sources.number(&container.id).is_some() {
                continue;
            }
            let Ok(place) = self.engine.log_place(&container.id).await else {
                // Gone again.
                continue;
            };
            if place.driver == "none" {
                let text = format!("{} has no log: its log driver is `none`", container.name);
                self.follower.say(&text);
                continue;
            }
            let owner = self.follower.owner(&container);
            let file = self.follower.file(&self.engine, &place);
            self.add(container.id, Arc::new(owner), file, None);
        }
        Ok(())
    }

    /// Waits for an engine that went away, and takes up every log where it was left. Nothing happens any more at `end`.
    async fn reconnect(&mut self, end: Option<Instant>) -> Result<Events, Failure> {
        self.follower
            .say("lost the connection to the engine; logs continue when it is back");
        loop {
            if end.is_some_and(|end| end <= Instant::now()) {
                return Ok(Box::pin(futures_util::stream::pending()));
            }
            tokio::time::sleep(RETRY).await;
            let Some(engine) = self.follower.reach().await else {
                continue;
            };
            let engine = Arc::new(engine);
            let Ok(events) = engine.subscribe(self.project).await else {
                continue;
            };
            self.engine = engine;
            self.sources.open_all_again(&self.engine);
            self.look_for_new().await?;
            self.look_at = Some(Instant::now() + ENGINES_START);
            return Ok(Box::pin(events));
        }
    }
}

/// When no more lines of `until` and before are to be expected; `None`: never.
fn end(until: Stamp) -> Option<Instant> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let since_1970 = Duration::from_nanos(u64::try_from(until.0).unwrap_or(0));
    let still = since_1970.saturating_sub(now) + ON_THEIR_WAY;
    Instant::now().checked_add(still).filter(|_| until != Stamp::MAX)
}

/// Completes when it is signalled, or nobody is left to tell it.
async fn told_of(told: &mut Option<oneshot::Receiver<()>>) {
    match told {
        Some(told) => {
            let _told = told.await;
        }
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
