//! Our standard streams joined to those of a container or of a command in it.

use std::io::Write as _;
use std::pin::Pin;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{AttachContainerOptions, ResizeContainerTTYOptions};
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::signal::unix::{SignalKind, signal};

use crate::ids::ContainerId;

use super::{Engine, EngineError};

/// What a container's process prints and reads.
pub struct Streams {
    pub(super) output: Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>,
    pub(super) input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// How joined streams came apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parted {
    /// The other side has nothing more to say.
    Ended,
    /// Nobody reads what we print.
    Unread,
}

impl Engine {
    /// Joins a container's process: what it prints from now on, and its standard input if `stdin`. Bytes of `detach_keys`
    /// (`ctrl-p,ctrl-q`) leave it.
    pub async fn attach(
        &self,
        id: &ContainerId,
        stdin: bool,
        detach_keys: Option<&str>,
    ) -> Result<Streams, EngineError> {
        let options = AttachContainerOptions {
            stream: true,
            stdin,
            stdout: true,
            stderr: true,
            detach_keys: detach_keys.map(ToOwned::to_owned),
            ..AttachContainerOptions::default()
        };
        let attached = self.docker.container(id)?.attach(options).await;
        let attached = attached.map_err(|error| self.error(error))?;
        Ok(Streams {
            output: attached.output,
            input: attached.input,
        })
    }

    /// Gives a container's terminal the size of ours; without one it keeps the engine's default.
    pub async fn fit_terminal(&self, id: &ContainerId) {
        let Some((rows, columns)) = console::Term::stdout().size_checked() else {
            return;
        };
        let size = ResizeContainerTTYOptions {
            h: i32::from(rows),
            w: i32::from(columns),
        };
        let resized = match self.docker.container(id) {
            Ok(container) => container.resize(size).await.map_err(|error| self.error(error)),
            Err(error) => Err(error),
        };
        if let Err(error) = resized {
            tracing::debug!(%error, "the terminal's size can't be set");
        }
    }

    /// Hands on what is typed, if `stdin`, and prints what comes, until nothing more does.
    pub async fn join(&self, streams: Streams, stdin: bool, tty: bool) -> Result<Parted, EngineError> {
        let Streams { mut output, mut input } = streams;
        let feed = async {
            if stdin {
                let mut stdin = tokio::io::stdin();
                let mut buffer = vec![0; 8192];
                while let Ok(read @ 1..) = stdin.read(&mut buffer).await {
                    if input.write_all(&buffer[..read]).await.is_err() || input.flush().await.is_err() {
                        break;
                    }
                }
                // Closing tells the process that there is no more; a terminal stays open for what it still prints.
                if !tty {
                    let _closed = input.shutdown().await;
                }
            }
            std::future::pending::<()>().await;
        };
        let show = async {
            while let Some(piece) = output.next().await {
                if !print(piece?) {
                    return Ok(Parted::Unread);
                }
            }
            Ok(Parted::Ended)
        };
        tokio::select! {
            () = feed => Ok(Parted::Ended),
            shown = show => shown.map_err(|error| self.error(error)),
        }
    }
}

/// Says whenever our terminal has another size; never where that can't be heard.
pub fn resizes() -> tokio::sync::mpsc::Receiver<()> {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    if let Ok(mut changed) = signal(SignalKind::window_change()) {
        tokio::spawn(async move { while changed.recv().await.is_some() && sender.send(()).await.is_ok() {} });
    }
    receiver
}

/// False when nobody reads any more.
fn print(piece: LogOutput) -> bool {
    let written = match piece {
        LogOutput::StdErr { message } => std::io::stderr().write_all(&message),
        other => {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(&other.into_bytes()).and_then(|()| stdout.flush())
        }
    };
    written.is_ok()
}
