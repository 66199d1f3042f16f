//! The logs that are followed: each open, or left where it was read to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use crate::engine::Engine;
use crate::ids::ContainerId;

use super::file::{LogFile, follow_file};
use super::live::Live;
use super::seam::Seam;
use super::stream::{StreamEvent, follow};

/// Before a log is opened again whose stream failed though the engine is there.
const AGAIN: Duration = Duration::from_secs(1);

/// A container that is followed.
pub(super) struct Source {
    id: ContainerId,
    pub live: Live,
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

/// All of them, by their numbers and ids.
pub(super) struct Sources {
    pub all: Vec<Source>,
    by_id: HashMap<ContainerId, usize>,
    /// Where what they give goes.
    to: Sender<StreamEvent>,
}

impl Sources {
    pub(super) fn new(to: Sender<StreamEvent>) -> Self {
        Self {
            all: Vec::new(),
            by_id: HashMap::new(),
            to,
        }
    }

    /// Follows container `id` after `seam`.
    pub(super) fn add(
        &mut self,
        engine: &Arc<Engine>,
        id: ContainerId,
        live: Live,
        file: Option<LogFile>,
        seam: Option<Seam>,
    ) {
        let source = self.all.len();
        self.by_id.insert(id.clone(), source);
        self.all.push(Source {
            id,
            live,
            file,
            state: State::Open,
        });
        self.open(engine, source, seam);
    }

    /// The number of container `id`.
    pub(super) fn number(&self, id: &ContainerId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(super) fn id(&self, source: usize) -> &ContainerId {
        &self.all[source].id
    }

    pub(super) fn is_gone(&self, source: usize) -> bool {
        self.all[source].state == State::Gone
    }

    /// How many are open.
    pub(super) fn open_ones(&self) -> usize {
        self.all.iter().filter(|source| source.state == State::Open).count()
    }

    pub(super) fn open(&mut self, engine: &Arc<Engine>, source: usize, seam: Option<Seam>) {
        let Source { id, file, state, .. } = &mut self.all[source];
        *state = State::Open;
        let to = self.to.clone();
        if let Some(file) = file.clone() {
            let named = std::thread::Builder::new().name("log".to_owned());
            let started = named.spawn(move || follow_file(&file, source, seam, &to));
            if started.is_ok() {
                return;
            }
        }
        tokio::spawn(follow(engine.clone(), id.clone(), source, seam, self.to.clone()));
    }

    /// Takes a log up where it was left, if it was.
    pub(super) fn open_again(&mut self, engine: &Arc<Engine>, source: usize) {
        if let State::Left(seam) = self.all[source].state {
            self.open(engine, source, seam);
        }
    }

    /// The same of all.
    pub(super) fn open_all_again(&mut self, engine: &Arc<Engine>) {
        for source in 0..self.all.len() {
            self.open_again(engine, source);
        }
    }

    /// What failed once may fail at once again: not in a busy loop.
    pub(super) fn open_later(&self, source: usize) {
        let to = self.to.clone();
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            let _nobody_listens = to.send(StreamEvent::Again { source }).await;
        });
    }

    /// Its stream has ended at `seam`.
    pub(super) fn left(&mut self, source: usize, seam: Option<Seam>) {
        self.all[source].state = State::Left(seam);
        // A file that ended is gone, or can't be read any more: what there is still the engine gives.
        self.all[source].file = None;
    }

    /// Its container was removed.
    pub(super) fn forget(&mut self, source: usize) {
        self.all[source].state = State::Gone;
        self.by_id.remove(&self.all[source].id);
    }
}
