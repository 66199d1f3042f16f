//! What every command starts from: the project's root, its settings, the resolved file, the engine.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::cards::Surroundings;
use crate::compose::{self, Documents, Stack};
use crate::engine::{Endpoint, Engine};
use crate::failure::Failure;
use crate::files;
use crate::ids::ServiceName;
use crate::labels;
use crate::names;
use crate::observed::Container;
use crate::redact::Redactor;
use crate::render;
use crate::rendered::Rendered;
use crate::report::{self, Out, Progress, Reporter, print_failure, warning_line};
use crate::settings::{self, Settings};
use crate::shell::ShellCommand;
use crate::terminal;

use super::args::{Global, Output, Progress as Asked};
use super::recalled::Recalled;

/// Containers of one project were brought up from no more folders than this.
const MOST_FOLDERS: usize = 16;

/// The global flags and what they lead to.
pub(crate) struct Session {
    /// The flags.
    pub global: Global,
    /// What was typed: `up`, `logs`.
    pub command: String,
    /// The caller's environment. Names and values that are not UTF-8 are no use in a Compose file and left out.
    pub environment: BTreeMap<String, String>,
    /// Where text goes.
    pub out: Out,
    /// Why nothing can be printed here: not all keys could be masked.
    pub refused: Option<Failure>,
    /// How the stack was brought up that the command is about.
    pub recalled: Recalled,
    /// The connection to the engine, or why there is none, until the command asks for it.
    pub connected: Cell<Option<Result<Engine, Failure>>>,
    made: Made,
}

/// What is made of the project's files, each once in a command.
#[derive(Debug, Default)]
struct Made {
    asked_for: OnceCell<Vec<PathBuf>>,
    documents: Documents,
    settings: OnceCell<Result<Settings, Failure>>,
    rendered: OnceCell<Result<Vec<Rendered>, Failure>>,
}

impl Session {
    pub(crate) fn new(global: Global, command: String) -> Self {
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let columns = environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
        let mut session = Self {
            global,
            command,
            environment,
            out: Out::new(Redactor::default()).of_columns(columns),
            refused: None,
            recalled: Recalled::default(),
            connected: Cell::default(),
            made: Made::default(),
        };
        for folder in session.folders() {
            match Redactor::keys_of(&folder) {
                Ok(keys) => session.out.know(keys),
                Err(failure) => session.refused = Some(failure),
            }
        }
        session
    }

    /// Takes what the labels say of how the stack was brought up. Env files may name other Compose files than those known so far.
    pub(crate) fn take(&mut self, recalled: Recalled) {
        if !recalled.env_files.is_empty() {
            self.made = Made {
                documents: self.made.documents.clone(),
                ..Made::default()
            };
        }
        self.recalled = recalled;
    }

