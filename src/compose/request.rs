//! What is asked of the reader.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::ids::ServiceName;

use super::documents::Documents;

/// What to read, and as whom.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Where relative file names start and the search for a Compose file begins; absolute.
    pub start_dir: PathBuf,
    /// `--project-directory`: where the files' relative paths start, `.env` lies and the search begins, instead of the first file's folder.
    pub project_dir: Option<PathBuf>,
    /// `-f`, in order.
    pub files: Vec<PathBuf>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// `--env-file`, in order.
    pub env_files: Vec<PathBuf>,
    /// Env files that stand where none is named, absolute, and their texts as they were read.
    pub recalled: Vec<(PathBuf, String)>,
    /// The caller's environment.
    pub environment: BTreeMap<String, String>,
    /// Services named on the command line: naming one enables it, whatever its profiles.
    pub targets: Vec<ServiceName>,
    /// `--all-resources`: also networks, volumes, configs and secrets that no enabled service uses.
    pub all_resources: bool,
    /// `--compatibility`: names are put together with `_`, as by Compose 1.
    pub compatibility: bool,
    /// The Compose file as it would be rendered, when none is on disk: its path and text.
    pub unwritten: Option<(PathBuf, String)>,
    /// What earlier requests have read.
    pub documents: Documents,
}
