//! `logs`: all services as one stream in time order.

mod choose;
mod look;
mod summary;

use std::io::IsTerminal as _;
use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, channel};

use crate::engine::{Engine, LogOptions};
use crate::failure::{Exit, Failure};
use crate::logs::{Chunk, Fed, Keep, Level, Output, Wanted, from_engine, from_files, merge, source::Span};

use super::Ended;
use super::args::LogsArgs;
use super::session::Session;

use choose::{Chosen, Place};

/// Batches of a source that wait for their turn.
const WAITING: usize = 2;

pub(crate) async fn run(session: &Session, args: &LogsArgs) -> Ended {
    let wanted = Arc::new(wanted(session, args)?);
    let (project, stack) = session.project()?;
    if let Some(stack) = &stack {
        stack.select(&args.services, false)?;
    }
    let engine = Arc::new(session.engine().await?);
    let mut containers = engine
        .observe_containers(&project)
        .await
        .map_err(|error| error.failure())?;
    containers.retain(|container| {
        container
            .service()
            .is_some_and(|service| args.services.is_empty() || args.services.iter().any(|wanted| wanted == service))
    });
    containers.sort_by(|a, b| (a.service(), a.number()).cmp(&(b.service(), b.number())));
    if containers.is_empty() {
        return Err(
            Failure::failed(format!("project {project} has no containers to show logs of"))
                .hint("`magicctl up` makes them"),
        );
    }
    let chosen = choose::choose(session, args, &engine, containers, &wanted.printer).await?;
    tokio::select! {
        ended = history(session, args, &engine, &wanted, chosen) => ended,
        _ = tokio::signal::ctrl_c() => Ok(Some(Exit::Interrupted)),
    }
}

/// What the flags ask for.
fn wanted(session: &Session, args: &LogsArgs) -> Result<Wanted, Failure> {
    let errors = (args.errors || args.summary).then_some(Level::Error);
    let mut span = Span::default();
    span.since = args.since.unwrap_or(span.since);
    span.until = args.until.unwrap_or(span.until);
    Ok(Wanted {
        span,
        keep: Keep {
            least: args.level.or(errors),
            grep: args.grep.as_deref().map(|text| pattern(text, args.ignore_case)).transpose()?,
            invert: args.invert,
            ..Keep::default()
        },
        tail: args.tail.filter(|tail| *tail != usize::MAX),
        context: look::around(session, args).is_some(),
        fold: args.summary,
        printer: look::printer(session, args)?,
    })
}

fn pattern(text: &str, ignore_case: bool) -> Result<regex::bytes::Regex, Failure> {
    regex::bytes::RegexBuilder::new(text)
        .case_insensitive(ignore_case)
        .multi_line(true)
        .build()
        .map_err(|error| {
            Failure::usage("--grep: that is no regular expression")
                .because(error.to_string())
                .hint("to find the text as it stands, put a backslash before each of . * + ? ( ) [ ] { } | ^ $ \\")
        })
}

async fn history(
    session: &Session,
    args: &LogsArgs,
    engine: &Arc<Engine>,
    wanted: &Arc<Wanted>,
    chosen: Vec<Chosen>,
) -> Ended {
    let several = chosen.windows(2).any(|two| two[0].who.service == two[1].who.service);
    let tail = wanted.tail.filter(|_| several);
    let services = chosen.iter().map(|chosen| chosen.who.service.clone()).collect();
    let names: Vec<String> = chosen.iter().map(|chosen| chosen.who.container.clone()).collect();
    let files = chosen.iter().filter(|chosen| matches!(chosen.place, Place::Files(_))).count();
    let chunk = Chunk::for_files(files);
    let feeds = chosen
        .into_iter()
        .map(|chosen| feed(engine, wanted, chosen, chunk))
        .collect::<Result<Vec<_>, _>>()?;
    let mut output = Output::new(
        std::io::stdout().lock(),
        look::around(session, args),
        tail.map(|tail| (tail, services)),
    );
    let read_on = merge(feeds, &mut output).await;
    let failures = std::mem::take(&mut output.failures);
    if read_on {
        if wanted.fold {
            let groups = std::mem::take(&mut output.summary).groups();
            summary::show(session, wanted, groups, &mut output);
        }
        output.finish();
    }
    drop(output);
    for (source, failure) in &failures {
        look::say(session, &format!("the log of {} ends early: {failure}", names[*source]));
    }
    Ok((!failures.is_empty()).then_some(Exit::Failed))
}

/// Starts to read a container's log.
fn feed(engine: &Arc<Engine>, wanted: &Arc<Wanted>, chosen: Chosen, chunk: Chunk) -> Result<Receiver<Fed>, Failure> {
    let (to, feed) = channel(WAITING);
    let wanted = wanted.clone();
    let who = chosen.who;
    match chosen.place {
        Place::Files(files) => {
            let path = files.path;
            let history = files.history;
            let read = move || {
                let read = from_files(&wanted, &who, &history, chunk, &mut |fed| to.blocking_send(fed).is_ok());
                if let Err(error) = read {
                    let failure = Failure::failed(format!("{} can't be read", path.display()))
                        .because(error.to_string())
                        .hint("`--source engine` asks the engine for it");
                    let _nobody_listens = to.blocking_send(Fed::Failed(failure));
                }
            };
            std::thread::Builder::new()
                .name("log".to_owned())
                .spawn(read)
                .map_err(|error| Failure::failed("no thread can be started to read a log").because(error.to_string()))?;
        }
        Place::Engine => {
            let engine = engine.clone();
            let span = wanted.span;
            let default = Span::default();
            let open = move |tail| {
                let options = LogOptions {
                    follow: false,
                    since: Some(span.since).filter(|since| *since != default.since),
                    until: Some(span.until).filter(|until| *until != default.until),
                    tail,
                };
                engine.logs(&chosen.id, options)
            };
            tokio::spawn(from_engine(wanted, who, open, to));
        }
    }
    Ok(feed)
}

/// Whether somebody looks at the output.
fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}
