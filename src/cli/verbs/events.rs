//! `events`: what happens to the project's containers, as the engine says it.

use clap::Args;
use futures_util::StreamExt as _;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::engine::RawEvent;
use crate::failure::Exit;
use crate::ids::ServiceName;
use crate::logs::Stamp;

/// `events`.
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// One JSON object per event, as Compose prints it
    #[arg(long)]
    json: bool,
    /// Start with events since this time: 10m, 2026-01-31T12:00:00Z, or a Unix time
    #[arg(long, value_name = "TIME", value_parser = crate::cli::moment::parse)]
    since: Option<Stamp>,
    /// Stop at this time (as for --since)
    #[arg(long, value_name = "TIME", value_parser = crate::cli::moment::parse)]
    until: Option<Stamp>,
}

pub(crate) async fn run(session: &Session, args: &EventsArgs) -> Ended {
    let (project, stack) = session.project_with(&args.services)?;
    if let Some(stack) = &stack {
        stack.select(&args.services, false)?;
    }
    let engine = session.engine().await?;
    let as_text = |stamp: Stamp| format!("{}.{:09}", stamp.seconds(), stamp.0.rem_euclid(crate::stamp::SECOND));
    let events = engine.events(&project, args.since.map(as_text), args.until.map(as_text));
    let mut events = std::pin::pin!(events);
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = crate::cli::plan_run::interrupted() => return Ok(Some(Exit::Interrupted)),
        };
        let Some(event) = event else {
            return Ok(None);
        };
        let event = event?;
        let is_meant = event
            .service
            .as_ref()
            .is_some_and(|service| args.services.is_empty() || args.services.contains(service));
        if !is_meant || event.one_off {
            continue;
        }
        let is_read = if session.json() {
            session.out.answer(&as_json(&event))
        } else if args.json {
            session.out.json(&as_json(&event))
        } else {
            session.out.line(as_line(&event))
        };
        if !is_read {
            return Ok(None);
        }
    }
}

/// As Compose prints it.
fn as_line(event: &RawEvent) -> String {
    let attributes: Vec<String> = event
        .attributes
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "{} container {} {} ({})",
        event.time,
        event.action,
        event.id,
        attributes.join(", ")
    )
}

fn as_json(event: &RawEvent) -> serde_json::Value {
    serde_json::json!({
        "time": event.time,
        "type": "container",
        "service": event.service,
        "id": event.id,
        "action": event.action,
        "attributes": event.attributes,
    })
}
