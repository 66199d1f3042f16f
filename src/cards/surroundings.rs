//! What the project's files say about a failure: which line of the Compose file sets something, which service is meant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compose::{Condition, Service, Stack, Written};
use crate::failure::Place;
use crate::ids::ServiceName;
use crate::nearest::nearest;
use crate::redact::Redactor;
use crate::services;
use crate::shell::ShellCommand;

use super::dockerfile::is_instruction;
use super::reach::{named, whole_line};

/// The project of a failed service.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// What is wanted, when its file can be read.
    pub stack: Option<&'a Stack>,
    /// The user's directory: files below it are named from there.
    pub here: PathBuf,
    /// Takes keys out before anything is made of a text.
    pub redactor: Arc<Redactor>,
    /// What a command to copy begins with: `magicctl -p other`; none when no shell can take it.
    pub again: Option<ShellCommand>,
    /// The words of the command that is running. No card proposes it: it has just failed.
    pub ran: Vec<String>,
}

impl<'a> Surroundings<'a> {
    /// Of `stack`, seen from the current directory.
    pub fn new(stack: Option<&'a Stack>, redactor: Arc<Redactor>, again: Option<ShellCommand>) -> Self {
        Self {
            stack,
            redactor,
            again,
            ran: Vec::new(),
            here: std::env::current_dir().unwrap_or_default(),
        }
    }

    /// The same of a command whose words are `ran`.
    pub fn after(self, ran: Vec<String>) -> Self {
        Self { ran, ..self }
    }

