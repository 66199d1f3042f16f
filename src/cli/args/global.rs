//! Flags before the command.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::shell::ShellCommand;

/// Flags before the command, as Compose has them.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Global {
    /// Work in this directory instead of the current one
    #[arg(short = 'C', long = "directory", value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The project's name [default: COMPOSE_PROJECT_NAME, magicctl.yaml, or the directory's name]
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// A Compose file instead of docker-compose.yml; repeat to merge several
    #[arg(short, long = "file", value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// An env file to use instead of .env and the env files of the last `up`; repeat for several, later ones win
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// The directory for relative paths of the Compose file and for .env, instead of the file's own
    #[arg(long, visible_alias = "workdir", value_name = "DIR")]
    pub project_directory: Option<PathBuf>,
    /// Include networks, volumes, configs and secrets that no service uses
    #[arg(long)]
    pub all_resources: bool,
    /// Join names with `_` (PROJECT_SERVICE_1), as Compose 1 did [default: COMPOSE_COMPATIBILITY]
    #[arg(long)]
    pub compatibility: bool,
    /// Activate a profile; repeat for several
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// The engine's address [default: DOCKER_HOST, the active Docker context, or the default socket]
    #[arg(short = 'H', long, value_name = "URL")]
    pub host: Option<String>,
    /// The timeout for requests that only read from the engine; changes may take eight times as long
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = crate::cli::duration::parse)]
    pub engine_timeout: std::time::Duration,
    /// The output format: text for people, JSON for programs, or (`logs` only) the raw bytes
    #[arg(long, value_enum, default_value_t, value_name = "FORM", global = true)]
    pub output: Output,
    /// The progress output style
    #[arg(long, value_enum, default_value_t, value_name = "HOW", global = true)]
    pub progress: Progress,
    /// When to use colour (auto also respects NO_COLOR)
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true)]
    pub color: Color,
    /// Compose's flag for --color and --progress: `never` means no colour and plain lines, `always` colour and a live screen
    #[arg(long, value_enum, value_name = "WHEN")]
    pub ansi: Option<Color>,
    /// The most calls to the engine at once, -1 for no limit [default: COMPOSE_PARALLEL_LIMIT]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-1..))]
    pub parallel: Option<i64>,
    /// Print what a command would do, without doing it
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Print more: -v progress in detail, -vv every step and healthcheck as the engine reports it
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Print only errors and warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Fail at once if another magicctl is working on this project, instead of waiting for it
    #[arg(long, global = true)]
    pub no_lock_wait: bool,
}

impl Global {
    /// Applies `--ansi` where neither `--color` nor `--progress` was given.
    pub(crate) fn with_ansi(mut self) -> Self {
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

    /// The program and the flags that select the project: the beginning of each command to copy. `None` if a shell can't take
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
    /// A live screen on a terminal, plain lines otherwise.
    #[default]
    Auto,
    /// A live screen.
    Tty,
    /// One line per event.
    Plain,
    /// One JSON object per event.
    Json,
    /// Only errors and warnings.
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
