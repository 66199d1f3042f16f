//! What the engine said no with, and what it means to the user.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use bollard::errors::Error;

use crate::codes::{self, Code};
use crate::failure::{Exit, Failure};

use super::Endpoint;
use super::wire::{Complaints, Wrong};

/// This user may not ask the engine.
const NOT_ALLOWED: &Code = &codes::NOT_PERMITTED;

/// A step of a Dockerfile that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedStep {
    /// Its text, as in the builder: `[2/5] RUN pip install x`.
    pub name: String,
    /// What it printed last.
    pub output: Vec<String>,
}

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
        code: &'static Code,
        /// Where, and how that was found.
        endpoint: String,
        /// The operating system's words.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The engine's API is older than what we need.
    #[error("the engine at {endpoint} supports API {api}")]
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
    /// It answered what no engine answers, or more than is read.
    #[error("the engine at {endpoint} sent an invalid answer: {why}")]
    Unusable {
        /// Where.
        endpoint: String,
        /// What is wrong with it.
        why: String,
    },
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
        /// What its program ended with.
        exit: Option<i64>,
    },
    /// A Dockerfile can't be read.
    #[error("the Dockerfile can't be read: {}: {why}", path.display())]
    Dockerfile {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
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

/// Turns the client's errors into ours.
#[derive(Debug, Clone)]
pub(super) struct Errors {
    pub endpoint: Endpoint,
    /// Why streams were broken off, of which the client knows nothing.
    pub complaints: Complaints,
}

impl Errors {
    /// Of a call after the connection was made.
    pub fn of(&self, error: Error) -> EngineError {
        let endpoint = &self.endpoint;
        if let Some(wrong) = Wrong::of(&error) {
            return EngineError::wrong(endpoint, wrong);
        }
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                let message = match message.trim() {
                    "" => format!("the engine answered with HTTP status {status_code} and no message"),
                    message => message.to_owned(),
                };
                match status_code {
                    // Proxies say so; an engine does only of a swarm.
                    502..=504 => EngineError::unavailable(endpoint, status_code),
                    404 => EngineError::NotFound(message),
                    409 => EngineError::Conflict(message),
                    _ => EngineError::Refused(message),
                }
            }
            Error::DockerStreamError { error } => EngineError::Refused(error),
            Error::HyperResponseError { err } if err.is_parse() => {
                EngineError::wrong(endpoint, &Wrong::Strange(format!("it is not HTTP: {err}")))
            }
            error @ (Error::HyperResponseError { .. } | Error::IOError { .. }) => match self.complaints.take() {
                Some(wrong) => EngineError::wrong(endpoint, &wrong),
                None => EngineError::unreachable(endpoint, &error),
            },
            // A word of the engine's that is not in the API.
            other => EngineError::wrong(endpoint, &Wrong::Strange(other.to_string())),
        }
    }

    /// Of the first call: what does not answer as an engine does is none that could be reached.
    pub fn of_first(&self, error: Error) -> EngineError {
        match self.of(error) {
            unreachable @ EngineError::Unreachable { .. } => unreachable,
            other => EngineError::Unreachable {
                code: &codes::NO_ENGINE,
                endpoint: self.endpoint.address().to_owned(),
                why: match other {
                    EngineError::Unusable { why, .. } => {
                        format!("the server at that address is not a Docker Engine: {why}")
                    }
                    other => format!("it answered: {other}"),
                },
                hint: "run `docker info`; `docker context ls` shows the addresses".to_owned(),
            },
        }
    }
}

impl EngineError {
    fn wrong(endpoint: &Endpoint, wrong: &Wrong) -> Self {
        match wrong {
            Wrong::Silent(within) => Self::silent(endpoint, *within),
            Wrong::Broken(_) => Self::broken(endpoint),
            other => Self::Unusable {
                endpoint: endpoint.address().to_owned(),
                why: other.to_string(),
            },
        }
    }

    /// Something in front of it answers, and doesn't find it.
    fn unavailable(endpoint: &Endpoint, status: u16) -> Self {
        Self::Unreachable {
            code: &codes::NO_ENGINE,
            endpoint: endpoint.address().to_owned(),
            why: format!("a proxy at that address reports that the engine is down (HTTP status {status})"),
            hint: "check that the engine is running, and read the proxy's log".to_owned(),
        }
    }

