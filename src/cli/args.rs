//! The command line.

mod global;
mod up;

use clap::{CommandFactory as _, Parser, Subcommand};

use super::{check, config, down, exec, explain, init, lifecycle, logs, open, rebuild, render, status, verbs};

pub use global::{Color, Global, Output, Progress};
pub use up::{MakeArgs, PullWhen, UpArgs};

/// Takes a `MagicProxy` project from a bare checkout to a healthy, observable stack on a Docker Engine, keeps it
/// there, shows what it is doing, and takes it down without losing anything.
#[derive(Debug, Parser)]
#[command(name = "magicctl", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 the engine can't be reached, 4 a file is invalid, 130 interrupted."
)]
pub struct Cli {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands in which `-v` has Compose's meaning: there, only `--verbose` prints more.
const MEANS_VOLUMES: [&str; 3] = ["down", "rm", "run"];

/// The command line as clap knows it.
pub fn command() -> clap::Command {
    MEANS_VOLUMES.iter().fold(Cli::command(), |all, name| {
        if all.find_subcommand(name).is_none() {
            return all;
        }
        all.mut_subcommand(name, |command| {
            // One that the command has itself takes the place of the global one.
            let verbose = clap::Arg::new("verbose")
                .long("verbose")
                .action(clap::ArgAction::Count)
                .help("Print more: progress in detail; twice: every step and healthcheck as the engine reports it");
            command.arg(verbose)
        })
    })
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Create a new project; never overwrites a file
    Init(init::InitArgs),
    /// Find what would make `up` fail, and how to fix it
    Check(check::CheckArgs),
    /// Explain a code such as MC101; without a code, list all
    Explain(explain::ExplainArgs),
    /// Print the resolved Compose file: interpolated, merged, defaults filled in
    #[command(visible_alias = "convert")]
    Config(config::ConfigArgs),
    /// Write docker-compose.yml and config/ from the templates; edited files are kept
    Render(render::RenderArgs),
    /// Show what `up` would do and why, without doing it
    Plan(UpArgs),
    /// Bring the stack up and wait until it is ready; unchanged containers are left running
    ///
    /// Each service ends up as one of:
    ///   ready      its healthcheck passes, or the page in its label magicctl.ready answers
    ///   running    it has no healthcheck, and has stayed alive for the settle time (--settle, 2s)
    ///   completed  a job that exited with 0
    ///   failed     it exited with an error, exited three times, or was not ready within --wait-timeout
    #[command(verbatim_doc_comment)]
    Up(UpArgs),
    /// Show services, state, ports and images
    ///
    /// The state is the one that `up` reports: ready (its healthcheck or page says so), running (no healthcheck, and alive for
    /// the settle time), completed (a job that exited with 0), starting, restarting, unhealthy, exited, paused.
    #[command(visible_alias = "ps")]
    Status(status::StatusArgs),
    /// Show the logs of all services as one stream in time order
    Logs(logs::LogsArgs),
    /// Build images and replace only changed containers; if the build fails, everything keeps running
    Rebuild(rebuild::RebuildArgs),
    /// Stop and start containers
    Restart(lifecycle::RestartArgs),
    /// Stop containers without removing them
    Stop(lifecycle::LifecycleArgs),
    /// Start stopped containers
    Start(lifecycle::StartArgs),
    /// Run a command in a service's container
    Exec(exec::ExecArgs),
    /// Open Grafana, the app or a service's logs in a browser, and print the address
    Open(open::OpenArgs),
    /// Stop and remove containers and networks; volumes are kept unless --volumes is given
    Down(down::DownArgs),
    /// Create containers without starting them
    Create(verbs::create::CreateArgs),
    /// Set the number of containers of a service
    Scale(verbs::scale::ScaleArgs),
    /// Run a command in a new container of a service
    Run(verbs::run::RunArgs),
    /// Remove stopped containers
    Rm(verbs::rm::RmArgs),
    /// Build images
    Build(verbs::build::BuildArgs),
    /// Pull images
    Pull(verbs::pull::PullArgs),
    /// Push images
    Push(verbs::push::PushArgs),
    /// Show the images that containers were created from
    Images(verbs::images::ImagesArgs),
    /// Show the processes of containers
    Top(verbs::top::TopArgs),
    /// Show where a container's port is published
    Port(verbs::port::PortArgs),
    /// Show container events as they happen
    Events(verbs::events::EventsArgs),
    /// Send a signal to containers, SIGKILL by default
    Kill(verbs::kill::KillArgs),
    /// Freeze containers
    Pause(verbs::pause::PauseArgs),
    /// Unfreeze containers
    Unpause(verbs::pause::PauseArgs),
    /// Wait until containers have exited, and print their exit codes
    Wait(verbs::wait::WaitArgs),
    /// Copy files between a container and this machine
    Cp(verbs::cp::CpArgs),
    /// List the projects on the engine
    Ls(verbs::ls::LsArgs),
    /// List the project's volumes
    Volumes(verbs::volumes::VolumesArgs),
    /// Show the CPU, memory, network and disk usage of containers
    Stats(verbs::stats::StatsArgs),
    /// Attach to a container's input and output
    Attach(verbs::attach::AttachArgs),
    /// Print the version of magicctl
    Version(verbs::version::VersionArgs),
    /// Show how magicctl supports each command and flag of Docker Compose
    ComposeHelp(verbs::compose_help::ComposeHelpArgs),
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

impl Command {
    /// Whether `--dry-run` can be kept: it changes nothing, or carries out a plan that can be shown instead.
    pub(super) fn can_be_tried(&self) -> bool {
        match self {
            Self::Init(_) | Self::Render(_) | Self::Open(_) | Self::Exec(_) | Self::Cp(_) | Self::Attach(_) => false,
            Self::Check(args) => !args.fix,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ansi_is_colour_and_progress_where_those_are_not_given() {
        let global = |arguments: &[&str]| {
            let all = ["magicctl"].iter().chain(arguments).chain(&["status"]);
            let global = Cli::parse_from(all).global.with_ansi();
            (global.color, global.progress)
        };
        assert_eq!(global(&[]), (Color::Auto, Progress::Auto));
        assert_eq!(global(&["--ansi", "auto"]), (Color::Auto, Progress::Auto));
        assert_eq!(global(&["--ansi", "never"]), (Color::Never, Progress::Plain));
        assert_eq!(global(&["--ansi", "always"]), (Color::Always, Progress::Tty));
        assert_eq!(
            global(&["--ansi", "never", "--color", "always", "--progress", "json"]),
            (Color::Always, Progress::Json)
        );
    }

    #[test]
    fn the_flags_of_a_command_go_with_what_it_tells_to_copy() {
        let again = |arguments: &[&str]| {
            let all = ["magicctl"].iter().chain(arguments).chain(&["status"]);
            Cli::parse_from(all).global.again().map(|again| again.to_string())
        };
        assert_eq!(again(&[]).as_deref(), Some("magicctl"));
        assert_eq!(
            again(&["-C", "a b", "-p", "x", "-f", "`id`", "--host", "unix:///x"]).as_deref(),
            Some("magicctl -C 'a b' -p x -f '`id`' --host unix:///x")
        );
        assert_eq!(
            again(&["--compatibility", "-p", "x", "--all-resources"]).as_deref(),
            Some("magicctl --all-resources --compatibility -p x")
        );
        // `--` keeps a service's name from being taken for a flag, before the words of its command too.
        let exec = Cli::parse_from(["magicctl", "exec", "--", "-x", "curl", "-f"]).command;
        assert!(format!("{exec:?}").contains(r#""-x""#), "{exec:?}");
        assert!(format!("{exec:?}").contains(r#"["curl", "-f"]"#), "{exec:?}");
        // What can't be typed is not left out: the command would be about another project.
        assert_eq!(again(&["-C", "a\nb"]), None);
        assert_eq!(again(&["-p=-x"]), None);
    }
}
