//! What a service may use: `deploy`, `blkio_config`, `ulimits`, `devices`.

use std::collections::BTreeMap;

use crate::compose::at::At;
use crate::compose::model::{
    BlkioConfig, Deploy, Device, ResourceSet, Resources, RestartPolicy, ThrottleDevice, Ulimit, WeightDevice,
};
use crate::failure::Failure;

const DEPLOY_REFUSED: [(&str, &str); 5] = [
    ("endpoint_mode", "it is for a cluster; magicctl drives one engine"),
    ("mode", "it is for a cluster; magicctl drives one engine"),
    ("placement", "it is for a cluster; magicctl drives one engine"),
    ("rollback_config", "it is for a cluster; magicctl drives one engine"),
    ("update_config", "it is for a cluster; magicctl drives one engine"),
];
const RESTART_REFUSED: [(&str, &str); 2] = [
    ("delay", "the engine chooses the pause between restarts"),
    ("window", "the engine decides when a restart has succeeded"),
];

pub(super) fn deploy(at: &At<'_>) -> Result<Deploy, Failure> {
    // `mode: replicated` is what one engine does anyway.
    let mode = at.get("mode");
    let replicated = mode.as_ref().is_none_or(|mode| mode.node.text() == Some("replicated"));
    let refused = if replicated {
        &DEPLOY_REFUSED[..]
    } else {
        &DEPLOY_REFUSED
    };
    let mut known = vec!["replicas", "labels", "resources", "restart_policy"];
    if replicated {
        known.push("mode");
    }
    at.only(&known, refused)?;
    let resources = match at.get("resources") {
        None => Resources::default(),
        Some(at) => {
            at.only(&["limits", "reservations"], &[])?;
            Resources {
                limits: at.get("limits").map(|at| resource_set(&at)).transpose()?,
                reservations: at.get("reservations").map(|at| resource_set(&at)).transpose()?,
            }
        }
    };
    let restart_policy = match at.get("restart_policy") {
        None => None,
        Some(at) => {
            at.only(&["condition", "max_attempts"], &RESTART_REFUSED)?;
            Some(RestartPolicy {
                condition: at
                    .get("condition")
                    .map(|at| at.one_of(&["none", "on-failure", "any"]))
                    .transpose()?,
                max_attempts: at.get("max_attempts").map(|at| at.int()).transpose()?,
            })
        }
    };
    Ok(Deploy {
        replicas: at.get("replicas").map(|at| at.int()).transpose()?,
        labels: at
            .get("labels")
            .map(|at| at.string_map())
            .transpose()?
            .unwrap_or_default(),
        resources,
        restart_policy,
    })
}

fn resource_set(at: &At<'_>) -> Result<ResourceSet, Failure> {
    at.only(
        &["cpus", "memory", "pids"],
        &[
            ("devices", "magicctl does not reserve devices"),
            ("generic_resources", "it is for a cluster; magicctl drives one engine"),
        ],
    )?;
    Ok(ResourceSet {
        cpus: at.get("cpus").map(|at| at.float()).transpose()?,
        memory: at.get("memory").map(|at| at.bytes()).transpose()?,
        pids: at.get("pids").map(|at| at.int()).transpose()?,
    })
}

pub(super) fn block_io(at: &At<'_>) -> Result<BlkioConfig, Failure> {
    at.only(
        &[
            "weight",
            "weight_device",
            "device_read_bps",
            "device_read_iops",
            "device_write_bps",
            "device_write_iops",
        ],
        &[],
    )?;
    let throttle = |key: &str| -> Result<Vec<ThrottleDevice>, Failure> {
        let mut devices = Vec::new();
        for item in at.get(key).map_or_else(|| Ok(Vec::new()), |at| at.list())? {
            item.only(&["path", "rate"], &[])?;
            devices.push(ThrottleDevice {
                path: needed(&item, "path")?.string()?,
                rate: needed(&item, "rate")?.bytes()?,
            });
        }
        Ok(devices)
    };
    let mut weight_device = Vec::new();
    for item in at.get("weight_device").map_or_else(|| Ok(Vec::new()), |at| at.list())? {
        item.only(&["path", "weight"], &[])?;
        weight_device.push(WeightDevice {
            path: needed(&item, "path")?.string()?,
            weight: needed(&item, "weight")?.int()?,
        });
    }
    Ok(BlkioConfig {
        weight: at.get("weight").map(|at| at.int()).transpose()?,
        weight_device,
        device_read_bps: throttle("device_read_bps")?,
        device_read_iops: throttle("device_read_iops")?,
        device_write_bps: throttle("device_write_bps")?,
        device_write_iops: throttle("device_write_iops")?,
    })
}

fn needed<'n>(at: &At<'n>, key: &str) -> Result<At<'n>, Failure> {
    at.get(key).ok_or_else(|| at.wrong(format!("`{key}` is missing")))
}

pub(super) fn ulimits(at: &At<'_>) -> Result<BTreeMap<String, Ulimit>, Failure> {
    at.map()?
        .into_iter()
        .map(|(key, at)| {
            let limit = if at.is_map() {
                at.only(&["soft", "hard"], &[])?;
                Ulimit::Pair {
                    soft: needed(&at, "soft")?.int()?,
                    hard: needed(&at, "hard")?.int()?,
                }
            } else {
                Ulimit::Single(at.int()?)
            };
            Ok((key.name.clone(), limit))
        })
        .collect()
}

/// `SOURCE[:TARGET[:PERMISSIONS]]` or the long form.
pub(super) fn devices(at: &At<'_>) -> Result<Vec<Device>, Failure> {
    let mut devices = Vec::new();
    for item in at.get("devices").map_or_else(|| Ok(Vec::new()), |at| at.list())? {
        if item.is_map() {
            item.only(&["source", "target", "permissions"], &[])?;
            let source = needed(&item, "source")?.string()?;
            devices.push(Device {
                target: item
                    .get("target")
                    .map_or_else(|| Ok(source.clone()), |at| at.string())?,
                permissions: item
                    .get("permissions")
                    .map_or_else(|| Ok("rwm".to_owned()), |at| at.string())?,
                source,
            });
            continue;
        }
        let text = item.string()?;
        let mut parts = text.split(':');
        let source = parts.next().unwrap_or_default().to_owned();
        devices.push(Device {
            target: parts.next().unwrap_or(&source).to_owned(),
            permissions: parts.next().unwrap_or("rwm").to_owned(),
            source,
        });
    }
    Ok(devices)
}
