//! Commands in a running container: healthchecks run early, and the user's own.

use std::io::IsTerminal as _;
use std::time::Duration;

use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt as _;

use crate::ids::ContainerId;

use super::client::OneExec;
use super::kept::Beginning;
use super::streams::{Streams, resizes};
use super::{Engine, EngineError};

/// Bytes of what a command prints that are kept: far more than is shown of a healthcheck's.
const KEPT: usize = 64 << 10;

/// How a command in a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutcome {
    /// Its exit code; `None` when it did not end in time.
    pub exit_code: Option<i64>,
    /// The first lines of what it printed, stdout and stderr together.
    pub output: String,
}

/// How to run the user's command.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the engine's")]
pub struct ExecOptions {
    /// With a terminal.
    pub tty: bool,
    /// With our standard input.
    pub interactive: bool,
    /// As this user.
    pub user: Option<String>,
    /// In this directory.
    pub workdir: Option<String>,
    /// With these variables, `NAME=value`.
    pub env: Vec<String>,
    /// With every capability.
    pub privileged: bool,
    /// Nobody waits for its end.
    pub detach: bool,
}

impl Engine {
    /// Runs `command` in a container as the engine runs its healthcheck, for at most `timeout`.
    pub async fn exec_probe(
        &self,
        id: &ContainerId,
        command: &[String],
        timeout: Duration,
    ) -> Result<ExecOutcome, EngineError> {
        let config = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.to_vec()),
            ..CreateExecOptions::default()
        };
        let container = self.docker.container(id)?;
        let failed = |error| self.error(error);
        let running = async {
            let id = container.create_exec(config).await.map_err(failed)?.id;
            let exec = self.docker.exec(&id)?;
            let mut kept = Beginning::of(KEPT);
            if let StartExecResults::Attached { mut output, .. } = exec.start(None).await.map_err(failed)? {
                while let Some(piece) = output.next().await {
                    kept.push(&piece.map_err(failed)?.into_bytes());
                }
            }
            let ended = exec.inspect().await.map_err(failed)?;
            Ok(ExecOutcome {
                exit_code: ended.exit_code,
                output: kept.text(),
            })
        };
        match tokio::time::timeout(timeout, running).await {
            Ok(Ok(outcome)) if is_too_late(&outcome.output) => Err(EngineError::Conflict(outcome.output)),
            Ok(outcome) => outcome,
            Err(_elapsed) => Ok(ExecOutcome {
                exit_code: None,
                output: format!("no answer within {} s", timeout.as_secs_f64()),
            }),
        }
    }

    /// Runs the user's command with our standard streams and gives its exit code.
    pub async fn exec(&self, id: &ContainerId, command: &[String], options: &ExecOptions) -> Result<i64, EngineError> {
        let config = CreateExecOptions {
            attach_stdin: Some(options.interactive && !options.detach),
            attach_stdout: Some(!options.detach),
            attach_stderr: Some(!options.detach),
            tty: Some(options.tty),
            cmd: Some(command.to_vec()),
            user: options.user.clone(),
            working_dir: options.workdir.clone(),
            env: Some(options.env.clone()),
            privileged: Some(options.privileged),
            ..CreateExecOptions::default()
        };
        let failed = |error| self.error(error);
        let created = self.docker.container(id)?.create_exec(config).await;
        let id = created.map_err(failed)?.id;
        let exec = self.docker.exec(&id)?;
        let start = StartExecOptions {
            detach: options.detach,
            tty: options.tty,
            ..StartExecOptions::default()
        };
        let started = exec.start(Some(start)).await.map_err(failed)?;
        if let StartExecResults::Attached { output, input } = started {
            if options.tty {
                fit(&exec).await;
            }
            let streams = Streams { output, input };
            let resized = async {
                let mut changes = resizes();
                while changes.recv().await.is_some() {
                    fit(&exec).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                joined = self.join(streams, options.interactive, options.tty) => {
                    joined?;
                }
                () = resized, if options.tty => {}
            }
        }
        let ended = exec.inspect().await.map_err(failed)?;
        Ok(ended.exit_code.unwrap_or(0))
    }
}

/// Gives the command's terminal the size of ours; without one it keeps the engine's default.
async fn fit(exec: &OneExec<'_>) {
    if !std::io::stdout().is_terminal() {
        return;
    }
    let (height, width) = console::Term::stdout().size();
    if let Err(error) = exec.resize(ResizeExecOptions { height, width }).await {
        tracing::debug!(%error, "the terminal's size can't be set");
    }
}

/// The runtime could not begin because the container has just ended; that is not a word of the healthcheck. A program that
/// is not in the image is: it will fail for ever.
fn is_too_late(output: &str) -> bool {
    let of_the_image = [
        "executable file not found",
        "no such file or directory",
        "permission denied",
    ];
    let of_the_runtime = ["OCI runtime exec failed", "cannot exec in a stopped"];
    of_the_runtime.iter().any(|words| output.contains(words))
        && !of_the_image.iter().any(|words| output.contains(words))
}

#[cfg(test)]
mod tests {
    use super::is_too_late;

    #[test]
    fn an_exec_that_came_too_late_is_told_from_a_healthcheck_that_can_never_work() {
        assert!(is_too_late(
            "OCI runtime exec failed: exec failed: cannot exec in a stopped container: unknown"
        ));
        assert!(is_too_late("cannot exec in a stopped state: unknown"));
        let missing = r#"OCI runtime exec failed: exec failed: unable to start container process: exec: "wget": executable file not found in $PATH"#;
        assert!(!is_too_late(missing));
        assert!(!is_too_late("Connection refused"));
    }
}
