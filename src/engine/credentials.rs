//! Registry credentials, from where the Docker client keeps them: its config file and its helpers.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use bollard::auth::DockerCredentials;
use serde::Deserialize;

/// Docker Hub's key in the config file, for historical reasons.
const HUB_KEY: &str = "https://index.docker.io/v1/";

#[derive(Debug, Default, Deserialize)]
struct ConfigFile {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Auth {
    #[serde(default)]
    auth: Option<String>,
    #[serde(default, rename = "identitytoken")]
    identity_token: Option<String>,
}

#[derive(Deserialize)]
struct HelperAnswer {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Whether the Docker client has a login for the registry that `image` comes from.
pub fn has_login(image: &str) -> bool {
    Credentials::load().of_image(image).is_some()
}

/// What the Docker client would send. It is read when a registry is asked, never kept.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    config: ConfigFile,
}

impl Credentials {
    /// Reads `config.json` of the Docker client's folder; none there means no credentials.
    pub(super) fn load() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        super::endpoint::config_dir(&environment).map_or_else(Self::default, |folder| Self::read(&folder))
    }

    fn read(folder: &Path) -> Self {
        let config = std::fs::read_to_string(folder.join("config.json"))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Self { config }
    }

    /// For the registry that `image` comes from.
    pub(super) fn of_image(&self, image: &str) -> Option<DockerCredentials> {
        self.of_registry(registry_key(image))
    }

    /// For every registry that the config file names.
    pub(super) fn all(&self) -> HashMap<String, DockerCredentials> {
        self.config
            .auths
            .keys()
            .chain(self.config.helpers.keys())
            .filter_map(|registry| Some((registry.clone(), self.of_registry(registry)?)))
            .collect()
    }

    fn of_registry(&self, registry: &str) -> Option<DockerCredentials> {
        if let Some(helper) = self.config.helpers.get(registry).or(self.config.store.as_ref())
            && let Some(found) = ask(helper, registry)
        {
            return Some(found);
        }
        let auth = self
            .config
            .auths
            .iter()
            .find(|(key, _)| host(key) == host(registry))
            .map(|(_, auth)| auth)?;
        let decoded = auth
            .auth
            .as_ref()
            .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let (username, password) = decoded.as_deref().and_then(|text| text.split_once(':')).unzip();
        if username.is_none() && auth.identity_token.is_none() {
            return None;
        }
        Some(DockerCredentials {
            username: username.map(ToOwned::to_owned),
            password: password.map(|password| password.trim_end_matches('\0').to_owned()),
            identitytoken: auth.identity_token.clone(),
            serveraddress: Some(registry.to_owned()),
            ..DockerCredentials::default()
        })
    }
}

/// Runs `docker-credential-HELPER get`. A helper that is missing or knows nothing means no credentials.
fn ask(helper: &str, registry: &str) -> Option<DockerCredentials> {
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .inspect_err(|error| tracing::debug!(helper, %error, "the credential helper can't be run"))
        .ok()?;
    child.stdin.take()?.write_all(registry.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    if !output.status.success() {
        return None;
    }
    let answer: HelperAnswer = serde_json::from_slice(&output.stdout).ok()?;
    let mut credentials = DockerCredentials {
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    };
    // The helpers' protocol marks an identity token by this user name.
    if answer.username == "<token>" {
        credentials.identitytoken = Some(answer.secret);
    } else {
        credentials.username = Some(answer.username);
        credentials.password = Some(answer.secret);
    }
    Some(credentials)
}

/// The registry of an image as the config file keys it: the first part of the name if it looks like a host.
fn registry_key(image: &str) -> &str {
    match image.split_once('/') {
        Some(("docker.io", _)) => HUB_KEY,
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => HUB_KEY,
    }
}

/// `https://registry.example/v2/` → `registry.example`.
fn host(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_images_registry_is_keyed_as_the_docker_client_does() {
        for (image, key) in [
            ("redis:8", HUB_KEY),
            ("grafana/loki:3", HUB_KEY),
            ("docker.io/library/redis", HUB_KEY),
            ("localhost/x", "localhost"),
            ("127.0.0.1:5000/x:1", "127.0.0.1:5000"),
            ("ghcr.io/a/b", "ghcr.io"),
        ] {
            assert_eq!(registry_key(image), key, "{image}");
        }
    }

    #[test]
    fn reads_user_and_password_from_the_config_file() {
        let folder = tempfile::tempdir().unwrap();
        let auth = base64::engine::general_purpose::STANDARD.encode("me:pass:word");
        let text = format!(r#"{{"auths":{{"https://r.example/v2/":{{"auth":"{auth}"}},"empty.example":{{}}}}}}"#);
        std::fs::write(folder.path().join("config.json"), text).unwrap();
        let credentials = Credentials::read(folder.path());
        let found = credentials.of_image("r.example/a/b:1").unwrap();
        assert_eq!(
            (found.username.as_deref(), found.password.as_deref()),
            (Some("me"), Some("pass:word"))
        );
        assert!(credentials.of_image("empty.example/x").is_none());
        assert!(credentials.of_image("redis").is_none());
    }

    #[test]
    fn a_broken_config_file_means_no_credentials() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), "{").unwrap();
        assert!(Credentials::read(folder.path()).of_image("redis").is_none());
    }
}
