//! The command line.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

mod up;

use std::borrow::Cow;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::check::Group;
use crate::logs::source::SourceChoice;
use crate::logs::{Level, Stamp};
use crate::report::Progress;

use super::verbs;

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
    /// Enable services of this profile; repeat for several
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// The engine's address (else DOCKER_HOST, the active Docker context, the default socket)
    #[arg(short = 'H', long, value_name = "URL")]
    pub host: Option<String>,
    /// Results as text for people, JSON for programs, or (`logs` only) the bytes as written
    #[arg(long, value_enum, default_value_t, value_name = "FORM", global = true)]
    pub output: Output,
    /// How progress is told
    #[arg(long, value_enum, default_value_t, value_name = "HOW", global = true)]
    pub progress: Progress,
    /// Whether to use colour (auto also heeds NO_COLOR)
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true)]
    pub color: Color,
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
    /// The program and the flags that say what it is about: what a command to copy begins with.
    pub(crate) fn again(&self) -> String {
        let one =
            |flag: &'static str, value: &Option<String>| value.iter().map(|value| (flag, value.clone())).collect();
        let paths = |flag: &'static str, paths: &[PathBuf]| {
            let paths = paths.iter().map(|path| (flag, path.display().to_string()));
            paths.collect::<Vec<_>>()
        };
        let flags: [Vec<(&str, String)>; 6] = [
            paths("-C", self.directory.as_slice()),
            one("-p", &self.project_name),
            paths("-f", &self.file),
            paths("--env-file", &self.env_file),
            self.profile.iter().map(|name| ("--profile", name.clone())).collect(),
            one("--host", &self.host),
        ];
        let flags = flags.into_iter().flatten().flat_map(|(flag, value)| {
            let quoted = shlex::try_quote(&value).map(Cow::into_owned);
            [flag.to_owned(), quoted.unwrap_or(value)]
        });
        let words: Vec<String> = std::iter::once("magicctl".to_owned()).chain(flags).collect();
        words.join(" ")
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
    Init(InitArgs),
    /// Find beforehand what would make `up` fail; each finding with its fix
    Check(CheckArgs),
    /// Print what a code such as MC101 means and what to do; without one, the list
    Explain(ExplainArgs),
    /// Print the Compose file as understood: interpolated, merged, defaults filled in
    Config(ConfigArgs),
    /// Write docker-compose.yml and config/ from the templates; edited files are kept
    Render(RenderArgs),
    /// Show what `up` would do and why, without doing it
    Plan(UpArgs),
    /// Bring the stack up and wait until it is ready; what is as wanted is left alone
    Up(UpArgs),
    /// Show services, state, ports and images
    #[command(visible_alias = "ps")]
    Status(StatusArgs),
    /// Show the logs of all services as one stream in time order
    Logs(LogsArgs),
    /// Build, and replace only what changed; a failed build leaves everything running
    Rebuild(RebuildArgs),
    /// Stop and start containers
    Restart(RestartArgs),
    /// Stop containers without removing them
    Stop(LifecycleArgs),
    /// Start stopped containers
    Start(StartArgs),
    /// Run a command in a service's container
    Exec(ExecArgs),
    /// Print, and open where there is a browser, the address of Grafana, the app, or a service's logs in Explore
    Open(OpenArgs),
    /// Stop and remove containers and networks; volumes stay unless asked for
    Down(DownArgs),
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

/// `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Where; the current directory by default
    pub directory: Option<PathBuf>,
}

/// `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Mend what can be mended without loss: make missing files and folders, take rights away, add ignore lines
    #[arg(long)]
    pub fix: bool,
    /// Only these checks; repeat for several
    #[arg(long, value_enum, value_name = "GROUP")]
    pub only: Vec<Group>,
    /// Fail on warnings too
    #[arg(long)]
    pub strict: bool,
    /// What takes seconds too: whether containers find each other by name
    #[arg(long)]
    pub deep: bool,
}

/// `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// As `check` and failures print it: MC101
    pub code: Option<String>,
}

