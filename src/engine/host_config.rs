//! The part of a container that the host gives: mounts, ports, limits, namespaces, privileges.

use std::collections::BTreeMap;

use bollard::models::{
    DeviceMapping, DeviceRequest, HostConfig, HostConfigCgroupnsModeEnum, HostConfigIsolationEnum, HostConfigLogConfig,
    Mount, MountBindOptions, MountBindOptionsPropagationEnum, MountTmpfsOptions, MountType, MountVolumeOptions,
    PortBinding, PortMap, ResourcesBlkioWeightDevice, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
    ThrottleDevice,
};

use crate::compose::{Device, FileSource, Mount as Wanted, MountKind, Service, Stack, Ulimit};

use super::EngineError;
use super::networking::Networking;
use super::new_container::{NewContainer, target_of};

/// Anonymous volumes of the container that is replaced, by where they are mounted.
pub(super) type Inherited = BTreeMap<String, String>;

/// What `new` asks of the host.
pub(super) fn host_config(
    new: &NewContainer<'_>,
    inherited: &Inherited,
    networking: &Networking,
) -> Result<HostConfig, EngineError> {
    let service = new.service;
    let (binds, mounts) = mounts(new.stack, service, inherited);
    let limits = service
        .deploy
        .as_ref()
        .and_then(|deploy| deploy.resources.limits.as_ref());
    let reserved = service
        .deploy
        .as_ref()
        .and_then(|deploy| deploy.resources.reservations.as_ref());
    let namespace = |mode: &Option<String>| mode.as_ref().map(|mode| resolve(mode, new)).transpose();
    let (devices, device_requests) = devices(service);
    Ok(HostConfig {
        cpu_shares: service.cpu_shares,
        memory: service.mem_limit.or_else(|| limits.and_then(|limits| limits.memory)),
        cgroup_parent: service.cgroup_parent.clone(),
        cpu_period: service.cpu_period,
        cpu_quota: service.cpu_quota,
        cpu_realtime_period: service.cpu_rt_period,
        cpu_realtime_runtime: service.cpu_rt_runtime,
        cpuset_cpus: service.cpuset.clone(),
        devices,
        device_requests,
        device_cgroup_rules: some(service.device_cgroup_rules.clone()),
        memory_reservation: service
            .mem_reservation
            .or_else(|| reserved.and_then(|reserved| reserved.memory)),
        memory_swap: service.memswap_limit,
        memory_swappiness: service.mem_swappiness,
        nano_cpus: service
            .cpus
            .or_else(|| limits.and_then(|limits| limits.cpus))
            .map(nano_cpus),
        oom_kill_disable: service.oom_kill_disable,
        init: service.init,
        pids_limit: service.pids_limit.or_else(|| limits.and_then(|limits| limits.pids)),
        ulimits: some(service.ulimits.iter().map(ulimit).collect()),
        cpu_count: service.cpu_count,
        cpu_percent: service.cpu_percent.map(whole_percent),
        binds: some(binds),
        mounts: some(mounts),
        log_config: service.logging.as_ref().map(|logging| HostConfigLogConfig {
            typ: logging.driver.clone(),
            config: Some(logging.options.clone().into_iter().collect()),
        }),
        network_mode: namespace(&service.network_mode)?.or_else(|| Some(networking.mode())),
        port_bindings: port_bindings(service),
        restart_policy: restart_policy(service),
        auto_remove: new.one_off.map(|one_off| one_off.auto_remove),
        volumes_from: some(
            service
                .volumes_from
                .iter()
                .map(|from| volumes_from(from, new))
                .collect::<Result<_, _>>()?,
        ),
        annotations: (!service.annotations.is_empty()).then(|| service.annotations.clone().into_iter().collect()),
        cap_add: capabilities(&service.cap_add),
        cap_drop: capabilities(&service.cap_drop),
        cgroupns_mode: match service.cgroup.as_deref() {
            Some("host") => Some(HostConfigCgroupnsModeEnum::HOST),
            Some(_) => Some(HostConfigCgroupnsModeEnum::PRIVATE),
            None => None,
        },
        dns: some(service.dns.clone()),
        dns_options: some(service.dns_opt.clone()),
        dns_search: some(service.dns_search.clone()),
        extra_hosts: some(service.extra_hosts.iter().map(|host| host_entry(host)).collect()),
        group_add: some(service.group_add.clone()),
        ipc_mode: namespace(&service.ipc)?,
        links: some(service.external_links.clone()),
        oom_score_adj: service.oom_score_adj,
        pid_mode: namespace(&service.pid)?,
        privileged: service.privileged,
        readonly_rootfs: service.read_only,
        security_opt: some(service.security_opt.clone()),
        storage_opt: (!service.storage_opt.is_empty()).then(|| service.storage_opt.clone().into_iter().collect()),
        tmpfs: (!service.tmpfs.is_empty()).then(|| service.tmpfs.iter().map(|entry| tmpfs(entry)).collect()),
        uts_mode: service.uts.clone(),
        userns_mode: service.userns_mode.clone(),
        shm_size: service.shm_size,
        sysctls: (!service.sysctls.is_empty()).then(|| service.sysctls.clone().into_iter().collect()),
        runtime: service.runtime.clone(),
        isolation: match service.isolation.as_deref() {
            Some("process") => Some(HostConfigIsolationEnum::PROCESS),
            Some("hyperv") => Some(HostConfigIsolationEnum::HYPERV),
            Some(_) => Some(HostConfigIsolationEnum::DEFAULT),
            None => None,
        },
        ..block_io(service)
    })
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "billionths of a core: below 2^53 for 9 million cores"
)]
fn nano_cpus(cpus: f64) -> i64 {
    (cpus * 1e9).round() as i64
}

