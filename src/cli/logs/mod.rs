//! `logs`: all services as one stream in time order.

mod args;
mod choose;
mod follower;
mod look;
mod selection;
mod summary;

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver as Feed, channel};
use tokio::sync::oneshot::Receiver;

use crate::compose::Stack;
use crate::engine::{Engine, LogOptions};
use crate::failure::{Exit, Failure};
use crate::ids::ContainerId;
use crate::logs::follow::{Events, Following, LogFile};
use crate::logs::source::{SourceChoice, Span};
use crate::logs::{
    Chunk, FeedItem, GrepPrefilter, Level, LogOwner, Output, RecordFilter, Wanted, from_engine, from_files, from_loki,
    merge,
};

use super::Ended;
use super::open::published;
use super::session::Session;

pub use args::LogsArgs;
use choose::{Chosen, Place};
use follower::ByFlags;
use look::Names;
use selection::Selection;

/// Batches of a source that wait for their turn.
const WAITING: usize = 2;

pub(crate) async fn run(session: &Session, args: &LogsArgs) -> Ended {
    if args.follow && args.source == SourceChoice::Loki {
        return Err(
            Failure::usage("--follow reads from the engine, so it can't be combined with `--source loki`")
                .hint("drop one of the two"),
        );
    }
    let mut wanted = wanted(session, args)?;
    // Naming a service of an inactive profile enables it.
    let (project, stack) = session.project_with(&args.services)?;
    let selection = Selection::of(args, stack.as_ref())?;
    let engine = match args.source {
        SourceChoice::Loki => None,
        _ => Some(session.engine().await?),
    };
    // Only now are all keys known: the file named some, and the containers' folders hold others.
    wanted.printer.redactor = look::redactor(session, args);
    let wanted = Arc::new(wanted);
    let show = Show {
        session,
        args,
        project: &project,
        wanted: &wanted,
        selection: &selection,
    };
    let from_loki = async {
        let stack = stack.as_ref().ok_or_else(|| {
            Failure::failed("Loki's address is in the Compose file, which can't be read").hint("see `magicctl config`")
        })?;
        let url = published(stack, "loki")?.to_string();
        let chosen = choose::from_loki(session, args, &selection, &url, stack, &wanted).await?;
        show.history(chosen, None).await
    };
    let work = async {
        let Some(engine) = engine else {
            return from_loki.await;
        };
        if let Some(stack) = &stack {
            stack.select(&args.services, false)?;
        }
        show.engines(engine, stack.as_ref(), None).await
    };
    tokio::select! {
        ended = work => ended,
        _ = tokio::signal::ctrl_c() => Ok(Some(Exit::Interrupted)),
    }
}

/// The same for an `up` that stays: of the services that `args` name, until the last has ended or a while after `end` completes.
pub(crate) async fn beside_up(session: &Session, stack: &Stack, args: &LogsArgs, end: Receiver<()>) -> Ended {
    let wanted = Arc::new(wanted(session, args)?);
    let selection = Selection::of(args, Some(stack))?;
    let show = Show {
        session,
        args,
        project: &stack.name,
        wanted: &wanted,
        selection: &selection,
    };
    show.engines(session.engine().await?, Some(stack), Some(end)).await
}

/// What the flags ask for.
fn wanted(session: &Session, args: &LogsArgs) -> Result<Wanted, Failure> {
    let errors = (args.errors || args.summary).then_some(Level::Error);
    let mut span = Span::default();
    span.since = args.since.unwrap_or(span.since);
    span.until = args.until.unwrap_or(span.until);
    Ok(Wanted {
        span,
        filter: RecordFilter {
            least: args.level.or(errors),
            grep: args
                .grep
                .as_deref()
                .map(|text| pattern(text, args.ignore_case))
                .transpose()?,
            prefilter: args
                .grep
                .as_deref()
                .and_then(|text| GrepPrefilter::of(text, args.ignore_case)),
            invert: args.invert,
            ..RecordFilter::default()
        },
        tail: args.tail.filter(|tail| *tail != usize::MAX),
        context: look::around(session, args).is_some(),
        fold: args.summary,
        follow: args.follow,
        printer: look::printer(session, args)?,
    })
}

