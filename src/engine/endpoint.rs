//! Where the engine is: `--host`, `DOCKER_HOST`, the active Docker context, the default socket, in this order.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::files;

use super::EngineError;

/// Where the engine listens unless told otherwise.
const DEFAULT: &str = "unix:///var/run/docker.sock";

/// Bytes of the largest file of the Docker client's: with hundreds of logins it has some ten thousand.
pub(super) const LARGEST_CONFIG: u64 = 1 << 20;

/// An engine's address and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    address: String,
    certificates: Option<PathBuf>,
    origin: String,
    /// The Docker client's folder.
    client: Option<PathBuf>,
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct ContextMeta {
    #[serde(rename = "Endpoints")]
    endpoints: BTreeMap<String, ContextEndpoint>,
}

#[derive(Deserialize)]
struct ContextEndpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
}

impl Endpoint {
    /// Finds the engine: `flag` is `--host`; `environment` holds `DOCKER_HOST`, `DOCKER_CONTEXT`, `DOCKER_CONFIG`,
    /// `DOCKER_CERT_PATH`, `DOCKER_TLS_VERIFY`, `HOME` as the Docker client reads them.
    pub fn resolve(flag: Option<&str>, environment: &BTreeMap<String, String>) -> Result<Self, EngineError> {
        let client = config_dir(environment);
        let found = Self::find(flag, environment, client.as_deref())?;
        Ok(Self { client, ..found })
    }

    fn find(
        flag: Option<&str>,
        environment: &BTreeMap<String, String>,
        config: Option<&Path>,
    ) -> Result<Self, EngineError> {
        let set = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        if let Some(host) = flag {
            return Self::new(host, set_certificates(environment), "--host".to_owned());
        }
        if let Some(host) = set("DOCKER_HOST") {
            return Self::new(&host, set_certificates(environment), "DOCKER_HOST".to_owned());
        }
        let context = set("DOCKER_CONTEXT").or_else(|| {
            let text = files::text(&config?.join("config.json"), LARGEST_CONFIG).ok()?;
            serde_json::from_str::<ConfigFile>(&text).ok()?.current_context
        });
        match context {
            Some(name) if name != "default" && !name.is_empty() => Self::of_context(config, &name),
            _ => Self::new(DEFAULT, None, "the default socket".to_owned()),
        }
    }

    fn of_context(config: Option<&Path>, name: &str) -> Result<Self, EngineError> {
        let wrong = |why: String| EngineError::Endpoint {
            what: format!("the Docker context `{name}` can't be used"),
            why,
            hint: "`docker context ls` lists the contexts; `docker context use default` selects the local engine"
                .to_owned(),
        };
        let folder = config
            .ok_or_else(|| wrong("there is no home directory".to_owned()))?
            .join("contexts");
        // The client files a context under the digest of its name.
        let id = hex::encode(Sha256::digest(name));
        let path = folder.join("meta").join(&id).join("meta.json");
        let text = files::text(&path, LARGEST_CONFIG).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
        let meta: ContextMeta =
            serde_json::from_str(&text).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
        let host = meta
            .endpoints
            .get("docker")
            .and_then(|endpoint| endpoint.host.clone())
            .ok_or_else(|| wrong("it names no Docker endpoint".to_owned()))?;
        let certificates = folder.join("tls").join(&id).join("docker");
        Self::new(
            &host,
            files::is_folder(&certificates).then_some(certificates),
            format!("context {name}"),
        )
    }

    fn new(host: &str, certificates: Option<PathBuf>, origin: String) -> Result<Self, EngineError> {
        let address = if host.starts_with('/') {
            format!("unix://{host}")
        } else {
            host.to_owned()
        };
        let scheme = address.split("://").next().unwrap_or_default();
        match scheme {
            "unix" => Ok(Self {
                address,
                certificates: None,
                origin,
                client: None,
            }),
            "tcp" | "http" | "https" => Ok(Self {
                address,
                certificates,
                origin,
                client: None,
            }),
            "ssh" => Err(EngineError::Endpoint {
                what: format!("{address} (from {origin}) can't be used"),
                why: "magicctl doesn't support ssh".to_owned(),
                hint: "forward the socket: `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST`, then \
                       `--host unix:///tmp/docker.sock`"
                    .to_owned(),
            }),
            _ => Err(EngineError::Endpoint {
                what: format!("{address} (from {origin}) is not a valid engine address"),
                why: "it must start with unix://, tcp://, http:// or https://".to_owned(),
                hint: format!("the default is {DEFAULT}"),
            }),
        }
    }

