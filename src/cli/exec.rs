//! `exec`: a command in a service's container.

use std::io::IsTerminal as _;

use clap::Args;

use crate::engine::ExecOptions;
use crate::failure::Exit;
use crate::ids::ServiceName;
use crate::terminal::stdout_is_terminal;

use super::Ended;
use super::session::Session;
use super::terminal::RawTerminal;
use super::verbs::project_containers::ProjectContainers;

/// `exec`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ExecArgs {
    /// The service
    pub service: ServiceName,
    /// The command and its arguments
    #[arg(
        trailing_var_arg = true,
        required = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub command: Vec<String>,
    /// Run as this user
    #[arg(short, long)]
    pub user: Option<String>,
    /// Run in this directory of the container
    #[arg(short, long)]
    pub workdir: Option<String>,
    /// Set a variable; NAME alone takes the value from your environment
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Don't allocate a terminal
    #[arg(short = 'T', long, visible_alias = "no-TTY")]
    pub no_tty: bool,
    /// Accepted for compatibility: a terminal is allocated if input and output are one, unless -T is given
    #[arg(short = 't', long)]
    pub tty: bool,
    /// Connect stdin; `-i=false` doesn't
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub interactive: bool,
    /// Run the command in the background
    #[arg(short, long)]
    pub detach: bool,
    /// Run with all capabilities
    #[arg(long)]
    pub privileged: bool,
    /// The container's number
    #[arg(long, value_name = "N")]
    pub index: Option<u32>,
}

pub(crate) async fn run(session: &Session, args: ExecArgs) -> Ended {
    let project = ProjectContainers::of(session, std::slice::from_ref(&args.service)).await?;
    let container = project.one_running(&args.service, args.index)?;
    let engine = &project.engine;
    let options = ExecOptions {
        tty: !args.no_tty && !args.detach && std::io::stdin().is_terminal() && stdout_is_terminal(),
        interactive: args.interactive,
        user: args.user,
        workdir: args.workdir,
        env: args.env.iter().filter_map(|text| session.variable(text)).collect(),
        privileged: args.privileged,
        detach: args.detach,
    };
    let raw = options.tty.then(RawTerminal::enter).flatten();
    let code = engine.exec(&container.id, &args.command, &options).await;
    // The process may end at once, and the terminal must be ours again by then.
    drop(raw);
    let code = code?;
    match u8::try_from(code) {
        Ok(0) => Ok(None),
        // The command's own code is the answer to `exec`, as with Compose.
        Ok(code) => std::process::exit(i32::from(code)),
        Err(_) => Ok(Some(Exit::Failed)),
    }
}