fn pattern(text: &str, ignore_case: bool) -> Result<regex::bytes::Regex, Failure> {
    regex::bytes::RegexBuilder::new(text)
        .case_insensitive(ignore_case)
        .multi_line(true)
        .build()
        .map_err(|error| {
            Failure::usage("--grep: invalid regular expression")
                .because(error.to_string())
                .hint("to search for literal text, put a backslash before each of . * + ? ( ) [ ] { } | ^ $ \\")
        })
}

/// The logs of a project, to be shown.
struct Show<'a> {
    session: &'a Session,
    args: &'a LogsArgs,
    project: &'a str,
    wanted: &'a Arc<Wanted>,
    selection: &'a Selection,
}

/// What goes on after the history.
struct Behind {
    engine: Arc<Engine>,
    names: Names,
    events: Events,
    /// Tells when no more is to be expected.
    end: Option<Receiver<()>>,
}

/// A container of the history, for what comes after it.
struct Followed {
    id: ContainerId,
    owner: Arc<LogOwner>,
    file: Option<LogFile>,
}

impl Followed {
    fn of(chosen: &Chosen) -> Self {
        let file = match &chosen.place {
            Place::Files(files) => Some(LogFile {
                driver: files.driver,
                path: files.path.clone(),
            }),
            _ => None,
        };
        Self {
            id: chosen.id.clone(),
            owner: chosen.owner.clone(),
            file,
        }
    }
}

impl Show<'_> {
    /// Of the containers that the engine has.
    async fn engines(&self, engine: Engine, stack: Option<&Stack>, end: Option<Receiver<()>>) -> Ended {
        let Self {
            session,
            args,
            project,
            wanted,
            selection,
        } = *self;
        let engine = Arc::new(engine);
        // Listening before looking: a container that starts in between is heard of.
        let events: Option<Events> = if args.follow {
            let events = engine.subscribe(project).await?;
            Some(Box::pin(events))
        } else {
            None
        };
        let mut containers = engine.observe_containers(project).await?;
        containers.retain(|container| selection.takes_container(container));
        containers.sort_by(|a, b| (a.service(), a.number()).cmp(&(b.service(), b.number())));
        if containers.is_empty() {
            let none = selection.none(project);
            let hint = "`magicctl up` creates missing containers; `--source loki` shows the logs of removed ones";
            if selection.is_of_one() {
                return Err(Failure::failed(none).hint(hint));
            }
            // As with Compose it is not a failure, and there is nothing to wait for.
            look::say(session, &format!("{none}; {hint}"));
            return Ok(None);
        }
        let running = containers
            .iter()
            .filter_map(|container| Some((container.service()?, container.number())));
        // All names that may come, so that the column is as wide as it will have to be.
        let in_file = stack.into_iter().flat_map(|stack| stack.services.values());
        let to_come = in_file.map(|service| (&service.name, service.replicas().max(1)));
        let to_come = to_come.filter(|(service, number)| events.is_some() && selection.takes(service, *number));
        let all = running
            .chain(to_come)
            .map(|(service, number)| (service.as_str(), number));
        let mut names = Names::of(all);
        let chosen = choose::choose(session, args, &engine, containers, &mut names, &wanted.printer).await?;
        let behind = events.map(|events| Behind {
            engine: engine.clone(),
            names,
            events,
            end,
        });
        self.history(chosen, behind).await
    }

    async fn history(&self, chosen: Vec<Chosen>, behind: Option<Behind>) -> Ended {
        let Self {
            session,
            args,
            project,
            wanted,
            ..
        } = *self;
        let sources: Vec<Followed> = chosen.iter().map(Followed::of).collect();
        let files = chosen
            .iter()
            .filter(|chosen| matches!(chosen.place, Place::Files(_)))
            .count();
        let chunk = Chunk::for_files(files);
        let feeds = chosen
            .into_iter()
            .map(|chosen| feed(project, wanted, chosen, chunk))
            .collect::<Result<Vec<_>, _>>()?;
        let around = look::around(session, args);
        let mut output = Output::new(session.out.logs(), around);
        let read_on = merge(feeds, &mut output).await;
        let failures = std::mem::take(&mut output.failures);
        for (source, failure) in &failures {
            look::say(
                session,
                &format!("the log of {} ends early: {failure}", sources[*source].owner.container),
            );
        }
        if read_on && wanted.fold {
            let groups = std::mem::take(&mut output.summary).groups();
            summary::show(session, wanted, groups, &mut output);
        }
        let read_on = read_on && output.finish();
        let is_followed = behind.is_some();
        if let Some(behind) = behind.filter(|_| read_on) {
            self.follow(sources, behind, &mut output).await?;
        }
        if let Some(error) = output.error {
            return Err(Failure::failed("the logs can't be written to the output")
                .because(error.to_string())
                .hint("check whether the disk is full"));
        }
        if is_followed {
            return Ok(None);
        }
        Ok((!failures.is_empty()).then_some(Exit::Failed))
    }

    async fn follow<W: std::io::Write>(
        &self,
        sources: Vec<Followed>,
        behind: Behind,
        output: &mut Output<W>,
    ) -> Result<(), Failure> {
        let seams = std::mem::take(&mut output.seams);
        let follower = ByFlags {
            session: self.session,
            source: self.args.source,
            selection: self.selection,
            printer: &self.wanted.printer,
            names: behind.names,
        };
        let mut following = Following::new(follower, self.project, behind.engine, self.wanted.clone(), output);
        for (number, source) in sources.into_iter().enumerate() {
            let seam = seams.get(&number).copied().flatten();
            following.add(source.id, source.owner, source.file, seam);
        }
        following.run(behind.events, behind.end).await
    }
}

