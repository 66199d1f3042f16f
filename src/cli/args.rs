//! The command line.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

mod up;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::shell::ShellCommand;

use super::{check, config, down, exec, explain, init, lifecycle, logs, open, rebuild, render, status, verbs};

pub use up::{MakeArgs, PullWhen, UpArgs};

/// Takes a `MagicProxy` project from a bare checkout to a healthy, observable stack on a Docker Engine, keeps it
/// there, shows what it is doing, and takes it down without losing anything.
#[derive(Debug, Parser)]
#[command(name = "magicctl", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 it failed, 2 usage, 3 the engine can't be reached, 4 a file is invalid, 130 interrupted."
)]
pub struct Cli {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Where `-v` means what it means with Compose, saying more is only `--verbose`.
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
                .help("Say more: progress in detail; twice: every step and probe as the engine answers it");
            command.arg(verbose)
        })
    })
}

/// Flags before the command, as Compose has them.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Global {
    /// Work in this directory instead of the current one
    #[arg(short = 'C', long = "directory", value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The project's name (else COMPOSE_PROJECT_NAME, magicctl.yaml, or the directory's name)
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// A Compose file instead of docker-compose.yml; repeat to merge several
    #[arg(short, long = "file", value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// A file of variables instead of .env; repeat for several, later ones win
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Where relative paths of the Compose file start and .env lies, instead of the file's own folder
    #[arg(long, visible_alias = "workdir", value_name = "DIR")]
    pub project_directory: Option<PathBuf>,
    /// Also networks, volumes, configs and secrets that no service uses
    #[arg(long)]
    pub all_resources: bool,
    /// Put names together with `_` (PROJECT_SERVICE_1), as Compose 1 did; else COMPOSE_COMPATIBILITY
    #[arg(long)]
    pub compatibility: bool,
    /// Enable services of this profile; repeat for several
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// The engine's address (else DOCKER_HOST, the active Docker context, the default socket)
    #[arg(short = 'H', long, value_name = "URL")]
    pub host: Option<String>,
    /// How long the engine may take to answer what it only has to look up; changes may take eight times as long
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = super::duration::parse)]
    pub engine_timeout: std::time::Duration,
    /// Results as text for people, JSON for programs, or (`logs` only) the bytes as written
    #[arg(long, value_enum, default_value_t, value_name = "FORM", global = true)]
    pub output: Output,
    /// How progress is told
    #[arg(long, value_enum, default_value_t, value_name = "HOW", global = true)]
    pub progress: Progress,
    /// Whether to use colour (auto also heeds NO_COLOR)
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true)]
    pub color: Color,
    /// Compose's word for --color and --progress: `never` is no colour and plain lines, `always` colour and a live screen
    #[arg(long, value_enum, value_name = "WHEN")]
    pub ansi: Option<Color>,
    /// At most N calls to the engine at once, -1 for no limit of yours; else COMPOSE_PARALLEL_LIMIT
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-1..))]
    pub parallel: Option<i64>,
    /// Print what a command would do, and change nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Say more: -v progress in detail, -vv every step and probe as the engine answers it
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Fail at once when another magicctl is at work on this project, instead of waiting for it
    #[arg(long, global = true)]
    pub no_lock_wait: bool,
}

impl Global {
    /// With what `--ansi` says of colour and progress, where nothing more precise was said.
    pub(super) fn with_ansi(mut self) -> Self {
        let (color, progress) = match self.ansi {
            None | Some(Color::Auto) => return self,
            Some(Color::Always) => (Color::Always, Progress::Tty),
            Some(Color::Never) => (Color::Never, Progress::Plain),
        };
        if self.color == Color::Auto {
            self.color = color;
        }
        if self.progress == Progress::Auto {
            self.progress = progress;
        }
        self
    }

    /// The program and the flags that say what it is about: what a command to copy begins with. Nothing when a shell can't take
    /// one of them.
    pub(crate) fn again(&self) -> Option<ShellCommand> {
        let mut flags: Vec<(&'static str, &str)> = Vec::new();
        if let Some(path) = &self.directory {
            flags.push(("-C", path.to_str()?));
        }
        flags.extend(self.project_name.as_deref().map(|name| ("-p", name)));
        for path in &self.file {
            flags.push(("-f", path.to_str()?));
        }
        for path in &self.env_file {
            flags.push(("--env-file", path.to_str()?));
        }
        if let Some(path) = &self.project_directory {
            flags.push(("--project-directory", path.to_str()?));
        }
        flags.extend(self.profile.iter().map(|name| ("--profile", name.as_str())));
        flags.extend(self.host.as_deref().map(|host| ("--host", host)));
        let mut command = ShellCommand::of("magicctl");
        for (flag, given) in [
            ("--all-resources", self.all_resources),
            ("--compatibility", self.compatibility),
        ] {
            if given {
                command = command.syntax(flag);
            }
        }
        let mut flags = flags.into_iter();
        flags.try_fold(command, |command, (flag, value)| command.syntax(flag).value(value))
    }
}

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// `logs`: the containers' bytes and nothing else.
    Raw,
}

