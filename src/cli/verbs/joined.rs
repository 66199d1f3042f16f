//! A container's process joined to our terminal or pipes, until it ends or is left.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Ended;
use crate::cli::terminal::RawTerminal;
use crate::engine::{Engine, EngineError, EngineEvent, EngineEventKind, Parted, resizes};
use crate::failure::{Exit, Failure};
use crate::ids::ContainerId;

use super::wait::end_with;

/// An end is reported as an event soon after the streams have come apart; if it isn't, the container was left by its keys.
const END_IS_TOLD_WITHIN: Duration = Duration::from_secs(2);
/// This many signals in a row mean that we are to go, whatever the container does.
const LAST_SIGNAL: u32 = 3;

/// A container to be joined.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Joined<'a> {
    pub engine: &'a Engine,
    pub project: &'a str,
    pub container: &'a ContainerId,
    pub name: &'a str,
    /// Our standard input is its.
    pub stdin: bool,
    /// It has a terminal.
    pub tty: bool,
    /// It is started once we have joined.
    pub start: bool,
    /// The engine removes it when it has ended.
    pub goes: bool,
    /// Signals that we get are for it.
    pub forward: bool,
    /// Keys that leave it, instead of the engine's Ctrl-P Ctrl-Q.
    pub detach_keys: Option<&'a str>,
}

impl Joined<'_> {
    /// Stays until it has ended, and ends the process with its exit code.
    pub(super) async fn until_it_ends(&self) -> Ended {
        let engine = self.engine;
        let events = engine.subscribe(self.project).await?;
        let mut events = std::pin::pin!(events);
        let streams = engine.attach(self.container, self.stdin, self.detach_keys).await?;
        if self.start {
            self.begin().await?;
        }
        let raw = (self.tty && self.stdin).then(RawTerminal::enter).flatten();
        if self.tty {
            engine.fit_terminal(self.container).await;
        }
        let parted = tokio::select! {
            parted = engine.join(streams, self.stdin, self.tty) => parted?,
            () = self.follow_size(), if self.tty => Parted::Ended,
            () = self.forward_signals() => {
                drop(raw);
                return Ok(Some(Exit::Interrupted));
            }
        };
        if parted == Parted::Unread {
            // What it prints goes nowhere any more (`| head`).
            engine.stop(self.container, None).await?;
        }
        let ended = tokio::select! {
            code = self.end(&mut events) => code,
            () = self.left() => None,
            () = self.forward_signals() => {
                drop(raw);
                return Ok(Some(Exit::Interrupted));
            }
        };
        // The process may end at once, and the terminal must be ours again by then.
        drop(raw);
        match ended {
            Some(code) => end_with(code),
            None => Ok(None),
        }
    }

    /// Starts it; one that can't be started leaves no container.
    async fn begin(&self) -> Result<(), Failure> {
        let Err(error) = self.engine.start(self.container).await else {
            return Ok(());
        };
        if self.goes {
            self.engine.remove_container(self.container, true).await?;
        }
        let failure = error.failure();
        Err(Failure {
            what: format!("{} can't start: {}", self.name, failure.what),
            ..failure
        })
    }

    /// Its exit code, when the engine says that it has ended, and been removed if it is to be. `None` when the engine goes.
    async fn end<E>(&self, events: &mut std::pin::Pin<&mut E>) -> Option<i64>
    where
        E: futures_util::Stream<Item = Result<EngineEvent, EngineError>>,
    {
        let mut exit_code = None;
        while let Some(Ok(event)) = events.next().await {
            if event.id != *self.container {
                continue;
            }
            match event.kind {
                EngineEventKind::Die { code } => exit_code = Some(code),
                EngineEventKind::Destroy => return exit_code.or(Some(0)),
                _ => {}
            }
            if exit_code.is_some() && !self.goes {
                break;
            }
        }
        exit_code
    }

    /// Completes when it still runs though its streams have ended: it was left by its keys.
    async fn left(&self) {
        tokio::time::sleep(END_IS_TOLD_WITHIN).await;
        loop {
            let state = self.engine.inspect_state(self.container).await;
            let runs = state.is_ok_and(|state| state.is_alive());
            if runs && self.stdin {
                return;
            }
            // It may have closed its output and go on; its end is reported.
            tokio::time::sleep(END_IS_TOLD_WITHIN).await;
        }
    }

    async fn follow_size(&self) {
        let mut changes = resizes();
        while changes.recv().await.is_some() {
            self.engine.fit_terminal(self.container).await;
        }
        std::future::pending::<()>().await;
    }

    /// Hands signals on to the container's process. Completes when there were too many of them.
    async fn forward_signals(&self) {
        let listen = |kind| signal(kind).ok();
        let (Some(mut interrupt), Some(mut terminate), Some(mut hangup), Some(mut quit)) = (
            listen(SignalKind::interrupt()),
            listen(SignalKind::terminate()),
            listen(SignalKind::hangup()),
            listen(SignalKind::quit()),
        ) else {
            return std::future::pending().await;
        };
        let mut handing = futures_util::stream::FuturesUnordered::new();
        let mut count = 0;
        while count < LAST_SIGNAL {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
                _ = hangup.recv() => "SIGHUP",
                _ = quit.recv() => "SIGQUIT",
                // An engine that does not answer keeps the next signal from nobody.
                Some(()) = handing.next() => continue,
            };
            if !self.forward {
                return;
            }
            count += 1;
            handing.push(async move {
                if let Err(error) = self.engine.kill(self.container, name).await {
                    tracing::debug!(%error, name, "the signal can't be forwarded");
                }
            });
        }
    }
}
