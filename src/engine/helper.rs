//! Credential helpers: programs named `docker-credential-NAME` that keep logins for the Docker client.
//!
//! The protocol: <https://github.com/docker/docker-credential-helpers>.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

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
        return Err(format!("`{quoted}` can't be the name of a credential helper"));
    }
    let program = format!("docker-credential-{name}");
    let mut command = Command::new(&program);
    command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // So that what it starts can be killed with it.
        .process_group(0)
        .kill_on_drop(true);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{program} is not installed (not found on the PATH)"),
        _ => format!("{program} can't be run: {error}"),
    })?;
    match tokio::time::timeout(within, talk(&mut child, registry)).await {
        Ok(Ok((code, answer))) => understood(&program, code, &answer),
        Ok(Err(why)) => {
            kill(&mut child).await;
            Err(format!("{program} {why}"))
        }
        Err(_elapsed) => {
            kill(&mut child).await;
            Err(format!("{program} did not answer within {} s", within.as_secs_f32()))
        }
    }
}

/// Its exit code and what it printed.
async fn talk(child: &mut Child, registry: &str) -> Result<(Option<i32>, Vec<u8>), String> {
    let failed = |error: std::io::Error| format!("can't be heard: {error}");
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read still may answer.
        let _unread = stdin.write_all(registry.as_bytes()).await;
    }
    let mut answer = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = stdout.take(LONGEST_ANSWER + 1);
        stdout.read_to_end(&mut answer).await.map_err(failed)?;
    }
    if answer.len() as u64 > LONGEST_ANSWER {
        return Err(format!("printed more than {} kB", LONGEST_ANSWER >> 10));
    }
    let status = child.wait().await.map_err(failed)?;
    Ok((status.code(), answer))
}

fn understood(program: &str, code: Option<i32>, answer: &[u8]) -> Result<Option<Answer>, String> {
    match code {
        Some(0) => serde_json::from_slice(answer)
            .map(Some)
            .map_err(|_quotes_it| format!("{program} gave an answer that is not a login")),
        _ if answer.trim_ascii() == NOT_FOUND => Ok(None),
        Some(code) => Err(format!("{program} failed with exit code {code}")),
        None => Err(format!("{program} was killed")),
    }
}

/// Kills it and what it started.
async fn kill(child: &mut Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(group) = id
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        tracing::debug!(%error, "a credential helper could not be killed");
    }
    if let Err(error) = child.wait().await {
        tracing::debug!(%error, "a credential helper could not be waited for");
    }
}