    /// The folders whose keys are masked: the project's, and those of the Compose files that were named, wherever they lie.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders: BTreeSet<PathBuf> = self.root().into_iter().collect();
        let named = self.asked_for();
        folders.extend(named.iter().filter_map(|file| Some(file.parent()?.to_owned())));
        folders.extend(self.project_dir());
        folders
    }

    /// Masks what is secret in the env files of the project's folder, when no Compose file says which they are.
    fn know_env_files(&self) {
        let mut folders = self.folders();
        folders.extend(self.start_dir());
        let own = folders.into_iter().map(|folder| folder.join(".env"));
        let recalled = self.recalled.env_files.iter().map(|(file, _)| file.clone());
        for file in own.chain(self.global.env_file.iter().cloned()).chain(recalled) {
            self.out.know(compose::values_of_env_file(&file));
        }
    }

    /// The directory that the command works from.
    pub(crate) fn start_dir(&self) -> Result<PathBuf, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| Failure::failed("the current directory can't be used").because(error.to_string()))?;
        let dir = match &self.global.directory {
            Some(dir) => here.join(dir),
            None => here,
        };
        if !files::is_folder(&dir) {
            return Err(Failure::usage(format!(
                "-C {}: there is no such directory",
                dir.display()
            )));
        }
        Ok(dir)
    }

    /// The project's root.
    pub(crate) fn root(&self) -> Result<PathBuf, Failure> {
        let start = self.start_dir()?;
        if self.asked_for().is_empty() {
            settings::find_root(self.project_dir().as_ref().unwrap_or(&start))
        } else {
            Ok(start)
        }
    }

    /// `--project-directory`, absolute.
    fn project_dir(&self) -> Option<PathBuf> {
        let named = self.global.project_directory.as_ref()?;
        Some(compose::normal(&self.start_dir().ok()?.join(named)))
    }

    /// The Compose files that somebody asked for; what can't be read of an env file is told when the project is read.
    pub(crate) fn asked_for(&self) -> &[PathBuf] {
        self.made.asked_for.get_or_init(|| {
            let request = self.request_as(None, &[]);
            let asked = request.and_then(|request| compose::asked_for(&request));
            asked.unwrap_or_default()
        })
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Result<&Settings, Failure> {
        let load = || {
            let name = self.global.project_name.iter();
            let flags: Vec<_> = name.map(|name| ("project".to_owned(), name.clone())).collect();
            settings::load(&self.root()?, &self.environment, &flags)
        };
        self.made.settings.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// The files as the templates and the settings make them; the Compose file first.
    pub(crate) fn rendered(&self) -> Result<&[Rendered], Failure> {
        let render = || render::files(self.settings()?);
        let rendered = self.made.rendered.get_or_init(render).as_ref();
        rendered.map(Vec::as_slice).map_err(Clone::clone)
    }

    /// The resolved file. `targets` are services named on the command line: naming one enables it.
    pub(crate) fn stack(&self, targets: &[ServiceName]) -> Result<Stack, Failure> {
        let stack = self.loaded(&self.request(targets)?)?;
        if let Some(text) = self.recalled.inactive(&stack) {
            self.warn(&text);
        }
        Ok(stack)
    }

    fn loaded(&self, request: &compose::Request) -> Result<Stack, Failure> {
        let stack = compose::load(request).inspect_err(|_| self.know_env_files())?;
        self.out.know(compose::secret_values(&stack));
        Ok(stack)
    }

    /// Whether env files are named now, so that those of before have no say.
    pub(crate) fn names_env_files(&self) -> bool {
        let in_environment = self.environment.get("COMPOSE_ENV_FILES");
        !self.global.env_file.is_empty() || in_environment.is_some_and(|names| !names.is_empty())
    }

    /// The same as it will be once `up` has rendered what is missing.
    pub(crate) fn stack_to_be(&self) -> Result<Stack, Failure> {
        let mut request = self.request(&[])?;
        let root = compose::normal(&self.root()?);
        let path = root.join("docker-compose.yml");
        if self.asked_for().is_empty() && !render::has_compose_file(&root) {
            let file = self.rendered()?.iter().find(|file| root.join(file.path) == path);
            request.unwritten = file.map(|file| (path, file.text.clone()));
        }
        self.loaded(&request)
    }

    /// Which files are read, and as whom.
    pub(crate) fn request(&self, targets: &[ServiceName]) -> Result<compose::Request, Failure> {
        self.request_as(self.project_name()?, targets)
    }

    fn request_as(&self, project_name: Option<String>, targets: &[ServiceName]) -> Result<compose::Request, Failure> {
        // Files are named from where the user is, which may be below the project's root.
        let here = self.start_dir()?;
        let from_here = |files: &[PathBuf]| {
            let absolute = |file: &PathBuf| {
                // What is piped in has no folder.
                if file.as_os_str() == "-" {
                    file.clone()
                } else {
                    here.join(file)
                }
            };
            files.iter().map(absolute).collect()
        };
        Ok(compose::Request {
            project_name,
            project_dir: self.project_dir(),
            files: from_here(&self.global.file),
            profiles: self.global.profile.clone(),
            env_files: from_here(&self.global.env_file),
            recalled: self.recalled.env_files.clone(),
            environment: self.environment.clone(),
            targets: targets.to_vec(),
            all_resources: self.global.all_resources,
            compatibility: self.global.compatibility || self.says_yes("COMPOSE_COMPATIBILITY"),
            start_dir: here,
            unwritten: None,
            documents: self.made.documents.clone(),
        })
    }

    /// Whether the variable `name` of the caller's environment says yes.
    pub(crate) fn says_yes(&self, name: &str) -> bool {
        let value = self.environment.get(name).map(|value| value.to_lowercase());
        matches!(value.as_deref(), Some("1" | "true" | "yes" | "y" | "on"))
    }

    /// `-p`, else what settings say; `None` leaves it to the Compose file and the directory.
    fn project_name(&self) -> Result<Option<String>, Failure> {
        if self.global.project_name.is_some() || self.environment.contains_key("COMPOSE_PROJECT_NAME") {
            return Ok(self.global.project_name.clone());
        }
        Ok(self.settings()?.project_name())
    }

    /// The project's name, also where there is no Compose file but a name was given. Services that are named on the command line are
    /// enabled by that.
    pub(crate) fn project_with(&self, targets: &[ServiceName]) -> Result<(String, Option<Stack>), Failure> {
        let failure = match self.stack(targets) {
            Ok(stack) => return Ok((stack.name.clone(), Some(stack))),
            Err(failure) => failure,
        };
        let in_environment = self
            .environment
            .get("COMPOSE_PROJECT_NAME")
            .filter(|name| !name.is_empty());
        match self.global.project_name.as_ref().or(in_environment) {
            // A file that was meant and can't be read must not become everything that the project has.
            Some(name) if compose::is_without_file(&self.request_as(None, targets)?) => {
                names::check_project_name(name)?;
                Ok((name.clone(), None))
            }
            _ => Err(failure),
        }
    }

    /// A connection to the engine.
    pub(crate) async fn engine(&self) -> Result<Engine, Failure> {
        if let Some(connected) = self.connected.take() {
            return connected;
        }
        let endpoint = Endpoint::resolve(self.global.host.as_deref(), &self.environment)?;
        let patience = self.global.engine_timeout;
        let engine = Engine::connect(&endpoint, patience).await?;
        let by_name = self.global.project_name.as_ref();
        if let Some(name) = by_name.or_else(|| self.environment.get("COMPOSE_PROJECT_NAME")) {
            self.know_folders_of(&engine, name).await?;
        }
        Ok(engine)
    }

    /// Masks the keys that lie where the containers of the project `name` were brought up from. Their labels say where; labels are whoever's
    /// text, so they only ever add keys.
    async fn know_folders_of(&self, engine: &Engine, name: &str) -> Result<(), Failure> {
        let containers = engine.observe_containers(name).await?;
        let label = |container: &Container| container.labels.get(labels::WORKING_DIR).map(PathBuf::from);
        let folders: BTreeSet<PathBuf> = containers.iter().filter_map(label).take(MOST_FOLDERS).collect();
        for folder in folders
            .difference(&self.folders())
            .filter(|folder| folder.is_absolute())
        {
            // What is too much to be keys was not meant, or not well.
            self.out.know(Redactor::keys_of(folder).unwrap_or_default());
            self.out.know(compose::values_of_env_file(&folder.join(".env")));
        }
        Ok(())
    }

    /// What failures are explained from.
    pub(crate) fn surroundings<'s>(&self, stack: Option<&'s Stack>) -> Surroundings<'s> {
        let again = self.global.again();
        // However the program was called and its flags were spelt.
        let mut ran = vec!["magicctl".to_owned()];
        ran.extend(again.iter().flat_map(ShellCommand::words));
        ran.extend(
            std::env::args_os()
                .skip(1)
                .map(|word| word.to_string_lossy().into_owned()),
        );
        Surroundings::new(stack, self.out.redactor(), again).after(ran)
    }

    /// Who tells the events of this command.
    pub(crate) fn reporter(&self) -> Box<dyn Reporter> {
        self.reporter_of(true)
    }

    /// The same; without a live screen unless it `may_move`.
    pub(crate) fn reporter_of(&self, may_move: bool) -> Box<dyn Reporter> {
        let live = terminal::stderr_is_terminal() && !self.environment.contains_key("CI") && may_move;
        let progress = match (self.global.output, self.global.quiet, self.global.progress) {
            (Output::Json, ..) => Progress::Json,
            (_, true, _) | (.., Asked::Quiet) => Progress::Quiet,
            (.., Asked::Json) => Progress::Json,
            (.., Asked::Tty) if may_move => Progress::Screen,
            (.., Asked::Auto) if live => Progress::Screen,
            (.., Asked::Auto | Asked::Tty | Asked::Plain) => Progress::Plain,
        };
        report::reporter(progress, self.global.verbose > 0, self.out.clone())
    }

    /// How many calls to the engine are made at once, if the user limits them: `--parallel`, else `COMPOSE_PARALLEL_LIMIT`.
    /// As with Compose, 0 and -1 are no limit.
    ///
    /// # Errors
    /// The variable is not a number.
    pub(crate) fn calls_at_once(&self) -> Result<Option<usize>, Failure> {
        const VARIABLE: &str = "COMPOSE_PARALLEL_LIMIT";
        let from_variable = self.environment.get(VARIABLE).filter(|text| !text.is_empty());
        let limit = match (self.global.parallel, from_variable) {
            (Some(limit), _) => limit,
            (None, None) => return Ok(None),
            (None, Some(text)) => text.parse().map_err(|_| {
                Failure::usage(format!("{VARIABLE}={text}: not a number"))
                    .hint("set it to the number of calls that may run at once")
            })?,
        };
        Ok(usize::try_from(limit).ok().filter(|limit| *limit > 0))
    }

    pub(crate) fn json(&self) -> bool {
        self.global.output == Output::Json
    }

    /// The last word of a command that failed.
    pub(crate) fn print_failure(&self, failure: &Failure) {
        if self.json() {
            let value = serde_json::json!({ "event": "failed", "failure": failure });
            self.out.answer(&value);
        } else {
            print_failure(&self.out, failure);
        }
    }

    /// `NAME=value` as it is; of `NAME` alone with the value that it has here, nothing when it has none.
    pub(crate) fn variable(&self, text: &str) -> Option<String> {
        if text.contains('=') {
            return Some(text.to_owned());
        }
        let value = self.environment.get(text)?;
        Some(format!("{text}={value}"))
    }

    /// A sentence that is neither a failure nor a result, on stderr.
    pub(crate) fn say(&self, text: &str) {
        if !self.global.quiet && !self.json() {
            self.out.diagnostic(text);
        }
    }

    /// A warning, on stderr.
    pub(crate) fn warn(&self, text: &str) {
        if !self.global.quiet && !self.json() {
            self.out.diagnostic(warning_line(text));
        }
    }
}