/// `config`.
#[derive(Debug, Clone, Args)]
#[group(multiple = false, id = "what")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ConfigArgs {
    /// How to print the whole file
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
    /// Only the services' names
    #[arg(long, group = "what")]
    pub services: bool,
    /// Only the images' names
    #[arg(long, group = "what")]
    pub images: bool,
    /// Only the volumes' names
    #[arg(long, group = "what")]
    pub volumes: bool,
    /// Only the networks' names
    #[arg(long, group = "what")]
    pub networks: bool,
    /// Only the names of the profiles
    #[arg(long, group = "what")]
    pub profiles: bool,
    /// Only the hash of the configuration of each service, or of the one named
    #[arg(long, group = "what", num_args = 0..=1, default_missing_value = "*", value_name = "SERVICE")]
    pub hash: Option<String>,
    /// Only the environment that variables are looked up in; values of what looks like a secret are masked
    #[arg(long, group = "what")]
    pub environment: bool,
    /// Leave variables as they are
    #[arg(long, conflicts_with_all = ["hash", "images", "environment", "settings"])]
    pub no_interpolate: bool,
    /// magicctl's settings and the file's variables: value, and where it came from
    #[arg(long, group = "what")]
    pub settings: bool,
}

/// `config --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// YAML.
    #[default]
    Yaml,
    /// JSON.
    Json,
}

/// `render`.
#[derive(Debug, Clone, Args)]
pub struct RenderArgs {
    /// Show what would change, write nothing
    #[arg(long, conflicts_with_all = ["check", "force"])]
    pub diff: bool,
    /// Exit 1 if a file is not as it would be rendered, write nothing
    #[arg(long, conflicts_with = "force")]
    pub check: bool,
    /// Overwrite edited files too
    #[arg(long)]
    pub force: bool,
}

/// `rebuild`.
#[derive(Debug, Clone, Args)]
pub struct RebuildArgs {
    /// Services that are built; all of them by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Build without the cache
    #[arg(long)]
    pub no_cache: bool,
    /// Pull newer base images
    #[arg(long)]
    pub pull: bool,
    /// How long to wait for one service (90s, 2m)
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = super::duration::parse)]
    pub wait_timeout: std::time::Duration,
}

/// `status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Accepted as with Compose; all containers are always shown
    #[arg(short, long)]
    pub all: bool,
    /// Only the services' names (-q: only the containers' ids)
    #[arg(long = "services")]
    pub only_services: bool,
    /// Only containers that are running, exited, paused…; repeat for several
    #[arg(long, value_name = "STATE")]
    pub status: Vec<String>,
    /// Show it again whenever it changes, until interrupted
    #[arg(short, long)]
    pub watch: bool,
}

/// `logs`.
#[derive(Debug, Clone, Args)]
#[command(after_help = LOGS_EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct LogsArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Only errors and worse, each with its whole traceback; also a traceback that states no level
    #[arg(long, conflicts_with = "level")]
    pub errors: bool,
    /// Only this level and worse
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true)]
    pub level: Option<Level>,
    /// Fold the same errors into one: how often, first, last, services, an example; newest first (implies --errors)
    #[arg(long, conflicts_with_all = ["follow", "tail", "after_context", "before_context", "context"])]
    pub summary: bool,
    /// Go on with new lines as they come, across restarts and replaced containers; to the time of --until, if that is given
    #[arg(short, long)]
    pub follow: bool,
    /// Only what is newer: 10m, 2h, yesterday, 2026-01-31, 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = super::moment::parse)]
    pub since: Option<Stamp>,
    /// Only what is older: the same
    #[arg(long, value_name = "TIME", value_parser = super::moment::parse)]
    pub until: Option<Stamp>,
    /// Only the last N records of each service, of those that pass the filters; `all` for all
    #[arg(short = 'n', long, value_name = "N", value_parser = tail)]
    pub tail: Option<usize>,
    /// Only records in which this regular expression matches
    #[arg(long, value_name = "RE")]
    pub grep: Option<String>,
    /// Match --grep in any case
    #[arg(short, long, requires = "grep")]
    pub ignore_case: bool,
    /// Only records in which --grep does not match (-v is --verbose)
    #[arg(long, requires = "grep")]
    pub invert: bool,
    /// Show N records of any service after each
    #[arg(short = 'A', long, value_name = "N")]
    pub after_context: Option<usize>,
    /// Show N records of any service before each
    #[arg(short = 'B', long, value_name = "N")]
    pub before_context: Option<usize>,
    /// Show N records of any service before and after each, in the order of time
    #[arg(short = 'C', long, value_name = "N")]
    pub context: Option<usize>,
    /// Show the time of each line, where you are
    #[arg(short, long)]
    pub timestamps: bool,
    /// Show times in UTC (implies -t)
    #[arg(long)]
    pub utc: bool,
    /// Wrap long lines under their own beginning
    #[arg(long, conflicts_with = "cut")]
    pub wrap: bool,
    /// Cut long lines
    #[arg(long)]
    pub cut: bool,
    /// Where lines come from
    #[arg(long, value_enum, default_value_t, value_name = "SOURCE")]
    pub source: SourceChoice,
    /// Show keys as they are; only on a terminal
    #[arg(long)]
    pub no_redact: bool,
}

