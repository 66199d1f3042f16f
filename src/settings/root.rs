//! Where the project is.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files;

/// Any of these makes a folder a project's root.
const MARKS: [&str; 6] = [
    super::FILE,
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "proxy_config.yaml",
];

/// The nearest folder, from `start` upwards, that looks like a project.
pub fn find_root(start: &Path) -> Result<PathBuf, Failure> {
    start
        .ancestors()
        .find(|folder| MARKS.iter().any(|mark| files::is_file(&folder.join(mark))))
        .map(Path::to_owned)
        .ok_or_else(|| {
            Failure::invalid(format!(
                "there is no project in {} or its parent folders",
                start.display()
            ))
            .because("found no docker-compose.yml, compose.yaml, magicctl.yaml or proxy_config.yaml")
            .hint("go to the project's folder (or `-C DIR`), or create a project with `magicctl init DIR`")
        })
}
