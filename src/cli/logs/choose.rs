//! Where each container's log is read.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::args::LogsArgs;
use crate::cli::session::Session;
use crate::engine::{Engine, LogPlace};
use crate::failure::Failure;
use crate::logs::source::SourceChoice;
use crate::logs::source::file::{Driver, History};
use crate::logs::{Printer, Who};
use crate::observed::Container;

use super::look::{Names, say};

/// A container and where its log is read.
pub(super) struct Chosen {
    pub id: String,
    pub who: Arc<Who>,
    pub place: Place,
}

pub(super) enum Place {
    Files(Files),
    Engine,
}

pub(super) struct Files {
    pub path: PathBuf,
    pub history: History,
}

/// Chooses for each of `containers`; those that keep no log are said and left out.
pub(super) async fn choose(
    session: &Session,
    args: &LogsArgs,
    engine: &Engine,
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
            Err(error) => return Err(error.failure()),
        };
        if place.driver == "none" {
            say(
                session,
                &format!("{} keeps no log: its log driver is `none`", container.name),
            );
            continue;
        }
        let who = names.who(container.service().unwrap_or_default(), &container.name, printer);
        let place = one(args.source, engine, &container.name, &place)?;
        if session.global.verbose > 0 {
            let from = match &place {
                Place::Engine => "the engine's API".to_owned(),
                Place::Files(files) => format!("{} ({} bytes)", files.path.display(), files.history.length()),
            };
            session.out.diagnostic(&format!("logs: {} from {from}", container.name));
        }
        chosen.push(Chosen {
            id: container.id,
            who: Arc::new(who),
            place,
        });
    }
    Ok(chosen)
}

fn one(choice: SourceChoice, engine: &Engine, name: &str, place: &LogPlace) -> Result<Place, Failure> {
    if choice == SourceChoice::Engine {
        return Ok(Place::Engine);
    }
    let tried = match (Driver::of(&place.driver), &place.file) {
        _ if !engine.is_local() => Err("the engine is on another machine".to_owned()),
        (None, _) => Err(format!(
            "the log driver is `{}`, whose files can't be read",
            place.driver
        )),
        // A container that never ran has no file yet; the engine knows.
        (_, None) => Err("it has no log file".to_owned()),
        (Some(driver), Some(path)) => History::open(driver, path)
            .map(|history| Files {
                path: path.clone(),
                history,
            })
            .map_err(|error| format!("{}: {error}", path.display())),
    };
    match tried {
        Ok(files) => Ok(Place::Files(files)),
        Err(why) if choice == SourceChoice::Files => {
            Err(Failure::failed(format!("the log files of {name} can't be read"))
                .because(why)
                .hint("`--source auto` asks the engine where files can't be read"))
        }
        Err(why) => {
            tracing::debug!(container = name, why, "not from files");
            Ok(Place::Engine)
        }
    }
}
