//! `wait`: until containers have ended.

use clap::Args;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::failure::{Exit, Failure};
use crate::ids::ServiceName;

use super::project_containers::ProjectContainers;

/// `wait`.
#[derive(Debug, Clone, Args)]
pub struct WaitArgs {
    /// Services
    #[arg(value_name = "SERVICE", required = true)]
    services: Vec<ServiceName>,
    /// Take the project down after the first of them has exited
    #[arg(long)]
    down_project: bool,
}

pub(crate) async fn run(session: &Session, args: &WaitArgs) -> Ended {
    let project = ProjectContainers::of(session, &args.services).await?;
    project.require(&args.services)?;
    let mut awaited = project.running(&args.services);
    if awaited.is_empty() {
        // What has ended is a wait that is over.
        awaited = project.chosen(&args.services);
    }
    let mut waits: futures_util::stream::FuturesUnordered<_> = awaited
        .iter()
        .map(|container| async { (*container, project.engine.wait(&container.id).await) })
        .collect();
    let mut codes = Vec::new();
    loop {
        let ended = tokio::select! {
            ended = futures_util::StreamExt::next(&mut waits) => ended,
            () = crate::cli::plan_run::interrupted() => return Ok(Some(Exit::Interrupted)),
        };
        let Some((container, code)) = ended else {
            break;
        };
        let code = code?;
        if session.json() {
            let ended =
                serde_json::json!({ "container": container.name, "service": container.service(), "exit_code": code });
            session.out.answer(&ended);
        } else {
            let ended = format!("container \"{}\" exited with status code {code}", container.name);
            session.out.line(ended);
        }
        codes.push(code);
        if args.down_project {
            break;
        }
    }
    drop(waits);
    if args.down_project {
        let down = crate::cli::down::DownArgs::of_everything();
        if let Some(exit) = crate::cli::down::run(session, &down).await? {
            return Ok(Some(exit));
        }
    }
    match codes.into_iter().find(|code| *code != 0) {
        None => Ok(None),
        Some(code) => end_with(code),
    }
}

/// Ends the process with a container's own exit code, which is the answer, as with Compose.
pub(in crate::cli) fn end_with(code: i64) -> Ended {
    match u8::try_from(code) {
        Ok(0) => Ok(None),
        Ok(code) => std::process::exit(i32::from(code)),
        Err(_) => Err(Failure::failed(format!("it exited with {code}"))),
    }
}
