//! Where to connect to, and how.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bollard::errors::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use url::{Host, Url};

use crate::engine::Endpoint;
use crate::files;

/// Bytes of the largest file of certificates: the authorities of a whole system take some two hundred thousand.
const LARGEST_PEM: u64 = 1 << 20;

/// Where engines listen when an address names no port, with TLS and without: as in the Docker client.
const TLS_PORT: u16 = 2376;
const PORT: u16 = 2375;

/// A connection to an engine.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Where an engine listens.
pub(super) enum Address {
    Socket(PathBuf),
    Plain { host: String, port: u16 },
    Tls { host: String, port: u16, tls: TlsConnector },
}

impl Address {
    pub(super) fn of(endpoint: &Endpoint) -> Result<Self, Error> {
        if let Some(socket) = endpoint.socket() {
            return Ok(Self::Socket(socket.to_owned()));
        }
        let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let url = Url::parse(endpoint.address())?;
        let host = match url.host() {
            None | Some(Host::Domain("")) => return Err(wrong(format!("{url} has no host")).into()),
            // In brackets in an address, and without them elsewhere.
            Some(Host::Ipv6(host)) => host.to_string(),
            Some(host) => host.to_string(),
        };
        let port = |default| url.port().unwrap_or(default);
        match endpoint.certificates() {
            Some(folder) => Ok(Self::Tls {
                port: port(TLS_PORT),
                tls: connector(folder)?,
                host,
            }),
            None if url.scheme() == "https" => Err(wrong(
                "https:// needs certificates: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to their folder".to_owned(),
            )
            .into()),
            None => Ok(Self::Plain { port: port(PORT), host }),
        }
    }

    /// What requests say that they are for. Paths are all that counts.
    pub(super) fn base(&self) -> String {
        match self {
            Self::Socket(_) => "http://docker".to_owned(),
            Self::Plain { host, port } | Self::Tls { host, port, .. } if host.contains(':') => {
                format!("http://[{host}]:{port}")
            }
            Self::Plain { host, port } | Self::Tls { host, port, .. } => format!("http://{host}:{port}"),
        }
    }

    pub(super) async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        match self {
            Self::Socket(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Self::Plain { host, port } => Ok(Box::new(tcp(host, *port).await?)),
            Self::Tls { host, port, tls } => {
                let name = ServerName::try_from(host.clone())
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
                Ok(Box::new(tls.connect(name, tcp(host, *port).await?).await?))
            }
        }
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// As the Docker client does it: who the engine is says `ca.pem` alone, who we are `cert.pem` and `key.pem`.
fn connector(folder: &Path) -> Result<TlsConnector, Error> {
    let in_file = |name: &str, error: &dyn std::fmt::Display| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {error}", folder.join(name).display()),
        )
    };
    let read = |name: &str| files::bytes(&folder.join(name), LARGEST_PEM).map_err(|refused| in_file(name, &refused));
    let certificates = |name: &str| {
        let pem = read(name)?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        all.map_err(|error| in_file(name, &error))
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca.pem")? {
        roots.add(certificate).map_err(|error| in_file("ca.pem", &error))?;
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots);
    let is_there = |name: &str| files::is_file(&folder.join(name));
    let config = if is_there("cert.pem") || is_there("key.pem") {
        let key = PrivateKeyDer::from_pem_slice(&read("key.pem")?).map_err(|error| in_file("key.pem", &error))?;
        config
            .with_client_auth_cert(certificates("cert.pem")?, key)
            .map_err(|error| in_file("cert.pem", &error))?
    } else {
        config.with_no_client_auth()
    };
    Ok(TlsConnector::from(Arc::new(config)))
}
