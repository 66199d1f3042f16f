//! Compose's own types (compose-go v2.16.1, `types`), as far as its printed form shows them: which fields in which
//! order, and what is left out when it says nothing.

/// A structure: its fields in the order printed.
#[derive(Debug)]
pub(super) struct Shape {
    pub fields: &'static [(&'static str, Kind)],
    /// `x-` keys are kept (in YAML; JSON drops them below the top of the file).
    pub extensions: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Left out when empty.
    Text,
    /// Left out when false.
    Bool,
    /// Left out when not said.
    MaybeBool,
    /// Left out when true.
    OptOut,
    /// Left out when false, printed always where the field has no such rule.
    Required,
    /// Left out when 0.
    Int,
    /// Not below 0; left out when 0.
    Natural,
    /// Left out when not said.
    MaybeInt,
    /// Not below 0; left out when not said.
    MaybeNatural,
    /// 32 bits; left out when 0.
    Float,
    /// Printed as text; left out when 0.
    Bytes,
    /// Left out when not said.
    Duration,
    /// Null when not said (JSON), left out then (YAML).
    Command,
    /// `CMD-SHELL` before a string.
    Test,
    Texts,
    /// Strings or numbers.
    TextsOrNumbers,
    /// Names with values; a name alone has an empty one.
    Mapping,
    /// Names with values; a name alone has none.
    MaybeMapping,
    Hosts,
    /// Octal text; left out when not said.
    FileMode,
    /// Number of devices, -1 for all; left out when 0.
    Count,
    /// One number, or soft and hard.
    Ulimits,
    Struct(&'static Shape),
    /// A structure that is never left out in JSON.
    Always(&'static Shape),
    Structs(&'static Shape),
    /// By name; nothing is a structure without fields.
    ByName(&'static Shape),
    /// By name; nothing stays nothing.
    MaybeByName(&'static Shape),
    /// The device's path and a number, named in JSON as Go names them.
    Throttles(bool),
}

use Kind::{
    Always, Bool, ByName, Bytes, Command, Count, Duration, FileMode, Float, Hosts, Int, Mapping, MaybeBool,
    MaybeByName, MaybeInt, MaybeMapping, MaybeNatural, Natural, OptOut, Required, Struct, Structs, Test, Text, Texts,
    TextsOrNumbers, Throttles, Ulimits,
};

const fn open(fields: &'static [(&'static str, Kind)]) -> Shape {
    Shape {
        fields,
        extensions: true,
    }
}

const fn closed(fields: &'static [(&'static str, Kind)]) -> Shape {
    Shape {
        fields,
        extensions: false,
    }
}

/// The parts of the whole, in YAML's order.
pub(super) const PROJECT: Shape = open(&[
    ("services", ByName(&SERVICE)),
    ("networks", ByName(&NETWORK)),
    ("volumes", ByName(&VOLUME)),
    ("secrets", ByName(&SECRET)),
    ("configs", ByName(&CONFIG)),
]);

