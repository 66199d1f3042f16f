//! What `logs` is asked for.

use clap::Args;

use crate::ids::ServiceName;
use crate::logs::source::SourceChoice;
use crate::logs::{Level, Stamp};

/// `logs`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = LOGS_EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct LogsArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// Only errors and worse, each with its whole traceback
    #[arg(long, conflicts_with = "level")]
    pub errors: bool,
    /// Only this level and worse
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true)]
    pub level: Option<Level>,
    /// Group equal errors: how often, first, last, services, an example; newest first (implies --errors)
    #[arg(long, conflicts_with_all = ["follow", "tail", "after_context", "before_context", "context"])]
    pub summary: bool,
    /// Follow new lines, across restarts and replaced containers, until the last container has exited or --until
    #[arg(short, long)]
    pub follow: bool,
    /// Only lines since this time: 10m, 2h, yesterday, 2026-01-31, 2026-01-31T12:00:00Z, or a Unix time
    #[arg(long, value_name = "TIME", value_parser = crate::cli::moment::parse)]
    pub since: Option<Stamp>,
    /// Only lines before this time (as for --since)
    #[arg(long, value_name = "TIME", value_parser = crate::cli::moment::parse)]
    pub until: Option<Stamp>,
    /// Only the last N records of each container that pass the filters; `all` for all
    #[arg(short = 'n', long, value_name = "N", value_parser = tail, allow_negative_numbers = true)]
    pub tail: Option<usize>,
    /// Only the container with this number; needs one service
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub index: Option<u32>,
    /// Only records that match this regular expression
    #[arg(long, value_name = "RE")]
    pub grep: Option<String>,
    /// Ignore case in --grep
    #[arg(short, long, requires = "grep")]
    pub ignore_case: bool,
    /// Only records that don't match --grep (-v is --verbose)
    #[arg(long, requires = "grep")]
    pub invert: bool,
    /// Also show the N records after each match, of any service
    #[arg(short = 'A', long, value_name = "N", value_parser = around)]
    pub after_context: Option<usize>,
    /// Also show the N records before each match, of any service
    #[arg(short = 'B', long, value_name = "N", value_parser = around)]
    pub before_context: Option<usize>,
    /// Also show the N records before and after each match, of any service
    #[arg(short = 'C', long, value_name = "N", value_parser = around)]
    pub context: Option<usize>,
    /// Show the time of each line, in the local time zone
    #[arg(short, long)]
    pub timestamps: bool,
    /// Show times in UTC (implies -t)
    #[arg(long)]
    pub utc: bool,
    /// Wrap long lines and indent the rest
    #[arg(long, conflicts_with = "cut")]
    pub wrap: bool,
    /// Cut long lines
    #[arg(long)]
    pub cut: bool,
    /// Where to read logs from
    #[arg(long, value_enum, default_value_t, value_name = "SOURCE")]
    pub source: SourceChoice,
    /// Show keys unmasked; only on a terminal
    #[arg(long)]
    pub no_redact: bool,
}

const LOGS_EXAMPLES: &str = "Examples:
  magicctl logs --errors --summary           what went wrong, how often, since when
  magicctl logs --errors -C 3                each error and the lines around it, of any service
  magicctl logs --since 10m --grep 'time.?out' -i
  magicctl logs -f --tail 20 app-runner
  magicctl logs --output json | jq .message  one record per line; --output raw: the unchanged bytes";

/// The last records of a log are kept in memory until all of it is read.
const MOST_OF_A_TAIL: usize = 1_000_000;
/// So are the records before each that is shown.
const MOST_AROUND: usize = 100_000;

/// `--tail`.
fn tail(text: &str) -> Result<usize, String> {
    // -1 is Compose's default, and means all.
    if text == "all" || text == "-1" {
        return Ok(usize::MAX);
    }
    let count: usize = text
        .parse()
        .map_err(|_| format!("`{text}` is not a valid number of records; use a number such as 100, or `all`"))?;
    if count > MOST_OF_A_TAIL {
        return Err(format!("at most {MOST_OF_A_TAIL}, or `all`"));
    }
    Ok(count)
}

/// `-A`, `-B`, `-C`.
fn around(text: &str) -> Result<usize, String> {
    let count: usize = text
        .parse()
        .map_err(|_| format!("`{text}` is not a valid number of records"))?;
    if count > MOST_AROUND {
        return Err(format!("at most {MOST_AROUND}"));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::{around, tail};

    #[test]
    fn what_memory_would_not_hold_is_refused() {
        assert_eq!((tail("100"), tail("all")), (Ok(100), Ok(usize::MAX)));
        assert_eq!(tail("-1"), Ok(usize::MAX));
        assert_eq!(around("3"), Ok(3));
        for text in ["1000001", "18446744073709551615"] {
            assert!(tail(text).unwrap_err().contains("1000000"), "{text}");
            assert!(around(text).unwrap_err().contains("100000"), "{text}");
        }
        assert!(tail("many").is_err() && around("-1").is_err());
    }
}
