//! `exec`: a command in a service's container.

use std::io::IsTerminal as _;

use crate::engine::ExecOptions;
use crate::failure::{Exit, Failure};

use super::Ended;
use super::args::ExecArgs;
use super::session::Session;
use super::terminal::RawTerminal;

pub(crate) async fn run(session: &Session, args: ExecArgs) -> Ended {
    let (project, stack) = session.project()?;
    if let Some(stack) = &stack {
        stack.select(std::slice::from_ref(&args.service), false)?;
    }
    let engine = session.engine().await?;
    let containers = engine
        .observe_containers(&project)
        .await
        .map_err(|error| error.failure())?;
    let container = containers
        .iter()
        .find(|container| container.service() == Some(&args.service) && container.is_running())
        .ok_or_else(|| {
            Failure::failed(format!("{} is not running", args.service))
                .hint(format!("`magicctl up {}` starts it", args.service))
        })?;
    let options = ExecOptions {
        tty: !args.no_tty && std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        interactive: true,
        user: args.user,
        workdir: args.workdir,
        env: args.env,
    };
    let raw = options.tty.then(RawTerminal::enter).flatten();
    let code = engine.exec(&container.id, &args.command, &options).await;
    // The process may end at once, and the terminal must be ours again by then.
    drop(raw);
    let code = code.map_err(|error| error.failure())?;
    match u8::try_from(code) {
        Ok(0) => Ok(None),
        // The command's own code is the answer to `exec`, as with Compose.
        Ok(code) => std::process::exit(i32::from(code)),
        Err(_) => Ok(Some(Exit::Failed)),
    }
}
