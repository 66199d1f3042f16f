//! A container's log as the engine keeps it.

use std::path::{Path, PathBuf};

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use crate::ids::ContainerId;
use crate::stamp::Stamp;

use super::client::stream_or_error;
use super::{Engine, EngineError};

/// The engine keeps lines in parts of this many bytes.
const PART: usize = 16 << 10;
/// No time is longer; a line may be.
const LONGEST_TIME: usize = 48;

/// Which part of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Go on with new lines.
    pub follow: bool,
    /// From then on; the engine is asked in whole seconds, so some earlier lines may come too.
    pub since: Option<Stamp>,
    /// Until then; some later lines may come too.
    pub until: Option<Stamp>,
    /// Only the last lines.
    pub tail: Option<usize>,
}

/// A line, or a part of one longer than the engine keeps in one piece (16 KiB).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Printed to stderr.
    pub stderr: bool,
    /// When, by the engine's clock.
    pub time: Stamp,
    /// The text, with its line end.
    pub bytes: Bytes,
}

/// Where the engine keeps a container's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPlace {
    /// The log driver.
    pub driver: String,
    /// The file that is being written, as the engine's machine names it; `None` when there is none.
    pub file: Option<PathBuf>,
}

impl Engine {
    /// The log of a container.
    pub fn logs(
        &self,
        id: &ContainerId,
        options: LogOptions,
    ) -> impl Stream<Item = Result<LogPiece, EngineError>> + use<> {
        let seconds = |second: i64| i32::try_from(second).unwrap_or(if second < 0 { 0 } else { i32::MAX });
        let wanted = LogsOptions {
            follow: options.follow,
            stdout: true,
            stderr: true,
            since: options.since.map_or(0, |since| seconds(since.seconds())),
            until: options
                .until
                .map_or(0, |until| seconds(until.seconds().saturating_add(1))),
            timestamps: true,
            tail: options.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string()),
        };
        let errors = self.errors.clone();
        let pieces = self.docker.container(id).map(|container| container.logs(wanted));
        stream_or_error(
            pieces.map(|pieces| pieces.map(move |piece| piece.map(split).map_err(|error| errors.of(error)))),
        )
    }

    /// Where a container's log lies.
    pub async fn log_place(&self, id: &ContainerId) -> Result<LogPlace, EngineError> {
        let inspected = self.docker.container(id)?.inspect().await;
        let inspected = inspected.map_err(|error| self.error(error))?;
        let config = inspected.host_config.and_then(|config| config.log_config);
        let driver = config.and_then(|config| config.typ).unwrap_or_default();
        let named = |path: Option<String>| path.filter(|path| !path.is_empty()).map(PathBuf::from);
        let file = match driver.as_str() {
            // The engine says where its `json-file` is; its `local` files lie beside what else it keeps of a container.
            "local" => named(inspected.resolv_conf_path)
                .as_deref()
                .and_then(Path::parent)
                .map(|folder| folder.join("local-logs/container.log")),
            _ => named(inspected.log_path),
        };
        let own = inspected.id.unwrap_or_default();
        Ok(LogPlace {
            driver,
            file: file.filter(|file| is_log_of(&own, file)),
        })
    }
}

/// Whether `path` is where an engine keeps the log of container `id`: whoever answers could name any file of this machine.
fn is_log_of(id: &str, path: &Path) -> bool {
    let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let end = |end: &str| path.is_absolute() && path.ends_with(end);
    is_id && (end(&format!("{id}/{id}-json.log")) || end(&format!("{id}/local-logs/container.log")))
}

/// `2026-11-23T10:00:00.123456789Z text` → its time and text.
fn split(output: LogOutput) -> LogPiece {
    let stderr = matches!(output, LogOutput::StdErr { .. });
    let terminal = matches!(output, LogOutput::Console { .. });
    let bytes = output.into_bytes();
    let space = bytes.iter().take(LONGEST_TIME).position(|byte| *byte == b' ');
    let time = space.and_then(|space| Some((Stamp::parse(&bytes[..space])?, space)));
    match time {
        Some((time, space)) => LogPiece {
            stderr,
            time,
            bytes: if terminal {
                without_inner_times(bytes.slice(space + 1..))
            } else {
                bytes.slice(space + 1..)
            },
        },
        None => LogPiece {
            stderr,
            time: Stamp::default(),
            bytes,
        },
    }
}

/// A terminal's log has no frames: of a line that the engine keeps in parts, each part has its time before it, within the line.
fn without_inner_times(line: Bytes) -> Bytes {
    if line.len() <= PART {
        return line;
    }
    let mut whole = Vec::with_capacity(line.len());
    let mut rest = &line[..];
    while let Some((part, after)) = rest.split_at_checked(PART) {
        whole.extend_from_slice(part);
        let space = after.iter().take(LONGEST_TIME).position(|byte| *byte == b' ');
        match space.filter(|space| Stamp::parse(&after[..*space]).is_some()) {
            Some(space) => rest = &after[space + 1..],
            None => rest = after,
        }
    }
    whole.extend_from_slice(rest);
    whole.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_containers_own_log_is_read_from_a_file() {
        let id = "0123456789abcdef".repeat(4);
        let file = |name: &str| PathBuf::from(name.replace("ID", &id));
        for name in [
            "/var/lib/docker/containers/ID/ID-json.log",
            "/data/containers/ID/local-logs/container.log",
        ] {
            assert!(is_log_of(&id, &file(name)), "{name}");
        }
        for name in [
            "/etc/shadow",
            "ID/ID-json.log",
            "/x/ID-json.log",
            "/ID/../etc/shadow",
            "/ID/ID-json.log/../../etc/shadow",
        ] {
            assert!(!is_log_of(&id, &file(name)), "{name}");
        }
        assert!(!is_log_of("", Path::new("/-json.log")));
        assert!(!is_log_of("..", Path::new("/x/../..-json.log")));
    }

    #[test]
    fn takes_the_engines_time_off_the_line() {
        let message = "2026-11-23T10:00:00.5Z hello  world\n".into();
        let piece = split(LogOutput::StdErr { message });
        assert!(piece.stderr);
        assert_eq!(piece.time, Stamp(1_795_428_000_500_000_000));
        assert_eq!(&piece.bytes[..], b"hello  world\n");
    }

    #[test]
    fn a_terminals_long_line_has_no_times_inside() {
        let (part, time) = ("x".repeat(PART), "2026-11-23T10:00:00.5Z ");
        let message = format!("{time}{part}{time}{part}{time}end\n").into();
        let piece = split(LogOutput::Console { message });
        assert_eq!(piece.bytes, format!("{part}{part}end\n"));
        let message = format!("{time}{part}no time {time}\n").into();
        assert_eq!(
            split(LogOutput::Console { message }).bytes,
            format!("{part}no time {time}\n")
        );
    }

    #[test]
    fn a_line_without_a_time_is_kept_whole() {
        let piece = split(LogOutput::StdOut {
            message: "no time\n".into(),
        });
        assert_eq!(&piece.bytes[..], b"no time\n");
    }
}
