//! The Compose file as resolved values: interpolated, merged, paths absolute, defaults filled in.
//!
//! Serialising a [`Stack`] gives Compose's canonical form (what `docker compose config` prints), so one
//! representation serves `config`, the drift check and the engine. Field meanings are those of the Compose
//! specification (`compose-spec/05-services.md` and following); units are bytes and [`Nanos`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::duration::Nanos;

/// A map whose values may be absent (`KEY` without a value: taken from the caller's environment, else dropped).
pub type OptionalMap = BTreeMap<String, Option<String>>;

/// Everything that is wanted: the result of reading the Compose files of one project.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stack {
    /// The project's name, normalised (`[a-z0-9][a-z0-9_-]*`).
    pub name: String,
    /// The enabled services (no profile, or an active one), by name.
    pub services: BTreeMap<String, Service>,
    /// Networks that enabled services use, by key; `default` among them if any service uses it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, Network>,
    /// Named volumes that enabled services use, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<String, Volume>,
    /// Configs, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, FileObject>,
    /// Secrets, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, FileObject>,
    /// Top-level `x-` keys, kept as they are.
    #[serde(flatten)]
    pub extensions: BTreeMap<String, serde_json::Value>,
    /// Services left out because none of their profiles is active.
    #[serde(skip)]
    pub disabled: BTreeMap<String, Service>,
    /// The directory that relative paths of the file start from; absolute.
    #[serde(skip)]
    pub working_dir: PathBuf,
    /// The Compose files read, absolute, in merge order.
    #[serde(skip)]
    pub files: Vec<PathBuf>,
    /// The `.env`/`--env-file` files read, absolute.
    #[serde(skip)]
    pub env_files: Vec<PathBuf>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Service {
    /// Its key in the file.
    #[serde(skip)]
    pub name: String,
    /// `annotations`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// `attach`: whether `up` in the foreground would collect its logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach: Option<bool>,
    /// `blkio_config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blkio_config: Option<BlkioConfig>,
    /// `build`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// `cap_add`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cap_add: Vec<String>,
    /// `cap_drop`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    /// `cgroup`: `host` or `private`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<String>,
    /// `cgroup_parent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_parent: Option<String>,
    /// `command`: `None` keeps the image's, an empty list clears it. A string in the file is split as a shell would.
    pub command: Option<Vec<String>>,
    /// `configs` mounted into the service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub configs: Vec<FileReference>,
    /// `container_name`, exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// `cpu_count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_count: Option<i64>,
    /// `cpu_percent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
    /// `cpu_period` in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_period: Option<i64>,
    /// `cpu_quota` in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_quota: Option<i64>,
    /// `cpu_rt_period` in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_rt_period: Option<i64>,
    /// `cpu_rt_runtime` in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_rt_runtime: Option<i64>,
    /// `cpu_shares`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_shares: Option<i64>,
    /// `cpus`: how many cores' worth of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// `cpuset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset: Option<String>,
    /// `depends_on`, long form.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub depends_on: BTreeMap<String, Dependency>,
    /// `deploy`: what one engine can honour of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy: Option<Deploy>,
    /// `device_cgroup_rules`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device_cgroup_rules: Vec<String>,
    /// `devices`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// `dns`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<String>,
    /// `dns_opt`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_opt: Vec<String>,
    /// `dns_search`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_search: Vec<String>,
    /// `domainname`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domainname: Option<String>,
    /// `entrypoint`: `None` keeps the image's, an empty list clears it.
    pub entrypoint: Option<Vec<String>>,
    /// `environment` over `env_file`, resolved. **May hold secrets**: never print it outside `config`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: OptionalMap,
    /// `expose`: `8001`, `8001/tcp` or `8001-8005/udp`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expose: Vec<String>,
    /// `external_links`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_links: Vec<String>,
    /// `extra_hosts` as `host=address`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_hosts: Vec<String>,
    /// `group_add`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_add: Vec<String>,
    /// `healthcheck`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// `hostname`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// `init`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<bool>,
    /// `ipc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipc: Option<String>,
    /// `isolation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// `labels` over `label_file`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// `links`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// `logging`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// `mac_address`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// `mem_limit` in bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub mem_limit: Option<i64>,
    /// `mem_reservation` in bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub mem_reservation: Option<i64>,
    /// `mem_swappiness`, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub mem_swappiness: Option<i64>,
    /// `memswap_limit` in bytes, -1 for no limit.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub memswap_limit: Option<i64>,
    /// `network_mode`; excludes `networks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// `networks`, by key; `default` when the file says nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, Option<Attachment>>,
    /// `oom_kill_disable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_kill_disable: Option<bool>,
    /// `oom_score_adj`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i64>,
    /// `pid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// `pids_limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids_limit: Option<i64>,
    /// `platform`: `os[/arch[/variant]]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// `ports`, long form, one entry a port (ranges expanded).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// `privileged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// `profiles`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
    /// `pull_policy`: `always`, `never`, `missing` (`if_not_present`), `build`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_policy: Option<String>,
    /// `read_only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// `restart`: `no`, `always`, `on-failure[:N]`, `unless-stopped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
    /// `runtime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// `secrets` mounted into the service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<FileReference>,
    /// `security_opt`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_opt: Vec<String>,
    /// `shm_size` in bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub shm_size: Option<i64>,
    /// `stdin_open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin_open: Option<bool>,
    /// `stop_grace_period`; the engine's default is 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_grace_period: Option<Nanos>,
    /// `stop_signal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// `storage_opt`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub storage_opt: BTreeMap<String, String>,
    /// `sysctls`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// `tmpfs` short form, each `path[:options]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<String>,
    /// `tty`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tty: Option<bool>,
    /// `ulimits`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ulimits: BTreeMap<String, Ulimit>,
    /// `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `userns_mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userns_mode: Option<String>,
    /// `uts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uts: Option<String>,
    /// `volumes`, long form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Mount>,
    /// `volumes_from`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes_from: Vec<String>,
    /// `working_dir` in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// `x-` keys of the service.
    #[serde(flatten)]
    pub extensions: BTreeMap<String, serde_json::Value>,
}

