//! `attach`: joins a running container.

use std::io::IsTerminal as _;

use clap::Args;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::ids::ServiceName;

use super::joined::Joined;
use super::project_containers::ProjectContainers;

/// `attach`.
#[derive(Debug, Clone, Args)]
pub struct AttachArgs {
    /// The service
    service: ServiceName,
    /// The container's number
    #[arg(long, value_name = "N")]
    index: Option<u32>,
    /// Don't connect stdin
    #[arg(long)]
    no_stdin: bool,
    /// The keys to detach, instead of ctrl-p,ctrl-q
    #[arg(long, value_name = "KEYS")]
    detach_keys: Option<String>,
    /// Forward signals to the container; without it they only end this command
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    sig_proxy: bool,
}

pub(crate) async fn run(session: &Session, args: &AttachArgs) -> Ended {
    let project = ProjectContainers::of(session, std::slice::from_ref(&args.service)).await?;
    let container = project.one_running(&args.service, args.index)?;
    let (tty, stdin) = project.engine.terminal_of(&container.id).await?;
    let joined = Joined {
        engine: &project.engine,
        project: &project.name,
        container: &container.id,
        name: &container.name,
        stdin: stdin && !args.no_stdin,
        tty: tty && std::io::stdin().is_terminal(),
        start: false,
        goes: false,
        forward: args.sig_proxy,
        detach_keys: args.detach_keys.as_deref(),
    };
    joined.until_it_ends().await
}