const LOGS_EXAMPLES: &str = "Examples:
  magicctl logs --errors --summary           what went wrong, how often, since when
  magicctl logs --errors -C 3                each error and what any service said around it
  magicctl logs --since 10m --grep 'time.?out' -i
  magicctl logs -f --tail 20 app-runner
  magicctl logs --output json | jq .message  one record a line; --output raw: the bytes as written";

/// `--tail`.
fn tail(text: &str) -> Result<usize, String> {
    if text == "all" {
        return Ok(usize::MAX);
    }
    text.parse()
        .map_err(|_| format!("`{text}` is no number of records; write one (100), or `all`"))
}

/// `restart`.
#[derive(Debug, Clone, Args)]
pub struct RestartArgs {
    /// Which, and how long they may take
    #[command(flatten)]
    pub stop: LifecycleArgs,
    /// Leave alone what depends on them with `restart: true`
    #[arg(long)]
    pub no_deps: bool,
}

/// `stop`, and what `restart` has of it.
#[derive(Debug, Clone, Args)]
pub struct LifecycleArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// How long a container may take to stop (10s) before it is killed; else its own grace period
    #[arg(short, long, value_name = "DURATION", value_parser = super::duration::parse)]
    pub timeout: Option<std::time::Duration>,
}

/// `start`.
#[derive(Debug, Clone, Args)]
pub struct StartArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Accepted as with Compose; `start` always waits
    #[arg(long)]
    pub wait: bool,
    /// How long to wait for one service (90s, 2m)
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = super::duration::parse)]
    pub wait_timeout: std::time::Duration,
}

/// `exec`.
#[derive(Debug, Clone, Args)]
pub struct ExecArgs {
    /// The service
    pub service: String,
    /// The command and its arguments
    #[arg(
        trailing_var_arg = true,
        required = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub command: Vec<String>,
    /// As this user
    #[arg(short, long)]
    pub user: Option<String>,
    /// In this directory of the container
    #[arg(short, long)]
    pub workdir: Option<String>,
    /// Set a variable (NAME=value)
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// No terminal, even when there is one
    #[arg(short = 'T', long, visible_alias = "no-TTY")]
    pub no_tty: bool,
    /// Don't wait for its end
    #[arg(short, long)]
    pub detach: bool,
    /// With every capability
    #[arg(long)]
    pub privileged: bool,
    /// In which of the service's containers, by its number
    #[arg(long, value_name = "N")]
    pub index: Option<u32>,
}

/// `open`.
#[derive(Debug, Clone, Args)]
pub struct OpenArgs {
    /// Which page
    #[arg(value_enum, default_value_t, value_name = "PAGE")]
    pub page: Page,
    /// For `logs`: whose
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// For `logs`: only its errors
    #[arg(long)]
    pub errors: bool,
    /// Only print the address
    #[arg(long)]
    pub print: bool,
}

/// What `open` can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Page {
    /// Grafana: Explore and the dashboards.
    #[default]
    Grafana,
    /// The gateway, magic-proxy.
    App,
    /// The tools' server, mcp-server.
    Mcp,
    /// Loki's API.
    Loki,
    /// A service's lines in Grafana's Explore.
    Logs,
}

impl Page {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grafana => "grafana",
            Self::App => "app",
            Self::Mcp => "mcp",
            Self::Loki => "loki",
            Self::Logs => "logs",
        }
    }
}

/// `down`.
#[derive(Debug, Clone, Args)]
pub struct DownArgs {
    /// Only these services and what depends on them; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Remove the project's volumes too: their data is lost
    #[arg(short, long)]
    pub volumes: bool,
    /// Remove images too: those built for the project, or all that its services name
    #[arg(long, value_enum, value_name = "WHICH")]
    pub rmi: Option<Rmi>,
    /// Accepted as with Compose; what the file no longer names always goes, and is said to
    #[arg(long)]
    pub remove_orphans: bool,
    /// How long a container may take to stop (10s) before it is killed; else its own grace period
    #[arg(short, long, value_name = "DURATION", value_parser = super::duration::parse)]
    pub timeout: Option<std::time::Duration>,
}

impl DownArgs {
    /// As `down` without a flag.
    pub(super) fn of_everything() -> Self {
        Self {
            services: Vec::new(),
            volumes: false,
            rmi: None,
            remove_orphans: true,
            timeout: None,
        }
    }
}

/// `down --rmi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rmi {
    /// Those that were built for the project.
    Local,
    /// Those that its services name, too.
    All,
}