    /// It went away in the middle of a word.
    fn broken(endpoint: &Endpoint) -> Self {
        let error = Error::IOError {
            err: ErrorKind::UnexpectedEof.into(),
        };
        Self::unreachable(endpoint, &error)
    }

    /// Nobody answers at `endpoint`.
    pub(super) fn unreachable(endpoint: &Endpoint, error: &Error) -> Self {
        let kind = io_kind(error);
        let is_local = endpoint.socket().is_some();
        let closed =
            matches!(error, Error::HyperResponseError { err } if err.is_incomplete_message() || err.is_closed());
        let (code, why, hint) = match kind {
            Some(ErrorKind::NotFound) if is_local => (
                &codes::NO_ENGINE,
                "the socket doesn't exist: the engine is not running, or has another address".to_owned(),
                "start the engine (`sudo systemctl start docker`); in a clone of MagicProxy, `make up` can \
                 install and start one",
            ),
            Some(ErrorKind::PermissionDenied) => (
                NOT_ALLOWED,
                "this user may not open its socket".to_owned(),
                "`sudo usermod -aG docker $USER` and log in again, or run as root",
            ),
            Some(ErrorKind::ConnectionRefused) => (
                &codes::NO_ENGINE,
                "nothing listens there: the engine is not running".to_owned(),
                "start the engine (`sudo systemctl start docker`)",
            ),
            kind if closed
                || matches!(
                    kind,
                    Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof)
                ) =>
            {
                (
                    &codes::NO_ENGINE,
                    "it closed the connection".to_owned(),
                    "check whether the engine was stopped or restarted; then run the command again to continue",
                )
            }
            _ => (
                &codes::NO_ENGINE,
                root_cause(error),
                "run `docker info`; `docker context ls` shows the addresses",
            ),
        };
        let hint = match endpoint.named_by() {
            None => hint.to_owned(),
            Some(origin) => format!("{hint}; the address came from {origin}"),
        };
        Self::Unreachable {
            code,
            endpoint: endpoint.address().to_owned(),
            why,
            hint,
        }
    }

    /// It took the connection and then said nothing.
    pub(super) fn silent(endpoint: &Endpoint, within: Duration) -> Self {
        Self::Unreachable {
            code: &codes::NO_ENGINE,
            endpoint: endpoint.address().to_owned(),
            why: Wrong::Silent(within).to_string(),
            hint: "the engine may be starting or overloaded: allow more time with `--engine-timeout`, or read \
                   its log (`journalctl -u docker`)"
                .to_owned(),
        }
    }

    /// Whether what was asked about is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// Whether the same call may work soon: the engine was not there, or could not be understood.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { code, .. } => *code != NOT_ALLOWED,
            Self::Unusable { .. } => true,
            _ => false,
        }
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
                        "it supports API {api}, but magicctl needs {wanted} (Docker Engine 20.10)"
                    ))
                    .coded(&codes::ENGINE_OLD)
                    .hint("upgrade the engine: https://docs.docker.com/engine/install/")
            }
            Self::Unusable { endpoint, why } => {
                Failure::failed(format!("the engine at {endpoint} sent an invalid answer"))
                    .because(why)
                    .coded(&codes::ENGINE_STRANGE)
                    .hint("check that a Docker Engine answers there: `docker version`")
            }
            Self::Unsupported { what, hint } => Failure::failed(what).hint(hint),
            Self::Name { what, why } => Failure::failed(what).because(why).hint(
                "if it comes from the Compose file or the command line, choose another; otherwise the engine sent it",
            ),
            Self::Local { what, why } => Failure::failed(what).because(why),
            Self::Dockerfile { path, why } => {
                Failure::failed("the Dockerfile can't be read").because(format!("{}: {why}", path.display()))
            }
            Self::NotFound(message)
            | Self::Conflict(message)
            | Self::Refused(message)
            | Self::Build { message, .. } => Failure::failed(message.trim_end_matches('.')),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        error.failure()
    }
}

/// The operating system's kind of the innermost I/O error.
fn io_kind(error: &Error) -> Option<ErrorKind> {
    // bollard passes this one's sources on, and not itself.
    if let Error::IOError { err } = error {
        return Some(err.kind());
    }
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
