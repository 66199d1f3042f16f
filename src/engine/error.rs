//! What the engine said no with, and what it means to the user.

use std::io::ErrorKind;

use bollard::errors::Error;

use crate::failure::{Exit, Failure};

use super::Endpoint;

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
        let (why, hint) = match kind {
            _ if matches!(error, Error::SocketNotFoundError(_)) => (
                "there is no such socket".to_owned(),
                "start the engine (`sudo systemctl start docker`); in a clone of MagicProxy, `make up` installs and \
                 starts one where it may",
            ),
            Some(ErrorKind::PermissionDenied) => (
                "this user may not open its socket".to_owned(),
                "`sudo usermod -aG docker $USER` and log in again, or run as root",
            ),
            Some(ErrorKind::ConnectionRefused) => (
                "nobody listens there".to_owned(),
                "start the engine (`sudo systemctl start docker`)",
            ),
            Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => (
                "it closed the connection".to_owned(),
                "see whether the engine was stopped or restarted; the same command again goes on from there",
            ),
            _ => (
                root_cause(error),
                "see `docker info`, and `docker context ls` for where it points",
            ),
        };
        let hint = match endpoint.origin() {
            "the default socket" => hint.to_owned(),
            origin => format!("{hint}; the address came from {origin}"),
        };
        Self::Unreachable {
            endpoint: endpoint.address().to_owned(),
            why,
            hint,
        }
    }

    /// It took the connection and then said nothing.
    pub(super) fn silent(endpoint: &Endpoint, seconds: u64) -> Self {
        Self::Unreachable {
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
            Self::Unreachable { endpoint, why, hint } => {
                Failure::new(Exit::NoEngine, format!("the engine at {endpoint} can't be reached"))
                    .because(why)
                    .hint(hint)
            }
            Self::TooOld { endpoint, api, wanted } => {
                Failure::new(Exit::NoEngine, format!("the engine at {endpoint} is too old"))
                    .because(format!(
                        "it speaks API {api}, magicctl needs {wanted} (Docker Engine 20.10)"
                    ))
                    .hint("upgrade the engine")
            }
            Self::Unsupported { what, hint } => Failure::failed(what).hint(hint),
            Self::Local { what, why } => Failure::failed(what).because(why),
            Self::NotFound(message) | Self::Conflict(message) | Self::Refused(message) => explained(message),
        }
    }
}

/// What a message of the engine means, as far as it is known.
fn explained(message: &str) -> Failure {
    let lower = message.to_lowercase();
    let has = |text: &str| lower.contains(text);
    let failure = Failure::failed(message.trim_end_matches('.'));
    let hint = if has("port is already allocated") || has("address already in use") {
        "another container or program has that port: stop it, or move ours with the variable that names it \
         (`magicctl config --settings`)"
    } else if has("toomanyrequests") || has("rate limit") {
        "log in (`docker login`) for a higher limit, or wait"
    } else if has("pull access denied")
        || has("requested access to the resource is denied")
        || has("unauthorized")
        || has("no basic auth credentials")
    {
        "check the image's name; if it is private, `docker login` first"
    } else if has("manifest unknown") || (has("manifest for") && has("not found")) {
        "the registry has no such tag: check the image's name"
    } else if has("no space left on device") {
        "free some disk space: `docker system df` shows what holds it, `docker image prune` removes unused images"
    } else if has("no such host") || has("i/o timeout") || has("tls handshake timeout") || has("network is unreachable")
    {
        "check this machine's way to the network (proxy, DNS); where no registry can be reached, build the images \
         (`make images`) and use `--env-file images/local.env`"
    } else if has("connection refused") && has("http") {
        "nothing answers at that registry: check the image's name and that the registry runs"
    } else if has("executable file not found") {
        "the command is not in the image: check `command`, `entrypoint` and the image"
    } else if has("all predefined address pools have been fully subnetted") || has("no available ipv4") {
        "remove unused networks: `docker network prune`"
    } else if has("bind source path does not exist") {
        "make that file or folder; magicctl never makes a folder in its place"
    } else {
        return failure;
    };
    failure.hint(hint)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_messages_come_with_a_hint_and_unknown_ones_as_they_are() {
        for (message, hint) in [
            ("Bind for 127.0.0.1:9092 failed: port is already allocated", "that port"),
            (
                "toomanyrequests: You have reached your pull rate limit.",
                "docker login",
            ),
            ("pull access denied for x, repository does not exist", "docker login"),
            ("Head \"http://r/v2/\": no basic auth credentials", "docker login"),
            ("manifest for redis:nope not found: manifest unknown", "no such tag"),
            ("write /var/lib/x: no space left on device", "disk space"),
            ("dial tcp: lookup registry: no such host", "network"),
        ] {
            let failure = EngineError::Refused(message.to_owned()).failure();
            assert!(
                failure.hint.as_deref().unwrap_or_default().contains(hint),
                "{failure:?}"
            );
        }
        let failure = EngineError::Refused("something new.".to_owned()).failure();
        assert_eq!((failure.what.as_str(), failure.hint), ("something new", None));
    }
}