    pub(super) fn service(&self, name: &str) -> Option<&'a Service> {
        self.stack?.services.get(name)
    }

    /// A path as the user would type it.
    pub(super) fn typed<'p>(&self, path: &'p Path) -> &'p Path {
        match path.strip_prefix(&self.here).unwrap_or(path) {
            path if path.as_os_str().is_empty() => Path::new("."),
            path => path,
        }
    }

    /// The same as text.
    pub(super) fn shown(&self, path: &Path) -> String {
        self.typed(path).display().to_string()
    }

    /// The Dockerfile of `service`.
    pub(super) fn dockerfile(&self, service: &str) -> Option<PathBuf> {
        let build = self.service(service)?.build.as_ref()?;
        build
            .dockerfile_inline
            .is_none()
            .then(|| build.context.join(&build.dockerfile))
    }

    /// The last instruction of the Dockerfile of `service` that begins with one of `words`.
    pub(super) fn in_dockerfile(&self, service: &str, words: &[&str]) -> Option<Place> {
        let file = self.dockerfile(service)?;
        let text = self.read(&file)?;
        let lines: Vec<&str> = text.lines().collect();
        let index = lines.iter().rposition(|line| is_instruction(line, words))?;
        Some(whole_line(&file, index + 1, lines[index]))
    }

    /// The line of requirements.txt that asks for `package`.
    pub(super) fn requirement(&self, service: &str, package: &str) -> Option<(PathBuf, usize)> {
        let path = self.in_context(service, "requirements.txt")?;
        let text = self.read(&path)?;
        let wanted = normal(package);
        let line = text.lines().position(|line| {
            let name: String = line
                .trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
                .collect();
            normal(&name) == wanted
        })?;
        Some((path, line + 1))
    }

    /// Whether the Dockerfile of `service` is known and has nothing that installs the packages of a file.
    pub(super) fn installs_nothing(&self, service: &str) -> bool {
        let text = self.dockerfile(service).and_then(|file| self.read(&file));
        let installs = |text: &str| {
            let mut words = text.split_whitespace();
            words.any(|word| matches!(word, "-r" | "--requirement" | "uv" | "poetry" | "pipenv" | "pdm"))
        };
        text.is_some_and(|text| !installs(&text))
    }

    /// The services' names that `host` means.
    pub(super) fn service_called(&self, host: &str) -> Option<String> {
        let stack = self.stack?;
        stack.services.contains_key(host).then(|| host.to_owned())
    }

    /// A service that gives out `port` inside the network, for what names only an address.
    pub(super) fn service_on(&self, asker: &str, port: &str) -> Option<String> {
        let stack = self.stack?;
        let of_asker = stack.services.get(asker)?;
        let settings = of_asker.environment.values().flatten();
        let named = settings.filter_map(|value| {
            let before = value.split(&format!(":{port}")).next()?;
            (before.len() < value.len()).then(|| before.rsplit(['/', '@', ',', ' ']).next().unwrap_or(before))
        });
        let mut named: Vec<String> = named.filter_map(|host| self.service_called(host)).collect();
        named.dedup();
        (named.len() == 1).then(|| named.remove(0))
    }

    /// Where the Compose files set `key` of `service`.
    pub(super) fn key(&self, service: &str, key: &str) -> Option<&'a Written> {
        self.stack?.places.keys.get(service)?.get(key)
    }

    /// That as a place with its line, also one that looks as if it held a key: what does hold one is masked where it is printed.
    pub(super) fn place_of(&self, written: &Written) -> Place {
        let place = written.place();
        let source = || self.line(&place.file, place.line)?.source;
        Place {
            source: place.source.clone().or_else(source),
            ..place
        }
    }

    /// Where they set a variable of its `environment`.
    pub(super) fn setting_place(&self, service: &str, name: &str) -> Option<&'a Written> {
        self.stack?.places.environment.get(service)?.get(name)
    }

    /// Where the Compose file begins `service`.
    pub(super) fn begin(&self, service: &str) -> Option<Place> {
        self.stack?.places.services.get(service).cloned()
    }

    /// Whether the Compose file is the sample project's: rendered from its template.
    pub(super) fn is_rendered(&self) -> bool {
        let file = self.stack.and_then(|stack| stack.files.first());
        file.and_then(|file| named(file))
            .is_some_and(|text| text.starts_with("# magicctl:"))
    }

    /// Whether the limits in the Compose file come from magicctl.yaml.
    pub(super) fn sets_resources(&self) -> bool {
        let Some(file) = self.stack.and_then(|stack| stack.files.first()) else {
            return false;
        };
        let settings = file.with_file_name("magicctl.yaml");
        self.is_rendered() && self.read(&settings).is_some_and(|text| text.contains("resources"))
    }

    /// The file or folder of the build context that is the module `name`, as Python finds it.
    pub(super) fn module_file(&self, service: &str, name: &str) -> Option<String> {
        let path = name.replace('.', "/");
        let mut names = [format!("{path}.py"), path].into_iter();
        names.find(|path| !path.starts_with('/') && self.in_context(service, path).is_some())
    }

    /// The variables of `service` whose values are `value`, or hold it as a word.
    pub(super) fn setting(&self, service: &str, value: &str) -> Vec<String> {
        let Some(service) = self.service(service).filter(|_| !value.is_empty()) else {
            return Vec::new();
        };
        let holds = |text: &str| text == value || words(text).any(|word| word == value);
        let settings = service.environment.iter();
        settings
            .filter(|(_, text)| text.as_deref().is_some_and(holds))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Whether `service` is started only when `other` is healthy.
    pub(super) fn awaits(&self, service: &str, other: &str) -> bool {
        let dependency = self.service(service).and_then(|service| service.depends_on.get(other));
        dependency.is_some_and(|dependency| dependency.condition == Condition::ServiceHealthy)
    }

    /// Whether another service is started only when `service` is healthy.
    pub(super) fn is_awaited(&self, service: &str) -> bool {
        let mut services = self.stack.into_iter().flat_map(|stack| stack.services.keys());
        services.any(|other| self.awaits(other.as_str(), service))
    }

    /// A service's name that is nearly `name`.
    pub(super) fn nearest_service(&self, name: &str) -> Option<String> {
        let near = nearest(name, self.stack?.services.keys().map(ServiceName::as_str));
        near.filter(|near| *near != name).map(ToOwned::to_owned)
    }

    /// What a port of this stack is for `asker`, as containers reach it: `redis:6379`.
    pub(super) fn offering(&self, asker: &str, port: &str) -> Option<String> {
        self.usual(port).or_else(|| {
            self.others(asker).find_map(|service| {
                let mut published = service.ports.iter();
                let of_host = |published: &str| published == port;
                let found = published
                    .find(|entry| entry.target.to_string() == port || entry.published.as_deref().is_some_and(of_host))
                    .map(|entry| entry.target.to_string());
                let mut exposed = service.expose.iter().filter_map(|entry| entry.split('/').next());
                let found = found.or_else(|| exposed.find(|entry| *entry == port).map(ToOwned::to_owned))?;
                Some(format!("{}:{found}", service.name))
            })
        })
    }

    fn usual(&self, port: &str) -> Option<String> {
        let number: u16 = port.parse().ok()?;
        let mut ports = services::PORTS.iter();
        let kind = ports.find(|port| port.tells && port.number == number)?.service;
        let port = services::PORTS.iter().rfind(|port| port.service == kind)?.number;
        let mut services = self.stack?.services.values();
        let service = services.find(|service| {
            service.name == kind || service.image.as_deref().is_some_and(|image| image.contains(kind))
        })?;
        Some(format!("{}:{port}", service.name))
    }

    /// The services but `asker`.
    pub(super) fn others(&self, asker: &str) -> impl Iterator<Item = &'a Service> {
        let services = self.stack.into_iter().flat_map(|stack| stack.services.values());
        services.filter(move |service| service.name != asker)
    }

    /// The name of the image of `service`.
    pub fn image_of(&self, service: &str) -> Option<String> {
        Some(self.service(service)?.image_ref(&self.stack?.name))
    }

    /// The variable that moves the host port `port` of `service`.
    pub(super) fn port_variable(&self, service: &str, port: &str) -> Option<String> {
        let service = self.service(service)?;
        let mut ports = service.ports.iter();
        let index = ports.position(|entry| entry.published.as_deref() == Some(port))?;
        self.stack?.port_variable(service, index).map(ToOwned::to_owned)
    }

    /// The variable of `service` that names Kafka by its listener for the host, and the address for containers.
    pub(super) fn kafka_by_its_outer_listener(&self, service: &str) -> Option<(String, String)> {
        let stack = self.stack?;
        let kafkas = stack.services.values().filter_map(|kafka| {
            let advertised = kafka.environment.get("KAFKA_ADVERTISED_LISTENERS")?.as_deref()?;
            let inside = advertised.split(',').find_map(|listener| {
                let address = listener.split_once("://")?.1;
                address.starts_with(&format!("{}:", kafka.name)).then_some(address)
            })?;
            Some((kafka, inside.to_owned()))
        });
        let of_service = &stack.services.get(service)?.environment;
        kafkas.into_iter().find_map(|(kafka, inside)| {
            let (setting, _) = of_service.iter().find(|(_, value)| {
                let value = value.as_deref().unwrap_or_default();
                value.starts_with(&format!("{}:", kafka.name)) && value != inside
            })?;
            Some((setting.clone(), inside))
        })
    }
}

/// The names, versions and the like in a text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')))
}

/// Package names are the same in either case and with any of `-`, `_` and `.` (PEP 503).
fn normal(package: &str) -> String {
    package.to_lowercase().replace(['_', '.'], "-")
}