fn block_io(service: &Service) -> HostConfig {
    let Some(io) = &service.blkio_config else {
        return HostConfig::default();
    };
    let throttle = |list: &[crate::compose::ThrottleDevice]| {
        some(
            list.iter()
                .map(|device| ThrottleDevice {
                    path: Some(device.path.clone()),
                    rate: Some(device.rate),
                })
                .collect(),
        )
    };
    HostConfig {
        blkio_weight: io.weight,
        blkio_weight_device: some(
            io.weight_device
                .iter()
                .map(|device| ResourcesBlkioWeightDevice {
                    path: Some(device.path.clone()),
                    weight: Some(usize::from(device.weight)),
                })
                .collect(),
        ),
        blkio_device_read_bps: throttle(&io.device_read_bps),
        blkio_device_read_iops: throttle(&io.device_read_iops),
        blkio_device_write_bps: throttle(&io.device_write_bps),
        blkio_device_write_iops: throttle(&io.device_write_iops),
        ..HostConfig::default()
    }
}

/// `service:X` → `container:ID`; anything else as it is.
fn resolve(mode: &str, new: &NewContainer<'_>) -> Result<String, EngineError> {
    let Some(name) = mode.strip_prefix("service:") else {
        return Ok(mode.to_owned());
    };
    match new.shares.get(name) {
        Some(id) => Ok(format!("container:{id}")),
        None => Err(EngineError::NotFound(format!(
            "{} shares a namespace with {name}, which has no container",
            new.service.name
        ))),
    }
}

/// `SERVICE[:ro]` or `container:NAME[:ro]` → `ID[:ro]`.
fn volumes_from(from: &str, new: &NewContainer<'_>) -> Result<String, EngineError> {
    if let Some(container) = from.strip_prefix("container:") {
        return Ok(container.to_owned());
    }
    let (name, mode) = from
        .split_once(':')
        .map_or((from, None), |(name, mode)| (name, Some(mode)));
    let id = new.shares.get(name).ok_or_else(|| {
        let service = &new.service.name;
        EngineError::NotFound(format!("{service} uses the volumes of {name}, which has no container"))
    })?;
    Ok(match mode {
        Some(mode) => format!("{id}:{mode}"),
        None => id.to_string(),
    })
}

