//! `logs -f`: goes on behind the history, across restarts, replaced and new containers, and an engine that restarts.

use std::collections::HashMap;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

use crate::cli::session::Session;
use crate::engine::{Engine, EngineError, EngineEvent, EngineEventKind};
use crate::failure::Failure;
use crate::logs::follow::{Heard, Live, LogFile, Reorder, Seam, follow, follow_file};
use crate::logs::{Entry, Output, Sink as _, Stamp, Wanted, of_engine};
use crate::observed::State as ContainerState;

use super::Show;
use super::args::LogsArgs;
use super::look::{Names, say};
use super::selection::Selection;

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
/// Before a log is opened again whose stream failed though the engine is there.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) type Events = Pin<Box<dyn Stream<Item = Result<EngineEvent, EngineError>>>>;

/// A container that is followed.
struct Source {
    id: String,
    live: Live,
    /// Where it is read, if not from the engine's stream.
    file: Option<LogFile>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its stream is open.
    Open,
    /// Its stream has ended; where to go on.
    Left(Option<Seam>),
    /// It was removed, and its stream has ended or will.
    Gone,
}

pub(super) struct Following<'a, W> {
    pub session: &'a Session,
    pub args: &'a LogsArgs,
    pub selection: &'a Selection,
    pub project: &'a str,
    pub engine: Arc<Engine>,
    pub wanted: Arc<Wanted>,
    pub names: Names,
    pub output: &'a mut Output<W>,
    sources: Vec<Source>,
    by_id: HashMap<String, usize>,
    to: Sender<Heard>,
    reorder: Reorder,
    /// When to look whether anything runs still: something has ended.
    look_at: Option<Instant>,
}

impl<'a, W: Write> Following<'a, W> {
    pub(super) fn new(
        show: &Show<'a>,
        engine: Arc<Engine>,
        names: Names,
        output: &'a mut Output<W>,
    ) -> (Self, Receiver<Heard>) {
        let Show {
            session,
            args,
            project,
            wanted,
            selection,
        } = *show;
        let wanted = wanted.clone();
        let (to, heard) = channel(WAITING);
        let following = Self {
            session,
            args,
            selection,
            project,
            engine,
            wanted,
            names,
            output,
            sources: Vec::new(),
            by_id: HashMap::new(),
            to,
            reorder: Reorder::default(),
            // All may have ended before.
            look_at: Some(Instant::now() + NEXT_START),
        };
        (following, heard)
    }

    /// Follows a container behind `seam`.
    pub(super) fn add(&mut self, id: String, live: Live, file: Option<LogFile>, seam: Option<Seam>) {
        let source = self.sources.len();
        self.by_id.insert(id.clone(), source);
        self.sources.push(Source {
            id,
            live,
            file,
            state: State::Open,
        });
        self.open(source, seam);
    }

    pub(super) fn live(&self, who: Arc<crate::logs::Who>) -> Live {
        Live::new(self.wanted.clone(), who)
    }

    fn open(&mut self, source: usize, seam: Option<Seam>) {
        self.sources[source].state = State::Open;
        let id = self.sources[source].id.clone();
        let to = self.to.clone();
        if let Some(file) = self.sources[source].file.clone() {
            let named = std::thread::Builder::new().name("log".to_owned());
            let started = named.spawn(move || follow_file(&file, source, seam, &to));
            if started.is_ok() {
                return;
            }
        }
        tokio::spawn(follow(self.engine.clone(), id, source, seam, self.to.clone()));
    }

    /// Takes a log up where it was left, if it was.
    fn open_again(&mut self, source: usize) {
        if let State::Left(seam) = self.sources[source].state {
            self.open(source, seam);
        }
    }

