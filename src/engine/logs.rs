//! A container's log as the engine keeps it.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::{Stream, StreamExt as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Engine, EngineError};

/// Which part of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Go on with new lines.
    pub follow: bool,
    /// From then on, Unix seconds.
    pub since: Option<i64>,
    /// Until then, Unix seconds.
    pub until: Option<i64>,
    /// Only the last lines.
    pub tail: Option<usize>,
}

/// A line, or a part of one longer than the engine keeps in one piece (16 KiB).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Printed to stderr.
    pub stderr: bool,
    /// When, by the engine's clock.
    pub time: OffsetDateTime,
    /// The text, with its line end.
    pub bytes: Vec<u8>,
}

impl Engine {
    /// The log of a container.
    pub fn logs(&self, id: &str, options: LogOptions) -> impl Stream<Item = Result<LogPiece, EngineError>> + use<> {
        let seconds = |moment: Option<i64>| moment.map_or(0, |moment| i32::try_from(moment).unwrap_or(i32::MAX));
        let wanted = LogsOptions {
            follow: options.follow,
            stdout: true,
            stderr: true,
            since: seconds(options.since),
            until: seconds(options.until),
            timestamps: true,
            tail: options.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string()),
        };
        let endpoint = self.endpoint.clone();
        self.docker.logs(id, Some(wanted)).map(move |piece| {
            piece
                .map(split)
                .map_err(|error| EngineError::from_call(&endpoint, error))
        })
    }

    /// The last `count` lines of a container's log, as text; none when the engine can't give them.
    pub async fn last_lines(&self, id: &str, count: usize) -> Vec<String> {
        let options = LogOptions {
            tail: Some(count),
            ..LogOptions::default()
        };
        let mut lines = Vec::new();
        let mut pieces = std::pin::pin!(self.logs(id, options));
        while let Some(Ok(piece)) = pieces.next().await {
            lines.push(String::from_utf8_lossy(&piece.bytes).trim_end().to_owned());
        }
        lines
    }
}

/// `2026-11-23T10:00:00.123456789Z text` → its time and text.
fn split(output: LogOutput) -> LogPiece {
    let stderr = matches!(output, LogOutput::StdErr { .. });
    let bytes = output.into_bytes();
    let space = bytes.iter().position(|byte| *byte == b' ');
    let time = space
        .and_then(|space| std::str::from_utf8(&bytes[..space]).ok())
        .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    match (time, space) {
        (Some(time), Some(space)) => LogPiece {
            stderr,
            time,
            bytes: bytes[space + 1..].to_vec(),
        },
        _ => LogPiece {
            stderr,
            time: OffsetDateTime::UNIX_EPOCH,
            bytes: bytes.to_vec(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_engines_time_off_the_line() {
        let message = "2026-11-23T10:00:00.5Z hello  world\n".into();
        let piece = split(LogOutput::StdErr { message });
        assert!(piece.stderr);
        assert_eq!(piece.time.unix_timestamp(), 1_795_428_000);
        assert_eq!(piece.time.millisecond(), 500);
        assert_eq!(piece.bytes, b"hello  world\n");
    }

    #[test]
    fn a_line_without_a_time_is_kept_whole() {
        let piece = split(LogOutput::StdOut {
            message: "no time\n".into(),
        });
        assert_eq!(piece.bytes, b"no time\n");
    }
}