/// `deploy.restart_policy` wins over `restart`, as with Compose. What says nothing is left to the engine.
fn restart_policy(service: &Service) -> Option<RestartPolicy> {
    let policy = |name: &str, count: Option<i64>| {
        let name = match name {
            "any" | "always" => RestartPolicyNameEnum::ALWAYS,
            "unless-stopped" => RestartPolicyNameEnum::UNLESS_STOPPED,
            "on-failure" => RestartPolicyNameEnum::ON_FAILURE,
            _ => RestartPolicyNameEnum::NO,
        };
        RestartPolicy {
            name: Some(name),
            maximum_retry_count: count,
        }
    };
    let deploy = service.deploy.as_ref();
    if let Some(wanted) = deploy.and_then(|deploy| deploy.restart_policy.as_ref()) {
        let most = wanted.max_attempts.and_then(|most| i64::try_from(most).ok());
        return Some(policy(wanted.condition.as_deref().unwrap_or("any"), most));
    }
    let restart = service.restart.as_deref()?;
    let (name, count) = restart
        .split_once(':')
        .map_or((restart, None), |(name, count)| (name, count.parse().ok()));
    Some(policy(name, count))
}

/// As the Docker client writes them: `NET_ADMIN` is `CAP_NET_ADMIN`.
fn capabilities(wanted: &[String]) -> Option<Vec<String>> {
    let full = |name: &String| {
        let name = name.to_uppercase();
        if name == "ALL" || name.starts_with("CAP_") {
            name
        } else {
            format!("CAP_{name}")
        }
    };
    let mut all: Vec<String> = wanted.iter().map(full).collect();
    all.sort();
    all.dedup();
    some(all)
}

fn port_bindings(service: &Service) -> Option<PortMap> {
    if service.ports.is_empty() {
        return None;
    }
    let mut map = PortMap::new();
    for port in &service.ports {
        let binding = PortBinding {
            host_ip: port.host_ip.clone(),
            host_port: port.published.clone(),
        };
        map.entry(format!("{}/{}", port.target, port.protocol))
            .or_default()
            .get_or_insert_default()
            .push(binding);
    }
    Some(map)
}

/// The file says host=address, the engine host:address.
fn host_entry(host: &str) -> String {
    host.replacen('=', ":", 1)
}

/// The API takes whole percents.
#[expect(clippy::cast_possible_truncation, reason = "a percentage is small")]
fn whole_percent(percent: f64) -> i64 {
    percent.round() as i64
}

/// Whether it is the name of a device by the Container Device Interface, `VENDOR/CLASS=NAME`, and no path.
fn is_cdi(device: &Device) -> bool {
    let is_word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    };
    let kind = device.source.split_once('=').and_then(|(kind, _)| kind.split_once('/'));
    device.source == device.target && kind.is_some_and(|(vendor, class)| is_word(vendor) && is_word(class))
}

/// Those by their paths, and one request for all that have names, as Compose makes it.
fn devices(service: &Service) -> (Option<Vec<DeviceMapping>>, Option<Vec<DeviceRequest>>) {
    let (cdi, paths): (Vec<_>, Vec<_>) = service.devices.iter().partition(|device| is_cdi(device));
    let names = some(cdi.into_iter().map(|device| device.source.clone()).collect());
    let request = names.map(|names| DeviceRequest {
        driver: Some("cdi".to_owned()),
        device_ids: Some(names),
        ..DeviceRequest::default()
    });
    (
        some(paths.into_iter().map(device).collect()),
        request.map(|request| vec![request]),
    )
}

fn device(device: &Device) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(device.source.clone()),
        path_in_container: Some(device.target.clone()),
        cgroup_permissions: Some(device.permissions.clone()),
    }
}

fn ulimit((name, limit): (&String, &Ulimit)) -> ResourcesUlimits {
    let (soft, hard) = match limit {
        Ulimit::Single(both) => (*both, *both),
        Ulimit::Pair { soft, hard } => (*soft, *hard),
    };
    ResourcesUlimits {
        name: Some(name.clone()),
        soft: Some(soft),
        hard: Some(hard),
    }
}

