//! One service (`05-services.md`).

use std::collections::BTreeMap;

use crate::compose::at::At;
use crate::compose::model::{Condition, Dependency, FileReference, Healthcheck, Logging, Service};
use crate::failure::Failure;

use super::{build, limits, mount, network, port};

/// Keys that are read here.
const KNOWN: [&str; 83] = [
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "depends_on",
    "deploy",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "privileged",
    "profiles",
    "pull_policy",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// Keys of the specification that one engine can't honour.
const REFUSED: [(&str, &str); 9] = [
    ("credential_spec", "it is for Windows containers"),
    (
        "develop",
        "magicctl does not watch files; `magicctl rebuild` builds and replaces",
    ),
    ("gpus", "magicctl does not reserve devices"),
    ("models", "it needs Docker Model Runner"),
    ("post_start", "magicctl runs no hooks"),
    ("pre_stop", "magicctl runs no hooks"),
    ("provider", "magicctl runs no provider plugins"),
    (
        "use_api_socket",
        "it hands the engine's socket and credentials to the container",
    ),
    ("net", "it is of version 1 of the format: use `network_mode`"),
];

/// Reads the service under `at`.
pub(super) fn service(name: &str, at: &At<'_>) -> Result<Service, Failure> {
    at.only(&KNOWN, &REFUSED)?;
    let mut service = Service {
        name: name.to_owned(),
        healthcheck: at.get("healthcheck").map(|at| healthcheck(&at)).transpose()?,
        depends_on: at
            .get("depends_on")
            .map(|at| depends_on(&at))
            .transpose()?
            .unwrap_or_default(),
        logging: at.get("logging").map(|at| logging(&at)).transpose()?,
        configs: file_references(at, "configs")?,
        secrets: file_references(at, "secrets")?,
        build: at.get("build").map(|at| build::build(&at)).transpose()?,
        ports: port::ports(at)?,
        volumes: mount::mounts(at)?,
        networks: network::attachments(at)?,
        deploy: at.get("deploy").map(|at| limits::deploy(&at)).transpose()?,
        blkio_config: at.get("blkio_config").map(|at| limits::block_io(&at)).transpose()?,
        ulimits: at
            .get("ulimits")
            .map(|at| limits::ulimits(&at))
            .transpose()?
            .unwrap_or_default(),
        devices: limits::devices(at)?,
        ..scalars(at)?
    };
    if let Some(scale) = at.get("scale") {
        service.deploy.get_or_insert_default().replicas = Some(scale.int()?);
    }
    for (key, value) in at.map()? {
        if key.name.starts_with("x-") {
            service.extensions.insert(key.name.clone(), value.node.to_json());
        }
    }
    Ok(service)
}

fn string(at: &At<'_>, key: &str) -> Result<Option<String>, Failure> {
    at.get(key).map(|at| at.string()).transpose()
}

fn strings(at: &At<'_>, key: &str) -> Result<Vec<String>, Failure> {
    at.get(key).map_or_else(|| Ok(Vec::new()), |at| at.strings())
}

fn boolean(at: &At<'_>, key: &str) -> Result<Option<bool>, Failure> {
    at.get(key).map(|at| at.bool()).transpose()
}

fn integer<T: std::str::FromStr>(at: &At<'_>, key: &str) -> Result<Option<T>, Failure> {
    at.get(key).map(|at| at.int()).transpose()
}

fn float(at: &At<'_>, key: &str) -> Result<Option<f64>, Failure> {
    at.get(key).map(|at| at.float()).transpose()
}

fn bytes(at: &At<'_>, key: &str) -> Result<Option<i64>, Failure> {
    at.get(key).map(|at| at.bytes()).transpose()
}

fn string_map(at: &At<'_>, key: &str) -> Result<BTreeMap<String, String>, Failure> {
    at.get(key).map_or_else(|| Ok(BTreeMap::new()), |at| at.string_map())
}

/// The fields that are one value or a list of strings.
fn scalars(at: &At<'_>) -> Result<Service, Failure> {
    let command =
        |key: &str| -> Result<Option<Vec<String>>, Failure> { at.get(key).map(|at| at.command()).transpose() };
    Ok(Service {
        annotations: string_map(at, "annotations")?,
        attach: boolean(at, "attach")?,
        cap_add: strings(at, "cap_add")?,
        cap_drop: strings(at, "cap_drop")?,
        cgroup: at.get("cgroup").map(|at| at.one_of(&["host", "private"])).transpose()?,
        cgroup_parent: string(at, "cgroup_parent")?,
        command: command("command")?,
        container_name: at.get("container_name").map(|at| container_name(&at)).transpose()?,
        cpu_count: integer(at, "cpu_count")?,
        cpu_percent: float(at, "cpu_percent")?,
        cpu_period: integer(at, "cpu_period")?,
        cpu_quota: integer(at, "cpu_quota")?,
        cpu_rt_period: integer(at, "cpu_rt_period")?,
        cpu_rt_runtime: integer(at, "cpu_rt_runtime")?,
        cpu_shares: integer(at, "cpu_shares")?,
        cpus: float(at, "cpus")?,
        cpuset: string(at, "cpuset")?,
        device_cgroup_rules: strings(at, "device_cgroup_rules")?,
        dns: strings(at, "dns")?,
        dns_opt: strings(at, "dns_opt")?,
        dns_search: strings(at, "dns_search")?,
        domainname: string(at, "domainname")?,
        entrypoint: command("entrypoint")?,
        expose: at
            .get("expose")
            .map_or_else(|| Ok(Vec::new()), |at| port::exposed(&at))?,
        external_links: strings(at, "external_links")?,
        extra_hosts: at
            .get("extra_hosts")
            .map_or_else(|| Ok(Vec::new()), |at| extra_hosts(&at))?,
        group_add: strings(at, "group_add")?,
        hostname: string(at, "hostname")?,
        image: string(at, "image")?,
        init: boolean(at, "init")?,
        ipc: string(at, "ipc")?,
        isolation: at
            .get("isolation")
            .map(|at| at.one_of(&["default", "process", "hyperv"]))
            .transpose()?,
        links: strings(at, "links")?,
        mac_address: string(at, "mac_address")?,
        mem_limit: bytes(at, "mem_limit")?,
        mem_reservation: bytes(at, "mem_reservation")?,
        mem_swappiness: integer(at, "mem_swappiness")?,
        memswap_limit: bytes(at, "memswap_limit")?,
        network_mode: string(at, "network_mode")?,
        oom_kill_disable: boolean(at, "oom_kill_disable")?,
        oom_score_adj: integer(at, "oom_score_adj")?,
        pid: string(at, "pid")?,
        pids_limit: integer(at, "pids_limit")?,
        platform: string(at, "platform")?,
        privileged: boolean(at, "privileged")?,
        profiles: strings(at, "profiles")?,
        pull_policy: at.get("pull_policy").map(|at| pull_policy(&at)).transpose()?,
        read_only: boolean(at, "read_only")?,
        restart: at.get("restart").map(|at| restart(&at)).transpose()?,
        runtime: string(at, "runtime")?,
        security_opt: strings(at, "security_opt")?,
        shm_size: bytes(at, "shm_size")?,
        stdin_open: boolean(at, "stdin_open")?,
        stop_grace_period: at.get("stop_grace_period").map(|at| at.duration()).transpose()?,
        stop_signal: string(at, "stop_signal")?,
        storage_opt: string_map(at, "storage_opt")?,
        sysctls: string_map(at, "sysctls")?,
        tmpfs: strings(at, "tmpfs")?,
        tty: boolean(at, "tty")?,
        user: string(at, "user")?,
        userns_mode: string(at, "userns_mode")?,
        uts: string(at, "uts")?,
        volumes_from: strings(at, "volumes_from")?,
        working_dir: string(at, "working_dir")?,
        ..Service::default()
    })
}

/// The engine's own rule for names.
fn container_name(at: &At<'_>) -> Result<String, Failure> {
    let name = at.string()?;
    let mut chars = name.chars();
    let well = chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && name.len() > 1
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    if well {
        return Ok(name);
    }
    Err(at
        .wrong(format!("`{name}` is no container's name"))
        .hint("letters, digits, `_`, `.` and `-`, beginning with a letter or digit, at least two"))
}

fn pull_policy(at: &At<'_>) -> Result<String, Failure> {
    let word = at
        .one_of(&["always", "never", "missing", "if_not_present", "build"])
        .map_err(|failure| {
            failure.hint("magicctl knows always, never, missing and build; `daily`, `weekly` and `every_…` it does not")
        })?;
    Ok(if word == "if_not_present" {
        "missing".to_owned()
    } else {
        word
    })
}

fn restart(at: &At<'_>) -> Result<String, Failure> {
    let text = at.string()?;
    let well = match text.split_once(':') {
        Some(("on-failure", count)) => count.parse::<u32>().is_ok(),
        Some(_) => false,
        None => matches!(text.as_str(), "no" | "always" | "on-failure" | "unless-stopped"),
    };
    if well {
        return Ok(text);
    }
    Err(at.wrong(format!(
        "`{text}` is none of no, always, unless-stopped, on-failure, on-failure:N"
    )))
}

/// `host:address`, `host=address` or a mapping → `host=address`.
fn extra_hosts(at: &At<'_>) -> Result<Vec<String>, Failure> {
    if at.is_map() {
        let mut hosts = Vec::new();
        for (key, value) in at.map()? {
            for address in value.strings()? {
                hosts.push(format!("{}={address}", key.name));
            }
        }
        return Ok(hosts);
    }
    at.list()?
        .iter()
        .map(|item| {
            let text = item.string()?;
            let (host, address) = text
                .split_once('=')
                .or_else(|| text.split_once(':'))
                .ok_or_else(|| item.wrong("must be `host=address`"))?;
            Ok(format!(
                "{host}={}",
                address.trim_start_matches('[').trim_end_matches(']')
            ))
        })
        .collect()
}

fn depends_on(at: &At<'_>) -> Result<BTreeMap<String, Dependency>, Failure> {
    let started = || Dependency {
        condition: Condition::ServiceStarted,
        restart: false,
        required: true,
    };
    if at.is_list() {
        return at.list()?.iter().map(|item| Ok((item.string()?, started()))).collect();
    }
    at.map()?
        .into_iter()
        .map(|(key, at)| {
            at.only(&["condition", "restart", "required"], &[])?;
            let condition = match at.get("condition") {
                None => Condition::ServiceStarted,
                Some(at) => {
                    let words = ["service_started", "service_healthy", "service_completed_successfully"];
                    match at.one_of(&words)?.as_str() {
                        "service_healthy" => Condition::ServiceHealthy,
                        "service_completed_successfully" => Condition::ServiceCompletedSuccessfully,
                        _ => Condition::ServiceStarted,
                    }
                }
            };
            let dependency = Dependency {
                condition,
                restart: boolean(&at, "restart")?.unwrap_or(false),
                required: boolean(&at, "required")?.unwrap_or(true),
            };
            Ok((key.name.clone(), dependency))
        })
        .collect()
}

fn healthcheck(at: &At<'_>) -> Result<Healthcheck, Failure> {
    at.only(
        &[
            "test",
            "interval",
            "timeout",
            "retries",
            "start_period",
            "start_interval",
            "disable",
        ],
        &[],
    )?;
    let duration = |key: &str| at.get(key).map(|at| at.duration()).transpose();
    let test = match at.get("test") {
        None => Vec::new(),
        Some(at) if at.is_list() => {
            let words = at.strings()?;
            match words.first().map(String::as_str) {
                Some("NONE" | "CMD" | "CMD-SHELL") | None => words,
                Some(first) => {
                    return Err(at
                        .wrong(format!("must begin with NONE, CMD or CMD-SHELL, not `{first}`"))
                        .hint("a command is written `[\"CMD\", \"program\", \"argument\"]`"));
                }
            }
        }
        Some(at) => vec!["CMD-SHELL".to_owned(), at.string()?],
    };
    let disable = boolean(at, "disable")?.unwrap_or(false) || test.first().is_some_and(|word| word == "NONE");
    Ok(Healthcheck {
        disable,
        test: if disable { Vec::new() } else { test },
        interval: duration("interval")?,
        timeout: duration("timeout")?,
        retries: integer(at, "retries")?,
        start_period: duration("start_period")?,
        start_interval: duration("start_interval")?,
    })
}

fn logging(at: &At<'_>) -> Result<Logging, Failure> {
    at.only(&["driver", "options"], &[])?;
    Ok(Logging {
        driver: string(at, "driver")?,
        options: string_map(at, "options")?,
    })
}

fn file_references(at: &At<'_>, key: &str) -> Result<Vec<FileReference>, Failure> {
    let Some(at) = at.get(key) else {
        return Ok(Vec::new());
    };
    at.list()?
        .iter()
        .map(|item| {
            if !item.is_map() {
                return Ok(FileReference {
                    source: item.string()?,
                    target: None,
                    uid: None,
                    gid: None,
                    mode: None,
                });
            }
            item.only(&["source", "target", "uid", "gid", "mode"], &[])?;
            let source = item.get("source").ok_or_else(|| item.wrong("`source` is missing"))?;
            Ok(FileReference {
                source: source.string()?,
                target: string(item, "target")?,
                uid: string(item, "uid")?,
                gid: string(item, "gid")?,
                mode: item.get("mode").map(|at| mode(&at)).transpose()?,
            })
        })
        .collect()
}

/// Permission bits, octal: `0440`, `"0440"`, `0o440`.
fn mode(at: &At<'_>) -> Result<String, Failure> {
    let text = at.string()?;
    let digits = text.strip_prefix("0o").unwrap_or(&text);
    match u32::from_str_radix(digits, 8) {
        Ok(bits) if bits <= 0o7777 => Ok(format!("{bits:04o}")),
        _ => Err(at.wrong(format!("`{text}` is no file mode such as 0440"))),
    }
}
