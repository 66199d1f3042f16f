//! The engine's events of one project's containers.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;

use bollard::errors::Error;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptions;
use futures_util::{Stream, StreamExt as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ids::{ContainerId, ServiceName};
use crate::labels;

use super::client::Client;
use super::error::Errors;
use super::wire::Patience;
use super::{Again, Engine, EngineError};

/// In a second.
const NANOSECONDS: i128 = 1_000_000_000;

/// Something happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// The container's id.
    pub id: ContainerId,
    /// Its service.
    pub service: Option<ServiceName>,
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
    pub id: ContainerId,
    /// Its service.
    pub service: Option<ServiceName>,
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

    /// How container `id` of `project` last ended, by the events since `since`, RFC 3339; `None` when they don't say.
    pub async fn last_exit(&self, project: &str, id: &ContainerId, since: &str) -> Option<i64> {
        let since = OffsetDateTime::parse(since, &Rfc3339).ok()?.unix_timestamp();
        let until = exactly(self.now().await.ok()?);
        let mut events = std::pin::pin!(self.events(project, Some(since.to_string()), Some(until)));
        let mut code = None;
        while let Some(Ok(event)) = events.next().await {
            if event.id == *id && event.action == "die" {
                code = event.attributes.get("exitCode").and_then(|code| code.parse().ok());
            }
        }
        code
    }

    /// The events of `project`'s containers from now on: the engine keeps the latest ones, so none is missed
    /// however late the stream is first read, nor when the connection is cut: then it goes on from there.
    pub async fn subscribe(
        &self,
        project: &str,
    ) -> Result<impl Stream<Item = Result<EngineEvent, EngineError>> + use<>, EngineError> {
        let now = self.now().await?;
        let subscription = Subscription {
            docker: self.docker.clone(),
            errors: self.errors.clone(),
            patience: self.patience,
            project: project.to_owned(),
            heard_until: now.unix_timestamp_nanos(),
            was_cut: false,
            stream: None,
            again: self.again(),
        };
        Ok(futures_util::stream::unfold(subscription, Subscription::next))
    }

    /// The engine's clock; on this machine that is ours.
    ///
    /// # Errors
    /// The engine on another machine can't be asked.
    pub async fn now(&self) -> Result<OffsetDateTime, EngineError> {
        if self.endpoint.socket().is_some() {
            return Ok(OffsetDateTime::now_utc());
        }
        let info = self.docker.info().await.map_err(|error| self.error(error))?;
        let said = info.system_time.unwrap_or_default();
        Ok(OffsetDateTime::parse(&said, &Rfc3339).unwrap_or_else(|_| OffsetDateTime::now_utc()))
    }
}

/// A stream of events that is opened again where it was cut.
struct Subscription {
    docker: Client,
    errors: Errors,
    patience: Patience,
    project: String,
    /// Nanoseconds since 1970, by the engine's clock.
    heard_until: i128,
    was_cut: bool,
    stream: Option<Messages>,
    again: Again,
}

type Messages = Pin<Box<dyn Stream<Item = Result<EventMessage, Error>> + Send>>;

impl Subscription {
    async fn next(mut self) -> Option<(Result<EngineEvent, EngineError>, Self)> {
        loop {
            let mut stream = self.stream.take().unwrap_or_else(|| self.open());
            let error = match stream.next().await {
                Some(Ok(message)) => {
                    self.stream = Some(stream);
                    self.again = Again::of(self.patience);
                    let at = message.time_nano.map_or(self.heard_until, i128::from);
                    if self.was_cut && at <= self.heard_until {
                        // The last one that was heard, again.
                        continue;
                    }
                    self.was_cut = false;
                    self.heard_until = at;
                    match event(message) {
                        Some(event) => return Some((Ok(event), self)),
                        None => continue,
                    }
                }
                Some(Err(error)) => Some(self.errors.of(error)),
                None => None,
            };
            self.was_cut = true;
            if !error.as_ref().is_none_or(EngineError::may_pass) || !self.again.pause().await {
                return error.map(|error| (Err(error), self));
            }
        }
    }

    fn open(&self) -> Messages {
        let filters = HashMap::from([
            ("type".to_owned(), vec!["container".to_owned()]),
            (
                "label".to_owned(),
                vec![format!("{}={}", labels::PROJECT, self.project)],
            ),
            (
                "event".to_owned(),
                // `died` and `remove` are Podman's words; it says `die`, but is asked for it by its own word.
                ["start", "die", "died", "destroy", "remove", "health_status"]
                    .map(ToOwned::to_owned)
                    .to_vec(),
            ),
        ]);
        let (seconds, nanoseconds) = (self.heard_until / NANOSECONDS, self.heard_until % NANOSECONDS);
        Box::pin(self.docker.events(EventsOptions {
            since: Some(format!("{seconds}.{nanoseconds:09}")),
            until: None,
            filters: Some(filters),
        }))
    }
}

/// To the nanosecond, as the engine takes times.
fn exactly(time: OffsetDateTime) -> String {
    format!("{}.{:09}", time.unix_timestamp(), time.nanosecond())
}

fn raw(message: EventMessage) -> Option<RawEvent> {
    let actor = message.actor?;
    let mut attributes: BTreeMap<String, String> = actor.attributes.unwrap_or_default().into_iter().collect();
    let one_off = attributes
        .get(labels::ONEOFF)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let service = attributes.get(labels::SERVICE).map(ServiceName::new);
    // Labels that are not Compose's are the user's, and our own record of what was wanted says nothing to a reader.
    attributes.retain(|name, _| !name.starts_with("com.docker.compose.") && name != labels::SPEC);
    let time = OffsetDateTime::from_unix_timestamp_nanos(message.time_nano?.into()).ok()?;
    Some(RawEvent {
        time: time.format(&Rfc3339).ok()?,
        action: message.action?,
        id: ContainerId::new(actor.id?),
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
        // Podman's word.
        "destroy" | "remove" => EngineEventKind::Destroy,
        _ => return None,
    };
    Some(EngineEvent {
        id: ContainerId::new(actor.id?),
        service: attributes.get(labels::SERVICE).map(ServiceName::new),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_is_told_in_docker_s_word_and_in_podman_s() {
        let kind = |action: &str| {
            let message = serde_json::json!({ "Action": action, "Actor": { "ID": "c0ffee" } });
            event(serde_json::from_value(message).unwrap()).map(|event| event.kind)
        };
        assert_eq!(kind("destroy"), Some(EngineEventKind::Destroy));
        assert_eq!(kind("remove"), Some(EngineEventKind::Destroy));
        assert_eq!(kind("rename"), None);
    }
}