/// Starts to read a container's log.
fn feed(project: &str, wanted: &Arc<Wanted>, chosen: Chosen, chunk: Chunk) -> Result<Feed<FeedItem>, Failure> {
    let (to, feed) = channel(WAITING);
    let wanted = wanted.clone();
    let owner = chosen.owner;
    match chosen.place {
        Place::Files(files) => {
            let path = files.path;
            let history = files.history;
            let read = move || {
                let read = from_files(&wanted, &owner, &history, chunk, &mut |fed| {
                    to.blocking_send(fed).is_ok()
                });
                if let Err(error) = read {
                    let failure = Failure::failed(format!("{} can't be read", path.display()))
                        .because(error.to_string())
                        .hint("`--source engine` reads it from the engine");
                    let _nobody_listens = to.blocking_send(FeedItem::Failed(Box::new(failure)));
                }
            };
            std::thread::Builder::new()
                .name("log".to_owned())
                .spawn(read)
                .map_err(|error| Failure::failed("can't start a thread to read a log").because(error.to_string()))?;
        }
        Place::Loki(loki) => {
            tokio::spawn(from_loki(wanted, owner, loki, project.to_owned(), to));
        }
        Place::Engine(engine) => {
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
            tokio::spawn(from_engine(wanted, owner, open, to));
        }
    }
    Ok(feed)
}

#[cfg(test)]
mod tests {
    use super::{GrepPrefilter, pattern};

    #[test]
    fn no_pattern_takes_all_memory_or_the_stack() {
        for text in [
            "(a{1000}){1000}".to_owned(),
            "((a{100}){100}){100}".to_owned(),
            "\\w{5000}".to_owned(),
            format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000)),
            "(?:".repeat(100_000),
            "[".repeat(100_000),
            "a{4294967295}".to_owned(),
            "(?i)\\pL{1000}\\pL{1000}".to_owned(),
        ] {
            let failure = pattern(&text, false).unwrap_err();
            assert!(!failure.why.is_empty(), "{text:.20}");
            let _any = GrepPrefilter::of(&text, false);
        }
        // Long and flat is fine.
        let words = vec!["word"; 2_000].join("|");
        assert!(pattern(&words, true).is_ok());
        let _any = GrepPrefilter::of(&words, true);
    }
}