/// `--progress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Progress {
    /// A live screen on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// A live screen.
    Tty,
    /// One line an event.
    Plain,
    /// One JSON object an event.
    Json,
    /// Only what went wrong.
    Quiet,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Write a new project; never overwrites a file
    Init(init::InitArgs),
    /// Find beforehand what would make `up` fail; each finding with its fix
    Check(check::CheckArgs),
    /// Print what a code such as MC101 means and what to do; without one, the list
    Explain(explain::ExplainArgs),
    /// Print the Compose file as understood: interpolated, merged, defaults filled in
    #[command(visible_alias = "convert")]
    Config(config::ConfigArgs),
    /// Write docker-compose.yml and config/ from the templates; edited files are kept
    Render(render::RenderArgs),
    /// Show what `up` would do and why, without doing it
    Plan(UpArgs),
    /// Bring the stack up and wait until it is ready; what is as wanted is left alone
    ///
    /// Each service ends up as one of:
    ///   ready      its healthcheck passes, or the page that its label magicctl.ready names answers
    ///   running    it can't be asked, and has stayed alive for the settle time (--settle, 2s)
    ///   completed  a job: it exited with 0
    ///   failed     it exited with an error, ended three times, or was not ready within --wait-timeout
    #[command(verbatim_doc_comment)]
    Up(UpArgs),
    /// Show services, state, ports and images
    ///
    /// The state is what `up` would say: ready (a healthcheck or page says so), running (it can't be asked, and has stayed alive
    /// for the settle time), completed (a job that exited with 0), starting, restarting, unhealthy, exited, paused.
    #[command(visible_alias = "ps")]
    Status(status::StatusArgs),
    /// Show the logs of all services as one stream in time order
    Logs(logs::LogsArgs),
    /// Build, and replace only what changed; a failed build leaves everything running
    Rebuild(rebuild::RebuildArgs),
    /// Stop and start containers
    Restart(lifecycle::RestartArgs),
    /// Stop containers without removing them
    Stop(lifecycle::LifecycleArgs),
    /// Start stopped containers
    Start(lifecycle::StartArgs),
    /// Run a command in a service's container
    Exec(exec::ExecArgs),
    /// Print, and open where there is a browser, the address of Grafana, the app, or a service's logs in Explore
    Open(open::OpenArgs),
    /// Stop and remove containers and networks; volumes stay unless asked for
    Down(down::DownArgs),
    /// Make containers without starting them
    Create(verbs::create::CreateArgs),
    /// Run so many containers of a service
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
    /// Show the images that containers were made from
    Images(verbs::images::ImagesArgs),
    /// Show the processes of containers
    Top(verbs::top::TopArgs),
    /// Show where a container's port is published
    Port(verbs::port::PortArgs),
    /// Show what happens to containers, as it happens
    Events(verbs::events::EventsArgs),
    /// Send a signal to containers, SIGKILL by default
    Kill(verbs::kill::KillArgs),
    /// Freeze containers
    Pause(verbs::pause::PauseArgs),
    /// Unfreeze containers
    Unpause(verbs::pause::PauseArgs),
    /// Wait until containers have ended, and print their exit codes
    Wait(verbs::wait::WaitArgs),
    /// Copy files between a container and here
    Cp(verbs::cp::CpArgs),
    /// Show the engine's projects
    Ls(verbs::ls::LsArgs),
    /// Show the project's volumes
    Volumes(verbs::volumes::VolumesArgs),
    /// Show what containers use of processor, memory, network and disk
    Stats(verbs::stats::StatsArgs),
    /// Join a container's input and output
    Attach(verbs::attach::AttachArgs),
    /// Print which magicctl this is
    Version(verbs::version::VersionArgs),
    /// Show every command and flag of Docker Compose, and what it is here
    ComposeHelp(verbs::compose_help::ComposeHelpArgs),
    /// Print completions for a shell
    Completions {
        /// Which shell
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