/// `blkio_config`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct BlkioConfig {
    /// 10 to 1000, 0 for the engine's default.
    pub weight: Option<u16>,
    /// Weight by device.
    pub weight_device: Vec<WeightDevice>,
    /// Bytes a second by device.
    pub device_read_bps: Vec<ThrottleDevice>,
    /// Operations a second by device.
    pub device_read_iops: Vec<ThrottleDevice>,
    /// Bytes a second by device.
    pub device_write_bps: Vec<ThrottleDevice>,
    /// Operations a second by device.
    pub device_write_iops: Vec<ThrottleDevice>,
}

/// `blkio_config.weight_device[]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeightDevice {
    /// Path of the device.
    pub path: String,
    /// 10 to 1000.
    pub weight: u16,
}

/// `blkio_config.device_*[]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThrottleDevice {
    /// Path of the device.
    pub path: String,
    /// Bytes or operations a second.
    pub rate: i64,
}

/// `build`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Build {
    /// The context directory, absolute.
    pub context: PathBuf,
    /// The Dockerfile, relative to the context or absolute; `Dockerfile` by default.
    pub dockerfile: String,
    /// `dockerfile_inline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile_inline: Option<String>,
    /// Build arguments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub args: OptionalMap,
    /// Images to take layers from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cache_from: Vec<String>,
    /// Extra hosts during the build, `host=address`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_hosts: Vec<String>,
    /// Labels of the image.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Network of `RUN`: `host`, `none` or a network's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Build without the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_cache: Option<bool>,
    /// Pull base images even when they are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull: Option<bool>,
    /// Size of `/dev/shm` in bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub shm_size: Option<i64>,
    /// More tags for the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The stage to build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Platforms; one engine builds one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
}

/// One entry of `depends_on`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependency {
    /// What to wait for.
    pub condition: Condition,
    /// Restart the dependent when the dependency is replaced or restarted by us.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub restart: bool,
    /// False: a missing or failed dependency is only a warning.
    pub required: bool,
}

/// `depends_on.*.condition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Its container runs.
    ServiceStarted,
    /// Its healthcheck has passed.
    ServiceHealthy,
    /// It ran and exited with 0.
    ServiceCompletedSuccessfully,
}

/// `deploy`, the part that one engine honours.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Deploy {
    /// How many containers; `None` is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Labels of the service: not put on containers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Limits and reservations.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
    /// `restart_policy`; `restart` wins when both are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<RestartPolicy>,
}

/// `deploy.resources`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Resources {
    /// Upper bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<ResourceSet>,
    /// What must be available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservations: Option<ResourceSet>,
}

impl Resources {
    fn is_empty(&self) -> bool {
        self.limits.is_none() && self.reservations.is_none()
    }
}

/// `deploy.resources.limits` or `.reservations`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ResourceSet {
    /// Cores' worth of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub memory: Option<i64>,
    /// How many processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<i64>,
}

/// `deploy.restart_policy`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RestartPolicy {
    /// `none`, `on-failure` or `any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// How often at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u64>,
}

/// One entry of `devices`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Device {
    /// Path on the host, or a CDI name.
    pub source: String,
    /// Path in the container.
    pub target: String,
    /// `r`, `w`, `m`.
    pub permissions: String,
}

/// `healthcheck`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Healthcheck {
    /// True: the image's healthcheck is switched off (`disable: true` or `test: ["NONE"]`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disable: bool,
    /// `["CMD", …]`, `["CMD-SHELL", "…"]`; empty: the image's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Time between probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Nanos>,
    /// Time allowed to one probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Nanos>,
    /// Failures in a row before it is unhealthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Failures that don't count after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_period: Option<Nanos>,
    /// Time between probes in the start period (API 1.44).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_interval: Option<Nanos>,
}

