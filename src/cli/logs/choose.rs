//! Where each container's log is read.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::session::Session;
use crate::compose::Stack;
use crate::engine::{Engine, LogPlace};
use crate::failure::Failure;
use crate::files;
use crate::ids::{ContainerId, ServiceName};
use crate::logs::follow::LogFile;
use crate::logs::source::file::{Driver, History};
use crate::logs::source::{Loki, SourceChoice};
use crate::logs::{LogOwner, Printer, Wanted};
use crate::nearest::nearest;
use crate::observed::Container;

use super::args::LogsArgs;
use super::look::{Names, say};
use super::selection::Selection;

/// A container and where its log is read.
pub(super) struct Chosen {
    pub id: ContainerId,
    pub owner: Arc<LogOwner>,
    pub place: Place,
}

pub(super) enum Place {
    Files(Files),
    Engine(Arc<Engine>),
    Loki(Loki),
}

pub(super) struct Files {
    pub driver: Driver,
    pub path: PathBuf,
    pub history: History,
}

/// Chooses for each of `containers`; those that keep no log are said and left out.
pub(super) async fn choose(
    session: &Session,
    args: &LogsArgs,
    engine: &Arc<Engine>,
    containers: Vec<Container>,
    names: &mut Names,
    printer: &Printer,
) -> Result<Vec<Chosen>, Failure> {
    let places = containers.iter().map(|container| engine.log_place(&container.id));
    let places = futures_util::future::join_all(places).await;
    let mut chosen = Vec::new();
    for (container, place) in containers.into_iter().zip(places) {
        let place = match place {
            Ok(place) => place,
            // Removed since it was listed.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        if place.driver == "none" {
            say(
                session,
                &format!("{} has no log: its log driver is `none`", container.name),
            );
            continue;
        }
        let owner = names.owner(
            container.service().map_or("", ServiceName::as_str),
            container.number(),
            &container.name,
            printer,
        );
        let place = one(args.source, engine, &container.name, &place)?;
        if session.global.verbose > 0 {
            let from = match &place {
                Place::Engine(_) => "the engine's API".to_owned(),
                Place::Loki(_) => "Loki".to_owned(),
                Place::Files(files) => format!("{} ({} bytes)", files.path.display(), files.history.length()),
            };
            session.out.diagnostic(format!("logs: {} from {from}", container.name));
        }
        chosen.push(Chosen {
            id: container.id,
            owner: Arc::new(owner),
            place,
        });
    }
    Ok(chosen)
}

/// The containers that Loki knows, gone ones too.
pub(super) async fn from_loki(
    session: &Session,
    args: &LogsArgs,
    selection: &Selection,
    url: &str,
    stack: &Stack,
    wanted: &Wanted,
) -> Result<Vec<Chosen>, Failure> {
    let loki = Loki::at(url);
    let project = stack.name.as_str();
    let mut known = loki.containers(project, wanted.span).await?;
    for service in &args.services {
        let of_file = stack.services.contains_key(service);
        if !of_file && !known.iter().any(|known| known.service == *service) {
            let names = known.iter().map(|known| known.service.as_str());
            let failure = Failure::usage(format!("Loki knows no service `{service}` of project {project}"));
            return Err(match nearest(service.as_str(), names.clone()) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!(
                    "it knows: {}",
                    names
                        .collect::<BTreeSet<_>>()
                        .into_iter()
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            });
        }
    }
    known.retain(|known| selection.takes(&known.service, number_of(&known.container)));
    if known.is_empty() {
        return Err(
            Failure::failed(format!("Loki at {url} has no logs of project {project}"))
                .hint("the log collector sends logs to Loki; without `--source loki` the engine's logs are shown"),
        );
    }
    let mut names = Names::of(
        known
            .iter()
            .map(|known| (known.service.as_str(), number_of(&known.container))),
    );
    let chosen = known.into_iter().map(|known| {
        if session.global.verbose > 0 {
            session
                .out
                .diagnostic(format!("logs: {} from Loki at {url}", known.container));
        }
        Chosen {
            id: ContainerId::new(""),
            owner: Arc::new(names.owner(
                known.service.as_str(),
                number_of(&known.container),
                &known.container,
                &wanted.printer,
            )),
            place: Place::Loki(loki.clone()),
        }
    });
    Ok(chosen.collect())
}

/// The number at the end of a container's name, which is all that Loki knows of it.
fn number_of(container: &str) -> u32 {
    let number = container
        .rsplit(['-', '_'])
        .next()
        .and_then(|number| number.parse().ok());
    number.unwrap_or(1)
}

/// The file in which a container's log is read, or why none is.
pub(super) fn file(choice: SourceChoice, engine: &Engine, place: &LogPlace) -> Result<LogFile, String> {
    match (Driver::of(&place.driver), &place.file) {
        _ if choice == SourceChoice::Engine => Err("`--source engine` was given".to_owned()),
        _ if !engine.is_local() => Err("the engine is on another machine".to_owned()),
        (None, _) => Err(format!(
            "the log driver is `{}`, whose files can't be read",
            place.driver
        )),
        // A container that never ran has no file yet; the engine knows.
        (_, None) => Err("it has no log file".to_owned()),
        (Some(driver), Some(path)) => match files::Growing::open(path) {
            Ok(_readable) => Ok(LogFile {
                driver,
                path: path.clone(),
            }),
            Err(error) => Err(format!("{}: {error}", path.display())),
        },
    }
}

fn one(choice: SourceChoice, engine: &Arc<Engine>, name: &str, place: &LogPlace) -> Result<Place, Failure> {
    let tried = file(choice, engine, place).and_then(|file| {
        History::open(file.driver, &file.path)
            .map(|history| Files {
                path: file.path.clone(),
                driver: file.driver,
                history,
            })
            .map_err(|error| format!("{}: {error}", file.path.display()))
    });
    match tried {
        Ok(files) => Ok(Place::Files(files)),
        Err(why) if choice == SourceChoice::Files => {
            Err(Failure::failed(format!("the log files of {name} can't be read"))
                .because(why)
                .hint("`--source auto` reads from the engine if the files can't be read"))
        }
        Err(why) => {
            tracing::debug!(container = name, why, "not from files");
            Ok(Place::Engine(engine.clone()))
        }
    }
}
