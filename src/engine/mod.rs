//! The Docker Engine API: the only module that names bollard. One function an operation, each harmless to repeat.

mod about;
mod archive;
mod build;
mod client;
mod container;
mod context;
mod create;
mod credentials;
mod endpoint;
mod error;
mod events;
mod exec;
mod helper;
mod host_config;
mod ignore;
mod image;
mod inside;
mod kept;
mod logs;
mod names;
mod networking;
mod new_container;
mod object;
mod observe;
mod once;
mod part;
mod pipe;
mod pull;
mod streams;
mod table;
#[cfg(test)]
mod tests;
mod usage;
mod version;
mod wire;

use std::time::Duration;

use bollard::ClientVersion;

pub use about::About;
pub use archive::{PathInfo, pass};
pub use build::BuildProgress;
pub use container::Detail;
pub use credentials::Logins;
pub use endpoint::Endpoint;
pub use error::{EngineError, FailedStep};
pub use events::{EngineEvent, EngineEventKind, RawEvent};
pub use exec::{ExecOptions, ExecOutcome};
pub(crate) use ignore::{Ignore, NotTaken};
pub use image::ImageDetail;
pub use image::ImageFacts;
pub use inside::Inside;
pub use logs::{LogOptions, LogPiece, LogPlace};
pub use new_container::NewContainer;
pub use observe::Listed;
pub use once::Once;
pub use pull::PullProgress;
pub use streams::{Parted, Streams, resizes};
pub use table::{Builder, ImageStore, Table};
pub use usage::{Top, Usage};

use crate::capabilities::{ApiVersion, Capabilities, OLDEST_API};

use client::Client;
use error::Errors;
pub use wire::Again;
use wire::{Complaints, Patience};

/// A connection to an engine.
#[derive(Debug)]
pub struct Engine {
    docker: Client,
    endpoint: Endpoint,
    can: Capabilities,
    patience: Patience,
    errors: Errors,
}

impl Engine {
    /// Connects and agrees on an API version. `patience`: how long the engine may take to answer what it only has to look up.
    pub async fn connect(endpoint: &Endpoint, patience: Duration) -> Result<Self, EngineError> {
        let errors = Errors {
            endpoint: endpoint.clone(),
            complaints: Complaints::default(),
        };
        let agreed = tokio::time::timeout(patience, Box::pin(agree(&errors, Patience(patience)))).await;
        let docker = match agreed {
            Ok(Ok(docker)) => docker,
            Ok(Err(error)) => return Err(error),
            Err(_elapsed) => return Err(EngineError::silent(endpoint, patience)),
        };
        let ClientVersion {
            major_version,
            minor_version,
        } = docker.version_spoken();
        let api = ApiVersion(major_version, minor_version);
        let can = Capabilities::of(api).ok_or_else(|| EngineError::TooOld {
            endpoint: endpoint.to_string(),
            api: api.to_string(),
            wanted: OLDEST_API.to_string(),
        })?;
        tracing::debug!(%endpoint, %api, "connected");
        Ok(Self {
            docker,
            endpoint: endpoint.clone(),
            can,
            patience: Patience(patience),
            errors,
        })
    }

    /// Whether it is on this machine: its files and ports are ours.
    pub fn is_local(&self) -> bool {
        self.endpoint.socket().is_some()
    }

    /// How long it may take to answer what it only has to look up.
    pub fn patience(&self) -> Duration {
        self.patience.look()
    }

    /// The pauses before what failed and may pass is tried again.
    pub fn again(&self) -> Again {
        Again::of(self.patience)
    }

    /// Its socket, when it is on this machine.
    pub fn socket(&self) -> Option<&std::path::Path> {
        self.endpoint.socket()
    }

    /// Turns the client's error into ours.
    fn error(&self, error: bollard::errors::Error) -> EngineError {
        self.errors.of(error)
    }

    /// What it can do.
    pub fn capabilities(&self) -> Capabilities {
        self.can
    }
}

/// Opens the connection with the newest version of the API that both sides speak.
async fn agree(errors: &Errors, patience: Patience) -> Result<Client, EngineError> {
    let endpoint = &errors.endpoint;
    let open = |version: &ClientVersion, answered: bool| {
        let opened = Client::open(endpoint, version, patience, &errors.complaints, answered);
        opened.map_err(|error| EngineError::unreachable(endpoint, &error))
    };
    if let Some(socket) = endpoint.socket()
        && let Some(answer) = version::of_socket(socket).await
    {
        let client = open(&older(answer.version, *Client::newest()), true)?;
        return Ok(client.of_podman(answer.is_podman));
    }
    let client = open(Client::newest(), false)?.negotiated().await;
    let client = client.map_err(|error| errors.of_first(error))?;
    let version = client.version().await.map_err(|error| errors.of_first(error))?;
    Ok(client.of_podman(version::names_podman(&version)))
}

fn older(one: ClientVersion, other: ClientVersion) -> ClientVersion {
    let key = |version: &ClientVersion| (version.major_version, version.minor_version);
    if key(&one) < key(&other) { one } else { other }
}
