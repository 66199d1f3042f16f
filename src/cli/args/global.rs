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
    /// The project's name (else COMPOSE_PROJECT_NAME, magicctl.yaml, or the directory's name)
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// A Compose file instead of docker-compose.yml; repeat to merge several
    #[arg(short, long = "file", value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// A file of variables instead of .env and of those that the stack was brought up with; repeat for several, later ones win
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
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = crate::cli::duration::parse)]
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
