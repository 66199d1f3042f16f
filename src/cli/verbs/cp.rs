//! `cp`: files between a container and here.

use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::json;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::engine::{Engine, PathInfo};
use crate::failure::{Exit, Failure};
use crate::ids::ServiceName;
use crate::observed::Container;

use super::packed::Packed;
use super::project_containers::ProjectContainers;
use super::unpacked::Unpacked;

/// `cp`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "One side is SERVICE:PATH. `-` is a tar stream, from stdin or to stdout.")]
pub struct CpArgs {
    /// The source: a path, SERVICE:PATH, or -
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The target: SERVICE:PATH, a path, or -
    #[arg(value_name = "DESTINATION")]
    destination: String,
    /// The container's number [default: from the first, or to all]
    #[arg(long, value_name = "N")]
    index: Option<u32>,
    /// Include containers of `run`
    #[arg(long)]
    all: bool,
    /// Keep users and groups
    #[arg(short, long)]
    archive: bool,
    /// Follow a symbolic link in the source
    #[arg(short = 'L', long)]
    follow_link: bool,
}

/// One side of a copy.
#[derive(Debug, PartialEq, Eq)]
enum Side<'a> {
    /// A tar stream.
    Stream,
    /// Here.
    Local(&'a str),
    /// In a container.
    Service { service: ServiceName, path: &'a str },
}

/// `./a:b` and `/a:b` are here, `a:b` is in service a.
fn side(text: &str) -> Side<'_> {
    match text.split_once(':') {
        _ if text == "-" => Side::Stream,
        Some((service, path)) if !text.starts_with(['/', '.']) => Side::Service {
            service: ServiceName::new(service),
            path,
        },
        _ => Side::Local(text),
    }
}

pub(crate) async fn run(session: &Session, args: &CpArgs) -> Ended {
    let interrupted = crate::cli::plan_run::interrupted();
    let mut interrupted = std::pin::pin!(interrupted);
    if let (Side::Service { service, path }, to @ (Side::Local(_) | Side::Stream)) =
        (side(&args.source), side(&args.destination))
    {
        // What is half here is cleared away before it ends.
        return from_container(session, args, &service, path, &to, interrupted).await;
    }
    let copying = async {
        match (side(&args.source), side(&args.destination)) {
            (from @ (Side::Local(_) | Side::Stream), Side::Service { service, path }) => {
                to_containers(session, args, &from, &service, path).await
            }
            (Side::Service { .. }, Side::Service { .. }) => {
                Err(Failure::usage("source and destination are both services")
                    .because("the engine copies only between a container and this machine")
                    .hint("copy to this machine first, then to the other service"))
            }
            _ => Err(Failure::usage("neither side is a service").hint("write one side as SERVICE:PATH")),
        }
    };
    tokio::select! {
        copied = copying => copied.map(|()| None),
        () = &mut interrupted => Ok(Some(Exit::Interrupted)),
    }
}

fn candidates<'t>(
    project: &'t ProjectContainers,
    args: &CpArgs,
    service: &ServiceName,
) -> Result<Vec<&'t Container>, Failure> {
    if args.index.is_some() {
        return Ok(vec![project.one(service, args.index)?]);
    }
    let of_service = |container: &&Container| container.service.as_ref() == Some(service);
    let wanted = |container: &&Container| of_service(container) && (args.all || !container.is_one_off());
    let all: Vec<&Container> = project.containers.iter().filter(wanted).collect();
    if all.is_empty() {
        project.one(service, None)?;
    }
    Ok(all)
}

async fn from_container(
    session: &Session,
    args: &CpArgs,
    service: &ServiceName,
    path: &str,
    to: &Side<'_>,
    mut interrupted: impl Future<Output = ()> + Unpin,
) -> Ended {
    let project = ProjectContainers::of(session, &[service.to_owned()]).await?;
    let container = candidates(&project, args, service)?[0];
    let found = tokio::select! {
        found = source(&project.engine, args, container, path) => found?,
        () = &mut interrupted => return Ok(Some(Exit::Interrupted)),
    };
    let pieces = project.engine.download(&container.id, &found.path);
    let mut pieces = std::pin::pin!(pieces);
    let Side::Local(to) = to else {
        loop {
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                () = &mut interrupted => return Ok(Some(Exit::Interrupted)),
            };
            let Some(piece) = piece else {
                return Ok(None);
            };
            if !session.out.bytes(&piece?) {
                return Ok(None);
            }
        }
    };
    // It keeps the name that was asked for, whatever the container says that it leads to.
    let target = Unpacked::plan(&args.source, path, found.is_dir, &session.start_dir()?, to)?;
    let (feed, unpacking) = target.begin(args.archive);
    let copying = async {
        while let Some(piece) = pieces.next().await {
            if !feed.give(piece?).await {
                break;
            }
        }
        Ok::<(), Failure>(())
    };
    let copied = tokio::select! {
        copied = copying => Some(copied),
        () = &mut interrupted => None,
    };
    match copied {
        Some(Ok(())) => feed.end().await,
        _ => drop(feed),
    }
    let unpacked = unpacking.await;
    let Some(copied) = copied else {
        return Ok(Some(Exit::Interrupted));
    };
    copied?;
    let left_out = unpacked?.lines();
    for line in &left_out {
        session.warn(line);
    }
    let copied = Copied::say(session, format!("{}:{}", container.name, found.path), (*to).to_owned());
    answer(session, &[copied], &left_out);
    Ok(None)
}

/// What is copied out of a container.
struct Source {
    path: String,
    is_dir: bool,
}

