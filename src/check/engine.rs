//! The engine: what it is, and what it lacks for this stack.

use std::collections::BTreeMap;
use std::path::Path;

use crate::capabilities::Feature;
use crate::codes::{self, Code};
use crate::compose::{MountKind, Service};
use crate::engine::About;
use crate::files;
use crate::services;

use super::collector::{READABLE, collector, is_socket};
use super::engine_state::{EngineAnswers, EngineState, Resolves};
use super::project::Project;
use super::{CheckResult, Finding};

/// A clock that differs by less is nobody's business.
const CLOCK_MAY_DIFFER: f64 = 5.0;
/// Storage drivers that are slow, or gone from current engines.
const POOR_DRIVERS: [&str; 4] = ["vfs", "devicemapper", "aufs", "overlay"];
const MEGABYTE: u64 = 1 << 20;
/// What data, logs and a build want on disk beside the images, in megabytes.
const ROOM: u64 = 500;

/// Which engine it is, and what of its kind matters.
pub(super) fn kind(project: &Project, there: &EngineState, more: &EngineAnswers) -> CheckResult {
    let about = more.about.clone()?;
    let mut findings = vec![Finding::new(
        &codes::ENGINE_ADDRESS,
        format!(
            "Engine {} (API {}) at {}",
            about.version,
            there.observed.capabilities.api(),
            there.address
        ),
    )];
    let kind = match (&there.socket, about.rootless, about.desktop) {
        (None, ..) => Some("is on another machine"),
        (_, true, _) => Some("is rootless"),
        (_, _, true) => Some("runs in Docker Desktop's virtual machine"),
        _ => None,
    };
    findings.extend(kind.map(|kind| Finding::new(&codes::ENGINE_KIND, format!("the engine {kind}"))));
    if !about.live_restore {
        findings.push(Finding::new(
            &codes::LIVE_RESTORE,
            "containers stop when the engine is restarted",
        ));
    }
    if there.socket.is_none() {
        findings.extend(remote_binds(project));
    }
    Ok(findings)
}

/// Mounts of this machine's files on an engine elsewhere.
fn remote_binds(project: &Project) -> Option<Finding> {
    let mounts = |service: &&Service| {
        let mut binds = service.volumes.iter().filter(|mount| mount.kind == MountKind::Bind);
        binds.any(|mount| mount.source.as_deref().is_some_and(|source| !is_socket(source)))
    };
    let services: Vec<&str> = project
        .services()
        .filter(mounts)
        .map(|service| service.name.as_str())
        .collect();
    let first = services.first()?;
    let what = format!("the engine is on another machine, but {first} mounts files from this machine");
    Some(Finding::new(&codes::REMOTE_BINDS, what))
}

/// Its settings.
pub(super) fn settings(project: &Project, _: &EngineState, more: &EngineAnswers) -> CheckResult {
    let about = more.about.clone()?;
    let mut findings = Vec::new();
    if POOR_DRIVERS.contains(&about.storage_driver.as_str()) {
        let what = format!("the engine's storage driver is {}", about.storage_driver);
        findings.push(Finding::new(&codes::STORAGE_DRIVER, what));
    }
    let limited = project.services().find(|service| service.mem_limit.is_some());
    if let (Some(service), false) = (limited, about.limits_memory) {
        let what = format!("{} has a memory limit, which the engine can't enforce", service.name);
        findings.push(Finding::new(&codes::NO_LIMITS, what));
    }
    let default_used = project
        .services()
        .any(|service| service.logging.as_ref().is_none_or(|logging| logging.driver.is_none()));
    if let (Some(collector), true, false) = (
        collector(project),
        default_used,
        READABLE.contains(&about.log_driver.as_str()) || about.log_driver.is_empty(),
    ) {
        let what = format!(
            "the engine's log driver is {}, and its logs can't be read back",
            about.log_driver
        );
        findings.push(
            Finding::new(&codes::LOG_DRIVER, what).because(format!("{collector} and `magicctl logs` can't show them")),
        );
    }
    if about.clock_ahead.abs() > CLOCK_MAY_DIFFER {
        let seconds = about.clock_ahead.abs().round();
        let way = if about.clock_ahead > 0.0 { "ahead of" } else { "behind" };
        let what = format!("the engine's clock is {seconds} s {way} this machine's");
        findings.push(Finding::new(&codes::CLOCK_SKEW, what));
    }
    Ok(findings)
}

/// Images for another kind of processor.
pub(super) fn architecture(project: &Project, _: &EngineState, more: &EngineAnswers) -> CheckResult {
    let Some(stack) = project.stack() else {
        return Ok(Vec::new());
    };
    let (about, images) = (more.about.clone()?, more.images.clone()?);
    let findings = project.services().filter_map(|service| {
        let reference = service.image_ref(&stack.name);
        let image = images.get(&reference)?;
        let other = !image.architecture.is_empty() && image.architecture != about.architecture;
        other.then(|| {
            let what = format!(
                "{}: the image {reference} is for {}, the engine is {}",
                service.name, image.architecture, about.architecture
            );
            Finding::new(&codes::ARCHITECTURE, what).at(project.place_of(&service.name))
        })
    });
    Ok(findings.collect())
}

