//! What `logs` is asked for.

use clap::Args;

use crate::logs::source::SourceChoice;
use crate::logs::{Level, Stamp};

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
    #[arg(long, value_name = "TIME", value_parser = crate::cli::moment::parse)]
    pub since: Option<Stamp>,
    /// Only what is older: the same
    #[arg(long, value_name = "TIME", value_parser = crate::cli::moment::parse)]
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