async fn source(engine: &Engine, args: &CpArgs, container: &Container, path: &str) -> Result<Source, Failure> {
    let info = info_of(engine, container, path).await?;
    let info = info.ok_or_else(|| Failure::failed(format!("there is no {path} in {}", container.name)))?;
    let Some(link) = info.link.as_ref().filter(|_| args.follow_link) else {
        return Ok(Source {
            path: path.to_owned(),
            is_dir: info.is_dir,
        });
    };
    let target = beside(path, link);
    let broken = format!(
        "{path} in {} is a link to {target}, which doesn't exist",
        container.name
    );
    let info = info_of(engine, container, &target).await?;
    Ok(Source {
        is_dir: info.ok_or_else(|| Failure::failed(broken))?.is_dir,
        path: target,
    })
}

async fn to_containers(
    session: &Session,
    args: &CpArgs,
    from: &Side<'_>,
    service: &ServiceName,
    path: &str,
) -> Result<(), Failure> {
    let project = ProjectContainers::of(session, &[service.to_owned()]).await?;
    let containers = candidates(&project, args, service)?;
    if *from == Side::Stream && containers.len() > 1 {
        return Err(Failure::usage(format!(
            "{service} has {} containers, but the stream can be read only once",
            containers.len()
        ))
        .hint("choose one with --index N"));
    }
    let here = session.start_dir()?;
    let mut copied = Vec::new();
    for container in containers {
        to_container(&project.engine, args, from, container, path, &here).await?;
        let to = format!("{}:{path}", container.name);
        copied.push(Copied::say(session, args.source.clone(), to));
    }
    answer(session, &copied, &[]);
    Ok(())
}

async fn to_container(
    engine: &Engine,
    args: &CpArgs,
    from: &Side<'_>,
    container: &Container,
    path: &str,
    here: &Path,
) -> Result<(), Failure> {
    let (path, info) = resolved(engine, container, path).await?;
    if info.as_ref().is_some_and(|info| info.is_special) {
        return Err(Failure::failed(format!(
            "{}:{path} is neither a file nor a directory",
            container.name
        )));
    }
    let is_dir = info.as_ref().is_some_and(|info| info.is_dir);
    let uploaded = match from {
        Side::Local(from) => {
            let packed = Packed::plan(
                &here.join(from),
                from,
                args.follow_link,
                &path,
                info.as_ref().map(|info| info.is_dir),
            )
            .map_err(|failure| failure.because(format!("the target was {}:{path}", container.name)))?;
            let folder = packed.into.clone();
            let write = move |writer: &mut dyn std::io::Write| packed.write(writer);
            engine.upload(&container.id, &folder, args.archive, write).await
        }
        _ if !is_dir => {
            return Err(Failure::failed(format!("{}:{path} is not a directory", container.name))
                .because("a tar stream needs a directory to unpack into"));
        }
        _ => {
            let stdin = |writer: &mut dyn std::io::Write| crate::engine::pass(std::io::stdin().lock(), writer);
            engine.upload(&container.id, &path, args.archive, stdin).await
        }
    };
    uploaded.map_err(|error| {
        let failure = error.failure();
        Failure {
            what: format!(
                "{} can't be copied to {}:{path}: {}",
                args.source, container.name, failure.what
            ),
            ..failure
        }
    })
}

/// The path that `path` leads to, if it is a symbolic link, and what is at its end.
async fn resolved(engine: &Engine, container: &Container, path: &str) -> Result<(String, Option<PathInfo>), Failure> {
    let info = info_of(engine, container, path).await?;
    let Some(link) = info.as_ref().and_then(|info| info.link.clone()) else {
        return Ok((path.to_owned(), info));
    };
    let target = beside(path, &link);
    let info = info_of(engine, container, &target).await?;
    Ok((target, info))
}

async fn info_of(engine: &Engine, container: &Container, path: &str) -> Result<Option<PathInfo>, Failure> {
    engine.path_info(&container.id, path).await.map_err(Failure::from)
}

/// Where a link at `path` leads.
fn beside(path: &str, link: &str) -> String {
    let parent = Path::new(path).parent().map_or_else(PathBuf::new, Path::to_path_buf);
    parent.join(link).to_string_lossy().into_owned()
}

/// One copy that was made.
#[derive(Serialize)]
struct Copied {
    from: String,
    to: String,
}

impl Copied {
    /// Says it, for people.
    fn say(session: &Session, from: String, to: String) -> Self {
        session.say(&format!("copied {from} to {to}"));
        Self { from, to }
    }
}

/// All that was copied and what was left out of it, for programs.
fn answer(session: &Session, copied: &[Copied], left_out: &[String]) {
    if session.json() {
        session.out.answer(&json!({ "copied": copied, "left_out": left_out }));
    }
}

#[cfg(test)]
mod tests {
    use super::{Side, beside, side};

    #[test]
    fn a_service_is_told_from_a_path() {
        let service = |service: &str, path| Side::Service {
            service: service.into(),
            path,
        };
        assert_eq!(side("app:/etc/hosts"), service("app", "/etc/hosts"));
        assert_eq!(side("app:"), service("app", ""));
        for path in ["./a:b", "/a:b", "../a:b", "a/b"] {
            assert_eq!(side(path), Side::Local(path));
        }
        assert_eq!(side("-"), Side::Stream);
    }

    #[test]
    fn a_link_leads_from_where_it_is() {
        assert_eq!(beside("/a/b", "c"), "/a/c");
        assert_eq!(beside("/a/b", "/c"), "/c");
    }
}
