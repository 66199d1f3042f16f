//! What the engine said no with, and what it means to the user.

use std::io::ErrorKind;

use bollard::errors::Error;

use crate::failure::{Exit, Failure};

use super::{Endpoint, FailedStep};

/// A call to the engine that did not work. Callers decide on the variants; users read [`EngineError::failure`].
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address makes no sense.
    #[error("{what}: {why}")]
    Endpoint {
        /// Which address.
        what: String,
        /// Why not.
        why: String,
        /// What to do.
        hint: String,
    },
    /// Nobody answers.
    #[error("the engine at {endpoint} can't be reached: {why}")]
    Unreachable {
        /// The failure's code.
        code: &'static str,
        /// Where, and how that was found.
        endpoint: String,
        /// The operating system's words.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The engine's API is older than what we need.
    #[error("the engine at {endpoint} speaks API {api}")]
    TooOld {
        /// Where.
        endpoint: String,
        /// What it speaks.
        api: String,
        /// What it must speak.
        wanted: String,
    },
    /// What was named is not there (404).
    #[error("{0}")]
    NotFound(String),
    /// It is there already, or in use (409).
    #[error("{0}")]
    Conflict(String),
    /// Any other no, in the engine's words.
    #[error("{0}")]
    Refused(String),
    /// A step of a Dockerfile, or the builder itself, failed.
    #[error("{message}")]
    Build {
        /// The builder's words.
        message: String,
        /// The step, if it is known.
        step: Option<FailedStep>,
    },
    /// A name or id that can't be sent to the engine: it would end the place in the path where it is put.
    #[error("{what}: {why}")]
    Name {
        /// Which.
        what: String,
        /// Why not.
        why: String,
    },
    /// The file asks for what this engine can't do.
    #[error("{what}")]
    Unsupported {
        /// What.
        what: String,
        /// What to do.
        hint: String,
    },
    /// Something on this side: a file of the build context can't be read.
    #[error("{what}: {why}")]
    Local {
        /// What failed.
        what: String,
        /// Why.
        why: String,
    },
}

impl EngineError {
    /// From an error of a call after the connection was made.
    pub(super) fn from_call(endpoint: &Endpoint, error: Error) -> Self {
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                let message = message.trim().to_owned();
                match status_code {
                    404 => Self::NotFound(message),
                    409 => Self::Conflict(message),
                    _ => Self::Refused(message),
                }
            }
            Error::DockerStreamError { error } => Self::Refused(error),
            Error::RequestTimeoutError => Self::silent(endpoint, super::ANSWER_WITHIN.as_secs()),
            error @ (Error::HyperLegacyError { .. } | Error::HyperResponseError { .. } | Error::IOError { .. }) => {
                Self::unreachable(endpoint, &error)
            }
            other => Self::Refused(other.to_string()),
        }
    }

    /// Nobody answers at `endpoint`.
    pub(super) fn unreachable(endpoint: &Endpoint, error: &Error) -> Self {
        let kind = io_kind(error);
        let (code, why, hint) = match kind {
            _ if matches!(error, Error::SocketNotFoundError(_)) => (
                "MC301",
                "there is no such socket: the engine is not running, or it has another address".to_owned(),
                "start the engine (`sudo systemctl start docker`); in a clone of MagicProxy, `make up` installs and \
                 starts one where it may",
            ),
            Some(ErrorKind::PermissionDenied) => (
                "MC302",
                "this user may not open its socket".to_owned(),
                "`sudo usermod -aG docker $USER` and log in again, or run as root",
            ),
            Some(ErrorKind::ConnectionRefused) => (
                "MC301",
                "nobody listens there: the engine is not running".to_owned(),
                "start the engine (`sudo systemctl start docker`)",
            ),
            Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => (
                "MC301",
                "it closed the connection".to_owned(),
                "see whether the engine was stopped or restarted; the same command again goes on from there",
            ),
            _ => (
                "MC301",
                root_cause(error),
                "see `docker info`, and `docker context ls` for where it points",
            ),
        };
        let hint = match endpoint.origin() {
            "the default socket" => hint.to_owned(),
            origin => format!("{hint}; the address came from {origin}"),
        };
        Self::Unreachable {
            code,
            endpoint: endpoint.address().to_owned(),
            why,
            hint,
        }
    }

    /// It took the connection and then said nothing.
    pub(super) fn silent(endpoint: &Endpoint, seconds: u64) -> Self {
        Self::Unreachable {
            code: "MC301",
            endpoint: endpoint.address().to_owned(),
            why: format!("it did not answer within {seconds} s"),
            hint: "see the engine's own log (`journalctl -u docker`); it may be starting or overloaded".to_owned(),
        }
    }

    /// Whether what was asked about is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// Whether the engine itself is gone.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// As the user reads it.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Endpoint { what, why, hint } => Failure::new(Exit::NoEngine, what).because(why).hint(hint),
            Self::Unreachable {
                code,
                endpoint,
                why,
                hint,
            } => Failure::new(Exit::NoEngine, format!("the engine at {endpoint} can't be reached"))
                .coded(code)
                .because(why)
                .hint(hint),
            Self::TooOld { endpoint, api, wanted } => {
                Failure::new(Exit::NoEngine, format!("the engine at {endpoint} is too old"))
                    .because(format!(
                        "it speaks API {api}, magicctl needs {wanted} (Docker Engine 20.10)"
                    ))
                    .coded("MC303")
                    .hint("upgrade the engine: https://docs.docker.com/engine/install/")
            }
            Self::Unsupported { what, hint } => Failure::failed(what).hint(hint),
            Self::Name { what, why } => Failure::failed(what)
                .because(why)
                .hint("if it comes from the Compose file or the command line, choose another; else the engine gave it"),
            Self::Local { what, why } => Failure::failed(what).because(why),
            Self::NotFound(message)
            | Self::Conflict(message)
            | Self::Refused(message)
            | Self::Build { message, .. } => Failure::failed(message.trim_end_matches('.')),
        }
    }
}

/// The operating system's kind of the innermost I/O error.
fn io_kind(error: &Error) -> Option<ErrorKind> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut kind = None;
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            kind = Some(io.kind());
        }
        source = error.source();
    }
    kind
}

fn root_cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