/// `/run:size=64m` → (`/run`, `size=64m`).
fn tmpfs(entry: &str) -> (String, String) {
    let (path, options) = entry.split_once(':').unwrap_or((entry, ""));
    (path.to_owned(), options.to_owned())
}

/// As `binds` only what `mounts` can't say (`SELinux` relabelling): the engine would make a folder in place of a
/// missing source of a bind, and refuses a missing source of a mount.
fn mounts(stack: &Stack, service: &Service, inherited: &Inherited) -> (Vec<String>, Vec<Mount>) {
    let mut binds = Vec::new();
    let mut mounts = Vec::new();
    for wanted in &service.volumes {
        match selinux(wanted) {
            Some(bind) => binds.push(bind),
            None => mounts.push(mount(stack, wanted, inherited)),
        }
    }
    let files = [
        (&service.configs, &stack.configs, "/"),
        (&service.secrets, &stack.secrets, "/run/secrets"),
    ];
    for (references, objects, folder) in files {
        for reference in references {
            if let Some(FileSource::File(path)) = objects.get(&reference.source).map(|object| &object.source) {
                mounts.push(Mount {
                    typ: Some(MountType::BIND),
                    source: Some(path.to_string_lossy().into_owned()),
                    target: Some(target_of(reference, folder).to_string_lossy().into_owned()),
                    read_only: Some(true),
                    ..Mount::default()
                });
            }
        }
    }
    for (target, name) in inherited {
        if !service.volumes.iter().any(|wanted| wanted.target == *target) {
            mounts.push(Mount {
                typ: Some(MountType::VOLUME),
                source: Some(name.clone()),
                target: Some(target.clone()),
                ..Mount::default()
            });
        }
    }
    (binds, mounts)
}

fn selinux(wanted: &Wanted) -> Option<String> {
    let label = wanted.bind.as_ref()?.selinux.as_ref()?;
    let source = wanted.source.as_ref()?;
    let access = if wanted.read_only { "ro" } else { "rw" };
    Some(format!("{source}:{}:{access},{label}", wanted.target))
}

fn mount(stack: &Stack, wanted: &Wanted, inherited: &Inherited) -> Mount {
    let source = match (wanted.kind, &wanted.source) {
        (MountKind::Volume, Some(key)) => Some(
            stack
                .volumes
                .get(key)
                .map_or_else(|| key.clone(), |volume| volume.name.to_string()),
        ),
        (MountKind::Volume, None) => inherited.get(&wanted.target).cloned(),
        (_, source) => source.clone(),
    };
    let recursive = wanted.bind.as_ref().and_then(|bind| bind.recursive.as_deref());
    Mount {
        target: Some(wanted.target.clone()),
        source,
        typ: Some(match wanted.kind {
            MountKind::Bind => MountType::BIND,
            MountKind::Volume => MountType::VOLUME,
            MountKind::Tmpfs => MountType::TMPFS,
        }),
        read_only: Some(wanted.read_only),
        consistency: wanted.consistency.clone(),
        bind_options: wanted.bind.as_ref().map(|bind| MountBindOptions {
            propagation: bind.propagation.as_deref().and_then(propagation),
            non_recursive: (recursive == Some("disabled")).then_some(true),
            read_only_non_recursive: (recursive == Some("writable")).then_some(true),
            read_only_force_recursive: (recursive == Some("readonly")).then_some(true),
            ..MountBindOptions::default()
        }),
        volume_options: wanted.volume.as_ref().map(|volume| MountVolumeOptions {
            no_copy: Some(volume.nocopy),
            subpath: volume.subpath.clone(),
            ..MountVolumeOptions::default()
        }),
        tmpfs_options: wanted.tmpfs.as_ref().map(|tmpfs| MountTmpfsOptions {
            size_bytes: tmpfs.size,
            mode: tmpfs.mode.map(i64::from),
            ..MountTmpfsOptions::default()
        }),
        ..Mount::default()
    }
}

fn propagation(word: &str) -> Option<MountBindOptionsPropagationEnum> {
    word.parse().ok()
}
