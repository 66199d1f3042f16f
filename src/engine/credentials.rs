//! Registry credentials, from where the Docker client keeps them: its config file and its helpers. Only the logins at the
//! registries that a call needs are looked up and handed to the engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use bollard::auth::DockerCredentials;
use serde::Deserialize;

use crate::compose::Build;
use crate::dockerfile::{self, Registries};
use crate::files::{self, Refused};
use crate::image::{HUB, ImageRef};

use super::endpoint::LARGEST_CONFIG;
use super::{Engine, context, helper};

/// Docker Hub's key in the config file, for historical reasons.
const HUB_KEY: &str = "https://index.docker.io/v1/";

#[derive(Default, Deserialize)]
struct ConfigFile {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Auth {
    #[serde(default)]
    auth: Option<String>,
    #[serde(default, rename = "identitytoken")]
    identity_token: Option<String>,
}

/// The logins that a call needs, by registry; looked up when the engine is about to be asked, never kept.
#[derive(Default)]
pub struct Logins {
    found: BTreeMap<String, DockerCredentials>,
    /// Why a login could not be looked up: the call is made without it, and may fail.
    pub warnings: Vec<String>,
}

/// Without the logins themselves.
impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins")
            .field("found", &self.found.keys())
            .field("warnings", &self.warnings)
            .finish()
    }
}

impl Logins {
    /// For the registry that `image` comes from.
    pub(super) fn of_image(&self, image: &ImageRef) -> Option<DockerCredentials> {
        self.found.get(image.registry()).cloned()
    }

    /// All, as a build takes them.
    pub(super) fn by_key(&self) -> HashMap<String, DockerCredentials> {
        let found = self.found.iter();
        found
            .map(|(registry, login)| (key_of(registry).to_owned(), login.clone()))
            .collect()
    }
}

impl Engine {
    /// The login at the registry that `image` comes from.
    pub async fn logins_of(&self, image: &ImageRef) -> Logins {
        let registries = BTreeSet::from([image.registry().to_owned()]);
        self.credentials().logins(registries).await
    }

    /// The logins at the registries that a build takes from: of the images that its Dockerfile and `cache_from` name.
    pub async fn logins_of_build(&self, build: &Build) -> Logins {
        let registries = registries_of(build);
        let mut logins = self.credentials().logins(registries.known).await;
        for written in registries.unknown {
            let quoted = written.escape_debug();
            logins.warnings.push(format!(
                "the registry of `{quoted}` in the Dockerfile is known only to the builder, so no login is sent for it"
            ));
        }
        logins
    }

    /// Whether the Docker client has a login for the registry that `image` comes from.
    pub async fn has_login(&self, image: &ImageRef) -> bool {
        !self.logins_of(image).await.found.is_empty()
    }

    fn credentials(&self) -> Credentials {
        match self.endpoint.client_folder() {
            Some(folder) => Credentials::read(folder),
            None => Credentials::default(),
        }
    }
}

/// Where a build takes images from.
fn registries_of(build: &Build) -> Registries {
    let text = match &build.dockerfile_inline {
        Some(text) => Some(text.clone()),
        // That it can't be read is said when it is packed.
        None => files::text(&build.context.join(&build.dockerfile), context::LARGEST).ok(),
    };
    let mut registries = dockerfile::registries(&text.unwrap_or_default(), &build.args);
    for source in &build.cache_from {
        // `type=registry,ref=IMAGE`, or the image alone.
        let image = if source.contains('=') {
            source.split(',').find_map(|field| field.strip_prefix("ref="))
        } else {
            Some(source.as_str())
        };
        let image = image.and_then(|image| ImageRef::parse(image).ok());
        registries.known.extend(image.map(|image| image.registry().to_owned()));
    }
    registries
}

/// What the Docker client knows.
struct Credentials {
    config: ConfigFile,
    /// Why the config file could not be read.
    unreadable: Option<String>,
    /// Where helpers are looked for; `None`: where everything is.
    path: Option<OsString>,
    /// How long a helper may take.
    within: Duration,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            config: ConfigFile::default(),
            unreadable: None,
            path: None,
            within: helper::ANSWERS_WITHIN,
        }
    }
}

impl Credentials {
    /// Reads `config.json` of the Docker client's folder; none there means no credentials.
    fn read(folder: &Path) -> Self {
        let path = folder.join("config.json");
        let read = match files::text(&path, LARGEST_CONFIG) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                // The error's own words may quote a password.
                format!("not valid at line {}, column {}", error.line(), error.column())
            }),
            Err(Refused::Missing) => Ok(ConfigFile::default()),
            Err(refused) => Err(refused.to_string()),
        };
        let unreadable = read
            .as_ref()
            .err()
            .map(|why| format!("{} can't be read: {why}", path.display()));
        Self {
            config: read.unwrap_or_default(),
            unreadable,
            ..Self::default()
        }
    }

    async fn logins(&self, registries: BTreeSet<String>) -> Logins {
        let mut logins = Logins::default();
        let asked = registries.iter().map(|registry| self.of_registry(registry));
        let answers = futures_util::future::join_all(asked).await;
        logins.warnings.extend(self.unreadable.clone());
        for (registry, (login, warning)) in registries.into_iter().zip(answers) {
            let warning = warning.filter(|_| login.is_none());
            let warning = warning.map(|why| format!("{why}, so no login is sent for {registry}"));
            logins.warnings.extend(warning);
            logins.found.extend(login.map(|login| (registry, login)));
        }
        logins
    }

    /// The login at a registry, and why a helper could not be asked for it.
    async fn of_registry(&self, registry: &str) -> (Option<DockerCredentials>, Option<String>) {
        let key = key_of(registry);
        let mut warning = None;
        if let Some(name) = self.config.helpers.get(key).or(self.config.store.as_ref()) {
            match helper::ask(name, key, self.path.as_deref(), self.within).await {
                Ok(Some(answer)) => return (Some(of_helper(key, answer)), None),
                Ok(None) => {}
                Err(why) => warning = Some(why),
            }
        }
        (self.of_file(key), warning)
    }

    /// What the config file itself holds.
    fn of_file(&self, registry: &str) -> Option<DockerCredentials> {
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

fn of_helper(registry: &str, answer: helper::Answer) -> DockerCredentials {
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
    credentials
}

/// A registry as the config file and the helpers call it.
fn key_of(registry: &str) -> &str {
    if registry == HUB { HUB_KEY } else { registry }
}

/// `https://registry.example/v2/` → `registry.example`.
fn host(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests;