    /// `unix://…` or `tcp://…`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The folder with `ca.pem`, `cert.pem` and `key.pem`, when TLS is wanted.
    pub(super) fn certificates(&self) -> Option<&Path> {
        self.certificates.as_deref()
    }

    /// The Docker client's folder, where its logins are.
    pub(super) fn client_folder(&self) -> Option<&Path> {
        self.client.as_deref()
    }

    /// The socket's path, for an engine on this machine.
    pub(super) fn socket(&self) -> Option<&Path> {
        self.address.strip_prefix("unix://").map(Path::new)
    }

    /// How it was found.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.origin)
    }
}

/// The Docker client's folder: `DOCKER_CONFIG`, else `~/.docker`.
fn config_dir(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    set("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(home).join(".docker")))
}

fn set_certificates(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    set("DOCKER_TLS_VERIFY")?;
    set("DOCKER_CERT_PATH")
        .map(PathBuf::from)
        .or_else(|| config_dir(environment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_flag_wins_over_the_environment_and_that_over_the_context() {
        let home = tempfile::tempdir().unwrap();
        let docker = home.path().join(".docker");
        let id = hex::encode(Sha256::digest("far"));
        let meta = docker.join("contexts/meta").join(id);
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(docker.join("config.json"), r#"{"currentContext":"far"}"#).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Endpoints":{"docker":{"Host":"tcp://far:2375"}}}"#,
        )
        .unwrap();
        let home = home.path().to_str().unwrap();
        let both = environment(&[("HOME", home), ("DOCKER_HOST", "unix:///a.sock")]);
        let address = |flag, environment: &_| Endpoint::resolve(flag, environment).unwrap().address().to_owned();
        assert_eq!(address(Some("/flag.sock"), &both), "unix:///flag.sock");
        assert_eq!(address(None, &both), "unix:///a.sock");
        assert_eq!(address(None, &environment(&[("HOME", home)])), "tcp://far:2375");
        assert_eq!(
            address(None, &environment(&[("HOME", home), ("DOCKER_CONTEXT", "default")])),
            DEFAULT
        );
        assert_eq!(address(None, &environment(&[("HOME", "/nowhere")])), DEFAULT);
    }

    #[test]
    fn a_contexts_file_is_read_only_if_it_is_one_of_its_size() {
        for kind in ["pipe", "device", "folder", "bomb"] {
            let home = tempfile::tempdir().unwrap();
            let folder = home
                .path()
                .join("contexts/meta")
                .join(hex::encode(Sha256::digest("far")));
            std::fs::create_dir_all(&folder).unwrap();
            let path = folder.join("meta.json");
            match kind {
                "pipe" => rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap(),
                "device" => std::os::unix::fs::symlink("/dev/zero", &path).unwrap(),
                "folder" => std::fs::create_dir(&path).unwrap(),
                _ => std::fs::write(&path, " ".repeat(2 << 20)).unwrap(),
            }
            let home = home.path().to_str().unwrap();
            let far = environment(&[("DOCKER_CONFIG", home), ("DOCKER_CONTEXT", "far")]);
            let failure = Endpoint::resolve(None, &far).unwrap_err().failure();
            assert!(failure.why[0].contains("meta.json: it is"), "{kind}: {failure:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for host in ["ftp://x", "ssh://me@far", "localhost:2375"] {
            let failure = Endpoint::resolve(Some(host), &BTreeMap::new()).unwrap_err().failure();
            assert!(failure.what.contains(host), "{failure:?}");
            assert!(failure.hint.is_some());
        }
    }
}
