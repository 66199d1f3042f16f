//! What earlier runs left: containers of services that are gone, containers never started, data that the image can't use.

use crate::codes;
use crate::compose::{MountKind, Service};
use crate::observed::State;

use super::engine_state::{EngineAnswers, EngineState};
use super::finding::with_variable;
use super::project::Project;
use super::{CheckResult, Finding};

/// The newest format of its data file that a version of Redis reads, from its source (`src/rdb.h`).
const RDB_VERSIONS: [((u32, u32), u32); 5] = [((5, 0), 9), ((6, 0), 9), ((7, 0), 10), ((7, 2), 11), ((7, 4), 12)];
/// From this version on the formats above say nothing.
const RDB_KNOWN_BELOW: (u32, u32) = (8, 0);

/// A file in a volume, and for which service it is read.
pub(super) struct DataFile {
    pub service: &'static str,
    /// Below the volume's mount.
    pub path: &'static str,
    /// The file that it leads to.
    pub leads_to: Option<fn(&str) -> Option<String>>,
}

/// The files that say what a volume holds.
pub(super) static DATA_FILES: [DataFile; 2] = [
    DataFile {
        service: "kafka",
        path: "meta.properties",
        leads_to: None,
    },
    DataFile {
        service: "redis",
        path: "appendonlydir/appendonly.aof.manifest",
        leads_to: Some(base_of),
    },
];

/// `file appendonly.aof.3.base.rdb seq 3 type b` → the file.
fn base_of(manifest: &str) -> Option<String> {
    let line = manifest.lines().find(|line| line.ends_with("type b"))?;
    let name = line.strip_prefix("file ")?.split(' ').next()?;
    (!name.contains('/')).then(|| format!("appendonlydir/{name}"))
}

/// Containers that are not as a run that ended well leaves them.
pub(super) fn containers(project: &Project, there: &EngineState) -> Vec<Finding> {
    let Some(stack) = project.stack() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for container in there.observed.of_project(&stack.name) {
        let Some(service) = container.service() else { continue };
        let name = &container.name;
        let known = stack.services.contains_key(service) || stack.disabled.contains_key(service);
        if !known {
            let what = format!("{name} is a container of this project, but {service} is not in the Compose file");
            findings.push(Finding::new(&codes::ORPHAN, what));
        } else if matches!(container.state, State::Created | State::Dead | State::Removing)
            && project.services.contains(service)
        {
            findings.push(Finding::new(
                &codes::HALF_MADE,
                format!("{name} was created but never started"),
            ));
        }
    }
    findings
}

/// Data that the image can't use.
pub(super) fn data(project: &Project, _: &EngineState, more: &EngineAnswers) -> CheckResult {
    let Some(stack) = project.stack() else {
        return Ok(Vec::new());
    };
    let data = more.data.clone()?;
    let mut findings = Vec::new();
    for service in project.services() {
        let Some(bytes) = data.get(service.name.as_str()) else {
            continue;
        };
        let finding = match service.name.as_str() {
            "kafka" => other_cluster(service, &String::from_utf8_lossy(bytes)),
            _ => newer_data(&service.image_ref(&stack.name), bytes),
        };
        findings.extend(finding.map(|finding| finding.at(project.place_of(&service.name))));
    }
    Ok(findings)
}

fn other_cluster(service: &Service, properties: &str) -> Option<Finding> {
    let there = properties
        .lines()
        .find_map(|line| line.strip_prefix("cluster.id="))?
        .trim();
    let wanted = service.environment.get("CLUSTER_ID")?.as_deref()?;
    if there == wanted {
        return None;
    }
    Some(
        Finding::new(
            &codes::KAFKA_CLUSTER,
            format!("kafka's volume was formatted with the cluster id {there}, but CLUSTER_ID is {wanted}"),
        )
        .because("Kafka refuses to start with the data of another cluster")
        .fix(format!(
            "{}; remove the volume only if you don't need its data",
            with_variable("KAFKA_CLUSTER_ID", there)
        )),
    )
}

fn newer_data(image: &str, bytes: &[u8]) -> Option<Finding> {
    let version: u32 = std::str::from_utf8(bytes.strip_prefix(b"REDIS")?.get(..4)?)
        .ok()?
        .parse()
        .ok()?;
    let tag = image.rsplit_once(':')?.1;
    let mut numbers = tag.split(['.', '-']).map(str::parse::<u32>);
    let tag = (
        numbers.next()?.ok()?,
        numbers.next().and_then(Result::ok).unwrap_or_default(),
    );
    if tag >= RDB_KNOWN_BELOW {
        return None;
    }
    let (_, reads) = RDB_VERSIONS.iter().rfind(|(since, _)| *since <= tag)?;
    (version > *reads).then(|| {
        Finding::new(
            &codes::NEWER_DATA,
            format!("redis's volume has data in format {version}, but {image} reads only up to {reads}"),
        )
        .fix("use the newer image again (REDIS_IMAGE); remove the volume only if you don't need its data")
    })
}

/// The volume that holds a service's data, and where it is mounted.
pub(super) fn volume_of<'p>(project: &'p Project, service: &'p Service) -> Option<(&'p str, &'p str)> {
    let stack = project.stack()?;
    let mount = service
        .volumes
        .iter()
        .find(|mount| mount.kind == MountKind::Volume && mount.source.is_some())?;
    let volume = stack.volumes.get(mount.source.as_ref()?)?;
    Some((volume.name.as_str(), mount.target.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_a_newer_redis_is_told_by_its_first_bytes() {
        for (image, bytes, found) in [
            ("redis:7.0", &b"REDIS0010...."[..], false),
            ("redis:7.0-alpine", b"REDIS0012....", true),
            ("redis:6.2", b"REDIS0010", true),
            ("redis:7.4.1", b"REDIS0012", false),
            ("redis:8.10-alpine", b"REDIS0099", false),
            ("redis", b"REDIS0099", false),
            ("redis:alpine", b"REDIS0099", false),
            ("redis:7.0", b"other", false),
        ] {
            assert_eq!(newer_data(image, bytes).is_some(), found, "{image}");
        }
    }
}
