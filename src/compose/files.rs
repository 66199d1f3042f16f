//! Which files are read, which variables they see, and what the project is called.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::failure::Failure;
use crate::files;
use crate::names::check_project_name;

use super::Request;
use super::documents::EnvFiles;
use super::env_files;
use super::paths::normal;
use super::variables::{Origin, Values, Variables};

/// In Compose's order of preference.
const NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];
/// Read over it when it is there, in Compose's order of preference.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];
/// More files than anybody merges.
const MOST_FILES: usize = 1_000;
/// What is piped in.
const STDIN: &str = "-";

/// What a request comes to.
#[derive(Debug)]
pub(super) struct Files {
    /// The Compose files in merge order, absolute.
    pub compose: Vec<PathBuf>,
    /// Whether the user named them, by `-f` or the environment: else they were found, or an env file names them.
    pub by_user: bool,
    /// The folder that the project lies in, whatever files it names.
    pub root: PathBuf,
    /// Where their relative paths start.
    pub working_dir: PathBuf,
    /// The env files read.
    pub env: Vec<Rc<EnvFiles>>,
    /// Where `.env` is looked for.
    pub env_dir: PathBuf,
    /// Whether those were named; else it is the `.env` that lies there.
    pub env_named: bool,
    /// The environment, then the env files.
    pub variables: Variables,
}

pub(super) fn find(request: &Request) -> Result<Files, Failure> {
    let Asked {
        files: named,
        mut variables,
        mut env,
        env_named,
        env_dir: first_dir,
    } = named(request)?;
    let found = if named.is_empty() { found(request) } else { None };
    let compose: Vec<PathBuf> = if named.is_empty() {
        let file = found.clone().ok_or_else(|| none_found(&request.start_dir))?;
        let overriding = override_of(&file);
        [Some(file), overriding].into_iter().flatten().collect()
    } else {
        named
    };
    for file in compose.iter().filter(|file| *file != Path::new(STDIN)) {
        let unwritten = request.unwritten.as_ref().is_some_and(|(path, _)| path == file);
        if !lies_there(file) && !unwritten {
            return Err(Failure::usage(format!(
                "the Compose file {} doesn't exist",
                file.display()
            )));
        }
    }
    let first = compose.iter().find(|file| *file != Path::new(STDIN));
    let of_file = first.map(|file| directory_of(file));
    let working_dir = (request.project_dir.clone().or(of_file)).unwrap_or_else(|| request.start_dir.clone());
    // What lies beside the files is read after what lies where the user is, which wins.
    if !env_named && working_dir != first_dir {
        env.extend(read_default(request, &working_dir, &mut variables)?);
    }
    let by_user = is_named_by_user(request);
    let mut read = env.iter().flat_map(|env| &env.files);
    let env_dir = if env.is_empty() || read.any(|file| file.starts_with(&working_dir)) {
        working_dir.clone()
    } else {
        first_dir
    };
    let root = match found {
        _ if by_user => working_dir.clone(),
        Some(file) => directory_of(&file),
        None => request.start_dir.clone(),
    };
    Ok(Files {
        compose,
        by_user,
        root,
        working_dir,
        env,
        env_dir,
        env_named,
        variables,
    })
}

/// The Compose files that somebody asked for, absolute: by `-f`, by `COMPOSE_FILE` in the environment, or by the `.env` of the folder that
/// the user is in. None: whatever is found is meant.
///
/// # Errors
/// An env file that can't be read.
pub fn asked_for(request: &Request) -> Result<Vec<PathBuf>, Failure> {
    Ok(named(request)?.files)
}

/// Whether there is no Compose file to read: none was asked for, and none was found.
pub fn is_without_file(request: &Request) -> bool {
    named(request).is_ok_and(|named| named.files.is_empty()) && found(request).is_none()
}

/// What is known before any Compose file is looked for.
struct Asked {
    files: Vec<PathBuf>,
    variables: Variables,
    env: Vec<Rc<EnvFiles>>,
    env_named: bool,
    env_dir: PathBuf,
}

fn is_named_by_user(request: &Request) -> bool {
    let in_environment = request.environment.get("COMPOSE_FILE");
    !request.files.is_empty() || in_environment.is_some_and(|names| !names.is_empty())
}

