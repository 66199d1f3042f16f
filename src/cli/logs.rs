//! `logs`: all services as one stream in time order.

use std::collections::BTreeSet;

use console::{Color, Style};
use futures_util::StreamExt as _;
use time::format_description::well_known::Rfc3339;

use crate::engine::{Engine, EngineError, LogOptions};
use crate::failure::{Exit, Failure};
use crate::logs::{Grouping, Line, Record, merge};
use crate::observed::Container;

use super::Ended;
use super::args::LogsArgs;
use super::session::Session;

/// The colours of services' names, in turn.
const COLOURS: [Color; 6] = [
    Color::Cyan,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
    Color::Blue,
    Color::Red,
];
/// A record is complete when its source has been silent this long, when following.
const SILENCE: std::time::Duration = std::time::Duration::from_millis(150);

pub(crate) async fn run(session: &Session, args: &LogsArgs) -> Ended {
    let (project, stack) = session.project()?;
    if let Some(stack) = &stack {
        stack.select(&args.services, false)?;
    }
    let engine = session.engine().await?;
    let mut containers = engine
        .observe_containers(&project)
        .await
        .map_err(|error| error.failure())?;
    let wanted: BTreeSet<&str> = args.services.iter().map(String::as_str).collect();
    containers.retain(|container| {
        container
            .service()
            .is_some_and(|service| wanted.is_empty() || wanted.contains(service))
    });
    containers.sort_by(|a, b| (a.service(), a.number()).cmp(&(b.service(), b.number())));
    if containers.is_empty() {
        return Err(
            Failure::failed(format!("project {project} has no containers to show logs of"))
                .hint("`magicctl up` makes them"),
        );
    }
    let show = Show::new(session, args, &containers);
    tokio::select! {
        ended = stream(&engine, args, &containers, &show) => ended.map(|()| None),
        _ = tokio::signal::ctrl_c() => Ok(Some(Exit::Interrupted)),
    }
}

async fn stream(engine: &Engine, args: &LogsArgs, containers: &[Container], show: &Show<'_>) -> Result<(), Failure> {
    let options = LogOptions {
        follow: args.follow,
        since: args.since.map(|moment| moment.0.unix_timestamp()),
        until: args.until.map(|moment| moment.0.unix_timestamp()),
        tail: args.tail,
    };
    let sources = containers
        .iter()
        .enumerate()
        .map(|(index, container)| {
            let lines = engine.logs(&container.id, options).map(move |line| {
                line.map(|line| Line {
                    source: index,
                    time: line.time,
                    stderr: line.stderr,
                    text: String::from_utf8_lossy(&line.bytes)
                        .trim_end_matches(['\r', '\n'])
                        .to_owned(),
                })
            });
            Box::pin(lines) as std::pin::Pin<Box<dyn futures_util::Stream<Item = _>>>
        })
        .collect();
    let mut merged = merge::<EngineError>(sources, args.follow);
    let mut grouping = Grouping::new(containers.len());
    loop {
        let next = if args.follow {
            match tokio::time::timeout(SILENCE, merged.next()).await {
                Ok(next) => next,
                Err(_silent) => {
                    if !grouping.flush().iter().all(|record| show.record(record)) {
                        return Ok(());
                    }
                    merged.next().await
                }
            }
        } else {
            merged.next().await
        };
        let Some(line) = next.map_err(|error| error.failure())? else {
            grouping.flush().iter().all(|record| show.record(record));
            return Ok(());
        };
        if let Some(record) = grouping.push(line)
            && !show.record(&record)
        {
            return Ok(());
        }
    }
}

/// Filters records and prints them.
struct Show<'a> {
    session: &'a Session,
    args: &'a LogsArgs,
    names: Vec<(String, String)>,
    width: usize,
    colours: Vec<Style>,
}

impl<'a> Show<'a> {
    fn new(session: &'a Session, args: &'a LogsArgs, containers: &[Container]) -> Self {
        let names: Vec<(String, String)> = containers
            .iter()
            .map(|container| {
                (
                    container.service().unwrap_or_default().to_owned(),
                    container.name.clone(),
                )
            })
            .collect();
        Self {
            session,
            args,
            width: names.iter().map(|(service, _)| service.len()).max().unwrap_or(0),
            colours: (0..names.len())
                .map(|index| Style::new().fg(COLOURS[index % COLOURS.len()]))
                .collect(),
            names,
        }
    }

    /// False when nobody reads any more.
    fn record(&self, record: &Record) -> bool {
        if self.args.errors && !record.is_error() {
            return true;
        }
        if let Some(pattern) = &self.args.grep
            && !record.lines.iter().any(|line| pattern.is_match(&line.text))
        {
            return true;
        }
        if self.session.json() {
            return self.session.out.line(&self.json(record));
        }
        record.lines.iter().all(|line| self.session.out.line(&self.text(line)))
    }

    fn text(&self, line: &Line) -> String {
        let (service, _) = &self.names[line.source];
        let name = self.colours[line.source].apply_to(format!("{service:width$}", width = self.width));
        let time = if self.args.timestamps {
            format!("{} ", rfc3339(line))
        } else {
            String::new()
        };
        format!("{name} | {time}{}", line.text)
    }

    fn json(&self, record: &Record) -> String {
        let head = record.head();
        let (service, container) = &self.names[head.source];
        let message = record
            .lines
            .iter()
            .map(|line| line.text.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        serde_json::json!({
            "time": rfc3339(head),
            "service": service,
            "container": container,
            "stream": if head.stderr { "stderr" } else { "stdout" },
            "level": record.level,
            "message": message,
        })
        .to_string()
    }
}

fn rfc3339(line: &Line) -> String {
    line.time.format(&Rfc3339).unwrap_or_default()
}