    /// What failed once may fail at once again: not in a busy loop.
    fn open_later(&self, source: usize) {
        let to = self.to.clone();
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            let _nobody_listens = to.send(Heard::Again { source }).await;
        });
    }

    /// Goes on until `--until`, a while after `told`, or until nobody reads any more.
    pub(super) async fn run(
        &mut self,
        mut heard: Receiver<Heard>,
        events: Events,
        mut told: Option<oneshot::Receiver<()>>,
    ) -> Result<(), Failure> {
        let mut events = events;
        let mut some = Vec::new();
        let mut end = end(self.wanted.span.until);
        loop {
            let due = self
                .sources
                .iter()
                .filter_map(|source| source.live.due())
                .chain(self.reorder.due())
                .chain(end)
                .chain(self.look_at)
                .min();
            tokio::select! {
                biased;
                count = heard.recv_many(&mut some, AT_ONCE) => {
                    debug_assert!(count > 0, "we hold a sender ourselves");
                    let now = Instant::now();
                    for heard in some.drain(..) {
                        self.heard(heard, now).await?;
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
            let is_over = end.is_some_and(|end| end <= now) || (heard.is_empty() && !self.is_anything_left(now).await);
            for (number, source) in self.sources.iter_mut().enumerate() {
                let mut show = |shown| self.reorder.push(number, shown, now);
                if is_over {
                    source.live.finish(now, &mut show);
                } else {
                    source.live.tick(now, &mut show);
                }
            }
            // A line of the only one that talks waits for nobody.
            let alone = self.sources.iter().filter(|source| source.state == State::Open).count() < 2;
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
            let is_read = !(is_over || heard.is_empty()) || self.output.flush();
            if is_over || !is_read {
                return Ok(());
            }
        }
    }

    async fn heard(&mut self, heard: Heard, now: Instant) -> Result<(), Failure> {
        match heard {
            Heard::Piece { source, piece } => {
                let reorder = &mut self.reorder;
                self.sources[source]
                    .live
                    .push(of_engine(&piece), now, &mut |shown| reorder.push(source, shown, now));
            }
            Heard::Again { source } => {
                self.open_again(source);
            }
            Heard::Ended {
                source,
                seam,
                gave,
                error,
            } => {
                tracing::debug!(id = self.sources[source].id, ?error, "a log stream ended");
                let reorder = &mut self.reorder;
                self.sources[source]
                    .live
                    .finish(now, &mut |shown| reorder.push(source, shown, now));
                if self.sources[source].state == State::Gone {
                    return Ok(());
                }
                self.sources[source].state = State::Left(seam);
                // A file that ended is gone, or can't be read any more: what there is still the engine gives.
                self.sources[source].file = None;
                // It may have been started again before its stream had ended.
                let id = self.sources[source].id.clone();
                match self.engine.inspect_state(&id).await {
                    Ok(detail) if detail.is_alive() && error.is_none() => self.open(source, seam),
                    Ok(detail) if detail.is_alive() => self.open_later(source),
                    // An engine may end a stream before it has given the last lines of a process that ended.
                    Ok(_) if gave => self.open(source, seam),
                    Err(error) if error.is_not_found() => self.forget(source),
                    // It waits for its start, or the engine's.
                    _ => {}
                }
            }
        }
        Ok(())
    }

    async fn event(&mut self, event: EngineEvent) -> Result<(), Failure> {
        match event.kind {
            EngineEventKind::Start => match self.by_id.get(&event.id) {
                Some(source) => {
                    self.open_again(*source);
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
                if let Some(source) = self.by_id.get(&event.id).copied() {
                    self.forget(source);
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
        let goes_on = |state| {
            matches!(
                state,
                ContainerState::Running { .. } | ContainerState::Paused | ContainerState::Restarting
            )
        };
        containers
            .iter()
            .any(|container| self.selection.takes_container(container) && goes_on(container.state))
    }

    fn forget(&mut self, source: usize) {
        self.sources[source].state = State::Gone;
        let id = self.sources[source].id.clone();
        self.by_id.remove(&id);
    }

    /// Follows the project's containers that were not there before, from their beginning.
    async fn look_for_new(&mut self) -> Result<(), Failure> {
        let containers = match self.engine.observe_containers(self.project).await {
            Ok(containers) => containers,
            // Its going away is heard of by the events.
            Err(error) if error.is_unreachable() => return Ok(()),
            Err(error) => return Err(error.failure()),
        };
        for container in containers {
            let Some(service) = container.service() else {
                continue;
            };
            if !self.selection.takes_container(&container) || self.by_id.contains_key(&container.id) {
                continue;
            }
            let Ok(place) = self.engine.log_place(&container.id).await else {
                // Gone again.
                continue;
            };
            if place.driver == "none" {
                say(
                    self.session,
                    &format!("{} keeps no log: its log driver is `none`", container.name),
                );
                continue;
            }
            let who = self
                .names
                .who(service, container.number(), &container.name, &self.wanted.printer);
            let live = self.live(Arc::new(who));
            let file = super::choose::file(self.args.source, &self.engine, &place);
            self.add(container.id.clone(), live, file.ok(), None);
        }
        Ok(())
    }

    /// Waits for an engine that went away, and takes up every log where it was left. Nothing happens any more at `end`.
    async fn reconnect(&mut self, end: Option<Instant>) -> Result<Events, Failure> {
        say(self.session, "the engine went away; its logs go on when it is back");
        loop {
            if end.is_some_and(|end| end <= Instant::now()) {
                return Ok(Box::pin(futures_util::stream::pending()));
            }
            tokio::time::sleep(RETRY).await;
            let Ok(engine) = self.session.engine().await else {
                continue;
            };
            let engine = Arc::new(engine);
            let Ok(events) = engine.subscribe(self.project).await else {
                continue;
            };
            self.engine = engine;
            for source in 0..self.sources.len() {
                self.open_again(source);
            }
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

/// Completes when it is told, or nobody is left to tell it.
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