/// Memory and disk against what the stack wants.
pub(super) fn room(project: &Project, there: &EngineState, more: &EngineAnswers) -> CheckResult {
    let about = more.about.clone()?;
    let mut findings = Vec::new();
    let wanted: u64 = project.services().map(memory_of).sum();
    if about.memory > 0 && about.memory < wanted {
        let what = format!(
            "the engine has {} of memory, but the stack needs about {}",
            in_words(about.memory),
            in_words(wanted)
        );
        findings.push(Finding::new(&codes::LOW_MEMORY, what));
    }
    if there.socket.is_some()
        && let Some(free) = free_at(&about)
    {
        let missing: u64 = project
            .services()
            .map(|service| size_of_missing(project, there, service))
            .sum();
        let wanted = missing + ROOM * MEGABYTE;
        if free < wanted {
            let what = format!(
                "the engine's disk has {} free, but about {} are needed",
                in_words(free),
                in_words(wanted)
            );
            findings.push(Finding::new(&codes::LOW_DISK, what));
        }
    }
    Ok(findings)
}

fn memory_of(service: &Service) -> u64 {
    let limit = service
        .mem_limit
        .and_then(|limit| u64::try_from(limit).ok())
        .filter(|limit| *limit > 0);
    let usual = services::of(service.name.as_str()).map(|known| known.memory * MEGABYTE);
    match (limit, usual) {
        (Some(limit), Some(usual)) => limit.min(usual),
        (_, usual) => usual.unwrap_or_default(),
    }
}

fn size_of_missing(project: &Project, there: &EngineState, service: &Service) -> u64 {
    let Some(stack) = project.stack() else { return 0 };
    if there.observed.image_id(&service.image_ref(&stack.name)).is_some() {
        return 0;
    }
    services::of(service.name.as_str()).map_or(100, |known| known.disk) * MEGABYTE
}

/// Free bytes where the engine keeps its data; nothing when that is not on a disk of this machine.
fn free_at(about: &About) -> Option<u64> {
    let folder = Path::new(&about.data_root);
    if about.desktop || !files::is_folder(folder) {
        return None;
    }
    files::free_bytes(folder).ok()
}

fn in_words(bytes: u64) -> String {
    let megabytes = bytes / MEGABYTE;
    if megabytes < 1000 {
        return format!("{megabytes} MB");
    }
    // A tenth is exact enough.
    let tenths = megabytes * 10 / 1024;
    format!("{}.{} GB", tenths / 10, tenths % 10)
}

/// What services want that the engine ignores, each with the services; where that changes what they see, they can't be made.
pub(super) fn features(project: &Project, there: &EngineState) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut ignored: BTreeMap<Feature, Vec<&Service>> = BTreeMap::new();
    let mut findings = Vec::new();
    for service in project.services() {
        if let Err(failure) = stack.fits(service, there.observed.capabilities) {
            findings.push(Finding::of(&codes::SUBPATH, &failure));
        }
        let wanted = stack.features_of(service).into_keys();
        let harmless = wanted.filter(|feature| *feature != Feature::VolumeSubpath);
        for feature in harmless.filter(|feature| !there.observed.capabilities.can(*feature)) {
            ignored.entry(feature).or_default().push(service);
        }
    }
    findings.extend(ignored.into_iter().map(|(feature, services)| {
        let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        let what = format!("this engine ignores {} of {}", feature.label(), names.join(", "));
        let place = stack.features_of(services[0]).remove(&feature).flatten();
        Finding::new(&codes::OLD_ENGINE, what)
            .because(instead(feature))
            .fix(format!(
                "upgrade the engine to {} or later, or remove the key",
                feature.engine()
            ))
            .at(place.or_else(|| project.place_of(&services[0].name)))
    }));
    findings
}

/// What an engine does that does not know it.
fn instead(feature: Feature) -> &'static str {
    match feature {
        Feature::StartInterval => "it runs the healthcheck at its `interval`; magicctl runs it early itself",
        Feature::NetworksAtCreate => "magicctl connects the container to one network after the other",
        Feature::VolumeSubpath => "it mounts the whole volume",
        Feature::NetworkWithoutIpv4 => "the network has IPv4 addresses all the same",
        Feature::GatewayPriority => "it chooses the network of the default route itself",
    }
}

/// Settings of the kernel that a service would like otherwise.
pub(super) fn kernel(project: &Project, there: &EngineState) -> Vec<Finding> {
    let redis = project.services().any(|service| service.name == "redis");
    if !redis || there.socket.is_none() {
        return Vec::new();
    }
    let setting = files::of_kernel("/proc/sys/vm/overcommit_memory", 64).unwrap_or_default();
    overcommit(&setting).into_iter().collect()
}

fn overcommit(setting: &str) -> Option<Finding> {
    (setting.trim() == "0").then(|| Finding::new(&codes::KERNEL_SETTING, "redis: vm.overcommit_memory is 0"))
}

/// With `--deep`: whether containers find each other.
pub(super) fn names(_: &Project, _: &EngineState, more: &EngineAnswers) -> CheckResult {
    Ok(match more.names.clone().transpose()? {
        Some(Resolves::No(said)) => {
            let code: &'static Code = &codes::NO_NAMES;
            vec![Finding::new(code, "containers can't find each other by name").because(said)]
        }
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kernels_default_is_worth_a_word() {
        assert!(overcommit("0\n").is_some());
        assert_eq!(overcommit("1\n"), None);
        assert_eq!(overcommit(""), None);
    }

    #[test]
    fn sizes_in_words() {
        assert_eq!(in_words(300 * MEGABYTE), "300 MB");
        assert_eq!(in_words(1600 * MEGABYTE), "1.5 GB");
    }
}
