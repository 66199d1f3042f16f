//! One magicctl at a time on a project. The lock is the kernel's, on an empty file in the temporary directory:
//! it goes with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};

use sha2::{Digest, Sha256};

use crate::failure::Failure;

use super::session::Session;

/// Held until dropped.
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock of `project` on the engine at `host`, waiting for whoever has it unless told not to.
pub(crate) async fn take(session: &Session, project: &str) -> Result<Lock, Failure> {
    let host = session
        .global
        .host
        .clone()
        .or_else(|| session.environment.get("DOCKER_HOST").cloned())
        .unwrap_or_default();
    let digest = hex::encode(Sha256::digest(format!("{host}\0{project}")));
    let path = std::env::temp_dir().join(format!("magicctl-{}.lock", &digest[..16]));
    let cant = |error: std::io::Error| {
        Failure::failed(format!("the lock of project {project} can't be taken"))
            .because(format!("{}: {error}", path.display()))
            .hint("if it belongs to another user, set TMPDIR to a directory of your own")
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(cant)?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(cant(error)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.rewind()
                    .and_then(|()| file.read_to_string(&mut holder))
                    .map_err(cant)?;
                let holder = holder.trim();
                if session.global.no_lock_wait {
                    return Err(
                        Failure::failed(format!("another magicctl is at work on project {project}: {holder}"))
                            .hint("leave --no-lock-wait out to wait for it"),
                    );
                }
                if !told {
                    session.warn(&format!(
                        "another magicctl is at work on project {project} ({holder}); waiting for it"
                    ));
                    told = true;
                }
                // The kernel's blocking call can't be interrupted from here, so look again now and then.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let holder = format!("magicctl {command} (pid {})\n", std::process::id());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(holder.as_bytes()))
        .map_err(cant)?;
    Ok(Lock { _file: file })
}
