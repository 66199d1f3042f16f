//! `exec`: a command in a service's container.

use std::io::IsTerminal as _;

use crate::engine::ExecOptions;
use crate::failure::Exit;

use super::Ended;
use super::args::ExecArgs;
use super::session::Session;
use super::terminal::RawTerminal;
use super::verbs::there::There;

pub(crate) async fn run(session: &Session, args: ExecArgs) -> Ended {
    let there = There::of(session, std::slice::from_ref(&args.service)).await?;
    let container = there.one_running(&args.service, args.index)?;
    let engine = &there.engine;
    let options = ExecOptions {
        tty: !args.no_tty && !args.detach && std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        interactive: true,
        user: args.user,
        workdir: args.workdir,
        env: args.env,
        privileged: args.privileged,
        detach: args.detach,
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
