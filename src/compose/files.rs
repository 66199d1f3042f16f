//! Which files are read, which variables they see, and what the project is called.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

use super::Request;
use super::at::normal;
use super::dotenv;
use super::interpolate::{Origin, Variables};

/// In Compose's order of preference.
const NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// What a request comes to.
#[derive(Debug)]
pub(super) struct Files {
    /// The Compose files in merge order, absolute.
    pub compose: Vec<PathBuf>,
    /// Where their relative paths start.
    pub working_dir: PathBuf,
    /// The env files read, absolute.
    pub env: Vec<PathBuf>,
    /// The environment, then the env files.
    pub variables: Variables,
}

pub(super) fn find(request: &Request) -> Result<Files, Failure> {
    let mut variables = Variables::default();
    for (name, value) in &request.environment {
        variables.add(name, value, Origin::Environment);
    }
    let found = if request.files.is_empty() && !request.environment.contains_key("COMPOSE_FILE") {
        let unwritten = request.unwritten.as_ref().map(|(path, _)| path.clone());
        unwritten.or_else(|| discovered(&request.start_dir))
    } else {
        None
    };
    let env_dir = match (&found, request.files.first()) {
        (Some(found), _) => found.parent().unwrap_or(&request.start_dir).to_owned(),
        (None, Some(file)) => directory_of(&request.start_dir.join(file)),
        (None, None) => request.start_dir.clone(),
    };
    let env = read_env_files(request, &env_dir, &mut variables)?;
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
    let compose: Vec<PathBuf> = if named.is_empty() {
        let file = found.ok_or_else(|| none_found(&request.start_dir))?;
        let overriding = override_of(&file);
        [Some(file), overriding].into_iter().flatten().collect()
    } else {
        named.iter().map(|name| normal(&request.start_dir.join(name))).collect()
    };
    for file in &compose {
        let unwritten = request.unwritten.as_ref().is_some_and(|(path, _)| path == file);
        if !file.is_file() && !unwritten {
            return Err(Failure::usage(format!("there is no Compose file {}", file.display())));
        }
    }
    let working_dir = directory_of(&compose[0]);
    Ok(Files {
        compose,
        working_dir,
        env,
        variables,
    })
}

fn directory_of(file: &Path) -> PathBuf {
    normal(file).parent().unwrap_or(Path::new("/")).to_owned()
}

fn discovered(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .flat_map(|folder| NAMES.iter().map(|name| folder.join(name)))
        .find(|path| path.is_file())
}

fn override_of(file: &Path) -> Option<PathBuf> {
    let stem = file.file_stem()?.to_str()?;
    ["yml", "yaml"]
        .iter()
        .map(|extension| file.with_file_name(format!("{stem}.override.{extension}")))
        .find(|path| path.is_file())
}

fn none_found(start: &Path) -> Failure {
    Failure::invalid(format!("there is no Compose file in {} or above", start.display()))
        .hint("go to the project's folder (or `-C DIR`); `magicctl init` writes a project, `magicctl render` its docker-compose.yml")
}

/// `--env-file`, else `COMPOSE_ENV_FILES`, else `.env`. Of several the last one wins; the environment wins over all.
fn read_env_files(request: &Request, folder: &Path, variables: &mut Variables) -> Result<Vec<PathBuf>, Failure> {
    let set = |name: &str| request.environment.get(name).filter(|value| !value.is_empty());
    let mut files: Vec<PathBuf> = request.env_files.clone();
    if files.is_empty()
        && let Some(names) = set("COMPOSE_ENV_FILES")
    {
        files = names
            .split(',')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .collect();
    }
    let mut files: Vec<PathBuf> = files.iter().map(|file| normal(&request.start_dir.join(file))).collect();
    let disabled = set("COMPOSE_DISABLE_ENV_FILE").is_some_and(|value| matches!(value.as_str(), "1" | "true"));
    let own = folder.join(".env");
    if files.is_empty() && !disabled && own.is_file() {
        files.push(own);
    }
    for file in files.iter().rev() {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let failure = if error.kind() == std::io::ErrorKind::NotFound {
                Failure::usage(format!("there is no env file {}", file.display()))
            } else {
                Failure::usage(format!("the env file {} can't be read", file.display())).because(error.to_string())
            };
            failure.hint("it was named by --env-file, COMPOSE_ENV_FILES, or is the project's .env")
        })?;
        let found = dotenv::parse(file, &text, variables)?;
        // Within a file, too, the last one wins.
        for (name, value) in found.iter().rev() {
            if let Some(value) = value {
                variables.add(name, value, Origin::File(file.clone()));
            }
        }
    }
    Ok(files)
}

/// The project's name: as asked for, else `COMPOSE_PROJECT_NAME`, else the file's `name`, else the directory's.
pub(super) fn project_name(request: &Request, files: &Files, in_file: Option<&str>) -> Result<String, Failure> {
    let set = |name: Option<&str>| name.filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    let explicit = set(request.project_name.as_deref()).or_else(|| set(files.variables.get("COMPOSE_PROJECT_NAME")));
    if let Some(name) = explicit.or_else(|| set(in_file)) {
        check_project_name(&name)?;
        return Ok(name);
    }
    let folder = files
        .working_dir
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let name: String = folder
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
        .collect();
    let name = name.trim_start_matches(['-', '_']).to_owned();
    if name.is_empty() {
        return Err(
            Failure::usage("the project needs a name, and its folder gives none").hint("give one with `-p NAME`")
        );
    }
    Ok(name)
}

/// Compose's rule for names.
pub fn check_project_name(name: &str) -> Result<(), Failure> {
    let first = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if first && name.chars().all(rest) {
        return Ok(());
    }
    Err(Failure::usage(format!("`{name}` is no project's name"))
        .hint("lower-case letters, digits, `-` and `_`, beginning with a letter or digit"))
}
