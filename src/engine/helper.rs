//! Credential helpers: programs named `docker-credential-NAME` that keep logins for the Docker client.
//!
//! The protocol: <https://github.com/docker/docker-credential-helpers>.

use std::ffi::OsStr;
use std::time::Duration;

use serde::Deserialize;

use crate::programs::{self, NotRun, Program, Ran};

/// How long a helper may take: it may ask its user for a passphrase.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// Bytes of the longest answer; tokens have a few thousand.
const LONGEST_ANSWER: u64 = 64 << 10;
/// What a helper prints, and ends with 1, when it has no login for a registry.
const NOT_FOUND: &[u8] = b"credentials not found in native keychain";

/// A login, as a helper gives it.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(rename = "Username")]
    pub username: String,
    #[serde(rename = "Secret")]
    pub secret: String,
}

/// Asks `docker-credential-NAME get` for the login at `registry`; `path` is where it is looked for, else the `PATH` of this
/// process. It is killed when it has not answered in time.
///
/// # Errors
/// Why there is no answer, in words for the user. Nothing that the helper printed is quoted, as it may be a secret.
pub(super) async fn ask(
    name: &str,
    registry: &str,
    path: Option<&OsStr>,
    within: Duration,
) -> Result<Option<Answer>, String> {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.contains("..") || !name.chars().all(is_of_a_word) {
        let quoted = name.escape_debug();
        return Err(format!("`{quoted}` is not a valid name for a credential helper"));
    }
    let program = format!("docker-credential-{name}");
    let asked = Program {
        name: &program,
        arguments: &["get"],
        input: registry.as_bytes(),
        path,
        within,
        largest: LONGEST_ANSWER,
    };
    match programs::run(&asked).await {
        Ok(Ran { code, output }) => understood(&program, code, &output),
        Err(NotRun::Missing) => Err(format!("{program} is not installed (not found on the PATH)")),
        Err(NotRun::Slow { within }) => Err(format!("{program} did not answer within {} s", within.as_secs_f32())),
        Err(NotRun::Long { largest }) => Err(format!("{program} printed more than {} kB", largest >> 10)),
        Err(not_run) => Err(format!("{program}: {not_run}")),
    }
}

fn understood(program: &str, code: Option<i32>, answer: &[u8]) -> Result<Option<Answer>, String> {
    match code {
        Some(0) => serde_json::from_slice(answer)
            .map(Some)
            .map_err(|_quotes_it| format!("{program} returned an invalid login")),
        _ if answer.trim_ascii() == NOT_FOUND => Ok(None),
        Some(code) => Err(format!("{program} failed with exit code {code}")),
        None => Err(format!("{program} was killed")),
    }
}