/// `logging`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Logging {
    /// The log driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Its options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// One entry of a service's `networks`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Attachment {
    /// More names for the service on this network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Fixed address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4_address: Option<String>,
    /// Fixed address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<String>,
    /// Link-local addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub link_local_ips: Vec<String>,
    /// MAC address (API 1.44).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// Driver options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Which network gives the default route: the highest (API 1.48).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gw_priority: Option<i64>,
    /// Order of connection: the highest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
}

/// One published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Port {
    /// `ingress` or `host`.
    pub mode: String,
    /// Address on the host; `None` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_ip: Option<String>,
    /// Port in the container.
    pub target: u16,
    /// Port on the host, or a range `8000-8010` to choose from; `None`: the engine chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// `name`, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `app_protocol`, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
}

/// One entry of `ulimits`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Ulimit {
    /// One number for both.
    Single(i64),
    /// Soft and hard.
    Pair {
        /// Soft limit.
        soft: i64,
        /// Hard limit.
        hard: i64,
    },
}

/// One entry of a service's `volumes`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mount {
    /// What kind.
    #[serde(rename = "type")]
    pub kind: MountKind,
    /// Absolute host path (bind), volume key (volume), image (image); `None` for tmpfs and anonymous volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Absolute path in the container.
    pub target: String,
    /// Not writable in the container.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// `consistency`: accepted, of no effect on Linux.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency: Option<String>,
    /// `bind` options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<BindOptions>,
    /// `volume` options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeOptions>,
    /// `tmpfs` options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmpfs: Option<TmpfsOptions>,
}

/// `volumes[].type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A named or anonymous volume.
    Volume,
    /// Memory.
    Tmpfs,
}

/// `volumes[].bind`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct BindOptions {
    /// Mount propagation: `rprivate`, `rshared`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagation: Option<String>,
    /// Short form and default: let the engine make a missing source, as a directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_host_path: Option<bool>,
    /// `SELinux` relabelling: `z` or `Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selinux: Option<String>,
    /// `enabled`, `disabled`, `writable`, `readonly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive: Option<String>,
}

/// `volumes[].volume`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct VolumeOptions {
    /// Don't copy the image's content into a new volume.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub nocopy: bool,
    /// Mount a subdirectory (API 1.45).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subpath: Option<String>,
}

/// `volumes[].tmpfs`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TmpfsOptions {
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub size: Option<i64>,
    /// Permission bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
}

/// One entry of a service's `configs` or `secrets`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileReference {
    /// The top-level key.
    pub source: String,
    /// Where: for secrets a name below `/run/secrets/` or an absolute path, for configs a path (`/KEY` by default).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// Permission bits, octal text as in `"0440"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// A top-level config or secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileObject {
    /// Its full name (`PROJECT_KEY` unless named).
    pub name: String,
    /// Where its content comes from.
    #[serde(flatten)]
    pub source: FileSource,
}

/// Where a config's or secret's content comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileSource {
    /// A file, absolute: bind-mounted.
    File(PathBuf),
    /// The value of an environment variable of the caller.
    Environment(String),
    /// Inline content (configs only).
    Content(String),
}

/// A top-level network.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Network {
    /// Its name on the engine (`PROJECT_KEY` unless named or external).
    pub name: String,
    /// Driver; `None` is the engine's default, `bridge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Driver options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Address management.
    #[serde(skip_serializing_if = "Ipam::is_empty")]
    pub ipam: Ipam,
    /// Not ours: must be there, is never made or removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// Without a way out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// Standalone containers may join (swarm).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub attachable: bool,
    /// `enable_ipv4` (API 1.47).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_ipv4: Option<bool>,
    /// `enable_ipv6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_ipv6: Option<bool>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// `networks.*.ipam`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Ipam {
    /// IPAM driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Subnets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub config: Vec<IpamPool>,
    /// Driver options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

impl Ipam {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `networks.*.ipam.config[]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct IpamPool {
    /// CIDR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// CIDR that containers' addresses are taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_range: Option<String>,
    /// Gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Reserved addresses by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aux_addresses: BTreeMap<String, String>,
}

/// A top-level volume.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Volume {
    /// Its name on the engine (`PROJECT_KEY` unless named or external).
    pub name: String,
    /// Driver; `None` is `local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Driver options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Not ours: must be there, is never made or removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Compose prints byte sizes as text.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn as_text<S: serde::Serializer>(value: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

impl Service {
    /// How many containers are wanted.
    pub fn replicas(&self) -> u32 {
        self.deploy.as_ref().and_then(|deploy| deploy.replicas).unwrap_or(1)
    }

    /// The image's reference: as named, or `PROJECT-SERVICE` for a built service without a name (Compose's rule).
    pub fn image_ref(&self, project: &str) -> String {
        self.image.clone().unwrap_or_else(|| format!("{project}-{}", self.name))
    }

    /// The name of its container number `number`.
    pub fn container_name(&self, project: &str, number: u32) -> String {
        self.container_name
            .clone()
            .unwrap_or_else(|| format!("{project}-{}-{number}", self.name))
    }
}