pub(super) const SERVICE: Shape = open(&[
    ("profiles", Texts),
    ("deploy", Struct(&DEPLOY)),
    ("restart", Text),
    ("scale", MaybeInt),
    ("attach", MaybeBool),
    ("container_name", Text),
    ("extends", Struct(&closed(&[("file", Text), ("service", Text)]))),
    ("external_links", Texts),
    ("links", Texts),
    // The container's own.
    ("annotations", Mapping),
    ("blkio_config", Struct(&BLKIO)),
    ("cap_add", Texts),
    ("cap_drop", Texts),
    ("cgroup_parent", Text),
    ("cgroup", Text),
    ("cpu_count", Int),
    ("cpu_percent", Float),
    ("cpu_period", Int),
    ("cpu_quota", Int),
    ("cpu_rt_period", Int),
    ("cpu_rt_runtime", Int),
    ("cpus", Float),
    ("cpuset", Text),
    ("cpu_shares", Int),
    ("command", Command),
    ("configs", Structs(&REFERENCE)),
    ("device_cgroup_rules", Texts),
    ("devices", Structs(&DEVICE)),
    ("dns", Texts),
    ("dns_opt", Texts),
    ("dns_search", Texts),
    ("domainname", Text),
    ("entrypoint", Command),
    ("environment", MaybeMapping),
    (
        "env_file",
        Structs(&closed(&[("path", Text), ("required", OptOut), ("format", Text)])),
    ),
    ("extra_hosts", Hosts),
    ("group_add", Texts),
    ("gpus", Structs(&DEVICE_REQUEST)),
    ("hostname", Text),
    ("image", Text),
    ("init", MaybeBool),
    ("ipc", Text),
    ("isolation", Text),
    ("labels", Mapping),
    ("label_file", Texts),
    ("logging", Struct(&open(&[("driver", Text), ("options", Mapping)]))),
    ("mem_limit", Bytes),
    ("mem_reservation", Bytes),
    ("memswap_limit", Bytes),
    ("mem_swappiness", Bytes),
    ("mac_address", Text),
    ("network_mode", Text),
    ("networks", MaybeByName(&ATTACHMENT)),
    ("oom_kill_disable", Bool),
    ("oom_score_adj", Int),
    ("pid", Text),
    ("pids_limit", Int),
    ("platform", Text),
    ("privileged", Bool),
    ("pull_policy", Text),
    ("pull_refresh_after", Text),
    ("read_only", Bool),
    ("runtime", Text),
    ("secrets", Structs(&REFERENCE)),
    ("security_opt", Texts),
    ("shm_size", Bytes),
    ("stop_grace_period", Duration),
    ("stop_signal", Text),
    ("storage_opt", Mapping),
    ("sysctls", Mapping),
    ("tmpfs", Texts),
    ("ulimits", Ulimits),
    ("user", Text),
    ("userns_mode", Text),
    ("uts", Text),
    ("volumes", Structs(&MOUNT)),
    ("volumes_from", Texts),
    ("working_dir", Text),
    // The workload's.
    ("build", Struct(&BUILD)),
    ("depends_on", ByName(&DEPENDENCY)),
    ("expose", TextsOrNumbers),
    ("healthcheck", Struct(&HEALTHCHECK)),
    ("ports", Structs(&PORT)),
    ("stdin_open", Bool),
    ("tty", Bool),
]);

const DEPENDENCY: Shape = open(&[("condition", Text), ("restart", Bool), ("required", Required)]);

const HEALTHCHECK: Shape = open(&[
    ("test", Test),
    ("timeout", Duration),
    ("interval", Duration),
    ("retries", MaybeNatural),
    ("start_period", Duration),
    ("start_interval", Duration),
    ("disable", Bool),
]);

const PORT: Shape = open(&[
    ("name", Text),
    ("mode", Text),
    ("host_ip", Text),
    ("target", Natural),
    ("published", Text),
    ("protocol", Text),
    ("app_protocol", Text),
]);

const BUILD: Shape = open(&[
    ("context", Text),
    ("dockerfile", Text),
    ("dockerfile_inline", Text),
    ("entitlements", Texts),
    ("args", MaybeMapping),
    ("provenance", Text),
    ("sbom", Text),
    ("labels", Mapping),
    ("cache_from", Texts),
    ("cache_to", Texts),
    ("no_cache", Bool),
    ("no_cache_filter", Texts),
    ("additional_contexts", Mapping),
    ("pull", Bool),
    ("extra_hosts", Hosts),
    ("isolation", Text),
    ("network", Text),
    ("target", Text),
    ("secrets", Structs(&REFERENCE)),
    ("shm_size", Bytes),
    ("tags", Texts),
    ("ulimits", Ulimits),
    ("platforms", Texts),
    ("privileged", Bool),
]);

