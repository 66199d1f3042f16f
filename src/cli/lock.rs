//! One magicctl at a time on a project, for each user. The lock is the kernel's, on a file in a folder that is this user's alone: it
//! goes with the process, however that ends.

use std::path::PathBuf;

use rustix::process::geteuid;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::files::{self, Locked, Root};

use super::session::Session;

/// Held until dropped. `None` when nothing is changed.
pub(crate) struct Lock(#[expect(dead_code, reason = "it is held, not used")] Option<Locked>);

/// Takes the lock of `project` on the engine at `host`, waiting for whoever holds it unless told not to. With `--dry-run` there is
/// nothing to wait for.
pub(crate) async fn take(session: &Session, project: &str) -> Result<Lock, Failure> {
    if session.global.dry_run {
        return Ok(Lock(None));
    }
    let host = session
        .global
        .host
        .clone()
        .or_else(|| session.environment.get("DOCKER_HOST").cloned())
        .unwrap_or_default();
    let digest = hex::encode(Sha256::digest(format!("{host}\0{project}")));
    let cant = |why: String| {
        Failure::failed(format!("the lock of project {project} can't be taken"))
            .because(why)
            .hint("set XDG_RUNTIME_DIR to a folder that only this user can access (mode 0700)")
    };
    let (folder, path) = folder(session).map_err(&cant)?;
    let mut file = folder
        .lock_file(&format!("{}.lock", &digest[..16]))
        .map_err(|refused| cant(format!("{}: {refused}", path.display())))?;
    // The command's name alone: arguments hold passwords.
    let own = format!("{} {}\n", std::process::id(), session.command);
    let mut told = false;
    loop {
        file = match file.lock(&own).map_err(|error| cant(error.to_string()))? {
            Ok(locked) => return Ok(Lock(Some(locked))),
            Err(file) => file,
        };
        let holder = named(&file.holder());
        if session.global.no_lock_wait {
            return Err(
                Failure::failed(format!("another magicctl is working on project {project}: {holder}"))
                    .hint("drop --no-lock-wait to wait"),
            );
        }
        if !told {
            session.warn(&format!(
                "another magicctl is working on project {project} ({holder}); waiting for it"
            ));
            told = true;
        }
        // The kernel's blocking call can't be interrupted from here, so look again now and then.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Who holds the lock, as the file says; it is empty for a moment after the lock was taken.
fn named(text: &str) -> String {
    let parsed = text.trim().split_once(' ').and_then(|(pid, command)| {
        let pid: u32 = pid.parse().ok()?;
        let is_name = command.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        is_name.then(|| format!("magicctl {command} (pid {pid})"))
    });
    parsed.unwrap_or_else(|| "it has just started".to_owned())
}

/// The first folder for locks that is this user's alone, and its path: `$XDG_RUNTIME_DIR`, the cache, a folder in the temporary one.
fn folder(session: &Session) -> Result<(Root, PathBuf), String> {
    let set = |name: &str| {
        session
            .environment
            .get(name)
            .filter(|value| value.starts_with('/'))
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let temporary = set("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"));
    let own = format!("magicctl-{}", geteuid().as_raw());
    let candidates = [
        set("XDG_RUNTIME_DIR").map(|folder| folder.join("magicctl")),
        cache.map(|folder| folder.join("magicctl")),
        Some(temporary.join(own)),
    ];
    let mut refused = Vec::new();
    for path in candidates.into_iter().flatten() {
        match files::private(&path) {
            Ok(folder) => return Ok((folder, path)),
            Err(why) => refused.push(format!("{}: {why}", path.display())),
        }
    }
    Err(refused.join("\n"))
}
