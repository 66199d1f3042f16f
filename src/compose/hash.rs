//! Compose's hash of a service: what its label `com.docker.compose.config-hash` says, and `config --hash`. A container
//! with the hash that is wanted is left alone, by Compose and by us, whoever made it.

use sha2::{Digest as _, Sha256};

use super::print;
use super::tree::{Map, Tree, Value};

/// The order of a service's fields before compose-go took them apart. The hash is still made in it, so that a newer
/// Compose leaves an older one's containers alone. What decides when and how a container is made is not in it
/// (`build`, `depends_on`, `profiles`, `pull_policy`, `scale`).
const ORDER: [&str; 76] = [
    "annotations",
    "attach",
    "blkio_config",
    "cap_add",
    "cap_drop",
    "cgroup_parent",
    "cgroup",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpus",
    "cpuset",
    "cpu_shares",
    "command",
    "configs",
    "container_name",
    "deploy",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "environment",
    "env_file",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "group_add",
    "gpus",
    "hostname",
    "healthcheck",
    "image",
    "init",
    "ipc",
    "isolation",
    "labels",
    "label_file",
    "links",
    "logging",
    "mem_limit",
    "mem_reservation",
    "memswap_limit",
    "mem_swappiness",
    "mac_address",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "privileged",
    "read_only",
    "restart",
    "runtime",
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
];
/// The rest of them.
const LAST: [&str; 3] = ["volumes", "volumes_from", "working_dir"];

/// The hash of a service in its canonical JSON form.
pub(super) fn of(service: &Tree) -> String {
    let mut ordered = Map::new();
    for key in ORDER.iter().chain(&LAST) {
        if let Some(tree) = service.get(key) {
            ordered.insert((*key).to_owned(), tree.clone().entry());
        }
    }
    let mut ordered = Tree::new(Value::Map(ordered), &service.span);
    if let Some(deploy) = ordered.get_mut("deploy").and_then(Tree::map_mut) {
        deploy.shift_remove("replicas");
    }
    hex::encode(Sha256::digest(print::compact_json(&ordered)))
}