/// As Compose does: the `.env` beside the first `-f`, else that of the folder that the user is in, is read before files are searched.
fn named(request: &Request) -> Result<Asked, Failure> {
    let mut variables = Variables::default();
    for (name, value) in &request.environment {
        variables.add(name.clone(), value.clone(), Origin::Environment);
    }
    let first = request.files.iter().find(|file| *file != Path::new(STDIN));
    let of_file = first.map(|file| directory_of(&request.start_dir.join(file)));
    let env_dir = (request.project_dir.clone().or(of_file)).unwrap_or_else(|| request.start_dir.clone());
    let asked = named_env_files(request);
    let env_named = !asked.is_empty();
    let env = if env_named {
        vec![env_files::read(request, &asked, &mut variables)?]
    } else {
        read_default(request, &env_dir, &mut variables)?.into_iter().collect()
    };
    let named: Vec<PathBuf> = if request.files.is_empty() {
        let separator = variables
            .get("COMPOSE_PATH_SEPARATOR")
            .filter(|text| !text.is_empty())
            .unwrap_or(":");
        let names = variables.get("COMPOSE_FILE").unwrap_or_default();
        names
            .split(separator)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .collect()
    } else {
        request.files.clone()
    };
    if named.len() > MOST_FILES {
        return Err(Failure::usage(format!("{} Compose files are given", named.len()))
            .because(format!("at most {MOST_FILES} can be merged"))
            .hint("they come from `-f`, or from COMPOSE_FILE in the environment or in .env"));
    }
    let absolute = |name: &PathBuf| match name.to_str() {
        Some(STDIN) => name.clone(),
        _ => normal(&request.start_dir.join(name)),
    };
    Ok(Asked {
        files: named.iter().map(absolute).collect(),
        variables,
        env,
        env_named,
        env_dir,
    })
}

/// The file that is meant when none is named.
fn found(request: &Request) -> Option<PathBuf> {
    let unwritten = request.unwritten.as_ref().map(|(path, _)| path.clone());
    let start = request.project_dir.as_ref().unwrap_or(&request.start_dir);
    unwritten.or_else(|| discovered(start))
}

/// Whether anything lies at `path`, links followed.
fn lies_there(path: &Path) -> bool {
    matches!(files::kind(path), Ok(Some(_)))
}

fn directory_of(file: &Path) -> PathBuf {
    normal(file).parent().unwrap_or(Path::new("/")).to_owned()
}

fn discovered(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .flat_map(|folder| NAMES.iter().map(|name| folder.join(name)))
        .find(|path| files::is_file(path))
}

fn override_of(file: &Path) -> Option<PathBuf> {
    OVERRIDES
        .iter()
        .map(|name| file.with_file_name(name))
        .find(|path| files::is_file(path))
}

fn none_found(start: &Path) -> Failure {
    Failure::invalid(format!("there is no Compose file in {} or its parent folders", start.display()))
        .hint("go to the project's folder (or `-C DIR`); `magicctl init` creates a project, `magicctl render` its docker-compose.yml")
}

/// `--env-file`, else `COMPOSE_ENV_FILES`, else those of before; absolute.
fn named_env_files(request: &Request) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = request.env_files.clone();
    if files.is_empty()
        && let Some(names) = set(request, "COMPOSE_ENV_FILES")
    {
        files = names
            .split(',')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .collect();
    }
    if files.is_empty() {
        files = request.recalled.iter().map(|(file, _)| file.clone()).collect();
    }
    files.iter().map(|file| normal(&request.start_dir.join(file))).collect()
}

fn set<'r>(request: &'r Request, name: &str) -> Option<&'r String> {
    request.environment.get(name).filter(|value| !value.is_empty())
}

/// Reads the `.env` of `folder`, if there is one.
fn read_default(request: &Request, folder: &Path, variables: &mut Variables) -> Result<Option<Rc<EnvFiles>>, Failure> {
    let is_disabled =
        set(request, "COMPOSE_DISABLE_ENV_FILE").is_some_and(|value| matches!(value.as_str(), "1" | "true"));
    let own = folder.join(".env");
    if is_disabled || !files::is_file(&own) {
        return Ok(None);
    }
    let read = env_files::read(request, std::slice::from_ref(&own), variables)?;
    Ok(Some(read))
}

/// The project's name: as asked for, else `COMPOSE_PROJECT_NAME`, else the file's `name`, else the directory's.
pub(super) fn project_name(request: &Request, files: &Files, in_file: Option<&str>) -> Result<String, Failure> {
    let set = |name: Option<&str>| name.filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    let explicit = set(request.project_name.as_deref()).or_else(|| set(files.variables.get("COMPOSE_PROJECT_NAME")));
    if let Some(name) = explicit {
        check_project_name(&name)?;
        return Ok(name);
    }
    let folder = files
        .working_dir
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let given = in_file.map_or_else(|| folder.unwrap_or_default(), ToOwned::to_owned);
    let name = normalized(&given);
    if name.is_empty() {
        let what = if in_file.is_some() {
            "the project's name in the file contains no letter or digit"
        } else {
            "the project needs a name, and none can be made from its folder's name"
        };
        return Err(Failure::usage(what).hint("set one with `-p NAME`"));
    }
    Ok(name)
}

/// What Compose makes of a name that isn't one: small letters, and without what a name can't have.
fn normalized(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept = lower
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
    kept.collect::<String>().trim_start_matches(['-', '_']).to_owned()
}
