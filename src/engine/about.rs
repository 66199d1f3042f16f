//! What the engine says of itself.

use std::path::PathBuf;

use bollard::models::LocalNodeState;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::files;

use super::{Builder, Engine, EngineError, ImageStore};

/// What `DriverStatus` holds where images are in containerd's store.
const CONTAINERD_STORE: &str = "io.containerd.snapshotter.v1";

/// An engine, as far as it matters to a stack.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct About {
    /// `28.5.2`.
    pub version: String,
    /// The storage driver: `overlay2`.
    pub storage_driver: String,
    /// The processor as images name it: `amd64`.
    pub architecture: String,
    /// The log driver of containers that name none.
    pub log_driver: String,
    /// Whether memory limits have an effect.
    pub limits_memory: bool,
    /// Whether containers outlive the engine.
    pub live_restore: bool,
    /// How far its clock is ahead of ours, in seconds; negative if it is slow.
    pub clock_ahead: f64,
    /// Where it keeps its data, on its machine.
    pub data_root: PathBuf,
    /// Its machine's memory in bytes.
    pub memory: u64,
    /// It runs as an ordinary user.
    pub rootless: bool,
    /// It runs in Docker Desktop's virtual machine.
    pub desktop: bool,
    /// Where it keeps images.
    pub image_store: ImageStore,
    /// What builds images.
    pub builder: Builder,
    /// Its log files can be read here.
    pub log_files: bool,
    /// It is a node of a swarm.
    pub swarm: bool,
    /// It limits the system calls of containers.
    pub seccomp: bool,
}

impl Engine {
    /// Asks the engine about itself.
    pub async fn about(&self) -> Result<About, EngineError> {
        let before = OffsetDateTime::now_utc();
        let info = async { self.docker.info().await.map_err(|error| self.error(error)) };
        let (info, builder) = futures_util::future::try_join(info, self.builder()).await?;
        let after = OffsetDateTime::now_utc();
        let clock_ahead = info
            .system_time
            .and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok())
            .map_or(0.0, |theirs| outside(theirs, before, after));
        let system = info.operating_system.unwrap_or_default();
        let security = info.security_options.unwrap_or_default();
        let data_root = PathBuf::from(info.docker_root_dir.unwrap_or_default());
        let root = self.is_local().then(|| files::Root::open(&data_root));
        let log_files = root.is_some_and(|root| root.is_ok_and(|root| root.opens("containers".as_ref()).is_ok()));
        let store = info.driver_status.unwrap_or_default();
        let swarm = info.swarm.and_then(|swarm| swarm.local_node_state);
        Ok(About {
            version: info.server_version.unwrap_or_default(),
            storage_driver: info.driver.unwrap_or_default(),
            architecture: as_images_say(&info.architecture.unwrap_or_default()).to_owned(),
            log_driver: info.logging_driver.unwrap_or_default(),
            limits_memory: info.memory_limit.unwrap_or(true),
            live_restore: info.live_restore_enabled.unwrap_or_default(),
            clock_ahead,
            data_root,
            memory: info
                .mem_total
                .and_then(|bytes| u64::try_from(bytes).ok())
                .unwrap_or_default(),
            rootless: security.iter().any(|option| option.contains("rootless")),
            desktop: system.contains("Docker Desktop"),
            image_store: if store.iter().flatten().any(|word| word == CONTAINERD_STORE) {
                ImageStore::Containerd
            } else {
                ImageStore::StorageDriver
            },
            builder,
            log_files,
            swarm: swarm == Some(LocalNodeState::ACTIVE),
            seccomp: security.iter().any(|option| option.contains("seccomp")),
        })
    }

    /// The engine's address and how it was found.
    pub fn address(&self) -> String {
        self.endpoint.to_string()
    }
}

/// How far `theirs`, read some time between `before` and `after`, is surely outside of them, in seconds.
fn outside(theirs: OffsetDateTime, before: OffsetDateTime, after: OffsetDateTime) -> f64 {
    if theirs > after {
        (theirs - after).as_seconds_f64()
    } else if theirs < before {
        (theirs - before).as_seconds_f64()
    } else {
        0.0
    }
}

/// The kernel's word for a processor as images have it.
fn as_images_say(machine: &str) -> &str {
    match machine {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "armv7l" | "armv6l" => "arm",
        "i386" | "i686" => "386",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_only_by_what_the_call_itself_does_not_explain() {
        let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(1_000_000 + seconds).unwrap();
        for (theirs, wanted) in [(5, 0.0), (0, 0.0), (10, 0.0), (70, 60.0), (-30, -30.0)] {
            let ahead = outside(at(theirs), at(0), at(10));
            assert!((ahead - wanted).abs() < 1e-9, "{theirs}: {ahead}");
        }
    }
}
