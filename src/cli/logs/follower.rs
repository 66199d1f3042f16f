//! What `logs -f` follows and how that is shown, by the flags.

use crate::cli::session::Session;
use crate::engine::{Engine, LogPlace};
use crate::ids::ServiceName;
use crate::logs::follow::{Follower, LogFile};
use crate::logs::source::SourceChoice;
use crate::logs::{LogOwner, Printer};
use crate::observed::Container;

use super::choose;
use super::look::{Names, say};
use super::selection::Selection;

pub(super) struct ByFlags<'a> {
    pub session: &'a Session,
    pub source: SourceChoice,
    pub selection: &'a Selection,
    pub printer: &'a Printer,
    pub names: Names,
}

impl Follower for ByFlags<'_> {
    fn takes(&self, container: &Container) -> bool {
        self.selection.takes_container(container)
    }

    fn owner(&mut self, container: &Container) -> LogOwner {
        let service = container.service().map_or("", ServiceName::as_str);
        self.names
            .owner(service, container.number(), &container.name, self.printer)
    }

    fn file(&self, engine: &Engine, place: &LogPlace) -> Option<LogFile> {
        choose::file(self.source, engine, place).ok()
    }

    fn say(&self, text: &str) {
        say(self.session, text);
    }

    async fn reach(&self) -> Option<Engine> {
        self.session.engine().await.ok()
    }
}
