//! The engine's events of one project's containers.

use std::collections::{BTreeMap, HashMap};

use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptions;
use futures_util::{Stream, StreamExt as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::labels;

use super::{Engine, EngineError};

/// Something happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// The container's id.
    pub id: String,
    /// Its service.
    pub service: Option<String>,
    /// What.
    pub kind: EngineEventKind,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineEventKind {
    /// Its process runs.
    Start,
    /// Its healthcheck has passed.
    Healthy,
    /// Its healthcheck has failed too often.
    Unhealthy,
    /// Its process ended.
    Die {
        /// The exit code.
        code: i64,
    },
    /// It was removed.
    Destroy,
}

/// Something that happened to a container, in the engine's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// When, RFC 3339.
    pub time: String,
    /// `start`, `die`, `health_status: healthy`…
    pub action: String,
    /// The container's id.
    pub id: String,
    /// Its service.
    pub service: Option<String>,
    /// It is one of `run`.
    pub one_off: bool,
    /// Its name, its image, the exit code and the like; none of Compose's labels.
    pub attributes: BTreeMap<String, String>,
}

impl Engine {
    /// All events of `project`'s containers, between two times (Unix seconds) where they are given, else from now on.
    pub fn events(
        &self,
        project: &str,
        since: Option<String>,
        until: Option<String>,
    ) -> impl Stream<Item = Result<RawEvent, EngineError>> + use<> {
        let filters = HashMap::from([
            ("type".to_owned(), vec!["container".to_owned()]),
            ("label".to_owned(), vec![format!("{}={project}", labels::PROJECT)]),
        ]);
        let options = EventsOptions {
            since,
            until,
            filters: Some(filters),
        };
        let errors = self.errors.clone();
        self.docker.events(options).filter_map(move |message| {
            let event = match message {
                Ok(message) => raw(message).map(Ok),
                Err(error) => Some(Err(errors.of(error))),
            };
            std::future::ready(event)
        })
    }

    /// The events of `project`'s containers from now on: the engine keeps the latest ones, so none is missed
    /// however late the stream is first read.
    pub async fn subscribe(
        &self,
        project: &str,
    ) -> Result<impl Stream<Item = Result<EngineEvent, EngineError>> + use<>, EngineError> {
        let now = self.now().await?;
        let filters = HashMap::from([
            ("type".to_owned(), vec!["container".to_owned()]),
            ("label".to_owned(), vec![format!("{}={project}", labels::PROJECT)]),
            (
                "event".to_owned(),
                ["start", "die", "destroy", "health_status"]
                    .map(ToOwned::to_owned)
                    .to_vec(),
            ),
        ]);
        let options = EventsOptions {
            since: Some(format!("{}.{:09}", now.unix_timestamp(), now.nanosecond())),
            until: None,
            filters: Some(filters),
        };
        let errors = self.errors.clone();
        let stream = self.docker.events(options).filter_map(move |message| {
            let event = match message {
                Ok(message) => event(message).map(Ok),
                Err(error) => Some(Err(errors.of(error))),
            };
            std::future::ready(event)
        });
        Ok(stream)
    }

    /// The engine's clock; on this machine that is ours.
    async fn now(&self) -> Result<OffsetDateTime, EngineError> {
        if self.endpoint.socket().is_some() {
            return Ok(OffsetDateTime::now_utc());
        }
        let info = self.docker.info().await.map_err(|error| self.error(error))?;
        let said = info.system_time.unwrap_or_default();
        Ok(OffsetDateTime::parse(&said, &Rfc3339).unwrap_or_else(|_| OffsetDateTime::now_utc()))
    }
}

fn raw(message: EventMessage) -> Option<RawEvent> {
    let actor = message.actor?;
    let mut attributes: BTreeMap<String, String> = actor.attributes.unwrap_or_default().into_iter().collect();
    let one_off = attributes
        .get(labels::ONEOFF)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let service = attributes.get(labels::SERVICE).cloned();
    // Labels that are not Compose's are the user's, and our own record of what was wanted says nothing to a reader.
    attributes.retain(|name, _| !name.starts_with("com.docker.compose.") && name != labels::SPEC);
    let time = OffsetDateTime::from_unix_timestamp_nanos(message.time_nano?.into()).ok()?;
    Some(RawEvent {
        time: time.format(&Rfc3339).ok()?,
        action: message.action?,
        id: actor.id?,
        service,
        one_off,
        attributes,
    })
}

fn event(message: EventMessage) -> Option<EngineEvent> {
    let actor = message.actor?;
    let attributes = actor.attributes.unwrap_or_default();
    let kind = match message.action?.as_str() {
        "start" => EngineEventKind::Start,
        "health_status: healthy" => EngineEventKind::Healthy,
        "health_status: unhealthy" => EngineEventKind::Unhealthy,
        "die" => EngineEventKind::Die {
            code: attributes
                .get("exitCode")
                .and_then(|code| code.parse().ok())
                .unwrap_or(-1),
        },
        "destroy" => EngineEventKind::Destroy,
        _ => return None,
    };
    Some(EngineEvent {
        id: actor.id?,
        service: attributes.get(labels::SERVICE).cloned(),
        kind,
    })
}