const DEPLOY: Shape = open(&[
    ("mode", Text),
    ("replicas", MaybeInt),
    ("labels", Mapping),
    ("resources", Always(&RESOURCES)),
    ("restart_policy", Struct(&RESTART_POLICY)),
    ("placement", Always(&closed(&[]))),
]);

const RESOURCES: Shape = open(&[("limits", Struct(&RESOURCE)), ("reservations", Struct(&RESOURCE))]);

const RESOURCE: Shape = open(&[
    ("cpus", Float),
    ("memory", Bytes),
    ("pids", Int),
    ("devices", Structs(&DEVICE_REQUEST)),
]);

const RESTART_POLICY: Shape = open(&[
    ("condition", Text),
    ("delay", Duration),
    ("max_attempts", MaybeNatural),
    ("window", Duration),
]);

const DEVICE_REQUEST: Shape = closed(&[
    ("capabilities", Texts),
    ("driver", Text),
    ("count", Count),
    ("device_ids", Texts),
    ("options", Mapping),
]);

const BLKIO: Shape = open(&[
    ("weight", Natural),
    ("weight_device", Throttles(true)),
    ("device_read_bps", Throttles(false)),
    ("device_read_iops", Throttles(false)),
    ("device_write_bps", Throttles(false)),
    ("device_write_iops", Throttles(false)),
]);

const DEVICE: Shape = open(&[("source", Text), ("target", Text), ("permissions", Text)]);

const REFERENCE: Shape = open(&[
    ("source", Text),
    ("target", Text),
    ("uid", Text),
    ("gid", Text),
    ("mode", FileMode),
]);

const ATTACHMENT: Shape = open(&[
    ("aliases", Texts),
    ("driver_opts", Mapping),
    ("gw_priority", Int),
    ("interface_name", Text),
    ("ipv4_address", Text),
    ("ipv6_address", Text),
    ("link_local_ips", Texts),
    ("mac_address", Text),
    ("priority", Int),
]);

const MOUNT: Shape = open(&[
    ("type", Text),
    ("source", Text),
    ("target", Text),
    ("read_only", Bool),
    ("consistency", Text),
    (
        "bind",
        Struct(&open(&[
            ("selinux", Text),
            ("propagation", Text),
            ("create_host_path", OptOut),
            ("recursive", Text),
        ])),
    ),
    (
        "volume",
        Struct(&open(&[("labels", Mapping), ("nocopy", Bool), ("subpath", Text)])),
    ),
    ("tmpfs", Struct(&open(&[("size", Bytes), ("mode", Natural)]))),
    ("image", Struct(&open(&[("subpath", Text)]))),
]);

pub(super) const NETWORK: Shape = open(&[
    ("name", Text),
    ("driver", Text),
    ("driver_opts", Mapping),
    ("ipam", Always(&IPAM)),
    ("external", Bool),
    ("internal", Bool),
    ("attachable", Bool),
    ("labels", Mapping),
    ("enable_ipv4", MaybeBool),
    ("enable_ipv6", MaybeBool),
]);

const IPAM: Shape = open(&[
    ("driver", Text),
    (
        "config",
        // Compose loses `x-` keys here.
        Structs(&closed(&[
            ("subnet", Text),
            ("gateway", Text),
            ("ip_range", Text),
            ("aux_addresses", Mapping),
        ])),
    ),
    ("options", Mapping),
]);

pub(super) const VOLUME: Shape = open(&[
    ("name", Text),
    ("driver", Text),
    ("driver_opts", Mapping),
    ("external", Bool),
    ("labels", Mapping),
]);

const CONFIG: Shape = open(&[
    ("name", Text),
    ("file", Text),
    ("environment", Text),
    ("content", Text),
    ("external", Bool),
    ("labels", Mapping),
    ("driver", Text),
    ("driver_opts", Mapping),
    ("template_driver", Text),
]);

const SECRET: Shape = CONFIG;
